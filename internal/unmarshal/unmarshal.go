// Package unmarshal stores the value of a pickle in a caller's Go variable, as encoding/json does.
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

// NOTE. There is one plan for each Go type: closures that are compiled when the type is first used,
// and then cached. A plan calls the plans of its element or field types, so the depth of the calls
// is that of the Go type. If a Go type contains itself, the depth is that of the data, which
// assigner.enter checks against Limits.Depth. Values for an any are converted by package plain,
// which does not recurse.
//
// A plan has two sources. The files cells*.go read the cells of a tape directly (see the note in
// cells.go); the other files read objects, as package pickle creates them.

// An assignFunc stores the object src in dst, which must be settable. It records a value that does
// not fit with a.mismatch and returns nil; any other error ends the decoding.
type assignFunc func(a *assigner, src any, dst reflect.Value) error

// plan is the cached way to decode into one Go type. It is compiled at its first use, not when it
// is created, so that the plan of a type that contains itself can refer to itself.
type plan struct {
	typ  reflect.Type
	once sync.Once
	fn   assignFunc
	cellPlan
}

var plans sync.Map // reflect.Type -> *plan

// planOf returns the plan of t.
func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p, _ := plans.LoadOrStore(t, &plan{typ: t})
	return p.(*plan)
}

// assign stores the object src in dst. It counts src against Limits.Expansion.
func (p *plan) assign(a *assigner, src any, dst reflect.Value) error {
	p.once.Do(p.compile)
	if a.budget--; a.budget < 0 {
		return pyvalue.LimitError("Expansion", a.expansion, a.expansion+1)
	}
	return p.fn(a, src, dst)
}

func (p *plan) compile() {
	p.fn = compile(p.typ)
	p.compileCells()
}

// maxAssignDepth bounds how deep plans call each other even with Limits.Depth at NoLimit: a
// goroutine whose stack reaches 1 GB ends the program, and that cannot be recovered from.
const maxAssignDepth = 200_000

// assigner decodes one pickle into a Go value.
type assigner struct {
	plain      plain.Converter
	cellMemory // kept from one pickle to the next
	assigning  // reset for each pickle
}

// assigning is the state of an assigner for one pickle.
type assigning struct {
	shared    map[shareKey]reflect.Value // the Go values of containers that were decoded
	path      []pathElem                 // steps from the object at depth base to the current one
	first     *misfit                    // the first mismatch, or nil
	misses    int                        // number of mismatches
	depth     int                        // number of containers around the current value
	maxDepth  int
	budget    int64 // how many more values may be decoded
	expansion int64 // Limits.Expansion, the budget at the beginning
	workers   int   // goroutines for one large slice
	helper    bool  // whether it is one of several goroutines that fill a slice, see fillSplit
	// noUnknown and noMissing are the options of these names.
	noUnknown, noMissing bool
	// base is the depth of the object that an assignFunc was called for; path begins there.
	base int
	// stray is the depth of the container in which the path of first begins so far. Containers up
	// to that depth still add their steps, see assigner.placed. Without a mismatch it is noStray.
	stray int
	cellReader
}

// misfit is a value that does not fit its Go type.
type misfit struct {
	path  []pathElem
	value string // description of the Python value, or the name of a field
	typ   reflect.Type
	cause error
	// unknown means that the struct type typ has no field called value; missing means that the
	// pickle has no value for its field of that name.
	unknown, missing bool
}

// shareKey identifies the Go value of a container by its object and Go type. A container that is
// decoded into two Go types is two Go values.
type shareKey struct {
	src any // a pointer
	typ reflect.Type
}

// pathElem is one step of a path from a Go value into a part of it: a name if named, else an index.
type pathElem struct {
	name  string
	index int
	named bool
}

// Options are the options that Unmarshal depends on.
type Options struct {
	Plain plain.Options
	// Mismatch returns the error of a value that does not fit a Go type, see the root package's
	// UnmarshalTypeError.
	Mismatch func(path, value string, t reflect.Type, cause error) error
	// NoUnknown makes it an error if a struct has no field for a name in the pickle, and NoMissing
	// if the pickle has no value for a field whose tag does not say omitempty.
	NoUnknown, NoMissing bool
	// Field returns the error for NoUnknown and NoMissing, see the root package's FieldError.
	Field func(path, name string, t reflect.Type, missing bool) error
}

