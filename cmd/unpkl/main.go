// Command unpkl shows what is in a Python pickle. Nothing of the file is executed.
//
//	unpkl FILE...         what is in it: a tree of keys, kinds, dtypes, shapes
//	unpkl get FILE POINTER
//	unpkl to-json FILE    the whole tree as JSON; an array as its dtype and shape
//	unpkl dis FILE        the opcodes, as Python's pickletools does, with byte offsets
//	unpkl version
//	unpkl help [COMMAND]  what a command does and its options
//
// FILE may be "-" for standard input. Results go to standard output, everything else to
// standard error. The exit status is 0, or 1 with one line "unpkl: FILE: what is wrong
// (OPCODE at byte N)" and nothing on standard output, or 2 for wrong usage.
//
// # The JSON of to-json
//
//   - None, bool, str, int: as in JSON, an int with all its digits. A lone surrogate
//     in a str is its \ud8xx escape; control characters and marks that change the
//     direction of text are escaped too.
//   - float: the shortest form that reads back, as Python's repr, of float16 and float32 too;
//     "NaN", "Infinity", "-Infinity" as strings
//   - complex: {"$complex": [re, im]}
//   - bytes, bytearray: {"$bytes": "base64"}, {"$bytearray": "base64"}; a Python 2 str
//     is a string if it is UTF-8, else {"$bytes": "base64"}
//   - list, tuple, deque, set, frozenset: an array
//   - dict, OrderedDict, defaultdict, Counter: an object in the dict's order. An int,
//     float, bool or None key is written as json.dumps does, a bytes key as its text.
//     With any other key, with two keys of the same text, or with a key that is one of the
//     names here that begin with '$': {"$dict": [[key, value], ...]}
//   - numpy.ndarray: {"$ndarray": {"dtype": D, "shape": [...], "order": "C" or "F",
//     "nbytes": N}}; with --arrays=values also "data", nested lists; with --arrays=base64
//     also "base64", the bytes in C order and the dtype's byte order (arrays of objects have
//     "data" instead); with --stats also "stats": {"min", "max", "mean", "nan"} for
//     numbers. With --arrays=none, null. Of a subclass that is not NumPy's own also "class", its
//     name, and "state", what it keeps beside the array
//   - D, a dtype: what the header of an .npy file calls descr: "<f8", or for a
//     structured dtype [[name, descr], [name, descr, shape], ...]; of a subarray dtype by itself
//     [descr, shape]. The byte order is that of the pickle, also where NumPy would change it while
//     loading.
//   - an element of an array, and a numpy scalar: a number, bool or string; S as a string
//     if it is UTF-8; complex as [re, im]; datetime64 as ISO 8601 in its own unit,
//     timedelta64 as an integer, both "NaT"; a structured element as an object; V as
//     {"$bytes": "base64"}
//   - masked array: {"$masked": {"data": the ndarray, "mask": the ndarray or false,
//     "fill_value": v}}; "stats" are of the elements that are not masked
//   - pandas.DataFrame: {"$dataframe": {"shape": [rows, columns], "columns": [{"name",
//     "dtype"}, ...], "index": I}}, the dtypes as pandas' str() gives them; also "class" of a
//     subclass, "names" of the levels of the column labels if they have any, and "attrs". With
//     --arrays=values also "data", a list of columns, each a list of elements; with
//     --arrays=base64 too, but of what NumPy stores in bytes it is the column's $ndarray (of
//     a column with a time zone, the instants in UTC); with --stats "stats" beside the dtype of NumPy's
//     numbers; with --arrays=none, null, as all of the following
//   - pandas.Series: {"$series": {"shape": [n], "name", "dtype", "index": I}}, and "attrs",
//     "stats", "data" as above; an array of pandas by itself has "class" instead of name and index
//   - pandas.Index and the like: {"$index": I}. I is {"class", "shape": [n], "name",
//     "dtype"} and "data" as above; of a RangeIndex {"class", "shape", "name", "start", "stop",
//     "step"}; of a MultiIndex {"class", "shape", "names", "dtypes"}, its "data" a list of the
//     labels as lists
//   - an element of these: as in an array, but Timestamps and datetime columns as isoformat()
//     gives them, in their time zone, Timedeltas as seconds, Periods as str() gives them, and
//     {"$interval": {"left", "right", "closed"}}; a category as itself; a struct of Arrow as an
//     object with its keys sorted. What is missing is "NaT" among times, timedeltas and periods,
//     "NaN" among floats, else null; in a categorical it is null, whatever its categories are
//   - scipy.sparse: {"$sparse": {"format", "dtype": D, "shape", "nnz"}}; with
//     --arrays=values or base64 also the parts by scipy's names: "data", "indices", "indptr",
//     "offsets", or "coords", one list of indices a dimension, of coo, lil and dok
//   - what pandas can write and is not read (an extension array of another library, Arrow types
//     such as
//     map or union, a frame of more than two dimensions) is an object as below
//   - datetime, date, time: as isoformat() gives it; timedelta: seconds; Decimal,
//     Fraction, UUID, Path: as str() gives it
//   - numpy.dtype: {"$dtype": D}; a class or function: {"$global": "module.name"} with
//     its name in Python 3
//   - any other object: {"$object": "module.Class", "args": [...], "kwargs": {...},
//     "state": ..., "items": ...} with only the keys that are there. "items" is an array
//     of what was appended, or the items of a dict in the form of a dict; where an object
//     has both, the latter are "dictitems". Where the class is itself made by a call,
//     "$object" is that call. "calls" are those that the pickle makes for the object and whose
//     results it drops: setters of state, what cloudpickle writes for a function.
//   - with --lossless also {"$py.tuple": [...]}, {"$py.set": [...]}, {"$py.frozenset": [...]},
//     {"$py.float": "Infinity", or the bits of a NaN in hexadecimal}, and {"$py.str": "base64"},
//     the UTF-8 of a str whose surrogates side by side JSON would make one character
//   - a persistent id, of which only the writer's program knows what it stands for:
//     {"$py.persistent": id}; the class of an extension code: {"$global": "extension code.N"}
//   - a container inside itself, or with --refs one that is met again: {"$ref":
//     "#/json/pointer"} to where it began, in RFC 6901's form for URIs
package main

import "os"

func main() {
	removeOnInterrupt()
	s := &streams{in: os.Stdin, out: output{w: os.Stdout}, err: os.Stderr, gc: newCollector()}
	os.Exit(s.run(os.Args[1:]))
}
