package hdf5

import (
	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/ndarray"
)

// This file makes Go values of elements that have no fixed size, or that point elsewhere in the
// file.

// Reference is an element that points to an object of the file; see [File.Dereference]. The zero
// Reference points nowhere.
type Reference struct {
	addr uint64
	set  bool
}

// IsNull reports whether the reference points nowhere.
func (r Reference) IsNull() bool { return !r.set }

// Address returns the address of the object, as [Object.Address] does, or 0 for a null reference.
func (r Reference) Address() uint64 { return r.addr }

// RegionReference is an element that points to a part of a dataset: [File.Dereference] returns the
// dataset.
type RegionReference struct {
	Reference
	// Selection is the part of the dataset, or nil for a null reference.
	Selection *Region
}

// reference plans object and region references as Go values, and other references as bytes.
func (p *plan) reference() error {
	p.dt, p.valueCost = ndarray.ObjectDType(), 64
	switch p.typ.Ref {
	case RefObject:
		p.value = func(h *heapReader, src []byte) (any, error) {
			return newReference(h.f, src)
		}
	case RefRegion:
		p.value = func(h *heapReader, src []byte) (any, error) {
			return h.region(src)
		}
	default:
		return p.void()
	}
	return nil
}

func newReference(f *File, src []byte) (Reference, error) {
	c := f.cursorOver(src, -1)
	addr := c.addr()
	if c.err != nil {
		return Reference{}, errorf(ErrMalformed, "an object reference of %d bytes", len(src))
	}
	if addr == 0 || addr == undefined {
		return Reference{}, nil
	}
	return Reference{addr, true}, nil
}

// region decodes a region reference, which points to an object of the global heap with the
// dataset's address and the selection.
//
// Reference: HDF5 File Format Specification, VI ("Appendix"), "Reference Encoding".
func (h *heapReader) region(src []byte) (any, error) {
	c := h.f.cursorOver(src, -1)
	addr, index := c.addr(), c.u32()
	if c.err != nil {
		return nil, errorf(ErrMalformed, "a region reference of %d bytes", len(src))
	}
	if addr == 0 || addr == undefined {
		return RegionReference{}, nil
	}
	b, err := h.object(addr, index)
	if err != nil {
		return nil, err
	}
	c = h.f.cursorOver(b, h.f.src.offset(addr))
	r := RegionReference{Reference: Reference{c.addr(), true}}
	r.Selection, err = parseRegion(c)
	return r, err
}

// vlen plans a text as string, and a sequence as a one-dimensional array.
func (p *plan) vlen() error {
	p.dt, p.valueCost = ndarray.ObjectDType(), 32
	if p.typ.Text {
		p.value = func(h *heapReader, src []byte) (any, error) {
			b, _, err := h.sequence(src, 1)
			return string(b), err
		}
		return nil
	}
	base, err := newPlan(p.typ.Base)
	if err != nil {
		return err
	}
	size := p.typ.Base.Size
	p.valueCost = 256 // the header of an array
	p.value = func(h *heapReader, src []byte) (any, error) {
		b, n, err := h.sequence(src, size)
		if err != nil {
			return nil, err
		}
		// Copied, since an array that aliases the file would not outlive it.
		return base.arrayWith(h, []int{n}, append([]byte(nil), b...))
	}
	return nil
}

// isText reports whether the elements, or those of an array datatype, are texts of variable length.
func (t *Datatype) isText() bool {
	for t.Class == ClassArray {
		t = t.Base
	}
	return t.Class == ClassVlen && t.Text
}

// texts returns an array of texts of variable length. The texts are kept in one block of bytes
// until Go values are asked for.
func (p *plan) texts(h *heapReader, shape []int, data []byte) (*ndarray.Array, error) {
	n := len(data) / p.size
	if err := h.spend(8 * uint64(n)); err != nil {
		return nil, err
	}
	column := texts.NewColumn(n)
	for i := range n {
		b, _, err := h.sequence(data[i*p.size:(i+1)*p.size], 1)
		if err != nil {
			return nil, err
		}
		if !column.AddText(b) {
			column.AddOther(string(b))
		}
	}
	a := pending.NewArray("", func(a *ndarray.Array, _ any) error {
		return pending.SetTexts(a, p.dt, shape, ndarray.OrderC, column)
	})
	return a, a.PySetState(nil)
}

// sequence returns the bytes of a sequence, whose elements have size bytes, and the number of
// elements. The bytes may alias the file.
//
// Reference: HDF5 File Format Specification, IV.A.2.d, "Variable-length".
func (h *heapReader) sequence(src []byte, size int) ([]byte, int, error) {
	c := h.f.cursorOver(src, -1)
	n, addr, index := uint64(c.u32()), c.addr(), c.u32()
	if c.err != nil {
		return nil, 0, errorf(ErrMalformed, "a sequence in %d bytes", len(src))
	}
	if n == 0 || addr == 0 || addr == undefined {
		return nil, 0, nil
	}
	b, err := h.object(addr, index)
	if err != nil {
		return nil, 0, err
	}
	if n > uint64(len(b))/uint64(size) {
		return nil, 0, malformed(h.f.src.offset(addr),
			"a sequence of %d elements of %d bytes in %d bytes",
			n, size, len(b))
	}
	return b[:n*uint64(size)], int(n), nil
}

// compoundValue returns a function that makes a slice of the values of a compound's fields.
func compoundValue(members []Member, plans []*plan) func(h *heapReader, src []byte) (any, error) {
	return func(h *heapReader, src []byte) (any, error) {
		values := make([]any, len(members))
		for i, m := range members {
			var err error
			if values[i], err = plans[i].field(h, src[m.Offset:m.Offset+m.Type.Size]); err != nil {
				return nil, err
			}
		}
		return values, nil
	}
}

// field returns the value of a field in a record with objects: a record as []any, an array datatype
// as an array, any other as a NumPy scalar.
func (p *plan) field(h *heapReader, src []byte) (any, error) {
	if len(p.dims) > 0 {
		// Copied, since the array keeps the bytes.
		return p.arrayWith(h, nil, append([]byte(nil), src...))
	}
	if p.value != nil {
		return p.value(h, src)
	}
	b := make([]byte, p.dt.ItemSize())
	p.convertMany(b, src, 1)
	s, err := ndarray.NewScalar(p.dt, b)
	if err != nil {
		return nil, err
	}
	return recordToSlice(s.Value()), nil
}

// recordToSlice converts records to []any, at every depth.
func recordToSlice(v any) any {
	r, ok := v.(ndarray.Record)
	if !ok {
		return v
	}
	values := make([]any, len(r.Values))
	for i := range values {
		values[i] = recordToSlice(r.Values[i])
	}
	return values
}

// Dereference returns the object to which a reference of this file points. Its path has the form
// "#address", since a reference has no name. A null reference is an error of the kind ErrNotFound.
func (f *File) Dereference(r Reference) (Object, error) {
	if err := f.enter(); err != nil {
		return nil, err
	}
	defer f.leave()
	return f.dereference(r)
}
