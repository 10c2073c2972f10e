// Package unpkl reads the pickle files that Python programs write into Go values, NumPy arrays
// included, and writes pickles that Python reads back. It never executes or imports anything that
// a pickle names.
//
//	v, err := unpkl.LoadFile("model.pkl")           // maps, slices, typed arrays
//	err = unpkl.Unmarshal(data, &config)             // structs, as encoding/json fills them
//	f, err := unpkl.Open("big.pkl"); defer f.Close() // arrays stay in the mapped file
//
// It reads pickles of protocols 0 to 5, those of Python 2 too, .npy files (as the array) and
// .npz files (as a dict of arrays). It recognises compressed input (gzip, zlib, bzip2, xz, lzma,
// zstd, lz4, a zip or tar with one member) by its first bytes.
//
// The other packages of the module are
//
//   - audit: reports what a pickle would do in Python, also as net/http middleware
//   - pickle: the protocol itself, opcode by opcode: Unpickler, Pickler, Scanner, Disassemble
//   - ndarray, frame: NumPy's arrays and pandas' tables; ndarray/gonumarray and frame/arrowframe
//     convert them into Gonum's matrices and Arrow's record batches
//   - npy, hdf5, convert: other file formats for arrays
//   - reconstruct: Python's classes as Go values, also for gopickle's Unpickler
//   - cmd/unpkl: a command that looks into files (to-json, get, head, stats, diff, audit, dis) and
//     writes them (repickle, pack, convert)
//   - examples: a service that takes uploads, a batch job, tables, results for Python
//
// # Types
//
// A pickle can be read in two forms. Plain values, the default, are ordinary Go maps, slices and
// numbers. Objects, which [WithObjects] asks for and an [Unmarshaler] gets, are faithful to the
// pickle: they keep the order of dicts, and they tell tuples from lists and NumPy scalars from
// Python numbers, so that they can be written again. In the table, types is gopickle's package of
// that name; pickle, ndarray, frame, reconstruct, torch and xr are packages of this module.
//
//	Python                          object                       plain value
//	None                            nil                          nil
//	bool                            bool                         bool
//	int                             int, or *big.Int where it does not fit
//	float                           float64                      float64
//	complex                         complex128                   complex128
//	str                             string                       string
//	str of Python 2                 string of the raw bytes, see WithEncoding
//	bytes                           []byte                       []byte
//	bytearray                       *types.ByteArray             []byte
//	list                            *types.List                  []any
//	tuple                           *types.Tuple                 []any
//	set, frozenset                  *pickle.Set, *pickle.FrozenSet   []any
//	deque                           *reconstruct.Deque           []any
//	dict                            *types.Dict                  map[string]any if every key is
//	                                                             a str, else map[any]any
//	OrderedDict, defaultdict,       *reconstruct.OrderedDict,    as dict
//	Counter                         DefaultDict, Counter
//	numpy.ndarray                   *ndarray.Array               *ndarray.Array
//	numpy scalar                    *ndarray.Scalar              int8 ... uint64, float32, float64,
//	                                                             complex64, complex128, bool, string,
//	                                                             []byte, ndarray.Float16, LongDouble,
//	                                                             Datetime64, Timedelta64, Record
//	numpy.ma.MaskedArray            *ndarray.Masked              *ndarray.Masked
//	numpy.dtype                     *ndarray.DType               *ndarray.DType
//	datetime                        *reconstruct.Datetime        time.Time
//	date                            *reconstruct.Date            reconstruct.Date
//	time                            *reconstruct.Time            *reconstruct.Time
//	timedelta                       reconstruct.Timedelta        time.Duration
//	Decimal                         reconstruct.Decimal          *apd.Decimal
//	Fraction                        reconstruct.Fraction         *big.Rat
//	UUID                            *reconstruct.UUID            uuid.UUID
//	Path                            *reconstruct.Path            string
//	array.array                     *reconstruct.TypedArray      []int8 ... []uint64, []float32, []float64
//	pandas.DataFrame, Series,       *pickle.Object               *frame.Frame, Series, Index
//	Index and arrays
//	pandas.Timestamp, Timedelta     *pickle.Object               time.Time, time.Duration
//	pandas.NaT, NA                  *pickle.Object, Global       nil
//	pandas.Period, Interval         *pickle.Object               frame.PeriodValue, IntervalValue
//	scipy.sparse matrices           *pickle.Object               *reconstruct.Sparse
//	xarray's Dataset and others     *pickle.Object               *xr.Dataset, DataArray, Variable, DataTree
//	torch.Tensor                    *torch.Tensor                *ndarray.Array
//	shapely's geometries            *reconstruct.Geometry        *reconstruct.Geometry
//	tables of pyarrow and polars    *pickle.Object               *frame.Frame, Series
//	quantities, graphs, pictures    *pickle.Object               a reconstruct.LibraryValue:
//	and others of docs/objects.md                                *reconstruct.Quantity, Graph, Image ...
//	any other object                *pickle.Object               *pickle.Object
//	class or function               pickle.Global or another     the same
//	                                pickle.Named value
//
// A naive datetime, one without a time zone, becomes a time.Time in UTC. A str becomes UTF-8;
// a lone surrogate, which Python allows, becomes three bytes. The arguments, state and items of a
// *pickle.Object are objects in both forms, so that it can be written again unchanged. The
// elements of a plain array of dtype object are plain values.
//
// # Tables
//
// In a plain Frame, names, labels, attrs and the elements of object columns are plain values. A
// column whose extension array this module does not read, such as one of another library or of
// Arrow's union and view types, is an Opaque column that holds the object. An index over such an
// array, or a frame of more than two dimensions, is the error [ErrUnsupported]; [WithObjects]
// still returns the object. A table that contradicts itself is the error [ErrMalformed].
//
// # Keys
//
// In a map[any]any, the key of a dict becomes
//
//   - the plain value, for a str, int, float, bool, None, complex, numpy scalar, date, timedelta,
//     UUID or Path
//   - a [pickle.Bytes] for bytes, and a [BigInt] for an int that does not fit Go's int
//   - an array [n]any of keys for a tuple
//   - the instant in UTC for a datetime
//   - a [reconstruct.Decimal], which is its text, for a Decimal
//   - a *[pickle.FrozenSet] for a frozenset, and a pointer for any other object; these compare by
//     identity
//
// The error is [ErrKey] for a key that Go cannot compare, for a tuple of more than 1024 items, and
// for two keys that are distinct in Python but equal in Go.
//
// # Sharing and cycles
//
// A value that the pickle refers to twice is one slice, map or pointer in Go: a change through one
// reference is seen through the other. For plain values, a container that contains itself is the
// error [ErrCycle] unless [WithAllowCycles] is given. A small pickle can refer to the same lists so
// often that a walk over every path never ends in practice. Its plain values take no more memory
// than the pickle warrants, but code that walks values from strangers should count its steps. The
// contents of a *pickle.Object stay objects, so a list that is both inside an object and outside
// it becomes two Go values in the plain form, and one with [WithObjects].
//
// # Memory
//
// The caller owns what [Load], [LoadFile] and a [Decoder] return. [LoadBytes] and [Unmarshal] copy
// whatever they keep of the input unless [WithSharedInput] is given. The elements of arrays from
// [Open] are in the mapped file and are gone after [File.Close].
//
// # Limits and security
//
// It is safe to read a pickle from an untrusted source. Classes are looked up in a fixed table,
// never imported; an object of a class that is not in the table is an inert *[pickle.Object], or
// with [WithStrict] an error. Malformed input is an error that gives the opcode and its byte
// offset. Memory and time are in proportion to the input; [Limits] bounds the exceptions, and its
// defaults suit most programs. No function recurses with the nesting of the data, except Unmarshal
// into Go types that contain themselves, which Limits.Depth bounds.
//
// # Errors
//
// Every error is of one of these kinds, which errors.Is tests, or comes from the reader or the
// operating system and is passed on. An error can be of two kinds; the one that comes first in the
// table is then the more specific. The last column is the status with which an HTTP service would
// answer the client that sent the input.
//
//	kind               errors.As with        means                                        status
//	ErrNotPickle                             another format, or an empty input            415
//	ErrLimit           *LimitError           the input exceeds one of the Limits          413
//	ErrUnknownGlobal   *DecodeError          a class that strict mode does not accept     422
//	ErrUnsupported     *DecodeError          a hook is missing, or a form is not read     422
//	ErrTruncated       *DecodeError          the input ends inside a pickle               400
//	ErrTrailing                              bytes after the pickle                       400
//	ErrMalformed       *DecodeError          the input contradicts the format             400
//	ErrCycle                                 a container contains itself                  422
//	ErrKey                                   a dict key that Go cannot represent          422
//	ErrType            *UnmarshalTypeError   a value does not fit the Go type             422
//	ErrUnknownField    *FieldError           a name without a field                       422
//	ErrMissingField    *FieldError           a field without a value                      422
//	ErrClosed                                the File is closed                           500
//	                   *InvalidUnmarshalError  the target is no pointer                   500
//	                   *pickle.EncodeError   a value that cannot be written               500
//
// An UnmarshalTypeError or a FieldError is returned after the rest of the value was decoded.
//
// Reference: Python's documentation of the modules pickle and pickletools, PEP 307, 3154
// and 574; NumPy's ndarray.__reduce_ex__.
package unpkl
