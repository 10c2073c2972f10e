package reconstruct

import (
	"errors"
	"strings"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// isArrayName reports whether a name of pandas is that of an extension array.
func isArrayName(name string) bool {
	return strings.HasSuffix(name, "Array") || name == "Categorical" ||
		strings.HasPrefix(name, "__pyx_unpickle_") || strings.HasPrefix(name, "ArrowStringArray") ||
		name == "StringArrayNumpySemantics" || name == "ArrowStringArrayNumpySemantics"
}

// backed is the state of an extension array over one ndarray, read from any of its forms.
type backed struct {
	class  string
	dtype  any
	values *ndarray.Array
	attrs  map[string]any
}

// extension converts an extension array. The result is one Series, or one for each row of a
// two-dimensional backing array.
func (p *Pandas) extension(o *pickle.Object, inst namedInstance) ([]*frame.Series, error) {
	class, ok := pandasName(inst.Class)
	if inst.Class.Module == geometryArrayClass.Module {
		return one(p.geometryColumn(o, inst))
	}
	if !ok {
		return one(opaque(o), nil)
	}
	if strings.HasPrefix(class, "__pyx_unpickle_") {
		if len(inst.Args) == 0 {
			return nil, pickle.Malformed("%s without arguments", class)
		}
		g, isNamed := inst.Args[0].(pickle.Named)
		if !isNamed {
			return nil, pickle.Malformed("%s of %s", class, typeName(inst.Args[0]))
		}
		class = g.Global().Name
	}
	switch class {
	case "IntegerArray", "FloatingArray", "BooleanArray":
		return one(p.masked(class, inst.State))
	case "SparseArray":
		return one(readSparse(inst))
	case "IntervalArray":
		return one(p.intervalArray(inst.State))
	case "ArrowExtensionArray", "ArrowStringArray", "ArrowStringArrayNumpySemantics":
		s, err := p.arrowArray(inst.State)
		if errors.Is(err, pickle.ErrUnsupported) {
			return one(opaque(o), nil)
		}
		return one(s, err)
	}
	b, err := readBacked(class, inst)
	if err != nil {
		return nil, err
	}
	if b == nil {
		return one(opaque(o), nil)
	}
	return p.backedColumns(b)
}

// one returns a slice of one Series.
func one(s *frame.Series, err error) ([]*frame.Series, error) {
	if err != nil {
		return nil, err
	}
	return []*frame.Series{s}, nil
}

// readBacked reads the state of an NDArrayBacked array: a tuple (dtype, array, attrs) in either
// order and with or without attrs, a tuple of one dict, or a dict. It returns nil for any other
// state.
func readBacked(class string, inst namedInstance) (*backed, error) {
	b := &backed{class: class}
	state := inst.State
	parts, isTuple := items(state)
	if isTuple && len(parts) == 1 {
		state, isTuple = parts[0], false
	}
	if isTuple {
		for _, part := range parts {
			if a, ok := part.(*ndarray.Array); ok && b.values == nil {
				b.values = a
				continue
			}
			if m, ok := textKeys(part); ok {
				b.attrs = m
				continue
			}
			if b.dtype == nil {
				b.dtype = part
			}
		}
	} else {
		m, ok := textKeys(state)
		if !ok {
			return nil, nil
		}
		b.attrs = m
		v, _ := first(m, "_ndarray", "_codes", "_data", "labels")
		b.values, _ = v.(*ndarray.Array)
		b.dtype, _ = first(m, "_dtype")
	}
	if b.values == nil {
		return nil, pickle.Malformed("a %s without its values", class)
	}
	return b, nil
}

// backedColumns returns one Series for each column of the backing array.
func (p *Pandas) backedColumns(b *backed) ([]*frame.Series, error) {
	columns, err := arrayColumns(b.values)
	if err != nil {
		return nil, err
	}
	for _, s := range columns {
		if err := p.refineBacked(b, s); err != nil {
			return nil, err
		}
	}
	return columns, nil
}

// refineBacked sets what the class, dtype and attributes of the array tell about a column.
func (p *Pandas) refineBacked(b *backed, s *frame.Series) error {
	if freq, ok := first(b.attrs, "_freq", "freq"); ok && freq != nil {
		s.Freq = freqText(freq)
	}
	switch b.class {
	case "Categorical":
		return p.categorical(b, s)
	case "DatetimeArray", "TimedeltaArray":
		if s.Kind != frame.Datetime && s.Kind != frame.Timedelta {
			return pickle.Malformed("a %s over %s", b.class, s.DType)
		}
		tz := dtypeZone(b.dtype)
		if tz == nil {
			tz, _ = first(b.attrs, "_tz", "tz")
		}
		if tz != nil {
			setZone(s, tz)
		}
	case "PeriodArray":
		if k := s.Values.DType().Kind(); k != 'i' {
			return pickle.Malformed("a PeriodArray over %s", s.DType)
		}
		s.Kind = frame.Period
		if freq := periodFreq(b.dtype); freq != "" {
			s.Freq = freq
		}
		s.DType = "period[" + s.Freq + "]"
	case "StringArray":
		s.DType = stringDTypeName(b.dtype)
	case "StringArrayNumpySemantics":
		s.DType = "str"
	}
	return nil
}

// setZone sets the time zone of a Series and the dtype that shows it.
func setZone(s *frame.Series, tz any) {
	s.TZ = zoneKey(tz)
	s.DType = "datetime64[" + s.Values.DType().Unit().Base + ", " + zoneText(tz) + "]"
}

// dtypeInstance returns the name and contents of a dtype object of pandas.
func dtypeInstance(v any) (string, namedInstance, bool) {
	o, ok := v.(*pickle.Object)
	if !ok {
		return "", namedInstance{}, false
	}
	inst, ok := named(o)
	if !ok {
		return "", namedInstance{}, false
	}
	name, ok := pandasName(inst.Class)
	return name, inst, ok
}

// dtypeZone returns the tzinfo of a DatetimeTZDtype, or nil for any other dtype.
func dtypeZone(dtype any) any {
	name, inst, ok := dtypeInstance(dtype)
	if !ok || name != "DatetimeTZDtype" {
		return nil
	}
	if m, ok := textKeys(inst.State); ok {
		if tz := m["tz"]; tz != nil {
			return tz
		}
	}
	if len(inst.Args) == 2 {
		return inst.Args[1]
	}
	return nil
}

// periodFreq returns the frequency of a PeriodDtype, or "" for any other dtype.
func periodFreq(dtype any) string {
	name, inst, ok := dtypeInstance(dtype)
	if !ok || name != "PeriodDtype" {
		return ""
	}
	if len(inst.Args) == 0 {
		m, _ := textKeys(inst.State) // up to pandas 1.0
		return freqText(m["freq"])
	}
	if s, ok := asText(inst.Args[0]); ok {
		return strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(s, "period["), "Period["),
			"]")
	}
	return freqText(inst.Args[0])
}

