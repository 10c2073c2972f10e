package reconstruct

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/jsonhook"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// readAstropy reads astropy's quantities, tables, times, coordinates and units.
func readAstropy(inst namedInstance) (any, error) {
	if len(inst.Args) == 1 {
		if a, ok := inst.Args[0].(*ndarray.Array); ok && !inst.HasState {
			return readAstropyQuantity(a)
		}
	}
	switch inst.Class.Name {
	case "Table", "QTable":
		return readAstropyTable(inst)
	case "Time", "TimeDelta":
		return readAstropyTime(inst)
	case "SkyCoord":
		return readSkyCoord(inst)
	}
	return readAstropyUnit(inst)
}

// Table is an astropy table.
type Table struct {
	origin
	// Columns are in order. Those whose values are arrays have equal lengths.
	Columns []TableColumn
	// Meta is the dict of the table's metadata.
	Meta any
}

// TableColumn is a column of a [Table].
type TableColumn struct {
	Name string
	// Values is an *ndarray.Array or *ndarray.Masked whose first dimension is the rows, or a
	// *Quantity, *AstroTime or *SkyCoord of such arrays.
	Values any
	// Unit and Description are attributes of the column, or "". Unit is "" for a Quantity, which
	// has its own.
	Unit, Description string
}

// readAstropyTable reads a Table or QTable, whose state is the pair of columns and meta.
//
// Reference: astropy/table/table.py, Table.__getstate__; column.py, BaseColumn.__reduce__.
func readAstropyTable(inst namedInstance) (any, error) {
	state, ok := items(inst.State)
	if !ok || len(state) != 2 {
		return nil, nil
	}
	columns, ok := dictEntries(state[0])
	if !ok {
		return nil, pickle.Malformed("columns of %s", typeName(state[0]))
	}
	t := &Table{Meta: state[1]}
	rows := -1
	for _, e := range columns {
		name, ok := asText(e.Key)
		if !ok {
			return nil, pickle.Malformed("a column named %s", typeName(e.Key))
		}
		c := TableColumn{Name: name}
		if err := c.read(e.Value); err != nil {
			return nil, err
		}
		if n, ok := c.len(); ok && rows >= 0 && n != rows {
			return nil, pickle.Malformed("the column %.40q of %d rows in a table of %d", name, n,
				rows)
		} else if ok {
			rows = n
		}
		t.Columns = append(t.Columns, c)
	}
	return t, nil
}

// len returns the number of rows of a column that is an array; ok is false for any other column.
func (c *TableColumn) len() (rows int, ok bool) {
	v := c.Values
	if q, ok := v.(*Quantity); ok {
		v = q.Value
	}
	switch a := v.(type) {
	case *ndarray.Array:
		if a.NDim() > 0 {
			return a.Shape()[0], true
		}
	case *ndarray.Masked:
		if a.Data != nil && a.Data.NDim() > 0 {
			return a.Data.Shape()[0], true
		}
	}
	return 0, false
}

// read sets the values of a column. If they are an array, its subclass adds (name, unit, format,
// description, meta...) to the state.
func (c *TableColumn) read(v any) (err error) {
	if masked, ok := v.(*ndarray.Masked); ok {
		c.Values = masked
		return c.readState(maskedSubclassState(masked))
	}
	a, ok := v.(*ndarray.Array)
	if !ok {
		if c.Values = v; isAstropyTable(v) {
			return nil // a table has no table in it, but a pickle can put one into itself
		}
		value, ok, err := ReadLibrary(v)
		if ok {
			c.Values = value
		}
		return err
	}
	if value, err := readAstropyQuantity(a); value != nil || err != nil {
		c.Values = value
		if q, ok := value.(*Quantity); ok {
			q.setOrigin(a.Class(), a)
		}
		return err
	}
	if c.Values, err = bare(a); err != nil {
		return err
	}
	return c.readState(SubclassState(a))
}

// isAstropyTable reports whether v is a Table or QTable.
func isAstropyTable(v any) bool {
	o, _ := v.(*pickle.Object)
	inst, ok := named(o)
	return ok && (inst.Class.Name == "Table" || inst.Class.Name == "QTable")
}

// maskedSubclassState is SubclassState for a masked array.
func maskedSubclassState(m *ndarray.Masked) []any {
	const own = 7 // items of the state of a masked array
	if t, ok := m.Extra.(*types.Tuple); ok && t != nil && len(*t) > own {
		return (*t)[own:]
	}
	return nil
}

// readState sets Unit and Description from what the array's subclass added to the state.
func (c *TableColumn) readState(state []any) (err error) {
	if len(state) == 1 {
		state, _ = items(state[0])
	}
	if len(state) < 4 {
		return nil
	}
	if c.Unit, err = columnUnit(state[1]); err != nil {
		return err
	}
	c.Description, _ = asText(state[3])
	return nil
}

