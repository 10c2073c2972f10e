package unmarshal

import (
	"reflect"

	"github.com/unpkl/unpkl/internal/fields"
	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/pickle"
)

// structReader is what reading cells into a struct needs.
type structReader struct {
	typ    reflect.Type
	fields []cellField
	all    *fields.Struct
}

// cellField is a field of a struct.
type cellField struct {
	name   string
	index  []int
	offset uintptr // in the struct, if it is not behind a pointer
	behind bool    // it is behind a pointer to an embedded struct
	plan   *plan
}

func newStructReader(t reflect.Type) *structReader {
	all := pyvalue.FieldsOf(t)
	s := &structReader{typ: t, all: all}
	for _, f := range all.List {
		s.fields = append(s.fields, newCellField(t, f))
	}
	return s
}

func newCellField(t reflect.Type, f fields.Field) cellField {
	c := cellField{name: f.Name, index: f.Index, plan: planOf(f.Type)}
	for _, i := range f.Index {
		if t.Kind() == reflect.Pointer {
			c.behind = true
			t = t.Elem()
		}
		c.offset += t.Field(i).Offset
		t = t.Field(i).Type
	}
	return c
}

// placeOf returns the place of a field of the struct at dst.
func (s *structReader) placeOf(f *cellField, dst place) place {
	if f.behind {
		return placeOf(fieldAt(dst.value(s.typ), f.index))
	}
	return dst.field(f)
}

// layout is which fields the items of a dict go into. As a key that dicts of one kind have in
// common is mostly one cell, the next such dict has the same cells as keys, and no name is looked
// at.
//
// Invariant: no two of fields are the same field.
type layout struct {
	s      *structReader
	keys   []tape.ID
	fields []int // for each key the index of the field, or -1
	// guise says that a key is the one by which pandas' subclasses are known.
	guise bool
	// complete says that each key has a field, and each field that must be there a key.
	complete bool
	users    int // dicts that are being read by it
}

// layoutOf returns the layout of s that was used last.
func (a *assigner) layoutOf(s *structReader) *layout {
	for _, l := range a.layouts {
		if l.s == s {
			return l
		}
	}
	l := &layout{s: s}
	a.layouts = append(a.layouts, l)
	return l
}

// reset makes the layout that of no dict.
func (l *layout) reset() {
	l.keys, l.fields = l.keys[:0], l.fields[:0]
	l.guise, l.users = false, 0
}

// fits reports whether the layout is that of a dict with these keys and values.
func (l *layout) fits(items []tape.ID) bool {
	if len(items) != 2*len(l.keys) {
		return false
	}
	for i, key := range l.keys {
		if items[2*i] != key {
			return false
		}
	}
	return true
}

// layOut makes the layout of a dict with these keys and values. It returns nil where only an object
// can tell what the keys mean.
func (a *assigner) layOut(l *layout, items []tape.ID) *layout {
	if l.users > 0 || len(items) > 2048 {
		l = a.anotherLayout(l)
	}
	if n := len(items) / 2; n > cap(l.keys) {
		l.keys, l.fields = make([]tape.ID, 0, n), make([]int, 0, n)
	}
	l.keys, l.fields, l.guise = l.keys[:0], l.fields[:0], false
	var seen uint64 // of the first fields
	next, unknown := 0, 0
	for i := 0; i < len(items); i += 2 {
		f := -1
		switch a.t.Kind(items[i]) {
		case tape.Str:
			f = l.find(a.t.Span(items[i]), next)
		case tape.Bytes, tape.Py2Str, tape.Value:
			return a.noLayout(l)
		case tape.Call:
			if !a.t.IsInert(items[i]) {
				return a.noLayout(l)
			}
		}
		if f >= 0 {
			next = f + 1
			if f < 64 && seen&(1<<f) != 0 || f >= 64 && contains(l.fields, f) {
				return a.noLayout(l) // the last value of a key counts
			}
			seen |= 1 << (f & 63)
		} else {
			unknown++
		}
		l.keys, l.fields = append(l.keys, items[i]), append(l.fields, f)
	}
	l.complete = unknown == 0 && (!a.noMissing || l.hasAll())
	return l
}

// hasAll reports whether each field that must be there has a key.
func (l *layout) hasAll() bool {
	for i, f := range l.s.all.List {
		if !f.OmitEmpty && !contains(l.fields, i) {
			return false
		}
	}
	return true
}

func contains(list []int, v int) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

// anotherLayout returns a new layout in the place of l.
func (a *assigner) anotherLayout(l *layout) *layout {
	n := &layout{s: l.s}
	for i := range a.layouts {
		if a.layouts[i] == l {
			a.layouts[i] = n
		}
	}
	return n
}

