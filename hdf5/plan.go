package hdf5

import (
	"strings"

	"github.com/unpkl/unpkl/ndarray"
)

// plan is how elements of a datatype become elements of a dtype: as they lie, bytes by
// bytes, or as Go values. It is immutable.
type plan struct {
	typ *Datatype
	// dt is the dtype of an element; of an array datatype it is that of the array's
	// elements, and dims is the shape.
	dt   *ndarray.DType
	dims []int
	// count is the product of dims.
	count int
	// convert makes the bytes of one dt of the bytes of one element; nil where they are
	// the same. Of objects it is nil too.
	convert func(dst, src []byte)
	// value makes the Go value of one element; nil where the dtype has no objects.
	value func(h *heapReader, src []byte) (any, error)
	// cost is about how many bytes of memory a value takes beside what it is made of.
	cost int
	// size is that of what convert and value read, in bytes.
	size int
}

// newPlan returns the plan of a datatype. Datatypes are not deep, so that neither is this.
func newPlan(t *Datatype) (*plan, error) {
	if t.Class == ClassArray {
		base, err := newPlan(t.Base)
		if err != nil {
			return nil, err
		}
		p := *base
		p.typ = t
		p.dims = append(append([]int(nil), t.Dims...), base.dims...)
		for _, d := range t.Dims {
			p.count *= d
		}
		return &p, nil
	}
	p := &plan{typ: t, count: 1, size: t.Size}
	var err error
	switch t.Class {
	case ClassInteger, ClassBitfield, ClassTime:
		err = p.integer()
	case ClassFloat:
		err = p.float()
	case ClassString:
		err = p.text()
	case ClassOpaque:
		err = p.opaque()
	case ClassCompound:
		err = p.compound()
	case ClassEnum:
		err = p.enum()
	case ClassReference:
		err = p.reference()
	case ClassVlen:
		err = p.vlen()
	case ClassComplex:
		err = p.complex()
	default:
		err = p.void()
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// element returns the dtype of an element without the array's dimensions.
func (p *plan) element() *ndarray.DType { return p.dt }

// subShape returns the dimensions that an array datatype adds to the shape.
func (p *plan) subShape() []int { return p.dims }

// whole returns the dtype with the array's dimensions: that of a field.
func (p *plan) whole() (*ndarray.DType, error) {
	if len(p.dims) == 0 {
		return p.dt, nil
	}
	return ndarray.NewSubarray(p.dt, p.dims...)
}

// plain reports whether the elements' bytes are what arrays of the dtype hold.
func (p *plan) plain() bool { return p.convert == nil && p.value == nil }

func (p *plan) spec(s ndarray.DTypeSpec) (err error) {
	p.dt, err = ndarray.NewDType(s)
	return err
}

func (p *plan) void() error {
	return p.spec(ndarray.DTypeSpec{Kind: ndarray.KindVoid, ItemSize: p.typ.Size})
}

// integer plans integers: those of 1, 2, 4 and 8 bytes as they are, others in the next
// such size, and larger ones as bytes.
func (p *plan) integer() error {
	t := p.typ
	if t.Size > 8 {
		return p.void()
	}
	size := 1
	for size < t.Size {
		size *= 2
	}
	kind := ndarray.KindUint
	if t.Signed || t.Class == ClassTime {
		kind = ndarray.KindInt
	}
	offset, precision := t.BitOffset, t.Precision
	if t.Class == ClassTime {
		offset, precision = 0, 8*t.Size
	}
	if size != t.Size || offset != 0 || precision != 8*t.Size {
		p.convert = bitsConverter(t, offset, precision, size)
	}
	return p.spec(ndarray.DTypeSpec{Kind: kind, ItemSize: size, ByteOrder: t.Order})
}

// float plans the floats of IEEE 754 and x86 as they are and others as the next wider
// of them that has their range and digits, or else float64.
func (p *plan) float() error {
	t := p.typ
	spec := ndarray.DTypeSpec{Kind: ndarray.KindFloat, ItemSize: t.Size, ByteOrder: t.Order}
	if !t.vax {
		switch t.Float.standard(t.Size) {
		case standardIEEE:
			return p.spec(spec)
		case standardX87:
			spec.LongDouble = ndarray.X87
			return p.spec(spec)
		case standardBinary128:
			spec.LongDouble = ndarray.Binary128
			return p.spec(spec)
		}
	}
	if t.Size > 8 {
		return p.void()
	}
	spec.ItemSize = t.Float.fits()
	p.convert = floatConverter(t, spec.ItemSize)
	return p.spec(spec)
}

// text plans text of fixed width as NumPy's S, which is padded with NULs.
func (p *plan) text() error {
	switch p.typ.Padding {
	case PadNullTerm:
		p.convert = func(dst, src []byte) {
			n := copy(dst, untilNUL(src))
			clear(dst[n:])
		}
	case PadSpace:
		p.convert = func(dst, src []byte) {
			n := len(src)
			for n > 0 && src[n-1] == ' ' {
				n--
			}
			copy(dst, src[:n])
			clear(dst[n:])
		}
	}
	return p.spec(ndarray.DTypeSpec{Kind: ndarray.KindBytes, ItemSize: p.typ.Size})
}

// opaque plans bytes, or NumPy's own dtype where h5py's tag names one.
func (p *plan) opaque() error {
	if name, ok := strings.CutPrefix(p.typ.Tag, "NUMPY:"); ok {
		if d, err := ndarray.ParseDType(name); err == nil && d.ItemSize() == p.typ.Size &&
			!d.HasObject() {
			p.dt = d
			return nil
		}
	}
	return p.void()
}

// enum plans the integers, or bool for the enum that h5py makes of it.
func (p *plan) enum() error {
	if p.typ.isBool() {
		p.dt = ndarray.DTypeOf[bool]()
		return nil
	}
	base, err := newPlan(p.typ.Base)
	if err != nil {
		return err
	}
	p.dt, p.convert = base.dt, base.convert
	return nil
}

// isBool reports whether an enum is h5py's bool: of a byte, with the names FALSE and TRUE.
func (t *Datatype) isBool() bool {
	if t.Class != ClassEnum || t.Size != 1 || len(t.Members) != 2 {
		return false
	}
	for _, m := range t.Members {
		want, ok := map[string]byte{"FALSE": 0, "TRUE": 1}[m.Name]
		if !ok || m.Value[0] != want {
			return false
		}
	}
	return t.Members[0].Name != t.Members[1].Name
}

// complex plans HDF5's own complex numbers.
func (p *plan) complex() error {
	base, err := newPlan(p.typ.Base)
	if err != nil {
		return err
	}
	if spec, ok := base.complexSpec(); ok {
		return p.spec(spec)
	}
	parts := []ndarray.Field{{Name: "r", DType: base.dt}, {Name: "i", DType: base.dt}}
	if base.value != nil || len(base.dims) > 0 {
		return p.void()
	}
	p.dt, err = ndarray.NewStruct(parts, false)
	if base.convert != nil {
		size, item := base.size, base.dt.ItemSize()
		p.convert = func(dst, src []byte) {
			base.convert(dst[:item], src[:size])
			base.convert(dst[item:], src[size:])
		}
	}
	return err
}

// complexSpec returns the complex dtype whose parts are of this plan, where there is one.
func (p *plan) complexSpec() (ndarray.DTypeSpec, bool) {
	n := p.dt.ItemSize()
	ok := p.plain() && p.dt.Kind() == ndarray.KindFloat && n >= 4 && len(p.dims) == 0 &&
		n == p.typ.Size
	return ndarray.DTypeSpec{Kind: ndarray.KindComplex, ItemSize: 2 * n,
		ByteOrder:  p.dt.ByteOrder(),
		LongDouble: p.dt.LongDoubleFormat()}, ok
}

// compoundComplex reports whether a compound is how h5py writes complex numbers: two
// fields r and i of one float type, side by side.
func (t *Datatype) compoundComplex() bool {
	m := t.Members
	return len(m) == 2 && m[0].Name == "r" && m[1].Name == "i" &&
		m[0].Type.Class == ClassFloat && m[1].Type.Class == ClassFloat &&
		m[0].Type.Float == m[1].Type.Float && m[0].Type.Order == m[1].Type.Order &&
		m[0].Type.Size == m[1].Type.Size && m[0].Offset == 0 && m[1].Offset == m[0].Type.Size &&
		t.Size == 2*m[0].Type.Size
}

// compound plans fields: where they lie if no field's size changes, else side by side.
func (p *plan) compound() error {
	t := p.typ
	fields := make([]ndarray.Field, len(t.Members))
	plans := make([]*plan, len(t.Members))
	names := make([]string, len(t.Members))
	moved, converted, objects := false, false, false
	for i, m := range t.Members {
		f, err := newPlan(m.Type)
		if err != nil {
			return err
		}
		d, err := f.whole()
		if err != nil {
			return err
		}
		plans[i], names[i] = f, m.Name
		fields[i] = ndarray.Field{Name: m.Name, DType: d, Offset: m.Offset}
		moved = moved || d.ItemSize() != m.Type.Size
		converted = converted || f.convert != nil
		objects = objects || f.value != nil
	}
	if t.compoundComplex() {
		if spec, ok := plans[0].complexSpec(); ok {
			return p.spec(spec)
		}
	}
	var err error
	if moved || objects {
		p.dt, err = ndarray.NewStruct(fields, false)
	} else {
		err = p.spec(ndarray.DTypeSpec{Kind: ndarray.KindVoid, ItemSize: t.Size, Names: names,
			Fields: fields})
	}
	if err != nil {
		return err
	}
	switch {
	case objects:
		p.cost = 64
		for _, f := range plans {
			// A scalar is boxed, an array has a header.
			p.cost += 16 + 32 + f.dt.ItemSize() + max(len(f.dims), 1)*(f.cost+64)
		}
		p.value = compoundValue(t.Members, plans)
	case converted:
		p.convert = compoundConverter(t.Members, p.dt.Fields(), plans, moved)
	}
	return nil
}

// compoundConverter converts the fields that need it and copies the others.
func compoundConverter(members []Member, fields []ndarray.Field, plans []*plan,
	moved bool) func(dst, src []byte) {
	return func(dst, src []byte) {
		if !moved {
			copy(dst, src)
		}
		for i, m := range members {
			plans[i].convertWhole(dst[fields[i].Offset:], src[m.Offset:])
		}
	}
}

// convertWhole converts all elements of an array datatype, or the one of another.
func (p *plan) convertWhole(dst, src []byte) {
	p.convertMany(dst, src, p.count)
}

func (p *plan) convertMany(dst, src []byte, n int) {
	item := p.dt.ItemSize()
	if p.convert == nil {
		copy(dst[:n*item], src)
		return
	}
	for i := range n {
		p.convert(dst[i*item:(i+1)*item], src[i*p.size:(i+1)*p.size])
	}
}

// array returns the array of elements whose bytes are data, which it may alias.
func (p *plan) array(f *File, shape []int, data []byte) (*ndarray.Array, error) {
	return p.arrayWith(f.heapReader(), shape, data)
}

func (p *plan) arrayWith(h *heapReader, shape []int, data []byte) (*ndarray.Array, error) {
	if len(p.dims) > 0 {
		shape = append(append([]int(nil), shape...), p.dims...)
	}
	if len(shape) > ndarray.MaxDims {
		return nil, errorf(ErrLimit, "%d dimensions, at most %d allowed", len(shape),
			ndarray.MaxDims)
	}
	n := len(data) / p.size
	switch {
	case p.typ.isText():
		return p.texts(h, shape, data)
	case p.value != nil:
		if err := h.spend(uint64(n) * uint64(p.cost+16)); err != nil {
			return nil, err
		}
		values := make([]any, n)
		for i := range values {
			var err error
			if values[i], err = p.value(h, data[i*p.size:(i+1)*p.size]); err != nil {
				return nil, err
			}
		}
		return ndarray.NewObjects(p.dt, shape, ndarray.OrderC, values)
	case p.convert != nil:
		item := p.dt.ItemSize()
		if err := h.spend(uint64(n) * uint64(item)); err != nil {
			return nil, err
		}
		out := make([]byte, n*item)
		p.convertMany(out, data, n)
		data = out
	}
	return ndarray.New(p.dt, shape, ndarray.OrderC, data)
}
