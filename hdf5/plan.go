package hdf5

import (
	"strings"

	"github.com/unpkl/unpkl/ndarray"
)

// plan describes how the elements of a datatype become elements of a dtype: their bytes are used as
// they are, or converted, or become Go values. It is immutable.
type plan struct {
	typ *Datatype
	// dt is the dtype of an element. For an array datatype it is the dtype of the array's elements,
	// and dims is the array's shape.
	dt   *ndarray.DType
	dims []int
	// count is the product of dims.
	count int
	// convert converts the bytes of one element in the file to the bytes of one element of dt. It
	// is nil if they are the same, and if value is set.
	convert func(dst, src []byte)
	// value returns the Go value of one element; nil if the dtype has no objects.
	value func(h *heapReader, src []byte) (any, error)
	// valueCost is about how many bytes of memory a value takes, without the bytes in the file that
	// it is made of.
	valueCost int
	// size is the size in bytes of an element in the file, which convert and value read.
	size int
}

// newPlan returns the plan for a datatype. The recursion is bounded by the depth of the datatype.
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

// element returns the dtype of an element, without the dimensions of an array datatype.
func (p *plan) element() *ndarray.DType { return p.dt }

// subShape returns the dimensions that an array datatype adds to the shape.
func (p *plan) subShape() []int { return p.dims }

// fieldDType returns the dtype with the dimensions of an array datatype, as that of a field.
func (p *plan) fieldDType() (*ndarray.DType, error) {
	if len(p.dims) == 0 {
		return p.dt, nil
	}
	return ndarray.NewSubarray(p.dt, p.dims...)
}

// isIdentity reports whether the bytes of the elements are used as they are.
func (p *plan) isIdentity() bool { return p.convert == nil && p.value == nil }

func (p *plan) setDType(s ndarray.DTypeSpec) (err error) {
	p.dt, err = ndarray.NewDType(s)
	return err
}

func (p *plan) void() error {
	return p.setDType(ndarray.DTypeSpec{Kind: ndarray.KindVoid, ItemSize: p.typ.Size})
}

// integer plans integers. Those of 1, 2, 4 and 8 bytes are used as they are, others are converted
// to the next of these sizes, and larger ones are kept as bytes.
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
	return p.setDType(ndarray.DTypeSpec{Kind: kind, ItemSize: size, ByteOrder: t.Order})
}

// float plans floats. Those of IEEE 754 and x86 are used as they are. Others are converted to the
// smallest of these that has their range and digits, or else to float64.
func (p *plan) float() error {
	t := p.typ
	spec := ndarray.DTypeSpec{Kind: ndarray.KindFloat, ItemSize: t.Size, ByteOrder: t.Order}
	if !t.vax {
		switch t.Float.standard(t.Size) {
		case standardIEEE:
			return p.setDType(spec)
		case standardX87:
			spec.LongDouble = ndarray.X87
			return p.setDType(spec)
		case standardBinary128:
			spec.LongDouble = ndarray.Binary128
			return p.setDType(spec)
		}
	}
	if t.Size > 8 {
		return p.void()
	}
	spec.ItemSize = t.Float.ieeeSize()
	p.convert = floatConverter(t, spec.ItemSize)
	return p.setDType(spec)
}

// text plans text of fixed length as NumPy's S, which is padded with NULs.
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
	return p.setDType(ndarray.DTypeSpec{Kind: ndarray.KindBytes, ItemSize: p.typ.Size})
}

// opaque plans bytes as V, or as the NumPy dtype that h5py's tag names.
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

// enum plans an enum as its integers, or as bool if it is h5py's enum for bool.
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

// isBool reports whether an enum is h5py's bool: one byte, with the names FALSE and TRUE.
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
		return p.setDType(spec)
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

// complexSpec returns the complex dtype whose parts are of this plan; ok is false if there is none.
func (p *plan) complexSpec() (ndarray.DTypeSpec, bool) {
	n := p.dt.ItemSize()
	ok := p.isIdentity() && p.dt.Kind() == ndarray.KindFloat && n >= 4 && len(p.dims) == 0 &&
		n == p.typ.Size
	return ndarray.DTypeSpec{Kind: ndarray.KindComplex, ItemSize: 2 * n,
		ByteOrder:  p.dt.ByteOrder(),
		LongDouble: p.dt.LongDoubleFormat()}, ok
}

// compoundComplex reports whether a compound is h5py's complex number: two contiguous fields r and
// i of one float type.
func (t *Datatype) compoundComplex() bool {
	m := t.Members
	return len(m) == 2 && m[0].Name == "r" && m[1].Name == "i" &&
		m[0].Type.Class == ClassFloat && m[1].Type.Class == ClassFloat &&
		m[0].Type.Float == m[1].Type.Float && m[0].Type.Order == m[1].Type.Order &&
		m[0].Type.Size == m[1].Type.Size && m[0].Offset == 0 && m[1].Offset == m[0].Type.Size &&
		t.Size == 2*m[0].Type.Size
}

// compound plans fields. They keep their offsets unless the size of a field changes or the dtype
// has objects; then they follow each other without gaps.
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
		d, err := f.fieldDType()
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
			return p.setDType(spec)
		}
	}
	var err error
	if moved || objects {
		p.dt, err = ndarray.NewStruct(fields, false)
	} else {
		err = p.setDType(ndarray.DTypeSpec{Kind: ndarray.KindVoid, ItemSize: t.Size, Names: names,
			Fields: fields})
	}
	if err != nil {
		return err
	}
	switch {
	case objects:
		p.valueCost = 64
		for _, f := range plans {
			// A scalar is boxed, and an array has a header.
			p.valueCost += 16 + 32 + f.dt.ItemSize() + max(len(f.dims), 1)*(f.valueCost+64)
		}
		p.value = compoundValue(t.Members, plans)
	case converted:
		p.convert = compoundConverter(t.Members, p.dt.Fields(), plans, moved)
	}
	return nil
}

// compoundConverter returns a function that converts the fields which need it and copies the
// others.
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

// convertWhole converts all elements of an array datatype, or the one element of any other.
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

// array returns an array of elements whose bytes in the file are data. It may alias data.
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
		if err := h.spend(uint64(n) * uint64(p.valueCost+16)); err != nil {
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
