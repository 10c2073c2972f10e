package reconstruct

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/framehook"
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// PandasNull is one of pandas' missing values, "NaT" or "<NA>", spelled as by str().
type PandasNull string

// String returns the text of Python's str().
func (n PandasNull) String() string { return string(n) }

// Plain returns nil.
func (n PandasNull) Plain() any { return nil }

// Timestamp is a pandas.Timestamp: Value counts units since 1970 in UTC.
type Timestamp struct {
	Value int64
	Unit  string // "s", "ms", "us" or "ns"
	TZ    any    // the time zone as read, or a *time.Location; nil if naive
}

// TimestampOf returns a datetime64 without a time zone as a Timestamp. ok is false for NaT and for
// units that pandas does not have.
func TimestampOf(d ndarray.Datetime64) (t Timestamp, ok bool) {
	if d.IsNaT() || d.Unit.Num != 1 || unitsPerSecond[d.Unit.Base] == 0 {
		return t, false
	}
	return Timestamp{Value: d.Value, Unit: d.Unit.Base}, true
}

// TimeOfDay converts a time since midnight, as Arrow's time32 and time64 store it, to a time of
// day, truncated to microseconds. ok is false for NaT, for values outside of a day and for units
// that pandas does not have.
func TimeOfDay(d ndarray.Timedelta64) (t *Time, ok bool) {
	per := unitsPerSecond[d.Unit.Base]
	if d.IsNaT() || d.Unit.Num != 1 || per == 0 || d.Value < 0 || d.Value/per >= 86_400 {
		return nil, false
	}
	sec := d.Value / per
	return &Time{
		Hour: int(sec / 3600), Minute: int(sec / 60 % 60), Second: int(sec % 60),
		Microsecond: int(d.Value % per * 1_000_000 / per),
	}, true
}

// TimestampAt returns element i of a Datetime series. ok is false if it is missing or the series is
// of another kind. An unknown zone counts as UTC.
func TimestampAt(s *frame.Series, i int) (t Timestamp, ok bool) {
	if s.Kind != frame.Datetime || s.IsNull(i) {
		return t, false
	}
	d, ok := s.Values.At(i).(ndarray.Datetime64)
	if !ok {
		return t, false
	}
	if t, ok = TimestampOf(d); !ok {
		return t, false
	}
	if s.TZ != "" {
		loc, err := s.Location()
		if err != nil {
			loc = time.UTC
		}
		t.TZ = loc
	}
	return t, true
}

// ReadPandasScalar returns the Go form of a scalar that pandas wrote: a [Timestamp],
// [PandasTimedelta], frame.PeriodValue, frame.IntervalValue or [PandasNull], or the value of a
// pyarrow scalar. ok is false for any other value. It is [Pandas].Convert restricted to scalars.
func ReadPandasScalar(v any) (value any, ok bool, err error) {
	if n, isNull := pandasNull(v); isNull {
		return n, true, nil
	}
	o, isObject := v.(*pickle.Object)
	if !isObject {
		return nil, false, nil
	}
	inst, isInst := named(o)
	if !isInst {
		return nil, false, nil
	}
	if isPyarrow(inst.Class) && inst.Class.Name == "scalar" && len(inst.Args) == 2 {
		value = arrowScalar(inst.Args[0])
		return value, value != nil, nil
	}
	name, isPandas := pandasName(inst.Class)
	if !isPandas {
		return nil, false, nil
	}
	value, err = new(Pandas).scalar(name, inst)
	return value, value != nil && err == nil, err
}

// PandasTimedelta is a pandas.Timedelta: Value counts units.
type PandasTimedelta struct {
	Value int64
	Unit  string // "s", "ms", "us" or "ns"
}

func init() {
	framehook.IsMissing = func(v any) bool {
		_, typed := v.(PandasNull)
		_, written := pandasNull(v)
		return typed || written
	}
}

// pandasNull recognises NaT and NA, which are pickled as globals or as calls.
func pandasNull(v any) (PandasNull, bool) {
	switch v := v.(type) {
	case pickle.Named:
		switch name, ok := pandasName(v.Global()); {
		case ok && name == "NA":
			return "<NA>", true
		case ok && name == "NaT":
			return "NaT", true
		}
	case *pickle.Object:
		if g, isNamed := v.Class.(pickle.Named); isNamed {
			if name, ok := pandasName(g.Global()); ok &&
				(name == "_nat_unpickle" || name == "__nat_unpickle") {
				return "NaT", true
			}
		}
	}
	return "", false
}

