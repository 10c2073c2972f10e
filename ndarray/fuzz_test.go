package ndarray_test

import (
	"bytes"
	"testing"

	"github.com/unpkl/unpkl/ndarray"
)

func FuzzParseDType(f *testing.F) {
	o := readOracle(f, "numpy2.json")
	for _, c := range o.Names {
		f.Add(c.In)
	}
	for _, c := range o.Structs {
		f.Add(c.Str)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ndarray.ParseDType(s)
		if err != nil {
			return
		}
		if d.ItemSize() < 0 || d.Alignment() < 1 {
			t.Fatalf("%q: itemsize %d, alignment %d", s, d.ItemSize(), d.Alignment())
		}
		for _, fd := range d.Fields() {
			if fd.Offset < 0 || fd.Offset+fd.DType.ItemSize() > d.ItemSize() {
				t.Fatalf("%q: field %q outside", s, fd.Name)
			}
		}
		e, err := ndarray.ParseDType(d.String())
		if err != nil || !e.Equal(d) {
			t.Fatalf("%q: String %q reads back as %v, error %v", s, d, e, err)
		}
	})
}

func FuzzParseDescr(f *testing.F) {
	for _, c := range readOracle(f, "numpy2.json").Structs {
		if c.Descr != nil {
			f.Add(*c.Descr)
		}
		f.Add(c.Str)
	}
	f.Add(`[(('T', "a'"), '<M8[25s]', (2,)), ('', '|V3')]`)
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ndarray.ParseDescr(s)
		if err != nil {
			return
		}
		text, err := d.DescrLiteral()
		if err != nil {
			return
		}
		e, err := ndarray.ParseDescr(text)
		if err != nil || e.ItemSize() != d.ItemSize() && !d.HasObject() ||
			len(e.Fields()) > len(d.Fields()) {
			t.Fatalf("%q: descr %q reads back as %v, error %v", s, text, e, err)
		}
	})
}

// FuzzViews compares the bytes of strided views, and of elements swapped, with a
// simple walk over At.
func FuzzViews(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef"), uint8(3), int8(1), int8(-2), uint8(1))
	f.Add(bytes.Repeat([]byte{1, 2, 3}, 40), uint8(2), int8(-9), int8(3), uint8(6))
	dtypes := []string{"u1", "<u2", ">u2", "<i4", ">i4", "<i8", ">u8", "<f8"}
	f.Fuzz(func(t *testing.T, data []byte, rows uint8, start, step int8, kind uint8) {
		d := mustDType(t, dtypes[int(kind)%len(dtypes)])
		cols := len(data) / d.ItemSize() / max(int(rows), 1)
		shape := []int{max(int(rows), 1), cols}
		a, err := ndarray.New(d, shape, ndarray.OrderC, data[:shape[0]*cols*d.ItemSize()])
		if err != nil {
			t.Fatal(err)
		}
		v, err := a.T().Slice(0, int(start), 100, int(step))
		if err != nil {
			return
		}
		for _, order := range []ndarray.Order{ndarray.OrderC, ndarray.OrderF} {
			b, err := v.AppendBytes(nil, order)
			if err != nil {
				t.Fatal(err)
			}
			w, err := ndarray.New(d, v.Shape(), order, b)
			if err != nil {
				t.Fatal(err)
			}
			for index, want := range v.Indexed() {
				if got := w.At(index...); got != want && want == want {
					t.Fatalf("order %c, %v: got %v, want %v", order, index, got, want)
				}
			}
		}
		if d.Kind() == ndarray.KindFloat {
			return
		}
		if values, err := ndarray.Values[uint64](v); err == nil {
			i := 0
			for want := range v.Elements() {
				one, err := ndarray.FromSlice(values[i : i+1])
				if err != nil {
					t.Fatal(err)
				}
				if got := one.String(); got != must(ndarray.NewObjects(ndarray.ObjectDType(),
					[]int{1},
					'C', []any{want})).String() {
					t.Fatalf("element %d: got %s, want %v", i, got, want)
				}
				i++
			}
		}
	})
}
