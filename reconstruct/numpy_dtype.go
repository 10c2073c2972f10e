package reconstruct

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// fillNumpyDType adds the constructors of dtypes.
//
// Reference: numpy/_core/src/multiarray/descriptor.c (arraydescr_reduce, arraydescr_setstate),
// datetime.c (convert_datetime_metadata_tuple_to_datetime_metadata).
func fillNumpyDType(t table) {
	dt := &entry{call: callDType}
	t.addAll("numpy", dt, "dtype", "dtypedescr")
	t.add("scipy", "dtypedescr", dt)
	t.add("numpy.core._internal", "_convert_to_stringdtype_kwargs", &entry{call: callStringDType})
	t.addAll("numpy.core", inert, "_DType_reconstruct", "_DType_reduce")
}

// callDType implements dtype(typespec, align, copy). The result waits for its state.
func callDType(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(1, 4); err != nil {
		return nil, err
	}
	if dt, ok, err := specDType(a); ok || err != nil {
		return dt, err
	}
	p := pendingDType{fn: a.fn, longDouble: c.resolver.longDouble}
	initial, err := p.typespec(a)
	if err != nil {
		return nil, err
	}
	return pending.NewDType(initial, p.set), nil
}

// typespec reads the first argument of dtype: text such as "f8", or a class for dtypes that have a
// scalar class of their own.
func (p *pendingDType) typespec(a argReader) (*ndarray.DType, error) {
	named, ok := a.vals[0].(pickle.Named)
	if !ok {
		spec, err := a.text(0, "typespec")
		if err != nil {
			return nil, err
		}
		dt, err := ndarray.ParseDType(spec)
		if err != nil {
			return nil, refused(a.fn, err)
		}
		if p.longDouble != 0 {
			dt = dt.WithLongDouble(p.longDouble)
		}
		return dt, nil
	}
	p.anySize = true
	spec := "V"
	if known, ok := named.(Class); ok {
		if spec = known.entry.scalar; spec == "" {
			return nil, a.wrong(0, "typespec", "str or a scalar class")
		}
	}
	dt, err := ndarray.ParseDType(spec)
	if err != nil {
		return nil, refused(a.fn, err)
	}
	if dt.Kind() != ndarray.KindVoid || named.Global().String() == "numpy.void" {
		return dt, nil
	}
	p.class = named.Global().String()
	dt, err = ndarray.NewDType(ndarray.DTypeSpec{Kind: ndarray.KindVoid, ScalarClass: p.class})
	return dt, refused(a.fn, err)
}

// pendingDType holds what a dtype needs when its state arrives, beyond the initial dtype. It is
// small because a pickle can create a dtype with every five bytes.
type pendingDType struct {
	fn         string
	class      string // of the scalars, if not the usual class
	anySize    bool   // the typespec does not give the itemsize
	longDouble ndarray.LongDoubleFormat
}

// set applies the state of a dtype, a tuple in one of five forms:
//
//	5 items  (endian, subdtype, fields, elsize, alignment)
//	6        (version, endian, subdtype, fields, elsize, alignment)
//	7        (version, endian, subdtype, names, fields, elsize, alignment)
//	8        (..., flags)
//	9        (..., flags, metadata)
func (p pendingDType) set(d *ndarray.DType, state any) error {
	p.fn = "state of " + p.fn
	outer := argReader{fn: p.fn, vals: []any{state}}
	items, err := outer.tuple(0, "state")
	if err != nil {
		return err
	}
	a := argReader{fn: p.fn, vals: items}
	if err := a.count(5, 9); err != nil {
		return err
	}
	if len(items) > 5 {
		version, err := a.integer(0, "version")
		if err != nil {
			return err
		}
		if version < 0 || version > 4 {
			return a.errorf("version %d, want 0 to 4", version)
		}
		a.vals = items[1:]
	}
	s := dtypeState{argReader: a, names: 2, fields: 2}
	if len(items) >= 7 {
		s.fields = 3
	}
	spec, err := p.spec(d, s)
	if err != nil {
		return err
	}
	return refused(p.fn, pending.SetSpec(d, spec))
}

