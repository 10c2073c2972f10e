package ndarray

import "slices"

// A DType describes the elements of an array: NumPy's dtype. It is created by [ParseDType],
// [ParseDescr], [NewStruct] or [NewDType] and never changes afterwards. The only exception is a
// pending dtype, which unpickling creates in two steps: it is set at most once, before its first
// use. A DType is safe for concurrent use.
type DType struct {
	kind     Kind
	order    ByteOrder
	aligned  bool
	object   bool // whether it has elements of object or StringDType, at any depth
	ldFormat LongDoubleFormat
	depth    uint8 // levels of fields and subarrays inside it
	itemsize int
	align    int
	nodes    int // number of dtypes in it, with itself; each counts as often as it occurs
	more     *dtypeMore
	set      func(d *DType, state any) error // not nil while pending
}

// dtypeMore has the fields that most dtypes do not need.
type dtypeMore struct {
	fields   []Field
	names    []string
	index    map[string]int // of fields by name and title; nil for few fields
	base     *DType
	subShape []int
	unit     DatetimeUnit
	metadata any
	class    string
	small    smallKind // the format of ml_dtypes, which the class determines
	na       any
	hasNA    bool
	noCoerce bool
}

// A Field is a field of a structured dtype.
type Field struct {
	// Name is the field's name, unique among the fields.
	Name string
	// Title is NumPy's second name of a field, usually a string. It is nil if there is none.
	Title any
	// DType is the field's own dtype; it may be structured or a subarray.
	DType *DType
	// Offset is the position of the field in the element, in bytes.
	Offset int
}

// A DatetimeUnit is the tick of a datetime64 or timedelta64: Num times Base.
type DatetimeUnit struct {
	// Base is Y, M, W, D, h, m, s, ms, us, ns, ps, fs, as or generic, which means no unit. The
	// empty string is generic.
	Base string
	// Num is the multiple, at least 1. Zero means 1.
	Num int
}

// The dtypes in this machine's byte order that have no parameters. DTypeOf and ObjectDType return
// them, so that nobody else can set them.
var (
	boolDType       = native(KindBool, 1)
	int8DType       = native(KindInt, 1)
	int16DType      = native(KindInt, 2)
	int32DType      = native(KindInt, 4)
	int64DType      = native(KindInt, 8)
	uint8DType      = native(KindUint, 1)
	uint16DType     = native(KindUint, 2)
	uint32DType     = native(KindUint, 4)
	uint64DType     = native(KindUint, 8)
	float32DType    = native(KindFloat, 4)
	float64DType    = native(KindFloat, 8)
	complex64DType  = native(KindComplex, 8)
	complex128DType = native(KindComplex, 16)
	objectDType     = native(KindObject, 8)

	float16DType = native(KindFloat, 2)
)

// ObjectDType returns the dtype of arrays whose elements are Python objects: numpy.dtype("O"). In
// Go they are values of any type.
func ObjectDType() *DType { return objectDType }

func native(kind Kind, itemsize int) *DType {
	d, err := NewDType(DTypeSpec{Kind: kind, ItemSize: itemsize})
	if err != nil {
		panic(err)
	}
	return d
}

// Kind returns dtype.kind. A structured dtype and a subarray are KindVoid.
func (d *DType) Kind() Kind {
	if d.kind == 0 { // The zero DType is V0.
		return KindVoid
	}
	return d.kind
}

// ItemSize returns the size of one element in bytes: dtype.itemsize. For object it is 8, as in
// NumPy, although no such bytes are stored.
func (d *DType) ItemSize() int { return d.itemsize }

// ByteOrder returns '<', '>' or '|'. Unlike dtype.byteorder it never returns '='. A structured
// dtype is always '|'.
func (d *DType) ByteOrder() ByteOrder {
	if d.order == 0 {
		return NotApplicable
	}
	return d.order
}

