package ndarray

import "slices"

// DType says what the elements of an array are: NumPy's dtype. It is made by
// [ParseDType], [ParseDescr], [NewStruct] or [NewDType] and never changes
// afterwards, except for one of [NewPendingDType], which is set at most once, before
// its first use. A DType that is set is safe for concurrent use.
type DType struct {
	kind     Kind
	order    ByteOrder
	aligned  bool
	object   bool // holds Python objects (object or StringDType elements) somewhere
	ldFormat LongDoubleFormat
	depth    uint8 // levels of fields and subarrays below
	itemsize int
	align    int
	nodes    int // dtypes in the tree below, itself included, shared ones as often as they occur
	more     *dtypeMore
	set      func(d *DType, state any) error // not nil while pending
}

// dtypeMore is what most dtypes do not have.
type dtypeMore struct {
	fields   []Field
	names    []string
	index    map[string]int // only for many fields
	base     *DType
	subShape []int
	unit     DatetimeUnit
	metadata any
	class    string
	small    smallKind // of ml_dtypes, from the class
	na       any
	hasNA    bool
	noCoerce bool
}

// Field is one field of a structured dtype.
type Field struct {
	// Name is the field's name, unique among the fields.
	Name string
	// Title is NumPy's second name of a field: nil where there is none, usually
	// a string.
	Title any
	// DType is the field's own dtype; it may be structured or a subarray.
	DType *DType
	// Offset is where the field begins, in bytes from the start of the element.
	Offset int
}

// DatetimeUnit is the tick of a datetime64 or timedelta64: Num times Base.
type DatetimeUnit struct {
	// Base is one of Y M W D h m s ms us ns ps fs as and generic, which is no
	// unit. The empty string is generic.
	Base string
	// Num is the multiple, at least 1. Zero is 1.
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

// ObjectDType returns the dtype of arrays whose elements are Python objects, in Go values of any
// type: numpy.dtype("O").
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
	if d.kind == 0 { // the zero DType is V0
		return KindVoid
	}
	return d.kind
}

// ItemSize returns the bytes of one element: dtype.itemsize. For object elements
// it is NumPy's 8, of which nothing is stored.
func (d *DType) ItemSize() int { return d.itemsize }

// ByteOrder returns '<', '>' or '|'; unlike dtype.byteorder never '='. A structured
// dtype is '|' whatever its fields are.
func (d *DType) ByteOrder() ByteOrder {
	if d.order == 0 {
		return NotApplicable
	}
	return d.order
}

// IsNative reports whether the elements are in this machine's byte order, or have
// none: dtype.isnative. A structured dtype is native if all its fields are; a subarray
// always is, whatever its elements are.
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

// Alignment returns dtype.alignment in bytes: what NumPy aligns such an element to
// on a 64-bit machine.
func (d *DType) Alignment() int { return max(d.align, 1) }

// Fields returns the fields of a structured dtype in order, or nil. The caller must
// not change the slice.
func (d *DType) Fields() []Field {
	if d.more == nil {
		return nil
	}
	return d.more.fields
}

// Names returns the names of the fields in order: dtype.names. It is nil for a
// dtype without fields, and empty but not nil for dtype([]). The caller must not
// change the slice.
func (d *DType) Names() []string {
	if d.more == nil {
		return nil
	}
	return d.more.names
}

// Field returns the field of that name, or of that title if the title is a string.
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

// Subarray returns the element dtype and the shape of a subarray dtype, or nil. The
// caller must not change the shape. An array never has such a dtype itself: its
// dimensions join the array's.
func (d *DType) Subarray() (base *DType, shape []int) {
	if d.more == nil {
		return nil, nil
	}
	return d.more.base, d.more.subShape
}

// HasObject reports whether elements hold Python objects: dtype.hasobject. Such arrays
// keep their elements as Go values, not as bytes.
func (d *DType) HasObject() bool { return d.object }

// Unit returns the unit of a datetime64 or timedelta64: numpy.datetime_data. For other
// dtypes it is the zero value.
func (d *DType) Unit() DatetimeUnit {
	if d.kind != KindDatetime && d.kind != KindTimedelta {
		return DatetimeUnit{}
	}
	return d.more.unit
}

// Metadata returns what the pickle had as dtype.metadata, or nil. It takes no part in
// comparing.
func (d *DType) Metadata() any {
	if d.more == nil {
		return nil
	}
	return d.more.metadata
}

// Aligned reports dtype.isalignedstruct: whether the fields were laid out as a C
// compiler would.
func (d *DType) Aligned() bool { return d.aligned }

// ScalarClass returns the Python class of the elements where it is not the
// usual one for the kind, such as "numpy.record", or "".
func (d *DType) ScalarClass() string {
	if d.more == nil {
		return ""
	}
	return d.more.class
}

// NA returns the missing-value object of a StringDType, as given, and whether it has
// one. Coerce tells whether non-strings are converted on assignment.
func (d *DType) NA() (na any, ok bool) {
	if d.more == nil {
		return nil, false
	}
	return d.more.na, d.more.hasNA
}

// Coerce returns the coerce parameter of a StringDType, true by default.
func (d *DType) Coerce() bool { return d.more == nil || !d.more.noCoerce }

// LongDoubleFormat returns how the elements of a longdouble or clongdouble dtype are
// stored, which no pickle tells.
func (d *DType) LongDoubleFormat() LongDoubleFormat { return d.ldFormat }

// WithLongDouble returns d with every longdouble in it, at any depth, read in the
// given format. Only those of 16 bytes (clongdouble 32) can be Binary128.
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

// NewByteOrder returns d with the byte order of every part of it changed:
// dtype.newbyteorder. The bytes of an array are not touched by it.
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

// small returns what d is of ml_dtypes' formats.
func (d *DType) small() smallKind {
	if d.more == nil {
		return 0
	}
	return d.more.small
}

func (d *DType) isStruct() bool { return d.more != nil && d.more.names != nil }

// freeze ends the time in which d may still be set. It writes only to a pending
// dtype, so that shared ones can be used concurrently.
func (d *DType) freeze() {
	if d.set != nil {
		d.set = nil
	}
}

// Equal reports whether elements of both dtypes have the same meaning and layout:
// numpy's ==. Metadata, alignment, the scalar class and titles' absence matter as they
// do there: titles count, the others do not.
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

// equalNA compares the missing-value objects of two StringDTypes: nil, strings and
// NaN by meaning, anything else only by being the same simple value.
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
