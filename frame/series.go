package frame

import (
	"math"
	"math/big"

	"github.com/unpkl/unpkl/internal/framehook"
	"github.com/unpkl/unpkl/ndarray"
)

// Kind says how a Series stores its values.
type Kind uint8

const (
	// Numpy: Values holds the elements: bool, ints, floats, complex, object, S, U.
	Numpy Kind = iota
	// Masked: pandas' nullable integers, floats and booleans; Values holds the
	// elements, Valid says which of them mean anything.
	Masked
	// Datetime: Values is datetime64; UTC instants where TZ is set.
	Datetime
	// Timedelta: Values is timedelta64; since midnight where DType is Arrow's time32 or time64.
	Timedelta
	// Period: Values holds int64 ordinals, counted in the base unit of Freq.
	Period
	// Categorical: Values holds integer codes into Categories; -1 is missing.
	Categorical
	// Interval: Left and Right hold the bounds, Closed the closed side.
	Interval
	// Sparse: Values holds the elements at Positions; FillValue is everywhere else.
	Sparse
	// Text: Text holds strings as Arrow lays them out.
	Text
	// Object: Items holds one Go value an element: []byte, *apd.Decimal, uuid.UUID, and of Arrow's
	// nested types []any for a list, map[string]any for a struct and []any of [2]any for a map; of
	// a column of GeoPandas, whose DType is "geometry", *reconstruct.Geometry.
	Object
	// Opaque: an extension array that no rule is known for; Raw holds it as read.
	Opaque
)

var kindNames = [...]string{
	"numpy", "masked", "datetime", "timedelta", "period", "categorical", "interval", "sparse",
	"text", "object", "opaque",
}

// String returns the name of the kind in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Series is a one-dimensional array with a name, as pandas' Series: a column of
// a [Frame], the values of an [Index], or a value of its own, and then Index
// holds its labels. A Series is safe for concurrent reads.
type Series struct {
	// Name is the column's label: a string nearly always, but any hashable in
	// Python (an int, a tuple as []any); nil where there is none.
	Name any
	// DType is the name that pandas gives the dtype: "int64", "Int64",
	// "category", "datetime64[ns, Europe/Paris]", "string", "str", "object"...
	DType string
	Kind  Kind
	// Values has shape (Len(),) but for Sparse, where it has one element a
	// position; nil for Interval, Text, Object and Opaque. It is a view of the
	// block that the pickle holds wherever the block's layout allows.
	Values *ndarray.Array
	// Valid has Len() entries, false where the value is missing; nil where the
	// values themselves say so (NaN, NaT, None, a code of -1) or none is missing.
	Valid []bool

	Categories *Index // of a Categorical
	Ordered    bool   // of a Categorical
	TZ         string // of a Datetime: the zone's key, "UTC", or an offset "+01:30"; "" if naive
	// of a Period (always) or Datetime (where known): pandas' alias, such as "M" or "2D"
	Freq   string
	CRS    string // of geometries: their coordinate reference system as text, "" if not known
	Closed string // of an Interval: "left", "right", "both" or "neither"

	Left, Right *Series // of an Interval

	Positions []int32 // of a Sparse, rising
	FillValue any     // of a Sparse
	Length    int     // of a Sparse or an Opaque

	Text  *Strings // of a Text
	Items []any    // of an Object
	Raw   any      // of an Opaque

	// Index holds the labels of a Series that stands by itself; nil in a Frame.
	Index *Index
	// Class is "module.name" of the Python class of a Series that stands by itself.
	Class string
	// Attrs is pandas' user-defined attrs dict, nil if empty.
	Attrs map[string]any
	// UniqueLabels is as in [Frame].
	UniqueLabels bool
	// Extra holds the attributes that a subclass of Series adds, nil if none.
	Extra map[string]any

	origin any // the type of an array of pyarrow, see framehook
}

// Len returns the number of elements, 0 of a series without what its kind stores them in.
func (s *Series) Len() int {
	switch {
	case s.Kind == Sparse || s.Kind == Opaque:
		return s.Length
	case s.Kind == Object:
		return len(s.Items)
	case s.Kind == Interval && s.Left != nil:
		return s.Left.Len()
	case s.Kind == Text && s.Text != nil:
		return s.Text.Len()
	case s.Kind != Interval && s.Kind != Text && s.Values != nil:
		return s.Values.Size()
	}
	return 0
}

// IsNull reports whether element i is missing, as pandas' isna does: None, NaN,
// NaT, NA, a code of -1, an entry that Valid excludes. It panics where there is no element i, as an
// index of a slice does.
func (s *Series) IsNull(i int) bool {
	if s.Valid != nil {
		return !s.Valid[i]
	}
	switch s.Kind {
	case Text:
		return s.Text.IsNull(i)
	case Categorical:
		code, err := s.code(i)
		return err != nil || code < 0 || s.Categories.IsNull(code)
	case Interval:
		return s.Left.IsNull(i)
	case Period:
		v, _ := s.Values.At(i).(int64)
		return v == math.MinInt64
	}
	return isNull(s.At(i))
}

