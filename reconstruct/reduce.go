package reconstruct

import (
	"reflect"
	"strings"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// Version is a version of NumPy or of Python that a pickle is written for. The zero
// value stands for all of them.
type Version struct {
	Major, Minor int
}

// atLeast reports whether v names a version from major.minor on.
func (v Version) atLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// before reports whether v names a version older than major.minor.
func (v Version) before(major, minor int) bool {
	return v != Version{} && !v.atLeast(major, minor)
}

// ReduceOptions configure [NewReducers]. The zero value writes what the widest range
// of versions loads without a warning.
type ReduceOptions struct {
	// NumPy says whose names and forms to write: those that this version itself writes. The zero
	// value stands for names that every NumPy since 1.0 knows and 2.x takes without a warning; then
	// arrays are made by numpy.core.multiarray._reconstruct at every protocol, but at protocol 5 by
	// calls of numpy.ndarray where they are read-only or not in the machine's byte order, which the
	// other form loses. NumPy 1.16 and later, named here, have their own form at protocol 5,
	// numpy's _frombuffer, which goes with out-of-band buffers. A pickle for NumPy 2 does not load
	// under NumPy 1.
	NumPy Version
	// Python says whose forms of the standard library's types to write, where these
	// differ: fractions.Fraction has been made of two numbers instead of text since 3.11. All
	// versions load both. The zero value is the newest.
	Python Version
	// Buffers gives the memory of arrays to the Pickler's BufferCallback at protocol
	// 5, also where NumPy is the zero value. Then arrays are made by calls of numpy.ndarray, which
	// all versions load without a warning: the name of _frombuffer is either deprecated in
	// NumPy 2 or unknown to NumPy 1.
	Buffers bool
	// Joblib writes arrays as joblib.dump does: raw, behind an object that says what they are,
	// which only joblib and this module load. Protocol 2 or higher.
	Joblib bool
}

// Reducers say how the values that this package makes are written. They never change
// after [NewReducers] and may be used by any number of goroutines at once.
type Reducers struct {
	opts ReduceOptions
	// Classes and functions with the names that opts choose.
	reconstruct, fromBuffer, scalar, stringDType pickle.Named
	// arrays is the call that makes arrays which are of no subclass.
	arrays  *written.Constructor
	numbers numberForms
}

// pyName names a class or function.
func pyName(module, global string) pickle.Named {
	return bridge.ProgramGlobal(module, global, false).(pickle.Named)
}

// pyType names a class that is built in C.
func pyType(module, global string) pickle.Named {
	return bridge.ProgramGlobal(module, global, true).(pickle.Named)
}

// NewReducers returns Reducers with the given options.
func NewReducers(opts ReduceOptions) *Reducers {
	core := "numpy.core"
	if opts.NumPy.atLeast(2, 0) {
		core = "numpy._core"
	}
	reconstruct := pyName(core+".multiarray", "_reconstruct")
	return &Reducers{
		opts:        opts,
		reconstruct: reconstruct,
		arrays: &written.Constructor{Class: reconstruct,
			Args: []any{ndarrayClass, zeroShape, byteB}},
		fromBuffer: pyName(core+".numeric", "_frombuffer"),
		scalar:     pyName(core+".multiarray", "scalar"),
		// No NumPy before 2.0 has strings of this kind.
		stringDType: pyName("numpy._core._internal", "_convert_to_stringdtype_kwargs"),
	}
}

var defaultReducers = NewReducers(ReduceOptions{})

// Reduce is the Reduce hook of [pickle.Pickler] with the default [ReduceOptions]: it
// says how arrays, numpy scalars, dtypes, the values of package frame and this package's
// own types are written, and returns nil for any other type.
func Reduce(t reflect.Type) pickle.ReduceFunc { return defaultReducers.Reduce(t) }

// Reduce is like the function [Reduce] with the options of r.
func (r *Reducers) Reduce(t reflect.Type) pickle.ReduceFunc {
	switch t {
	case reflect.TypeFor[*ndarray.Array]():
		return func(v any, protocol int) (any, error) {
			if r.opts.Joblib {
				if o, err := r.joblibTrailer(v.(*ndarray.Array), protocol); o != nil || err != nil {
					return o, err
				}
			}
			return r.array(v.(*ndarray.Array), protocol)
		}
	case reflect.TypeFor[*ndarray.Masked]():
		return func(v any, protocol int) (any, error) { return r.masked(v.(*ndarray.Masked)) }
	case reflect.TypeFor[*ndarray.DType]():
		return func(v any, protocol int) (any, error) { return r.dtype(v.(*ndarray.DType)) }
	case reflect.TypeFor[*ndarray.Scalar]():
		return func(v any, protocol int) (any, error) { return r.scalarOf(v.(*ndarray.Scalar)) }
	}
	if f, ok := versionReducers[t]; ok {
		return func(v any, protocol int) (any, error) { return f(r, v) }
	}
	if f, ok := elementReducers[t]; ok {
		return func(v any, protocol int) (any, error) { return f(r, v) }
	}
	if f, ok := pandasReducers[t]; ok {
		return func(v any, protocol int) (any, error) { return f(r, v, protocol) }
	}
	if f, ok := stdlibReducers[t]; ok {
		return f
	}
	if t != nil && t.Implements(libraryValueType) {
		return reduceLibrary
	}
	return nil
}

// call is an object made by REDUCE.
func call(fn any, args ...any) *pickle.Object {
	return &pickle.Object{Class: fn, Args: args}
}

// className splits "module.Class", as ndarray keeps the names of classes.
func className(class string) pickle.Global {
	dot := strings.LastIndexByte(class, '.')
	if dot < 0 {
		return pickle.Global{Module: "builtins", Name: class}
	}
	return pickle.Global{Module: class[:dot], Name: class[dot+1:]}
}

// classOf returns the class of an array or element under the name that the options
// choose; one that is not NumPy's stays as it is.
func (r *Reducers) classOf(class string) any {
	g := className(class)
	if !strings.HasPrefix(g.Module, "numpy") {
		return g
	}
	v := r.opts.NumPy
	switch g.Name {
	case "matrix":
		if v.before(1, 16) {
			return pyName("numpy.matrixlib.defmatrix", g.Name)
		}
		return pyName("numpy", g.Name)
	case "memmap":
		if v.before(1, 16) {
			return pyName("numpy.core.memmap", g.Name)
		}
		return pyName("numpy", g.Name)
	case "record", "bigndarray", "ndarray":
		return pyName("numpy", strings.TrimPrefix(g.Name, "big"))
	case "recarray":
		if v.atLeast(2, 0) {
			return pyName("numpy.rec", g.Name)
		}
		return pyName("numpy", g.Name)
	case "chararray":
		switch {
		case v.atLeast(2, 0):
			return pyName("numpy.char", g.Name)
		case v.atLeast(1, 16):
			return pyName("numpy", g.Name)
		}
		if g.Module == "numpy.char" || g.Module == "numpy._core.defchararray" {
			// NumPy 2 wrote it. Of the names that it has, this one loads without a warning.
			return pyName("numpy._core.defchararray", g.Name)
		}
		// The one name that all versions have; it is deprecated in 2.x.
		return pyName("numpy.core.defchararray", g.Name)
	case "MaskedArray":
		if v.atLeast(2, 1) {
			return pyName("numpy.ma", g.Name)
		}
		return pyName("numpy.ma.core", g.Name)
	}
	return pyName(g.Module, g.Name)
}
