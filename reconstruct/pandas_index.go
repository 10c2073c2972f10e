package reconstruct

import (
	"strings"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// isIndexName reports whether a function of pandas creates an index.
func isIndexName(name string) bool {
	return strings.HasPrefix(name, "_new_") && strings.HasSuffix(name, "Index")
}

// indexClasses are the index classes that once were subclasses of ndarray.
var indexClasses = map[string]bool{
	"Index": true, "RangeIndex": true, "MultiIndex": true, "DatetimeIndex": true,
	"TimedeltaIndex": true,
	"PeriodIndex":    true, "CategoricalIndex": true, "IntervalIndex": true,
	"Int64Index": true, "UInt64Index": true, "Float64Index": true,
	"DateRange": true, // of datetime objects, up to 0.7
}

// axis converts the object in the place of an index: an index or, in old files, an array.
func (p *Pandas) axis(v any) (*frame.Index, error) {
	switch v := v.(type) {
	case *ndarray.Array:
		class := "Index"
		if name, ok := pandasClass(v.Class()); ok && indexClasses[name] {
			class = name
		}
		return p.arrayIndex(class, v)
	case *pickle.Object:
		if done, ok := p.axes[v]; ok {
			return done, nil
		}
		x, err := p.objectAxis(v)
		if err != nil {
			return nil, err
		}
		if p.axes == nil {
			p.axes = map[*pickle.Object]*frame.Index{}
		}
		p.axes[v] = x
		return x, nil
	}
	return nil, pickle.Malformed("%s as a pandas index", typeName(v))
}

// objectAxis converts an index or extension array.
func (p *Pandas) objectAxis(o *pickle.Object) (*frame.Index, error) {
	inst, ok := named(o)
	if !ok {
		return nil, pickle.Malformed("%s as a pandas index", typeName(o))
	}
	if name, isPandas := pandasName(inst.Class); isPandas && isIndexName(name) {
		return p.index(inst)
	}
	s, err := p.labels("Index", o)
	if err != nil {
		return nil, err
	}
	return &frame.Index{Class: "Index", Names: []any{nil}, Values: s}, nil
}

// labels converts the values of an index, which must be one column.
func (p *Pandas) labels(class string, v any) (*frame.Series, error) {
	columns, err := p.convertValues(v)
	if err != nil {
		return nil, err
	}
	if len(columns) != 1 {
		return nil, pickle.Malformed("a %s of %d columns", class, len(columns))
	}
	if columns[0].Kind == frame.Opaque {
		return nil, pickle.Unsupported("a %s of %s", class, columns[0].DType)
	}
	return columns[0], nil
}

// index reads _new_Index(class, dict) and its variants.
func (p *Pandas) index(inst namedInstance) (*frame.Index, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	if len(inst.Args) < 2 {
		return nil, pickle.Malformed("%s with %d arguments", inst.Class, len(inst.Args))
	}
	class, ok := inst.Args[0].(pickle.Named)
	if !ok {
		return nil, pickle.Malformed("%s of %s", inst.Class, typeName(inst.Args[0]))
	}
	d, ok := textKeys(inst.Args[1])
	if !ok {
		return nil, pickle.Malformed("%s with %s", inst.Class, typeName(inst.Args[1]))
	}
	x := &frame.Index{Class: class.Global().Name, Names: []any{d["name"]}}
	switch {
	case x.Class == "RangeIndex" || d["start"] != nil && d["data"] == nil:
		return x, rangeIndex(x, d)
	case x.Class == "MultiIndex" || d["levels"] != nil:
		return x, p.multiIndex(x, d)
	case x.Class == "IntervalIndex" && d["left"] != nil:
		return x, p.intervalIndex(x, d)
	}
	data, ok := d["data"]
	if !ok {
		return nil, pickle.Malformed("a %s without data", x.Class)
	}
	s, err := p.labels(x.Class, data)
	if err != nil {
		return nil, err
	}
	own := *s
	x.Values = &own
	if dtype, isText := asText(d["dtype"]); isText && isTextDType(dtype) && own.DType == "object" {
		x.Values.DType = dtype // this package writes text so
	}
	p.refine(x, d)
	return x, x.Validate()
}

// refine applies attributes that older versions stored beside the data: freq and tz.
func (p *Pandas) refine(x *frame.Index, d map[string]any) {
	s := x.Values
	if freq, ok := d["freq"]; ok && s.Freq == "" {
		s.Freq = freqText(freq)
	}
	switch x.Class {
	case "DatetimeIndex":
		if tz, ok := d["tz"]; ok && tz != nil && s.TZ == "" {
			setZone(s, tz)
		}
	case "PeriodIndex":
		if s.Kind == frame.Numpy {
			s.Kind, s.DType = frame.Period, "period["+s.Freq+"]"
		}
	}
}

// rangeIndex reads start, stop and step, which default to 0, 0 and 1.
func rangeIndex(x *frame.Index, d map[string]any) error {
	x.Step = 1
	ok := [3]bool{true, true, true}
	if v, has := d["start"]; has && v != nil {
		x.Start, ok[0] = asInt(v)
	}
	if v, has := d["stop"]; has && v != nil {
		x.Stop, ok[1] = asInt(v)
	}
	if v, has := d["step"]; has && v != nil {
		x.Step, ok[2] = asInt(v)
	}
	if !ok[0] || !ok[1] || !ok[2] {
		return pickle.Malformed("a RangeIndex of %s, %s, %s", typeName(d["start"]),
			typeName(d["stop"]), typeName(d["step"]))
	}
	return x.Validate()
}

// multiIndex reads the dict of a MultiIndex.
func (p *Pandas) multiIndex(x *frame.Index, d map[string]any) error {
	levels, ok := items(d["levels"])
	codes, _ := first(d, "codes", "labels")
	codeItems, ok2 := items(codes)
	if !ok || !ok2 || len(levels) != len(codeItems) {
		return pickle.Malformed("a MultiIndex of %d levels and %d codes", len(levels),
			len(codeItems))
	}
	names, _ := items(d["names"])
	return p.fillMulti(x, levels, codeItems, names)
}

// fillMulti sets the levels, codes and names of a MultiIndex.
func (p *Pandas) fillMulti(x *frame.Index, levels, codes, names []any) error {
	x.Levels = make([]*frame.Index, len(levels))
	x.Codes = make([]*ndarray.Array, len(levels))
	x.Names = make([]any, len(levels))
	for k := range levels {
		level, err := p.axis(levels[k])
		if err != nil {
			return err
		}
		a, ok := codes[k].(*ndarray.Array)
		if !ok {
			return pickle.Malformed("the codes of a MultiIndex are %s", typeName(codes[k]))
		}
		x.Levels[k], x.Codes[k], x.Names[k] = level, a, level.Name()
		if k < len(names) {
			x.Names[k] = names[k]
		}
	}
	return x.Validate()
}

// intervalIndex reads an IntervalIndex that has its bounds in the dict itself.
func (p *Pandas) intervalIndex(x *frame.Index, d map[string]any) error {
	closed, ok := asText(d["closed"])
	if !ok {
		closed = "right"
	}
	s, err := p.interval(d["left"], d["right"], closed)
	x.Values = s
	return err
}

// arrayIndex converts an index that is a subclass of ndarray, as in pandas up to 0.14. The subclass
// adds (name,) or (name, freq, tz) to the array's state, a DateRange (freq, tz), and a MultiIndex
// (levels, labels, sortorder, names).
func (p *Pandas) arrayIndex(class string, a *ndarray.Array) (*frame.Index, error) {
	own := ownItems(a)
	x := &frame.Index{Class: class, Names: []any{nil}}
	if class == "MultiIndex" {
		if len(own) < 4 {
			return nil, pickle.Malformed("a MultiIndex with a state of %d items", len(own))
		}
		levels, ok1 := items(own[0])
		codes, ok2 := items(own[1])
		names, _ := items(own[3])
		if !ok1 || !ok2 || len(levels) != len(codes) {
			return nil, pickle.Malformed("a MultiIndex of %d levels and %d codes", len(levels),
				len(codes))
		}
		return x, p.fillMulti(x, levels, codes, names)
	}
	if a.NDim() != 1 {
		return nil, pickle.Malformed("a %s with %d dimensions", class, a.NDim())
	}
	x.Values = plainSeries(a)
	if class == "DateRange" {
		own = append([]any{nil}, own...)
	}
	if len(own) > 0 {
		x.Names[0] = own[0]
	}
	d := map[string]any{}
	if len(own) > 1 {
		d["freq"] = own[1]
	}
	if len(own) > 2 {
		d["tz"] = own[2]
	}
	p.refine(x, d)
	return x, x.Validate()
}

// ownItems returns what a subclass of ndarray added to the array's state: the items of a tuple
// beside that state, or the items that follow it.
func ownItems(a *ndarray.Array) []any {
	state, ok := items(a.Extra())
	if !ok || len(state) < 2 {
		return nil
	}
	if own, isTuple := items(state[1]); isTuple {
		return own
	}
	return state[1:]
}
