package reconstruct

import (
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/pickle"
)

// zoneText returns str() of a tzinfo, as pandas shows it in the name of a dtype.
func zoneText(tz any) string {
	switch z := tz.(type) {
	case string:
		return z
	case pickle.Py2String:
		return string(z)
	case *ZoneInfo:
		return z.Key
	case *Timezone:
		return z.String()
	case *pickle.Object:
		if text, ok := zoneObjectText(z); ok {
			return text
		}
	}
	return zoneName(tz)
}

// zoneKey returns the text that frame.Series stores for a tzinfo. It is zoneText, except that the
// name that a program gave to a datetime.timezone is ignored, because it does not identify the
// zone.
func zoneKey(tz any) string {
	if z, ok := tz.(*Timezone); ok {
		return (&Timezone{Offset: z.Offset}).String()
	}
	return zoneText(tz)
}

// zoneObjectText is zoneText for objects of pytz and dateutil.
func zoneObjectText(z *pickle.Object) (string, bool) {
	inst, ok := named(z)
	if !ok {
		return "", false
	}
	switch name := inst.Class.Name; {
	case name == "_UTC":
		return "UTC", true
	case name == "tzutc":
		return "tzutc()", true
	case (name == "_p" || name == zoneByName.Global().Name) && len(inst.Args) > 0:
		return asText(inst.Args[0])
	case name == "FixedOffset" && len(inst.Args) == 1:
		return "pytz.FixedOffset(" + pythonText(inst.Args[0]) + ")", true
	}
	if zone, isZone := dateutilZone(inst); isZone {
		if zone.file != "" {
			return "tzfile('" + zone.file + "')", true
		}
		label := "None"
		if zone.label != "" {
			label = "'" + zone.label + "'"
		}
		return "tzoffset(" + label + ", " + strconv.Itoa(zone.offset) + ")", true
	}
	return "", false
}

// dateutilTZ is a tzfile or tzoffset of dateutil.
type dateutilTZ struct {
	file   string // path of a tzfile
	label  string // name of a tzoffset, "" if it has none
	offset int    // of a tzoffset, in seconds east of UTC
}

// dateutilZone reads tzfile(None, path), tzoffset(name, offset) or, of dateutil 4,
// _tzfile._unpickle(class, key, path, transitions).
func dateutilZone(inst namedInstance) (z dateutilTZ, ok bool) {
	if !strings.HasPrefix(inst.Class.Module, "dateutil.") {
		return z, false
	}
	path := -1
	switch inst.Class.Name {
	case "tzfile":
		path = 1
	case "_unpickle":
		path = 2
	case "tzoffset":
		return dateutilOffset(inst)
	}
	if path < 0 || path >= len(inst.Args) {
		return z, false
	}
	z.file, ok = asText(inst.Args[path])
	return z, ok && z.file != ""
}

// dateutilOffset reads a tzoffset from its arguments or its attributes.
func dateutilOffset(inst namedInstance) (z dateutilTZ, ok bool) {
	var offset any
	if len(inst.Args) == 2 {
		z.label, _ = asText(inst.Args[0])
		offset = inst.Args[1]
	} else if v, has := inst.Attr("_offset"); has {
		offset = v
		if name, hasName := inst.Attr("_name"); hasName {
			z.label, _ = asText(name)
		}
	}
	switch o := offset.(type) {
	case Timedelta:
		z.offset = int(o.TotalSeconds())
	case int:
		z.offset = o
	default:
		return z, false
	}
	return z, z.offset > -86400 && z.offset < 86400
}
