package unmarshal

import (
	"fmt"
	"reflect"

	"github.com/unpkl/unpkl/internal/tape"
)

// compileMap sets the form of a map type. Maps with keys of other kinds go by way of objects.
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
		return a.setPlain(id, v) // map[string]any is the plain value itself.
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
		// The new entries go into a map of their own first. Its length shows whether two keys of
		// the dict are equal in Go.
		m = reflect.MakeMapWithSize(p.typ, n)
	}
	before := a.snapshot()
	a.rememberCell(id, v)
	misfits, err := a.readEntries(p, id, m)
	if err != nil {
		return err
	}
	a.leaveCell()
	if m.Len()+misfits != n || misfits > 0 && p.key.form != formString {
		// Two keys are equal, in Python or in Go; or a number that does not fit may equal another
		// key. Objects decide which entry counts, and give the error.
		if err := a.restore(before); err != nil {
			return err
		}
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

// readEntries decodes the items of a dict into the map m. It returns the number of keys that do not
// fit.
func (a *assigner) readEntries(p *plan, id tape.ID, m reflect.Value) (misfits int, err error) {
	depth := a.depth
	k, v := reflect.New(p.typ.Key()).Elem(), reflect.New(p.typ.Elem()).Elem()
	key, value := placeOf(k), placeOf(v)
	w := a.t.Children(id)
	for b := w.Batch(); b != nil; b = w.Batch() {
		for i := 0; i < len(b); i += 2 {
			if fits, err := a.readKey(p.key, b[i], k, key); err != nil {
				return 0, err
			} else if !fits {
				misfits++
				continue
			}
			v.SetZero()
			if err := a.read(p.elem, b[i+1], value); err != nil {
				return 0, err
			}
			if a.stray >= depth {
				a.placed(depth, pathElem{name: a.keyName(b[i], k), named: true})
			}
			m.SetMapIndex(k, v)
		}
	}
	return misfits, nil
}

// readKey decodes a key of the dict at depth a.depth into k, whose place is dst. It returns false
// if the key does not fit, after it has recorded the mismatch.
func (a *assigner) readKey(p *plan, id tape.ID, k reflect.Value, dst place) (fits bool, err error) {
	if a.t.Kind(id) == tape.None {
		if a.helper {
			return false, errLater
		}
		outer := a.base
		a.base = a.depth - 1 // A None key has no step of its own: the path ends at the dict.
		err := a.mismatch(nil, p.typ, nil)
		a.base = outer
		return false, err
	}
	misses := a.misses
	if err := a.read(p, id, dst); err != nil {
		return false, err
	}
	if a.stray >= a.depth {
		a.placed(a.depth, pathElem{name: a.keyName(id, k), named: true})
	}
	return a.misses == misses, nil
}

// keyName is keyText for the cell of a key; k is the Go key that was decoded from it.
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

// snapshot is the state of an assigner that restore goes back to when a dict is decoded again, by
// way of its object.
type snapshot struct {
	first          *misfit
	misses, stray  int
	cells, objects int // lengths of noted and notedObjects
	budget         int64
}

func (a *assigner) snapshot() snapshot {
	return snapshot{a.first, a.misses, a.stray, len(a.noted), len(a.notedObjects), a.budget}
}

// restore goes back to the state s. Dicts inside a dict that is decoded again may be decoded again
// themselves. So the work that is thrown away is counted in a.reread, and limited like the budget.
func (a *assigner) restore(s snapshot) error {
	a.reread += s.budget - a.budget
	if a.reread > a.expansion {
		return a.overExpansion()
	}
	a.budget = s.budget
	a.first, a.misses, a.stray = s.first, s.misses, s.stray
	a.forget(s.cells, s.objects)
	return nil
}
