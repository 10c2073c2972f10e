package known

import (
	"encoding/binary"

	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/ndarray"
)

// ArrayParts are the parts of a deferred array. Data has exactly the bytes that the shape and the
// dtype need.
type ArrayParts struct {
	DType *ndarray.DType
	Order ndarray.Order
	// Data is a Bytes, a ByteArray, or a Str for the bytes of a Python 2 str.
	Data tape.ID
	// ReadOnly says that the array is read-only in NumPy.
	ReadOnly bool
	shape    tape.ID // a Tuple of Ints
}

// unsharedItems returns the items of the tuple of arguments or the state of a deferred call. It
// returns nil if an object was made of the tuple since then, or if several calls share the tuple:
// the objects of these must share its items too.
func unsharedItems(t *tape.Tape, id tape.ID) []tape.ID {
	if t.Kind(id) != tape.Tuple || t.IsShared(id) {
		return nil
	}
	return t.Items(id)
}

// Array returns the parts of a deferred array; ok is false for any other cell, and if its object
// must be used.
func Array(t *tape.Tape, id tape.ID) (parts ArrayParts, ok bool) {
	if t.Kind(id) != tape.Call || t.IsInert(id) {
		return ArrayParts{}, false
	}
	switch t.Code(id) {
	case CallArray:
		s := unsharedItems(t, t.Call(id).State)
		if s == nil || t.Kind(s[1]) != tape.Tuple {
			return ArrayParts{}, false
		}
		p := ArrayParts{
			DType: t.Value(s[2]).(*ndarray.DType), Order: ndarray.OrderC, Data: s[4], shape: s[1],
		}
		if t.Kind(s[3]) == tape.True || t.Kind(s[3]) == tape.Int && t.Int(s[3]) == 1 {
			p.Order = ndarray.OrderF
		}
		return p, true
	case CallBuffer:
		a := unsharedItems(t, t.Call(id).Args)
		if a == nil || t.Kind(a[2]) != tape.Tuple {
			return ArrayParts{}, false
		}
		kind := t.Kind(a[0])
		if kind != tape.Bytes && (kind != tape.ByteArray || t.IsShared(a[0])) {
			return ArrayParts{}, false // all users of a shared bytearray share its memory
		}
		p := ArrayParts{
			DType: t.Value(a[1]).(*ndarray.DType), Order: ndarray.OrderC, Data: a[0], shape: a[2],
			ReadOnly: kind == tape.Bytes,
		}
		if t.Span(a[3])[0] == 'F' {
			p.Order = ndarray.OrderF
		}
		return p, true
	}
	return ArrayParts{}, false
}

// NDim returns the number of dimensions.
func (p *ArrayParts) NDim(t *tape.Tape) int { return t.Size(p.shape) }

// Shape appends the dimensions to shape.
func (p *ArrayParts) Shape(t *tape.Tape, shape []int) []int {
	for _, id := range t.Items(p.shape) {
		shape = append(shape, int(t.Int(id)))
	}
	return shape
}

// ScalarParts are the parts of a deferred NumPy scalar, which is a bool, an int, a uint, or a float
// of 4 or 8 bytes.
type ScalarParts struct {
	Kind ndarray.Kind
	Size int // the itemsize of the dtype in bytes
	// Bits are the bits of the value. An int is sign-extended to 64 bits.
	Bits uint64
}

// Scalar returns the parts of a deferred NumPy scalar; ok is false for any other cell, and if its
// object must be used.
func Scalar(t *tape.Tape, id tape.ID) (parts ScalarParts, ok bool) {
	if t.Kind(id) != tape.Call || t.Code(id) != CallScalar || t.IsInert(id) {
		return ScalarParts{}, false
	}
	a := unsharedItems(t, t.Call(id).Args)
	if a == nil {
		return ScalarParts{}, false
	}
	dt := t.Value(a[0]).(*ndarray.DType)
	var mem [8]byte
	copy(mem[:], t.Span(a[1]))
	s := ScalarParts{Kind: dt.Kind(), Size: dt.ItemSize(), Bits: binary.LittleEndian.Uint64(mem[:])}
	if s.Kind == ndarray.KindInt {
		shift := 64 - 8*s.Size
		s.Bits = uint64(int64(s.Bits<<shift) >> shift)
	}
	return s, true
}
