package reconstruct

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/pickle"
)

// This file writes scalars, offsets and time zones.
//
// Reference: the __reduce__ methods in pandas/_libs/tslibs.

// reducePandasNull writes NaT or NA.
func reducePandasNull(_ *Reducers, v any, _ int) (any, error) {
	switch v.(PandasNull) {
	case "NaT":
		// The function that NaT reduces to was renamed; this name exists in every version.
		return pyName("pandas", "NaT"), nil
	case "<NA>":
		return pyName("pandas._libs.missing", "NA"), nil
	}
	return nil, pickle.Unsupported("a missing value named %q", v)
}

// resolutionCode returns the code that resolutions maps to a unit.
func resolutionCode(unit string) (int, error) {
	for code, name := range resolutions {
		if name == unit {
			return code, nil
		}
	}
	return 0, pickle.Unsupported("a pandas scalar of the unit %q", unit)
}

func reduceTimestamp(_ *Reducers, v any, _ int) (any, error) {
	t := v.(Timestamp)
	code, err := resolutionCode(t.Unit)
	if err != nil {
		return nil, err
	}
	tz := t.TZ
	switch z := tz.(type) {
	case nil, *Timezone, *ZoneInfo:
	case *time.Location:
		tz = locationZone(z, t)
	default:
		tz = zoneOf(zoneText(z))
	}
	return call(pyName("pandas._libs.tslibs.timestamps", "_unpickle_timestamp"), int(t.Value), nil,
		tz, code), nil
}

func reducePandasTimedelta(_ *Reducers, v any, _ int) (any, error) {
	d := v.(PandasTimedelta)
	code, err := resolutionCode(d.Unit)
	if err != nil {
		return nil, err
	}
	return call(pyName("pandas._libs.tslibs.timedeltas", "_timedelta_unpickle"), int(d.Value),
		code), nil
}

func reducePeriod(_ *Reducers, v any, _ int) (any, error) {
	p := v.(frame.PeriodValue)
	freq, err := periodOffset(p.Freq)
	if err != nil {
		return nil, err
	}
	return call(pyName("pandas._libs.tslibs.period", "Period"), nil, freq, int(p.Ordinal)), nil
}

func reduceInterval(_ *Reducers, v any, _ int) (any, error) {
	iv := v.(frame.IntervalValue)
	if iv.Left == nil || iv.Right == nil {
		return nil, pickle.Unsupported("an Interval without ends")
	}
	return call(pyName("pandas._libs.interval", "Interval"), intervalEnd(iv.Left),
		intervalEnd(iv.Right), iv.Closed), nil
}

// intervalEnd is pandasObject for an end of an Interval, which accepts no times but those of
// pandas.
func intervalEnd(v any) any {
	switch v := v.(type) {
	case time.Time:
		d := v.Sub(time.Unix(0, 0))
		if time.Unix(0, 0).Add(d).Equal(v) {
			t := Timestamp{Value: int64(d), Unit: "ns"}
			if v.Location() != time.UTC {
				t.TZ = v.Location()
			}
			return t
		}
	case time.Duration:
		return PandasTimedelta{Value: int64(v), Unit: "ns"}
	}
	return pandasObject(v)
}

// zoneByName is a function that looks up a zone in the library that the version of pandas prefers.
var zoneByName = pyName("pandas._libs.tslibs.timezones", "maybe_get_tz")

// zoneOf is dtypeZoneArg for a place where a name is not accepted.
func zoneOf(name string) any {
	tz := dtypeZoneArg(name)
	if tz == any(name) {
		return call(zoneByName, name)
	}
	return tz
}

// locationZone returns the zone of a timestamp: by its name if it has one, else by its offset at
// the time of t.
func locationZone(loc *time.Location, t Timestamp) any {
	if known, err := time.LoadLocation(loc.String()); err == nil && loc != time.Local &&
		loc.String() != "" {
		return zoneOf(known.String())
	}
	at, err := t.datetime().Time()
	if err != nil {
		return zoneOf("UTC")
	}
	_, offset := at.In(loc).Zone()
	return &Timezone{Offset: Timedelta{Seconds: offset}.normal()}
}

// dtypeZoneArg returns a time zone as pandas' constructors accept it: a fixed offset as
// datetime.timezone, which every version has, and any other zone by its name.
func dtypeZoneArg(zone string) any {
	if file, ok := strings.CutPrefix(zone, "tzfile('"); ok {
		file = strings.TrimSuffix(file, "')")
		if _, name, found := strings.Cut(file, "zoneinfo/"); found {
			return name
		}
		return file
	}
	if zone == "tzutc()" {
		return call(pyName("dateutil.tz", "tzutc"))
	}
	if minutes, ok := strings.CutPrefix(zone, "pytz.FixedOffset("); ok {
		if n, err := strconv.Atoi(strings.TrimSuffix(minutes, ")")); err == nil {
			return &Timezone{Offset: Timedelta{Seconds: n * 60}.normal()}
		}
	}
	// pandas always has dateutil installed
	if m := dateutilOffsetText().FindStringSubmatch(zone); m != nil {
		seconds, _ := strconv.Atoi(m[2])
		var label any
		if m[1] != "None" {
			label = m[1][1 : len(m[1])-1]
		}
		return call(pyName("dateutil.tz", "tzoffset"), label, seconds)
	}
	if offset, ok := parseOffset(strings.TrimPrefix(zone, "UTC")); ok {
		return &Timezone{Offset: offset}
	}
	return zone
}

// dateutilOffsetText matches repr() of dateutil's tzoffset.
var dateutilOffsetText = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^tzoffset\((None|'[^'\\]*'), (-?\d{1,5})\)$`)
})

