package reconstruct

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"
)

// Date is a Python datetime.date: a day of the proleptic Gregorian calendar in the years 1 to 9999.
// Go's standard library has no such type, so Plain returns it unchanged.
type Date struct {
	Year, Month, Day int
}

// String returns the date as Python's str does: "2024-02-29".
func (d Date) String() string { return d.ISOFormat() }

// ISOFormat returns the text of Python's date.isoformat, the same as String.
func (d Date) ISOFormat() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Plain returns d itself.
func (d Date) Plain() any { return d }

// Time is a Python datetime.time: a time of day with an optional time zone. Go's standard library
// has no such type, so Plain returns it unchanged.
type Time struct {
	Hour, Minute, Second, Microsecond int
	// Fold is 1 for the second of two equal wall times when clocks are set back.
	Fold int
	// TZ is the tzinfo, or nil for a naive time: see [Datetime].
	TZ any
}

// String returns the time as Python's str does: "10:30:00.000001+01:00".
func (t *Time) String() string { return t.ISOFormat() }

// ISOFormat returns the text of Python's time.isoformat. As in Python, it has no offset if the
// offset of the time zone depends on the date.
func (t *Time) ISOFormat() string {
	s := clock(t.Hour, t.Minute, t.Second, t.Microsecond)
	if z, ok := t.TZ.(*Timezone); ok {
		return s + z.Offset.offset()
	}
	if offset, ok := constantOffset(t.TZ); ok {
		s += Timedelta{Seconds: offset}.normal().offset()
	}
	return s
}

// Plain returns t itself.
func (t *Time) Plain() any { return t }

// clock returns the ISO text of a time of day.
func clock(hour, minute, second, micro int) string {
	s := fmt.Sprintf("%02d:%02d:%02d", hour, minute, second)
	if micro != 0 {
		s += fmt.Sprintf(".%06d", micro)
	}
	return s
}

// Datetime is a Python datetime.datetime: the fields of a wall time and an optional time zone.
type Datetime struct {
	// Year is 1 to 9999, in the proleptic Gregorian calendar.
	Year, Month, Day, Hour, Minute, Second, Microsecond int
	// Fold is 1 for the second of two equal wall times when clocks are set back.
	Fold int
	// TZ is the tzinfo: nil for a naive datetime, a [*Timezone], a [*ZoneInfo], or an object of
	// another library, such as a *pickle.Object of pytz. [Location] converts those that it knows.
	TZ any
}

// String returns the datetime as Python's str does: isoformat with a space in place of the T.
func (d *Datetime) String() string { return d.format(" ") }

// ISOFormat returns the text of Python's datetime.isoformat, such as "2024-02-29T10:30:00+01:00".
// If the offset is unknown because [Location] fails, the zone's name in brackets takes its place.
func (d *Datetime) ISOFormat() string { return d.format("T") }

func (d *Datetime) format(sep string) string {
	s := Date{d.Year, d.Month, d.Day}.ISOFormat() + sep +
		clock(d.Hour, d.Minute, d.Second, d.Microsecond)
	switch z := d.TZ.(type) {
	case nil:
		return s
	case *Timezone:
		return s + z.Offset.offset()
	}
	t, err := d.Time()
	if err != nil {
		return s + "[" + zoneName(d.TZ) + "]"
	}
	// The offset of t would be wrong for a skipped wall time: it is the one after the gap.
	offset := d.wall().Sub(t) / time.Second
	return s + Timedelta{Seconds: int(offset)}.normal().offset()
}

// wall returns the fields as a time in UTC, whatever the time zone.
func (d *Datetime) wall() time.Time {
	return time.Date(d.Year, time.Month(d.Month), d.Day, d.Hour, d.Minute, d.Second,
		d.Microsecond*1000, time.UTC)
}

// Time returns the instant as a time.Time. A naive datetime counts as UTC. Fold decides between the
// two instants of a wall time that occurs twice; a skipped wall time is resolved as in Python (PEP
// 495). A pytz zone itself names the offset of the datetime; if the zone does not have that offset
// on that date, the time.Time is in a zone with this fixed offset. Time fails only if [Location]
// does.
func (d *Datetime) Time() (time.Time, error) {
	wall := d.wall()
	if d.TZ == nil {
		return wall, nil
	}
	if zone, ok := pytzZone(d.TZ); ok {
		return zone.at(wall), nil
	}
	loc, err := Location(d.TZ)
	if err != nil {
		return time.Time{}, err
	}
	offsetAt := func(t time.Time) time.Duration {
		_, sec := t.In(loc).Zone()
		return time.Duration(sec) * time.Second
	}
	// No zone has two transitions within the two days around a wall time.
	before, after := offsetAt(wall.Add(-24*time.Hour)), offsetAt(wall.Add(24*time.Hour))
	first, second := wall.Add(-before), wall.Add(-after)
	firstOK, secondOK := offsetAt(first) == before, offsetAt(second) == after
	if secondOK && (!firstOK || d.Fold == 1) || !firstOK && !secondOK && d.Fold == 1 {
		return second.In(loc), nil
	}
	return first.In(loc), nil
}