// columnUnit returns the name of a column's unit.
func columnUnit(v any) (string, error) {
	if text, ok := asText(v); ok {
		return text, nil
	}
	return astropyUnit(v)
}

// MarshalJSON returns the JSON that to-json --arrays=values writes.
func (t *Table) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(t) }

// Form implements [LibraryValue].
func (t *Table) Form() string { return "$table" }

// Parts implements [LibraryValue].
func (t *Table) Parts() []Part {
	columns, units := &types.Dict{}, &types.Dict{}
	for _, c := range t.Columns {
		*columns = append(*columns, types.DictEntry{Key: c.Name, Value: c.Values})
		if c.Unit != "" {
			*units = append(*units, types.DictEntry{Key: c.Name, Value: c.Unit})
		}
	}
	parts := []Part{{Name: "columns", Value: columns}}
	if len(*units) > 0 {
		parts = append(parts, Part{Name: "units", Value: units})
	}
	return append(parts, Part{Name: "meta", Value: t.Meta})
}

// Places implements [LibraryValue].
func (t *Table) Places() []*any {
	places := []*any{&t.Meta}
	for i := range t.Columns {
		places = append(places, &t.Columns[i].Values)
	}
	return places
}

// AstroTime holds the instants of an astropy Time, or the durations of a TimeDelta.
type AstroTime struct {
	origin
	// Scale is the time scale: "utc", "tai", "tt"... Format is the format in which astropy shows
	// times.
	Scale, Format string
	// JD1 and JD2 add up to the Julian date, or for a TimeDelta to a number of days. Each is an
	// *ndarray.Array of float64, both of the same shape, or both are a float64.
	JD1, JD2 any
}

// readAstropyTime reads a Time or TimeDelta.
//
// Reference: astropy/time/core.py, TimeBase.__getstate__; formats.py.
func readAstropyTime(inst namedInstance) (any, error) {
	state, ok := textKeys(inst.State)
	if !ok {
		return nil, nil
	}
	inner, ok := state["_time"].(*pickle.Object)
	if !ok {
		return nil, nil
	}
	parts, ok := textKeys(Normalize(inner).State)
	if !ok {
		return nil, nil
	}
	t := &AstroTime{}
	t.Scale, _ = asText(parts["_scale"])
	t.Format, _ = asText(state["_format"])
	var err error
	if t.JD1, err = julianPart(parts["_jd1"]); err != nil {
		return nil, err
	}
	if t.JD2, err = julianPart(parts["_jd2"]); err != nil {
		return nil, err
	}
	a, isArray := t.JD1.(*ndarray.Array)
	b, isArray2 := t.JD2.(*ndarray.Array)
	if isArray != isArray2 || isArray && !slices.Equal(a.Shape(), b.Shape()) {
		return nil, pickle.Malformed("the two parts of the Julian date are of two shapes")
	}
	return t, nil
}

// julianPart reads a part of a Julian date.
func julianPart(v any) (any, error) {
	if s, ok := v.(*ndarray.Scalar); ok {
		v = s.Value()
	}
	switch v := v.(type) {
	case float64:
		return v, nil
	case *ndarray.Array:
		if v.DType().Kind() == 'f' && v.DType().ItemSize() == 8 {
			return bare(v)
		}
	}
	return nil, pickle.Unsupported("a Julian date of %s", typeName(v))
}

// leapDays are the days of UTC that end with a leap second.
var leapDays = []string{"1972-06-30", "1972-12-31", "1973-12-31", "1974-12-31", "1975-12-31",
	"1976-12-31", "1977-12-31", "1978-12-31", "1979-12-31", "1981-06-30", "1982-06-30",
	"1983-06-30", "1985-06-30", "1987-12-31", "1989-12-31", "1990-12-31", "1992-06-30",
	"1993-06-30", "1994-06-30", "1995-12-31", "1997-06-30", "1998-12-31", "2005-12-31",
	"2008-12-31", "2012-06-30", "2015-06-30", "2016-12-31"}

