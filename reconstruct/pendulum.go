package reconstruct

import (
	"slices"

	"github.com/unpkl/unpkl/pickle"
)

// readPendulum reads pendulum's subclasses of datetime's classes and its zones as what they are
// subclasses of. An Interval, which is two datetimes, stays an object.
//
// Reference: pendulum/datetime.py, DateTime.__reduce_ex__; tz/timezone.py.
func readPendulum(inst namedInstance) (any, error) {
	c := newClass(inst.Class, inert, defaultResolver)
	args := slices.Clone(inst.Args)
	if zone := len(args) - 1; zone >= 0 {
		tz, ok, err := ReadLibrary(args[zone])
		if err != nil {
			return nil, err
		}
		if ok {
			args[zone] = tz
		}
	}
	switch inst.Class.Name {
	case "DateTime":
		return readDatetime(c, args)
	case "Date":
		return readDate(c, args)
	case "Time":
		return readTime(c, args)
	case "Duration":
		return readTimedelta(c, args)
	case "Timezone", "Timezone._unpickle":
		if len(args) > 0 {
			if key, ok := asText(args[0]); ok {
				return &ZoneInfo{Key: key}, nil
			}
		}
	case "FixedTimezone":
		return readFixedTimezone(inst)
	}
	return nil, nil
}

// readFixedTimezone is FixedTimezone(offset in seconds, name).
func readFixedTimezone(inst namedInstance) (any, error) {
	a := argReader{fn: "FixedTimezone", vals: inst.Args}
	if err := a.count(1, 2); err != nil {
		return nil, err
	}
	seconds, err := a.integer(0, "offset")
	if err != nil {
		return nil, err
	}
	const day = 24 * 60 * 60
	if seconds <= -day || seconds >= day {
		return nil, pickle.Malformed("an offset of %d seconds", seconds)
	}
	z := &Timezone{Offset: Timedelta{Seconds: seconds}.normal()}
	if len(inst.Args) == 2 && inst.Args[1] != nil {
		if z.Name, err = a.text(1, "name"); err != nil {
			return nil, err
		}
		z.HasName = true
	}
	return z, nil
}

// readFreezegun reads the datetimes and dates that freezegun puts in the place of datetime's.
func readFreezegun(inst namedInstance) (any, error) {
	c := newClass(inst.Class, inert, defaultResolver)
	switch inst.Class.Name {
	case "FakeDatetime":
		return readDatetime(c, inst.Args)
	case "FakeDate":
		return readDate(c, inst.Args)
	}
	return nil, nil
}
