package pickle

import (
	"math/bits"
	"reflect"
)

// saveStruct writes a struct as a dict; box is v as an interface where that is how it was reached.
func (p *pickling) saveStruct(pl *plan, v reflect.Value, box any, id objectID) error {
	if !p.beginDict(id) {
		return nil
	}
	g := goTask{plan: pl, keys: p.fieldKeys(pl)}
	t := task{kind: taskGoStruct, op: OpSetItems, n: len(pl.fields), exact: true}
	if p.PersistentID == nil && (pl.allFields || len(pl.fields) <= maxPresent) {
		g.addr = addressOf(v, box)
	}
	switch {
	case pl.allFields:
	case g.addr.known():
		g.present = pl.presentAt(g.addr)
		t.n = bits.OnesCount64(g.present)
	default:
		t.n = 0
		for i := range pl.fields {
			if _, ok := pl.fields[i].value(v); ok {
				t.n++
			}
		}
	}
	if t.n == 0 {
		return nil
	}
	var err error
	if g.addr.known() {
		var done bool
		if done, err = p.atomFields(&t, &g); done {
			return nil
		}
	}
	g.val = v
	p.stack.pushValue(t, g)
	return err
}

// fieldKeys returns where the names of the fields are in the memo.
func (p *pickling) fieldKeys(pl *plan) []uint32 {
	if pl.number >= len(p.fieldNames) {
		p.fieldNames = append(p.fieldNames, make([]fieldNames, pl.number+1-len(p.fieldNames))...)
	}
	names := &p.fieldNames[pl.number]
	switch {
	case names.memo == nil:
		names.memo = make([]uint32, len(pl.fields))
	case names.dump != p.number:
		clear(names.memo)
	}
	names.dump = p.number
	return names.memo
}

// fieldNames are where the names of the fields of a struct type are in the memo.
type fieldNames struct {
	memo []uint32 // the index of each plus 1, or 0
	dump uint32   // the Dump that they are of
}

// maxPresent is the most fields of which a word tells those that are not left out.
const maxPresent = 64

// in returns the field of the struct v, and false if the pointer to what it is in is nil.
func (f *planField) fieldIn(v reflect.Value) (reflect.Value, bool) {
	if len(f.Index) == 1 {
		return v.Field(f.Index[0]), true
	}
	v, err := v.FieldByIndexErr(f.Index)
	return v, err == nil
}

// value returns the field of the struct v, and false if it is to be left out.
func (f *planField) value(v reflect.Value) (reflect.Value, bool) {
	v, ok := f.fieldIn(v)
	return v, ok && (!f.OmitEmpty || !isEmpty(v))
}

// isEmpty is encoding/json's idea of an empty value.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// field returns which field of the plan the i-th one written is. The task's
// position among all fields is where the last one was found.
func (g *goTask) field(i int) int {
	if g.plan.allFields {
		return i
	}
	return g.last
}

// next finds the i-th field that is not left out.
func (g *goTask) next(i int) {
	if g.plan.allFields {
		return
	}
	if g.addr.known() {
		g.last = bits.TrailingZeros64(g.present)
		g.present &= g.present - 1
		return
	}
	if i > 0 {
		g.last++
	}
	for {
		if _, ok := g.plan.fields[g.last].value(g.val); ok {
			return
		}
		g.last++
	}
}

// saveFieldName writes the name of the k-th field.
func (p *pickling) saveFieldName(g *goTask, k int) error {
	name := g.plan.fields[k].Name
	if p.PersistentID != nil {
		return p.save(name)
	}
	p.checkFrame()
	if idx := g.keys[k]; idx != 0 {
		p.get(idx - 1)
		return nil
	}
	next := p.memo.next
	if err := p.saveShared(name); err != nil {
		return err
	}
	if p.memo.next != next {
		g.keys[k] = next + 1
	} else if idx, ok := p.memo.strings.get(name); ok {
		g.keys[k] = idx + 1
	}
	return nil
}

// stepStruct writes the fields of the struct on top.
func (p *pickling) stepStruct(t *task, g *goTask) error {
	for depth := p.stack.depth(); p.stack.depth() == depth; {
		if t.phase == itemKey {
			t.phase = itemWritten
			f := &g.plan.fields[g.field(t.i-1)]
			v, _ := f.fieldIn(g.val)
			if err := p.saveGo(f.plan, v); err != nil {
				return err
			}
			continue
		}
		done, err := p.saveFields(t, g)
		if err != nil {
			return err
		}
		if done {
			p.stack.pop()
			return nil
		}
	}
	return nil
}

// fields writes fields from where t is, up to one that is no atom. It returns true if that was
// all of them.
func (p *pickling) saveFields(t *task, g *goTask) (bool, error) {
	if g.addr.known() {
		return p.atomFields(t, g)
	}
	p.endItem(t)
	if t.i == t.n {
		return true, nil
	}
	p.beginItem(t)
	g.next(t.i - 1)
	t.phase = itemKey
	return false, p.saveFieldName(g, g.field(t.i-1))
}