// namedZone is dtypeZoneArg for a column, whose dtype may contain the name of a fixed offset.
func namedZone(s *frame.Series) any {
	tz := dtypeZoneArg(s.TZ)
	fixed, ok := tz.(*Timezone)
	if _, name, found := strings.Cut(strings.TrimSuffix(s.DType, "]"), ", "); ok && found &&
		name != s.TZ && name != fixed.String() && !strings.Contains(name, "(") {
		return &Timezone{Offset: fixed.Offset, Name: name, HasName: true}
	}
	return tz
}

// parseOffset parses "+05:30" or "-08:00:15".
func parseOffset(s string) (Timedelta, bool) {
	if len(s) < 6 || s[0] != '+' && s[0] != '-' {
		return Timedelta{}, false
	}
	seconds, unit := 0, 3600
	for part := range strings.SplitSeq(s[1:], ":") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || n >= 60 || len(part) != 2 || unit == 0 {
			return Timedelta{}, false
		}
		seconds += n * unit
		unit /= 60
	}
	if s[0] == '-' {
		seconds = -seconds
	}
	return Timedelta{Seconds: seconds}.normal(), seconds < 86_400 && seconds > -86_400
}

// offsetClass is a class of pandas' offsets and its argument after n and normalize.
type offsetClass struct {
	name   string
	anchor offsetAnchor
	// def is the month of an alias that names none.
	def int
}

// offsetAnchor is the kind of an offset's anchor.
type offsetAnchor uint8

const (
	noAnchor offsetAnchor = iota
	weekdayAnchor
	monthAnchor
)

// offsetClasses maps aliases to classes: those of pandas before 2.2 and since.
var offsetClasses = map[string]offsetClass{
	"D": {name: "Day"}, "H": {name: "Hour"}, "h": {name: "Hour"}, "T": {name: "Minute"},
	"min": {name: "Minute"},
	"S":   {name: "Second"}, "s": {name: "Second"}, "L": {name: "Milli"}, "ms": {name: "Milli"},
	"U": {name: "Micro"}, "us": {name: "Micro"}, "N": {name: "Nano"}, "ns": {name: "Nano"},
	"M": {name: "MonthEnd"}, "ME": {name: "MonthEnd"}, "MS": {name: "MonthBegin"},
	"BM": {name: "BusinessMonthEnd"}, "BME": {name: "BusinessMonthEnd"},
	"BMS": {name: "BusinessMonthBegin"},
	"B":   {name: "BusinessDay"},
	"W":   {name: "Week", anchor: weekdayAnchor},
	"Q":   {name: "QuarterEnd", anchor: monthAnchor, def: 12},
	"QE":  {name: "QuarterEnd", anchor: monthAnchor, def: 12},
	"QS":  {name: "QuarterBegin", anchor: monthAnchor, def: 1},
	"BQ":  {name: "BQuarterEnd", anchor: monthAnchor, def: 12},
	"BQE": {name: "BQuarterEnd", anchor: monthAnchor, def: 12},
	"BQS": {name: "BQuarterBegin", anchor: monthAnchor, def: 1},
	"A":   {name: "YearEnd", anchor: monthAnchor, def: 12},
	"Y":   {name: "YearEnd", anchor: monthAnchor, def: 12},
	"YE":  {name: "YearEnd", anchor: monthAnchor, def: 12},
	"AS":  {name: "YearBegin", anchor: monthAnchor, def: 1},
	"YS":  {name: "YearBegin", anchor: monthAnchor, def: 1},
	"BA":  {name: "BYearEnd", anchor: monthAnchor, def: 12},
	"BY":  {name: "BYearEnd", anchor: monthAnchor, def: 12},
	"BYE": {name: "BYearEnd", anchor: monthAnchor, def: 12},
	"BAS": {name: "BYearBegin", anchor: monthAnchor, def: 1},
	"BYS": {name: "BYearBegin", anchor: monthAnchor, def: 1},
}

// offset returns the offset object of an alias such as "2D" or "Q-NOV". All versions load the
// object, while aliases have changed. For an unknown alias it returns nil and false.
func offset(alias string) (any, bool) {
	text := strings.TrimLeft(alias, "-0123456789")
	n := 1
	if count := alias[:len(alias)-len(text)]; count != "" {
		var err error
		if n, err = strconv.Atoi(count); err != nil {
			return nil, false
		}
	}
	base, anchor, anchored := strings.Cut(text, "-")
	class, ok := offsetClasses[base]
	if !ok || anchored && class.anchor == noAnchor {
		return nil, false
	}
	args := []any{n, false}
	switch class.anchor {
	case weekdayAnchor:
		day := slices.Index(dayNames[:], anchor)
		switch {
		case day >= 0:
			args = append(args, day)
		case anchored:
			return nil, false
		}
	case monthAnchor:
		month := class.def
		if anchored {
			if month = slices.Index(monthNames[:], anchor); month < 1 {
				return nil, false
			}
		}
		args = append(args, month)
	}
	// pandas.tseries.offsets has the class in every version.
	return call(pyName("pandas.tseries.offsets", class.name), args...), true
}

// periodOffset is offset for a period: a week without a weekday ends on Sunday.
func periodOffset(alias string) (any, error) {
	if strings.HasSuffix(alias, "W") {
		alias += "-SUN"
	}
	o, ok := offset(alias)
	if !ok {
		return nil, pickle.Unsupported("a period of the frequency %q", alias)
	}
	return o, nil
}

// periodDType writes a PeriodDtype.
func periodDType(freq string) (any, error) {
	o, err := periodOffset(freq)
	if err != nil {
		return nil, err
	}
	return call(pyName("pandas.core.dtypes.dtypes", "PeriodDtype"), o), nil
}
