// Package unmarshal puts objects, as package pickle makes them, into a caller's Go values.
package unmarshal

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/plain"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/pickle"
)

// NOTE. Unmarshal turns objects into a caller's Go values by plans: one closure
// for each Go type, compiled when the type is first met and cached. A plan calls
// the plans of the types inside it, so the depth of calls is that of the Go type;
// where a Go type contains itself the data decides, and assigner.enter counts
// that against Limits.Depth. Values that go into an any are converted by package plain,
// which does not recurse at all.

// assignFunc puts src, an object, into dst, which can be set. A value that does
// not fit is noted with a.mismatch; an error ends everything.
type assignFunc func(a *assigner, src any, dst reflect.Value) error

// plan is the cached assignFunc of one Go type. It is compiled at its first use, so
// that the plan of a type that contains itself can refer to itself.
type plan struct {
	typ  reflect.Type
	once sync.Once
	fn   assignFunc
	cellPlan
}

var plans sync.Map // reflect.Type -> *plan

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p, _ := plans.LoadOrStore(t, &plan{typ: t})
	return p.(*plan)
}

// assign carries the plan out for one value.
func (p *plan) assign(a *assigner, src any, dst reflect.Value) error {
	p.once.Do(p.compile)
	if a.budget--; a.budget < 0 {
		return pyvalue.LimitError("Expansion", a.expansion, a.expansion+1)
	}
	return p.fn(a, src, dst)
}

// compile makes the plan.
func (p *plan) compile() {
	p.fn = compile(p.typ)
	p.compileCells()
}

// maxAssignDepth bounds how deep plans call each other even with Limits.Depth at
// NoLimit: a goroutine's stack ends at 1 GB, and that cannot be recovered from.
const maxAssignDepth = 200_000

// assigner makes Go values of the objects or cells of one pickle.
type assigner struct {
	// What is kept from one pickle to the next.
	plain plain.Converter
	cellMemory
	assigning
}

// assigning is the state of one Unmarshal.
type assigning struct {
	shared    map[shareKey]reflect.Value
	path      []pathElem
	first     *misfit // the first mismatch
	misses    int     // how many there were
	depth     int
	maxDepth  int
	budget    int64
	expansion int64
	workers   int  // goroutines for one large slice
	helper    bool // it is one of several goroutines that fill a slice: see fillSplit
	// noUnknown and noMissing are the options of these names.
	noUnknown, noMissing bool
	// base is the depth of the object that is being assigned, and stray that of a mismatch to whose
	// path the containers around are still to be added; see assigner.placed.
	base, stray int
	cellReader
}

// misfit is a value that does not fit its Go type.
type misfit struct {
	path  []pathElem
	value string // what it is, or the name of a field
	typ   reflect.Type
	cause error
	// unknown says that the value is a name that no field of the struct type typ has, missing that
	// it is that of a field that nothing is there for.
	unknown, missing bool
}

// shareKey says that a container was put into a Go type that can be shared.
type shareKey struct {
	src any // a pointer
	typ reflect.Type
}

// pathElem is a step from a Go value into a part of it: a name or an index.
type pathElem struct {
	name  string
	index int // with name == "" and no isName
	named bool
}

// Options are the options that Unmarshal depends on.
type Options struct {
	Plain plain.Options
	// mismatch makes the error of a value that does not fit a Go type, see the root package's
	// UnmarshalTypeError.
	Mismatch func(path, value string, t reflect.Type, cause error) error
	// NoUnknown makes a name that no field of a struct has an error, and NoMissing a field whose
	// name is not there, unless its tag says omitempty.
	NoUnknown, NoMissing bool
	// Field makes the error of such a name, see the root package's FieldError.
	Field func(path, name string, t reflect.Type, missing bool) error
}

func newAssigner(c *Options) *assigner {
	limits := c.Plain.Limits.WithDefaults()
	a := assigners.Get().(*assigner)
	a.plain.Begin(&c.Plain)
	a.stray = noStray
	a.maxDepth = min(limits.Depth, maxAssignDepth)
	a.budget, a.expansion = limits.Expansion, limits.Expansion
	a.workers = plain.Workers(c.Plain.Workers)
	a.noUnknown, a.noMissing = c.NoUnknown, c.NoMissing
	return a
}

// assigners keeps the memory of assigners from one pickle to the next.
var assigners = sync.Pool{New: func() any {
	a := new(assigner)
	a.watcher = a.hasObject
	return a
}}

// release gives the memory of the assigner back, which must not be used after.
func (a *assigner) release() {
	a.plain.End()
	a.cellMemory.reset()
	a.assigning = assigning{}
	assigners.Put(a)
}

// Into puts the object src into what v, a pointer that is not nil, points to.
func Into(src any, v any, c *Options) error {
	rv := reflect.ValueOf(v)
	a := newAssigner(c)
	defer a.release()
	if err := planOf(rv.Type().Elem()).assign(a, src, rv.Elem()); err != nil {
		return err
	}
	return a.result(c)
}

// result returns the error of the first mismatch, if there was one.
func (a *assigner) result(c *Options) error {
	m := a.first
	if m == nil {
		return nil
	}
	if m.unknown || m.missing {
		return c.Field(where(m.path), m.value, m.typ, m.missing)
	}
	return c.Mismatch(where(m.path), m.value, m.typ, m.cause)
}

