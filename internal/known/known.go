// Package known recognises, on a tape, the calls of the classes that most pickles are full of:
// NumPy's arrays and scalars, datetimes, timedeltas. Such a call is put off: what it is given never
// changes, so whoever wants the value makes what it needs from the cells, plain or typed, without
// an object between. Everything is checked when the opcode is carried out; a call with anything
// unusual is not taken, and package reconstruct makes the value, or the error, at once.
//
// Package reconstruct says which class has which code; how the arguments of a call lie is known
// here.
//
// Reference: numpy/_core/src/multiarray/methods.c (array_reduce_ex, array_setstate),
// scalartypes.c.src (gentype_reduce), numpy/_core/numeric.py (_frombuffer), CPython's
// Modules/_datetimemodule.c (datetime_reduce, date_reduce, delta_reduce).
package known

import (
	"math/bits"

	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/ndarray"
)

// The codes of classes, which are those of [tape.Tape.Code] for a Class.
const (
	ClassReconstruct   uint16 = iota + 1 // numpy's _reconstruct
	ClassNDArray                         // numpy.ndarray
	ClassFromBuffer                      // numpy's _frombuffer
	ClassScalar                          // numpy's scalar
	ClassDatetime                        // datetime.datetime
	ClassDate                            // datetime.date
	ClassTimedelta                       // datetime.timedelta
	ClassEncode                          // _codecs.encode
	ClassRecorded                        // any whose calls are only recorded
	ClassReconstructor                   // copyreg._reconstructor
	ClassNewObj                          // copyreg.__newobj__
	ClassSet                             // set
	ClassFrozenSet                       // frozenset
	ClassOrderedDict                     // collections.OrderedDict
	ClassDefaultDict                     // collections.defaultdict
	ClassCounter                         // collections.Counter
	ClassDecimal                         // decimal.Decimal
	ClassUUID                            // uuid.UUID
)

// The codes of calls that were put off.
const (
	CallPending     uint16 = iota + 1 // an array whose state is still to come
	CallArray                         // an array: see Array
	CallBuffer                        // an array over a buffer: see Array
	CallScalar                        // a NumPy scalar of a number: see Scalar
	CallDatetime                      // a datetime: see Datetime
	CallDate                          // a date: see Date
	CallTimedelta                     // a timedelta: see Timedelta
	CallMapping                       // a subclass of dict: see IsMapping
	CallDecimal                       // a Decimal: see Decimal
	CallPendingUUID                   // a UUID whose state is still to come
)

// Rules are what a resolver of classes allows; with other rules, its classes have no codes.
type Rules struct {
	Dims     int   // dimensions of an array
	Elements int64 // elements of an array
	// Owner may take back the memory of arrays; nil for none.
	Owner ndarray.Owner
}

// Call returns a cell for the call of a class that has a code, if it can be put off.
func Call(t *tape.Tape, r *Rules, form tape.Form, fn, args tape.ID) (id tape.ID, ok bool) {
	if t.Kind(args) != tape.Tuple {
		return 0, false
	}
	a := t.Items(args)
	var code uint16
	switch t.Code(fn) {
	case ClassFromBuffer, ClassEncode, ClassSet, ClassFrozenSet, ClassDecimal:
		if args != tape.IDEmptyTuple && t.IsShared(args) {
			// package reconstruct counts what is copied of arguments that are met again
			return 0, false
		}
	}
	switch t.Code(fn) {
	case ClassEncode:
		return encode(t, form, a)
	case ClassReconstructor, ClassNewObj:
		return newInstance(t, form, fn, args)
	case ClassSet, ClassFrozenSet:
		return set(t, t.Code(fn), form, a)
	case ClassOrderedDict, ClassDefaultDict, ClassCounter:
		return mapping(t, form, fn, args)
	case ClassDecimal:
		code = decimal(t, form, a)
	case ClassUUID:
		code = newUUID(form, a)
	case ClassReconstruct:
		code = reconstructCall(t, form, a)
	case ClassFromBuffer:
		code = fromBuffer(t, r, form, a)
	case ClassScalar:
		code = scalar(t, form, a)
	case ClassDatetime, ClassDate, ClassTimedelta:
		code = stdlib(t, t.Code(fn), form, a)
	}
	if code == 0 {
		return 0, false
	}
	return t.NewCall(form, fn, args, tape.IDNone, code, false), true
}

// Build gives a call that was put off the argument of a BUILD, if it still can be.
func Build(t *tape.Tape, r *Rules, target, state tape.ID) bool {
	if t.Kind(target) != tape.Call || t.IsInert(target) {
		return false
	}
	switch t.Code(target) {
	case CallPending:
	case CallPendingUUID:
		return buildUUID(t, target, state)
	default:
		return false
	}
	if t.Kind(state) != tape.Tuple || t.IsShared(state) || !isArrayState(t, r, t.Items(state)) {
		return false
	}
	t.SetState(target, state)
	t.SetCode(target, CallArray)
	return true
}