// dtypeState is a state without its version. The fields names and fields are the indices of these
// two items. They are equal in the older forms, where the dict of fields has the names under the
// key -1.
type dtypeState struct {
	argReader
	names, fields int
}

// spec combines the initial dtype with the state.
func (p *pendingDType) spec(initial *ndarray.DType, s dtypeState) (ndarray.DTypeSpec, error) {
	spec := ndarray.DTypeSpec{
		Kind: initial.Kind(), ItemSize: initial.ItemSize(), ScalarClass: p.class,
		Coerce: true, LongDouble: p.longDouble,
	}
	endian, err := s.text(0, "endian")
	if err != nil {
		return spec, err
	}
	if len(endian) != 1 {
		return spec, s.errorf("endian %.20q is not one character", endian)
	}
	spec.ByteOrder = ndarray.ByteOrder(endian[0])
	if err := p.size(initial, s, &spec); err != nil {
		return spec, err
	}
	if err := s.subarray(&spec); err != nil {
		return spec, err
	}
	if err := s.readFields(&spec); err != nil {
		return spec, err
	}
	if len(s.vals) > s.fields+3 {
		flags, err := s.integer(s.fields+3, "flags")
		if err != nil {
			return spec, err
		}
		// The flags are a signed char where NumPy 1 wrote them on x86. Only the flag for alignment
		// is used: the others follow from the fields.
		spec.Aligned = uint8(flags)&0x80 != 0 && spec.Names != nil
	}
	if len(s.vals) > s.fields+4 {
		err = s.metadata(s.fields+4, &spec)
	}
	return spec, err
}

// size reads elsize and alignment, which are -1 except for dtypes of variable size.
func (p *pendingDType) size(initial *ndarray.DType, s dtypeState, spec *ndarray.DTypeSpec) error {
	elsize, err := s.integer(s.fields+1, "elsize")
	if err != nil {
		return err
	}
	alignment, err := s.integer(s.fields+2, "alignment")
	if err != nil {
		return err
	}
	switch spec.Kind {
	case ndarray.KindBytes, ndarray.KindStr, ndarray.KindVoid:
	default:
		pointer32 := spec.Kind == ndarray.KindObject && elsize == 4
		if elsize != -1 && elsize != spec.ItemSize && !pointer32 {
			return s.errorf("elsize %d of dtype %s, want -1 or %d", elsize, initial, spec.ItemSize)
		}
		return nil
	}
	if elsize < 0 {
		return s.errorf("negative elsize %d", elsize)
	}
	// Before NumPy 1.0 (a state without version) the typespec of U counted bytes.
	if !p.anySize && elsize != spec.ItemSize && !(spec.Kind == ndarray.KindStr &&
		s.names == s.fields && elsize*4 == spec.ItemSize) {
		return s.errorf("elsize %d does not fit dtype %s of itemsize %d", elsize, initial,
			spec.ItemSize)
	}
	if spec.ItemSize = elsize; spec.Kind == ndarray.KindVoid {
		spec.Alignment = alignment
	}
	return nil
}

// subarray reads subdtype: None or (base dtype, shape).
func (s dtypeState) subarray(spec *ndarray.DTypeSpec) error {
	if s.vals[1] == nil {
		return nil
	}
	pair, err := s.tuple(1, "subdtype")
	if err != nil {
		return err
	}
	a := argReader{fn: s.fn, vals: pair}
	if len(pair) != 2 {
		return s.errorf("subdtype has %d items, want 2", len(pair))
	}
	if spec.Base, err = a.dtype(0, "base of subdtype"); err != nil {
		return err
	}
	dims, ok := pair[1].(*types.Tuple)
	if !ok {
		dims = &types.Tuple{pair[1]}
	}
	spec.SubShape = make([]int, len(*dims))
	for i, d := range *dims {
		n, ok := asInt(d)
		if !ok || n < 0 {
			return s.errorf("dimension %d of subdtype is %s, want an int that is not negative", i,
				typeName(d))
		}
		spec.SubShape[i] = n
	}
	return nil
}

