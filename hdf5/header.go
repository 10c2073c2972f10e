package hdf5

import "math/bits"

// Types of object header messages.
//
// Reference: HDF5 File Format Specification, IV.A.2 ("Data Object Header Messages").
const (
	msgNil           = 0x00
	msgDataspace     = 0x01
	msgLinkInfo      = 0x02
	msgDatatype      = 0x03
	msgFillOld       = 0x04
	msgFill          = 0x05
	msgLink          = 0x06
	msgExternal      = 0x07
	msgLayout        = 0x08
	msgGroupInfo     = 0x0a
	msgFilters       = 0x0b
	msgAttribute     = 0x0c
	msgComment       = 0x0d
	msgSharedTable   = 0x0f
	msgContinuation  = 0x10
	msgSymbolTable   = 0x11
	msgAttributeInfo = 0x15
	msgLast          = 0x18 // the last one in the specification
)

// Flags of a message.
const (
	flagShared      = 1 << 1
	flagFailUnknown = 1 << 7
)

// message is a message of an object header; data aliases the file.
type message struct {
	kind  uint16
	flags uint8
	order uint16 // of creation, if the header keeps it
	data  []byte
	off   int64 // of data in the file
}

// header is an object header.
type header struct {
	addr     uint64
	version  uint8
	messages []message
}

// find returns the first message of a kind, or nil.
func (h *header) find(kind uint16) *message {
	for i := range h.messages {
		if h.messages[i].kind == kind {
			return &h.messages[i]
		}
	}
	return nil
}

// block is a run of messages in the file: the first block of a header, or a continuation.
type block struct{ addr, size uint64 }

// header reads the object header at an address, with all its continuations. They may be anywhere in
// the file, but together they are no longer than the file.
//
// Reference: HDF5 File Format Specification, IV.A.1 ("Data Object Headers").
func (f *File) header(addr uint64) (*header, error) {
	if addr == undefined {
		return nil, errorf(ErrMalformed, "an object without an address")
	}
	prefix, err := f.src.upTo(addr, 64)
	if err != nil {
		return nil, err
	}
	h := &header{addr: addr}
	c := f.cursorOver(prefix, f.src.offset(addr))
	if len(prefix) >= 4 && string(prefix[:4]) == "OHDR" {
		return h, f.headerNew(h, c)
	}
	return h, f.headerOld(h, c)
}

// headerOld reads version 1.
func (f *File) headerOld(h *header, c *cursor) error {
	h.version = c.version("object header", 1)
	c.skip(1 + 2 + 4) // reserved, number of messages, reference count
	size := uint64(c.u32())
	c.skip(4)
	if c.err != nil {
		return c.err
	}
	return f.blocks(h, block{h.addr + uint64(c.i), size}, func(b block) ([]block, error) {
		c, err := f.cursor(b.addr, b.size)
		if err != nil {
			return nil, err
		}
		var more []block
		for c.left() >= 8 && c.err == nil {
			m := message{kind: c.u16()}
			size := int(c.u16())
			m.flags = c.u8()
			c.skip(3)
			m.off, m.data = c.pos(), c.take(size)
			if c.err == nil {
				more, err = f.message(h, m, more)
			}
			if err != nil {
				return nil, err
			}
		}
		return more, c.err
	})
}

// headerNew reads version 2, whose blocks have checksums.
func (f *File) headerNew(h *header, c *cursor) error {
	c.skip(4)
	h.version = c.version("object header", 2)
	flags := c.u8()
	if flags&(1<<5) != 0 {
		c.skip(16) // times
	}
	if flags&(1<<4) != 0 {
		c.skip(4) // when attributes change to dense storage
	}
	size := c.uint(1 << (flags & 3))
	if c.err != nil {
		return c.err
	}
	prefix := uint64(c.i)
	size, carry := bits.Add64(size, prefix+4, 0)
	if carry != 0 {
		return malformed(c.off, "an object header whose size overflows")
	}
	return f.blocks(h, block{h.addr, size}, func(b block) ([]block, error) {
		c, err := f.cursor(b.addr, b.size)
		if err != nil {
			return nil, err
		}
		if b.addr == h.addr {
			c.skip(int(prefix))
		} else {
			c.signature("OCHK")
		}
		return f.messagesNew(h, c, flags&(1<<2) != 0)
	})
}

// messagesNew reads the messages of a block of version 2, after checking its checksum.
func (f *File) messagesNew(h *header, c *cursor, ordered bool) ([]block, error) {
	if c.left() < 4 {
		return nil, malformed(c.off, "a block of an object header without a checksum")
	}
	end := len(c.b) - 4
	head := 4
	if ordered {
		head = 6
	}
	sum := *c
	sum.i = end
	if sum.checksum(0); sum.err != nil {
		return nil, sum.err
	}
	c.b = c.b[:end]
	var more []block
	var err error
	for c.left() >= head && c.err == nil {
		m := message{kind: uint16(c.u8())}
		size := int(c.u16())
		m.flags = c.u8()
		if ordered {
			m.order = c.u16()
		}
		m.off, m.data = c.pos(), c.take(size)
		if c.err == nil {
			more, err = f.message(h, m, more)
		}
		if err != nil {
			return nil, err
		}
	}
	return more, c.err
}

// blocks reads the first block, and the continuations to which the blocks lead.
func (f *File) blocks(h *header, first block, read func(block) ([]block, error)) error {
	budget := uint64(f.src.size)
	for queue := []block{first}; len(queue) > 0; queue = queue[1:] {
		b := queue[0]
		// Even an empty continuation counts as one byte, so that one that leads to itself ends.
		size := max(b.size, 1)
		if size > budget {
			return malformed(f.src.offset(h.addr),
				"the blocks of an object header are longer than the file")
		}
		budget -= size
		more, err := read(b)
		if err != nil {
			return err
		}
		queue = append(queue, more...)
	}
	return nil
}

// message adds a message to the header, or if it is a continuation, its block to more.
func (f *File) message(h *header, m message, more []block) ([]block, error) {
	switch {
	case m.kind == msgNil:
	case m.kind == msgContinuation:
		c := f.cursorOver(m.data, m.off)
		b := block{c.addr(), c.length()}
		if c.err != nil {
			return nil, c.err
		}
		more = append(more, b)
	case m.kind > msgLast && m.flags&flagFailUnknown != 0:
		return nil, unsupported(m.off, "a message of the unknown type %d", m.kind)
	default:
		h.messages = append(h.messages, m)
	}
	return more, nil
}
