package unmarshal

import (
	"reflect"
	"slices"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/fields"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// structPlanner is the plan of a struct type for objects.
type structPlanner struct {
	typ    reflect.Type
	fields *fields.Struct
	plans  []*plan
}

// structPlan returns the plan of a struct type. Dicts, attributes of objects and elements of
// structured arrays fill the fields by name. Tuples fill them by position, and so do objects that
// consist of a tuple alone, as namedtuples do, because a pickle does not have the names of their
// items. Keys without a field are ignored; fields without a key keep their value.
func structPlan(t reflect.Type) assignFunc {
	s := &structPlanner{typ: t, fields: pyvalue.FieldsOf(t)}
	for _, f := range s.fields.List {
		s.plans = append(s.plans, planOf(f.Type))
	}
	return s.assign
}

func (s *structPlanner) assign(a *assigner, src any, dst reflect.Value) error {
	src = pyvalue.Bare(src)
	if src == nil {
		return nil
	}
	if reflect.TypeOf(src) == s.typ {
		dst.Set(reflect.ValueOf(src))
		return nil
	}
	if err := a.enter(); err != nil {
		return err
	}
	defer a.leave()
	if table, err := a.tableOf(src); table != nil || err != nil {
		if err != nil {
			return err
		}
		entries, err := a.tableEntries(table)
		if err != nil || entries == nil {
			return a.mismatch(src, s.typ, err)
		}
		return s.byName(a, entries, dst)
	}
	switch v := src.(type) {
	case *types.Dict:
		return s.byName(a, *v, dst)
	case *types.Tuple:
		return s.byPosition(a, src, *v, dst)
	case ndarray.Record:
		return s.record(a, v, dst)
	case *pickle.Object:
		if d, ok := reconstruct.ReadMapping(v); ok {
			return s.byName(a, *d, dst)
		}
		n := reconstruct.Normalize(v)
		if attrs, ok := pyvalue.AttributesOf(&n); ok {
			return s.byName(a, attrs, dst)
		}
		if values, ok := pyvalue.Positional(&n); ok {
			return s.byPosition(a, src, values, dst)
		}
	default:
		if entries, ok := pyvalue.EntriesOf(src); ok {
			return s.byName(a, entries, dst)
		}
	}
	return a.mismatch(src, s.typ, nil)
}

// byName assigns entries to the fields of their names. A key that equals the name of a field is
// preferred to keys that equal it only without regard to case; of the latter, the last one counts.
// A bytes key names a field as well, as in data that Python 2 wrote, unless there is a str key of
// that name.
func (s *structPlanner) byName(a *assigner, entries types.Dict, dst reflect.Value) error {
	next := 0
	inexact := false // whether some key does not equal the name of a field
	var given []bool
	if a.noMissing {
		given = make([]bool, len(s.fields.List))
	}
	for _, e := range entries {
		name, ok := e.Key.(string)
		if !ok {
			inexact = true
			continue
		}
		i, ok := s.find(name, next)
		if !ok {
			inexact = true
			continue
		}
		next = i + 1
		if given != nil {
			given[i] = true
		}
		if err := s.set(a, i, e.Value, dst); err != nil {
			return err
		}
	}
	if inexact {
		if err := s.byOtherNames(a, entries, given, dst); err != nil {
			return err
		}
	}
	s.checkMissing(a, given)
	return nil
}

// byOtherNames assigns the entries whose keys are bytes, or equal the name of a field only without
// regard to case. It records keys that have no field.
func (s *structPlanner) byOtherNames(a *assigner, entries types.Dict, given []bool,
	dst reflect.Value) error {
	hasKey := strKeys(entries)
	for _, e := range entries {
		name, isText := e.Key.(string)
		if !isText {
			var isBytes bool
			if name, isBytes = pyvalue.BytesKey(e.Key); !isBytes {
				s.unknown(a, pyvalue.Describe(e.Key))
				continue
			}
		}
		i, same, ok := s.fields.Find(name)
		switch {
		case isText && same, !isText && hasKey(name):
			continue // Assigned by byName, or superseded by the str key.
		case !ok:
			s.unknown(a, name)
			continue
		case !same && hasKey(s.fields.List[i].Name):
			continue
		}
		if given != nil {
			given[i] = true
		}
		if err := s.set(a, i, e.Value, dst); err != nil {
			return err
		}
	}
	return nil
}

// strKeys returns a function that reports whether entries has a str key of that name.
func strKeys(entries types.Dict) func(name string) bool {
	var keys map[string]bool
	return func(name string) bool {
		if keys == nil {
			keys = make(map[string]bool, len(entries))
			for _, e := range entries {
				if name, ok := e.Key.(string); ok {
					keys[name] = true
				}
			}
		}
		return keys[name]
	}
}

// unknown records a name that no field has, if that is an error.
func (s *structPlanner) unknown(a *assigner, name string) {
	if a.noUnknown {
		a.fieldError(&misfit{value: name, typ: s.typ, unknown: true})
	}
}

// checkMissing records the first required field whose element in given is false. given is nil if no
// field is required.
func (s *structPlanner) checkMissing(a *assigner, given []bool) {
	for i, ok := range given {
		if f := &s.fields.List[i]; !ok && !f.OmitEmpty {
			a.fieldError(&misfit{value: f.Name, typ: s.typ, missing: true})
			return
		}
	}
}

// fieldError records an error of the names of a struct. The rest is still decoded.
func (a *assigner) fieldError(m *misfit) {
	a.misses++
	if a.first == nil {
		m.path = slices.Clone(a.path)
		a.first = m
		a.stray = a.base
	}
}

// find returns the index of the field called name exactly. It tries the field next first, because
// dicts of one kind usually have their keys in one order.
func (s *structPlanner) find(name string, next int) (int, bool) {
	if next < len(s.fields.List) && s.fields.List[next].Name == name {
		return next, true
	}
	i, ok := s.fields.ByName[name]
	return i, ok
}

// set assigns v to the field i.
func (s *structPlanner) set(a *assigner, i int, v any, dst reflect.Value) error {
	f := &s.fields.List[i]
	var target reflect.Value
	if len(f.Index) == 1 {
		target = dst.Field(f.Index[0])
	} else {
		target = fieldAt(dst, f.Index)
	}
	return a.in(f.Name, s.plans[i], v, target)
}

// fieldAt is v.FieldByIndex, except that it allocates embedded pointers that are nil.
func fieldAt(v reflect.Value, index []int) reflect.Value {
	for n, i := range index {
		if n > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v
}

// byPosition assigns values to the fields by position. Their numbers must be equal.
func (s *structPlanner) byPosition(a *assigner, src any, values []any, dst reflect.Value) error {
	if len(values) != len(s.fields.List) {
		return a.mismatch(src, s.typ, lengthError(len(values), len(s.fields.List)))
	}
	for i, v := range values {
		if err := s.set(a, i, v, dst); err != nil {
			return err
		}
	}
	return nil
}

// recordInOrder does the work of record if the names are those of the first fields, in order. It
// returns false otherwise.
func (s *structPlanner) recordInOrder(a *assigner, r ndarray.Record, dst reflect.Value) (bool,
	error) {
	for n, name := range r.Names {
		if s.fields.List[n].Name != name {
			return false, nil
		}
	}
	for n, v := range r.Values {
		if err := s.set(a, n, v, dst); err != nil {
			return false, err
		}
	}
	return true, nil
}

// record assigns an element of a structured array to the fields by name.
func (s *structPlanner) record(a *assigner, r ndarray.Record, dst reflect.Value) error {
	if !a.noMissing && len(r.Names) <= len(s.fields.List) {
		if done, err := s.recordInOrder(a, r, dst); done || err != nil {
			return err
		}
	}
	entries := make(types.Dict, len(r.Names))
	for n, name := range r.Names {
		entries[n] = types.DictEntry{Key: name, Value: r.Values[n]}
	}
	return s.byName(a, entries, dst)
}
