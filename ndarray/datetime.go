package ndarray

import "slices"

// NaT is the value of a datetime64 or timedelta64 that is "not a time".
const NaT = -1 << 63

// Datetime64 is a point in time: Value ticks of Unit since 1970-01-01T00:00:00 in
// the proleptic Gregorian calendar, without leap seconds and time zones.
type Datetime64 struct {
	Value int64
	Unit  DatetimeUnit
}

// Timedelta64 is a length of time: Value ticks of Unit. Years and months have no fixed
// length.
type Timedelta64 struct {
	Value int64
	Unit  DatetimeUnit
}

// IsNaT reports whether d is "not a time".
func (d Datetime64) IsNaT() bool { return d.Value == NaT }

// IsNaT reports whether d is "not a time".
func (d Timedelta64) IsNaT() bool { return d.Value == NaT }

// datetimeUnits are the units from the longest to the shortest.
var datetimeUnits = []string{"Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"}

// normalized checks u and makes its zero values explicit.
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
