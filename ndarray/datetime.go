package ndarray

import (
	"math/big"
	"slices"
	"strconv"
	"time"
)

// NaT is the Value of a Datetime64 or Timedelta64 that is "not a time".
const NaT = -1 << 63

// Datetime64 is a point in time: Value ticks of Unit since 1970-01-01T00:00:00 in
// the proleptic Gregorian calendar, without leap seconds and time zones.
type Datetime64 struct {
	Value int64
	Unit  DatetimeUnit
}

// Timedelta64 is a duration: Value ticks of Unit. Years and months have no fixed length.
type Timedelta64 struct {
	Value int64
	Unit  DatetimeUnit
}

// IsNaT reports whether d is "not a time".
func (d Datetime64) IsNaT() bool { return d.Value == NaT }

// IsNaT reports whether d is "not a time".
func (d Timedelta64) IsNaT() bool { return d.Value == NaT }

// datetimeUnits lists the units from the longest to the shortest.
var datetimeUnits = []string{"Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"}

// normalized returns u with its default values filled in, or an error if u is invalid.
func (u DatetimeUnit) normalized() (DatetimeUnit, error) {
	switch u.Base {
	case "", "generic":
		u.Base = "generic"
	case "μs", "µs": // U+03BC and U+00B5
		u.Base = "us"
	default:
		if !slices.Contains(datetimeUnits, u.Base) {
			return u, errorf(ErrDType, "unknown datetime unit %q", u.Base)
		}
	}
	if u.Num == 0 {
		u.Num = 1
	}
	if u.Num < 0 || u.Num > 1<<31-1 {
		return u, errorf(ErrDType, "datetime unit with the impossible multiple %d", u.Num)
	}
	return u, nil
}

func (u DatetimeUnit) equal(v DatetimeUnit) bool { return u == v }

// perSecond returns the number of ticks of a unit in a second, or 0 for units longer than a second.
func perSecond(base string) int64 {
	n := int64(1)
	for _, u := range datetimeUnits[6:] {
		if u == base {
			return n
		}
		n *= 1000
	}
	return 0
}

// secondsPer returns the number of seconds in a unit of weeks to seconds, or 0 for other units.
func secondsPer(base string) int64 {
	switch base {
	case "W":
		return 7 * 86400
	case "D":
		return 86400
	case "h":
		return 3600
	case "m":
		return 60
	case "s":
		return 1
	}
	return 0
}

// civil is a point in time in the proleptic Gregorian calendar. The year has no bounds.
type civil struct {
	year       *big.Int // nil if smallYear holds the year
	smallYear  int64
	month, day int64 // from 1
	second     int64 // of the day
	fraction   int64 // of the second, in ticks of the unit
}

// civil splits d, which must not be NaT and must have a unit. The ticks times the multiple of the
// unit may exceed an int64; then it computes with big integers.
func (d Datetime64) civil() civil {
	num := int64(max(d.Unit.Num, 1))
	if c, ok := d.civilFast(num); ok {
		return c
	}
	v := new(big.Int).Mul(big.NewInt(d.Value), big.NewInt(num))
	split := func(n int64) int64 { // divides v by n and returns the remainder
		m := new(big.Int)
		v.DivMod(v, big.NewInt(n), m)
		return m.Int64()
	}
	c := civil{month: 1, day: 1}
	switch d.Unit.Base {
	case "Y":
		c.year = v.Add(v, big.NewInt(1970))
		return c
	case "M":
		c.month = split(12) + 1
		c.year = v.Add(v, big.NewInt(1970))
		return c
	}
	if n := perSecond(d.Unit.Base); n > 1 {
		c.fraction = split(n)
	} else {
		v.Mul(v, big.NewInt(secondsPer(d.Unit.Base)))
	}
	c.second = split(86400)
	inCycle := split(daysIn400Years)
	var y int64
	y, c.month, c.day = civilDay(inCycle)
	v.Mul(v, big.NewInt(400))
	c.year = v.Add(v, big.NewInt(y))
	return c
}

// civilFast is civil if all products fit an int64. It returns false otherwise.
func (d Datetime64) civilFast(num int64) (civil, bool) {
	const room = 1 << 40 // all multiplications below stay within int64 by this margin
	c := civil{month: 1, day: 1}
	if n := perSecond(d.Unit.Base); n > 1 && num == 1 {
		seconds := floorDiv(d.Value, n)
		c.fraction = d.Value - seconds*n
		c.setSeconds(seconds)
		return c, true
	}
	if d.Value < -room || d.Value > room || num > 4 {
		return c, false
	}
	v := d.Value * num
	switch d.Unit.Base {
	case "Y":
		c.smallYear = v + 1970
	case "M":
		years := floorDiv(v, 12)
		c.smallYear, c.month = years+1970, v-years*12+1
	default:
		n := secondsPer(d.Unit.Base)
		if n == 0 {
			return c, false
		}
		c.setSeconds(v * n)
	}
	return c, true
}

