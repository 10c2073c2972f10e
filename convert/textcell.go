package convert

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"time"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/delimited"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/reconstruct"
)

func appendInt(b []byte, n int64) []byte   { return strconv.AppendInt(b, n, 10) }
func appendUint(b []byte, n uint64) []byte { return strconv.AppendUint(b, n, 10) }

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, "True"...)
	}
	return append(b, "False"...)
}

// appendComplex appends a complex number as Python's str writes it: "(1+2j)".
func appendComplex(b []byte, c complex128) []byte {
	part := func(b []byte, x float64) []byte {
		return bytes.TrimSuffix(delimited.AppendRepr(b, x, 64), []byte(".0"))
	}
	b = append(b, '(')
	b = part(b, real(c))
	if im := imag(c); !math.Signbit(im) || math.IsNaN(im) {
		b = append(b, '+')
	}
	b = part(b, imag(c))
	return append(b, "j)"...)
}

// cellText returns the text of a value, as Python's str does.
func cellText(v any) (string, bool) {
	switch x := v.(type) {
	case ndarray.Datetime64:
		return x.String(), true
	case ndarray.Timedelta64:
		return strconv.FormatInt(x.Value, 10), true
	case time.Time:
		return pandasTime(x), true
	case float32:
		return string(delimited.AppendRepr(nil, float64(x), 32)), true
	case ndarray.Float16:
		return x.String(), true
	case ndarray.LongDouble:
		return x.String(), true
	case frame.PeriodValue:
		return x.String(), true
	case frame.IntervalValue:
		return intervalText(x)
	case *reconstruct.Datetime: // str of it, not isoformat
		return x.String(), true
	}
	if s, ok := scalarOf(v); ok {
		switch x := s.(type) {
		case nil:
			return "", true
		case string:
			return x, true
		case bool:
			return string(appendBool(nil, x)), true
		case int64:
			return strconv.FormatInt(x, 10), true
		case *big.Int:
			return x.String(), true
		case float64:
			return string(delimited.AppendRepr(nil, x, 64)), true
		case complex128:
			return string(appendComplex(nil, x)), true
		}
		return "", false
	}
	if text, ok := pyvalue.TextOf(v); ok {
		return text, true
	}
	// Containers come before what has a String method: gopickle's follows a cycle without end.
	if text, ok := containerText(v); ok || pyvalue.IsContainer(v) {
		return text, ok
	}
	if s, ok := v.(fmt.Stringer); ok {
		return s.String(), true
	}
	return "", false
}

// intervalText is "(0, 1]".
func intervalText(v frame.IntervalValue) (text string, ok bool) {
	left, okLeft := cellText(v.Left)
	right, okRight := cellText(v.Right)
	open, end := "(", ")"
	if v.Closed == "left" || v.Closed == "both" {
		open = "["
	}
	if v.Closed == "right" || v.Closed == "both" {
		end = "]"
	}
	return open + left + ", " + right + end, okLeft && okRight
}

// tableColumn returns a function that appends the elements of a column as to_csv writes them. path
// is the place of the column in the document, or "" for the index.
func (t *Text) tableColumn(d *document, s *frame.Series, path string, delimiter byte) (appendCell,
	error) {
	switch s.DType {
	case "int64", "float64", "bool", "str", "object", "string":
	default:
		where := "at " + path
		if path == "" {
			where = "of the index"
		}
		d.warning(fmt.Sprintf("%s keeps no dtype: %s %s is text", d.format.Name, s.DType, where))
	}
	switch s.Kind {
	case frame.Numpy:
		if !s.Values.HasObject() && s.Values.DType().Kind() != ndarray.KindStr {
			return t.numbers(s)
		}
	case frame.Masked:
		c, err := t.elements(s.Values)
		if err != nil {
			return nil, err
		}
		return func(b []byte, i int) []byte {
			if s.Valid != nil && !s.Valid[i] {
				return append(b, t.Null...)
			}
			return c(b, i)
		}, nil
	case frame.Text:
		return func(b []byte, i int) []byte {
			if s.Text.IsNull(i) {
				return append(b, t.Null...)
			}
			return delimited.AppendField(b, s.Text.Bytes(i), delimiter)
		}, nil
	case frame.Datetime:
		return t.times(s, delimiter), nil
	case frame.Timedelta:
		return t.timedeltas(s, delimiter), nil
	case frame.Categorical:
		return t.categories(d, s, path, delimiter)
	}
	return t.objects(d, s, path, delimiter)
}