// readFields reads names and fields. Either both are None or neither is.
func (s dtypeState) readFields(spec *ndarray.DTypeSpec) error {
	namesItem := s.vals[s.names]
	if s.vals[s.fields] == nil {
		if namesItem != nil {
			return s.errorf("names without fields")
		}
		return nil
	}
	dict, err := s.dict(s.fields, "fields")
	if err != nil {
		return err
	}
	byName := make(map[string]any, len(*dict))
	if s.names == s.fields {
		namesItem = nil
	}
	for _, e := range *dict {
		if n, ok := asInt(e.Key); ok && n == -1 && s.names == s.fields {
			namesItem = e.Value
			continue
		}
		key, ok := asText(e.Key)
		if !ok {
			return s.errorf("a key of fields is %s, want a str", typeName(e.Key))
		}
		if _, twice := byName[key]; twice {
			return s.errorf("fields has the key %q twice", key)
		}
		byName[key] = e.Value
	}
	names, ok := namesItem.(*types.Tuple)
	if !ok {
		return s.errorf("names is %s, want a tuple", typeName(namesItem))
	}
	return s.orderFields(spec, *names, byName)
}

// orderFields puts the fields into the order of the names. Any other key of fields must be the
// title of a field, under which NumPy stores the field a second time.
func (s dtypeState) orderFields(spec *ndarray.DTypeSpec, names []any, byName map[string]any) error {
	spec.Names = make([]string, 0, len(names))
	spec.Fields = make([]ndarray.Field, 0, len(names))
	titles := 0
	for _, item := range names {
		name, ok := asText(item)
		if !ok {
			return s.errorf("a name is %s, want a str", typeName(item))
		}
		value, ok := byName[name]
		if !ok {
			return s.errorf("the name %q is not among the fields", name)
		}
		f, err := s.field(name, value)
		if err != nil {
			return err
		}
		if title, ok := asText(f.Title); ok && title != name {
			if _, ok := byName[title]; ok {
				titles++
			}
		}
		spec.Names = append(spec.Names, name)
		spec.Fields = append(spec.Fields, f)
	}
	if len(byName) > len(names)+titles {
		return s.errorf("fields has %d keys for %d names and %d titles", len(byName), len(names),
			titles)
	}
	return nil
}

// field reads (dtype, offset) or (dtype, offset, title).
func (s dtypeState) field(name string, value any) (ndarray.Field, error) {
	f := ndarray.Field{Name: name}
	t, ok := value.(*types.Tuple)
	if !ok || len(*t) < 2 || len(*t) > 3 {
		return f, s.errorf("field %q is %s, want a tuple of 2 or 3 items", name, typeName(value))
	}
	a := argReader{fn: s.fn + ": field " + name, vals: *t}
	var err error
	if f.DType, err = a.dtype(0, "its dtype"); err != nil {
		return f, err
	}
	if f.Offset, err = a.integer(1, "its offset"); err != nil {
		return f, err
	}
	if len(*t) == 3 {
		f.Title = (*t)[2]
		if b, ok := f.Title.(pickle.Py2String); ok {
			f.Title = string(b)
		}
	}
	return f, nil
}

// metadata reads the last item: a dict or None, or for a datetime the pair of that and the unit.
func (s dtypeState) metadata(i int, spec *ndarray.DTypeSpec) error {
	if spec.Kind != ndarray.KindDatetime && spec.Kind != ndarray.KindTimedelta {
		if s.vals[i] == nil {
			return nil
		}
		d, err := s.dict(i, "metadata")
		spec.Metadata = d
		return err
	}
	pair, err := s.tuple(i, "metadata of a datetime")
	if err != nil {
		return err
	}
	if len(pair) != 2 {
		return s.errorf("metadata of a datetime has %d items, want 2", len(pair))
	}
	if d, ok := pair[0].(*types.Dict); ok && len(*d) > 0 {
		spec.Metadata = d
	} else if !ok && pair[0] != nil {
		return s.errorf("metadata of a datetime is %s, want a dict or None", typeName(pair[0]))
	}
	unit, ok := pair[1].(*types.Tuple)
	if !ok {
		return s.errorf("unit of a datetime is %s, want a tuple", typeName(pair[1]))
	}
	spec.Unit, err = datetimeUnit(argReader{fn: s.fn, vals: *unit})
	return err
}

