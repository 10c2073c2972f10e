package reconstruct

import (
	"math"
	"strings"
	"time"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/pickle"
)

// The payloads are those of CPython's Modules/_datetimemodule.c (datetime_getstate, time_getstate,
// date_getstate): big-endian fields. The top bit of the month of a datetime, or of the hour of a
// time, is the fold.
const (
	datePayload     = known.DateSize
	timePayload     = 6
	datetimePayload = known.DatetimeSize
	foldBit         = known.FoldBit
)

func fillDatetime(t table) {
	t.add("datetime", "date", &entry{call: readDate, construct: readDate, code: known.ClassDate})
	t.add("datetime", "time", &entry{call: readTime, construct: readTime})
	t.add("datetime", "datetime",
		&entry{call: readDatetime, construct: readDatetime, code: known.ClassDatetime})
	t.add("datetime", "timedelta",
		&entry{call: readTimedelta, construct: readTimedelta, code: known.ClassTimedelta})
	t.add("datetime", "timezone", &entry{call: readTimezone, construct: readTimezone})
	t.add("datetime", "tzinfo", inert)
	t.add("zoneinfo", "ZoneInfo", &entry{call: readZoneInfo, attr: zoneInfoAttr})
	t.add("zoneinfo", "ZoneInfo._unpickle", zoneUnpickle)
	t.addAll("pytz", inert, "_UTC", "_p", "_FixedOffset", "FixedOffset", "UTC", "utc")
	t.addAll("dateutil.tz.tz", inert, "tzutc", "tzoffset", "tzlocal", "tzfile", "tzstr", "tzrange")
	t.addAll("dateutil.tz", inert, "tzutc", "tzoffset", "tzlocal", "tzfile", "tzstr", "tzrange")
}

// isPayload reports whether the first argument is a payload, as in pickles, and not the first of
// several ints.
func isPayload(args []any) bool {
	if len(args) == 0 {
		return false
	}
	switch args[0].(type) {
	case []byte, string, pickle.Py2String:
		return true
	}
	return false
}

// sizedPayload reads a payload of n bytes.
func sizedPayload(a argReader, n int) ([]byte, error) {
	b, err := a.sized(0, "state", n)
	if err == nil && len(b) != n {
		err = a.errorf("state of %d bytes, want %d", len(b), n)
	}
	return b, err
}

// micros reads microseconds, which take three bytes.
func micros(b []byte) int { return int(b[0])<<16 | int(b[1])<<8 | int(b[2]) }

func readDate(c Class, args []any) (any, error) {
	a := c.args(args)
	var d Date
	if isPayload(args) {
		if err := a.count(1, 1); err != nil {
			return nil, err
		}
		b, err := sizedPayload(a, datePayload)
		if err != nil {
			return nil, err
		}
		d = Date{int(b[0])<<8 | int(b[1]), int(b[2]), int(b[3])}
	} else {
		if err := a.count(3, 3); err != nil {
			return nil, err
		}
		if err := a.integers(0, []string{"year", "month", "day"}, &d.Year, &d.Month,
			&d.Day); err != nil {
			return nil, err
		}
	}
	if err := checkDate(a, d.Year, d.Month, d.Day); err != nil {
		return nil, err
	}
	return &d, nil
}

// integers reads consecutive int arguments from i on into dst, and stops at the last argument.
func (a argReader) integers(i int, names []string, dst ...*int) error {
	for k, p := range dst {
		if i+k >= len(a.vals) {
			return nil
		}
		n, err := a.integer(i+k, names[k])
		if err != nil {
			return err
		}
		*p = n
	}
	return nil
}

// checkRange refuses a value outside of least to most.
func checkRange(a argReader, name string, v, least, most int) error {
	if v < least || v > most {
		return a.errorf("%s %d is out of range, want %d to %d", name, v, least, most)
	}
	return nil
}

func checkDate(a argReader, year, month, day int) error {
	if err := checkRange(a, "year", year, 1, 9999); err != nil {
		return err
	}
	if err := checkRange(a, "month", month, 1, 12); err != nil {
		return err
	}
	last := time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return checkRange(a, "day", day, 1, last)
}

