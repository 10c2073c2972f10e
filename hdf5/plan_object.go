package hdf5

import (
	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/ndarray"
)

// Elements that have no fixed size, or lead elsewhere in the file, become Go values.

// Reference is an element that leads to an object of the file: its address; see
// [File.Dereference]. The zero Reference leads nowhere.
type Reference struct {
	addr uint64
	set  bool
}

// IsNull reports whether the reference leads nowhere.
func (r Reference) IsNull() bool { return !r.set }

// Address returns the address of the object, as [Object.Address] does, 0 for a null
// reference.
func (r Reference) Address() uint64 { return r.addr }

// RegionReference is an element that leads to a part of a dataset: see
// [File.Dereference] for the dataset and Selection for the part.
type RegionReference struct {
	Reference
	// Selection is the part, nil for a null reference.
	Selection *Region
}

// reference plans references as Reference and RegionReference, others as bytes.
func (p *plan) reference() error {
	p.dt, p.cost = ndarray.ObjectDType(), 64
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
	c := f.over(src, -1)
	addr := c.addr()
	if c.err != nil {
		return Reference{}, errorf(ErrMalformed, "an object reference of %d bytes", len(src))
	}
	if addr == 0 || addr == undefined {
		return Reference{}, nil
	}
	return Reference{addr, true}, nil
}

// region reads a region reference: an object of the global heap with the dataset's address
// and the selection.
//
// Reference: HDF5 File Format Specification, VI ("Appendix"), "Reference Encoding".
func (h *heapReader) region(src []byte) (any, error) {
	c := h.f.over(src, -1)
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
	c = h.f.over(b, h.f.src.offset(addr))
	r := RegionReference{Reference: Reference{c.addr(), true}}
	r.Selection, err = parseRegion(c)
	return r, err
}

// vlen plans text as string and sequences as one-dimensional arrays of their own.
func (p *plan) vlen() error {
	p.dt, p.cost = ndarray.ObjectDType(), 32
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
	p.cost = 256 // the header of an array
	p.value = func(h *heapReader, src []byte) (any, error) {
		b, n, err := h.sequence(src, size)
		if err != nil {
			return nil, err
		}
		// What aliases the file would not outlive it.
		return base.arrayWith(h, []int{n}, append([]byte(nil), b...))
	}
	return nil
}

// isText reports whether elements, of an array datatype the array's, are text of any length.
func (t *Datatype) isText() bool {
	for t.Class == ClassArray {
		t = t.Base
	}
	return t.Class == ClassVlen && t.Text
}

// texts returns an array of text of any length, which is kept as bytes until it is asked for
// as Go values.
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

// sequence returns the bytes of a sequence of elements of so many bytes, and their number.
// They alias the file.
//
// Reference: HDF5 File Format Specification, IV.A.2.d, "Variable-length".
func (h *heapReader) sequence(src []byte, size int) ([]byte, int, error) {
	c := h.f.over(src, -1)
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

// compoundValue returns a record as the values of its fields.
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

// field returns the value of a field in a record with objects: a record as []any, an
// array datatype as an array, another as NumPy's scalar.
func (p *plan) field(h *heapReader, src []byte) (any, error) {
	if len(p.dims) > 0 {
		// The array keeps the bytes.
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
	return tuple(s.Value()), nil
}

// tuple makes []any of records, at every depth.
func tuple(v any) any {
	r, ok := v.(ndarray.Record)
	if !ok {
		return v
	}
	values := make([]any, len(r.Values))
	for i := range values {
		values[i] = tuple(r.Values[i])
	}
	return values
}

// Dereference returns the object that a reference of this file leads to, by a path of
// the form "#address", since a reference has no name. A null reference is an error of the
// kind ErrNotFound.
func (f *File) Dereference(r Reference) (Object, error) {
	if err := f.enter(); err != nil {
		return nil, err
	}
	defer f.leave()
	return f.dereference(r)
}