// datetimeUnit reads (unit, num) or (unit, num, den, event).
func datetimeUnit(a argReader) (ndarray.DatetimeUnit, error) {
	var u ndarray.DatetimeUnit
	if len(a.vals) != 2 && len(a.vals) != 4 {
		return u, a.errorf("unit of a datetime has %d items, want 2 or 4", len(a.vals))
	}
	var err error
	if u.Base, err = a.text(0, "unit of a datetime"); err != nil {
		return u, err
	}
	switch u.Base {
	case "\u03bcs":
		u.Base = "us"
	case "": // an empty unit would mean "generic"
		return u, a.errorf("unit of a datetime is empty")
	}
	if u.Num, err = a.integer(1, "multiple of a unit"); err != nil {
		return u, err
	}
	if err := checkRange(a, "multiple of a unit", u.Num, 1, 1<<31-1); err != nil {
		return u, err
	}
	if len(a.vals) == 2 {
		return u, nil
	}
	den, err := a.integer(2, "divisor of a unit")
	if err != nil {
		return u, err
	}
	if err := checkRange(a, "divisor of a unit", den, 1, 1<<31-1); err != nil {
		return u, err
	}
	return divideUnit(a, u, den)
}

// finerUnits lists for each unit the units that it can be divided into, and their number in one
// unit. Reference: _multiples_table in datetime.c.
var finerUnits = map[string][]ndarray.DatetimeUnit{
	"Y":  {{Base: "M", Num: 12}, {Base: "W", Num: 52}, {Base: "D", Num: 365}},
	"M":  {{Base: "W", Num: 4}, {Base: "D", Num: 30}, {Base: "h", Num: 720}},
	"W":  {{Base: "D", Num: 7}, {Base: "h", Num: 168}, {Base: "m", Num: 10080}},
	"D":  {{Base: "h", Num: 24}, {Base: "m", Num: 1440}, {Base: "s", Num: 86400}},
	"h":  {{Base: "m", Num: 60}, {Base: "s", Num: 3600}},
	"m":  {{Base: "s", Num: 60}, {Base: "ms", Num: 60000}},
	"s":  {{Base: "ms", Num: 1000}, {Base: "us", Num: 1000000}},
	"ms": {{Base: "us", Num: 1000}, {Base: "ns", Num: 1000000}},
	"us": {{Base: "ns", Num: 1000}, {Base: "ps", Num: 1000000}},
	"ns": {{Base: "ps", Num: 1000}, {Base: "fs", Num: 1000000}},
	"ps": {{Base: "fs", Num: 1000}, {Base: "as", Num: 1000000}},
	"fs": {{Base: "as", Num: 1000}},
}

// divideUnit replaces u/den by a whole multiple of a finer unit.
func divideUnit(a argReader, u ndarray.DatetimeUnit, den int) (ndarray.DatetimeUnit, error) {
	if den == 1 {
		return u, nil
	}
	for _, f := range finerUnits[u.Base] {
		if f.Num%den == 0 {
			u.Base, u.Num = f.Base, u.Num*(f.Num/den)
			return u, checkRange(a, "multiple of a unit", u.Num, 1, 1<<31-1)
		}
	}
	return u, a.errorf("the unit %s has no divisor %d", u.Base, den)
}

// callStringDType implements _convert_to_stringdtype_kwargs(coerce[, na_object]).
func callStringDType(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(1, 2); err != nil {
		return nil, err
	}
	spec := ndarray.DTypeSpec{Kind: ndarray.KindString}
	var err error
	if spec.Coerce, err = a.truth(0, "coerce"); err != nil {
		return nil, err
	}
	if len(args) == 2 {
		spec.NA, spec.HasNA = args[1], true
	}
	dt, err := ndarray.NewDType(spec)
	if err != nil {
		return nil, refused(a.fn, err)
	}
	return dt, nil
}
