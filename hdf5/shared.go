package hdf5

// A message may be stored outside its header: as a committed datatype, which is an object by
// itself, or in the file's table of shared messages.
//
// Reference: HDF5 File Format Specification, IV.A.2 ("Shared Message"), III.F ("Shared
// Object Header Message Table").

// sharedTable has the heaps of shared messages, by the types of messages in them.
type sharedTable struct {
	indexes []sharedIndex
}

type sharedIndex struct {
	kinds uint16 // a bit for each type of message
	heap  uint64
}

// readExtension reads the superblock's extension, and the table of shared messages that it points
// to.
func (f *File) readExtension() (*sharedTable, error) {
	if f.sb.extension == undefined {
		return nil, nil
	}
	h, err := f.header(f.sb.extension)
	if err != nil {
		return nil, err
	}
	m := h.find(msgSharedTable)
	if m == nil {
		return nil, nil
	}
	c := f.cursorOver(m.data, m.off)
	c.version("message about shared messages", 0)
	addr, n := c.addr(), int(c.u8())
	if c.err != nil {
		return nil, c.err
	}
	one := uint64(1 + 1 + 2 + 4 + 2 + 2 + 2 + 2*f.sb.sizeOffset)
	if c, err = f.cursor(addr, 4+uint64(n)*one+4); err != nil {
		return nil, err
	}
	c.signature("SMTB")
	t := &sharedTable{}
	for range n {
		c.version("index of shared messages", 0)
		c.skip(1)
		x := sharedIndex{kinds: c.u16()}
		c.skip(4 + 2 + 2 + 2)
		c.addr()
		x.heap = c.addr()
		t.indexes = append(t.indexes, x)
	}
	c.checksum(0)
	return t, c.err
}

// body returns a cursor over the content of a message, wherever it is stored.
func (f *File) body(m *message) (*cursor, error) {
	c := f.cursorOver(m.data, m.off)
	if m.flags&flagShared == 0 {
		return c, nil
	}
	return f.sharedBody(c, m.kind)
}

// sharedBody reads the reference to a shared message of a kind, and returns a cursor over the
// message. It does not recurse: a shared message is never itself a reference.
func (f *File) sharedBody(c *cursor, kind uint16) (*cursor, error) {
	pos := c.pos()
	v := c.version("shared message", 1, 2, 3)
	how := c.u8()
	if v == 1 {
		// A symbol table entry: the offset of a name, which is not needed, and the address.
		c.skip(6 + c.sizeLength)
	}
	if v == 3 && how == 1 {
		id := c.take(8)
		if c.err != nil {
			return nil, c.err
		}
		return f.fromTable(id, kind, pos)
	}
	addr := c.addr()
	if c.err != nil {
		return nil, c.err
	}
	h, err := f.header(addr)
	if err != nil {
		return nil, err
	}
	m := h.find(kind)
	if m == nil || m.flags&flagShared != 0 {
		return nil, malformed(pos, "a shared message of the type %d that is not there", kind)
	}
	return f.cursorOver(m.data, m.off), nil
}

// fromTable returns a message in the table of shared messages.
func (f *File) fromTable(id []byte, kind uint16, pos int64) (*cursor, error) {
	if f.extensionErr != nil {
		return nil, f.extensionErr
	}
	if f.table == nil {
		return nil, malformed(pos, "a shared message in a file without a table of them")
	}
	for _, x := range f.table.indexes {
		if x.kinds&(1<<kind) == 0 {
			continue
		}
		heap, err := f.fractalHeap(x.heap)
		if err != nil {
			return nil, err
		}
		b, off, err := heap.object(id)
		if err != nil {
			return nil, err
		}
		return f.cursorOver(b, off), nil
	}
	return nil, malformed(pos, "no table of shared messages of the type %d", kind)
}
