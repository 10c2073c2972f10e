package hdf5

import "bytes"

// LinkKind is how a link leads to its object.
type LinkKind uint8

// The kinds of links.
const (
	LinkHard     LinkKind = iota // to an object in the file
	LinkSoft                     // to a path in the file, which may not be there
	LinkExternal                 // to a path in another file
	LinkOther                    // defined by an application
)

var linkNames = [...]string{"hard", "soft", "external", "other"}

// String returns the name of the kind in lower case.
func (k LinkKind) String() string {
	if int(k) < len(linkNames) {
		return linkNames[k]
	}
	return "unknown"
}

// Link is a member of a group: a name that leads to an object.
type Link struct {
	Name string
	Kind LinkKind
	// Target is the path to which a soft or external link leads.
	Target string
	// File is the file name of an external link, as this file has it.
	File string
	// Order is the order of creation, or -1 if the group does not keep it.
	Order int64

	addr uint64 // of the object, for a hard link
	off  int64  // of the link in the file, for errors
}

// parseLink parses a link message.
//
// Reference: HDF5 File Format Specification, IV.A.2.g ("The Link Message").
func parseLink(c *cursor) (Link, error) {
	l := Link{Order: -1, addr: undefined, off: c.off}
	c.version("link", 1)
	flags := c.u8()
	kind := uint8(0)
	if flags&(1<<3) != 0 {
		kind = c.u8()
	}
	if flags&(1<<2) != 0 {
		l.Order = int64(c.u64())
	}
	if flags&(1<<4) != 0 {
		c.skip(1) // the character set, ASCII or UTF-8: a name is used as its bytes
	}
	n := c.uint(1 << (flags & 3))
	if n > uint64(c.left()) {
		c.fail(malformed(c.pos(), "the name of a link of %d bytes", n))
	}
	l.Name = string(c.take(int(n)))
	switch kind {
	case 0:
		l.addr = c.addr()
	case 1:
		l.Kind, l.Target = LinkSoft, string(c.take(int(c.u16())))
	case 64:
		l.Kind = LinkExternal
		value := c.take(int(c.u16()))
		parts := bytes.SplitN(value[min(1, len(value)):], []byte{0}, 3)
		if c.err == nil && len(parts) < 2 {
			c.fail(malformed(c.off, "an external link without a file"))
		}
		if c.err == nil {
			l.File, l.Target = string(parts[0]), string(parts[1])
		}
	default:
		l.Kind = LinkOther
	}
	return l, c.err
}

// denseLinks is the storage of a group that keeps its links in a heap.
//
// Reference: HDF5 File Format Specification, IV.A.2.c ("The Link Info Message").
type denseLinks struct {
	f    *File
	heap *fractalHeap
	tree *btree2
}

// linkInfo parses a link info message. It returns nil if the links are in the header.
func (f *File) linkInfo(m *message) (*denseLinks, error) {
	c := f.cursorOver(m.data, m.off)
	c.version("link info", 0)
	if c.u8()&1 != 0 {
		c.skip(8)
	}
	heap, tree := c.addr(), c.addr()
	if c.err != nil || heap == undefined {
		return nil, c.err
	}
	d := &denseLinks{f: f}
	var err error
	if d.heap, err = f.fractalHeap(heap); err != nil {
		return nil, err
	}
	d.tree, err = f.btree2(tree)
	if err == nil && (d.tree.kind != 5 || d.tree.recordSize < 4+d.heap.idLength) {
		err = malformed(d.tree.off, "a B-tree of the type %d for links", d.tree.kind)
	}
	return d, err
}

// link returns the link of a record, which is a hash and an ID in the heap.
func (d *denseLinks) link(record []byte) (Link, error) {
	b, off, err := d.heap.object(record[4 : 4+d.heap.idLength])
	if err != nil {
		return Link{}, err
	}
	return parseLink(d.f.cursorOver(b, off))
}

func (d *denseLinks) find(name string) (Link, bool, error) {
	var found Link
	ok := false
	hash := checksum([]byte(name))
	err := d.tree.search(func(record []byte) (int, error) {
		got := uint32((&cursor{b: record}).uint(4))
		if got != hash {
			return compare(got, hash), nil
		}
		l, err := d.link(record)
		if err != nil {
			return 0, err
		}
		order := bytes.Compare([]byte(l.Name), []byte(name))
		if order == 0 {
			found, ok = l, true
		}
		return order, nil
	})
	return found, ok, err
}

// compare is cmp.Compare for addresses and hashes.
func compare[T uint32 | uint64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (d *denseLinks) each(visit func(Link) error) error {
	return d.tree.each(nil, func(record []byte) error {
		l, err := d.link(record)
		if err == nil {
			err = visit(l)
		}
		return err
	})
}

// compactLinks is the storage of a group that keeps its links in its header.
type compactLinks struct {
	f *File
	h *header
}

func (d compactLinks) each(visit func(Link) error) error {
	for i := range d.h.messages {
		if m := &d.h.messages[i]; m.kind == msgLink {
			c, err := d.f.body(m)
			if err != nil {
				return err
			}
			l, err := parseLink(c)
			if err == nil {
				err = visit(l)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (d compactLinks) find(name string) (found Link, ok bool, err error) {
	err = d.each(func(l Link) error {
		if l.Name == name && !ok {
			found, ok = l, true
		}
		return nil
	})
	return found, ok, err
}

// linkSource is the storage of a group's links.
type linkSource interface {
	find(name string) (Link, bool, error)
	each(visit func(Link) error) error
}

// links returns the storage of a group's links, or nil if the header is not that of a group.
func (f *File) links(h *header) (linkSource, error) {
	if m := h.find(msgSymbolTable); m != nil {
		return f.symbolTable(m)
	}
	m := h.find(msgLinkInfo)
	if m == nil {
		if h.find(msgLink) != nil {
			return compactLinks{f, h}, nil
		}
		return nil, nil
	}
	d, err := f.linkInfo(m)
	if d != nil || err != nil {
		return d, err
	}
	return compactLinks{f, h}, nil
}