func (c *civil) setSeconds(seconds int64) {
	days := floorDiv(seconds, 86400)
	c.second = seconds - days*86400
	cycles := floorDiv(days, daysIn400Years)
	c.smallYear, c.month, c.day = civilDay(days - cycles*daysIn400Years)
	c.smallYear += cycles * 400
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

const daysIn400Years = 146097

// civilDay returns the date of a day, counted from 1970-01-01. It must be less than 400 years
// later.
func civilDay(day int64) (year, month, dayOfMonth int64) {
	t := time.Unix(day*86400, 0).UTC()
	return int64(t.Year()), int64(t.Month()), int64(t.Day())
}

// String returns the time as ISO 8601 in its own unit, as numpy.datetime_as_string and
// str(numpy.datetime64) do: "2023", "2023-01", "2023-01-15", "2023-01-15T10",
// "2023-01-15T10:00:00.000000001". A week is shown as its first day. Years have at least four
// digits; before the year 0 they are negative. NaT is "NaT". With the generic unit, for which NumPy
// fails, the result is the value alone. Unlike in NumPy, years beyond 64 bits do not wrap around.
func (d Datetime64) String() string { return string(d.append(nil)) }

func (d Datetime64) append(b []byte) []byte {
	if d.IsNaT() {
		return append(b, "NaT"...)
	}
	if d.Unit.Base == "" || d.Unit.Base == "generic" {
		return strconv.AppendInt(b, d.Value, 10)
	}
	c := d.civil()
	b = c.appendYear(b)
	if d.Unit.Base == "Y" {
		return b
	}
	b = appendPadded(append(b, '-'), c.month, 2)
	if d.Unit.Base == "M" {
		return b
	}
	b = appendPadded(append(b, '-'), c.day, 2)
	if d.Unit.Base == "W" || d.Unit.Base == "D" {
		return b
	}
	b = appendPadded(append(b, 'T'), c.second/3600, 2)
	if d.Unit.Base == "h" {
		return b
	}
	b = appendPadded(append(b, ':'), c.second/60%60, 2)
	if d.Unit.Base == "m" {
		return b
	}
	b = appendPadded(append(b, ':'), c.second%60, 2)
	digits := 0
	for n := perSecond(d.Unit.Base); n > 1; n /= 10 {
		digits++
	}
	if digits > 0 {
		b = appendPadded(append(b, '.'), c.fraction, digits)
	}
	return b
}

func (c *civil) appendYear(b []byte) []byte {
	if c.year == nil {
		if c.smallYear >= 0 {
			return appendPadded(b, c.smallYear, 4)
		}
		// The sign counts as one of four characters.
		return appendPadded(append(b, '-'), -c.smallYear, 3)
	}
	s := c.year.String()
	if len(s) < 4 {
		return (&civil{smallYear: c.year.Int64()}).appendYear(b)
	}
	return append(b, s...)
}

func appendPadded(b []byte, n int64, width int) []byte {
	s := strconv.FormatInt(n, 10)
	for range width - len(s) {
		b = append(b, '0')
	}
	return append(b, s...)
}

// Time returns the time in UTC. The error is of the kind ErrValue for NaT, for the generic unit,
// for years before 0 and after 9999, which time.Time does not format, and for times that are not a
// whole number of nanoseconds.
func (d Datetime64) Time() (time.Time, error) {
	if d.IsNaT() || d.Unit.Base == "" || d.Unit.Base == "generic" {
		return time.Time{}, errorf(ErrValue, "datetime64 %s is no point in time", d)
	}
	c := d.civil()
	year := c.smallYear
	if c.year != nil {
		year = -1
		if c.year.IsInt64() {
			year = c.year.Int64()
		}
	}
	if year < 0 || year > 9999 {
		return time.Time{}, errorf(ErrValue, "datetime64 %s is outside the years 0 to 9999", d)
	}
	nanos := int64(0)
	if n := perSecond(d.Unit.Base); n > 1e9 {
		if c.fraction%(n/1e9) != 0 {
			return time.Time{},
				errorf(ErrValue, "datetime64 %s is not a whole number of nanoseconds", d)
		}
		nanos = c.fraction / (n / 1e9)
	} else if n > 1 {
		nanos = c.fraction * (1e9 / n)
	}
	return time.Date(int(year), time.Month(c.month), int(c.day), 0, 0, int(c.second), int(nanos),
		time.UTC), nil
}

// String returns the ticks and their unit as str(numpy.timedelta64) does: "7 days", "25
// nanoseconds", "NaT". The ticks are multiplied by the multiple of the unit.
func (d Timedelta64) String() string {
	if d.IsNaT() {
		return "NaT"
	}
	v := new(big.Int).Mul(big.NewInt(d.Value), big.NewInt(int64(max(d.Unit.Num, 1))))
	return v.String() + " " + timedeltaNames[max(slices.Index(datetimeUnits, d.Unit.Base), -1)+1]
}

// timedeltaNames has the units as str(numpy.timedelta64) writes them, the generic unit first.
var timedeltaNames = [...]string{
	"generic time units", "years", "months", "weeks", "days", "hours", "minutes", "seconds",
	"milliseconds", "microseconds", "nanoseconds", "picoseconds", "femtoseconds", "attoseconds",
}

// Duration returns d as a time.Duration. The error is of the kind ErrValue for NaT, for years,
// months and the generic unit, which have no length, for more than the 292 years that a
// time.Duration holds, and for durations that are not a whole number of nanoseconds.
func (d Timedelta64) Duration() (time.Duration, error) {
	v := new(big.Int).Mul(big.NewInt(d.Value), big.NewInt(int64(max(d.Unit.Num, 1))))
	if n := secondsPer(d.Unit.Base); n > 0 {
		v.Mul(v, big.NewInt(n*1e9))
	} else if n := perSecond(d.Unit.Base); n == 0 || d.IsNaT() {
		return 0, errorf(ErrValue, "timedelta64 %s has no fixed length", d)
	} else {
		rest := new(big.Int)
		v.QuoRem(v.Mul(v, big.NewInt(1e9)), big.NewInt(n), rest)
		if rest.Sign() != 0 {
			return 0, errorf(ErrValue, "timedelta64 %s is not a whole number of nanoseconds", d)
		}
	}
	if d.IsNaT() || !v.IsInt64() {
		return 0, errorf(ErrValue, "timedelta64 %s does not fit a time.Duration", d)
	}
	return time.Duration(v.Int64()), nil
}
