package pickle

import (
	"encoding"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/nlpodyssey/gopickle/types"
)

// Field is a field of a struct that is written as an item of a dict.
type Field struct {
	// Name is the key.
	Name string
	// Index is the index of the field for reflect.Value.FieldByIndex. A field of an embedded struct
	// is left out if a pointer to the struct is nil.
	Index []int
	// OmitEmpty leaves the field out if it is false, 0, nil or of length 0.
	OmitEmpty bool
	// List writes a slice or array, and the slices and arrays in it, as lists, even if the Reduce
	// hook knows their types.
	List bool
}

// planCache has the plans of Go types for Picklers with the same Reduce and Fields hooks, and
// working memory for their next Dumps. The zero value is ready to use. It is safe for concurrent
// use.
type planCache struct {
	plans   sync.Map     // reflect.Type -> *plan
	lists   sync.Map     // the same for Field.List
	structs atomic.Int32 // number of plans of structs
	unused  sync.Pool    // of *pickling
}

// goKind says how a plan writes values of its type.
type goKind uint8

const (
	goUnsupported goKind = iota
	goBool
	goInt
	goUint
	goFloat
	goComplex
	goString
	goBytes
	goInterface
	goPointer
	goSlice
	goArray
	goTuple
	goMap
	goStruct
	goObject  // a type of object trees
	goNamed   // a class or function
	goReduced // a type with a ReduceFunc
	goSequence
)

// plan says how values of a Go type are written. The plans of recursive types refer to each other.
type plan struct {
	kind   goKind
	typ    reflect.Type
	elem   *plan       // of a pointer, slice, array or map
	key    *plan       // of a map
	fields []planField // of a struct
	// allFields says that no field of the struct is ever left out, and that all fields are in the
	// memory of the struct itself.
	allFields bool
	number    int // of a struct: number of the plan among those of structs in the planCache
	reduce    ReduceFunc
	atom      atomKind
}

// planField is a field of a struct.
type planField struct {
	Field
	plan *plan
	// offset is the offset in bytes of the field in the struct. If path is not empty, the field is
	// in an embedded struct: path has the offsets of the pointers that lead to it, each in the
	// struct to which the pointer before leads.
	offset uintptr
	path   []uintptr
	empty  emptyKind // if OmitEmpty
}

// planOf returns the plan of t.
func (p *pickling) planOf(t reflect.Type) *plan {
	cached := &p.plans[typeHash(t)%uint(len(p.plans))]
	for _, pl := range cached {
		if pl != nil && sameType(pl.typ, t) {
			return pl
		}
	}
	pl := p.newPlanOf(t)
	cached[0], cached[1] = pl, cached[0]
	return pl
}

// newPlanOf is planOf for a type whose plan is not in p.plans.
func (p *pickling) newPlanOf(t reflect.Type) *plan {
	if pl, ok := p.planCache.plans.Load(t); ok {
		return pl.(*plan)
	}
	c := planner{p: p, plain: map[reflect.Type]*plan{}, lists: map[reflect.Type]*plan{}}
	pl := c.plan(t, false)
	// Only now the plans are complete, so that other goroutines may use them.
	for t, pl := range c.plain {
		p.planCache.plans.Store(t, pl)
	}
	for t, pl := range c.lists {
		p.planCache.lists.Store(t, pl)
	}
	return pl
}

// planner makes the plans of a type and of the types in it. It recurses, since the program and not
// the data decides how deep types are nested.
type planner struct {
	p            *pickling
	plain, lists map[reflect.Type]*plan
}

// plan returns the plan of t. list is Field.List.
func (c *planner) plan(t reflect.Type, list bool) *plan {
	made, shared := c.plain, &c.p.planCache.plans
	if list {
		made, shared = c.lists, &c.p.planCache.lists
	}
	if pl, ok := made[t]; ok {
		return pl
	}
	if pl, ok := shared.Load(t); ok {
		return pl.(*plan)
	}
	pl := &plan{typ: t}
	made[t] = pl
	c.fill(pl, t, list)
	pl.atom = atomKindOf(pl)
	return pl
}

var (
	reducerType = reflect.TypeFor[Reducer]()
	namedType   = reflect.TypeFor[Named]()
	listType    = reflect.TypeFor[types.List]()
	tupleType   = reflect.TypeFor[types.Tuple]()
	dictType    = reflect.TypeFor[types.Dict]()
	bytearrType = reflect.TypeFor[types.ByteArray]()
)

// fill completes the plan of t, except its atomKind.
func (c *planner) fill(pl *plan, t reflect.Type, list bool) {
	isList := list && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array)
	switch {
	case objectTypes[t]:
		pl.kind = goObject
		return
	case t == listType || t == tupleType || t == dictType || t == bytearrType:
		pl.kind = goSequence
		return
	case t.Kind() != reflect.Interface && t.Implements(reducerType):
		pl.kind, pl.reduce = goReduced, reduceReducer
		return
	}
	if c.p.Reduce != nil && t.Kind() != reflect.Interface && !isList && !isBasicType(t) {
		if pl.reduce = c.p.Reduce(t); pl.reduce != nil {
			pl.kind = goReduced
			return
		}
	}
	if t.Kind() != reflect.Interface && t.Implements(namedType) {
		pl.kind = goNamed
		return
	}
	c.fillKind(pl, t, list)
}

