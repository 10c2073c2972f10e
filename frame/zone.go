package frame

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/unpkl/unpkl/ndarray"
)

// locations caches zones by name. Only zones that exist are kept, so there are few.
var locations sync.Map

var (
	offsetText = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:UTC)?([+-])(\d\d):?(\d\d)(?::(\d\d))?$`)
	})
	dateutilText = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^tzoffset\(.*, (-?\d{1,6})\)$`)
	})
	pytzText = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^pytz\.FixedOffset\((-?\d{1,4})\)$`)
	})
	zoneFile = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^tzfile\('(?:.*/)?zoneinfo/(.*)'\)$`)
	})
)

// Location returns the time zone of a Datetime series. It is UTC if TZ is "". Zones are looked up
// by name with time.LoadLocation, so the program needs the system's time zone database or an import
// of time/tzdata. An unknown TZ is an error.
func (s *Series) Location() (*time.Location, error) { return location(s.TZ) }

func location(tz string) (*time.Location, error) {
	switch tz {
	case "", "UTC", "utc", "tzutc()":
		return time.UTC, nil
	case "Local":
		return nil, errorf("time zone %q is not known", tz) // time.LoadLocation's own name
	}
	if m := offsetText().FindStringSubmatch(tz); m != nil {
		seconds := 0
		for i, unit := range []int{3600, 60, 1} {
			n, _ := strconv.Atoi("0" + m[2+i])
			seconds += n * unit
		}
		if m[1] == "-" {
			seconds = -seconds
		}
		return fixed(seconds)
	}
	if m := pytzText().FindStringSubmatch(tz); m != nil {
		minutes, _ := strconv.Atoi(m[1])
		return fixed(60 * minutes)
	}
	if m := dateutilText().FindStringSubmatch(tz); m != nil {
		seconds, _ := strconv.Atoi(m[1])
		return fixed(seconds)
	}
	if m := zoneFile().FindStringSubmatch(tz); m != nil {
		tz = m[1]
	}
	if loc, ok := locations.Load(tz); ok {
		return loc.(*time.Location), nil
	}
	loc, err := time.LoadLocation(strings.Clone(tz))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errorf("time zone %q is not known", tz), err)
	}
	locations.Store(tz, loc)
	return loc, nil
}

func fixed(seconds int) (*time.Location, error) {
	if seconds <= -86400 || seconds >= 86400 {
		return nil, errorf("a time zone %d seconds from UTC", seconds)
	}
	return time.FixedZone("", seconds), nil
}

// Time returns element i of a Datetime series in the zone of the series, or in UTC if that is not
// known. ok is false if the element is missing, s is of another kind, or time.Time cannot hold the
// time.
func (s *Series) Time(i int) (t time.Time, ok bool) {
	if s.Kind != Datetime || s.IsNull(i) {
		return t, false
	}
	d, ok := s.Values.At(i).(interface{ Time() (time.Time, error) })
	if !ok {
		return t, false
	}
	t, err := d.Time()
	if err != nil {
		return t, false
	}
	if loc, err := s.Location(); err == nil {
		t = t.In(loc)
	}
	return t, true
}

// reader returns a function that returns elements as Values of type t need them: At, or Time for
// times in a time zone.
func (s *Series) reader(t reflect.Type) func(i int) any {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if s.Kind == Datetime && t == reflect.TypeFor[ndarray.Datetime64]() {
		return func(i int) any { return s.Values.At(i) } // t is a type of times in UTC.
	}
	if t != timeType || s.Kind != Datetime {
		return s.At
	}
	return func(i int) any {
		if v, ok := s.Time(i); ok {
			return v
		}
		return s.At(i)
	}
}
