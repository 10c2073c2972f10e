package ndarray

import "encoding/binary"

// A Kind is the character for a class of dtypes: dtype.kind.
type Kind byte

// The kinds. Reference: NumPy manual, "The array interface protocol", typestr.
const (
	KindBool      Kind = 'b'
	KindInt       Kind = 'i'
	KindUint      Kind = 'u'
	KindFloat     Kind = 'f'
	KindComplex   Kind = 'c'
	KindTimedelta Kind = 'm'
	KindDatetime  Kind = 'M'
	KindObject    Kind = 'O'
	KindBytes     Kind = 'S' // fixed width, padded with NULs
	KindStr       Kind = 'U' // fixed width, UCS-4, padded with NULs
	KindVoid      Kind = 'V' // raw, structured or subarray
	KindString    Kind = 'T' // NumPy 2's StringDType, variable width
)

// String returns the kind's character.
func (k Kind) String() string { return string(rune(k)) }

// A ByteOrder is '<' for little-endian, '>' for big-endian, or '|' if the dtype has no byte order.
// NumPy's '=' (native) is '<' or '>' here.
type ByteOrder byte

// The byte orders.
const (
	LittleEndian  ByteOrder = '<'
	BigEndian     ByteOrder = '>'
	NotApplicable ByteOrder = '|'
)

// String returns the byte order's character.
func (o ByteOrder) String() string { return string(rune(o)) }

// NativeEndian is the byte order of this machine.
var NativeEndian = nativeOrder()

func nativeOrder() ByteOrder {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return LittleEndian
	}
	return BigEndian
}

// An Order is the order of the elements of an array in memory, or the order in which they are read.
type Order byte

// The orders. In C order the last index varies fastest, in F order the first. K and A are accepted
// by a few functions. K means the order in memory; A means F if the array is F-contiguous and not
// C-contiguous, and else C.
const (
	OrderC Order = 'C'
	OrderF Order = 'F'
	OrderK Order = 'K'
	OrderA Order = 'A'
)

// String returns the order's character.
func (o Order) String() string { return string(rune(o)) }
