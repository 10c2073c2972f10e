// Package ndarray implements NumPy's arrays and dtypes in Go: n-dimensional, typed, over memory
// that may come from a file or a pickle. It does not read pickles or .npy files itself.
//
// # Model
//
// An [Array] has a [DType], which describes an element; a shape, the number of elements along each
// axis; strides, the step in bytes from one element to the next along each axis; and memory. The
// elements are in C order (the last index varies fastest), in F order (the first index does), or,
// in views, anywhere in the memory where the strides lead. All terms have their meaning in NumPy:
// itemsize, ndim, size, nbytes, writeable.
//
// # Types
//
//	dtype                     str           element by At     as []T by Slice, Values
//	bool                      |b1           bool              bool
//	int8 ... int64            |i1 ... <i8   int8 ... int64    int8 ... int64
//	uint8 ... uint64          |u1 ... <u8   uint8 ... uint64  uint8 ... uint64
//	float16                   <f2           Float16           Float16
//	float32, float64          <f4, <f8      float32, float64  float32, float64
//	longdouble                <f16, <f12    LongDouble        (Values converts)
//	complex64, complex128     <c8, <c16     complex64, ...    complex64, complex128
//	clongdouble               <c32, <c24    CLongDouble
//	bytes, str                |S5, <U5      []byte, string    Strings
//	void                      |V5           []byte
//	datetime64, timedelta64   <M8[ns]       Datetime64, ...   int64
//	structured                |V12          Record            Records
//	object                    |O            any               Values, Strings, Objects
//	StringDType               |T16          string            Strings, Objects
//
// Every dtype that has a byte order may be little- or big-endian. [ParseDType] parses NumPy's dtype
// strings, [ParseDescr] the descr of .npy files; [DType.Str], [DType.String], [DType.Repr] and
// [DType.Descr] format them.
//
// Elements of dtypes with objects are Go values, not bytes: such an array has a []any, and methods
// such as Bytes fail. An array of text from a pickle stores its text in a more compact form, until
// Objects or SetAt needs the []any.
//
// # Who owns the memory
//
// [New] and [FromSlice] share the memory of their argument. Views ([Array.Transpose],
// [Array.Reshape], [Array.Index], [Array.Slice], [Array.Field]) share the memory of their array.
// [Slice] returns that memory as a Go slice; [Values], [Strings], [Records], [Array.Copy] and
// [Array.AppendBytes] copy it. An array whose memory can be taken away, because it is a mapped
// file, has an [Owner], which is asked before each access.
//
// A DType never changes once it is built. Unpickling creates dtypes in two steps; between them a
// dtype is pending, and its first use ends that state. So no view ever reaches outside the memory
// of its array.
//
// # Limits and safety
//
// Values from a file are not trusted. Shapes, itemsizes and offsets are checked, for overflow too,
// before they are used. A dtype has at most [MaxDTypeDepth] levels and [MaxDTypeNodes] parts, and
// an array of elements without bytes has at most [MaxEmptyElements] elements. No function recurses
// deeper than a dtype, or than four arrays inside each other's elements. Errors are of the type
// [*Error], of one of the kinds [ErrShape], [ErrDType], ... Only a bad index panics, as it does
// with slices: in [Array.At], [Array.SetAt], [Masked.IsMasked] and the At of [Concatenated] and
// [BitMask].
//
// # Concurrency
//
// A DType is safe for concurrent use, an Array for concurrent reads.
//
// # References
//
// NumPy manual, "Array objects" and "The array interface protocol"; NEP 1 (.npy), NEP 55
// (StringDType); IEEE 754; Intel SDM vol. 1, 4.2.2 (80-bit floats).
package ndarray
