package reconstruct

import (
	"math"
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// values writes the elements of a series as an array of NumPy or pandas, which indexes and blocks
// accept.
func (r *Reducers) values(s *frame.Series, protocol int) (any, error) {
	if dtype := chosenDType(s); dtype != "" {
		return r.textIndex(s, dtype, nil)
	}
	switch s.Kind {
	case frame.Numpy:
		return r.numpyValues(s)
	case frame.Masked:
		return r.maskedValues(s)
	case frame.Datetime, frame.Timedelta:
		return r.timeValues(s)
	case frame.Period:
		dtype, err := periodDType(s.Freq)
		if err != nil {
			return nil, err
		}
		return newInstance(pyName("pandas.core.arrays.period", "PeriodArray"),
			dictOf("_data", s.Values, "_dtype", dtype)), nil
	case frame.Categorical:
		return r.categoricalValues(s)
	case frame.Interval:
		return r.intervalIndex(s, nil)
	case frame.Sparse:
		return r.sparseValues(s)
	case frame.Object:
		if s.DType == geometryDType {
			return r.geometryValues(s)
		}
		list := make(types.List, len(s.Items))
		for i, v := range s.Items {
			list[i] = pandasObject(v)
		}
		return r.plainArray(ndarray.ObjectDType(), []int{len(list)}, &list), nil
	case frame.Opaque:
		if s.Raw != nil {
			return s.Raw, nil
		}
	}
	return nil, pickle.Unsupported("a series of kind %s", s.Kind)
}

// numpyValues writes a column that is an array of NumPy.
func (r *Reducers) numpyValues(s *frame.Series) (any, error) {
	dt := s.Values.DType()
	switch {
	case s.Valid != nil && strings.IndexByte("biuf", byte(dt.Kind())) >= 0 && dt.ItemSize() <= 8:
		return r.maskedValues(s)
	case s.DType == "string":
		return newInstance(pyName("pandas.core.arrays.string_", "StringArray"),
			dictOf("_ndarray", r.objectsOr(s, PandasNull("<NA>")), "_dtype",
				call(pyName("pandas.core.arrays.string_", "StringDtype"), "python"))), nil
	case s.Valid != nil || dt.HasObject() || dt.Kind() == ndarray.KindBytes:
		return r.objects(s), nil
	case holdable(dt):
		return r.writeable(s.Values)
	}
	return nil, pickle.Unsupported("a pandas column of dtype %s", dt)
}

// writeable writes an array of the class ndarray that pandas may modify in place.
func (r *Reducers) writeable(a *ndarray.Array) (any, error) {
	if a.Class() == "" && (r.opts.Buffers || r.opts.NumPy != (Version{})) {
		return a, nil
	}
	data, err := r.data(a, ndarray.OrderC)
	if err != nil {
		return nil, err
	}
	return r.plainArray(a.DType(), a.Shape(), data), nil
}

// objects writes a series as an array of Python objects, with None for a missing element.
func (r *Reducers) objects(s *frame.Series) any { return r.objectsOr(s, nil) }

// objectsOr is objects with missing in place of None.
func (r *Reducers) objectsOr(s *frame.Series, missing any) any {
	list := make(types.List, s.Len())
	for i := range list {
		if list[i] = pandasObject(s.At(i)); list[i] == nil {
			list[i] = missing
		}
	}
	return r.plainArray(ndarray.ObjectDType(), []int{len(list)}, &list)
}

// pandasObject returns an element of an array of objects: a scalar of pandas in the form that all
// versions load, and a Go value without a counterpart in Python as the object that it stands for.
func pandasObject(v any) any {
	switch v := v.(type) {
	case *pickle.Object:
		if c, ok, err := new(Pandas).Convert(v); ok && err == nil {
			switch c.(type) {
			case Timestamp, PandasTimedelta, PandasNull, frame.PeriodValue:
				return c
			}
		}
	case ndarray.Datetime64:
		switch {
		case v.IsNaT():
			return PandasNull("NaT")
		case v.Unit.Num == 1 && unitsPerSecond[v.Unit.Base] != 0:
			return Timestamp{Value: v.Value, Unit: v.Unit.Base}
		}
		return datetimeItem(v)
	case ndarray.Timedelta64:
		switch {
		case v.IsNaT():
			return PandasNull("NaT")
		case v.Unit.Num == 1 && unitsPerSecond[v.Unit.Base] != 0:
			return PandasTimedelta{Value: v.Value, Unit: v.Unit.Base}
		}
		return timedeltaItem(v)
	case *apd.Decimal:
		return Decimal(v.String())
	case time.Time:
		return NewDatetime(v)
	case time.Duration:
		return NewTimedelta(v)
	case [2]any:
		return written.Tuple{pandasObject(v[0]), pandasObject(v[1])}
	case []any:
		list := make(types.List, len(v))
		for i, e := range v {
			list[i] = pandasObject(e)
		}
		return &list
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = pandasObject(e)
		}
		return m
	}
	return v
}

