// Package unpkl reads the pickles that Python programs write, NumPy arrays included, into
// Go values, and writes pickles that Python reads back. Nothing of a pickle is ever
// executed or imported.
//
//	v, err := unpkl.LoadFile("model.pkl")           // maps, slices, typed arrays
//	err = unpkl.Unmarshal(data, &config)             // structs, as encoding/json does it
//	f, err := unpkl.Open("big.pkl"); defer f.Close() // arrays of a mapped file
//
// Pickles of protocols 0 to 5 are read, those of Python 2 too, and so are .npy files (as the
// array), .npz files (as a dict of arrays), and compressed ones
// (gzip, zlib, bzip2, xz, lzma, zstd, lz4, a zip or tar with one member), which are
// recognised by their first bytes.
//
// Beside this package stand
//
//   - audit: what a pickle would do in Python, as a report and as net/http middleware
//   - pickle: the protocol itself, opcode by opcode: Unpickler, Pickler, Scanner, Disassemble
//   - ndarray, frame: NumPy's arrays and pandas' tables; ndarray/gonumarray and frame/arrowframe
//     turn
//     them into Gonum's matrices and Arrow's record batches
//   - npy, hdf5, convert: other files that hold arrays, and whatever of them one document fits into
//   - reconstruct: Python's classes as Go values, also for gopickle's Unpickler
//   - cmd/unpkl: the command, to look into files, to-json, get, head, stats, diff, audit, dis, and
//     to
//     write them: repickle (another protocol or compression), pack (of JSON and arrays), convert
//   - examples: a service that takes uploads, a batch job, tables, results for Python
//
// # Types
//
// A pickle is read into one of two forms. Objects, which [WithObjects] asks for and an
// [Unmarshaler] gets, are faithful: order, tuples apart from lists and NumPy scalars
// apart from Python numbers all survive, so that they can be looked at and written
// again. Plain values, the default, are what a Go program wants to range over. The
// packages in the table are gopickle's types, and this module's pickle, ndarray, frame and
// reconstruct.
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
// A naive datetime, one without a time zone, is in UTC as a time.Time. A str is UTF-8;
// lone surrogates, which Python allows, are kept as three bytes each. A
// *pickle.Object stays the object that it was read as, with objects as its arguments, state and
// items, so that it is written again as it was. The
// elements of a plain array of objects are plain values.
//
// # Tables
//
// Names, labels, attrs and the elements of object columns in a plain Frame are plain
// values. An extension array that is not read, such as those of other libraries or of
// Arrow's union and view types, is an Opaque column with the object that it was; an index of
// one, or a frame of more than two dimensions, is the error [ErrUnsupported], and
// [WithObjects] shows the object. One that contradicts itself is the error
// [ErrMalformed].
//
// # Keys
//
// The key of a map[any]any is, for a str, int, float, bool, None or complex, the plain value;
// for a numpy scalar, Date, Duration, UUID or Path the plain value too; for bytes a
// [pickle.Bytes]; for a tuple an array [n]any of keys; for an int that does not fit a
// [BigInt]; for a datetime the instant in UTC; for a Decimal the [reconstruct.Decimal], its
// text. A frozenset stays a *[pickle.FrozenSet], and any other object a pointer: those
// compare by identity. A key that cannot be compared, a tuple of more than 1024, and
// keys that Python tells apart and Go would not, are the error [ErrKey].
//
// # Sharing and cycles
//
// What the pickle refers to twice is one slice, map or pointer in Go: a change through one
// is seen through the other. A container that contains itself is the error [ErrCycle]
// in plain values unless [WithAllowCycles] is given. A small pickle can refer to the
// same lists so often that walking it never ends; plain values of it are as small as it
// is, but code that walks values from strangers should count. What a *pickle.Object holds stays
// as it was read: a list that is inside an object and outside it is two in plain values, and is
// one with [WithObjects].
//
// # Memory
//
// What [Load], [LoadFile] and a [Decoder] return belongs to the caller. [LoadBytes] and
// [Unmarshal] copy what they keep of the input unless [WithSharedInput] is given. Arrays
// from [Open] lie in the mapped file until [File.Close].
//
// # Limits and security
//
// A pickle can be read from anyone: classes are looked up in a fixed table, never
// imported, and an object of any other class is an inert *[pickle.Object], or with
// [WithStrict] an error. Malformed input is an error with the opcode and its byte offset.
// Memory and time are in proportion to the input; [Limits] bounds what is not, and
// its defaults can be left alone. No function recurses on the nesting of data, except
// that Unmarshal into Go types that contain themselves does, within Limits.Depth.
//
// # Errors
//
// Each error is of one of these kinds, told by errors.Is, or comes from the reader or the operating
// system and is passed on. Where two kinds fit, the first in the table says more. The last column
// is what an HTTP service would answer with that takes the input from a client.
//
//	kind               errors.As with        means                                        status
//	ErrNotPickle                             another format, or nothing at all            415
//	ErrLimit           *LimitError           one of the Limits was passed                 413
//	ErrUnknownGlobal   *DecodeError          a class that strict mode does not know       422
//	ErrUnsupported     *DecodeError          needs a hook, or a form that is not read     422
//	ErrTruncated       *DecodeError          the input ends inside a pickle               400
//	ErrTrailing                              bytes behind the pickle                      400
//	ErrMalformed       *DecodeError          says something impossible                    400
//	ErrCycle                                 a container contains itself                  422
//	ErrKey                                   a dict key that no Go key stands for         422
//	ErrType            *UnmarshalTypeError   a value does not fit the Go type             422
//	ErrUnknownField    *FieldError           a name that no field has                     422
//	ErrMissingField    *FieldError           a field that nothing is there for            422
//	ErrClosed                                the File is closed                           500
//	                   *InvalidUnmarshalError  the target is no pointer                   500
//	                   *pickle.EncodeError   a value that cannot be written               500
//
// An UnmarshalTypeError and a FieldError come after the whole value was decoded.
//
// Reference: Python's documentation of the modules pickle and pickletools, PEP 307, 3154
// and 574; NumPy's ndarray.__reduce_ex__.
package unpkl