// numbers is tableColumn for NumPy's numbers; NaN is missing.
func (t *Text) numbers(s *frame.Series) (appendCell, error) {
	c, err := t.elements(s.Values)
	if err != nil || s.Values.DType().Kind() != ndarray.KindFloat {
		return c, err
	}
	floats, err := ndarray.Values[float64](s.Values)
	if err != nil {
		return nil, err
	}
	return func(b []byte, i int) []byte {
		if math.IsNaN(floats[i]) {
			return append(b, t.Null...)
		}
		return c(b, i)
	}, nil
}

// categories is tableColumn for categorical columns. The text of each category is made once.
func (t *Text) categories(d *document, s *frame.Series, path string,
	delimiter byte) (appendCell, error) {
	items := make([]any, s.Categories.Len())
	for i := range items {
		items[i] = s.Categories.At(i)
	}
	c, err := t.objects(d, objectColumn(nil, items), path, delimiter)
	if err != nil {
		return nil, err
	}
	codes, err := ndarray.Values[int64](s.Values)
	if err != nil {
		return nil, err
	}
	return func(b []byte, i int) []byte {
		if codes[i] < 0 || codes[i] >= int64(len(items)) {
			return append(b, t.Null...)
		}
		return c(b, int(codes[i]))
	}, nil
}

// objects is tableColumn for other columns.
func (t *Text) objects(d *document, s *frame.Series, path string,
	delimiter byte) (appendCell, error) {
	out := make([]string, s.Len())
	for i := range out {
		if s.IsNull(i) {
			out[i] = t.Null
			continue
		}
		text, ok := cellText(s.At(i))
		if !ok {
			err := d.loss(path, fmt.Sprintf("an element of type %s", pyvalue.Describe(s.At(i))),
				KindObject)
			if err != nil {
				return nil, err
			}
			text = texts.Sprint(s.At(i))
		}
		out[i] = text
	}
	return func(b []byte, i int) []byte {
		return delimited.AppendField(b, []byte(out[i]), delimiter)
	}, nil
}

// times is tableColumn for datetimes. Without a time zone all have the layout that the most precise
// one needs; with a time zone each has its own.
//
// Reference: pandas/_libs/tslib.pyx, format_array_from_datetime.
func (t *Text) times(s *frame.Series, delimiter byte) appendCell {
	layout := "2006-01-02"
	for i := range s.Len() {
		if at, ok := s.Time(i); ok {
			layout = max(layout, timeLayout(at))
		}
	}
	return func(b []byte, i int) []byte {
		if s.IsNull(i) {
			return append(b, t.Null...)
		}
		at, ok := s.Time(i)
		switch {
		case !ok:
			text, _ := cellText(s.At(i))
			return delimited.AppendField(b, []byte(text), delimiter)
		case s.TZ != "":
			return delimited.AppendField(b, []byte(pandasTime(at)), delimiter)
		}
		return delimited.AppendField(b, []byte(at.Format(layout)), delimiter)
	}
}

// timeLayout returns the shortest layout that shows all of a time. A longer layout compares greater
// as a string.
func timeLayout(at time.Time) string {
	layout := "2006-01-02 15:04:05"
	switch n := at.Nanosecond(); {
	case n%1000 != 0:
		return layout + ".000000000"
	case n%1000_000 != 0:
		return layout + ".000000"
	case n != 0:
		return layout + ".000"
	case at.Hour()|at.Minute()|at.Second() == 0:
		return layout[:10]
	}
	return layout
}

// pandasTime returns str() of a Timestamp with a time zone.
func pandasTime(at time.Time) string {
	layout := "2006-01-02 15:04:05"
	switch n := at.Nanosecond(); {
	case n%1000 != 0:
		layout += ".000000000"
	case n != 0:
		layout += ".000000"
	}
	return at.Format(layout + "-07:00")
}

