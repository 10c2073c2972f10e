package unmarshal

import (
	"reflect"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/fields"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// structPlanner is what the plan of a struct type needs: its fields and their plans.
type structPlanner struct {
	typ    reflect.Type
	fields *fields.Struct
	plans  []*plan
}

// structPlan fills structs by name from dicts, from the attributes of objects and from
// elements of structured arrays, and by position from tuples and from objects that are
// nothing but a tuple of values, as a namedtuple is, whose names are not in a pickle.
// Keys without a field are passed over; fields without a key keep their value.
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

// byName assigns entries to the fields of their names. A bytes key names a field as
// well, as in data that Python 2 wrote, unless there is a str key of that name.
func (s *structPlanner) byName(a *assigner, entries types.Dict, dst reflect.Value) error {
	next := 0
	var fromBytes types.Dict
	for _, e := range entries {
		name, ok := e.Key.(string)
		if !ok {
			if _, isBytes := pyvalue.BytesKey(e.Key); isBytes {
				fromBytes = append(fromBytes, e)
			}
			continue
		}
		i, ok := s.find(name, next)
		if !ok {
			continue
		}
		next = i + 1
		if err := s.set(a, i, e.Value, dst); err != nil {
			return err
		}
	}
	if fromBytes == nil {
		return nil
	}
	seen := map[string]bool{}
	for _, e := range entries {
		if name, ok := e.Key.(string); ok {
			seen[name] = true
		}
	}
	for _, e := range fromBytes {
		name, _ := pyvalue.BytesKey(e.Key)
		if i, ok := s.find(name, 0); ok && !seen[name] {
			if err := s.set(a, i, e.Value, dst); err != nil {
				return err
			}
		}
	}
	return nil
}

// find returns the index of the field called name. Dicts of one kind mostly have their
// keys in one order, so the field after the last one is tried first.
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

// fieldAt is FieldByIndex that makes the embedded pointers on its way.
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

// byPosition assigns values to the fields in their order; there must be as many.
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

// record assigns the fields of an element of a structured array.
func (s *structPlanner) record(a *assigner, r ndarray.Record, dst reflect.Value) error {
	for n, name := range r.Names {
		i, ok := s.find(name, n)
		if !ok {
			continue
		}
		if err := s.set(a, i, r.Values[n], dst); err != nil {
			return err
		}
	}
	return nil
}