// scalar reads a scalar of pandas; it returns nil for any other object.
func (p *Pandas) scalar(name string, inst namedInstance) (any, error) {
	switch name {
	case "_unpickle_timestamp", "Timestamp":
		return readTimestamp(inst)
	case "_timedelta_unpickle", "Timedelta":
		return readPandasTimedelta(inst)
	case "Period":
		if len(inst.Args) < 3 {
			return nil, nil
		}
		ordinal, ok := asInt64(inst.Args[2])
		if !ok {
			return nil, pickle.Malformed("a Period of ordinal %s", typeName(inst.Args[2]))
		}
		return frame.PeriodValue{Ordinal: ordinal, Freq: freqText(inst.Args[1])}, nil
	case "Interval":
		if len(inst.Args) < 2 {
			return nil, nil
		}
		iv := frame.IntervalValue{Left: inst.Args[0], Right: inst.Args[1], Closed: "right"}
		if len(inst.Args) > 2 {
			iv.Closed, _ = asText(inst.Args[2])
		}
		return iv, nil
	}
	return nil, nil
}

// resolutions maps NumPy's codes of units (NPY_DATETIMEUNIT) to the units that pandas uses.
var resolutions = map[int]string{7: "s", 8: "ms", 9: "us", 10: "ns"}

// resolution returns the unit in argument i. Before pandas 2 there was no such argument.
func resolution(args []any, i int) (string, error) {
	if i >= len(args) {
		return "ns", nil
	}
	code, ok := asInt(args[i])
	unit, known := resolutions[code]
	if !ok || !known {
		return "", pickle.Malformed("a resolution of %s", shown(args[i]))
	}
	return unit, nil
}

// readTimestamp reads the arguments (value, freq, tz, resolution).
func readTimestamp(inst namedInstance) (any, error) {
	value, ok := int64(0), false
	if len(inst.Args) > 0 {
		value, ok = asInt64(inst.Args[0])
	}
	if !ok {
		return nil, nil // a call of Timestamp that pandas does not write
	}
	unit, err := resolution(inst.Args, 3)
	if err != nil {
		return nil, err
	}
	if value == math.MinInt64 {
		return PandasNull("NaT"), nil
	}
	ts := Timestamp{Value: value, Unit: unit}
	if len(inst.Args) > 2 {
		ts.TZ = inst.Args[2]
	}
	return ts, nil
}

// readPandasTimedelta reads the arguments (value, resolution).
func readPandasTimedelta(inst namedInstance) (any, error) {
	value, ok := int64(0), false
	if len(inst.Args) > 0 {
		value, ok = asInt64(inst.Args[0])
	}
	if !ok {
		return nil, nil
	}
	unit, err := resolution(inst.Args, 1)
	if err != nil {
		return nil, err
	}
	return PandasTimedelta{Value: value, Unit: unit}, nil
}

// Time returns the instant, in the timestamp's zone if that is known and otherwise in UTC.
func (t Timestamp) Time() (time.Time, error) {
	d, err := t.datetime().Time()
	if err != nil || t.TZ == nil {
		return d, err
	}
	if loc, locErr := Location(t.TZ); locErr == nil {
		d = d.In(loc)
	}
	return d, nil
}

// datetime returns the instant as a datetime64.
func (t Timestamp) datetime() ndarray.Datetime64 {
	return ndarray.Datetime64{Value: t.Value, Unit: ndarray.DatetimeUnit{Base: t.Unit, Num: 1}}
}

// Plain returns a time.Time, or t itself if a time.Time cannot hold it.
func (t Timestamp) Plain() any {
	if v, err := t.Time(); err == nil {
		return v
	}
	return t
}

// ISOFormat returns the text of pandas' isoformat(): that of datetime, with nine digits of fraction
// if there are nanoseconds.
func (t Timestamp) ISOFormat() string {
	v, err := t.Time()
	if err != nil {
		return t.datetime().String()
	}
	text := v.Format("2006-01-02T15:04:05")
	switch ns := v.Nanosecond(); {
	case ns%1000 != 0:
		text += fmt.Sprintf(".%09d", ns)
	case ns != 0:
		text += fmt.Sprintf(".%06d", ns/1000)
	}
	if t.TZ == nil {
		return text
	}
	_, offset := v.Zone()
	sign := "+"
	if offset < 0 {
		sign, offset = "-", -offset
	}
	text += fmt.Sprintf("%s%02d:%02d", sign, offset/3600, offset/60%60)
	if s := offset % 60; s != 0 {
		text += fmt.Sprintf(":%02d", s)
	}
	return text
}

// String returns the same text as ISOFormat.
func (t Timestamp) String() string { return t.ISOFormat() }