// plainInto is Cells where what v points to is made of the plain value alone.
func plainInto(p bridge.Pickle, root tape.ID, v any, c *Options) (done bool, err error) {
	t := p.Tape()
	switch target := v.(type) {
	case *any:
		if *target != nil && reflect.TypeOf(*target).Kind() == reflect.Pointer {
			return false, nil // which may be filled
		}
	case *map[string]any:
		if *target != nil || t.Kind(root) != tape.Dict || !t.OnlyStrKeys(root) {
			return false, nil
		}
	case *[]any:
		if *target != nil || t.Kind(root) != tape.List && t.Kind(root) != tape.Tuple {
			return false, nil
		}
	default:
		return false, nil
	}
	if _, whole := v.(*any); !whole && (c.Plain.Objects || c.Plain.AllowCycles) {
		return false, nil
	}
	converter := plain.New(&c.Plain)
	defer converter.Release()
	value, err := converter.Tape(p, root, 0)
	if err != nil {
		return true, err
	}
	switch target := v.(type) {
	case *any:
		*target = value
	case *map[string]any:
		*target = value.(map[string]any)
	case *[]any:
		*target = value.([]any)
	}
	return true, nil
}

// mismatch notes that src does not fit t; the rest is still decoded.
func (a *assigner) mismatch(src any, t reflect.Type, cause error) error {
	a.misses++
	if a.first == nil {
		a.first = &misfit{path: slices.Clone(a.path), value: pyvalue.Describe(src), typ: t,
			cause: cause}
		a.stray = a.base
	}
	return nil
}

// where renders a path.
func where(path []pathElem) string {
	var b strings.Builder
	for _, e := range path {
		switch {
		case !e.named:
			b.WriteByte('[')
			b.WriteString(strconv.Itoa(e.index))
			b.WriteByte(']')
		case isName(e.name):
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(e.name)
		default:
			b.WriteByte('[')
			b.WriteString(strconv.QuoteToASCII(e.name))
			b.WriteByte(']')
		}
	}
	return b.String()
}

// isName reports whether s can stand in a path without quotes.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// enter counts one more level of containers; leave takes it back.
func (a *assigner) enter() error {
	if a.depth++; a.depth > a.maxDepth {
		return pyvalue.LimitError("Depth", int64(a.maxDepth), int64(a.depth))
	}
	return nil
}

func (a *assigner) leave() { a.depth-- }

// at carries out p for the element i of a sequence.
func (a *assigner) at(i int, p *plan, src any, dst reflect.Value) error {
	a.path = append(a.path, pathElem{index: i})
	err := p.assign(a, src, dst)
	a.path = a.path[:len(a.path)-1]
	return err
}

// in carries out p for the part called name.
func (a *assigner) in(name string, p *plan, src any, dst reflect.Value) error {
	a.path = append(a.path, pathElem{name: name, named: true})
	err := p.assign(a, src, dst)
	a.path = a.path[:len(a.path)-1]
	return err
}

// recall sets dst to the Go value that src was put into before.
func (a *assigner) recall(src any, dst reflect.Value) bool {
	if a.shared == nil || !isShareable(src) {
		return false
	}
	v, ok := a.shared[shareKey{src, dst.Type()}]
	if ok {
		dst.Set(v)
	}
	return ok
}

// isShareable reports whether an object that is met twice is one Go value. The empty tuple is not,
// of which Python has only one: who writes () twice does not mean the same thing.
func isShareable(src any) bool {
	if t, ok := src.(*types.Tuple); ok && len(*t) == 0 {
		return false
	}
	return pyvalue.IsContainer(src)
}

// remember notes that src is put into v, which may not be filled yet.
func (a *assigner) remember(src any, v reflect.Value) {
	if !isShareable(src) {
		return
	}
	if a.shared == nil {
		a.shared = make(map[shareKey]reflect.Value)
	}
	// The value must not follow later changes of the variable it was read from.
	key := shareKey{src, v.Type()}
	a.shared[key] = reflect.ValueOf(v.Interface())
	a.notedObjects = append(a.notedObjects, notedObject{key, len(a.noted)})
}

var (
	stringMapType = reflect.TypeFor[map[string]any]()
	anySliceType  = reflect.TypeFor[[]any]()
	globalType    = reflect.TypeFor[pickle.Global]()
)

// compile makes the plan of a type.
func compile(t reflect.Type) assignFunc {
	switch t {
	case pyvalue.AnyType:
		return assignAny
	case pyvalue.TimeType:
		return assignTime
	case pyvalue.DurationType:
		return assignDuration
	case pyvalue.BigIntType:
		return assignBigInt
	case pyvalue.BigRatType:
		return assignBigRat
	}
	if pyvalue.IsObjectType(t) {
		return assignExact
	}
	if t.Kind() != reflect.Pointer {
		if reflect.PointerTo(t).Implements(pyvalue.UnmarshalerType) {
			return assignUnmarshaler
		}
		if reflect.PointerTo(t).Implements(pyvalue.TextUnmarshalerType) {
			return textPlan(compileKind(t))
		}
	}
	return compileKind(t)
}

// compileKind makes the plan that a type has by its kind alone.
func compileKind(t reflect.Type) assignFunc {
	switch t.Kind() {
	case reflect.Bool:
		return assignBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return assignInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Uintptr:
		return assignUint
	case reflect.Float32, reflect.Float64:
		return assignFloat
	case reflect.Complex64, reflect.Complex128:
		return assignComplex
	case reflect.String:
		return assignString
	case reflect.Pointer:
		return pointerPlan(t)
	case reflect.Interface:
		return assignInterface
	case reflect.Slice:
		return slicePlan(t)
	case reflect.Array:
		return arrayPlan(t)
	case reflect.Map:
		return mapPlan(t)
	case reflect.Struct:
		return structPlan(t)
	}
	return func(a *assigner, src any, dst reflect.Value) error {
		return a.mismatch(src, dst.Type(), nil)
	}
}