func (a *assigner) noLayout(l *layout) *layout {
	l.keys, l.fields = l.keys[:0], l.fields[:0]
	return nil
}

// find returns the index of the field called name, or -1.
func (l *layout) find(name []byte, next int) int {
	if next < len(l.s.fields) && l.s.fields[next].name == string(name) {
		return next
	}
	if i, _, ok := l.s.all.Find(string(name)); ok {
		return i
	}
	l.guise = l.guise || string(name) == "_typ"
	return -1
}

// readStruct is structPlan for cells.
func (a *assigner) readStruct(p *plan, kind tape.Kind, id tape.ID, dst place) error {
	switch kind {
	case tape.None:
		return nil
	case tape.Dict:
		return a.readFields(p, id, id, dst)
	case tape.Tuple:
		return a.readPositions(p, id, a.t.Items(id), dst)
	case tape.Call:
		if known.IsMapping(a.t, id) {
			if entries, ok := known.Entries(a.t, id); ok {
				return a.readFields(p, id, entries, dst)
			}
		}
		if !a.isOwn(id) || !a.t.IsInert(id) {
			break
		}
		switch c := a.t.Call(id); {
		case c.HasEntries:
		case c.HasState && a.t.Kind(c.State) == tape.Dict:
			return a.readFields(p, id, c.State, dst)
		case !c.HasState && !c.HasItems && !c.HasKwargs && a.t.Code(c.Fn) == 0 &&
			a.t.Kind(c.Args) == tape.Tuple && a.t.Size(c.Args) > 0:
			return a.readPositions(p, id, a.t.Items(c.Args), dst)
		}
	}
	return a.readObject(p, id, dst)
}

// isOwn reports whether a Call is one that was put off, or an instance of a class of the program
// that wrote the pickle: neither of the libraries whose instances are made into something else, nor
// of a function that makes instances of others.
func (a *assigner) isOwn(id tape.ID) bool {
	if !a.t.IsInert(id) {
		return true
	}
	c := a.t.Call(id)
	class := c.Fn
	if a.t.Kind(class) != tape.Class {
		return false
	}
	switch a.t.Code(class) {
	case known.ClassReconstructor:
		items := a.t.Items(c.Args)
		if !isObjectClass(a.t, items[1]) {
			return false
		}
		class = items[0]
	case known.ClassNewObj:
		class = a.t.Items(c.Args)[0]
	}
	if class == a.foreign {
		return true
	}
	g, ok := a.t.Value(class).(pickle.Named)
	if !ok || pyvalue.IsLibrary(g.Global()) {
		return false
	}
	a.foreign = class
	return true
}

// isObjectClass reports whether a Class is Python's object.
func isObjectClass(t *tape.Tape, class tape.ID) bool {
	g, ok := t.Value(class).(pickle.Named)
	return ok && g.Global().Python3() == pickle.Global{Module: "builtins", Name: "object"}
}

// readFields puts the items of a dict into fields. id is the dict, or the instance whose state it
// is.
func (a *assigner) readFields(p *plan, id, dict tape.ID, dst place) error {
	s, items := p.fields, a.t.Items(dict)
	l := a.layoutOf(s)
	if !l.fits(items) {
		if l = a.layOut(l, items); l == nil {
			return a.readObject(p, id, dst)
		}
	}
	if l.guise && id != dict || (a.noUnknown || a.noMissing) && !l.complete {
		return a.readObject(p, id, dst)
	}
	if err := a.enterCell(id); err != nil {
		return err
	}
	depth := a.depth
	l.users++
	for i, f := range l.fields {
		if f < 0 {
			continue
		}
		f := &s.fields[f]
		if err := a.read(f.plan, items[2*i+1], s.placeOf(f, dst)); err != nil {
			return err
		}
		if a.stray >= depth {
			a.placed(depth, pathElem{name: f.name, named: true})
		}
	}
	l.users--
	a.leaveCell()
	return nil
}

// readPositions puts items into the fields in their order.
func (a *assigner) readPositions(p *plan, id tape.ID, items []tape.ID, dst place) error {
	s := p.fields
	if len(items) != len(s.fields) {
		return a.readObject(p, id, dst)
	}
	if err := a.enterCell(id); err != nil {
		return err
	}
	depth := a.depth
	for i, item := range items {
		f := &s.fields[i]
		if err := a.read(f.plan, item, s.placeOf(f, dst)); err != nil {
			return err
		}
		if a.stray >= depth {
			a.placed(depth, pathElem{name: f.name, named: true})
		}
	}
	a.leaveCell()
	return nil
}
