package unmarshal

import (
	"reflect"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/ndarray"
)

// NOTE. What most pickles hold goes from the cells of a tape into Go values, with no object
// between: scalars, lists and tuples, dicts with simple keys, instances with a state, NumPy's
// arrays and scalars, datetimes. A single value of any other kind, or for any other Go type, goes
// by way of its object and the plans of unmarshal.go; what is around it does not. Errors are made
// of objects too.
//
// A value that does not fit does not end the reading, so the path of the first one is put together
// on the way out of it: see assigner.placed.

// cellReader is what an assigner knows of the cells that it reads.
type cellReader struct {
	t *tape.Tape
	p bridge.Pickle
	sharing
	foreign tape.ID // the class met last that is neither of pandas nor of SciPy
	// spare are the cells whose large memory nobody keeps, so that the next pickle can be read into
	// it.
	spare []tape.ID
	zones known.ZoneCache
}

// cellMemory is memory for what is made of cells, which is kept from one pickle to the next.
type cellMemory struct {
	texts
	numbers
	layouts []*layout
	maker   known.Maker
	watcher func(id tape.ID, object any) // hasObject
}

// reset forgets the cells of a pickle.
func (m *cellMemory) reset() {
	const most = 16 // layouts
	m.texts.shared = nil
	if len(m.layouts) > most {
		m.layouts = nil
	}
	for _, l := range m.layouts {
		l.reset()
	}
	m.maker.Reset()
}

// form says how cells become values of a Go type.
type form uint8

const (
	formObject form = iota // by way of an object
	formBool
	formInt
	formUint
	formFloat
	formString
	formTime
	formDuration
	formPointer
	formSlice
	formArray
	formMap
	formStruct
	formNDArray // *ndarray.Array
	formAny     // a plain value
)

// cellPlan is the part of a plan that is about cells.
type cellPlan struct {
	form    form
	isBytes bool    // of a slice: the elements are bytes
	size    uintptr // of a value, in bytes
	elem    *plan
	key     *plan         // of a map
	fields  *structReader // of a struct
}

var arrayType = reflect.TypeFor[ndarray.Array]()

// compileCells makes the part of the plan that is about cells. Its order is that of compile.
func (p *plan) compileCells() {
	t := p.typ
	p.size = t.Size()
	switch t {
	case pyvalue.TimeType:
		p.form = formTime
		return
	case pyvalue.DurationType:
		p.form = formDuration
		return
	}
	if t.Kind() != reflect.Pointer {
		to := reflect.PointerTo(t)
		if pyvalue.IsLeafStruct(t) || to.Implements(pyvalue.UnmarshalerType) ||
			to.Implements(pyvalue.TextUnmarshalerType) {
			return
		}
	}
	switch t.Kind() {
	case reflect.Bool:
		p.form = formBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.form = formInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Uintptr:
		p.form = formUint
	case reflect.Float32, reflect.Float64:
		p.form = formFloat
	case reflect.String:
		p.form = formString
	case reflect.Interface:
		if t == pyvalue.AnyType {
			p.form = formAny
		}
	case reflect.Pointer:
		p.compilePointer()
	case reflect.Slice:
		p.form, p.elem = formSlice, planOf(t.Elem())
		p.isBytes = t.Elem().Kind() == reflect.Uint8
	case reflect.Array:
		p.form, p.elem = formArray, planOf(t.Elem())
	case reflect.Map:
		p.compileMap()
	case reflect.Struct:
		p.form, p.fields = formStruct, newStructReader(t)
	}
}

func (p *plan) compilePointer() {
	switch to := p.typ.Elem(); {
	case to == arrayType:
		p.form = formNDArray
	case !pyvalue.IsObjectType(to):
		p.form, p.elem = formPointer, planOf(to)
	}
}

// Cells puts the value of a pickle into what v, a pointer that is not nil, points to.
func Cells(p bridge.Pickle, v any, c *Options) error {
	if done, err := plainInto(p, p.Tape().Root(), v, c); done {
		return err
	}
	rv := reflect.ValueOf(v)
	a := newAssigner(c)
	defer a.release()
	a.p, a.t = p, p.Tape()
	a.t.OnReplace(a.watcher)
	defer a.t.OnReplace(nil)
	to := planOf(rv.Type().Elem())
	if err := a.read(to, a.t.Root(), pointee(rv)); err != nil {
		return err
	}
	for _, id := range a.spare {
		a.t.Recycle(id)
	}
	return a.result(c)
}

