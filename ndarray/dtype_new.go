package ndarray

import (
	"cmp"
	"slices"
)

const (
	// MaxDTypeDepth is the largest number of levels of fields and subarrays in a dtype.
	MaxDTypeDepth = 64
	// MaxDTypeNodes is the largest number of dtypes in a dtype. A dtype that occurs in several
	// places counts each time. It is enough for 15 levels of two fields each.
	MaxDTypeNodes = 1 << 16
)

// A DTypeSpec describes a dtype for [NewDType].
type DTypeSpec struct {
	Kind Kind
	// ItemSize is in bytes. -1, or 0 for kinds of a fixed size, means the usual size. For
	// structured dtypes and subarrays, -1 means that it is computed.
	ItemSize int
	// ByteOrder is '<' or '>'; 0, '=' and '|' mean this machine's. It is ignored for kinds without
	// a byte order.
	ByteOrder ByteOrder
	// Alignment is used for KindVoid. 0 and -1 mean the usual one.
	Alignment int
	Aligned   bool
	// Names, if not nil, gives the order of the fields. It must contain the name of each field
	// exactly once. If it is not nil and there are no Fields, the dtype is dtype([]).
	Names  []string
	Fields []Field
	// Base and SubShape, if Base is not nil, describe a subarray.
	Base     *DType
	SubShape []int
	// Unit is the unit of a datetime64 or timedelta64.
	Unit     DatetimeUnit
	Metadata any
	// ScalarClass is "module.name", or "" for NumPy's own class for the kind.
	ScalarClass string
	// NA (if HasNA) and Coerce are the parameters of a StringDType. Coerce is true by default in
	// Python.
	NA            any
	HasNA, Coerce bool
	// LongDouble is the format of a longdouble or clongdouble.
	LongDouble LongDoubleFormat
}

// NewDType returns the dtype that spec describes, or an error of the kind ErrDType that says what
// is wrong with it. Every size, offset, name and unit is checked, so that no array of the dtype
// reaches outside its memory. The slices of spec are copied. Pending dtypes in spec cannot be set
// afterwards.
func NewDType(spec DTypeSpec) (*DType, error) {
	d := &DType{}
	if err := d.build(&spec); err != nil {
		return nil, err
	}
	return d, nil
}

// NewStruct returns a structured dtype with the fields side by side, in order, as numpy.dtype(list,
// align=align) does. The Offset of each field is ignored. With align, each field begins at a
// multiple of its alignment, and the itemsize is a multiple of the largest alignment, as in C.
func NewStruct(fields []Field, align bool) (*DType, error) {
	fields = slices.Clone(fields)
	end, largest := 0, 1
	for i := range fields {
		f := &fields[i]
		if f.DType == nil {
			return nil, errorf(ErrDType, "field %q has no dtype", f.Name)
		}
		if align {
			end = roundUp(end, f.DType.align)
			largest = max(largest, f.DType.align)
		}
		f.Offset = end
		var ok bool
		if end, ok = addInt(end, f.DType.itemsize); !ok {
			return nil, errorf(ErrDType, "the itemsize overflows at field %q", f.Name)
		}
	}
	spec := DTypeSpec{Kind: KindVoid, ItemSize: end, Names: []string{}, Fields: fields,
		Alignment: 1}
	if align {
		spec.ItemSize, spec.Alignment, spec.Aligned = roundUp(end, largest), largest, true
	}
	for _, f := range fields {
		spec.Names = append(spec.Names, f.Name)
	}
	return NewDType(spec)
}

// NewSubarray returns the dtype of a subarray: numpy.dtype((base, shape)).
func NewSubarray(base *DType, shape ...int) (*DType, error) {
	return NewDType(DTypeSpec{Kind: KindVoid, ItemSize: -1, Base: base, SubShape: shape})
}

// roundUp returns the least multiple of align that is at least n.
func roundUp(n, align int) int { return (n + align - 1) / align * align }