// unitsPerSecond has the units of Timestamp and PandasTimedelta.
var unitsPerSecond = map[string]int64{"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}

// Seconds returns the duration in seconds, rounded to the nearest float64.
func (t PandasTimedelta) Seconds() float64 {
	per := unitsPerSecond[t.Unit]
	if t.Value > -1<<53 && t.Value < 1<<53 {
		return float64(t.Value) / float64(per)
	}
	s, _ := big.NewRat(t.Value, per).Float64()
	return s
}

// Plain returns a time.Duration, or t itself if a time.Duration cannot hold it.
func (t PandasTimedelta) Plain() any {
	per := unitsPerSecond[t.Unit]
	if per == 0 { // a value that a program made with an unknown unit
		return t
	}
	scale := 1_000_000_000 / per
	if d := t.Value * scale; d/scale == t.Value {
		return time.Duration(d)
	}
	return t
}

// String returns the value with its unit.
func (t PandasTimedelta) String() string { return strconv.FormatInt(t.Value, 10) + t.Unit }

// asInt64 returns an int or an int64 scalar of NumPy.
func asInt64(v any) (int64, bool) {
	if s, ok := v.(*ndarray.Scalar); ok {
		if i, isInt := s.Value().(int64); isInt {
			return i, true
		}
	}
	i, ok := asInt(v)
	return int64(i), ok
}

// offsetNames maps classes of pandas' offsets to the aliases that the documentation of pandas 1.x
// lists.
var offsetNames = map[string]string{
	"Day": "D", "Hour": "H", "Minute": "T", "Second": "S", "Milli": "L", "Micro": "U", "Nano": "N",
	"MonthEnd": "M", "MonthBegin": "MS", "BusinessMonthEnd": "BM", "BMonthEnd": "BM",
	"BusinessMonthBegin": "BMS", "BMonthBegin": "BMS", "BusinessDay": "B", "BDay": "B",
	"CustomBusinessDay": "C", "CDay": "C", "BusinessHour": "BH", "Week": "W",
	"QuarterEnd": "Q", "QuarterBegin": "QS", "BQuarterEnd": "BQ", "BQuarterBegin": "BQS",
	"YearEnd": "A", "YearBegin": "AS", "BYearEnd": "BA", "BYearBegin": "BAS",
	"SemiMonthEnd": "SM", "SemiMonthBegin": "SMS",
}

var (
	monthNames = [...]string{"", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP",
		"OCT", "NOV", "DEC"}
	dayNames = [...]string{"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"}
)

// freqText returns the alias of an offset object ("2D", "W-SUN", "Q-DEC"), or its class's name if
// it has none. Text is returned unchanged.
func freqText(v any) string {
	if s, ok := asText(v); ok {
		return s
	}
	o, ok := v.(*pickle.Object)
	if !ok {
		return ""
	}
	inst, ok := named(o)
	if !ok {
		return ""
	}
	name := inst.Class.Name
	alias, ok := offsetNames[name]
	if !ok {
		return name
	}
	n, anchor := offsetParts(inst)
	if suffix := anchorText(name, anchor); suffix != "" {
		alias += "-" + suffix
	}
	if n != 1 {
		alias = strconv.Itoa(n) + alias
	}
	if d, isDelta := anchor.(Timedelta); isDelta && alias != "" {
		alias += deltaText(d)
	}
	return alias
}

// deltaText returns the suffix, such as "+2H", by which a freqstr of business days shows their time
// offset.
//
// Reference: BusinessDay._offset_str in pandas/_libs/tslibs/offsets.pyx.
func deltaText(d Timedelta) string {
	us := (int64(d.Days)*86_400+int64(d.Seconds))*1_000_000 + int64(d.Microseconds)
	if us == 0 {
		return ""
	}
	text := "+"
	if us < 0 {
		text, us = "-", -us
	}
	for _, unit := range []struct {
		name string
		us   int64
	}{{"D", 86_400_000_000}, {"H", 3_600_000_000}, {"Min", 60_000_000}, {"s", 1_000_000},
		{"us", 1}} {
		if n := us / unit.us; n != 0 {
			text += strconv.FormatInt(n, 10) + unit.name
		}
		us %= unit.us
	}
	return text
}

// offsetParts returns n and the anchor (month, weekday or day) of an offset, from the positional
// arguments since pandas 1.x or from the state before.
func offsetParts(inst namedInstance) (n int, anchor any) {
	n = 1
	if len(inst.Args) > 0 {
		if v, ok := asInt(inst.Args[0]); ok {
			n = v
		}
		if len(inst.Args) > 2 {
			anchor = inst.Args[2]
		}
	}
	if m, ok := textKeys(inst.State); ok {
		if v, isInt := asInt(m["n"]); isInt {
			n = v
		}
		if v, has := first(m, "startingMonth", "month", "weekday", "offset"); has {
			anchor = v
		}
		if kwds, has := textKeys(m["kwds"]); has {
			if v, found := first(kwds, "startingMonth", "month", "weekday", "offset"); found {
				anchor = v
			}
		}
	}
	return n, anchor
}

// anchorText returns the anchor of an offset as its alias spells it, or "".
func anchorText(name string, anchor any) string {
	i, ok := asInt(anchor)
	switch {
	case !ok || i < 0:
		return ""
	case name == "Week":
		if i < len(dayNames) {
			return dayNames[i]
		}
	case strings.Contains(name, "Quarter") || strings.Contains(name, "Year"):
		if i < len(monthNames) {
			return monthNames[i]
		}
	}
	return ""
}

// pythonText returns str() of a value, as the name of a dtype shows it.
func pythonText(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case float64:
		return floatRepr(v)
	}
	if n, ok := pandasNull(v); ok {
		return n.String()
	}
	return texts.Sprint(v)
}
