package hdf5

import "math"

const (
	headerPrefix    = 16
	messagePrefix   = 8
	messageConstant = 1 // flag: the message never changes
	maxMessage      = 1<<16 - 8
	maxMessages     = 1<<16 - 1
	layoutVersion   = 3
)

// outHeader builds an object header of version 1 from messages.
//
// Reference: HDF5 File Format Specification, IV.A.1.a.
type outHeader struct {
	n    int
	body []byte
}

// add appends a message, padded to a multiple of 8.
func (h *outHeader) add(kind uint16, flags byte, data []byte) {
	h.n++
	h.body = wire.AppendUint16(h.body, kind)
	h.body = wire.AppendUint16(h.body, uint16((len(data)+7)/8*8))
	h.body = append(h.body, flags, 0, 0, 0)
	from := len(h.body)
	h.body = padTo8(append(h.body, data...), from)
}

// size returns the size of the header in the file, in bytes.
func (h *outHeader) size() int { return headerPrefix + len(h.body) }

// bytes returns the header of an object with the given number of hard links.
func (h *outHeader) bytes(links uint32) []byte {
	b := make([]byte, 0, h.size())
	b = append(b, 1, 0)
	b = wire.AppendUint16(b, uint16(h.n))
	b = wire.AppendUint32(b, links)
	b = wire.AppendUint32(b, uint32(len(h.body)))
	b = append(b, 0, 0, 0, 0)
	return append(b, h.body...)
}

// dataspaceMessage returns the message for a shape. limit, if it is not nil, is the maximum shape,
// with Unlimited for an axis without end.
//
// Reference: HDF5 File Format Specification, IV.A.2.b.
func dataspaceMessage(shape, limit []int) []byte {
	flags := byte(0)
	if limit != nil {
		flags = 1
	}
	b := []byte{1, byte(len(shape)), flags, 0, 0, 0, 0, 0}
	for _, n := range shape {
		b = wire.AppendUint64(b, uint64(n))
	}
	for _, n := range limit {
		if n == Unlimited {
			b = wire.AppendUint64(b, undefined)
		} else {
			b = wire.AppendUint64(b, uint64(n))
		}
	}
	return b
}

// fillMessage returns the fill value message; a nil value is zeros. The space of chunks is
// allocated when they are written.
//
// Reference: HDF5 File Format Specification, IV.A.2.f.
func fillMessage(value []byte, chunked bool) []byte {
	const late, incremental, ifSet, defined = 2, 3, 2, 1
	b := []byte{2, late, ifSet, defined}
	if chunked {
		b[1] = incremental
	}
	b = wire.AppendUint32(b, uint32(len(value)))
	return append(b, value...)
}

// contiguousMessage returns the layout message of a block of size bytes at an address.
//
// Reference: HDF5 File Format Specification, IV.A.2.i.
func contiguousMessage(addr, size uint64) []byte {
	b := []byte{layoutVersion, byte(layoutContiguous)}
	b = wire.AppendUint64(b, addr)
	return wire.AppendUint64(b, size)
}

// chunkedMessage returns the layout message of chunks, whose B-tree is at an address.
func chunkedMessage(tree uint64, chunk []int, element int) []byte {
	b := []byte{layoutVersion, byte(layoutChunked), byte(len(chunk) + 1)}
	b = wire.AppendUint64(b, tree)
	for _, n := range chunk {
		b = wire.AppendUint32(b, uint32(n))
	}
	return wire.AppendUint32(b, uint32(element))
}

// attributeMessage returns an attribute message. Version 1 has ASCII names only. Version 3 has
// UTF-8 names too, and no padding.
//
// Reference: HDF5 File Format Specification, IV.A.2.m.
func attributeMessage(name string, typ, space, data []byte) []byte {
	version, part := byte(1), padTo8
	if !isASCII(name) {
		version, part = 3, func(b []byte, _ int) []byte { return b }
	}
	b := []byte{version, 0}
	b = wire.AppendUint16(b, uint16(len(name)+1))
	b = wire.AppendUint16(b, uint16(len(typ)))
	b = wire.AppendUint16(b, uint16(len(space)))
	if version == 3 {
		b = append(b, charsetUTF8)
	}
	from := len(b)
	b = part(append(append(b, name...), 0), from)
	from = len(b)
	b = part(append(b, typ...), from)
	from = len(b)
	b = part(append(b, space...), from)
	return append(b, data...)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// fitsMessage reports whether the parts of an attribute fit into one message.
func fitsMessage(parts ...[]byte) bool {
	n := 0
	for _, p := range parts {
		if len(p) > math.MaxUint16 {
			return false
		}
		n += len(p)
	}
	return n+64 <= maxMessage
}