// chosenDType returns the name by which pandas chooses the dtype of a text column. It returns ""
// for any other column, and for text whose dtype tells how it is stored.
func chosenDType(s *frame.Series) string {
	switch s.Kind {
	case frame.Text:
		if s.DType == "string" || strings.HasSuffix(s.DType, "string[pyarrow]") {
			return "string"
		}
		return "str"
	case frame.Numpy:
		if s.DType == "str" || s.Values.DType().Kind() == ndarray.KindStr {
			return "str"
		}
	}
	return ""
}

// textIndex writes text as an index, which a block accepts as its values.
func (r *Reducers) textIndex(s *frame.Series, dtype string, name any) (any, error) {
	var content any
	if texts, err := frame.Values[string](s); err == nil {
		content = texts
	} else {
		list := make(types.List, s.Len())
		for i := range list {
			if !s.IsNull(i) {
				list[i] = pandasObject(s.At(i))
			}
		}
		content = &list
	}
	data := r.plainArray(ndarray.ObjectDType(), []int{s.Len()}, content)
	return call(newIndex, indexClass("base", "Index"),
		dictOf("data", data, "dtype", dtype, "name", name)), nil
}

// maskedArrays is pandas' nullable array for each kind, as module.Class below pandas.core.arrays.
var maskedArrays = map[ndarray.Kind]string{
	ndarray.KindInt: "integer.IntegerArray", ndarray.KindUint: "integer.IntegerArray",
	ndarray.KindFloat: "floating.FloatingArray", ndarray.KindBool: "boolean.BooleanArray",
}

// maskedValues writes a nullable array.
func (r *Reducers) maskedValues(s *frame.Series) (any, error) {
	a := s.Values
	if a.DType().Kind() == ndarray.KindFloat && a.DType().ItemSize() == 2 {
		wide, err := ndarray.Values[float32](a) // pandas has no nullable float16
		if err != nil {
			return nil, err
		}
		if a, err = ndarray.FromSlice(wide); err != nil {
			return nil, err
		}
	}
	class, ok := maskedArrays[a.DType().Kind()]
	if !ok || a.DType().ItemSize() > 8 {
		return r.objects(s), nil
	}
	mask := make([]bool, s.Len())
	for i, v := range s.Valid {
		mask[i] = !v
	}
	missing, err := ndarray.FromSlice(mask)
	if err != nil {
		return nil, err
	}
	data, err := r.writeable(a)
	if err != nil {
		return nil, err
	}
	state := dictOf("_data", data, "_mask", missing)
	if a.DType().Kind() == ndarray.KindBool {
		*state = append(*state, *dictOf("_dtype", call(pyName("pandas.core.arrays.boolean",
			"BooleanDtype")))...)
	}
	return newInstance(className("pandas.core.arrays."+class), state), nil
}

// isClockTime reports whether s is a column of Arrow's time32 or time64: times since midnight.
func isClockTime(s *frame.Series) bool {
	return s.Kind == frame.Timedelta && (strings.HasPrefix(s.DType, "time32[") ||
		strings.HasPrefix(s.DType, "time64["))
}

// clockTimes writes times of day as datetime.time.
func (r *Reducers) clockTimes(s *frame.Series) (any, error) {
	list := make(types.List, s.Len())
	for i := range list {
		if s.IsNull(i) {
			continue
		}
		d, _ := s.At(i).(ndarray.Timedelta64)
		t, ok := TimeOfDay(d)
		if !ok {
			return nil, pickle.Unsupported("a time of day of %T", s.At(i))
		}
		list[i] = t
	}
	return r.plainArray(ndarray.ObjectDType(), []int{len(list)}, &list), nil
}

// pandasUnit returns the unit of a datetime64 or timedelta64, or "" if pandas does not have it.
func pandasUnit(dt *ndarray.DType) string {
	u := dt.Unit()
	if u.Num == 1 && unitsPerSecond[u.Base] != 0 {
		return u.Base
	}
	return ""
}

// timeValues writes datetimes and timedeltas. Without a zone they are an array of NumPy, which
// blocks of all versions hold.
func (r *Reducers) timeValues(s *frame.Series) (any, error) {
	dt := s.Values.DType()
	if isClockTime(s) {
		return r.clockTimes(s)
	}
	if pandasUnit(dt) == "" {
		if s.Kind == frame.Datetime && dt.Unit().Base == "D" {
			return r.objects(s), nil // dates
		}
		return nil, pickle.Unsupported("a pandas column of dtype %s", dt)
	}
	if s.TZ == "" && !isArrayOf(s, "DatetimeArray", "TimedeltaArray") {
		a, err := withNaT(s)
		if err != nil {
			return nil, err
		}
		return r.writeable(a)
	}
	if s.Kind == frame.Timedelta {
		return r.timeArray(s, "TimedeltaArray")
	}
	return r.timeArray(s, "DatetimeArray")
}

