package known

import (
	"time"

	"github.com/unpkl/unpkl/internal/tape"
)

// The lengths in bytes of what datetime's picklers write: big-endian fields, of which the month of
// a datetime has the fold in its top bit.
const (
	DateSize     = 4
	DatetimeSize = 10
	FoldBit      = 0x80
)

// What package reconstruct sets: whether a tzinfo is one of a fixed offset, and the location of one
// that is.
var (
	IsFixedZone = func(tzinfo any) bool { return false }
	FixedZone   = func(tzinfo any) *time.Location { return time.UTC }
)

// ZoneCache keeps the location of the last tzinfo, as those of a pickle mostly are one.
type ZoneCache struct {
	id       tape.ID // or 0
	location *time.Location
}

func (c *ZoneCache) at(t *tape.Tape, id tape.ID) *time.Location {
	if c.id != id {
		c.id, c.location = id, FixedZone(t.Value(id))
	}
	return c.location
}

// stdlib recognises the calls of datetime's classes.
func stdlib(t *tape.Tape, class uint16, form tape.Form, a []tape.ID) uint16 {
	if form != tape.FormReduce {
		return 0
	}
	switch class {
	case ClassDate:
		if len(a) == 1 && isData(t, a[0], DateSize) {
			if b := t.Span(a[0]); validDate(int(b[0])<<8|int(b[1]), int(b[2]), int(b[3])) {
				return CallDate
			}
		}
	case ClassDatetime:
		return datetime(t, a)
	case ClassTimedelta:
		return timedelta(t, a)
	}
	return 0
}

// datetime recognises datetime(bytes) and datetime(bytes, tzinfo).
func datetime(t *tape.Tape, a []tape.ID) uint16 {
	if len(a) != 1 && len(a) != 2 || !isData(t, a[0], DatetimeSize) {
		return 0
	}
	b := t.Span(a[0])
	if b[2]&FoldBit != 0 || b[4] > 23 || b[5] > 59 || b[6] > 59 || micros(b) > 999_999 ||
		!validDate(int(b[0])<<8|int(b[1]), int(b[2]), int(b[3])) {
		return 0
	}
	if len(a) == 2 && t.Kind(a[1]) != tape.None {
		if t.Kind(a[1]) != tape.Value || !IsFixedZone(t.Value(a[1])) {
			return 0
		}
	}
	return CallDatetime
}

func micros(b []byte) int { return int(b[7])<<16 | int(b[8])<<8 | int(b[9]) }

// validDate reports whether there is such a day in the years 1 to 9999.
func validDate(year, month, day int) bool {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31 {
		return false
	}
	return day <= 28 || time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() == day
}

// timedelta recognises timedelta(days, seconds, microseconds) in its normal form, where a
// time.Duration can hold it.
func timedelta(t *tape.Tape, a []tape.ID) uint16 {
	if len(a) != 3 {
		return 0
	}
	days, ok1 := integer(t, a[0])
	seconds, ok2 := integer(t, a[1])
	us, ok3 := integer(t, a[2])
	const most = 106_000 // days that surely fit
	if !ok1 || !ok2 || !ok3 || days < -most || days > most ||
		seconds < 0 || seconds >= 86_400 || us < 0 || us >= 1_000_000 {
		return 0
	}
	return CallTimedelta
}

// Datetime returns the time of a call, if it is a datetime. One without a tzinfo is in UTC.
func Datetime(t *tape.Tape, id tape.ID, zones *ZoneCache) (time.Time, bool) {
	if t.Kind(id) != tape.Call || t.Code(id) != CallDatetime || t.IsInert(id) {
		return time.Time{}, false
	}
	a := tuple(t, t.Call(id).Args)
	if a == nil {
		return time.Time{}, false
	}
	loc := time.UTC
	if len(a) == 2 && t.Kind(a[1]) == tape.Value {
		loc = zones.at(t, a[1])
	}
	b := t.Span(a[0])
	return time.Date(int(b[0])<<8|int(b[1]), time.Month(b[2]), int(b[3]),
		int(b[4]), int(b[5]), int(b[6]), micros(b)*1000, loc), true
}

// Date returns the date of a call, if it is one.
func Date(t *tape.Tape, id tape.ID) (year, month, day int, ok bool) {
	if t.Kind(id) != tape.Call || t.Code(id) != CallDate || t.IsInert(id) {
		return 0, 0, 0, false
	}
	a := tuple(t, t.Call(id).Args)
	if a == nil {
		return 0, 0, 0, false
	}
	b := t.Span(a[0])
	return int(b[0])<<8 | int(b[1]), int(b[2]), int(b[3]), true
}

// Timedelta returns the duration of a call, if it is a timedelta.
func Timedelta(t *tape.Tape, id tape.ID) (time.Duration, bool) {
	if t.Kind(id) != tape.Call || t.Code(id) != CallTimedelta || t.IsInert(id) {
		return 0, false
	}
	a := tuple(t, t.Call(id).Args)
	if a == nil {
		return 0, false
	}
	seconds := t.Int(a[0])*86_400 + t.Int(a[1])
	return time.Duration(seconds)*time.Second + time.Duration(t.Int(a[2]))*time.Microsecond, true
}