// Plain returns the time.Time of d.Time(), or d itself if that fails.
func (d *Datetime) Plain() any {
	t, err := d.Time()
	if err != nil {
		return d
	}
	return t
}

// Timedelta is a Python datetime.timedelta in normal form: Days is between -999,999,999 and
// 999,999,999, Seconds between 0 and 86,399, Microseconds between 0 and 999,999. A negative
// timedelta has negative Days.
type Timedelta struct {
	Days, Seconds, Microseconds int
}

const maxTimedeltaDays = 999_999_999

// normal carries excess microseconds and seconds, as Python's constructor does.
func (d Timedelta) normal() Timedelta {
	carry := func(low *int, unit int, high *int) {
		q := *low / unit
		if *low -= q * unit; *low < 0 {
			*low += unit
			q--
		}
		*high += q
	}
	carry(&d.Microseconds, 1_000_000, &d.Seconds)
	carry(&d.Seconds, 86_400, &d.Days)
	return d
}

// TotalMicroseconds returns the length in microseconds.
func (d Timedelta) TotalMicroseconds() *big.Int {
	n := big.NewInt(int64(d.Days))
	n.Mul(n, big.NewInt(86_400)).Add(n, big.NewInt(int64(d.Seconds)))
	return n.Mul(n, big.NewInt(1_000_000)).Add(n, big.NewInt(int64(d.Microseconds)))
}

// TotalSeconds returns the length in seconds, as Python's total_seconds does.
func (d Timedelta) TotalSeconds() float64 {
	f, _ := new(big.Rat).SetFrac(d.TotalMicroseconds(), big.NewInt(1_000_000)).Float64()
	return f
}

// Duration returns the timedelta as a time.Duration; ok is false if it does not fit, which is
// beyond 292 years.
func (d Timedelta) Duration() (v time.Duration, ok bool) {
	ns := d.TotalMicroseconds()
	ns.Mul(ns, big.NewInt(1000))
	return time.Duration(ns.Int64()), ns.IsInt64()
}

// Plain returns a time.Duration, or d itself if it does not fit one.
func (d Timedelta) Plain() any {
	if v, ok := d.Duration(); ok {
		return v
	}
	return d
}

// String returns the timedelta as Python's str does: "-1 day, 23:59:59.500000".
func (d Timedelta) String() string {
	var b strings.Builder
	if d.Days != 0 {
		plural := "s"
		if d.Days == 1 || d.Days == -1 {
			plural = ""
		}
		fmt.Fprintf(&b, "%d day%s, ", d.Days, plural)
	}
	fmt.Fprintf(&b, "%d:%02d:%02d", d.Seconds/3600, d.Seconds/60%60, d.Seconds%60)
	if d.Microseconds != 0 {
		fmt.Fprintf(&b, ".%06d", d.Microseconds)
	}
	return b.String()
}

// offset returns d as isoformat writes an offset from UTC: "+01:00", "-00:00:30.500000".
func (d Timedelta) offset() string {
	sign := "+"
	if d.Days < 0 {
		sign, d = "-", Timedelta{Days: -d.Days, Seconds: -d.Seconds,
			Microseconds: -d.Microseconds}.normal()
	}
	s := fmt.Sprintf("%s%02d:%02d", sign, d.Days*24+d.Seconds/3600, d.Seconds/60%60)
	if d.Seconds%60 != 0 || d.Microseconds != 0 {
		s += fmt.Sprintf(":%02d", d.Seconds%60)
	}
	if d.Microseconds != 0 {
		s += fmt.Sprintf(".%06d", d.Microseconds)
	}
	return s
}

// Timezone is a Python datetime.timezone: a fixed offset from UTC.
type Timezone struct {
	// Offset is strictly between -24 and 24 hours.
	Offset Timedelta
	// Name is the name given to the constructor. HasName distinguishes an empty name from none.
	Name    string
	HasName bool
}

// String returns the name as Python's str does: the given name, "UTC", or "UTC+01:00".
func (z *Timezone) String() string {
	switch {
	case z.HasName:
		return z.Name
	case z.Offset == (Timedelta{}):
		return "UTC"
	}
	return "UTC" + z.Offset.offset()
}

// Plain returns a *time.Location with the offset, rounded down to whole seconds.
func (z *Timezone) Plain() any { return z.location() }

func (z *Timezone) location() *time.Location {
	if z.Offset == (Timedelta{}) && !z.HasName {
		return time.UTC
	}
	return time.FixedZone(z.String(), int(math.Floor(z.Offset.TotalSeconds())))
}

// ZoneInfo is a Python zoneinfo.ZoneInfo: a time zone given by its IANA name.
type ZoneInfo struct {
	Key string
	// NoCache is true for a zone that ZoneInfo.no_cache created.
	NoCache bool
}

// String returns the key.
func (z *ZoneInfo) String() string { return z.Key }