func checkClock(a argReader, hour, minute, second, micro int) error {
	for _, f := range []struct {
		name    string
		v, most int
	}{{"hour", hour, 23}, {"minute", minute, 59}, {"second", second, 59},
		{"microsecond", micro, 999_999}} {
		if err := checkRange(a, f.name, f.v, 0, f.most); err != nil {
			return err
		}
	}
	return nil
}

func readTime(c Class, args []any) (any, error) {
	a := c.args(args)
	t := new(Time)
	if isPayload(args) {
		if err := a.count(1, 2); err != nil {
			return nil, err
		}
		b, err := sizedPayload(a, timePayload)
		if err != nil {
			return nil, err
		}
		*t = Time{int(b[0] &^ foldBit), int(b[1]), int(b[2]), micros(b[3:]), int(b[0] >> 7),
			a.optional(1, nil)}
	} else {
		if err := a.count(0, 5); err != nil {
			return nil, err
		}
		names := []string{"hour", "minute", "second", "microsecond"}
		if err := a.integers(0, names, &t.Hour, &t.Minute, &t.Second, &t.Microsecond); err != nil {
			return nil, err
		}
		t.TZ = a.optional(4, nil)
	}
	if err := checkTZ(a, t.TZ); err != nil {
		return nil, err
	}
	return t, checkClock(a, t.Hour, t.Minute, t.Second, t.Microsecond)
}

func readDatetime(c Class, args []any) (any, error) {
	a := c.args(args)
	d := new(Datetime)
	if isPayload(args) {
		if err := a.count(1, 2); err != nil {
			return nil, err
		}
		b, err := sizedPayload(a, datetimePayload)
		if err != nil {
			return nil, err
		}
		*d = Datetime{
			int(b[0])<<8 | int(b[1]), int(b[2] &^ foldBit), int(b[3]),
			int(b[4]), int(b[5]), int(b[6]), micros(b[7:]), int(b[2] >> 7), a.optional(1, nil),
		}
	} else {
		if err := a.count(3, 8); err != nil {
			return nil, err
		}
		names := []string{"year", "month", "day", "hour", "minute", "second", "microsecond"}
		err := a.integers(0, names, &d.Year, &d.Month, &d.Day, &d.Hour, &d.Minute, &d.Second,
			&d.Microsecond)
		if err != nil {
			return nil, err
		}
		d.TZ = a.optional(7, nil)
	}
	if err := checkDate(a, d.Year, d.Month, d.Day); err != nil {
		return nil, err
	}
	if err := checkTZ(a, d.TZ); err != nil {
		return nil, err
	}
	return d, checkClock(a, d.Hour, d.Minute, d.Second, d.Microsecond)
}

// checkTZ refuses values that cannot be instances of a tzinfo class.
func checkTZ(a argReader, tz any) error {
	switch tz.(type) {
	case nil, *Timezone, *ZoneInfo, *pickle.Object, pickle.Named:
		return nil
	}
	return a.errorf("tzinfo is %s, want None or an instance of a tzinfo class", typeName(tz))
}

func readTimedelta(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(0, 3); err != nil {
		return nil, err
	}
	var d Timedelta
	names := []string{"days", "seconds", "microseconds"}
	if err := a.integers(0, names, &d.Days, &d.Seconds, &d.Microseconds); err != nil {
		return nil, err
	}
	// These bounds keep normal from overflowing; the result is checked again below.
	for i, v := range []int{d.Days, d.Seconds, d.Microseconds} {
		if err := checkRange(a, names[i], v, math.MinInt/2, math.MaxInt/2); err != nil {
			return nil, err
		}
	}
	d = d.normal()
	if err := checkRange(a, "days", d.Days, -maxTimedeltaDays, maxTimedeltaDays); err != nil {
		return nil, err
	}
	return d, nil
}

func readTimezone(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(1, 2); err != nil {
		return nil, err
	}
	offset, ok := args[0].(Timedelta)
	if !ok {
		return nil, a.wrong(0, "offset", "datetime.timedelta")
	}
	if us := offset.TotalMicroseconds(); !us.IsInt64() || us.Int64() <= -86_400e6 ||
		us.Int64() >= 86_400e6 {
		return nil, a.errorf("offset %v is not strictly between -24 and 24 hours", offset)
	}
	z := &Timezone{Offset: offset}
	if len(args) == 2 {
		name, err := a.text(1, "name")
		if err != nil {
			return nil, err
		}
		z.Name, z.HasName = name, true
	}
	return z, nil
}

