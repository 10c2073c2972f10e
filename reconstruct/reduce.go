package reconstruct

import (
	"reflect"
	"strings"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// Version is the version of NumPy or Python that a pickle is written for. The zero value asks for a
// form that all versions read.
type Version struct {
	Major, Minor int
}

// atLeast reports whether v is major.minor or newer. It is false for the zero value.
func (v Version) atLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// before reports whether v is older than major.minor. It is false for the zero value.
func (v Version) before(major, minor int) bool {
	return v != Version{} && !v.atLeast(major, minor)
}

// ReduceOptions configure [NewReducers]. The zero value writes the forms that the widest range of
// versions loads without a warning.
type ReduceOptions struct {
	// NumPy is the version whose names and forms to write. The zero value selects names that every
	// NumPy since 1.0 knows and 2.x accepts without a warning. Arrays are then built by
	// numpy.core.multiarray._reconstruct at every protocol; only at protocol 5, arrays that are
	// read-only or not in the machine's byte order are calls of numpy.ndarray, because the other
	// form loses these properties. For NumPy 1.16 and later, protocol 5 uses numpy's _frombuffer,
	// which supports out-of-band buffers. A pickle written for NumPy 2 does not load under NumPy 1.
	NumPy Version
	// Python is the version whose forms of the standard library's types to write, where they
	// differ: since 3.11 fractions.Fraction is made from two numbers instead of text. All versions
	// load both. The zero value is the newest version.
	Python Version
	// Buffers passes the memory of arrays to the Pickler's BufferCallback at protocol 5, even if
	// NumPy is the zero value. Arrays are then calls of numpy.ndarray, which all versions load
	// without a warning: each name of _frombuffer is either deprecated in NumPy 2 or unknown to
	// NumPy 1.
	Buffers bool
	// Joblib writes arrays as joblib.dump does: as raw bytes behind an object that describes them.
	// Only joblib and this module load such files. It needs protocol 2 or higher.
	Joblib bool
}

// Reducers describe how the values of this package are written. They are immutable after
// [NewReducers] and safe for concurrent use.
type Reducers struct {
	opts ReduceOptions
	// Classes and functions under the names that opts select.
	reconstruct, fromBuffer, scalar, stringDType pickle.Named
	// arrays is the call that creates arrays of the class ndarray itself.
	arrays  *written.Constructor
	numbers numberForms
}

// pyName returns a class or function by name.
func pyName(module, global string) pickle.Named {
	return bridge.ProgramGlobal(module, global, false).(pickle.Named)
}

// pyType returns a class that is implemented in C.
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
		// Only NumPy 2.0 and later have StringDType, so there is one name for it.
		stringDType: pyName("numpy._core._internal", "_convert_to_stringdtype_kwargs"),
	}
}

var defaultReducers = NewReducers(ReduceOptions{})

// Reduce is the Reduce hook of [pickle.Pickler] with the default [ReduceOptions]. It handles
// arrays, numpy scalars, dtypes, the values of package frame and the types of this package; for any
// other type it returns nil.
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

// call returns an object that is pickled as a call, by REDUCE.
func call(fn any, args ...any) *pickle.Object {
	return &pickle.Object{Class: fn, Args: args}
}

// className splits "module.Class", the form in which package ndarray stores class names.
func className(class string) pickle.Global {
	dot := strings.LastIndexByte(class, '.')
	if dot < 0 {
		return pickle.Global{Module: "builtins", Name: class}
	}
	return pickle.Global{Module: class[:dot], Name: class[dot+1:]}
}

// classOf returns the class of an array or element under the name that the options select. A class
// that is not NumPy's keeps its name.
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
			// Written by NumPy 2. Of the names that NumPy 2 has, this one loads without a warning.
			return pyName("numpy._core.defchararray", g.Name)
		}
		// The only name that all versions have; it is deprecated in 2.x.
		return pyName("numpy.core.defchararray", g.Name)
	case "MaskedArray":
		if v.atLeast(2, 1) {
			return pyName("numpy.ma", g.Name)
		}
		return pyName("numpy.ma.core", g.Name)
	}
	return pyName(g.Module, g.Name)
}
