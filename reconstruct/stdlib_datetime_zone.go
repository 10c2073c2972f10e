package reconstruct

import (
	"time"

	"github.com/unpkl/unpkl/pickle"
)

// pytzLocal is one of the offsets that a pytz zone has had. A datetime in such a zone refers to it
// as pytz._p(zone, utcoffset, dstoffset, tzname).
type pytzLocal struct {
	zone, name string
	offset     int // seconds east of UTC
}

// pytzZone reads a pytzLocal. ok is false for pytz._p(zone), a zone that has only one offset.
func pytzZone(tz any) (z pytzLocal, ok bool) {
	obj, ok := tz.(*pickle.Object)
	if !ok {
		return z, false
	}
	inst, ok := named(obj)
	if !ok || inst.Class.Module != "pytz" || inst.Class.Name != "_p" || len(inst.Args) != 4 {
		return z, false
	}
	zone, zoneOK := asText(inst.Args[0])
	offset, offsetOK := inst.Args[1].(int)
	name, nameOK := asText(inst.Args[3])
	const day = 24 * 60 * 60
	return pytzLocal{zone, name, offset}, zoneOK && offsetOK && nameOK && -day < offset &&
		offset < day
}

// at returns the instant of a wall time. Its zone is z.zone if that has the offset at this instant.
func (z pytzLocal) at(wall time.Time) time.Time {
	t := wall.Add(-time.Duration(z.offset) * time.Second)
	if loc, err := time.LoadLocation(z.zone); err == nil {
		if _, offset := t.In(loc).Zone(); offset == z.offset {
			return t.In(loc)
		}
	}
	return t.In(time.FixedZone(z.name, z.offset))
}

// constantOffset returns the offset in seconds east of UTC of a tzinfo whose utcoffset(None) is not
// None. These are zones that never change their offset, except for dateutil's tzfile.
func constantOffset(tz any) (int, bool) {
	if tz == nil {
		return 0, false
	}
	if obj, ok := tz.(*pickle.Object); ok {
		inst, isNamed := named(obj)
		if !isNamed {
			return 0, false
		}
		if z, isZone := dateutilZone(inst); isZone && z.file != "" {
			return 0, false
		}
		if _, isLocal := pytzZone(tz); isLocal {
			return 0, false
		}
	}
	loc, err := Location(tz)
	if err != nil {
		return 0, false
	}
	t := time.Unix(0, 0).In(loc)
	if start, end := t.ZoneBounds(); !start.IsZero() || !end.IsZero() {
		return 0, false
	}
	_, offset := t.Zone()
	return offset, true
}
