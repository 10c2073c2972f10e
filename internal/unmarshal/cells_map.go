package unmarshal

import (
	"fmt"
	"reflect"

	"github.com/unpkl/unpkl/internal/tape"
)

func (p *plan) compileMap() {
	t := p.typ
	p.key, p.elem = planOf(t.Key()), planOf(t.Elem())
	p.key.once.Do(p.key.compile)
	switch p.key.form {
	case formString, formInt, formUint, formFloat:
		p.form = formMap
	}
}

// readMap is mapPlan for cells.
func (a *assigner) readMap(p *plan, kind tape.Kind, id tape.ID, dst place) error {
	v := dst.value(p.typ)
	switch {
	case kind == tape.None:
		v.SetZero()
		return nil
	case kind != tape.Dict:
		return a.readObject(p, id, dst)
	case a.recallCell(id, v):
		return nil
	case p.typ == stringMapType && v.Len() == 0 && !a.plain.Objects && a.t.OnlyStrKeys(id):
		return a.readObject(p, id, dst) // what plain values use anyway
	}
	if err := a.enterCell(id); err != nil {
		return err
	}
	n := a.t.Size(id) / 2
	m := v
	switch {
	case v.IsNil() || v.Len() == 0 && !a.claim(v.Pointer()):
		v.Set(reflect.MakeMapWithSize(p.typ, n))
	case v.Len() > 0:
		// It gets the new entries at the end, so that two keys of the dict that are one in Go are noticed.
		m = reflect.MakeMapWithSize(p.typ, n)
	}
	was := a.state()
	a.rememberCell(id, v)
	if err := a.readEntries(p, id, m); err != nil {
		return err
	}
	a.leaveCell()
	if m.Len() != n {
		// Two keys are one, in Python or in Go, or one does not fit.
		a.restore(was)
		m.Clear()
		return a.readObject(p, id, dst)
	}
	if m != v {
		for it := m.MapRange(); it.Next(); {
			v.SetMapIndex(it.Key(), it.Value())
		}
	}
	return nil
}

// readEntries puts the items of a dict into the map m.
func (a *assigner) readEntries(p *plan, id tape.ID, m reflect.Value) error {
	depth := a.depth
	k, v := reflect.New(p.typ.Key()).Elem(), reflect.New(p.typ.Elem()).Elem()
	key, value := placeOf(k), placeOf(v)
	w := a.t.Children(id)
	for b := w.Batch(); b != nil; b = w.Batch() {
		for i := 0; i < len(b); i += 2 {
			misses := a.misses
			if err := a.read(p.key, b[i], key); err != nil {
				return err
			}
			if a.misses != misses || a.t.Kind(b[i]) == tape.None {
				return nil // which is noticed
			}
			v.SetZero()
			if err := a.read(p.elem, b[i+1], value); err != nil {
				return err
			}
			if a.stray >= depth {
				a.placed(depth, pathElem{name: a.keyName(b[i], k), named: true})
			}
			m.SetMapIndex(k, v)
		}
	}
	return nil
}

// keyName is keyText for a cell, and the key that was made of it.
func (a *assigner) keyName(id tape.ID, k reflect.Value) string {
	switch a.t.Kind(id) {
	case tape.Str, tape.Bytes, tape.Py2Str:
		return string(a.t.Span(id))
	}
	if v, err := a.p.Object(id); err == nil {
		return keyText(v)
	}
	return fmt.Sprint(k.Interface())
}

// attempt is what is taken back where a dict is read again.
type attempt struct {
	first          *misfit
	misses, stray  int
	cells, objects int // that were remembered
}

func (a *assigner) state() attempt {
	return attempt{a.first, a.misses, a.stray, len(a.noted), len(a.notedObjects)}
}

// restore takes back what was noted of values since s. What they cost stays counted, so that reading
// anew, inside of what is read anew, ends.
func (a *assigner) restore(s attempt) {
	a.first, a.misses, a.stray = s.first, s.misses, s.stray
	a.forget(s.cells, s.objects)
}
