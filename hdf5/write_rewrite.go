package hdf5

import "slices"

// msgReferences is how many hard links lead to an object, where it is not one.
const msgReferences = 0x16

const (
	continuationSignature = "OCHK"
	headerSignature       = "OHDR"
	// dropsIntoTable is from how many links on a group becomes one with a symbol table, in which
	// links are found by halving.
	dropsIntoTable = 512
)

// newHeader is what has to be known of an object header of version 2 to write it anew: its first
// block stays where it is and leads to one block at the end of the file, with all messages. The
// blocks that it led to before are unused then.
//
// Reference: HDF5 File Format Specification, IV.A.1.b ("Version 2 Data Object Header Prefix").
type newHeader struct {
	prefix  []byte // up to the messages
	room    int    // bytes for messages in the first block
	tracked bool   // messages have the order in which attributes were made
	indexed bool   // attributes in a heap are found by that order too
}

// newHeader reads the prefix of the header, which was read and is well formed.
func (w *Writer) newHeader(h *header) (newHeader, error) {
	var p newHeader
	b, err := w.old.f.src.upTo(h.addr, 64)
	if err != nil {
		return p, err
	}
	c := w.old.f.over(b, w.old.f.src.offset(h.addr))
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

// messageHead is how many bytes are before a message.
func (p newHeader) messageHead() int {
	if p.tracked {
		return 6
	}
	return 4
}

func (p newHeader) append(b []byte, m message) []byte {
	b = append(b, byte(m.kind))
	b = wire.AppendUint16(b, uint16(len(m.data)))
	b = append(b, m.flags)
	if p.tracked {
		b = wire.AppendUint16(b, m.order)
	}
	return append(b, m.data...)
}

// rewriteHeader writes the header of an object that changed.
func (w *Writer) rewriteHeader(n *node) error {
	p, err := w.newHeader(n.old.header)
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

// firstBlock is the first block of a header whose messages are elsewhere.
func (p newHeader) firstBlock(addr uint64, size int) []byte {
	b := slices.Clone(p.prefix)
	end := len(b) + p.room
	place := wire.AppendUint64(wire.AppendUint64(nil, addr), uint64(size))
	b = p.append(b, message{kind: msgContinuation, data: place})
	for left := end - len(b); left >= p.messageHead(); left = end - len(b) {
		nothing := make([]byte, min(left-p.messageHead(), maxMessage))
		b = p.append(b, message{kind: msgNil, data: nothing})
	}
	// What is too short for a message is a gap.
	b = appendZeros(b, end-len(b))
	return wire.AppendUint32(b, checksum(b))
}

// referencesMessage counts the hard links that lead to the object.
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

// rowsMessage gives a dataset's message its new shape, or the place of its chunks.
func (n *node) rowsMessage(m *message) {
	switch m.kind {
	case msgDataspace:
		m.data = slices.Clone(m.data)
		wire.PutUint64(m.data[n.old.rows.shapeAt-m.off:], uint64(n.data.shape[0]))
	case msgLayout:
		m.data = chunkedMessage(n.data.addr, n.data.chunk, n.data.typ.size)
	}
}

// infoMessage is a link info or attribute info message: where links or attributes are that are
// not in the header, and the number of the next one where they are numbered.
//
// Reference: HDF5 File Format Specification, IV.A.2.c, IV.A.2.v.
type infoMessage struct {
	flags byte
	next  uint64
	width int  // bytes of next
	dense bool // there is a heap
}

func (w *Writer) infoMessage(m *message, width int) (infoMessage, error) {
	c := w.old.f.over(m.data, m.off)
	c.version("info", 0)
	info := infoMessage{flags: c.u8(), width: width}
	if info.flags&1 != 0 {
		info.next = c.uint(width)
	}
	info.dense = c.addr() != undefined
	return info, c.err
}

// compact is the message for links or attributes that are all in the header.
func (info infoMessage) compact(kind uint16) message {
	b := []byte{0, info.flags}
	if info.flags&1 != 0 {
		b = wire.AppendUint64(b, info.next)[:2+info.width]
	}
	b = wire.AppendUint64(b, undefined)
	b = wire.AppendUint64(b, undefined)
	if info.flags&2 != 0 {
		b = wire.AppendUint64(b, undefined)
	}
	return message{kind: kind, data: b}
}