// isBasicType reports whether t is one of Go's predeclared basic types.
func isBasicType(t reflect.Type) bool {
	return t.PkgPath() == "" && t.Name() != "" && t.Kind() != reflect.Interface
}

// reduceReducer is the ReduceFunc of types that implement Reducer.
func reduceReducer(v any, protocol int) (any, error) {
	return v.(Reducer).PickleReduce(protocol)
}

// fillKind is fill for a type that is written by its kind.
func (c *planner) fillKind(pl *plan, t reflect.Type, list bool) {
	switch t.Kind() {
	case reflect.Bool:
		pl.kind = goBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		pl.kind = goInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Uintptr:
		pl.kind = goUint
	case reflect.Float32, reflect.Float64:
		pl.kind = goFloat
	case reflect.Complex64, reflect.Complex128:
		pl.kind = goComplex
	case reflect.String:
		pl.kind = goString
	case reflect.Interface:
		pl.kind = goInterface
	case reflect.Pointer:
		pl.kind, pl.elem = goPointer, c.plan(t.Elem(), list)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 && isBasicType(t.Elem()) && !list {
			pl.kind = goBytes
			return
		}
		pl.kind, pl.elem = goSlice, c.plan(t.Elem(), list)
	case reflect.Array:
		pl.kind, pl.elem = goArray, c.plan(t.Elem(), list)
		if t.Elem().Kind() == reflect.Interface && !list {
			pl.kind = goTuple
		}
	case reflect.Map:
		pl.kind, pl.key, pl.elem = goMap, c.plan(t.Key(), false), c.plan(t.Elem(), list)
		if isTupleKey(t.Key()) {
			// Only a tuple can be a key.
			key := *pl.key
			key.kind, key.elem = goTuple, c.plan(t.Key().Elem(), false)
			pl.key = &key
		}
	case reflect.Struct:
		c.fillStruct(pl, t)
	}
}

// isTupleKey reports whether map keys of a type are written as tuples. These are arrays, except
// those that are a value of their own, such as a UUID.
func isTupleKey(t reflect.Type) bool {
	return t.Kind() == reflect.Array && !t.Implements(reducerType) && !t.Implements(textType)
}

var textType = reflect.TypeFor[encoding.TextMarshaler]()

// fillStruct is fill for a struct.
func (c *planner) fillStruct(pl *plan, t reflect.Type) {
	if c.p.Fields == nil {
		return
	}
	pl.kind, pl.allFields = goStruct, true
	pl.number = int(c.p.planCache.structs.Add(1)) - 1
	for _, f := range c.p.Fields(t) {
		ft := t.FieldByIndex(f.Index).Type
		pf := planField{Field: f, plan: c.plan(ft, f.List)}
		if f.OmitEmpty {
			pf.empty = emptyKindOf(ft)
		}
		pf.locate(t)
		pl.fields = append(pl.fields, pf)
		pl.allFields = pl.allFields && !f.OmitEmpty && len(pf.path) == 0
	}
}

// locate sets offset and path of a field in a struct of type t.
func (f *planField) locate(t reflect.Type) {
	for _, i := range f.Index {
		if t.Kind() == reflect.Pointer {
			f.path = append(f.path, f.offset)
			f.offset, t = 0, t.Elem()
		}
		field := t.Field(i)
		f.offset, t = f.offset+field.Offset, field.Type
	}
}

// saveGo writes v by its plan. v is a part of a typed Go value and not the content of an interface.
func (p *pickling) saveGo(pl *plan, v reflect.Value) error {
	p.checkFrame()
	// For an interface, the hook is called with its content later on.
	if p.PersistentID != nil && pl.kind != goInterface && v.CanInterface() {
		if done, err := p.savePersistent(v.Interface()); done || err != nil {
			return err
		}
	}
	return p.saveGoAs(pl, v, nil)
}

// saveGoAny writes the content of an interface that is a part of a Go value.
func (p *pickling) saveGoAny(v any) error {
	if s, ok := v.(string); ok && p.PersistentID == nil {
		p.checkFrame()
		return p.saveGoString(s)
	}
	return p.save(v)
}

// saveGoAs writes v by its plan. box is the interface that contains v, or nil.
func (p *pickling) saveGoAs(pl *plan, v reflect.Value, box any) error {
	switch pl.kind {
	case goBool:
		p.saveBool(v.Bool())
	case goInt:
		p.saveInt(v.Int())
	case goUint:
		return p.saveUint(v.Uint())
	case goFloat:
		p.saveFloat(v.Float())
	case goComplex:
		return p.saveComplex(v.Complex(), objectID{})
	case goString:
		return p.saveGoString(v.String())
	case goBytes:
		return p.saveBytesAs(v.Bytes(), p.sliceID(v))
	case goInterface:
		return p.saveGoAny(v.Interface())
	case goPointer:
		return p.savePointer(pl, v)
	case goSlice:
		if items, ok := box.([]any); ok && len(items) > 0 {
			return p.saveAnys(items, pointerID(v))
		}
		if v.Len() > 0 {
			return p.saveGoSlice(pl, v, pointerID(v))
		}
		p.beginList(objectID{})
	case goArray:
		return p.saveGoSlice(pl, v, objectID{})
	case goTuple:
		return p.saveGoTuple(pl, v)
	case goMap:
		return p.saveMap(pl, v, box)
	case goStruct:
		return p.saveStruct(pl, v, box, objectID{})
	case goObject, goNamed:
		return p.saveObjectType(pl, v, box)
	case goSequence:
		return p.saveSequence(v.Interface())
	case goReduced:
		return p.saveByFunc(pl, v, box)
	default:
		return Unsupported("cannot write a %v", pl.typ)
	}
	return nil
}

