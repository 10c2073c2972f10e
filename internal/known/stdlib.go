package known

import (
	"time"

	"github.com/unpkl/unpkl/internal/tape"
)

// The lengths in bytes of the data that module datetime pickles, which are fields in big endian.
// FoldBit is the bit of a datetime's month that has the fold.
const (
	DateSize     = 4
	DatetimeSize = 10
	FoldBit      = 0x80
)

// Package reconstruct sets these, since it has the types of tzinfo objects.
var (
	// IsFixedZone reports whether a tzinfo has a fixed offset from UTC.
	IsFixedZone = func(tzinfo any) bool { return false }
	// FixedZone returns the location of a tzinfo with a fixed offset.
	FixedZone = func(tzinfo any) *time.Location { return time.UTC }
)

// ZoneCache has the location of the last tzinfo, since most pickles have only one.
type ZoneCache struct {
	id       tape.ID // the cell of the tzinfo, or 0 if there was none
	location *time.Location
}

func (c *ZoneCache) locationOf(t *tape.Tape, id tape.ID) *time.Location {
	if c.id != id {
		c.id, c.location = id, FixedZone(t.Value(id))
	}
	return c.location
}

// matchDatetimeClass recognises the calls of classes of module datetime.
func matchDatetimeClass(t *tape.Tape, class uint16, form tape.Form, a []tape.ID) uint16 {
	if form != tape.FormReduce {
		return 0
	}
	switch class {
	case ClassDate:
		if len(a) == 1 && hasBytes(t, a[0], DateSize) {
			if b := t.Span(a[0]); validDate(int(b[0])<<8|int(b[1]), int(b[2]), int(b[3])) {
				return CallDate
			}
		}
	case ClassDatetime:
		return matchDatetime(t, a)
	case ClassTimedelta:
		return matchTimedelta(t, a)
	}
	return 0
}

// matchDatetime recognises datetime(bytes) and datetime(bytes, tzinfo) without a fold, where the
// tzinfo has a fixed offset.
func matchDatetime(t *tape.Tape, a []tape.ID) uint16 {
	if len(a) != 1 && len(a) != 2 || !hasBytes(t, a[0], DatetimeSize) {
		return 0
	}
	b := t.Span(a[0])
	if b[2]&FoldBit != 0 || b[4] > 23 || b[5] > 59 || b[6] > 59 || microseconds(b) > 999_999 ||
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

func microseconds(b []byte) int { return int(b[7])<<16 | int(b[8])<<8 | int(b[9]) }

// validDate reports whether a date exists and its year is from 1 to 9999.
func validDate(year, month, day int) bool {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31 {
		return false
	}
	return day <= 28 || time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() == day
}

// matchTimedelta recognises timedelta(days, seconds, microseconds) in its normal form, if it
// certainly fits a time.Duration.
func matchTimedelta(t *tape.Tape, a []tape.ID) uint16 {
	if len(a) != 3 {
		return 0
	}
	days, ok1 := intOf(t, a[0])
	seconds, ok2 := intOf(t, a[1])
	us, ok3 := intOf(t, a[2])
	const maxDays = 106_000 // a time.Duration has 106,751 days
	if !ok1 || !ok2 || !ok3 || days < -maxDays || days > maxDays ||
		seconds < 0 || seconds >= 86_400 || us < 0 || us >= 1_000_000 {
		return 0
	}
	return CallTimedelta
}

// Datetime returns the time of a deferred datetime, in UTC if it has no tzinfo; ok is false for any
// other cell, and if its object must be used.
func Datetime(t *tape.Tape, id tape.ID, zones *ZoneCache) (at time.Time, ok bool) {
	if t.Kind(id) != tape.Call || t.Code(id) != CallDatetime || t.IsInert(id) {
		return time.Time{}, false
	}
	a := unsharedItems(t, t.Call(id).Args)
	if a == nil {
		return time.Time{}, false
	}
	loc := time.UTC
	if len(a) == 2 && t.Kind(a[1]) == tape.Value {
		loc = zones.locationOf(t, a[1])
	}
	b := t.Span(a[0])
	return time.Date(int(b[0])<<8|int(b[1]), time.Month(b[2]), int(b[3]),
		int(b[4]), int(b[5]), int(b[6]), microseconds(b)*1000, loc), true
}

// Date returns a deferred date; ok is false for any other cell, and if its object must be used.
func Date(t *tape.Tape, id tape.ID) (year, month, day int, ok bool) {
	if t.Kind(id) != tape.Call || t.Code(id) != CallDate || t.IsInert(id) {
		return 0, 0, 0, false
	}
	a := unsharedItems(t, t.Call(id).Args)
	if a == nil {
		return 0, 0, 0, false
	}
	b := t.Span(a[0])
	return int(b[0])<<8 | int(b[1]), int(b[2]), int(b[3]), true
}

// Timedelta returns the duration of a deferred timedelta; ok is false for any other cell, and if
// its object must be used.
func Timedelta(t *tape.Tape, id tape.ID) (d time.Duration, ok bool) {
	if t.Kind(id) != tape.Call || t.Code(id) != CallTimedelta || t.IsInert(id) {
		return 0, false
	}
	a := unsharedItems(t, t.Call(id).Args)
	if a == nil {
		return 0, false
	}
	seconds := t.Int(a[0])*86_400 + t.Int(a[1])
	return time.Duration(seconds)*time.Second + time.Duration(t.Int(a[2]))*time.Microsecond, true
}
