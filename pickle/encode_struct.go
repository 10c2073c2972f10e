package pickle

import "reflect"

// saveStruct writes a struct as a dict.
func (p *Pickler) saveStruct(pl *plan, v reflect.Value, id objectID) error {
	if !p.beginDict(id) {
		return nil
	}
	n := len(pl.fields)
	if !pl.whole {
		n = 0
		for i := range pl.fields {
			if _, ok := pl.fields[i].value(v); ok {
				n++
			}
		}
	}
	if n == 0 {
		return nil
	}
	t := goTask{plan: pl, val: v}
	if t.keys = p.keys[pl]; t.keys == nil {
		if p.keys == nil {
			p.keys = make(map[*plan][]uint32)
		}
		t.keys = make([]uint32, len(pl.fields))
		p.keys[pl] = t.keys
	}
	p.stack.pushValue(task{kind: taskGoStruct, op: OpSetItems, n: n, exact: true}, t)
	return nil
}

// value returns the field of the struct v, and false if it is to be left out.
func (f *planField) value(v reflect.Value) (reflect.Value, bool) {
	if len(f.Index) == 1 {
		v = v.Field(f.Index[0])
	} else {
		var err error
		if v, err = v.FieldByIndexErr(f.Index); err != nil {
			return v, false
		}
	}
	return v, !f.OmitEmpty || !isEmpty(v)
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
func (t *goTask) field(i int) int {
	if t.plan.whole {
		return i
	}
	return t.at
}

// saveFieldName writes the key of the i-th field that is not left out.
func (p *Pickler) saveFieldName(i int) error {
	t := p.stack.values.top()
	if !t.plan.whole {
		if i > 0 {
			t.at++
		}
		for {
			if _, ok := t.plan.fields[t.at].value(t.val); ok {
				break
			}
			t.at++
		}
	}
	k := t.field(i)
	if idx := t.keys[k]; idx != 0 && p.PersistentID == nil {
		p.boundary()
		p.get(idx - 1)
		return nil
	}
	name := t.plan.fields[k].Name
	if p.PersistentID != nil {
		return p.save(name)
	}
	p.boundary()
	next := p.memo.next
	if err := p.saveShared(name); err != nil {
		return err
	}
	if p.memo.next != next {
		t.keys[k] = next + 1
	} else if idx, ok := p.memo.strings[name]; ok {
		t.keys[k] = idx + 1
	}
	return nil
}

// saveField writes the value of the i-th field that is not left out.
func (p *Pickler) saveField(i int) error {
	t := p.stack.values.top()
	f := &t.plan.fields[t.field(i)]
	v, _ := f.value(t.val)
	return p.saveGo(f.plan, v)
}

// stepGoPairs writes the items of a map or the fields of a struct, in batches.
func (p *Pickler) stepGoPairs(t *task) error {
	var err error
	for depth := p.stack.depth(); err == nil && p.stack.depth() == depth; {
		if t.phase == itemKey {
			t.phase = itemDone
			err = p.saveGoValue(t, t.i-1)
			continue
		}
		p.after(t)
		if t.i == t.n {
			p.stack.pop()
			return nil
		}
		p.before(t)
		t.phase = itemKey
		if t.kind == taskGoStruct {
			err = p.saveFieldName(t.i - 1)
		} else {
			v := p.stack.values.top()
			err = p.saveGoKey(v.plan, v.pairs[t.i-1])
		}
	}
	return err
}

// saveGoValue writes the i-th value of a map or struct.
func (p *Pickler) saveGoValue(t *task, i int) error {
	if t.kind == taskGoStruct {
		return p.saveField(i)
	}
	v := p.stack.values.top()
	return p.saveGo(v.plan.elem, v.pairs[i].value)
}
