package hdf5

// treeWriter writes a B-tree of version 1 whose entries come in order. A node is written when the
// next node on its level is begun, because it holds the address of that node. So only one node for
// each level is in memory.
//
// Reference: HDF5 File Format Specification, III.A.1.
type treeWriter struct {
	out         *outFile
	kind        byte // of the nodes
	keySize     int  // bytes
	maxChildren int  // of a node
	levels      []treeLevel
	// rootAt is the address of a root in the old file, which the new root replaces, or 0.
	rootAt uint64
}

// treeK has the file's K values: a node of a group has up to twice as many children as leaf or
// inner, and a node of chunks twice as many as chunk.
type treeK struct{ leaf, inner, chunk int }

// The kinds of nodes, and the K values that the library uses for new files.
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

// treeLevel is the current node of a level.
type treeLevel struct {
	addr, left uint64 // of the node, and of its left neighbour
	n          int    // number of children
	first      []byte // the first key
	body       []byte // keys and children in turn, without the last key
}

func (t *treeWriter) nodeSize() int {
	return treeHeader + t.maxChildren*(8+t.keySize) + t.keySize
}

// add appends a child. Its key is the beginning of the child, and the end of the child before it.
func (t *treeWriter) add(key []byte, child uint64) { t.addAt(0, key, child) }

func (t *treeWriter) addAt(level int, key []byte, child uint64) {
	if level == len(t.levels) {
		t.levels = append(t.levels, treeLevel{addr: t.out.reserve(t.nodeSize()), left: undefined})
	}
	if t.levels[level].n == t.maxChildren {
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

// write writes the node of a level; its last key is the beginning of its right neighbour.
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

// finish writes the last node of each level and returns the address of the root. last is the key
// after all entries. A tree without entries, which only groups have, is one empty node.
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