// IsNative reports whether the elements are in this machine's byte order, or have none:
// dtype.isnative. A structured dtype is native if all its fields are. A subarray is always native.
func (d *DType) IsNative() bool {
	if d.Names() != nil {
		for _, f := range d.more.fields {
			if !f.DType.IsNative() {
				return false
			}
		}
		return true
	}
	return d.ByteOrder() == NotApplicable || d.order == NativeEndian
}

// Alignment returns dtype.alignment in bytes: the alignment that NumPy gives such an element on a
// 64-bit machine.
func (d *DType) Alignment() int { return max(d.align, 1) }

// Fields returns the fields of a structured dtype in order, or nil. The caller must
// not change the slice.
func (d *DType) Fields() []Field {
	if d.more == nil {
		return nil
	}
	return d.more.fields
}

// Names returns the names of the fields in order: dtype.names. It is nil for a dtype that is not
// structured, and empty but not nil for dtype([]). The caller must not change the slice.
func (d *DType) Names() []string {
	if d.more == nil {
		return nil
	}
	return d.more.names
}

// Field returns the field with the given name, or with that string as its title.
func (d *DType) Field(name string) (Field, bool) {
	if i := d.fieldIndex(name); i >= 0 {
		return d.more.fields[i], true
	}
	return Field{}, false
}

func (d *DType) fieldIndex(name string) int {
	if d.more == nil {
		return -1
	}
	if d.more.index != nil {
		if i, ok := d.more.index[name]; ok {
			return i
		}
		return -1
	}
	if i := slices.Index(d.more.names, name); i >= 0 {
		return i
	}
	return slices.IndexFunc(d.more.fields, func(f Field) bool { return f.Title == any(name) })
}

// Subarray returns the element dtype and the shape of a subarray dtype, or nil for any other dtype.
// The caller must not change the shape. The dtype of an array is never a subarray, because its
// dimensions become those of the array.
func (d *DType) Subarray() (base *DType, shape []int) {
	if d.more == nil {
		return nil, nil
	}
	return d.more.base, d.more.subShape
}

// HasObject reports whether the elements contain Python objects: dtype.hasobject. An array of such
// a dtype stores its elements as Go values, not as bytes.
func (d *DType) HasObject() bool { return d.object }

// Unit returns the unit of a datetime64 or timedelta64: numpy.datetime_data. For other dtypes it is
// the zero DatetimeUnit.
func (d *DType) Unit() DatetimeUnit {
	if d.kind != KindDatetime && d.kind != KindTimedelta {
		return DatetimeUnit{}
	}
	return d.more.unit
}

// Metadata returns dtype.metadata from a pickle, or nil. It does not affect equality.
func (d *DType) Metadata() any {
	if d.more == nil {
		return nil
	}
	return d.more.metadata
}

// Aligned returns dtype.isalignedstruct: whether the fields are aligned as a C compiler would.
func (d *DType) Aligned() bool { return d.aligned }

// ScalarClass returns the Python class of the elements, such as "numpy.record", or "" if it is the
// usual one for the kind.
func (d *DType) ScalarClass() string {
	if d.more == nil {
		return ""
	}
	return d.more.class
}

// NA returns the missing-value object of a StringDType, and whether it has one.
func (d *DType) NA() (na any, ok bool) {
	if d.more == nil {
		return nil, false
	}
	return d.more.na, d.more.hasNA
}

// Coerce returns the coerce parameter of a StringDType: whether other values are converted to
// strings on assignment. The default is true.
func (d *DType) Coerce() bool { return d.more == nil || !d.more.noCoerce }

// LongDoubleFormat returns the format of a longdouble or clongdouble dtype, which a pickle does not
// contain.
func (d *DType) LongDoubleFormat() LongDoubleFormat { return d.ldFormat }

// WithLongDouble returns d with the given format for every longdouble in it, at any depth. Only
// longdoubles of 16 bytes (clongdoubles of 32) can be Binary128.
func (d *DType) WithLongDouble(format LongDoubleFormat) *DType {
	c := *d
	c.set = nil
	if d.isLongDouble() {
		c.ldFormat = format
		if d.itemsize == 12 || d.itemsize == 24 {
			c.ldFormat = X87
		}
	}
	if d.more == nil || (d.more.base == nil && d.more.fields == nil) {
		return &c
	}
	more := *d.more
	c.more = &more
	if more.base != nil {
		more.base = more.base.WithLongDouble(format)
	}
	more.fields = slices.Clone(more.fields)
	for i := range more.fields {
		more.fields[i].DType = more.fields[i].DType.WithLongDouble(format)
	}
	return &c
}