// read puts a cell into dst, a variable of the plan's type. It is assign for cells.
func (a *assigner) read(p *plan, id tape.ID, dst place) error {
	p.once.Do(p.compile)
	if a.budget--; a.budget < 0 {
		return a.overExpansion()
	}
	kind := a.t.Kind(id)
	if a.helper && a.t.IsShared(id) && a.mayMeet(id) {
		return errLater
	}
	switch p.form {
	case formString:
		if kind == tape.Str {
			dst.setString(a.text(id))
			return nil
		}
	case formBool, formInt, formUint, formFloat:
		if a.readScalar(p, kind, id, dst) {
			return nil
		}
	case formStruct:
		return a.readStruct(p, kind, id, dst)
	case formSlice:
		return a.readSlice(p, kind, id, dst)
	case formPointer:
		return a.readPointer(p, kind, id, dst)
	case formMap:
		return a.readMap(p, kind, id, dst)
	case formArray:
		return a.readArray(p, kind, id, dst)
	case formTime, formDuration:
		if a.readTime(p, kind, id, dst) {
			return nil
		}
	case formNDArray:
		return a.readNDArray(p, kind, id, dst)
	case formAny:
		return a.readAny(p, id, dst)
	}
	return a.readObject(p, id, dst)
}

// object returns the object of a cell.
func (a *assigner) object(id tape.ID) (any, error) {
	a.mayKeep(id)
	return a.p.Object(id)
}

// readObject puts a cell into dst by way of its object.
func (a *assigner) readObject(p *plan, id tape.ID, dst place) error {
	if a.helper {
		return errLater
	}
	src, err := a.object(id)
	if err != nil {
		return err
	}
	return a.assignInner(p, src, dst)
}

// readAny is assignAny for cells.
func (a *assigner) readAny(p *plan, id tape.ID, dst place) error {
	to := dst.value(p.typ)
	if e := to.Elem(); e.IsValid() && e.Kind() == reflect.Pointer {
		return a.readObject(p, id, dst) // which may be filled
	}
	return a.setPlain(id, to)
}

// setPlain sets v, whose type takes it, to the plain value of a cell.
func (a *assigner) setPlain(id tape.ID, v reflect.Value) error {
	if a.helper {
		return errLater
	}
	var plain any
	var err error
	if a.mayKeep(id); a.within > 0 && a.t.Kind(id) >= tape.Tuple {
		// What it holds may be met again although the pickle refers to it once.
		var src any
		if src, err = a.p.Object(id); err == nil {
			plain, err = a.plain.Convert(src, a.depth)
		}
	} else {
		plain, err = a.plain.Tape(a.p, id, a.depth)
	}
	if err != nil {
		return err
	}
	if plain == nil {
		v.SetZero()
	} else {
		v.Set(reflect.ValueOf(plain))
	}
	return nil
}

// mayKeep says that a value other than those of a plan is made of a cell.
func (a *assigner) mayKeep(id tape.ID) {
	if a.t.Kind(id) >= tape.Tuple {
		a.spare = a.spare[:0] // it may hold them
		if a.within > 0 {
			a.t.MarkShared(id) // so that it is the same value when it is met again
		}
	}
}

// assignInner carries the plan out for an object inside of cells.
func (a *assigner) assignInner(p *plan, src any, dst place) error {
	if a.helper {
		return errLater
	}
	outer := a.base
	a.base = a.depth
	err := p.fn(a, src, dst.value(p.typ))
	a.base = outer
	return err
}

// readPointer is pointerPlan for cells.
func (a *assigner) readPointer(p *plan, kind tape.Kind, id tape.ID, dst place) error {
	switch {
	case kind == tape.None:
		dst.value(p.typ).SetZero()
		return nil
	case kind == tape.Class || kind == tape.Value || kind == tape.Call && !a.isOwn(id):
		return a.readObject(p, id, dst) // pandas has several ways to say None
	}
	v := dst.value(p.typ)
	if a.recallCell(id, v) {
		return nil
	}
	if v.IsNil() || !a.claim(v.Pointer()) {
		v.Set(reflect.New(p.typ.Elem()))
	}
	a.rememberCell(id, v)
	return a.read(p.elem, id, pointee(v))
}

// noStray is the depth of no mismatch.
const noStray = -1

// placed adds e to the path of a mismatch that was noted in a part of a container at depth, when
// the part was left.
func (a *assigner) placed(depth int, e pathElem) {
	if a.stray < depth {
		return
	}
	a.stray = depth - 1
	m := a.first
	m.path = append(m.path, pathElem{})
	copy(m.path[1:], m.path)
	m.path[0] = e
}
