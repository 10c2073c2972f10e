package arrowcheck

import "encoding/binary"

// demand is what arrow-go reads of a record batch for some of its fields. arrow-go does not compare
// these numbers with the lengths of the vectors. It would read what lies behind a short vector.
type demand struct {
	nodes   int // entries of the vector of lengths, one for each array
	buffers int // entries of the vector of buffers, without those that views count themselves
	views   int // entries of the vector with the number of buffers of each array of views
	unions  int // unions, each of which has one more buffer where it has a bitmap
}

func (d *demand) add(other demand) {
	d.nodes += other.nodes
	d.buffers += other.buffers
	d.views += other.views
	d.unions += other.unions
}

// layouts is what a schema demands of the batches that follow it.
type layouts struct {
	batch demand // of a record batch
	// dictionaries has what the values of each dictionary demand, by the dictionary's number.
	dictionaries map[int64]demand
}

// The types of Arrow, as Schema.fbs numbers them, whose arrays differ from those of numbers.
const (
	typeNull          = 1
	typeBinary        = 4
	typeUtf8          = 5
	typeTimestamp     = 10
	typeStruct        = 13
	typeUnion         = 14
	typeFixedSizeList = 16
	typeLargeBinary   = 19
	typeLargeUtf8     = 20
	typeRunEndEncoded = 22
	typeBinaryView    = 23
	typeUtf8View      = 24
	typeListView      = 25
	typeLargeListView = 26
)

// lastType is the highest number of a type.
const lastType = typeLargeListView

// arrayDemand returns what one array demands without its children. dense says that a union has
// offsets.
func arrayDemand(kind int, dense bool) demand {
	d := demand{nodes: 1, buffers: 2} // a bitmap, and the values or the offsets
	switch kind {
	case typeNull, typeRunEndEncoded:
		d.buffers = 0
	case typeStruct, typeFixedSizeList:
		d.buffers = 1
	case typeBinary, typeUtf8, typeLargeBinary, typeLargeUtf8, typeListView, typeLargeListView:
		d.buffers = 3
	case typeBinaryView, typeUtf8View:
		d.views = 1
	case typeUnion:
		d.unions = 1
		if !dense {
			d.buffers = 1
		}
	}
	return d
}

// encoded returns what a field demands of a record batch, given what its values do. A field with a
// dictionary has only the indices there; its values are demanded of the dictionary's own batch.
func (f *flat) encoded(t table, values demand) demand {
	encoding, ok := f.sub(t, 4)
	if !ok {
		return values
	}
	f.sub(encoding, 1)
	id := int64(0)
	if p := f.field(encoding, 0, 8); p != 0 {
		id = f.i64(p)
	}
	if before, ok := f.layouts.dictionaries[id]; ok && before != values {
		f.fail("a dictionary with values of two types")
	}
	if f.layouts.dictionaries == nil {
		f.layouts.dictionaries = map[int64]demand{}
	}
	f.layouts.dictionaries[id] = values
	return demand{nodes: 1, buffers: 2}
}

// isDense reports whether the table of a type, which is a union, has the mode of a dense one.
func (f *flat) isDense(t table) bool {
	at := f.field(t, 0, 2)
	return at != 0 && binary.LittleEndian.Uint16(f.data[at:]) != 0
}

// meets checks that a batch has what is demanded of it. bitmaps says that unions have bitmaps.
func (f *flat) meets(t table, want demand, bitmaps bool) error {
	if bitmaps {
		want.buffers += want.unions
	}
	_, nodes := f.vector(t, 1, 16)
	_, buffers := f.vector(t, 2, 16)
	counts, views := f.vector(t, 4, 8)
	if views > 0 || f.field(t, 4, 4) != 0 {
		if views < want.views {
			f.fail("%d arrays of views, where the schema has %d", views, want.views)
		}
	}
	left := int64(buffers)
	for i := range views {
		if f.err != nil {
			return f.err
		}
		count := f.i64(counts + 8*i)
		if count < 0 || count > left {
			f.fail("views into %d buffers of the %d there are", count, left)
		}
		left -= count
	}
	if nodes < want.nodes || left < int64(want.buffers) {
		f.fail("%d arrays with %d buffers, where the schema has %d with %d", nodes, left, want.nodes,
			want.buffers)
	}
	return f.err
}
