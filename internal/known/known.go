// Package known recognises calls of the classes that are most frequent in pickles while a tape is
// written: NumPy's arrays and scalars, datetimes, timedeltas and the like. Such a call is deferred:
// its arguments can never change, so that plain and typed values are made from its cells later on,
// without an object in between. All arguments are checked when the opcode is carried out. A call
// with anything unusual is not deferred; package reconstruct then makes the object, or the error,
// at once.
//
// Package reconstruct gives the classes their codes. This package knows how their arguments are
// laid out.
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

// The codes of classes, which [tape.Tape.Code] returns for a Class.
const (
	ClassReconstruct   uint16 = iota + 1 // numpy's _reconstruct
	ClassNDArray                         // numpy.ndarray
	ClassFromBuffer                      // numpy's _frombuffer
	ClassScalar                          // numpy's scalar
	ClassDatetime                        // datetime.datetime
	ClassDate                            // datetime.date
	ClassTimedelta                       // datetime.timedelta
	ClassEncode                          // _codecs.encode
	ClassRecorded                        // a class whose calls are recorded and not made
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

// The codes of deferred calls, which [tape.Tape.Code] returns for a Call.
const (
	CallPending     uint16 = iota + 1 // an array that has no state yet
	CallArray                         // an array: see Array
	CallBuffer                        // an array over a buffer: see Array
	CallScalar                        // a NumPy scalar of a number: see Scalar
	CallDatetime                      // a datetime: see Datetime
	CallDate                          // a date: see Date
	CallTimedelta                     // a timedelta: see Timedelta
	CallMapping                       // a subclass of dict: see IsMapping
	CallDecimal                       // a Decimal: see Decimal
	CallPendingUUID                   // a UUID that has no state yet
)

// Bounds are the settings of a FindClass hook for the arrays that it makes. All classes with codes
// in one pickle have the same Bounds.
type Bounds struct {
	MaxDims     int   // dimensions of an array
	MaxElements int64 // elements of an array
	// Owner is the owner of the arrays' memory, which may release it, or nil.
	Owner ndarray.Owner
}

// Call returns a cell for the call of fn, which is a class with a code. ok is false if the call
// must be made by package reconstruct.
func Call(t *tape.Tape, r *Bounds, form tape.Form, fn, args tape.ID) (id tape.ID, ok bool) {
	if t.Kind(args) != tape.Tuple {
		return 0, false
	}
	a := t.Items(args)
	var code uint16
	switch t.Code(fn) {
	case ClassFromBuffer, ClassEncode, ClassSet, ClassFrozenSet, ClassDecimal:
		if args != tape.IDEmptyTuple && t.IsShared(args) {
			// The call may copy large arguments that other calls get too. Package pickle limits
			// such copies.
			return 0, false
		}
	}
	switch t.Code(fn) {
	case ClassEncode:
		return matchEncode(t, form, a)
	case ClassReconstructor, ClassNewObj:
		return matchInstance(t, form, fn, args)
	case ClassSet, ClassFrozenSet:
		return matchSet(t, t.Code(fn), form, a)
	case ClassOrderedDict, ClassDefaultDict, ClassCounter:
		return matchMapping(t, form, fn, args)
	case ClassDecimal:
		code = matchDecimal(t, form, a)
	case ClassUUID:
		code = matchUUID(form, a)
	case ClassReconstruct:
		code = matchReconstruct(t, form, a)
	case ClassFromBuffer:
		code = matchFromBuffer(t, r, form, a)
	case ClassScalar:
		code = matchScalar(t, form, a)
	case ClassDatetime, ClassDate, ClassTimedelta:
		code = matchDatetimeClass(t, t.Code(fn), form, a)
	}
	if code == 0 {
		return 0, false
	}
	return t.NewCall(form, fn, args, tape.IDNone, code, false), true
}

// Build carries out BUILD on a deferred call, and returns false if it cannot.
func Build(t *tape.Tape, r *Bounds, target, state tape.ID) bool {
	if t.Kind(target) != tape.Call || t.IsInert(target) {
		return false
	}
	switch t.Code(target) {
	case CallPending:
	case CallPendingUUID:
		return matchUUIDState(t, target, state)
	default:
		return false
	}
	if t.Kind(state) != tape.Tuple || t.IsShared(state) || !matchArrayState(t, r, t.Items(state)) {
		return false
	}
	t.SetState(target, state)
	t.SetCode(target, CallArray)
	return true
}

// matchReconstruct recognises _reconstruct(ndarray, (0,), b'b').
func matchReconstruct(t *tape.Tape, form tape.Form, a []tape.ID) uint16 {
	if form != tape.FormReduce || len(a) != 3 || !isClass(t, a[0], ClassNDArray) ||
		!isLeaf(t, a[2]) {
		return 0
	}
	if t.Kind(a[1]) != tape.Tuple || t.Size(a[1]) != 1 {
		return 0
	}
	if n, ok := intOf(t, t.Items(a[1])[0]); !ok || n != 0 {
		return 0
	}
	return CallPending
}

func isClass(t *tape.Tape, id tape.ID, code uint16) bool {
	return t.Kind(id) == tape.Class && t.Code(id) == code
}

// isLeaf reports whether a cell can neither change nor contain others.
func isLeaf(t *tape.Tape, id tape.ID) bool {
	switch t.Kind(id) {
	case tape.None, tape.False, tape.True, tape.Int, tape.Float, tape.Str, tape.Bytes:
		return true
	}
	return false
}

func intOf(t *tape.Tape, id tape.ID) (int64, bool) {
	if t.Kind(id) != tape.Int {
		return 0, false
	}
	return t.Int(id), true
}

// matchArrayState recognises the state of an array without objects: (version, shape, dtype,
// is_fortran, data).
func matchArrayState(t *tape.Tape, r *Bounds, s []tape.ID) bool {
	if len(s) != 5 {
		return false
	}
	if version, ok := intOf(t, s[0]); !ok || version != 0 && version != 1 {
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
	dt, ok := dtypeOf(t, s[2])
	if !ok {
		return false
	}
	n, ok := arrayBytes(t, r, s[1], dt)
	return ok && hasBytes(t, s[4], n)
}

// hasBytes reports whether a cell is a bytes object, or a Python 2 str in its place, of n bytes.
func hasBytes(t *tape.Tape, id tape.ID, n uint64) bool {
	kind := t.Kind(id)
	return (kind == tape.Bytes || kind == tape.Str) && uint64(len(t.Span(id))) == n
}

// dtypeOf returns the dtype in a cell, if its elements have no objects.
func dtypeOf(t *tape.Tape, id tape.ID) (*ndarray.DType, bool) {
	if t.Kind(id) != tape.Value {
		return nil, false
	}
	dt, ok := t.Value(id).(*ndarray.DType)
	return dt, ok && dt != nil && !pending.IsDType(dt) && !dt.HasObject()
}

// arrayBytes returns the number of bytes in an array of a shape and dtype, and false if the shape
// is not within the bounds.
func arrayBytes(t *tape.Tape, r *Bounds, shape tape.ID, dt *ndarray.DType) (uint64, bool) {
	if t.Kind(shape) != tape.Tuple || t.Size(shape) > r.MaxDims {
		return 0, false
	}
	size := uint64(1)
	empty := false
	for _, id := range t.Items(shape) {
		d, ok := intOf(t, id)
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
	return n, hi == 0 && size <= uint64(r.MaxElements) && int64(n) >= 0
}

// matchFromBuffer recognises _frombuffer(bytes or bytearray, dtype, shape, 'C' or 'F').
func matchFromBuffer(t *tape.Tape, r *Bounds, form tape.Form, a []tape.ID) uint16 {
	if form != tape.FormReduce || len(a) != 4 {
		return 0
	}
	kind := t.Kind(a[0])
	if kind != tape.Bytes && kind != tape.ByteArray {
		return 0
	}
	if t.IsShared(a[0]) {
		return 0 // for the same reason as in Call
	}
	dt, ok := dtypeOf(t, a[1])
	if !ok || dt.ItemSize() == 0 || t.Kind(a[3]) != tape.Str {
		return 0
	}
	if order := string(t.Span(a[3])); order != "C" && order != "F" {
		return 0
	}
	if n, ok := arrayBytes(t, r, a[2], dt); !ok || uint64(len(t.Span(a[0]))) != n {
		return 0
	}
	return CallBuffer
}

// matchScalar recognises scalar(dtype, bytes) for the dtypes that are Go's bool, int and float
// types.
func matchScalar(t *tape.Tape, form tape.Form, a []tape.ID) uint16 {
	if form != tape.FormReduce || len(a) != 2 {
		return 0
	}
	dt, ok := dtypeOf(t, a[0])
	if !ok || !hasBytes(t, a[1], uint64(dt.ItemSize())) {
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
