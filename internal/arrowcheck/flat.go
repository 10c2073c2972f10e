// Package arrowcheck checks the structure of untrusted Arrow IPC files: that every table, vector
// and text in their FlatBuffers is inside its buffer, and that the sizes in them do not exceed the
// file. The reader of package arrow-go trusts both.
//
// Reference: Arrow, format/File.fbs, Message.fbs, Schema.fbs; FlatBuffers, "FlatBuffer Internals".
package arrowcheck

import (
	"encoding/binary"

	"github.com/unpkl/unpkl/internal/errkind"
)

// flat checks a FlatBuffer. After an error, which it keeps, all values that it reads are zero.
type flat struct {
	data   []byte
	visits int // number of tables that may still be visited: tables may share parts
	err    error
	// layouts is set by schema.
	layouts layouts
}

const maxDepth = 64

// table is a table of a FlatBuffer: its offset and size, the offset of its vtable, and the number
// of fields in the vtable. The zero table has no fields.
type table struct {
	at, size, vtable, fields int
}

func (f *flat) fail(format string, args ...any) {
	if f.err == nil {
		f.err = errkind.New(errkind.ErrMalformed, "arrow: "+format, args...)
	}
}

func (f *flat) u32(at int) int {
	if at < 0 || at > len(f.data)-4 {
		f.fail("a number outside of its buffer")
		return 0
	}
	n := binary.LittleEndian.Uint32(f.data[at:])
	if n > 1<<31-1 {
		f.fail("an offset of %d", n)
		return 0
	}
	return int(n)
}

func (f *flat) u16(at int) int {
	if at < 0 || at > len(f.data)-2 {
		f.fail("a number outside of its buffer")
		return 0
	}
	return int(binary.LittleEndian.Uint16(f.data[at:]))
}

func (f *flat) i64(at int) int64 {
	if at < 0 || at > len(f.data)-8 {
		f.fail("a number outside of its buffer")
		return 0
	}
	return int64(binary.LittleEndian.Uint64(f.data[at:]))
}

// root returns the table with which the buffer begins.
func (f *flat) root() table { return f.tableAt(f.u32(0)) }

// tableAt checks and returns the table at an offset.
func (f *flat) tableAt(at int) table {
	if f.visits--; f.visits < 0 {
		f.fail("tables that contain each other, or too many")
	}
	if f.err != nil || at <= 0 || at > len(f.data)-4 {
		f.fail("a table outside of its buffer")
		return table{}
	}
	vtable := at - int(int32(binary.LittleEndian.Uint32(f.data[at:])))
	size, length := f.u16(vtable), f.u16(vtable+2)
	if f.err != nil || size < 4 || size%2 != 0 || vtable > len(f.data)-size || length < 4 ||
		at > len(f.data)-length {
		f.fail("a table outside of its buffer")
		return table{}
	}
	return table{at, length, vtable, (size - 4) / 2}
}

// field returns the offset of field i, which has n bytes, or 0 if the table does not have it.
func (f *flat) field(t table, i, n int) int {
	if i >= t.fields || f.err != nil {
		return 0
	}
	offset := f.u16(t.vtable + 4 + 2*i)
	if offset == 0 {
		return 0
	}
	if offset < 4 || offset > t.size-n {
		f.fail("a field outside of its table")
		return 0
	}
	return t.at + offset
}

// sub returns the table to which field i refers; ok is false if there is none.
func (f *flat) sub(t table, i int) (s table, ok bool) {
	at := f.field(t, i, 4)
	if at == 0 {
		return s, false
	}
	s = f.tableAt(at + f.u32(at))
	return s, f.err == nil
}

// vector returns the offset and the number of the elements of the vector to which field i refers.
// Each element has size bytes.
func (f *flat) vector(t table, i, size int) (at, n int) {
	ref := f.field(t, i, 4)
	if ref == 0 {
		return 0, 0
	}
	at = ref + f.u32(ref)
	n = f.u32(at)
	if f.err != nil || n > (len(f.data)-at-4)/size {
		f.fail("a vector outside of its buffer")
		return 0, 0
	}
	return at + 4, n
}

// tables calls do with each table in the vector of field i.
func (f *flat) tables(t table, i int, do func(s table)) {
	at, n := f.vector(t, i, 4)
	for k := range n {
		if f.err != nil {
			return
		}
		ref := at + 4*k
		if s := f.tableAt(ref + f.u32(ref)); f.err == nil {
			do(s)
		}
	}
}

// metadata checks the pairs of texts in the vector of field i.
func (f *flat) metadata(t table, i int) {
	f.tables(t, i, func(s table) {
		f.vector(s, 0, 1)
		f.vector(s, 1, 1)
	})
}

// schema checks a table of the type Schema, and returns what it demands of the batches.
func (f *flat) schema(t table) layouts {
	f.tables(t, 1, func(s table) { f.layouts.batch.add(f.schemaField(s, 0)) })
	f.metadata(t, 2)
	f.vector(t, 3, 8)
	return f.layouts
}

// schemaField checks a table of the type Field, and returns what the field demands of a batch.
func (f *flat) schemaField(t table, depth int) demand {
	if depth > maxDepth {
		f.fail("fields that are nested deeper than %d levels", maxDepth)
		return demand{}
	}
	f.vector(t, 0, 1)
	kind := 0
	if at := f.field(t, 2, 1); at != 0 {
		kind = int(f.data[at])
	}
	s, ok := f.sub(t, 3)
	if kind == 0 || kind > lastType || !ok {
		f.fail("a field without a type")
		return demand{}
	}
	dense := false
	switch kind {
	case typeTimestamp:
		f.vector(s, 1, 1)
	case typeUnion:
		f.vector(s, 1, 4)
		dense = f.isDense(s)
	}
	values := arrayDemand(kind, dense)
	f.tables(t, 5, func(s table) { values.add(f.schemaField(s, depth+1)) })
	f.metadata(t, 6)
	return f.encoded(t, values)
}