// build sets d, which must be empty, to the dtype that spec describes.
func (d *DType) build(spec *DTypeSpec) error {
	d.kind, d.nodes, d.order, d.align = spec.Kind, 1, NotApplicable, 1
	if spec.ItemSize < -1 {
		return errorf(ErrDType, "negative itemsize %d", spec.ItemSize)
	}
	if spec.Alignment < -1 || spec.Alignment > 1<<20 {
		return errorf(ErrDType, "impossible alignment %d", spec.Alignment)
	}
	switch spec.ByteOrder {
	case 0, '=', NotApplicable, LittleEndian, BigEndian:
	default:
		return errorf(ErrDType, "byte order %q is none of '<', '>', '=' and '|'",
			rune(spec.ByteOrder))
	}
	if err := d.buildSize(spec); err != nil {
		return err
	}
	if err := d.buildUnit(spec); err != nil {
		return err
	}
	if spec.Base != nil {
		if err := d.buildSubarray(spec); err != nil {
			return err
		}
	}
	if spec.Names != nil || spec.Fields != nil {
		if err := d.buildFields(spec); err != nil {
			return err
		}
	}
	if spec.Metadata != nil || spec.ScalarClass != "" {
		m := d.extra()
		m.metadata, m.class = spec.Metadata, spec.ScalarClass
		if d.kind == KindVoid && m.fields == nil && m.base == nil {
			m.small = smallOf(m.class, d.itemsize)
		}
	}
	if d.kind == KindString && (spec.HasNA || !spec.Coerce) {
		m := d.extra()
		m.na, m.hasNA, m.noCoerce = spec.NA, spec.HasNA, !spec.Coerce
	}
	return nil
}

func (d *DType) extra() *dtypeMore {
	if d.more == nil {
		d.more = &dtypeMore{}
	}
	return d.more
}

// buildSize sets the itemsize, byte order and alignment.
func (d *DType) buildSize(spec *DTypeSpec) error {
	size := spec.ItemSize
	unit := 0 // bytes that are swapped together and aligned
	switch {
	case size <= 0 && spec.Kind.fixedSize() != 0:
		size = spec.Kind.fixedSize()
	case size < 0:
		size = 0
	}
	bad := false
	switch spec.Kind {
	case KindBool:
		bad = size != 1
	case KindInt, KindUint:
		bad = size != 1 && size != 2 && size != 4 && size != 8
		unit = size
	case KindFloat:
		bad = size != 2 && size != 4 && size != 8 && size != 12 && size != 16
		unit = size
	case KindComplex:
		bad = size != 8 && size != 16 && size != 24 && size != 32
		unit = size / 2
	case KindDatetime, KindTimedelta:
		bad, unit = size != 8, 8
	case KindObject:
		// NumPy's O4 is the same as O8.
		bad = size != 8 && size != 4
		size, d.align, d.object = 8, 8, true
	case KindString:
		bad = size != 16
		d.align, d.object = 8, true
	case KindStr:
		bad, unit = size%4 != 0, 4
	case KindBytes, KindVoid:
	default:
		return errorf(ErrDType, "no dtype has the kind %q", rune(spec.Kind))
	}
	if bad {
		return errorf(ErrDType, "no dtype of kind %q has itemsize %d", rune(spec.Kind), size)
	}
	d.itemsize = size
	d.setUnit(unit, spec)
	return nil
}

// setUnit sets the alignment, the byte order and the format of a longdouble. unit is the number of
// bytes that are swapped together, or 0 if none are.
func (d *DType) setUnit(unit int, spec *DTypeSpec) {
	if unit > 0 {
		d.align = unit
	}
	if unit == 12 {
		d.align = 4
	}
	if unit > 1 {
		d.order = spec.ByteOrder
		if d.order != LittleEndian && d.order != BigEndian {
			d.order = NativeEndian
		}
	}
	if d.isLongDouble() {
		d.ldFormat = spec.LongDouble
		if unit == 12 {
			d.ldFormat = X87
		}
	}
	if d.kind == KindVoid && spec.Alignment > 0 {
		d.align = spec.Alignment
	}
}