func isNull(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case float64:
		return v != v
	case float32:
		return v != v
	case ndarray.Float16:
		return v.Float32() != v.Float32()
	case ndarray.Datetime64:
		return v.IsNaT()
	case ndarray.Timedelta64:
		return v.IsNaT()
	case string, bool, int, *big.Int:
		return false
	}
	return framehook.IsMissing != nil && framehook.IsMissing(v)
}

func (s *Series) code(i int) (int, error) {
	switch c := s.Values.At(i).(type) {
	case int8:
		return int(c), nil
	case int16:
		return int(c), nil
	case int32:
		return int(c), nil
	case int64:
		return int(c), nil
	}
	return 0, errorf("codes of dtype %v", s.Values.DType())
}

// At returns element i as a Go value: nil where Valid excludes it, else the
// element of Values; the category of a Categorical, an [IntervalValue], the
// [PeriodValue] of a Period, a string of Text. Of a Datetime with a time zone it is the
// time.Time in that zone, as [Series.Time] and [Column] give it, nil for NaT; an instant that
// time.Time has not, or one in a zone that is not known, is the [ndarray.Datetime64] in UTC, as
// all are in a series without a zone. It panics where i is outside [0, Len()), as indexing a
// slice does.
func (s *Series) At(i int) any {
	if s.Valid != nil && !s.Valid[i] {
		return nil
	}
	switch s.Kind {
	case Categorical:
		code, err := s.code(i)
		if err != nil || code < 0 {
			return nil
		}
		return s.Categories.At(code)
	case Interval:
		if s.Left.IsNull(i) {
			return nil
		}
		return IntervalValue{Left: s.Left.At(i), Right: s.Right.At(i), Closed: s.Closed}
	case Period:
		v, _ := s.Values.At(i).(int64)
		if v == math.MinInt64 {
			return nil
		}
		return PeriodValue{Ordinal: v, Freq: s.Freq}
	case Sparse:
		return s.sparseAt(i)
	case Text:
		if s.Text.IsNull(i) {
			return nil
		}
		return s.Text.At(i)
	case Object:
		return s.Items[i]
	case Opaque:
		return nil
	case Datetime:
		if s.TZ != "" {
			return s.zonedAt(i)
		}
	}
	return s.Values.At(i)
}

// zonedAt is At for a series with a time zone.
func (s *Series) zonedAt(i int) any {
	v := s.Values.At(i)
	d, ok := v.(ndarray.Datetime64)
	if !ok {
		return v
	}
	if d.IsNaT() {
		return nil
	}
	loc, err := s.Location()
	if err != nil {
		return v
	}
	t, err := d.Time()
	if err != nil {
		return v
	}
	return t.In(loc)
}

func (s *Series) sparseAt(i int) any {
	if i < 0 || i >= s.Length {
		panic(errorf("index %d outside a series of %d elements", i, s.Length))
	}
	lo, hi := 0, len(s.Positions)
	for lo < hi {
		mid := (lo + hi) / 2
		if int(s.Positions[mid]) < i {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(s.Positions) && int(s.Positions[lo]) == i {
		return s.Values.At(lo)
	}
	return s.FillValue
}

// IntervalValue is one element of an Interval series.
type IntervalValue struct {
	Left, Right any
	Closed      string // "left", "right", "both" or "neither"
}

// PeriodValue is one element of a Period series: Ordinal units of Freq's base
// unit since 1970 (a 2D period counts days).
type PeriodValue struct {
	Ordinal int64
	Freq    string
}

// Strings is a text column in Arrow's layout: element i is
// Data[Offsets[i]:Offsets[i+1]]. It aliases the buffers of the pickle.
type Strings struct {
	// Offsets32 or Offsets64 is set: Arrow's string and large_string.
	Offsets32 []int32
	Offsets64 []int64
	Data      []byte
	// Validity is Arrow's bitmap, least significant bit first, 1 is valid,
	// beginning at bit BitOffset; nil if none is missing.
	Validity  []byte
	BitOffset int
}

// Len returns the number of strings.
func (t *Strings) Len() int {
	if t.Offsets64 != nil {
		return max(len(t.Offsets64)-1, 0)
	}
	return max(len(t.Offsets32)-1, 0)
}

// IsNull reports whether string i is missing.
func (t *Strings) IsNull(i int) bool {
	if t.Validity == nil {
		return false
	}
	bit := t.BitOffset + i
	return t.Validity[bit>>3]>>(bit&7)&1 == 0
}

// At returns string i, a copy; "" where it is missing. It panics where there is no string i, as an
// index of a slice does.
func (t *Strings) At(i int) string { return string(t.Bytes(i)) }

// Bytes returns string i without a copy: the caller must not modify it. It panics as At does.
func (t *Strings) Bytes(i int) []byte {
	if t.IsNull(i) {
		return nil
	}
	if t.Offsets64 != nil {
		return t.Data[t.Offsets64[i]:t.Offsets64[i+1]]
	}
	return t.Data[t.Offsets32[i]:t.Offsets32[i+1]]
}

// all returns the strings, which share one copy of the data.
func (t *Strings) all() []string {
	data := string(t.Data)
	out := make([]string, t.Len())
	for i := range out {
		if t.Offsets64 != nil {
			out[i] = data[t.Offsets64[i]:t.Offsets64[i+1]]
		} else {
			out[i] = data[t.Offsets32[i]:t.Offsets32[i+1]]
		}
	}
	return out
}
