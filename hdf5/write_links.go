package hdf5

import (
	"bytes"
	"slices"
)

// groupMessages returns the messages of a changed group of the newer kind. All its links, wherever
// they are stored, move to the header, or if they are many, to a symbol table.
func (w *Writer) groupMessages(n *node, messages []message) ([]message, error) {
	links, err := w.linkMessages(n)
	if err != nil {
		return nil, err
	}
	info := infoMessage{width: 8}
	others := messages[:0]
	for _, m := range messages {
		switch m.kind {
		case msgLinkInfo:
			if info, err = w.infoMessage(&m, 8); err != nil {
				return nil, err
			}
		case msgLink:
		default:
			others = append(others, m)
		}
	}
	if len(links)+len(n.old.added) > symbolTableLinks && info.flags == 0 && !n.old.foreign {
		if err := w.writeGroup(n); err != nil {
			return nil, err
		}
		place := wire.AppendUint64(wire.AppendUint64(nil, n.tree), n.names)
		others = slices.DeleteFunc(others, func(m message) bool { return m.kind == msgGroupInfo })
		return append(others, message{kind: msgSymbolTable, data: place}), nil
	}
	for _, name := range n.old.added {
		links = append(links, message{kind: msgLink, data: info.link(name, n.children[name])})
		info.nextOrder++
	}
	return slices.Concat(others, []message{info.message(msgLinkInfo)}, links), nil
}

// linkMessages returns the links that the group has in the old file, as messages.
func (w *Writer) linkMessages(n *node) ([]message, error) {
	var links []message
	for _, m := range n.old.header.messages {
		if m.kind == msgLink {
			links = append(links, m)
		}
	}
	m := n.old.header.find(msgLinkInfo)
	if m == nil {
		return links, nil
	}
	d, err := w.old.f.linkInfo(m)
	if d == nil || err != nil {
		return links, err
	}
	err = d.tree.each(nil, func(record []byte) error {
		b, _, err := d.heap.object(record[4 : 4+d.heap.idLength])
		if err != nil {
			return err
		}
		// Cloned, because the heap may use the memory for the next object.
		links = append(links, message{kind: msgLink, data: bytes.Clone(b)})
		return nil
	})
	return links, err
}

// link returns the message of a link; nextOrder is the order of creation, if the group keeps it.
//
// Reference: HDF5 File Format Specification, IV.A.2.g ("The Link Message").
func (info infoMessage) link(name string, c child) []byte {
	const width2, numbered, typed, charset, soft = 1, 1 << 2, 1 << 3, 1 << 4, 1
	flags := byte(width2)
	if info.flags&1 != 0 {
		flags |= numbered
	}
	if c.node == nil {
		flags |= typed
	}
	if !isASCII(name) {
		flags |= charset
	}
	b := []byte{1, flags}
	if flags&typed != 0 {
		b = append(b, soft)
	}
	if flags&numbered != 0 {
		b = wire.AppendUint64(b, info.nextOrder)
	}
	if flags&charset != 0 {
		b = append(b, charsetUTF8)
	}
	b = append(wire.AppendUint16(b, uint16(len(name))), name...)
	if c.node == nil {
		return append(wire.AppendUint16(b, uint16(len(c.soft))), c.soft...)
	}
	return wire.AppendUint64(b, c.node.addr)
}

// attributeMessages returns the messages of an object whose attributes were changed. All
// attributes, wherever they are stored, move to the header.
func (w *Writer) attributeMessages(n *node, messages []message, p headerV2) ([]message, error) {
	info := infoMessage{width: 2}
	if p.tracked {
		info.flags |= 1
	}
	if p.indexed {
		info.flags |= 2
	}
	attrs := slices.Clone(n.old.dense)
	others := messages[:0]
	for _, m := range messages {
		switch m.kind {
		case msgAttributeInfo:
			var err error
			if info, err = w.infoMessage(&m, 2); err != nil {
				return nil, err
			}
		case msgAttribute:
			attrs = append(attrs, m)
		default:
			others = append(others, m)
		}
	}
	set := make([]bool, len(n.attrs))
	for i := range attrs {
		m := &attrs[i]
		info.nextOrder = max(info.nextOrder, uint64(m.order)+1)
		c, err := w.old.f.body(m)
		if err != nil {
			return nil, err
		}
		if k := n.findAttr(attributeName(*c)); k >= 0 {
			m.data, m.flags, set[k] = n.attrs[k].message, 0, true
		}
	}
	for k, a := range n.attrs {
		if !set[k] {
			m := message{kind: msgAttribute, data: a.message, order: uint16(info.nextOrder)}
			attrs = append(attrs, m)
			info.nextOrder++
		}
	}
	if info.nextOrder > maxMessages {
		return nil, errorf(ErrLimit, "more than %d attributes", maxMessages)
	}
	return slices.Concat(others, []message{info.message(msgAttributeInfo)}, attrs), nil
}

// readDense reads the attributes that are in a heap, before the first attribute of the object is
// set.
func (w *Writer) readDense(n *node) error {
	if n.old.denseRead {
		return nil
	}
	o := &object{f: w.old.f, h: n.old.header}
	d, err := o.denseAttributes()
	if err != nil {
		return err
	}
	if d != nil {
		err = d.tree.each(nil, func(record []byte) error {
			if record[8]&flagShared != 0 {
				return errorf(ErrUnsupported, "an object with shared attributes cannot be added to")
			}
			c, err := d.body(record)
			if err != nil {
				return err
			}
			if len(c.b) > maxMessage {
				return errorf(ErrUnsupported, "an object with an attribute of %d bytes cannot be "+
					"given others", len(c.b))
			}
			m := message{kind: msgAttribute, data: bytes.Clone(c.b), off: c.off}
			if d.ordered {
				m.order = uint16((&cursor{b: record, i: 8 + 1}).u32())
			}
			n.old.dense = append(n.old.dense, m)
			return nil
		})
	}
	n.old.denseRead = err == nil
	return err
}
