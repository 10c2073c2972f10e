package pickle

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

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
	t := task{kind: taskGoStruct, op: OpSetItems, n: n, exact: true, plan: pl, val: v}
	if t.keys = p.keys[pl]; t.keys == nil {
		if p.keys == nil {
			p.keys = make(map[*plan][]uint32)
		}
		t.keys = make([]uint32, len(pl.fields))
		p.keys[pl] = t.keys
	}
	p.push(t)
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
func (t *task) field(i int) int {
	if t.plan.whole {
		return i
	}
	return t.at
}

// saveFieldName writes the key of the i-th field that is not left out.
func (p *Pickler) saveFieldName(t *task, i int) error {
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
		p.get(idx - 1)
		return nil
	}
	name := t.plan.fields[k].Name
	if p.PersistentID != nil {
		return p.save(name)
	}
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
func (p *Pickler) saveField(t *task, i int) error {
	f := &t.plan.fields[t.field(i)]
	v, _ := f.value(t.val)
	return p.saveGo(f.plan, v)
}

// goPair is an item of a Go map.
type goPair struct {
	key, value reflect.Value
}

// saveGoMap writes a map as a dict, in the order of its keys.
func (p *Pickler) saveGoMap(pl *plan, v reflect.Value) error {
	if v.Len() == 0 {
		p.beginDict(objectID{})
		return nil
	}
	if !p.beginDict(pointerID(v)) {
		return nil
	}
	pairs := make([]goPair, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		pairs = append(pairs, goPair{it.Key(), it.Value()})
	}
	var failed error
	slices.SortFunc(pairs, func(a, b goPair) int {
		order, err := compareKeys(a.key, b.key)
		if err != nil {
			failed = err
		}
		return order
	})
	if failed != nil {
		return failed
	}
	p.push(task{kind: taskGoMap, op: OpSetItems, n: len(pairs), exact: true, plan: pl, pairs: pairs})
	return nil
}

// saveGoKey writes the key of an item of a map.
func (p *Pickler) saveGoKey(pl *plan, pair goPair) error {
	key := pair.key
	if pl.key.kind == goInterface {
		key = key.Elem()
	}
	if key.IsValid() && key.Kind() == reflect.String && p.PersistentID == nil {
		k := pl.key
		if k.kind == goInterface {
			k = p.planOf(key.Type())
		}
		if k.kind == goString {
			return p.saveShared(key.String())
		}
	}
	if key.IsValid() && key.Kind() == reflect.Array && pl.key.kind == goInterface {
		if k := p.planOf(key.Type()); k.kind == goArray {
			return p.saveGoTuple(k, key)
		}
	}
	if !key.IsValid() {
		return p.save(nil)
	}
	if pl.key.kind == goInterface {
		return p.save(key.Interface())
	}
	return p.saveGo(pl.key, key)
}

// compareKeys orders the keys of a map: numbers before text before the rest, those of
// one kind by their value.
func compareKeys(a, b reflect.Value) (int, error) {
	if a.Kind() == reflect.Interface {
		a = a.Elem()
	}
	if b.Kind() == reflect.Interface {
		b = b.Elem()
	}
	if order := cmp.Compare(keyRank(a), keyRank(b)); order != 0 {
		return order, nil
	}
	switch {
	case !a.IsValid():
		return 0, nil
	case a.Kind() == reflect.Bool:
		return cmp.Compare(boolInt(a.Bool()), boolInt(b.Bool())), nil
	case a.Kind() == reflect.String:
		return cmp.Or(strings.Compare(a.String(), b.String()), compareTypes(a, b)), nil
	case keyRank(a) == rankNumber:
		return cmp.Or(compareNumbers(a, b), compareTypes(a, b)), nil
	case a.Kind() == reflect.Array:
		for i := range min(a.Len(), b.Len()) {
			if order, err := compareKeys(a.Index(i), b.Index(i)); order != 0 || err != nil {
				return order, err
			}
		}
		return cmp.Or(cmp.Compare(a.Len(), b.Len()), compareTypes(a, b)), nil
	case a.Kind() == reflect.Struct && a.Type() == b.Type():
		for i := range a.NumField() {
			if order, err := compareKeys(a.Field(i), b.Field(i)); order != 0 || err != nil {
				return order, err
			}
		}
		return 0, nil
	case a.Kind() == reflect.Struct:
		return compareTypes(a, b), nil
	case a.Kind() == reflect.Complex128 || a.Kind() == reflect.Complex64:
		x, y := a.Complex(), b.Complex()
		return cmp.Or(cmp.Compare(real(x), real(y)), cmp.Compare(imag(x), imag(y)), compareTypes(a, b)), nil
	case a.Kind() == reflect.Pointer && a.IsNil() && b.IsNil():
		return 0, nil
	case a.Kind() == reflect.Pointer && !a.IsNil() && !b.IsNil() && a.Type() == b.Type() && a.Pointer() == b.Pointer():
		return 0, nil
	}
	return 0, Unsupported("a map with keys of type %v has no order", a.Type())
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// compareTypes orders keys that are equal but for their type.
func compareTypes(a, b reflect.Value) int {
	return strings.Compare(a.Type().String(), b.Type().String())
}

const rankNumber = 2

// keyRank orders the kinds of keys.
func keyRank(v reflect.Value) int {
	switch {
	case !v.IsValid():
		return 0
	case v.Kind() == reflect.Bool:
		return 1
	case v.CanInt() || v.CanUint() || v.CanFloat():
		return rankNumber
	case v.CanComplex():
		return 3
	case v.Kind() == reflect.String:
		return 4
	case v.Kind() == reflect.Array:
		return 5
	}
	return 6
}

// compareNumbers compares two ints, uints or floats, NaN before all others.
func compareNumbers(a, b reflect.Value) int {
	switch {
	case a.CanInt() && b.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint() && b.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.CanInt() && b.CanUint():
		if a.Int() < 0 {
			return -1
		}
		return cmp.Compare(uint64(a.Int()), b.Uint())
	case a.CanUint() && b.CanInt():
		return -compareNumbers(b, a)
	}
	return cmp.Compare(asFloat(a), asFloat(b))
}

func asFloat(v reflect.Value) float64 {
	switch {
	case v.CanInt():
		return float64(v.Int())
	case v.CanUint():
		return float64(v.Uint())
	}
	return v.Float()
}
