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
	// Numpy: Values has the elements: bool, ints, floats, complex, object, S, U.
	Numpy Kind = iota
	// Masked: pandas' nullable integers, floats and booleans. Values has the elements, and Valid
	// says which of them are not missing.
	Masked
	// Datetime: Values is datetime64. If TZ is set, the values are instants in UTC.
	Datetime
	// Timedelta: Values is timedelta64. If DType is Arrow's time32 or time64, it is the time since
	// midnight.
	Timedelta
	// Period: Values has int64 ordinals, counted in the base unit of Freq.
	Period
	// Categorical: Values has integer codes, which are indexes into Categories; -1 means missing.
	Categorical
	// Interval: Left and Right have the bounds, and Closed says which sides are closed.
	Interval
	// Sparse: Values has the elements at Positions. All other elements are FillValue.
	Sparse
	// Text: Text has strings in Arrow's layout.
	Text
	// Object: Items has one Go value for each element: []byte, *apd.Decimal or uuid.UUID; for
	// Arrow's nested types []any for a list, map[string]any for a struct and []any of [2]any for a
	// map; for a column of GeoPandas, whose DType is "geometry", *reconstruct.Geometry.
	Object
	// Opaque: an extension array that this module does not read. Raw has its object.
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

// A Series is a one-dimensional array with a name: pandas' Series. It is a column of a [Frame], the
// values of an [Index], or a value of its own, with its labels in Index. It is safe for concurrent
// reads.
type Series struct {
	// Name is the label of the column: usually a string, but in Python any hashable value (such as
	// an int, or a tuple, which is a []any here). It is nil if there is none.
	Name any
	// DType is pandas' name of the dtype: "int64", "Int64", "category",
	// "datetime64[ns, Europe/Paris]", "string", "str", "object"...
	DType string
	Kind  Kind
	// Values has the shape (Len(),), except that for Sparse it has one element for each position.
	// It is nil for Interval, Text, Object and Opaque. If the layout allows it, it is a view of the
	// block in the pickle.
	Values *ndarray.Array
	// Valid has Len() entries, which are false for missing values. It is nil if no value is missing,
	// or if missing values have a special value (NaN, NaT, None, a code of -1).
	Valid []bool

	Categories *Index // of a Categorical
	Ordered    bool   // of a Categorical
	TZ         string // of a Datetime: the zone's key, "UTC", or an offset "+01:30"; "" if naive
	// Freq is the frequency of a Period, or of a Datetime if it is known, as pandas' alias, such as
	// "M" or "2D".
	Freq   string
	CRS    string // of geometries: their coordinate reference system as text, or ""
	Closed string // of an Interval: "left", "right", "both" or "neither"

	Left, Right *Series // of an Interval

	Positions []int32 // of a Sparse, in ascending order
	FillValue any     // of a Sparse
	Length    int     // of a Sparse or an Opaque

	Text  *Strings // of a Text
	Items []any    // of an Object
	Raw   any      // of an Opaque

	// Index has the labels of a Series by itself. It is nil for a column of a Frame.
	Index *Index
	// Class is "module.name" of the Python class of a Series by itself.
	Class string
	// Attrs is the dict of user-defined attributes, pandas' attrs. It is nil if empty.
	Attrs map[string]any
	// UniqueLabels is as in [Frame].
	UniqueLabels bool
	// Extra has the attributes that a subclass of Series adds. It is nil if there are none.
	Extra map[string]any

	origin any // the type of an array of pyarrow, see framehook
}

// Len returns the number of elements. It is 0 for a series without the fields that its kind needs.
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

// IsNull reports whether element i is missing, as pandas' isna does: None, NaN, NaT, NA, a code of
// -1, or false in Valid. Like the index of a slice, a bad i panics.
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

// At returns element i as a Go value. It is nil if Valid is false, the category for a Categorical,
// an [IntervalValue] for an Interval, a [PeriodValue] for a Period, a string for Text, and
// otherwise the element of Values. For a Datetime with a time zone it is the time.Time in that
// zone, as in [Series.Time] and [Column], or nil for NaT; if time.Time cannot hold the instant, or
// the zone is not known, it is the [ndarray.Datetime64] in UTC. For a Datetime without a zone it is
// always the [ndarray.Datetime64]. Like the index of a slice, an i outside [0, Len()) panics.
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

// An IntervalValue is an element of an Interval series.
type IntervalValue struct {
	Left, Right any
	Closed      string // "left", "right", "both" or "neither"
}

// A PeriodValue is an element of a Period series: Ordinal units since 1970, where the unit is the
// base unit of Freq (days for "2D").
type PeriodValue struct {
	Ordinal int64
	Freq    string
}

// Strings is a column of text in Arrow's layout: element i is Data[Offsets[i]:Offsets[i+1]]. It
// shares the memory of the buffers in the pickle.
type Strings struct {
	// Either Offsets32 or Offsets64 is set, for Arrow's string or large_string.
	Offsets32 []int32
	Offsets64 []int64
	Data      []byte
	// Validity is Arrow's bitmap, least significant bit first, in which 1 means valid. The bit of
	// element 0 is at BitOffset. Validity is nil if no element is missing.
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

// At returns a copy of string i, or "" if it is missing. Like the index of a slice, a bad i panics.
func (t *Strings) At(i int) string { return string(t.Bytes(i)) }

// Bytes returns string i without a copy. The caller must not modify it. A bad i panics.
func (t *Strings) Bytes(i int) []byte {
	if t.IsNull(i) {
		return nil
	}
	if t.Offsets64 != nil {
		return t.Data[t.Offsets64[i]:t.Offsets64[i+1]]
	}
	return t.Data[t.Offsets32[i]:t.Offsets32[i+1]]
}

// all returns all strings. They share one copy of the data.
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
