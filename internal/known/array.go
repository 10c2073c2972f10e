package known

import (
	"encoding/binary"

	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/ndarray"
)

// ArrayParts are those of an array that was put off. The bytes of Data are exactly as many as the
// shape and the dtype need.
type ArrayParts struct {
	DType *ndarray.DType
	Order ndarray.Order
	// Data is a Bytes, a ByteArray, or a Str for the bytes of a Python 2 str.
	Data tape.ID
	// ReadOnly says that NumPy would not let the elements be changed.
	ReadOnly bool
	shape    tape.ID // a Tuple of Ints
}

// tuple returns the items of an argument of a call that was put off, or nil where an object was
// made of it since, and where several calls share it: their objects share what is in it, too.
func tuple(t *tape.Tape, id tape.ID) []tape.ID {
	if t.Kind(id) != tape.Tuple || t.IsShared(id) {
		return nil
	}
	return t.Items(id)
}

// Array returns the parts of a call, if it is an array.
func Array(t *tape.Tape, id tape.ID) (ArrayParts, bool) {
	if t.Kind(id) != tape.Call || t.IsInert(id) {
		return ArrayParts{}, false
	}
	switch t.Code(id) {
	case CallArray:
		s := tuple(t, t.Call(id).State)
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
		a := tuple(t, t.Call(id).Args)
		if a == nil || t.Kind(a[2]) != tape.Tuple {
			return ArrayParts{}, false
		}
		kind := t.Kind(a[0])
		if kind != tape.Bytes && (kind != tape.ByteArray || t.IsShared(a[0])) {
			return ArrayParts{}, false // a bytearray that is met again shares its memory
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

// ScalarParts are those of a NumPy scalar that was put off: a bool, an int or a float of 4 or 8
// bytes.
type ScalarParts struct {
	Kind ndarray.Kind
	Size int // of the dtype, in bytes
	// Bits are those of the value; of an int extended to 64 bits.
	Bits uint64
}

// Scalar returns the parts of a call, if it is a NumPy scalar.
func Scalar(t *tape.Tape, id tape.ID) (ScalarParts, bool) {
	if t.Kind(id) != tape.Call || t.Code(id) != CallScalar || t.IsInert(id) {
		return ScalarParts{}, false
	}
	a := tuple(t, t.Call(id).Args)
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