// reconstructCall recognises _reconstruct(ndarray, (0,), b'b').
func reconstructCall(t *tape.Tape, form tape.Form, a []tape.ID) uint16 {
	if form != tape.FormReduce || len(a) != 3 || !isClass(t, a[0], ClassNDArray) ||
		!isLeaf(t, a[2]) {
		return 0
	}
	if t.Kind(a[1]) != tape.Tuple || t.Size(a[1]) != 1 {
		return 0
	}
	if n, ok := integer(t, t.Items(a[1])[0]); !ok || n != 0 {
		return 0
	}
	return CallPending
}

func isClass(t *tape.Tape, id tape.ID, code uint16) bool {
	return t.Kind(id) == tape.Class && t.Code(id) == code
}

// isLeaf reports whether a cell is one that can neither change nor hold others.
func isLeaf(t *tape.Tape, id tape.ID) bool {
	switch t.Kind(id) {
	case tape.None, tape.False, tape.True, tape.Int, tape.Float, tape.Str, tape.Bytes:
		return true
	}
	return false
}

func integer(t *tape.Tape, id tape.ID) (int64, bool) {
	if t.Kind(id) != tape.Int {
		return 0, false
	}
	return t.Int(id), true
}

// isArrayState recognises the state of an array of numbers or text: (1, shape, dtype, is_fortran,
// data).
func isArrayState(t *tape.Tape, r *Rules, s []tape.ID) bool {
	if len(s) != 5 {
		return false
	}
	if version, ok := integer(t, s[0]); !ok || version != 0 && version != 1 {
		return false
	}
	switch t.Kind(s[3]) {
	case tape.False, tape.True:
	case tape.Int:
		if i := t.Int(s[3]); i != 0 && i != 1 {
			return false
		}
	default:
		return false
	}
	dt, ok := dtype(t, s[2])
	if !ok {
		return false
	}
	n, ok := nbytes(t, r, s[1], dt)
	return ok && isData(t, s[4], n)
}

// isData reports whether a cell is n bytes, or a Python 2 str that is.
func isData(t *tape.Tape, id tape.ID, n uint64) bool {
	kind := t.Kind(id)
	return (kind == tape.Bytes || kind == tape.Str) && uint64(len(t.Span(id))) == n
}

// dtype returns the dtype that a cell is, if its elements are bytes.
func dtype(t *tape.Tape, id tape.ID) (*ndarray.DType, bool) {
	if t.Kind(id) != tape.Value {
		return nil, false
	}
	dt, ok := t.Value(id).(*ndarray.DType)
	return dt, ok && dt != nil && !pending.IsDType(dt) && !dt.HasObject()
}

// nbytes returns the bytes that an array of a shape takes, where the shape is within the rules.
func nbytes(t *tape.Tape, r *Rules, shape tape.ID, dt *ndarray.DType) (uint64, bool) {
	if t.Kind(shape) != tape.Tuple || t.Size(shape) > r.Dims {
		return 0, false
	}
	size := uint64(1)
	empty := false
	for _, id := range t.Items(shape) {
		d, ok := integer(t, id)
		if !ok || d < 0 || int64(int(d)) != d {
			return 0, false
		}
		empty = empty || d == 0
		hi, lo := bits.Mul64(size, uint64(max(d, 1)))
		if hi != 0 {
			return 0, false
		}
		size = lo
	}
	if empty {
		size = 0
	}
	hi, n := bits.Mul64(size, uint64(dt.ItemSize()))
	return n, hi == 0 && size <= uint64(r.Elements) && int64(n) >= 0
}

// fromBuffer recognises _frombuffer(bytes or bytearray, dtype, shape, 'C' or 'F').
func fromBuffer(t *tape.Tape, r *Rules, form tape.Form, a []tape.ID) uint16 {
	if form != tape.FormReduce || len(a) != 4 {
		return 0
	}
	kind := t.Kind(a[0])
	if kind != tape.Bytes && kind != tape.ByteArray {
		return 0
	}
	if t.IsShared(a[0]) {
		return 0 // as in Call
	}
	dt, ok := dtype(t, a[1])
	if !ok || dt.ItemSize() == 0 || t.Kind(a[3]) != tape.Str {
		return 0
	}
	if order := string(t.Span(a[3])); order != "C" && order != "F" {
		return 0
	}
	if n, ok := nbytes(t, r, a[2], dt); !ok || uint64(len(t.Span(a[0]))) != n {
		return 0
	}
	return CallBuffer
}

// scalar recognises scalar(dtype, bytes) of the numbers that Go has a type for.
func scalar(t *tape.Tape, form tape.Form, a []tape.ID) uint16 {
	if form != tape.FormReduce || len(a) != 2 {
		return 0
	}
	dt, ok := dtype(t, a[0])
	if !ok || !isData(t, a[1], uint64(dt.ItemSize())) {
		return 0
	}
	size := dt.ItemSize()
	if size > 1 && dt.ByteOrder() != ndarray.LittleEndian {
		return 0
	}
	switch dt.Kind() {
	case ndarray.KindBool:
		if t.Span(a[1])[0] > 1 {
			return 0
		}
	case ndarray.KindInt, ndarray.KindUint:
	case ndarray.KindFloat:
		if size != 4 && size != 8 {
			return 0
		}
	default:
		return 0
	}
	return CallScalar
}
