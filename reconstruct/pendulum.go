package reconstruct

import (
	"slices"

	"github.com/unpkl/unpkl/pickle"
)

// readPendulum reads pendulum's subclasses of the classes of datetime, and its time zones, as the
// types of the base classes. An Interval, which is two datetimes, stays an object.
//
// Reference: pendulum/datetime.py, DateTime.__reduce_ex__; tz/timezone.py.
func readPendulum(inst namedInstance) (any, error) {
	c := newClass(inst.Class, inert, defaultResolver)
	switch inst.Class.Name {
	case "DateTime", "Time":
		args, err := withPendulumZone(inst.Args)
		if err != nil {
			return nil, err
		}
		if inst.Class.Name == "Time" {
			return readTime(c, args)
		}
		return readDatetime(c, args)
	case "Date":
		return readDate(c, inst.Args)
	case "Duration":
		return readTimedelta(c, inst.Args)
	}
	return readPendulumZone(inst)
}

// withPendulumZone returns the arguments with a time zone of pendulum, which is the last, converted
// to one of this package.
func withPendulumZone(args []any) ([]any, error) {
	last := len(args) - 1
	if last < 0 {
		return args, nil
	}
	o, _ := args[last].(*pickle.Object)
	if o == nil {
		return args, nil
	}
	inst, ok := namedMethod(o)
	if !ok || !hasPrefix(inst.Class.Module, "pendulum.") {
		return args, nil
	}
	zone, err := readPendulumZone(inst)
	if zone == nil || err != nil {
		return args, err
	}
	args = slices.Clone(args)
	args[last] = zone
	return args, nil
}

// readPendulumZone reads a time zone. It returns nil for any other object.
func readPendulumZone(inst namedInstance) (any, error) {
	switch inst.Class.Name {
	case "Timezone", "Timezone._unpickle":
		if len(inst.Args) > 0 {
			if key, ok := asText(inst.Args[0]); ok {
				return &ZoneInfo{Key: key}, nil
			}
		}
	case "FixedTimezone":
		return readFixedTimezone(inst)
	}
	return nil, nil
}

// readFixedTimezone reads FixedTimezone(offset in seconds, name).
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

// readFreezegun reads the datetimes and dates that freezegun substitutes for those of datetime.
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
