package arrowcheck

import (
	"encoding/binary"
	"io"
)

// Footer checks the footer of a Parquet file of size bytes. Arrow's library trusts it in two
// respects, and allocates gigabytes: lists and texts that are longer than the footer, and fields of
// the schema with more children than there are fields. What the library checks itself, such as
// whether there is a footer at all, is no error here.
//
// Reference: Thrift's compact protocol; parquet.thrift, FileMetaData and SchemaElement.
func Footer(r io.ReaderAt, size int64) error {
	const tail = 8 // the footer's length and the magic number
	if size < tail {
		return nil
	}
	var end [tail]byte
	if _, err := r.ReadAt(end[:], size-tail); err != nil {
		return err
	}
	n := int64(binary.LittleEndian.Uint32(end[:]))
	if string(end[4:]) != "PAR1" || n > size-tail {
		return nil
	}
	b := make([]byte, n)
	if _, err := r.ReadAt(b, size-tail-n); err != nil {
		return err
	}
	t := &thrift{b: b}
	t.structure(0, func(id int, kind byte) bool {
		if id != 2 || kind != thriftList {
			return false
		}
		t.schema()
		return true
	})
	if t.bad {
		return malformed("a footer of Parquet that is cut off or lies about its sizes")
	}
	return nil
}

// thrift walks over values of Thrift's compact protocol.
type thrift struct {
	b   []byte // the bytes that are not read yet
	bad bool   // the bytes are malformed; reads return zero then
}

// Types of the compact protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
	thriftUUID   = 13
	thriftDepth  = 32
)

func (t *thrift) take(n uint64) []byte {
	if t.bad || n > uint64(len(t.b)) {
		t.bad = true
		return nil
	}
	taken := t.b[:n]
	t.b = t.b[n:]
	return taken
}

func (t *thrift) byte() byte {
	if b := t.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (t *thrift) varint() uint64 {
	x, n := binary.Uvarint(t.b)
	if n <= 0 {
		t.bad = true
		return 0
	}
	t.take(uint64(n))
	return x
}

// number reads a signed number in zigzag encoding: the lowest bit is the sign.
func (t *thrift) number() int64 {
	x := t.varint()
	return int64(x>>1) ^ -int64(x&1)
}

// structure walks over a struct. It calls field for each field, which reads the value or returns
// false.
func (t *thrift) structure(depth int, field func(id int, kind byte) bool) {
	id := 0
	for !t.bad {
		b := t.byte()
		if t.bad || b == 0 {
			return
		}
		if delta := int(b >> 4); delta > 0 {
			id += delta
		} else {
			id = int(int16(t.number()))
		}
		if kind := b & 15; field == nil || !field(id, kind) {
			t.field(kind, depth+1)
		}
	}
}

// field skips a field of a struct; the value of a boolean is in its type.
func (t *thrift) field(kind byte, depth int) {
	if kind != thriftTrue && kind != thriftFalse {
		t.value(kind, depth)
	}
}

// value skips a value.
func (t *thrift) value(kind byte, depth int) {
	if depth > thriftDepth {
		t.bad = true
		return
	}
	switch kind {
	case thriftTrue, thriftFalse, thriftByte:
		t.byte()
	case thriftI16, thriftI32, thriftI64:
		t.varint()
	case thriftDouble:
		t.take(8)
	case thriftBinary:
		t.take(t.varint())
	case thriftList, thriftSet:
		n, of := t.list()
		for ; n > 0 && !t.bad; n-- {
			t.value(of, depth+1)
		}
	case thriftMap:
		n := t.varint()
		if n > uint64(len(t.b)) {
			t.bad = true
		}
		of := byte(0)
		if n > 0 {
			of = t.byte()
		}
		for ; n > 0 && !t.bad; n-- {
			t.value(of>>4, depth+1)
			t.value(of&15, depth+1)
		}
	case thriftStruct:
		t.structure(depth, nil)
	case thriftUUID:
		t.take(16)
	default:
		t.bad = true
	}
}

// list reads the head of a list. Each element takes at least one byte.
func (t *thrift) list() (n uint64, of byte) {
	b := t.byte()
	n, of = uint64(b>>4), b&15
	if n == 15 {
		n = t.varint()
	}
	if n > uint64(len(t.b)) {
		t.bad = true
	}
	return n, of
}

// schema checks the schema: a tree in depth-first order, whose nodes have the number of their
// children.
func (t *thrift) schema() {
	n, of := t.list()
	if of != thriftStruct {
		t.bad = true
		return
	}
	const numChildren = 5
	children := uint64(0)
	for i := n; i > 0 && !t.bad; i-- {
		t.structure(1, func(id int, kind byte) bool {
			if id != numChildren || kind != thriftI32 {
				return false
			}
			k := t.number()
			if children += uint64(k); k < 0 || uint64(k) > n || children > n {
				t.bad = true
			}
			return true
		})
	}
}