// categorical makes a Series of codes categorical.
func (p *Pandas) categorical(b *backed, s *frame.Series) error {
	s.Kind, s.DType = frame.Categorical, "category"
	categories, _ := first(b.attrs, "_categories", "_levels")
	ordered, _ := first(b.attrs, "_ordered", "ordered")
	if name, inst, ok := dtypeInstance(b.dtype); ok && name == "CategoricalDtype" {
		if m, isDict := textKeys(inst.State); isDict {
			categories, ordered = m["categories"], m["ordered"]
		}
	}
	s.Ordered, _ = ordered.(bool)
	if categories == nil {
		return pickle.Malformed("a Categorical without categories")
	}
	x, err := p.axis(categories)
	if err != nil {
		return err
	}
	s.Categories = x
	return s.Validate()
}

// masked converts a nullable array: a dict or a tuple of data and mask.
func (p *Pandas) masked(class string, state any) (*frame.Series, error) {
	m, ok := textKeys(state)
	if !ok {
		if parts, isTuple := items(state); isTuple && len(parts) == 2 {
			m = map[string]any{"_data": parts[0], "_mask": parts[1]}
		}
	}
	data, ok1 := m["_data"].(*ndarray.Array)
	mask, ok2 := m["_mask"].(*ndarray.Array)
	if !ok1 || !ok2 || data.NDim() != 1 || mask.NDim() != 1 || mask.Size() != data.Size() {
		return nil, pickle.Malformed("a %s whose data and mask do not match", class)
	}
	missing, err := ndarray.Values[bool](mask)
	if err != nil {
		return nil, err
	}
	valid := make([]bool, len(missing))
	for i, miss := range missing {
		valid[i] = !miss
	}
	return &frame.Series{Kind: frame.Masked, DType: maskedName(data.DType()), Values: data,
		Valid: valid}, nil
}