// timedeltas is tableColumn for timedeltas. If all are whole days, they are written as days only.
func (t *Text) timedeltas(s *frame.Series, delimiter byte) appendCell {
	whole := true
	for i := range s.Len() {
		if td, ok := s.At(i).(ndarray.Timedelta64); ok && !td.IsNaT() {
			d, err := td.Duration()
			whole = whole && err == nil && d%(24*time.Hour) == 0
		}
	}
	return func(b []byte, i int) []byte {
		td, ok := s.At(i).(ndarray.Timedelta64)
		if !ok || td.IsNaT() {
			return append(b, t.Null...)
		}
		d, err := td.Duration()
		if err != nil {
			return delimited.AppendField(b, []byte(td.String()), delimiter)
		}
		return appendTimedelta(b, d, whole)
	}
}

// appendTimedelta appends str() of a Timedelta; whole leaves out the time of day.
//
// Reference: pandas/_libs/tslibs/timedeltas.pyx, _Timedelta._repr_base.
func appendTimedelta(b []byte, d time.Duration, whole bool) []byte {
	const day = 24 * time.Hour
	days := d / day
	rest := d % day
	if rest < 0 {
		days, rest = days-1, rest+day
	}
	b = strconv.AppendInt(b, int64(days), 10)
	b = append(b, " days"...)
	if whole {
		return b
	}
	sign := " "
	if days < 0 {
		sign = " +"
	}
	b = fmt.Appendf(b, "%s%02d:%02d:%02d", sign, rest/time.Hour, rest/time.Minute%60,
		rest/time.Second%60)
	switch n := rest % time.Second; {
	case n%1000 != 0:
		b = fmt.Appendf(b, ".%09d", n)
	case n != 0:
		b = fmt.Appendf(b, ".%06d", n/1000)
	}
	return b
}

// timeLayouts are the layouts in which parseTime accepts a time.
var timeLayouts = []string{
	"2006-01-02", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999Z07:00",
	"2006-01-02 15:04",
	"2006-01-02T15:04", "2006/01/02", "2006-01", "20060102",
}

// parseTime parses a time in one of the forms of ISO 8601.
func parseTime(text string) (time.Time, bool) {
	for _, layout := range timeLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// datesOf returns a column of text as times; missing ones are NaT.
func datesOf(s *frame.Series) (*frame.Series, error) {
	if s.Kind != frame.Text {
		return nil, malformed("column %s is no text of dates", texts.Sprint(s.Name))
	}
	times := make([]*time.Time, s.Len())
	zoned := false
	for i := range times {
		if s.IsNull(i) {
			continue
		}
		text := s.Text.At(i)
		at, ok := parseTime(text)
		if !ok {
			return nil, malformed("row %d of column %s: %q is no date", i,
				texts.Sprint(s.Name), text)
		}
		zoned = zoned || at.Location() != time.UTC
		times[i] = &at
	}
	out, err := frame.NewSeries("", times)
	if err != nil {
		return nil, err
	}
	if !zoned && !slices.ContainsFunc(times, func(t *time.Time) bool {
		return t != nil && t.Location() != time.UTC
	}) {
		out = out.WithZone("")
		out.DType = "datetime64[ns]"
	}
	out.Name = s.Name
	return out, nil
}

// parseDatetime parses an element of a datetime64 array.
func parseDatetime(unit ndarray.DatetimeUnit, text string) (any, error) {
	if text == "NaT" {
		return ndarray.Datetime64{Value: ndarray.NaT, Unit: unit}, nil
	}
	at, ok := parseTime(text)
	if !ok {
		return nil, malformed("%q is no date", text)
	}
	num := int64(max(unit.Num, 1))
	per := map[string]int64{"D": 86400 * 1e9, "h": 3600 * 1e9, "m": 60 * 1e9, "s": 1e9, "ms": 1e6,
		"us": 1e3, "ns": 1}[unit.Base]
	if per == 0 {
		return nil, unsupported("datetime64[%s] is not read from text", unit.Base)
	}
	ns := at.UnixNano()
	if time.Unix(0, ns).Unix() != at.Unix() || ns%(per*num) != 0 {
		return nil, malformed("%q does not fit datetime64[%s]", text, unit.Base)
	}
	return ndarray.Datetime64{Value: ns / (per * num), Unit: unit}, nil
}
