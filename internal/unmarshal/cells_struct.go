package unmarshal

import (
	"reflect"
	"slices"

	"github.com/unpkl/unpkl/internal/fields"
	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/pickle"
)

// structReader is what a plan knows about a struct type.
type structReader struct {
	typ    reflect.Type
	fields []cellField
	all    *fields.Struct // finds a field by its name
}

// cellField is a field of a struct, possibly of an embedded one.
type cellField struct {
	name   string
	index  []int
	offset uintptr // from the beginning of the struct, unless viaPointer
	// viaPointer says that the field is part of an embedded pointer to a struct.
	viaPointer bool
	plan       *plan
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
			c.viaPointer = true
			t = t.Elem()
		}
		c.offset += t.Field(i).Offset
		t = t.Field(i).Type
	}
	return c
}

// placeOf returns the place of a field of the struct at dst.
func (s *structReader) placeOf(f *cellField, dst place) place {
	if f.viaPointer {
		return placeOf(fieldAt(dst.value(s.typ), f.index))
	}
	return dst.field(f)
}

// layout is the mapping from the keys of a dict to the fields of a struct. Dicts of one kind
// usually have the same cells as keys, because the memo holds the keys, in the same order. So the
// layout of one dict is used for the next, without a look-up of names.
//
// Invariant: no index except -1 occurs twice in fields.
type layout struct {
	s      *structReader
	keys   []tape.ID
	fields []int // for each key, the index of its field, or -1
	// hasTyp says that one of the keys is "_typ", by which instances of pandas' classes are known.
	hasTyp bool
	// complete says that each key has a field, and each required field has a key.
	complete bool
	users    int // number of dicts that are being decoded with this layout
}

// layoutOf returns the layout that was last used for s, or a new one.
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

// reset makes l a layout that fits no dict.
func (l *layout) reset() {
	l.keys, l.fields = l.keys[:0], l.fields[:0]
	l.hasTyp, l.users = false, 0
}

// fits reports whether l is the layout of a dict with these items, which are keys and values in
// turn.
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

// layOut sets l to the layout of a dict with these items, or uses another layout if l is in use. It
// returns nil if the keys can only be interpreted as objects.
func (a *assigner) layOut(l *layout, items []tape.ID) *layout {
	if l.users > 0 || len(items) > 2048 {
		l = a.anotherLayout(l)
	}
	if n := len(items) / 2; n > cap(l.keys) {
		l.keys, l.fields = make([]tape.ID, 0, n), make([]int, 0, n)
	}
	l.keys, l.fields, l.hasTyp = l.keys[:0], l.fields[:0], false
	var seen uint64 // bit i: the field i < 64 has a key
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
			if f < 64 && seen&(1<<f) != 0 || f >= 64 && slices.Contains(l.fields, f) {
				return a.noLayout(l) // Two keys name the field: byName knows which one counts.
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

// hasAll reports whether each required field has a key.
func (l *layout) hasAll() bool {
	for i, f := range l.s.all.List {
		if !f.OmitEmpty && !slices.Contains(l.fields, i) {
			return false
		}
	}
	return true
}

// anotherLayout replaces l, in a.layouts, by a new layout for the same struct.
func (a *assigner) anotherLayout(l *layout) *layout {
	n := &layout{s: l.s}
	for i := range a.layouts {
		if a.layouts[i] == l {
			a.layouts[i] = n
		}
	}
	return n
}

// noLayout makes l a layout that fits no dict, except an empty one, and returns nil.
func (a *assigner) noLayout(l *layout) *layout {
	l.keys, l.fields = l.keys[:0], l.fields[:0]
	return nil
}

// find returns the index of the field called name, or -1. It tries the field next first.
func (l *layout) find(name []byte, next int) int {
	if next < len(l.s.fields) && l.s.fields[next].name == string(name) {
		return next
	}
	if i, _, ok := l.s.all.Find(string(name)); ok {
		return i
	}
	l.hasTyp = l.hasTyp || string(name) == "_typ"
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

// isOwn reports whether a Call is either one that the tape recognised (see package known), or an
// instance of a class of the program that wrote the pickle. It returns false for instances of
// library classes that this module converts, and for calls of functions that return instances of
// other classes.
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
	if class == a.ownClass { // checked before
		return true
	}
	g, ok := a.t.Value(class).(pickle.Named)
	if !ok || pyvalue.IsLibrary(g.Global()) {
		return false
	}
	a.ownClass = class
	return true
}

// isObjectClass reports whether a Class is Python's class object.
func isObjectClass(t *tape.Tape, class tape.ID) bool {
	g, ok := t.Value(class).(pickle.Named)
	return ok && g.Global().Python3() == pickle.Global{Module: "builtins", Name: "object"}
}

// readFields decodes the items of a dict into the fields of a struct. id is either the dict itself,
// or the instance whose state the dict is.
func (a *assigner) readFields(p *plan, id, dict tape.ID, dst place) error {
	s, items := p.fields, a.t.Items(dict)
	l := a.layoutOf(s)
	if !l.fits(items) {
		if l = a.layOut(l, items); l == nil {
			return a.readObject(p, id, dst)
		}
	}
	if l.hasTyp && id != dict || (a.noUnknown || a.noMissing) && !l.complete {
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

// readPositions decodes items into the fields by position.
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
