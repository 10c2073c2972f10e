package hdf5

import (
	"bytes"
	"sort"
)

// symbolTable is the storage of the links of an old group: a B-tree of nodes with entries, whose
// names are in a local heap.
//
// Reference: HDF5 File Format Specification, III.B ("Group Symbol Table Nodes"), III.C
// ("Symbol Table Entry"), IV.A.2.r ("The Symbol Table Message").
type symbolTable struct {
	f     *File
	tree  uint64
	names *localHeap
}

func (f *File) symbolTable(m *message) (*symbolTable, error) {
	c := f.cursorOver(m.data, m.off)
	tree, heap := c.addr(), c.addr()
	if c.err != nil {
		return nil, c.err
	}
	names, err := f.localHeap(heap)
	return &symbolTable{f, tree, names}, err
}

// symbolNode is a node with n entries of size bytes each.
type symbolNode struct {
	b    []byte // the entries
	off  int64  // of the entries in the file
	n    int
	size int
}

func (s *symbolTable) node(addr uint64) (*symbolNode, error) {
	f := s.f
	c, err := f.cursor(addr, 8)
	if err != nil {
		return nil, err
	}
	c.signature("SNOD")
	c.version("symbol table node", 1)
	c.skip(1)
	n := &symbolNode{n: int(c.u16()), size: 2*f.sb.sizeOffset + 4 + 4 + 16, off: c.pos()}
	if c.err != nil {
		return nil, c.err
	}
	n.b, err = f.src.bytes(addr+8, uint64(n.n*n.size))
	return n, err
}

// name returns the name of entry i.
func (s *symbolTable) name(n *symbolNode, i int) ([]byte, error) {
	c := s.f.cursorOver(n.b[i*n.size:(i+1)*n.size], n.off+int64(i*n.size))
	return s.names.name(c.addr())
}

// link returns entry i.
func (s *symbolTable) link(n *symbolNode, i int) (Link, error) {
	c := s.f.cursorOver(n.b[i*n.size:(i+1)*n.size], n.off+int64(i*n.size))
	name, err := s.names.text(c.addr())
	if err != nil {
		return Link{}, err
	}
	l := Link{Name: name, Kind: LinkHard, Order: -1, addr: c.addr(), off: c.off}
	if c.u32() == 2 { // the cached value is the offset of a soft link's target
		c.skip(4)
		l.Kind, l.addr = LinkSoft, undefined
		if l.Target, err = s.names.text(uint64(c.u32())); err != nil {
			return Link{}, err
		}
	}
	return l, c.err
}

// find returns the link with a name.
func (s *symbolTable) find(name string) (Link, bool, error) {
	t := s.f.btree1(0, s.f.sb.sizeLength)
	addr, level := s.tree, -1
	for {
		n, err := t.read(addr, level)
		if err != nil {
			return Link{}, false, err
		}
		// A child has the names after the key before it, up to and including the key after it.
		i := sort.Search(n.n, func(i int) bool {
			c := s.f.cursorOver(n.key(i+1), n.off)
			key, e := s.names.name(c.length())
			if e != nil && err == nil {
				err = e
			}
			return bytes.Compare(key, []byte(name)) >= 0
		})
		if err != nil || i == n.n {
			return Link{}, false, err
		}
		if addr = n.child(i); n.level == 0 {
			break
		}
		level = n.level - 1
	}
	n, err := s.node(addr)
	if err != nil {
		return Link{}, false, err
	}
	i := sort.Search(n.n, func(i int) bool {
		got, e := s.name(n, i)
		if e != nil && err == nil {
			err = e
		}
		return bytes.Compare(got, []byte(name)) >= 0
	})
	if err != nil || i == n.n {
		return Link{}, false, err
	}
	l, err := s.link(n, i)
	return l, err == nil && l.Name == name, err
}

// each calls visit with every link in the order of the names.
func (s *symbolTable) each(visit func(Link) error) error {
	t := s.f.btree1(0, s.f.sb.sizeLength)
	return t.each(s.tree, nil, func(addr uint64, _ []byte, _ int64) error {
		n, err := s.node(addr)
		if err != nil {
			return err
		}
		if used := uint64(8 + len(n.b)); used > t.budget {
			return malformed(n.off, "a symbol table longer than the file")
		} else {
			t.budget -= used
		}
		for i := range n.n {
			l, err := s.link(n, i)
			if err == nil {
				err = visit(l)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