// fixedSize returns the only itemsize of a kind, or the usual one, in bytes.
func (k Kind) fixedSize() int {
	switch k {
	case KindBool:
		return 1
	case KindDatetime, KindTimedelta, KindObject, KindInt, KindUint, KindFloat:
		return 8
	case KindComplex, KindString:
		return 16
	}
	return 0
}

func (d *DType) buildUnit(spec *DTypeSpec) error {
	if d.kind != KindDatetime && d.kind != KindTimedelta {
		return nil
	}
	u, err := spec.Unit.normalized()
	if err != nil {
		return err
	}
	d.extra().unit = u
	return nil
}

func (d *DType) buildSubarray(spec *DTypeSpec) error {
	if spec.Kind != KindVoid || spec.Names != nil || spec.Fields != nil {
		return errorf(ErrDType, "a subarray of kind %q or with fields", rune(spec.Kind))
	}
	base, shape := spec.Base, slices.Clone(spec.SubShape)
	base.freeze()
	if inner, innerShape := base.Subarray(); inner != nil {
		base, shape = inner, append(shape, innerShape...)
	}
	size, nbytes, err := checkShape(shape, base.itemsize)
	if err != nil {
		return errorf(ErrDType, "subarray: %v", err.(*Error).Text)
	}
	if base.itemsize == 0 {
		// Elements without bytes could be any number, so they are limited as nodes are.
		if size > MaxDTypeNodes || size*base.nodes > MaxDTypeNodes {
			return errorf(ErrLimit, "a dtype of more than %d parts", MaxDTypeNodes)
		}
		d.nodes += size * base.nodes
	}
	if spec.ItemSize > 0 && spec.ItemSize != nbytes {
		return errorf(ErrDType, "itemsize %d of a subarray of shape %s of elements of %d bytes",
			spec.ItemSize, shapeText(shape), base.itemsize)
	}
	d.itemsize, d.align = nbytes, base.align
	if err := d.adopt(base); err != nil {
		return err
	}
	m := d.extra()
	m.base, m.subShape = base, shape
	return nil
}

// adopt adds the depth and nodes of c, a part of d, to those of d.
func (d *DType) adopt(c *DType) error {
	d.object = d.object || c.object
	d.depth = max(d.depth, c.depth+1)
	d.nodes += c.nodes
	if d.depth > MaxDTypeDepth {
		return errorf(ErrLimit, "a dtype of more than %d levels", MaxDTypeDepth)
	}
	if d.nodes > MaxDTypeNodes {
		return errorf(ErrLimit, "a dtype of more than %d parts", MaxDTypeNodes)
	}
	return nil
}

func (d *DType) buildFields(spec *DTypeSpec) error {
	if d.object || d.kind == KindString || spec.Base != nil {
		return errorf(ErrDType, "fields in a dtype of kind %q", rune(d.kind))
	}
	fields, err := orderFields(spec)
	if err != nil {
		return err
	}
	m := d.extra()
	m.fields, m.names = fields, make([]string, len(fields))
	if len(fields) > 8 {
		m.index = make(map[string]int, len(fields))
	}
	end := 0
	for i, f := range fields {
		m.names[i] = f.Name
		if f.DType == nil {
			return errorf(ErrDType, "field %q has no dtype", f.Name)
		}
		f.DType.freeze()
		if err := d.adopt(f.DType); err != nil {
			return err
		}
		stop, ok := addInt(f.Offset, f.DType.itemsize)
		if f.Offset < 0 || !ok || (spec.ItemSize >= 0 || d.kind != KindVoid) && stop > d.itemsize {
			return errorf(ErrDType,
				"field %q of %d bytes at offset %d reaches outside the itemsize %d", f.Name,
				f.DType.itemsize, f.Offset, d.itemsize)
		}
		end = max(end, stop)
	}
	if spec.ItemSize < 0 && d.kind == KindVoid {
		if d.itemsize = end; spec.Aligned {
			d.itemsize = roundUp(end, d.align)
		}
	}
	if d.object && d.kind != KindVoid {
		return errorf(ErrDType, "object fields in a dtype of kind %q", rune(d.kind))
	}
	d.aligned = spec.Aligned
	if err := m.indexNames(); err != nil {
		return err
	}
	return checkOverlap(fields)
}

