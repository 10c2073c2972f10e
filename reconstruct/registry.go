package reconstruct

import (
	"io"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// Options configure a [Resolver]. The zero value is the safe default.
type Options struct {
	// Limits bound the dimensions and elements of arrays and the digits of numbers written as text.
	// The other limits are those of the unpickler.
	Limits pickle.Limits
	// LongDouble is the format of the 16 bytes of a longdouble ("f16", "c32"), which a pickle does
	// not record. The default is the x87 format of x86-64.
	LongDouble ndarray.LongDoubleFormat
	// OpenSidecar opens a file in the folder of the pickle, by its bare name. Joblib before 0.10
	// kept each array in a file of its own. If OpenSidecar is nil, such a pickle gives an error of
	// the kind pickle.ErrUnsupported that names the file.
	OpenSidecar func(name string) (io.ReadCloser, error)
	// Owner controls memory that may be released while arrays still use it, such as a mapped file.
	// Every array gets it by [ndarray.Array.SetOwner]; scalars are copied instead.
	Owner ndarray.Owner
}

// A Resolver finds the Go value for a Python global. It is immutable after [New] and safe for
// concurrent use.
type Resolver struct {
	limits     pickle.Limits
	longDouble ndarray.LongDoubleFormat
	// openSidecar is Options.OpenSidecar.
	openSidecar func(name string) (io.ReadCloser, error)
	owner       ndarray.Owner
	rules       known.Bounds // for calls that package known defers
	// setPlain sets the state of an array of the class ndarray itself. It is stored here so that
	// rebuilding an array does not allocate a method value.
	setPlain func(a *ndarray.Array, state any) error
}

// New returns a Resolver with the given options.
func New(opts Options) *Resolver {
	r := &Resolver{limits: opts.Limits.WithDefaults(), longDouble: opts.LongDouble,
		openSidecar: opts.OpenSidecar, owner: opts.Owner}
	r.rules = known.Bounds{MaxDims: r.limits.Dims, MaxElements: r.limits.Elements, Owner: r.owner}
	r.setPlain = r.setPlainArray
	return r
}

var defaultResolver = New(Options{})

// FindClass resolves a Python global with the default [Options]. It has the signature of the
// FindClass hook of [pickle.Unpickler] and of gopickle's Unpickler. For a class or function that
// this package knows (see the package documentation) it returns a [Class], for any other name an
// inert [pickle.Global]. The error is always nil.
func FindClass(module, name string) (any, error) {
	return defaultResolver.FindClass(module, name)
}

// FindClass is like the function [FindClass] with the options of r.
func (r *Resolver) FindClass(module, name string) (any, error) {
	global := pickle.Global{Module: module, Name: name}
	if e := lookup(global); e != nil {
		return newClass(global, e, r), nil
	}
	return global, nil
}

// Known reports whether this package rebuilds a class or function or knows it to be harmless data.
// Names of Python 2 and of renamed modules count too.
func Known(module, name string) bool {
	return lookup(pickle.Global{Module: module, Name: name}) != nil
}

// handler returns the value of a call. It may keep args but must not change them.
type handler func(c Class, args []any) (any, error)

// entry is what the registry knows of a class or function. Where a handler is nil, the call is only
// recorded, as a pickle.Object.
type entry struct {
	// call serves REDUCE, INST and OBJ.
	call handler
	// construct serves NEWOBJ, and copyreg._reconstructor with base object.
	construct handler
	// rebase serves copyreg._reconstructor with any other base; value is the base's value.
	rebase func(c Class, base pickle.Global, value any) (any, error)
	// subtype serves numpy's _reconstruct with the class as its first argument.
	subtype func(c Class) (any, error)
	// scalar is the typespec of a numpy scalar type's dtype.
	scalar string
	// code identifies the class to package known, or is 0.
	code uint16
	// attr resolves getattr(class, name) where that is more than a reference.
	attr func(c Class, name string) (any, bool)
}

// inert is the entry for names that are known to be data and need no handler.
var inert = &entry{}

// table is the registry under construction, by normalised name.
type table map[pickle.Global]*entry

func (t table) add(module, name string, e *entry) {
	t[pickle.Global{Module: module, Name: name}] = e
}

func (t table) addAll(module string, e *entry, names ...string) {
	for _, name := range names {
		t.add(module, name, e)
	}
}

// registrySize is roughly the number of names. Every process builds the registry at start, and the
// size makes that one allocation.
const registrySize = 1000

// registry is never changed after it is built.
var registry = func() table {
	t := make(table, registrySize)
	for _, fill := range []func(table){
		fillBuiltins, fillCopyreg, fillCollections, fillDatetime, fillNumbers,
		fillPath, fillTypedArray, fillOthers,
		fillNumpyArray, fillNumpyDType, fillNumpyNames, fillNumpyMasked, fillNumpyRandom,
		fillJoblib, fillDill, fillJAX, fillTorch, fillShapely,
	} {
		fill(t)
	}
	return t
}()

func lookup(g pickle.Global) *entry {
	if e, ok := registry[g]; ok {
		return e
	}
	if n := normalName(g); n != g {
		return registry[n]
	}
	return nil
}

// Class is a Python class or function that this package knows. It keeps the name as the pickle
// spells it, and may be used as a map key. Calling a Class, as REDUCE and NEWOBJ do, returns the Go
// value that stands for the Python one.
type Class struct {
	global   pickle.Global
	name     string // global.String(), for error texts
	entry    *entry
	resolver *Resolver
}

func newClass(g pickle.Global, e *entry, r *Resolver) Class {
	return Class{global: g, name: g.String(), entry: e, resolver: r}
}

var (
	_ pickle.Named     = Class{}
	_ pickle.KwNewable = Class{}
	_ types.Callable   = Class{}
	_ types.PyNewable  = Class{}
)

// Global returns the module and name as the pickle spells them. It implements [pickle.Named].
func (c Class) Global() pickle.Global { return c.global }

// String returns "module.name".
func (c Class) String() string { return c.name }

// Plain returns the name, a pickle.Global, which is also the plain form of an unknown class.
func (c Class) Plain() any { return c.global }

// Equal reports whether both classes were read from the same module and name.
func (c Class) Equal(other Class) bool { return c.global == other.global }

// Call implements gopickle's types.Callable: what REDUCE, INST and OBJ do.
func (c Class) Call(args ...any) (any, error) {
	if c.entry == nil || c.entry.call == nil {
		return &pickle.Object{Class: c, Args: args, Form: pickle.FormReduce}, nil
	}
	return c.entry.call(c, args)
}

// PyNew implements gopickle's types.PyNewable: what NEWOBJ does.
func (c Class) PyNew(args ...any) (any, error) {
	if c.entry == nil || c.entry.construct == nil {
		return &pickle.Object{Class: c, Args: args, Form: pickle.FormNewObj}, nil
	}
	return c.entry.construct(c, args)
}

// PyNewEx implements [pickle.KwNewable]: what NEWOBJ_EX does.
func (c Class) PyNewEx(args []any, kwargs *types.Dict) (any, error) {
	if c.entry == nil || c.entry.construct == nil || kwargs != nil && len(*kwargs) > 0 {
		return &pickle.Object{Class: c, Args: args, Kwargs: kwargs, Form: pickle.FormNewObjEx}, nil
	}
	return c.entry.construct(c, args)
}

// args returns a reader of call arguments whose errors name c.
func (c Class) args(vals []any) argReader { return argReader{fn: c.name, vals: vals} }
