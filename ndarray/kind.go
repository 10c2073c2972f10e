package ndarray

import "encoding/binary"

// Kind is the character that NumPy gives to a class of dtypes: dtype.kind.
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

// ByteOrder is '<' for little-endian, '>' for big-endian, '|' where it does not
// apply. What NumPy writes as '=' (native) is '<' or '>' here.
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

// Order says in which order the elements of an array lie in memory, or are read.
type Order byte

// The orders. C: the last index varies fastest. F: the first does. K, where
// it is accepted: as the elements lie in memory. A: F if F-contiguous and not
// C-contiguous, else C.
const (
	OrderC Order = 'C'
	OrderF Order = 'F'
	OrderK Order = 'K'
	OrderA Order = 'A'
)

// String returns the order's character.
func (o Order) String() string { return string(rune(o)) }
