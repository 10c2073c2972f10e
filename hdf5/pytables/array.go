package pytables

import (
	"encoding/binary"
	"math"

	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/ndarray"
)

// Options are options for reading. The zero value and a nil *Options are the defaults.
type Options struct {
	// Unpickle returns the value of a pickle: nil, bool, int, float64, string, []any for lists and
	// tuples, a map for a dict, *ndarray.Array. If it is nil, pickled values other than None are an
	// error of the kind hdf5.ErrUnsupported.
	Unpickle func(data []byte) (any, error)
}

// Array returns a whole Array, CArray, EArray or Table as PyTables returns it: as
// [hdf5.Dataset.Read], but with bool for one-byte bit fields, and float64 seconds for Time64. If
// there are no such elements, the array is that of Read.
func Array(d *hdf5.Dataset) (*ndarray.Array, error) {
	a, err := d.Read()
	if err != nil {
		return nil, err
	}
	return convert(a, d.Datatype())
}

// convert converts bit fields to bools, and times to seconds.
func convert(a *ndarray.Array, t *hdf5.Datatype) (*ndarray.Array, error) {
	dt, changed := dtypeOf(a.DType(), t)
	if !changed {
		return a, nil
	}
	b, err := a.AppendBytes(nil, ndarray.OrderC)
	if err != nil {
		return nil, err
	}
	n := dt.ItemSize()
	for i := 0; n > 0 && i+n <= len(b); i += n {
		convertElement(b[i:i+n], t)
	}
	return ndarray.New(dt, a.Shape(), ndarray.OrderC, b)
}

// dtypeOf returns the dtype that PyTables has for the elements, and whether it differs from dt.
func dtypeOf(dt *ndarray.DType, t *hdf5.Datatype) (*ndarray.DType, bool) {
	switch t.Class {
	case hdf5.ClassBitfield:
		if t.Size == 1 {
			return ndarray.DTypeOf[bool](), true
		}
	case hdf5.ClassTime:
		if t.Size == 8 {
			return ndarray.DTypeOf[float64]().NewByteOrder(dt.ByteOrder()), true
		}
	case hdf5.ClassArray:
		return subarrayOf(dt, t)
	case hdf5.ClassCompound:
		return structOf(dt, t)
	}
	return dt, false
}

func subarrayOf(dt *ndarray.DType, t *hdf5.Datatype) (*ndarray.DType, bool) {
	base, shape := dt.Subarray()
	if base == nil {
		return dtypeOf(dt, t.Base) // at the top level the dimensions are those of the array
	}
	for t.Class == hdf5.ClassArray {
		t = t.Base
	}
	inner, changed := dtypeOf(base, t)
	if !changed {
		return dt, false
	}
	sub, err := ndarray.NewSubarray(inner, shape...)
	return sub, err == nil
}

func structOf(dt *ndarray.DType, t *hdf5.Datatype) (*ndarray.DType, bool) {
	fields := dt.Fields()
	if len(fields) != len(t.Members) || dt.HasObject() {
		return dt, false
	}
	spec := ndarray.DTypeSpec{Kind: ndarray.KindVoid, ItemSize: dt.ItemSize(), Names: dt.Names()}
	any := false
	for i, f := range fields {
		if f.Offset != t.Members[i].Offset {
			return dt, false // converted already
		}
		var changed bool
		f.DType, changed = dtypeOf(f.DType, t.Members[i].Type)
		any = any || changed
		spec.Fields = append(spec.Fields, f)
	}
	if !any {
		return dt, false
	}
	out, err := ndarray.NewDType(spec)
	return out, err == nil
}

// convertElement changes the bytes of one element in place.
func convertElement(b []byte, t *hdf5.Datatype) {
	switch t.Class {
	case hdf5.ClassBitfield:
		if t.Size == 1 && b[0] > 1 {
			b[0] = 1
		}
	case hdf5.ClassTime:
		if t.Size == 8 {
			order := binary.ByteOrder(binary.LittleEndian)
			if t.Order == ndarray.BigEndian {
				order = binary.BigEndian
			}
			// The seconds are in the upper half, the microseconds in the lower half.
			x := order.Uint64(b)
			seconds := float64(int32(x>>32)) + float64(int32(x))/1e6
			order.PutUint64(b, math.Float64bits(seconds))
		}
	case hdf5.ClassArray:
		n := t.Base.Size
		for i := 0; n > 0 && i+n <= len(b); i += n {
			convertElement(b[i:i+n], t.Base)
		}
	case hdf5.ClassCompound:
		for _, m := range t.Members {
			convertElement(b[m.Offset:m.Offset+m.Type.Size], m.Type)
		}
	}
}

// List returns the rows of a VLArray: values that Options.Unpickle returns, strings, or arrays of
// one or more dimensions.
//
// Reference: tables/atom.py, ObjectAtom, VLStringAtom, VLUnicodeAtom.
func List(d *hdf5.Dataset, opts *Options) ([]any, error) {
	a, err := d.Read()
	if err != nil {
		return nil, err
	}
	rows, err := a.Objects()
	if err != nil {
		return nil, objectError(d, hdf5.ErrUnsupported, "not a VLArray: its dtype is "+a.DType().String())
	}
	kind, err := newReader(opts).text(d, "PSEUDOATOM")
	if err != nil {
		return nil, err
	}
	for i, row := range rows {
		v, ok := row.(*ndarray.Array)
		if !ok || kind == "" {
			continue
		}
		if rows[i], err = newReader(opts).decodeRow(d, kind, v); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// decodeRow decodes a row according to its PSEUDOATOM.
func (r reader) decodeRow(d *hdf5.Dataset, kind string, row *ndarray.Array) (any, error) {
	switch kind {
	case "object":
		b, err := row.AppendBytes(nil, ndarray.OrderC)
		if err != nil {
			return nil, err
		}
		return r.unpickle(d, b)
	case "vlstring":
		b, err := row.AppendBytes(nil, ndarray.OrderC)
		return b, err
	case "vlunicode":
		points, err := ndarray.Values[uint32](row)
		if err != nil {
			return nil, err
		}
		text := make([]rune, len(points))
		for i, p := range points {
			text[i] = rune(p)
		}
		return string(text), nil
	}
	return row, nil
}
