package hdf5

import "slices"

// msgReferences is the type of the message with the number of hard links, if it is not 1.
const msgReferences = 0x16

const (
	continuationSignature = "OCHK"
	headerSignature       = "OHDR"
	// symbolTableLinks is the number of links above which a group gets a symbol table, in which a
	// link is found by a binary search.
	symbolTableLinks = 512
)

// headerV2 has the parameters for rewriting an object header of version 2. The first block stays in
// its place and holds nothing but a continuation, to one block at the end of the file with all
// messages. The old continuation blocks become unused.
//
// Reference: HDF5 File Format Specification, IV.A.1.b ("Version 2 Data Object Header Prefix").
type headerV2 struct {
	prefix  []byte // the first block up to the messages
	room    int    // bytes for messages in the first block
	tracked bool   // messages have the order of creation of attributes
	indexed bool   // attributes in a heap are indexed by the order of creation too
}

// readHeaderV2 reads the prefix of a header that was parsed before.
func (w *Writer) readHeaderV2(h *header) (headerV2, error) {
	var p headerV2
	b, err := w.old.f.src.upTo(h.addr, 64)
	if err != nil {
		return p, err
	}
	c := w.old.f.cursorOver(b, w.old.f.src.offset(h.addr))
	c.signature(headerSignature)
	c.version("object header", 2)
	flags := c.u8()
	if flags&(1<<5) != 0 {
		c.skip(16)
	}
	if flags&(1<<4) != 0 {
		c.skip(4)
	}
	room := c.uint(1 << (flags & 3))
	if c.err != nil {
		return p, c.err
	}
	p.tracked, p.indexed = flags&(1<<2) != 0, flags&(1<<3) != 0
	p.prefix = slices.Clone(b[:c.i])
	least := p.messageHead() + continuationSize
	if room < uint64(least) {
		return p, errorf(ErrUnsupported, "an object header without room cannot be added to")
	}
	p.room = int(room)
	return p, nil
}

// messageHead returns the size of the header of a message, in bytes.
func (p headerV2) messageHead() int {
	if p.tracked {
		return 6
	}
	return 4
}

func (p headerV2) append(b []byte, m message) []byte {
	b = append(b, byte(m.kind))
	b = wire.AppendUint16(b, uint16(len(m.data)))
	b = append(b, m.flags)
	if p.tracked {
		b = wire.AppendUint16(b, m.order)
	}
	return append(b, m.data...)
}

// rewriteHeader writes the header of a changed object.
func (w *Writer) rewriteHeader(n *node) error {
	p, err := w.readHeaderV2(n.old.header)
	if err != nil {
		return err
	}
	messages := slices.Clone(n.old.header.messages)
	if n.old.changed && !n.old.group {
		if messages, err = w.groupMessages(n, messages); err != nil {
			return err
		}
	}
	if n.attrs != nil {
		if messages, err = w.attributeMessages(n, messages, p); err != nil {
			return err
		}
	}
	if n.old.rows != nil {
		for i := range messages {
			n.rowsMessage(&messages[i])
		}
	}
	if n.links > 0 {
		messages = w.referencesMessage(n, messages)
	}
	more := []byte(continuationSignature)
	for _, m := range messages {
		if len(m.data) > maxMessage {
			return errorf(ErrLimit, "a message of %d bytes", len(m.data))
		}
		more = p.append(more, m)
	}
	more = wire.AppendUint32(more, checksum(more))
	addr := w.out.add(more)
	w.out.set(n.old.header.addr, p.firstBlock(addr, len(more)))
	return w.out.err
}

// firstBlock returns the first block of a header whose messages are in the block at addr.
func (p headerV2) firstBlock(addr uint64, size int) []byte {
	b := slices.Clone(p.prefix)
	end := len(b) + p.room
	place := wire.AppendUint64(wire.AppendUint64(nil, addr), uint64(size))
	b = p.append(b, message{kind: msgContinuation, data: place})
	for left := end - len(b); left >= p.messageHead(); left = end - len(b) {
		nothing := make([]byte, min(left-p.messageHead(), maxMessage))
		b = p.append(b, message{kind: msgNil, data: nothing})
	}
	// A rest that is too short for a message is a gap.
	b = appendZeros(b, end-len(b))
	return wire.AppendUint32(b, checksum(b))
}

// referencesMessage adds the new hard links to the number in the header.
func (w *Writer) referencesMessage(n *node, messages []message) []message {
	for i := range messages {
		if m := &messages[i]; m.kind == msgReferences && len(m.data) >= 5 {
			m.data = slices.Clone(m.data)
			wire.PutUint32(m.data[1:], wire.Uint32(m.data[1:])+n.links)
			return messages
		}
	}
	data := wire.AppendUint32([]byte{0}, 1+n.links)
	return append(messages, message{kind: msgReferences, data: data})
}

// rowsMessage replaces the shape or the layout in a message of a dataset that got rows.
func (n *node) rowsMessage(m *message) {
	switch m.kind {
	case msgDataspace:
		m.data = slices.Clone(m.data)
		wire.PutUint64(m.data[n.old.rows.shapeAt-m.off:], uint64(n.data.shape[0]))
	case msgLayout:
		m.data = chunkedMessage(n.data.addr, n.data.chunk, n.data.typ.size)
	}
}

// infoMessage is a link info or attribute info message.
//
// Reference: HDF5 File Format Specification, IV.A.2.c, IV.A.2.v.
type infoMessage struct {
	flags     byte
	nextOrder uint64 // order of creation of the next link or attribute, if it is kept
	width     int    // bytes of nextOrder
	dense     bool   // links or attributes are in a heap
}

func (w *Writer) infoMessage(m *message, width int) (infoMessage, error) {
	c := w.old.f.cursorOver(m.data, m.off)
	c.version("info", 0)
	info := infoMessage{flags: c.u8(), width: width}
	if info.flags&1 != 0 {
		info.nextOrder = c.uint(width)
	}
	info.dense = c.addr() != undefined
	return info, c.err
}

// message returns the message for links or attributes that are all in the header.
func (info infoMessage) message(kind uint16) message {
	b := []byte{0, info.flags}
	if info.flags&1 != 0 {
		b = wire.AppendUint64(b, info.nextOrder)[:2+info.width]
	}
	b = wire.AppendUint64(b, undefined)
	b = wire.AppendUint64(b, undefined)
	if info.flags&2 != 0 {
		b = wire.AppendUint64(b, undefined)
	}
	return message{kind: kind, data: b}
}