// Times returns the instants in C order, rounded to nanoseconds. A leap second becomes the first
// second of the next day, because Go has none. Only UTC since 1972 is supported; anything else is
// an error of the kind pickle.ErrUnsupported.
func (t *AstroTime) Times() ([]time.Time, error) {
	if t.Scale != "utc" || strings.HasSuffix(t.class, "Delta") {
		return nil, pickle.Unsupported("times of the scale %.10q as UTC", t.Scale)
	}
	jd1, err := julianDays(t.JD1)
	if err != nil {
		return nil, err
	}
	jd2, err := julianDays(t.JD2)
	if err != nil || len(jd1) != len(jd2) {
		return nil, pickle.Malformed("two parts of the Julian date that differ")
	}
	out := make([]time.Time, len(jd1))
	for i := range out {
		if out[i], err = utcTime(jd1[i], jd2[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// julianDays returns a part of Julian dates in C order.
func julianDays(v any) ([]float64, error) {
	switch v := v.(type) {
	case float64:
		return []float64{v}, nil
	case *ndarray.Array:
		flat, err := v.Copy(ndarray.OrderC)
		if err != nil {
			return nil, err
		}
		if flat, err = flat.Reshape(flat.Size()); err != nil {
			return nil, err
		}
		return ndarray.Values[float64](flat)
	}
	return nil, pickle.Unsupported("a Julian date of %s", typeName(v))
}

// utcTime returns the instant of a Julian date in UTC. Julian days begin at noon.
func utcTime(jd1, jd2 float64) (time.Time, error) {
	const epoch, first, last = 2440587.5, 2441317.5, 5373484.5 // 1970, 1972, 10000
	if !(jd1+jd2 >= first && jd1+jd2 < last) {
		return time.Time{}, pickle.Unsupported("the Julian date %g", jd1+jd2)
	}
	whole := math.Floor(jd1)
	rest := (jd1 - whole) + jd2 + 0.5 // days since the midnight before whole
	day := math.Floor(rest)
	rest -= day
	midnight := time.Unix(int64(whole+day-0.5-epoch)*86400, 0).UTC()
	length := 86400.0
	if slices.Contains(leapDays, midnight.Format(time.DateOnly)) {
		length++
	}
	return midnight.Add(time.Duration(math.Round(rest * length * 1e9))), nil
}

// MarshalJSON returns the JSON that to-json --arrays=values writes.
func (t *AstroTime) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(t) }

// Form implements [LibraryValue].
func (t *AstroTime) Form() string { return "$time" }

// Parts implements [LibraryValue].
func (t *AstroTime) Parts() []Part {
	return []Part{{Name: "scale", Value: t.Scale}, {Name: "format", Value: t.Format},
		{Name: "jd1", Value: t.JD1}, {Name: "jd2", Value: t.JD2}}
}

// Places implements [LibraryValue].
func (t *AstroTime) Places() []*any { return nil }

// String returns the scale, preceded by the instant if it is a single time in UTC.
func (t *AstroTime) String() string {
	if _, ok := t.JD1.(float64); ok {
		if times, err := t.Times(); err == nil {
			return times[0].Format("2006-01-02T15:04:05.999999999") + " " + t.Scale
		}
	}
	return t.Scale
}

// SkyCoord holds astropy coordinates in a frame of reference.
type SkyCoord struct {
	origin
	// Frame is the name of the frame in lower case, such as "icrs" or "galactic". Representation is
	// the kind of components: "unitspherical", "spherical", "cartesian"...
	Frame, Representation string
	// Components are in the order of the representation: lon, lat and distance, or x, y and z.
	Components []SkyComponent
}

// SkyComponent is a component of a [SkyCoord].
type SkyComponent struct {
	Name     string
	Quantity *Quantity
}

// readSkyCoord reads the data of a SkyCoord's frame.
//
// Reference: astropy/coordinates/sky_coordinate.py, baseframe.py, representation.
func readSkyCoord(inst namedInstance) (any, error) {
	state, _ := textKeys(inst.State)
	frame, ok := state["_sky_coord_frame"].(*pickle.Object)
	if !ok {
		return nil, nil
	}
	frameInst, ok := named(frame)
	if !ok {
		return nil, nil
	}
	frameState, _ := textKeys(frameInst.State)
	data, ok := frameState["_data"].(*pickle.Object)
	if !ok {
		return nil, nil // a frame without data
	}
	dataInst, ok := named(data)
	entries, isDict := dataInst.State.(*types.Dict)
	if !ok || !isDict || entries == nil {
		return nil, nil
	}
	c := &SkyCoord{Frame: strings.ToLower(frameInst.Class.Name),
		Representation: strings.ToLower(strings.TrimSuffix(dataInst.Class.Name, "Representation"))}
	for _, e := range *entries {
		a, ok := e.Value.(*ndarray.Array)
		name, isText := asText(e.Key)
		if !ok || !isText {
			continue
		}
		q, err := readAstropyQuantity(a)
		if err != nil {
			return nil, err
		}
		if q, ok := q.(*Quantity); ok {
			q.setOrigin(a.Class(), a)
			c.Components = append(c.Components, SkyComponent{strings.TrimPrefix(name, "_"), q})
		}
	}
	return c, nil
}

// MarshalJSON returns the JSON that to-json --arrays=values writes.
func (c *SkyCoord) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(c) }

// Form implements [LibraryValue].
func (c *SkyCoord) Form() string { return "$skycoord" }

// Parts implements [LibraryValue].
func (c *SkyCoord) Parts() []Part {
	parts := []Part{{Name: "frame", Value: c.Frame}, {Name: "representation",
		Value: c.Representation}}
	for _, x := range c.Components {
		parts = append(parts, Part{Name: x.Name, Value: x.Quantity})
	}
	return parts
}

// Places implements [LibraryValue].
func (c *SkyCoord) Places() []*any { return nil }

// String returns the frame.
func (c *SkyCoord) String() string { return c.Frame }