// newAssigner returns an assigner for one pickle, which the caller must release.
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

// assigners pools assigners, because of their cellMemory.
var assigners = sync.Pool{New: func() any {
	a := new(assigner)
	a.watcher = a.hasObject
	return a
}}

// release returns the assigner to the pool. It must not be used afterwards.
func (a *assigner) release() {
	a.plain.End()
	a.cellMemory.reset()
	a.assigning = assigning{}
	assigners.Put(a)
}

// Into stores the object src in what v points to, which must be a non-nil pointer.
func Into(src any, v any, c *Options) error {
	rv := reflect.ValueOf(v)
	a := newAssigner(c)
	defer a.release()
	if err := planOf(rv.Type().Elem()).assign(a, src, rv.Elem()); err != nil {
		return err
	}
	return a.result(c)
}

// result returns the error of the first mismatch, or nil.
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

// plainInto does the work of Cells if the target needs nothing but the plain value. done is false
// for other targets.
func plainInto(p bridge.Pickle, root tape.ID, v any, c *Options) (done bool, err error) {
	t := p.Tape()
	switch target := v.(type) {
	case *any:
		if *target != nil && reflect.TypeOf(*target).Kind() == reflect.Pointer {
			return false, nil // The value may go into the variable it points to.
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
	if _, isAny := v.(*any); !isAny && (c.Plain.Objects || c.Plain.AllowCycles) {
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

// mismatch records that src does not fit t. It returns nil, so that the rest is still decoded.
func (a *assigner) mismatch(src any, t reflect.Type, cause error) error {
	a.misses++
	if a.first == nil {
		a.first = &misfit{path: slices.Clone(a.path), value: pyvalue.Describe(src), typ: t,
			cause: cause}
		a.stray = a.base
	}
	return nil
}

// where formats a path for an error.
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

// isName reports whether s appears in a path without quotes.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// enter adds one level of containers; leave removes it.
func (a *assigner) enter() error {
	if a.depth++; a.depth > a.maxDepth {
		return pyvalue.LimitError("Depth", int64(a.maxDepth), int64(a.depth))
	}
	return nil
}

func (a *assigner) leave() { a.depth-- }

// at assigns src to dst, the element i of a sequence.
func (a *assigner) at(i int, p *plan, src any, dst reflect.Value) error {
	a.path = append(a.path, pathElem{index: i})
	err := p.assign(a, src, dst)
	a.path = a.path[:len(a.path)-1]
	return err
}

// in assigns src to dst, the part called name.
func (a *assigner) in(name string, p *plan, src any, dst reflect.Value) error {
	a.path = append(a.path, pathElem{name: name, named: true})
	err := p.assign(a, src, dst)
	a.path = a.path[:len(a.path)-1]
	return err
}

// recall sets dst to the Go value that src was decoded into before, if there is one of dst's type.
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

// isShareable reports whether an object that the pickle refers to twice must be one Go value. This
// includes all containers except the empty tuple: Python has only one empty tuple, so two uses of
// it do not mean that the program shared a value.
func isShareable(src any) bool {
	if t, ok := src.(*types.Tuple); ok && len(*t) == 0 {
		return false
	}
	return pyvalue.IsContainer(src)
}

// remember records that src is decoded into v, which need not be filled yet.
func (a *assigner) remember(src any, v reflect.Value) {
	if !isShareable(src) {
		return
	}
	if a.shared == nil {
		a.shared = make(map[shareKey]reflect.Value)
	}
	// Interface copies the value, so that a later change of the variable does not change it.
	key := shareKey{src, v.Type()}
	a.shared[key] = reflect.ValueOf(v.Interface())
	a.notedObjects = append(a.notedObjects, notedObject{key, len(a.noted)})
}

var (
	stringMapType = reflect.TypeFor[map[string]any]()
	anySliceType  = reflect.TypeFor[[]any]()
	globalType    = reflect.TypeFor[pickle.Global]()
)

// compile returns the assignFunc of a type.
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

// compileKind returns the assignFunc that a type has by its kind alone.
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
