package pickle

import (
	"math/bits"
	"reflect"
)

// saveStruct writes a struct as a dict. box is the interface that contains v, or nil.
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

// fieldKeys returns the memo index plus 1 of each field name, or 0 if it was not written.
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

// fieldNames has the memo indices of the field names of a struct type.
type fieldNames struct {
	memo []uint32 // index plus 1 of each name, or 0
	dump uint32   // number of the Dump for which they are valid
}

// maxPresent is the greatest number of fields for which goTask.present has bits.
const maxPresent = 64

// fieldIn returns the field of the struct v, and false if it is in an embedded struct to which a
// pointer is nil.
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

// isEmpty reports whether a value is empty as encoding/json defines it for omitempty.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// field returns the index, in the plan, of the i-th field that is written. i must be the argument
// of the last call of next.
func (g *goTask) field(i int) int {
	if g.plan.allFields {
		return i
	}
	return g.last
}

// next moves to the i-th field that is not left out.
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

// saveFieldName writes the name of the field with index k in the plan.
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

// stepStruct runs a task for a struct.
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

// saveFields writes the remaining fields, up to the name of one that is not an atom. done is true
// if it wrote all of them.
func (p *pickling) saveFields(t *task, g *goTask) (done bool, err error) {
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
