package hdf5

import "slices"

// continuationSize is the size of a continuation message: the address and length of a block with
// more messages. It replaces a message that has at least as many bytes.
//
// Reference: HDF5 File Format Specification, IV.A.2.q.
const continuationSize = 16

// patchHeader changes a header of version 1 in the old file. Attributes that are set again become
// null messages. New attributes go to a block at the end of the file, and so does one message that
// is replaced by the continuation to that block. The header itself stays in its place, because
// links and references have its address.
func (w *Writer) patchHeader(n *node) error {
	h := n.old.header
	prefix, err := w.old.f.src.bytes(h.addr, headerPrefix)
	if err != nil {
		return err
	}
	head := slices.Clone(prefix)
	wire.PutUint32(head[4:], wire.Uint32(head[4:])+n.links)
	if n.attrs == nil {
		w.out.set(h.addr, head)
		return nil
	}
	more := &outHeader{}
	for _, a := range n.attrs {
		more.add(msgAttribute, 0, a.message)
	}
	victim := -1
	for i := range h.messages {
		m := &h.messages[i]
		switch {
		case m.kind == msgAttribute && n.findAttr(attributeName(*w.old.f.cursorOver(m.data, m.off))) >= 0:
			w.out.set(uint64(m.off-messagePrefix), wire.AppendUint16(nil, msgNil))
		case victim < 0 && len(m.data) >= continuationSize:
			victim = i
		}
	}
	if victim < 0 {
		return errorf(ErrUnsupported, "an object header without room")
	}
	m := &h.messages[victim]
	added := n.moveMessage(more, m)
	addr := w.out.add(more.body)
	n.old.rows.moved(m, int64(addr)+int64(added))
	count := int(wire.Uint16(head[2:])) + more.n
	place := wire.AppendUint64(wire.AppendUint64(nil, addr), uint64(len(more.body)))
	give := &outHeader{}
	give.add(msgContinuation, 0, place)
	if left := len(m.data) - continuationSize; left > 0 {
		give.add(msgNil, 0, make([]byte, left-messagePrefix))
		count++
	}
	if count > maxMessages {
		return errorf(ErrLimit, "an object header of %d messages", count)
	}
	wire.PutUint16(head[2:], uint16(count))
	w.out.set(uint64(m.off-messagePrefix), give.body)
	w.out.set(h.addr, head)
	return nil
}

// moveMessage adds a message to more, and returns the offset of its data in the block.
func (n *node) moveMessage(more *outHeader, m *message) int {
	more.add(m.kind, m.flags, m.data)
	return len(more.body) - (len(m.data)+7)/8*8
}

// moved adjusts the offsets if they are in a message that moves.
func (r *oldRows) moved(m *message, to int64) {
	if r == nil {
		return
	}
	for _, at := range []*int64{&r.shapeAt, &r.treeAt} {
		if *at >= m.off && *at < m.off+int64(len(m.data)) {
			*at += to - m.off
		}
	}
}
