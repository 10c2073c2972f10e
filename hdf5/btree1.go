package hdf5

// btree1 walks version 1 B-trees, which index the members of a group or the chunks of a dataset.
//
// Reference: HDF5 File Format Specification, III.A.1 ("Version 1 B-trees").
type btree1 struct {
	f       *File
	kind    uint8 // 0 for groups, 1 for chunks
	keySize int
	// budget is the number of bytes of nodes that may still be read. Nodes do not overlap, so a
	// tree that exceeds the size of the file has a cycle.
	budget uint64
}

// node1 is a node of a tree: n children, each between two of the n+1 keys.
type node1 struct {
	level    int
	n        int
	off      int64 // of the node in the file
	keySize  int
	addrSize int
	entries  []byte // key, child, key, ... key
}

// key returns key i of n+1.
func (n *node1) key(i int) []byte {
	at := i * (n.keySize + n.addrSize)
	return n.entries[at : at+n.keySize]
}

// child returns the address of child i of n.
func (n *node1) child(i int) uint64 {
	c := cursor{b: n.entries, i: i*(n.keySize+n.addrSize) + n.keySize, sizeOffset: n.addrSize}
	return c.addr()
}

// btree1 returns a reader of trees of a kind whose keys have keySize bytes.
func (f *File) btree1(kind uint8, keySize int) *btree1 {
	return &btree1{f: f, kind: kind, keySize: keySize, budget: uint64(f.src.size)}
}

// read reads the node at an address, which must be on the given level; -1 is any, for the root.
func (t *btree1) read(addr uint64, level int) (*node1, error) {
	f := t.f
	head := uint64(8 + 2*f.sb.sizeOffset)
	c, err := f.cursor(addr, head)
	if err != nil {
		return nil, err
	}
	c.signature("TREE")
	if kind := c.u8(); c.err == nil && kind != t.kind {
		return nil, malformed(c.off, "a node of the type %d in a B-tree of the type %d", kind,
			t.kind)
	}
	n := &node1{level: int(c.u8()), n: int(c.u16()), off: c.off, keySize: t.keySize,
		addrSize: f.sb.sizeOffset}
	if c.err != nil {
		return nil, c.err
	}
	if level >= 0 && n.level != level {
		return nil, malformed(c.off, "a node of the level %d where %d is due", n.level, level)
	}
	size := uint64(n.n*(n.keySize+n.addrSize) + n.keySize)
	if head+size > t.budget {
		return nil, malformed(c.off, "a B-tree longer than the file")
	}
	t.budget -= head + size
	n.entries, err = f.src.bytes(addr+head, size)
	return n, err
}

// each calls leaf for each child of the nodes on level 0, in order. It does not descend to children
// for which skip returns true. Both functions get the keys before (and after) the child.
func (t *btree1) each(root uint64, skip func(before, after []byte) bool,
	leaf func(addr uint64, before []byte, off int64) error,
) error {
	type todo struct {
		node *node1
		next int
	}
	n, err := t.read(root, -1)
	if err != nil {
		return err
	}
	stack := []todo{{node: n}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		n, i := top.node, top.next
		if i == n.n {
			stack = stack[:len(stack)-1]
			continue
		}
		top.next++
		before, after := n.key(i), n.key(i+1)
		if skip != nil && skip(before, after) {
			continue
		}
		if n.level == 0 {
			if err := leaf(n.child(i), before, n.off); err != nil {
				return err
			}
			continue
		}
		below, err := t.read(n.child(i), n.level-1)
		if err != nil {
			return err
		}
		stack = append(stack, todo{node: below})
	}
	return nil
}
