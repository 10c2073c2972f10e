package hdf5

// treeWriter writes a B-tree of version 1 whose entries come in order. A node is written when
// the next one on its level is begun, whose place it needs to know; only one node for each
// level is in memory.
//
// Reference: HDF5 File Format Specification, III.A.1.
type treeWriter struct {
	out     *outFile
	kind    byte // of the nodes
	keySize int
	most    int // children of a node
	levels  []treeLevel
	// rootAt is where the root goes in the place of one that is in the file already, or 0.
	rootAt uint64
}

// treeK are the file's K: nodes of groups have twice as many children as inner or leaf says, nodes
// of chunks as chunk says.
type treeK struct{ leaf, inner, chunk int }

// The kinds of nodes, and the K that the library gives new files.
const (
	treeGroups        = 0
	treeChunks        = 1
	groupInternalK    = 16
	groupLeafK        = 4
	chunkInternalK    = 32
	treeHeader        = 24
	treeSignature     = "TREE"
	symbolEntrySize   = 40
	symbolNodeHeader  = 8
	symbolNodeVersion = 1
)

// treeLevel is the node of a level that entries go to.
type treeLevel struct {
	addr, left uint64
	n          int
	first      []byte // the first key
	body       []byte // keys and children in turn, without the last key
}

func (t *treeWriter) nodeSize() int {
	return treeHeader + t.most*(8+t.keySize) + t.keySize
}

// add appends a child. Its key is where it begins, and so where the one before it ends.
func (t *treeWriter) add(key []byte, child uint64) { t.addAt(0, key, child) }

func (t *treeWriter) addAt(level int, key []byte, child uint64) {
	if level == len(t.levels) {
		t.levels = append(t.levels, treeLevel{addr: t.out.reserve(t.nodeSize()), left: undefined})
	}
	if t.levels[level].n == t.most {
		next := t.out.reserve(t.nodeSize())
		t.write(level, next, key)
		full := &t.levels[level]
		addr, first := full.addr, full.first
		*full = treeLevel{addr: next, left: addr, body: full.body[:0]}
		t.addAt(level+1, first, addr)
	}
	l := &t.levels[level]
	if l.n == 0 {
		l.first = append([]byte(nil), key...)
	}
	l.body = append(l.body, key...)
	l.body = wire.AppendUint64(l.body, child)
	l.n++
}

// write writes the node of a level, of which the last key is where its right neighbour begins.
func (t *treeWriter) write(level int, right uint64, last []byte) {
	l := &t.levels[level]
	b := make([]byte, 0, t.nodeSize())
	b = append(b, treeSignature...)
	b = append(b, t.kind, byte(level))
	b = wire.AppendUint16(b, uint16(l.n))
	b = wire.AppendUint64(b, l.left)
	b = wire.AppendUint64(b, right)
	b = append(b, l.body...)
	b = append(b, last...)
	t.out.set(l.addr, b)
}

// finish writes the last node of each level and returns the root's address. last is the key
// behind all entries. A tree without entries is one empty node, for groups only.
func (t *treeWriter) finish(last []byte) uint64 {
	if len(t.levels) == 0 {
		t.levels = append(t.levels, treeLevel{addr: t.out.reserve(t.nodeSize()), left: undefined})
	}
	for level := 0; ; level++ {
		l := &t.levels[level]
		isRoot := level == len(t.levels)-1
		if isRoot && t.rootAt != 0 {
			l.addr = t.rootAt
		}
		t.write(level, undefined, last)
		if isRoot {
			return l.addr
		}
		t.addAt(level+1, l.first, l.addr)
	}
}
