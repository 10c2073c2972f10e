// Package reconstruct turns the classes and functions that a pickle names into Go
// values: NumPy's arrays, dtypes and scalars first, and the everyday types of
// Python's standard library.
//
// # Overview
//
// [FindClass] is a hook for [pickle.Unpickler] and for gopickle's Unpickler: it has the signature
// of their FindClass fields. For a name that this package knows it returns a [Class], which makes
// Go values when the pickle calls it. Nothing from a pickle is ever executed: a name that is not in
// the table below becomes a [pickle.Global], and an instance of it becomes a [pickle.Object], which
// shows its class, arguments and state.
//
// # Types
//
//	numpy.ndarray and subclasses (matrix, recarray, chararray,
//	    memmap, any other)                *ndarray.Array (Class tells the subclass)
//	numpy scalars                         *ndarray.Scalar
//	numpy.dtype, StringDType              *ndarray.DType
//	numpy.ma.MaskedArray, mvoid,
//	    MaskedRecords, numpy.ma.masked    *ndarray.Masked
//	Numeric's arrays                      *ndarray.Array
//	joblib's array wrappers               *ndarray.Array
//	numpy's scalar types, dtype classes,
//	    ufuncs                            Class
//	numpy.random's generators, poly1d,
//	    polynomial classes                *pickle.Object
//	set, frozenset                        *pickle.Set, *pickle.FrozenSet
//	bytes (_codecs.encode), bytearray     []byte, *types.ByteArray
//	int, float, bool, str, complex        int or *big.Int, float64, bool, string, complex128
//	list, tuple, dict                     *types.List, *types.Tuple, *types.Dict
//	range, slice                          *Range, *Slice
//	OrderedDict, defaultdict, Counter     *OrderedDict, *DefaultDict, *Counter
//	deque                                 *Deque
//	date, time, datetime                  *Date, *Time, *Datetime
//	timedelta, timezone, ZoneInfo         Timedelta, *Timezone, *ZoneInfo
//	Decimal, Fraction                     Decimal, Fraction
//	UUID                                  *UUID
//	pathlib's paths                       *Path
//	array.array                           *TypedArray
//	exceptions, functools.partial,
//	    operator's getters, re patterns, SimpleNamespace,
//	    struct_time, GenericAlias, ipaddress, ChainMap,
//	    UserDict, pytz and dateutil zones *pickle.Object with a Class as its class
//
// This package reads every form that a release of Python or NumPy has written: the names of NumPy
// 0.9 to 2.5 (numpy.core, numpy._core, scipy.base) and of Python 2 and 3, all versions of the
// states of ndarray and dtype, and all protocols. A name that differs between Python 2 and 3 is
// found under both spellings; [Class.Global] returns it as the pickle spells it.
//
// A joblib file is a pickle, perhaps compressed, in which a wrapper object stands for each array.
// Files of joblib 0.8 and later are read. Joblib before 0.10 put arrays into separate files beside
// the pickle, which need [Options].OpenSidecar. Only [pickle.Unpickler] reads joblib files:
// gopickle's Unpickler cannot read the bytes that follow a wrapper.
//
// Of dill's calls, this package carries out those that stand for arrays, and those that look up a
// builtin type or a module's function that it knows. Calls that create functions and classes stay
// inert. An array whose class the pickle itself creates, as cloudpickle writes it, stays a recorded
// call.
//
// Objects of other libraries (pictures, graphs, quantities, tables of astropy, sparse arrays,
// models of gradient boosting and others) stay objects until [ReadLibrary] converts them, which
// unpkl.Load does by itself. The table in docs/objects.md lists them.
//
// An instance of any other class is a [pickle.Object], in the form in which the pickle built it.
// [Normalize] gives a view of it that does not depend on the protocol.
//
// # Ownership
//
// An array built from a bytes object uses its memory, as in NumPy; if the same bytes object occurs
// elsewhere in the pickle, both share it. An array over an out-of-band buffer uses the caller's
// memory. [ndarray.Array.Writeable] reports what NumPy's flag would be.
//
// # Limits and security
//
// Arguments and states are checked as NumPy and CPython check them, and also where NumPy trusts a
// state: lengths against shapes, field offsets against itemsizes, the number of objects. Errors
// have the kinds of package pickle and name the class, shape, dtype and sizes. A number in the
// pickle alone never causes an allocation of that size.
package reconstruct
