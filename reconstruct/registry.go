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
	// Limits bound dimensions and elements of arrays and the digits of numbers
	// written as text. The other limits are the machine's.
	Limits pickle.Limits
	// LongDouble says what the 16 bytes of a longdouble ("f16", "c32") hold: a
	// pickle does not. The default is the x87 format of x86-64.
	LongDouble ndarray.LongDoubleFormat
	// OpenSidecar opens a file in the folder of the pickle, by its bare name: joblib
	// before 0.10 kept each array in a file of its own. Without it such a pickle
	// is an error of the kind pickle.ErrUnsupported that names the file.
	OpenSidecar func(name string) (io.ReadCloser, error)
	// Owner may take back the memory of payloads, such as a mapped file: every array is given
	// it by [ndarray.Array.SetOwner], and scalars are copies.
	Owner ndarray.Owner
}

// A Resolver finds the Go value for a Python global. It never changes after
// [New] and may be used by any number of goroutines at once.
type Resolver struct {
	limits     pickle.Limits
	longDouble ndarray.LongDoubleFormat
	// openSidecar is the option of that name.
	openSidecar func(name string) (io.ReadCloser, error)
	owner       ndarray.Owner
	rules       known.Bounds // for deferred calls: see package known
	// setPlain sets the state of an array that is no subclass; kept so that each
	// array does not make a function of its own.
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

// FindClass resolves a Python global with the default [Options]. It has the
// signature of the FindClass hook of [pickle.Unpickler] and of gopickle's
// Unpickler. A class or function that this package knows, listed in the package
// documentation, gives a [Class]; any other name gives a [pickle.Global], which is
// inert. The error is always nil.
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

// Known reports whether a global is one of those that this package rebuilds or
// knows to be data. Python 2 names and renamed modules count.
func Known(module, name string) bool {
	return lookup(pickle.Global{Module: module, Name: name}) != nil
}

// handler makes the value of a call. It may keep args but must not change them.
type handler func(c Class, args []any) (any, error)

// entry is what the registry knows of a class or function. Where a handler is
// nil, the call is recorded in a pickle.Object and nothing else happens.
type entry struct {
	// call serves REDUCE, INST and OBJ.
	call handler
	// construct serves NEWOBJ, and copyreg._reconstructor with base object.
	construct handler
	// rebase serves copyreg._reconstructor with any other base, whose value is given.
	rebase func(c Class, base pickle.Global, value any) (any, error)
	// subtype serves numpy's _reconstruct with the class as its first argument.
	subtype func(c Class) (any, error)
	// scalar is the dtype, as a typespec, of a numpy scalar type.
	scalar string
	// code is what package known calls it, or 0.
	code uint16
	// attr resolves getattr(class, name) where that is more than a reference.
	attr func(c Class, name string) (any, bool)
}

// inert is the entry of names that are known to be data and need no handler.
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

// registrySize is about how many names there are, so that the registry, which every process builds
// as it starts, is allocated once.
const registrySize = 1000

// registry is read only once it is built.
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

// Class is a Python class or function that this package knows. It keeps the name
// as the pickle gave it, and may be used as a map key. Calling it, as REDUCE and
// NEWOBJ do, gives the Go value that stands for the Python one.
type Class struct {
	global   pickle.Global
	name     string // of global
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

// Global returns the module and name as they were read. It implements
// [pickle.Named].
func (c Class) Global() pickle.Global { return c.global }

// String returns "module.name".
func (c Class) String() string { return c.name }

// Plain returns the name, a pickle.Global, as that of a class that this package does not know.
func (c Class) Plain() any { return c.global }

// Equal reports whether both were read from the same global.
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

// args reads the arguments of a call, in the name of c.
func (c Class) args(vals []any) argReader { return argReader{fn: c.name, vals: vals} }