// NewByteOrder returns d with the byte order of all its parts changed: dtype.newbyteorder. It does
// not change the bytes of any array.
func (d *DType) NewByteOrder(order ByteOrder) *DType {
	c := *d
	c.set = nil
	if d.order != NotApplicable && order != NotApplicable {
		c.order = order
	}
	if d.more == nil || (d.more.base == nil && d.more.fields == nil) {
		return &c
	}
	more := *d.more
	c.more = &more
	if more.base != nil {
		more.base = more.base.NewByteOrder(order)
	}
	more.fields = slices.Clone(more.fields)
	for i := range more.fields {
		more.fields[i].DType = more.fields[i].DType.NewByteOrder(order)
	}
	return &c
}

func (d *DType) isLongDouble() bool {
	return d.kind == KindFloat && d.itemsize >= 12 || d.kind == KindComplex && d.itemsize >= 24
}

// small returns which format of ml_dtypes d is, or 0.
func (d *DType) small() smallKind {
	if d.more == nil {
		return 0
	}
	return d.more.small
}

func (d *DType) isStruct() bool { return d.more != nil && d.more.names != nil }

// freeze prevents a pending dtype from being set any more. It writes to nothing but a pending
// dtype, so shared dtypes can be used concurrently.
func (d *DType) freeze() {
	if d.set != nil {
		d.set = nil
	}
}

// Equal reports whether elements of both dtypes have the same meaning and layout, as == does in
// NumPy: titles of fields count; metadata, alignment and the scalar class do not.
func (d *DType) Equal(e *DType) bool {
	if d == e {
		return true
	}
	if d == nil || e == nil || d.kind != e.kind || d.itemsize != e.itemsize || d.order != e.order ||
		d.object != e.object || d.ldFormat != e.ldFormat || d.nodes != e.nodes ||
		d.small() != e.small() {
		return false
	}
	if d.kind == KindString {
		return d.Coerce() == e.Coerce() && equalNA(d, e)
	}
	if d.more == nil || e.more == nil {
		return d.isStruct() == e.isStruct() && d.Unit() == e.Unit() &&
			(d.more == nil || d.more.base == nil) && (e.more == nil || e.more.base == nil)
	}
	return d.more.equal(e.more)
}

func (m *dtypeMore) equal(n *dtypeMore) bool {
	if !m.unit.equal(n.unit) || (m.base == nil) != (n.base == nil) ||
		(m.names == nil) != (n.names == nil) ||
		!slices.Equal(m.names, n.names) || !slices.Equal(m.subShape, n.subShape) {
		return false
	}
	if m.base != nil && !m.base.Equal(n.base) {
		return false
	}
	for i, f := range m.fields {
		g := n.fields[i]
		if f.Offset != g.Offset || !equalTitle(f.Title, g.Title) || !f.DType.Equal(g.DType) {
			return false
		}
	}
	return true
}

func equalTitle(a, b any) bool {
	s, ok := a.(string)
	t, ok2 := b.(string)
	return ok == ok2 && s == t && (a == nil) == (b == nil)
}

// equalNA compares the missing-value objects of two StringDTypes: nil, strings and NaN by value,
// and any other object only if it is the same simple value.
func equalNA(d, e *DType) bool {
	a, ok := d.NA()
	b, ok2 := e.NA()
	if ok != ok2 {
		return false
	}
	if x, isFloat := a.(float64); isFloat && x != x {
		y, isFloat := b.(float64)
		return isFloat && y != y
	}
	switch a.(type) {
	case nil, string, bool, int, float64:
		return a == b
	}
	return false
}

// noDType is the dtype of the zero Array and the zero Scalar: V0.
var noDType = native(KindVoid, 0)
