// Package ndarray has NumPy's arrays and dtypes in Go: n-dimensional, typed, over memory that
// may come from a file or a pickle. It reads no files and knows nothing of pickles.
//
// # Model
//
// An [Array] has a [DType], which says what an element is; a shape, the number of
// elements along each axis; strides, the step in bytes between neighbours along each axis; and
// memory. Elements lie in C order (the last index varies fastest), in F order (the first
// does), or, in views, anywhere in the memory by the strides. All is as in NumPy, with the
// same words: itemsize, ndim, size, nbytes, writeable.
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
// Every dtype that has a byte order may be little- or big-endian. [ParseDType] understands
// NumPy's dtype strings, [ParseDescr] the descr of .npy files, [DType.Str], [DType.String],
// [DType.Repr] and [DType.Descr] write them.
//
// Elements of dtypes with objects are Go values, not bytes: such an array keeps a []any, and
// Bytes and its kin fail for it. One of much text that a pickle was read into keeps the
// text instead, as places in bytes, until Objects or SetAt needs the []any.
//
// # Who owns the memory
//
// [New] and [FromSlice] alias what they are given. Views ([Array.Transpose], [Array.Reshape],
// [Array.Index], [Array.Slice], [Array.Field]) share the memory of their array. [Slice] gives
// that memory as a Go slice; [Values], [Strings], [Records], [Array.Copy] and [Array.AppendBytes]
// copy. An array whose memory can be taken back, because it is a mapped file, has an
// [Owner] that is asked before each access.
//
// A DType never changes once it is built; one that is made pending, because
// unpickling makes objects in two steps, is frozen by its first use. So no array's
// view ever reaches outside its memory.
//
// # Limits and safety
//
// Nothing that a file says is trusted: shapes, itemsizes and offsets are checked with overflow in
// mind before anything is made of them, dtypes are nested at most [MaxDTypeDepth] levels and have
// at most [MaxDTypeNodes] parts, arrays of elements without bytes have at most [MaxEmptyElements].
// No function recurses deeper than that, or than four arrays inside each other's elements. Errors
// are of the type [*Error], of one of the kinds [ErrShape], [ErrDType], ... Only a wrong index in
// [Array.At], [Array.SetAt] and [Masked.IsMasked] panics, as it does with slices.
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