// zoneUnpickle implements ZoneInfo._unpickle(key, from_cache).
var zoneUnpickle = &entry{call: func(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(2, 2); err != nil {
		return nil, err
	}
	key, err := a.text(0, "key")
	if err != nil {
		return nil, err
	}
	cached, err := a.truth(1, "from_cache")
	return &ZoneInfo{Key: key, NoCache: !cached}, err
}}

func readZoneInfo(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(1, 1); err != nil {
		return nil, err
	}
	key, err := a.text(0, "key")
	return &ZoneInfo{Key: key}, err
}

// zoneInfoAttr resolves ZoneInfo._unpickle.
func zoneInfoAttr(c Class, name string) (any, bool) {
	if name != "_unpickle" {
		return nil, false
	}
	return newClass(pickle.Global{Module: c.global.Module, Name: c.global.Name + "._unpickle"},
		zoneUnpickle, c.resolver), true
}

// Location returns the Go time zone for a tzinfo of the standard library (datetime.timezone,
// zoneinfo), pytz or dateutil. It looks up named zones with time.LoadLocation, so the program needs
// the system's time zone database or an import of time/tzdata. It returns an error if the name is
// not found or the object is of another library.
func Location(tz any) (*time.Location, error) {
	switch z := tz.(type) {
	case nil:
		return time.UTC, nil
	case *time.Location:
		return z, nil
	case *Timezone:
		return z.location(), nil
	case *ZoneInfo:
		return time.LoadLocation(z.Key)
	case pickle.Named:
		if g := z.Global(); g.Module == "pytz" && (g.Name == "UTC" || g.Name == "utc") {
			return time.UTC, nil
		}
	case *pickle.Object:
		if loc, err, ok := objectLocation(Normalize(z)); ok {
			return loc, err
		}
	}
	return nil, pickle.Unsupported("time zone %s is not known", zoneName(tz))
}

// zoneName returns a name of a tzinfo for error texts.
func zoneName(tz any) string {
	switch z := tz.(type) {
	case *ZoneInfo:
		return z.Key
	case *pickle.Object:
		return Normalize(z).ClassName()
	case pickle.Named:
		return z.Global().String()
	}
	return typeName(tz)
}

// objectLocation is Location for objects of pytz and dateutil, and for pandas' call for a zone by
// name. The bool result is false for any other object.
func objectLocation(n Instance) (*time.Location, error, bool) {
	a := argReader{fn: n.ClassName(), vals: n.Args}
	var module, name string
	if named, ok := n.Class.(pickle.Named); ok {
		module, name = named.Global().Module, named.Global().Name
	}
	switch {
	case module == "pytz" && name == "_UTC", strings.HasPrefix(module, "dateutil.tz") &&
		name == "tzutc":
		return time.UTC, nil, true
	case module == "pytz" && name == "_p" && len(n.Args) > 0,
		zoneByName.Global() == pickle.Global{Module: module, Name: name} && len(n.Args) == 1:
		zone, err := a.text(0, "zone")
		if err != nil {
			return nil, err, true
		}
		loc, err := time.LoadLocation(zone)
		return loc, err, true
	case module == "pytz" && (name == "FixedOffset" || name == "_FixedOffset") && len(n.Args) == 1:
		minutes, err := a.integer(0, "minutes")
		if err == nil {
			err = checkRange(a, "minutes", minutes, -1439, 1439)
		}
		if err != nil {
			return nil, err, true
		}
		return time.FixedZone("", minutes*60), nil, true
	}
	if z, ok := dateutilZone(namedInstance{n, pickle.Global{Module: module, Name: name}}); ok {
		if z.file == "" {
			return time.FixedZone("", z.offset), nil, true
		}
		if _, zone, ok := strings.Cut(z.file, "zoneinfo/"); ok {
			loc, err := time.LoadLocation(zone)
			return loc, err, true
		}
	}
	return nil, nil, false
}
