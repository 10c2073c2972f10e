package unmarshal

import (
	"reflect"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/ndarray"
)

// NOTE. The most common values are decoded from the cells of a tape directly, without creating an
// object: scalars, lists and tuples, dicts with simple keys, instances with a state, NumPy's arrays
// and scalars, datetimes. For a value of any other kind, for any other Go type, and for a value
// that does not fit, readObject creates the object of that value alone and uses the assignFunc of
// the plan. The containers around it are still decoded from cells.
//
// Decoding continues after a value that does not fit. The cell plans do not maintain a path to the
// current value; instead, the containers around the first misfit add their steps to its path when
// they are left, see assigner.placed.

// cellReader is the state of an assigner for the tape that it reads.
type cellReader struct {
	t *tape.Tape
	p bridge.Pickle
	sharing
	// ownClass is the class that isOwn was last true for. Pickles often have many instances of one
	// class.
	ownClass tape.ID
	// spare lists cells whose payloads were copied, so that the next pickle can be read into their
	// memory.
	spare []tape.ID
	zones known.ZoneCache
}

// cellMemory holds memory from which decoded values are allocated, and caches. It is kept from one
// pickle to the next.
type cellMemory struct {
	texts
	numbers
	layouts []*layout
	maker   known.Maker
	watcher func(id tape.ID, object any) // hasObject, as a value that is created once
}

// reset drops what refers to the cells of a pickle.
func (m *cellMemory) reset() {
	const maxLayouts = 16
	m.texts.shared = nil
	if len(m.layouts) > maxLayouts {
		m.layouts = nil
	}
	for _, l := range m.layouts {
		l.reset()
	}
	m.maker.Reset()
}

// form says how the cells of a pickle are decoded into a Go type.
type form uint8

const (
	formObject form = iota // by way of the object of a cell
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
	formAny     // any, which takes the plain value
)

// cellPlan is the part of a plan that decodes cells.
type cellPlan struct {
	form    form
	isBytes bool          // for a slice: whether the elements are bytes
	size    uintptr       // of a value of the type, in bytes
	elem    *plan         // of a pointer, slice, array or map
	key     *plan         // of a map
	fields  *structReader // of a struct
}

var arrayType = reflect.TypeFor[ndarray.Array]()

// compileCells sets p.cellPlan. It tests types in the same order as compile.
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

// Cells stores the value of the pickle p in what v points to, which must be a non-nil pointer.
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

// read decodes the cell id into dst, a variable of the plan's type. It is to cells what plan.assign
// is to objects.
func (a *assigner) read(p *plan, id tape.ID, dst place) error {
	p.once.Do(p.compile)
	if a.budget--; a.budget < 0 {
		return a.overExpansion()
	}
	kind := a.t.Kind(id)
	if a.helper && a.t.IsShared(id) && a.mayReadAgain(id) {
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

// readObject decodes a cell into dst by way of its object.
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
		return a.readObject(p, id, dst) // The value may go into the variable it points to.
	}
	return a.setPlain(id, to)
}

// setPlain sets v to the plain value of a cell, which must be assignable to v.
func (a *assigner) setPlain(id tape.ID, v reflect.Value) error {
	if a.helper {
		return errLater
	}
	var plain any
	var err error
	if a.mayKeep(id); a.within > 0 && a.t.Kind(id) >= tape.Tuple {
		// A container around this value may be decoded again, into another Go type. Then its
		// parts must be the same plain values, which Convert remembers by their objects.
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

// mayKeep is called before an object or plain value is created from the cell id. Such a value may
// refer to the memory of any cell inside it, so no payload is spare any more.
func (a *assigner) mayKeep(id tape.ID) {
	if a.t.Kind(id) >= tape.Tuple {
		a.spare = a.spare[:0]
		if a.within > 0 {
			a.t.MarkShared(id) // The cell may be read again, and must then give the same object.
		}
	}
}

// assignInner assigns the object src to dst, from within a plan for cells.
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
		return a.readObject(p, id, dst) // It may be pandas' NA or NaT, which set nil too.
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

// noStray is the value of assigning.stray if no mismatch needs a longer path.
const noStray = -1

// placed is called by a container at depth after it has decoded the part that the step e leads to.
// If the first mismatch was inside that part, placed adds e to the front of its path.
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