// orderFields returns a copy of the fields in the order of spec.Names.
func orderFields(spec *DTypeSpec) ([]Field, error) {
	if spec.Names == nil {
		return slices.Clone(spec.Fields), nil
	}
	if len(spec.Names) != len(spec.Fields) {
		return nil, errorf(ErrDType, "%d names for %d fields", len(spec.Names), len(spec.Fields))
	}
	at := make(map[string]int, len(spec.Fields))
	for i, f := range spec.Fields {
		at[f.Name] = i
	}
	fields := make([]Field, len(spec.Names))
	for i, name := range spec.Names {
		j, ok := at[name]
		if !ok {
			return nil, errorf(ErrDType, "no field has the name %q", name)
		}
		fields[i] = spec.Fields[j]
	}
	return fields, nil
}

// indexNames sets m.index. It returns an error for a name or title that occurs twice.
func (m *dtypeMore) indexNames() error {
	seen := make(map[string]bool, len(m.fields))
	for i, f := range m.fields {
		if seen[f.Name] {
			return errorf(ErrDType, "two fields have the name %q", f.Name)
		}
		seen[f.Name] = true
		if m.index != nil {
			m.index[f.Name] = i
		}
	}
	for i, f := range m.fields {
		title, ok := f.Title.(string)
		if !ok || title == f.Name {
			continue
		}
		if seen[title] {
			return errorf(ErrDType, "the title %q of field %q is another field's name or title",
				title, f.Name)
		}
		seen[title] = true
		if m.index != nil {
			m.index[title] = i
		}
	}
	return nil
}

// checkOverlap returns an error if a field with objects shares bytes with another field.
func checkOverlap(fields []Field) error {
	if !slices.ContainsFunc(fields, func(f Field) bool { return f.DType.object }) {
		return nil
	}
	byOffset := slices.Clone(fields)
	slices.SortStableFunc(byOffset, func(a, b Field) int { return cmp.Compare(a.Offset, b.Offset) })
	var last, lastObject Field // the fields so far that end last
	end, endObject := 0, 0
	for _, f := range byOffset {
		if f.DType.itemsize == 0 {
			continue
		}
		if f.Offset < endObject {
			return errorf(ErrDType, "field %q overlaps the object field %q", f.Name,
				lastObject.Name)
		}
		if f.DType.object && f.Offset < end {
			return errorf(ErrDType, "the object field %q overlaps field %q", f.Name, last.Name)
		}
		if stop := f.Offset + f.DType.itemsize; stop > end {
			end, last = stop, f
		}
		if f.DType.object {
			endObject, lastObject = f.Offset+f.DType.itemsize, f
		}
	}
	return nil
}

// newPendingDType implements NewDType of package internal/pending.
func newPendingDType(initial *DType, set func(d *DType, state any) error) *DType {
	d := *initial
	d.set = set
	return &d
}

// PySetState sets the state of a pending dtype; gopickle's machine calls it for the opcode BUILD.
// For a dtype that was used, and for any other dtype, the error is of the kind ErrState: an
// existing view with the dtype would reach outside its memory.
func (d *DType) PySetState(state any) error {
	if d.set == nil {
		return errorf(ErrState, "a dtype that is already set or in use cannot be given a state")
	}
	if err := d.set(d, state); err != nil {
		return err
	}
	d.freeze()
	return nil
}

// setSpec sets a pending dtype to the one that spec describes.
func (d *DType) setSpec(spec DTypeSpec) error {
	if d.set == nil {
		return errorf(ErrState, "a dtype that is already set or in use cannot be changed")
	}
	built, err := NewDType(spec)
	if err != nil {
		return err
	}
	if d.set == nil {
		// build has frozen d, so d is among its own fields.
		return errorf(ErrState, "a dtype that contains itself")
	}
	*d = *built
	return nil
}
