package hdf5

import "math/bits"

// btree2 is a version 2 B-tree, which indexes dense links and attributes, chunks, or huge objects.
// All records of a tree have one size; their content depends on the kind of the tree.
//
// Reference: HDF5 File Format Specification, III.A.2 ("Version 2 B-trees").
type btree2 struct {
	f          *File
	off        int64 // of the header in the file
	kind       uint8
	nodeSize   uint64 // bytes
	recordSize int    // bytes
	depth      int    // level of the root
	root       node2
	total      uint64   // number of records
	levels     []level2 // level 0 is that of the leaves
}

// level2 describes the nodes of a level.
type level2 struct {
	max       uint64 // number of records that fit in a node
	countSize int    // bytes of the number of records in a child of this level
	totalSize int    // bytes of the number of records in the subtree of such a child
}

// node2 is a pointer to a node.
type node2 struct {
	addr  uint64
	count int // number of records in the node itself, without its subtrees
	level int
}

const headBTree2 = 4 + 1 + 1 // signature, version and type of each node

// btree2 reads the header of the tree at an address.
func (f *File) btree2(addr uint64) (*btree2, error) {
	if addr == undefined {
		return nil, errorf(ErrMalformed, "a B-tree without an address")
	}
	o, l := uint64(f.sb.sizeOffset), uint64(f.sb.sizeLength)
	c, err := f.cursor(addr, 4+1+1+4+2+2+1+1+o+2+l+4)
	if err != nil {
		return nil, err
	}
	t := &btree2{f: f, off: c.off}
	c.signature("BTHD")
	c.version("B-tree", 0)
	t.kind = c.u8()
	t.nodeSize = uint64(c.u32())
	t.recordSize = int(c.u16())
	t.depth = int(c.u16())
	c.skip(2)
	t.root = node2{c.addr(), int(c.u16()), t.depth}
	t.total = c.length()
	c.checksum(0)
	if c.err != nil {
		return nil, c.err
	}
	return t, t.planLevels()
}

// planLevels computes how many records fit in the nodes of each level. The widths of the counts in
// the nodes above follow from it.
func (t *btree2) planLevels() error {
	if t.recordSize == 0 || t.nodeSize < headBTree2+4 || t.depth > 64 {
		return malformed(t.off, "a B-tree of nodes that hold no records")
	}
	room := t.nodeSize - headBTree2 - 4
	leaf := room / uint64(t.recordSize)
	t.levels = []level2{{max: leaf, countSize: encodedSize(leaf)}}
	whole := leaf
	for i := 1; i <= t.depth; i++ {
		below := t.levels[i-1]
		pointer := uint64(t.f.sb.sizeOffset + t.levels[0].countSize + below.totalSize)
		if pointer > room {
			return malformed(t.off, "a B-tree of nodes that hold no records")
		}
		n := (room - pointer) / (uint64(t.recordSize) + pointer)
		hi, lo := bits.Mul64(n+1, whole)
		if whole = lo + n; hi != 0 || whole < lo {
			whole = 1<<64 - 1
		}
		t.levels = append(t.levels, level2{max: n, countSize: t.levels[0].countSize,
			totalSize: encodedSize(whole)})
	}
	return nil
}

// read returns the records of a node in one slice, and the children of an inner node, of which
// there is one more than records.
func (t *btree2) read(n node2) (records []byte, children []node2, err error) {
	if n.level < 0 || uint64(n.count) > t.levels[n.level].max {
		return nil, nil, malformed(t.off, "a node of a B-tree with %d records", n.count)
	}
	// The number of records is checked; the pointers of a node that is not full take less room.
	size := uint64(headBTree2 + n.count*t.recordSize)
	pointer := 0
	if n.level > 0 {
		pointer = t.f.sb.sizeOffset + t.levels[n.level-1].countSize
		if n.level > 1 {
			pointer += t.levels[n.level-1].totalSize
		}
		size += uint64((n.count + 1) * pointer)
	}
	c, err := t.f.cursor(n.addr, size+4)
	if err != nil {
		return nil, nil, err
	}
	if n.level > 0 {
		c.signature("BTIN")
	} else {
		c.signature("BTLF")
	}
	c.version("node of a B-tree", 0)
	if kind := c.u8(); c.err == nil && kind != t.kind {
		return nil, nil, malformed(c.off, "a node of the type %d in a B-tree of the type %d", kind,
			t.kind)
	}
	records = c.take(n.count * t.recordSize)
	if n.level > 0 {
		children = make([]node2, 0, n.count+1)
		for range n.count + 1 {
			child := node2{addr: c.addr(), level: n.level - 1}
			child.count = int(c.uint(t.levels[n.level-1].countSize) & maxInt)
			if n.level > 1 {
				c.skip(t.levels[n.level-1].totalSize)
			}
			children = append(children, child)
		}
	}
	c.checksum(0)
	return records, children, c.err
}

// record returns record i of a node.
func (t *btree2) record(records []byte, i int) []byte {
	return records[i*t.recordSize : (i+1)*t.recordSize : (i+1)*t.recordSize]
}

// search descends to the record for which compare returns 0. compare returns a negative number for
// a record before the one that is searched.
func (t *btree2) search(compare func(record []byte) (int, error)) error {
	n := t.root
	for n.addr != undefined && t.total > 0 {
		records, children, err := t.read(n)
		if err != nil {
			return err
		}
		lo, hi := 0, n.count
		for lo < hi {
			mid := (lo + hi) / 2
			order, err := compare(t.record(records, mid))
			if err != nil || order == 0 {
				return err
			}
			if order < 0 {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		if n.level == 0 {
			return nil
		}
		n = children[lo]
	}
	return nil
}

// each calls visit with every record in order. It does not descend to a subtree for which skip
// returns true; skip, which may be nil, gets the records on both sides, or nil at the ends.
func (t *btree2) each(skip func(before, after []byte) bool, visit func(record []byte) error) error {
	if t.root.addr == undefined || t.total == 0 {
		return nil
	}
	// An entry of the stack is a record to visit or, if record is nil, a node to read.
	type todo struct {
		node          node2
		record        []byte
		before, after []byte
	}
	left := t.total
	budget := uint64(t.f.src.size)
	stack := []todo{{node: t.root}}
	for len(stack) > 0 {
		d := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if d.record != nil {
			if left == 0 {
				return malformed(t.off, "a B-tree with more records than the %d it says", t.total)
			}
			left--
			if err := visit(d.record); err != nil {
				return err
			}
			continue
		}
		if skip != nil && skip(d.before, d.after) {
			continue
		}
		if t.nodeSize > budget && d.node.level != t.depth {
			return malformed(t.off, "a B-tree longer than the file")
		}
		budget -= min(budget, t.nodeSize)
		records, children, err := t.read(d.node)
		if err != nil {
			return err
		}
		before, after := d.before, d.after
		for i := d.node.count; i >= 0; i-- {
			next := after
			if i < d.node.count {
				next = t.record(records, i)
				stack = append(stack, todo{record: next})
			}
			if children == nil {
				continue
			}
			last := before
			if i > 0 {
				last = t.record(records, i-1)
			}
			stack = append(stack, todo{node: children[i], before: last, after: next})
		}
	}
	return nil
}