// maskedName returns pandas' name of a nullable dtype: NumPy's name with a capital.
func maskedName(d *ndarray.DType) string {
	if d.Kind() == 'b' {
		return "boolean"
	}
	name := d.String()
	if strings.HasPrefix(name, "uint") {
		return "UI" + name[2:]
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// intervalArray converts the state of an IntervalArray.
func (p *Pandas) intervalArray(state any) (*frame.Series, error) {
	if parts, ok := items(state); ok && len(parts) == 1 {
		state = parts[0]
	}
	m, ok := textKeys(state)
	if !ok {
		return nil, pickle.Malformed("an IntervalArray with a state of %s", typeName(state))
	}
	closed, ok := asText(m["_closed"])
	if name, inst, isDType := dtypeInstance(m["_dtype"]); !ok && isDType &&
		name == "IntervalDtype" {
		d, _ := textKeys(inst.State)
		closed, ok = asText(d["closed"])
		if !ok && len(inst.Args) == 2 {
			closed, ok = asText(inst.Args[1])
		}
	}
	if !ok {
		closed = "right"
	}
	return p.interval(m["_left"], m["_right"], closed)
}

// interval returns a Series of intervals between the values of two indexes or arrays.
func (p *Pandas) interval(left, right any, closed string) (*frame.Series, error) {
	switch closed {
	case "left", "right", "both", "neither":
	default:
		return nil, pickle.Malformed("an interval closed on %q", closed)
	}
	s := &frame.Series{Kind: frame.Interval, Closed: closed}
	for _, side := range []struct {
		v   any
		dst **frame.Series
	}{{left, &s.Left}, {right, &s.Right}} {
		x, err := p.axis(side.v)
		if err != nil {
			return nil, err
		}
		if x.IsRange() {
			if x, err = materialised(x); err != nil {
				return nil, err
			}
		}
		if x.Values == nil {
			return nil, pickle.Malformed("a %s as the bounds of intervals", x.Class)
		}
		*side.dst = x.Values
	}
	s.DType = "interval[" + s.Left.DType + ", " + closed + "]"
	return s, s.Validate()
}

// materialised returns an index with the labels of a RangeIndex written out. The length is limited:
// nothing else in the state of an interval array confirms it.
func materialised(x *frame.Index) (*frame.Index, error) {
	const most = 1 << 16
	if x.Len() > most {
		return nil, pickle.Unsupported("a RangeIndex of %d labels as the bounds of intervals",
			x.Len())
	}
	labels := make([]int64, x.Len())
	for i := range labels {
		labels[i] = int64(x.Start + i*x.Step)
	}
	a, err := ndarray.FromSlice(labels)
	if err != nil {
		return nil, err
	}
	return &frame.Index{Class: "Index", Names: x.Names, Values: plainSeries(a)}, nil
}

// readSparse converts the state of a SparseArray.
func readSparse(inst namedInstance) (*frame.Series, error) {
	m, _ := textKeys(inst.State)
	values, ok := m["_sparse_values"].(*ndarray.Array)
	if !ok {
		return nil, pickle.Malformed("a SparseArray without its values")
	}
	var fill any
	if name, d, isDType := dtypeInstance(m["_dtype"]); isDType && name == "SparseDtype" {
		state, _ := textKeys(d.State)
		fill = state["_fill_value"]
		if len(d.Args) > 1 {
			fill = d.Args[1]
		}
	}
	return sparseSeries(values, m["_sparse_index"], fill)
}

// oldSparse converts a SparseArray of pandas up to 0.23, a subclass of ndarray whose state is
// (array state, (fill value, index)).
func oldSparse(a *ndarray.Array) (*frame.Series, error) {
	own := ownItems(a)
	if len(own) < 2 {
		return nil, pickle.Malformed("a SparseArray with a state of %d items", len(own))
	}
	return sparseSeries(a, own[1], own[0])
}

// sparseSeries returns a sparse Series. index is an IntIndex or BlockIndex.
func sparseSeries(values *ndarray.Array, index, fill any) (*frame.Series, error) {
	o, ok := index.(*pickle.Object)
	if !ok {
		return nil, pickle.Malformed("the index of a SparseArray is %s", typeName(index))
	}
	length, positions, err := sparsePositions(o, values.Size())
	if err != nil {
		return nil, err
	}
	if sc, isScalar := fill.(*ndarray.Scalar); isScalar {
		fill = sc.Value()
	}
	s := &frame.Series{
		Kind: frame.Sparse, Values: values, Positions: positions, Length: length, FillValue: fill,
		DType: "Sparse[" + values.DType().String() + ", " + pythonText(fill) + "]",
	}
	return s, s.Validate()
}

// sparsePositions reads IntIndex(length, positions) or BlockIndex(length, starts, lengths). The
// positions of a BlockIndex are expanded only if they are as many as the n values.
func sparsePositions(o *pickle.Object, n int) (length int, positions []int32, err error) {
	inst, ok := named(o)
	if !ok || len(inst.Args) < 2 {
		return 0, nil, pickle.Malformed("a sparse index with %d arguments", len(inst.Args))
	}
	length, ok = asInt(inst.Args[0])
	if !ok || length < 0 || length > 1<<31-1 {
		return 0, nil, pickle.Malformed("a sparse index of length %s", shown(inst.Args[0]))
	}
	starts, err := int32s(inst.Args[1])
	if err != nil {
		return 0, nil, err
	}
	if inst.Class.Name == "IntIndex" {
		return length, starts, nil
	}
	if inst.Class.Name != "BlockIndex" || len(inst.Args) < 3 {
		return 0, nil, pickle.Malformed("a sparse index of the class %s", inst.Class)
	}
	lengths, err := int32s(inst.Args[2])
	if err != nil {
		return 0, nil, err
	}
	positions, err = blockPositions(length, n, starts, lengths)
	return length, positions, err
}

// blockPositions expands blocks into positions. The blocks must be in order and within length.
func blockPositions(length, values int, starts, lengths []int32) ([]int32, error) {
	if len(starts) != len(lengths) {
		return nil, pickle.Malformed("a BlockIndex of %d starts and %d lengths", len(starts),
			len(lengths))
	}
	total := 0
	end := int64(0)
	for i, n := range lengths {
		if n < 0 || int64(starts[i]) < end || int64(starts[i])+int64(n) > int64(length) {
			return nil,
				pickle.Malformed("a BlockIndex whose blocks overlap or lie outside %d elements",
					length)
		}
		end = int64(starts[i]) + int64(n)
		total += int(n)
	}
	if total != values {
		return nil, pickle.Malformed("a BlockIndex of %d places for %d values", total, values)
	}
	out := make([]int32, 0, total)
	for i, n := range lengths {
		for j := range n {
			out = append(out, starts[i]+j)
		}
	}
	return out, nil
}

// int32s reads a one-dimensional array of positions.
func int32s(v any) ([]int32, error) {
	a, ok := v.(*ndarray.Array)
	if !ok || a.NDim() != 1 {
		return nil, pickle.Malformed("sparse positions are %s", typeName(v))
	}
	return ndarray.Values[int32](a)
}
