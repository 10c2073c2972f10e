// Package reconstruct turns the classes and functions that a pickle names into Go
// values: NumPy's arrays, dtypes and scalars first, and the everyday types of
// Python's standard library.
//
// # Overview
//
// [FindClass] is a hook for [pickle.Unpickler], and for gopickle's Unpickler: it has
// the signature of their FindClass fields. What it returns for a known name, a [Class],
// makes Go values when the pickle calls it. Nothing of a pickle is ever executed:
// a name that is not in the table below becomes a [pickle.Global], and what the pickle
// makes of it a [pickle.Object], which shows its class, arguments and state.
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
// Every form that a release of Python or NumPy has written is read: the names of
// NumPy 0.9 to 2.5 (numpy.core, numpy._core, scipy.base), of Python 2 and 3, all
// versions of the states of ndarray and dtype, all protocols. Names that differ
// between Python 2 and 3 are looked up under either; [Class.Global] returns the name as
// it was read.
//
// A joblib file is a pickle, perhaps compressed, in which a wrapper stands for each array.
// What has been written by joblib 0.8 or later is read; arrays that joblib before
// 0.10 put into files beside the pickle need [Options].OpenSidecar. Such a file takes
// [pickle.Unpickler]: gopickle's cannot read the bytes behind a wrapper.
//
// Of dill's calls those are carried out that stand for arrays and for the name of a builtin type or
// of a function of a module, where that is known here; what makes functions and classes stays
// inert. An array of a class that the pickle itself makes, as cloudpickle writes it, stays a call.
//
// Objects of other libraries (pictures, graphs, quantities, tables of astropy, sparse arrays,
// models of gradient boosting and others) stay objects, which [ReadLibrary] reads; unpkl.Load does
// so by itself. docs/objects.md has the table.
//
// An instance of a class that is not rebuilt is a [pickle.Object], in the form in which the
// pickle made it. [Normalize] gives a view of it that is the same for all protocols.
//
// # Ownership
//
// An array made from bytes uses their memory, as NumPy's do; a bytes object
// that occurs elsewhere in the pickle then shares it. An array over an out-of-band buffer
// is over the caller's memory. ndarray's Writeable tells what NumPy would say.
//
// # Limits and security
//
// Every argument and state is checked as NumPy and CPython check it, and where NumPy
// trusts a state, it is checked too: lengths against shapes, field offsets
// against itemsizes, the number of objects. Errors are of the kinds of package pickle
// and name the class, shape, dtype and sizes. Nothing is allocated because a number in
// the pickle says so.
package reconstruct
