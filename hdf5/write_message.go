package hdf5

import "math"

// The types of messages that are written.
//
// Reference: HDF5 File Format Specification, IV.A.2.
const (
	writesDataspace   = 0x0001
	writesDatatype    = 0x0003
	writesFill        = 0x0005
	writesLayout      = 0x0008
	writesPipeline    = 0x000b
	writesAttribute   = 0x000c
	writesSymbolTable = 0x0011
)

const (
	headerPrefix    = 16
	messagePrefix   = 8
	messageConstant = 1 // flag: the message never changes
	maxMessage      = 1<<16 - 8
	maxMessages     = 1<<16 - 1
	maxFileDims     = 32
	unlimitedInFile = ^uint64(0)
	layoutVersion   = 3
)

// outHeader collects the messages of an object header of version 1.
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

// size is how many bytes the header has in the file.
func (h *outHeader) size() int { return headerPrefix + len(h.body) }

// bytes returns the header of an object that has so many links to it.
func (h *outHeader) bytes(links uint32) []byte {
	b := make([]byte, 0, h.size())
	b = append(b, 1, 0)
	b = wire.AppendUint16(b, uint16(h.n))
	b = wire.AppendUint32(b, links)
	b = wire.AppendUint32(b, uint32(len(h.body)))
	b = append(b, 0, 0, 0, 0)
	return append(b, h.body...)
}

// dataspaceMessage describes a shape; limit, where it is not nil, the largest one it may grow
// to, with Unlimited for an axis without one.
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
			b = wire.AppendUint64(b, unlimitedInFile)
		} else {
			b = wire.AppendUint64(b, uint64(n))
		}
	}
	return b
}

// fillMessage is the fill value, nil for zeros. Space of chunks is taken as they are written.
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

// contiguousMessage is the layout of size bytes at an address.
//
// Reference: HDF5 File Format Specification, IV.A.2.i.
func contiguousMessage(addr, size uint64) []byte {
	b := []byte{layoutVersion, byte(layoutContiguous)}
	b = wire.AppendUint64(b, addr)
	return wire.AppendUint64(b, size)
}

// chunkedMessage is the layout of chunks whose B-tree stands at an address.
func chunkedMessage(tree uint64, chunk []int, element int) []byte {
	b := []byte{layoutVersion, byte(layoutChunked), byte(len(chunk) + 1)}
	b = wire.AppendUint64(b, tree)
	for _, n := range chunk {
		b = wire.AppendUint32(b, uint32(n))
	}
	return wire.AppendUint32(b, uint32(element))
}

// attributeMessage is an attribute. Version 1 knows no names but ASCII, version 3 does and needs
// no padding.
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

// fitsMessage tells whether the parts of an attribute can be one message.
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
