package reconstruct

import (
	"bytes"
	"slices"

	"math/big"
	"time"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// callScalar implements scalar(dtype, data).
//
// Reference: numpy/_core/src/multiarray/multiarraymodule.c, array_scalar.
func callScalar(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(1, 2); err != nil {
		return nil, err
	}
	dt, err := a.dtype(0, "dtype")
	if err != nil {
		return nil, err
	}
	if dt.HasObject() {
		return objectScalar(a, dt)
	}
	size := dt.ItemSize()
	if len(args) == 1 || args[1] == nil {
		// Data that is left out stands for zeros. The limit keeps memory in proportion to the file.
		if size > 32 {
			return nil, a.errorf("no data for dtype %s of itemsize %d", dt, size)
		}
		args = []any{dt, make([]byte, size)}
		a.vals = args
	}
	data, err := a.sized(1, "data", size)
	if err != nil {
		return nil, err
	}
	if c.resolver.owner != nil {
		data = bytes.Clone(data) // because the owner may release the memory
	}
	s, err := ndarray.NewScalar(dt, data)
	if err != nil {
		return nil, refused(a.fn, err)
	}
	return s, nil
}

// objectScalar returns a scalar whose data is Python objects: for dtype object the object itself,
// as in NumPy 1, and for a record with object fields a scalar made from a 0-d array.
func objectScalar(a argReader, dt *ndarray.DType) (any, error) {
	if len(a.vals) < 2 {
		return nil, a.errorf("no data for dtype %s", dt)
	}
	switch {
	case dt.Kind() == ndarray.KindObject:
		return a.vals[1], nil
	case dt.Kind() == ndarray.KindString:
		return nil, a.errorf("a scalar of dtype %s is a str, which no scalar() makes", dt)
	}
	arr, ok := a.vals[1].(*ndarray.Array)
	if !ok {
		// NumPy before 1.19 wrote the bytes of the pointers.
		return nil, a.wrong(1, "data", "a 0-d array of dtype "+dt.String())
	}
	if arr.NDim() != 0 || pending.IsArray(arr) || !arr.DType().Equal(dt) {
		return nil,
			a.errorf("data is an array of shape %v and dtype %s, want shape () and dtype %s",
				arr.Shape(), arr.DType(), dt)
	}
	elems, err := arr.Objects()
	if err != nil {
		return nil, refused(a.fn, err)
	}
	s, err := ndarray.NewObjectScalar(dt, elems[0])
	if err != nil {
		return nil, refused(a.fn, err)
	}
	return s, nil
}

// elementsOf converts the list that is the data of an array with objects into elements for package
// ndarray. The elements of an object array are not converted.
func elementsOf(fn string, dt *ndarray.DType, list []any) ([]any, error) {
	if dt.Kind() == ndarray.KindObject && allText(list) {
		return slices.Clip(list), nil
	}
	out := make([]any, len(list))
	if dt.Kind() == ndarray.KindObject {
		// The caller may later replace an element in the array, which must not change the list.
		copy(out, list)
		return out, nil
	}
	for i, v := range list {
		var ok bool
		if out[i], ok = elementOf(dt, v); !ok {
			return nil, pickle.Malformed("%s: element %d is %s, which does not fit dtype %s", fn, i,
				typeName(v), dt)
		}
	}
	return out, nil
}

// allText reports whether a list has only text and None. These are never replaced, so the array may
// share the list: the rest of the pickle can append to the list but cannot set its items.
func allText(list []any) bool {
	for _, v := range list {
		switch v.(type) {
		case nil, string:
		default:
			return false
		}
	}
	return true
}

// elementOf converts one element: the tuple of a record to []any, down to the depth of the dtype,
// and a datetime object in a datetime64 field to datetime64.
func elementOf(dt *ndarray.DType, v any) (any, bool) {
	fields := dt.Fields()
	switch {
	case dt.Kind() == ndarray.KindString:
		if b, ok := v.(pickle.Py2String); ok {
			return string(b), true
		}
		_, isText := v.(string)
		_, hasNA := dt.NA()
		return v, isText || hasNA
	case dt.Names() != nil && dt.Kind() == ndarray.KindVoid:
		t, ok := v.(*types.Tuple)
		if !ok || len(*t) != len(fields) {
			return nil, false
		}
		values := make([]any, len(fields))
		for i, f := range fields {
			if values[i], ok = elementOf(f.DType, (*t)[i]); !ok {
				return nil, false
			}
		}
		return values, true
	case dt.Kind() == ndarray.KindDatetime:
		return datetimeElement(dt.Unit(), v)
	case dt.Kind() == ndarray.KindTimedelta:
		return timedeltaElement(dt.Unit(), v)
	}
	if base, shape := dt.Subarray(); base != nil {
		if n, fits := product(shape); fits && n <= maxListedSubarray {
			return subarrayElement(base, shape, v)
		}
		return v, true
	}
	if s, ok := v.(*ndarray.Scalar); ok && !dt.HasObject() {
		return s.Value(), true
	}
	if b, ok := v.(*types.ByteArray); ok && !dt.HasObject() {
		return []byte(*b), true
	}
	return v, true
}

// maxListedSubarray limits the elements of a subarray given as nested lists, because one list may
// occur in it many times. NumPy itself writes an array.
const maxListedSubarray = 1 << 16

// subarrayElement converts the nested lists or tuples that NumPy accepts for a subarray. An array
// is kept as it is. The depth of the recursion is that of the shape.
func subarrayElement(base *ndarray.DType, shape []int, v any) (any, bool) {
	if len(shape) == 0 {
		return elementOf(base, v)
	}
	list, ok := items(v)
	if !ok {
		return v, true
	}
	if len(list) != shape[0] {
		return nil, false
	}
	out := make([]any, len(list))
	for i, e := range list {
		if out[i], ok = subarrayElement(base, shape[1:], e); !ok {
			return nil, false
		}
	}
	return out, true
}

// datetimeElement converts the result of datetime64.item(): a datetime, a date, an int for units
// that those cannot hold, or None for NaT.
func datetimeElement(unit ndarray.DatetimeUnit, v any) (any, bool) {
	at := ndarray.Datetime64{Value: ndarray.NaT, Unit: unit}
	ok := true
	switch v := v.(type) {
	case nil:
	case *Date:
		at.Value, ok = datetimeTicks(unit, &Datetime{Year: v.Year, Month: v.Month, Day: v.Day})
	case *Datetime:
		at.Value, ok = datetimeTicks(unit, v)
	case *ndarray.Scalar:
		return v.Value(), true
	default:
		var n int
		n, ok = asInt(v)
		at.Value = int64(n)
	}
	return at, ok
}

// timedeltaElement converts the result of timedelta64.item().
func timedeltaElement(unit ndarray.DatetimeUnit, v any) (any, bool) {
	d := ndarray.Timedelta64{Value: ndarray.NaT, Unit: unit}
	ok := true
	switch v := v.(type) {
	case nil:
	case Timedelta:
		d.Value, ok = ticks(unit, v.TotalMicroseconds())
	case *ndarray.Scalar:
		return v.Value(), true
	default:
		var n int
		n, ok = asInt(v)
		d.Value = int64(n)
	}
	return d, ok
}

// datetimeTicks returns d as a whole number of ticks of unit since 1970. ok is false if it is none.
func datetimeTicks(unit ndarray.DatetimeUnit, d *Datetime) (n int64, ok bool) {
	num := int64(max(unit.Num, 1))
	switch unit.Base {
	case "Y":
		return int64(d.Year-1970) / num, int64(d.Year-1970)%num == 0
	case "M":
		months := int64(d.Year-1970)*12 + int64(d.Month-1)
		return months / num, months%num == 0
	}
	t := time.Date(d.Year, time.Month(d.Month), d.Day, d.Hour, d.Minute, d.Second,
		d.Microsecond*1000, time.UTC)
	return ticks(unit, big.NewInt(t.UnixMicro()))
}

// unitMicroseconds is the length of each unit that is a whole number of microseconds.
var unitMicroseconds = map[string]int64{
	"W": 7 * 86_400e6, "D": 86_400e6, "h": 3_600e6, "m": 60e6, "s": 1e6, "ms": 1e3, "us": 1,
}

// ticks converts microseconds to a whole number of ticks of a unit. ok is false if it is none.
func ticks(unit ndarray.DatetimeUnit, us *big.Int) (n int64, ok bool) {
	size, ok := unitMicroseconds[unit.Base]
	if !ok {
		return 0, false
	}
	tick := new(big.Int).Mul(big.NewInt(size), big.NewInt(int64(max(unit.Num, 1))))
	quotient, remainder := new(big.Int).QuoRem(us, tick, new(big.Int))
	return quotient.Int64(), remainder.Sign() == 0 && quotient.IsInt64()
}