// isArrayOf reports whether s is an extension array outside of a frame, of one of the classes.
func isArrayOf(s *frame.Series, names ...string) bool {
	class, ok := pandasClass(s.Class)
	for _, name := range names {
		if ok && s.Index == nil && (class == name || strings.HasPrefix(class, "__pyx_unpickle_")) {
			return true
		}
	}
	return false
}

// timeArray writes a DatetimeArray or TimedeltaArray.
func (r *Reducers) timeArray(s *frame.Series, class string) (any, error) {
	if pandasUnit(s.Values.DType()) == "" {
		return nil, pickle.Unsupported("a pandas %s of dtype %s", class, s.Values.DType())
	}
	a, err := withNaT(s)
	if err != nil {
		return nil, err
	}
	data, err := r.writeable(a)
	if err != nil {
		return nil, err
	}
	var dtype any = a.DType()
	if s.TZ != "" {
		dtype = call(pyName("pandas.core.dtypes.dtypes", "DatetimeTZDtype"), pandasUnit(a.DType()),
			namedZone(s))
	}
	module := "pandas.core.arrays.datetimes"
	if class == "TimedeltaArray" {
		module = "pandas.core.arrays.timedeltas"
	}
	freq, _ := offset(s.Freq) // nil if it has no alias; freq changes no value
	return newInstance(pyName(module, class), dictOf("_data", data, "_dtype", dtype, "_freq",
		freq)), nil
}

// withNaT returns the values, with NaT for those that are missing.
func withNaT(s *frame.Series) (*ndarray.Array, error) {
	if s.Valid == nil {
		return s.Values, nil
	}
	values, err := ndarray.Values[int64](s.Values)
	if err != nil {
		return nil, err
	}
	values = append([]int64(nil), values...)
	for i, v := range s.Valid {
		if !v {
			values[i] = math.MinInt64
		}
	}
	a, err := ndarray.FromSlice(values)
	if err != nil {
		return nil, err
	}
	data, err := a.Bytes()
	if err != nil {
		return nil, err
	}
	return ndarray.New(s.Values.DType().NewByteOrder(ndarray.NativeEndian), []int{len(values)},
		ndarray.OrderC, data)
}

// categoricalValues writes a Categorical.
func (r *Reducers) categoricalValues(s *frame.Series) (any, error) {
	codes, err := narrowCodes(s.Values, s.Categories.Len())
	if err != nil {
		return nil, err
	}
	dtype := newInstance(pyName("pandas.core.dtypes.dtypes", "CategoricalDtype"),
		dictOf("categories", s.Categories, "ordered", s.Ordered))
	return newInstance(pyName("pandas.core.arrays.categorical", "Categorical"),
		dictOf("_codes", codes, "_dtype", dtype)), nil
}

// narrowCodes returns codes in the dtype that pandas uses for n categories.
//
// Reference: pandas/core/dtypes/cast.py, coerce_indexer_dtype.
func narrowCodes(a *ndarray.Array, n int) (any, error) {
	size := 8
	switch {
	case n < math.MaxInt8:
		size = 1
	case n < math.MaxInt16:
		size = 2
	case n < math.MaxInt32:
		size = 4
	}
	if a.DType().ItemSize() == size {
		return a, nil
	}
	switch size {
	case 1:
		return converted[int8](a)
	case 2:
		return converted[int16](a)
	case 4:
		return converted[int32](a)
	}
	return converted[int64](a)
}

// converted returns the values of an array as an array of T.
func converted[T ndarray.Element](a *ndarray.Array) (any, error) {
	values, err := ndarray.Values[T](a)
	if err != nil {
		return nil, err
	}
	return ndarray.FromSlice(values)
}

// sparseValues writes a SparseArray.
func (r *Reducers) sparseValues(s *frame.Series) (any, error) {
	positions, err := ndarray.FromSlice(s.Positions)
	if err != nil {
		return nil, err
	}
	data, err := r.writeable(s.Values)
	if err != nil {
		return nil, err
	}
	index := call(pyName("pandas._libs.sparse", "IntIndex"), s.Length, positions)
	// The module of SparseDtype changed in 2.1, its public name has not since 0.24.
	dtype := call(pyName("pandas", "SparseDtype"), s.Values.DType(), pandasObject(s.FillValue))
	return newInstance(pyName("pandas.core.arrays.sparse.array", "SparseArray"),
		dictOf("_sparse_index", index, "_sparse_values", data, "_dtype", dtype)), nil
}