// sliceID returns the identity of a []byte in a Go value.
func (p *pickling) sliceID(v reflect.Value) objectID {
	if p.Strings == StringsUnshared {
		return objectID{}
	}
	return bytesID(v.Bytes())
}

// saveObjectType writes a value of a type of object trees, or a class or function.
func (p *pickling) saveObjectType(pl *plan, v reflect.Value, box any) error {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		p.op(OpNone)
		return nil
	}
	if box == nil {
		box = v.Interface()
	}
	if pl.kind == goNamed {
		return p.saveGlobal(box.(Named).Global(), nameRead)
	}
	return p.saveValue(box)
}

// saveSequence writes a container of gopickle's that is not behind a pointer.
func (p *pickling) saveSequence(v any) error {
	switch x := v.(type) {
	case types.List:
		return p.saveList(x, objectID{})
	case types.Tuple:
		return p.saveTuple(x)
	case types.Dict:
		return p.saveDict(x, objectID{})
	case types.ByteArray:
		return p.saveByteArray(x, objectID{})
	}
	return nil
}

// saveByFunc writes a value whose type has a ReduceFunc.
func (p *pickling) saveByFunc(pl *plan, v reflect.Value, box any) error {
	var id objectID
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		if v.IsNil() && v.Kind() == reflect.Pointer {
			p.op(OpNone)
			return nil
		}
		if v.Kind() != reflect.Slice || v.Len() > 0 {
			id = pointerID(v)
		}
	default:
		if box != nil {
			id = boxID(box)
		}
	}
	if idx, known := p.memo.lookup(id); known {
		p.get(idx)
		return nil
	}
	if r, ok := p.replaced[id]; ok {
		return p.saveValue(r)
	}
	if box == nil {
		box = v.Interface()
	}
	r, err := pl.reduce(box, p.proto)
	if err != nil {
		return err
	}
	return p.saveReduced(r, id)
}

// savePointer writes the value to which a pointer points. A struct gets the identity of the
// pointer, so that it is the same dict each time. Other values have identities of their own or need
// none.
func (p *pickling) savePointer(pl *plan, v reflect.Value) error {
	// A chain of pointers without end is a cycle, of a type such as type T *T.
	for depth := 0; pl.kind == goPointer; depth++ {
		if v.IsNil() {
			p.op(OpNone)
			return nil
		}
		if depth > maxPointers {
			return Unsupported("a cycle of pointers of type %v", pl.typ)
		}
		if pl.elem.kind == goStruct {
			return p.saveStruct(pl.elem, v.Elem(), nil, pointerID(v))
		}
		pl, v = pl.elem, v.Elem()
	}
	return p.saveGoAs(pl, v, nil)
}

// maxPointers is the length from which a chain of pointers is taken for a cycle.
const maxPointers = 1000

// saveGoSlice writes a slice or array as a list.
func (p *pickling) saveGoSlice(pl *plan, v reflect.Value, id objectID) error {
	if v.Len() == 0 {
		p.beginList(id)
		return nil
	}
	if items, ok := goItems(v); ok {
		return p.saveAnys(items, id)
	}
	if p.beginList(id) {
		t := task{kind: taskGoSlice, op: OpAppends, n: v.Len(), exact: true}
		p.stack.pushValue(t, goTask{plan: pl.elem, val: v})
	}
	return nil
}

// saveAnys writes a []any that is not empty as a list.
func (p *pickling) saveAnys(items []any, id objectID) error {
	if p.beginList(id) {
		p.saveItems(task{kind: taskAnys, op: OpAppends, exact: true}, items)
	}
	return nil
}

// goItems returns v as a []any; ok is false if it is none.
func goItems(v reflect.Value) (items []any, ok bool) {
	if v.Type() != anySliceType || !v.CanInterface() {
		return nil, false
	}
	items, ok = v.Interface().([]any)
	return items, ok
}

var anySliceType = reflect.TypeFor[[]any]()

// saveGoTuple writes an array as a tuple.
func (p *pickling) saveGoTuple(pl *plan, v reflect.Value) error {
	n := v.Len()
	if n == 0 {
		p.emptyTuple()
		return nil
	}
	if p.proto < 2 || n > 3 {
		p.op(OpMark)
	}
	p.stack.pushValue(task{kind: taskGoTuple, n: n}, goTask{plan: pl.elem, val: v})
	return nil
}
