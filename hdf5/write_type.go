package hdf5

import (
	"cmp"
	"math"
	"slices"

	"github.com/unpkl/unpkl/ndarray"
)

// fileType describes how elements of a dtype are stored.
type fileType struct {
	// message is the datatype message.
	message []byte
	// size is the size of an element in the file, in bytes.
	size int
	// hasArray says that the type has an array type in it, which needs a newer version of
	// compounds.
	hasArray bool
	// put appends a value, as Array.At returns it, in the file's form. It is nil if the bytes in
	// the file are those of the array.
	put func(h *heapWriter, b []byte, v any) ([]byte, error)
}

const (
	padNullTerm = 0
	padNullPad  = 1
	charsetUTF8 = 1
	vlenText    = 1
	vlenSize    = 16
	signedBit   = 1 << 3
	bigBit      = 1
	maxFields   = 1<<16 - 1
)

// typeHeader appends the beginning of a datatype message: version and class, 24 bits whose meaning
// depends on the class, and the size.
func typeHeader(b []byte, version byte, class Class, bits uint32, size int) []byte {
	b = append(b, version<<4|byte(class), byte(bits), byte(bits>>8), byte(bits>>16))
	return wire.AppendUint32(b, uint32(size))
}

// newFileType returns how h5py stores elements of a dtype. bool is an enum, complex a compound of r
// and i, and datetime64 an opaque type whose tag has NumPy's name. str, StringDType and objects
// (which have to be text or bytes) are strings of variable length, because HDF5's strings of fixed
// length would lose trailing NULs.
func newFileType(dt *ndarray.DType) (*fileType, error) {
	size := dt.ItemSize()
	if size > math.MaxInt32 {
		return nil, errorf(ErrUnsupported, "elements of %d bytes", size)
	}
	big := uint32(0)
	if dt.ByteOrder() == ndarray.BigEndian {
		big = bigBit
	}
	t := &fileType{size: size}
	if base, shape := dt.Subarray(); base != nil {
		return arrayFileType(base, shape)
	}
	switch dt.Kind() {
	case ndarray.KindBool:
		t.message = boolMessage()
	case ndarray.KindInt:
		t.message = integerMessage(nil, size, big|signedBit)
	case ndarray.KindUint:
		t.message = integerMessage(nil, size, big)
	case ndarray.KindFloat, ndarray.KindComplex:
		return numberFileType(dt, big)
	case ndarray.KindBytes:
		// HDF5 has no strings of length 0.
		t.size = max(size, 1)
		t.message = typeHeader(nil, 1, ClassString, padNullPad, t.size)
		if size == 0 {
			t.put = func(_ *heapWriter, b []byte, _ any) ([]byte, error) {
				return append(b, 0), nil
			}
		}
	case ndarray.KindDatetime, ndarray.KindTimedelta:
		t.message = opaqueMessage(size, "NUMPY:"+dt.Str())
	case ndarray.KindVoid:
		if dt.Fields() != nil {
			return compoundFileType(dt)
		}
		if size == 0 {
			return nil, errorf(ErrUnsupported, "elements without bytes")
		}
		t.message = opaqueMessage(size, "")
	case ndarray.KindStr, ndarray.KindString, ndarray.KindObject:
		return textFileType(charsetUTF8), nil
	default:
		return nil, errorf(ErrUnsupported, "dtype %v", dt)
	}
	return t, nil
}

func integerMessage(b []byte, size int, bits uint32) []byte {
	b = typeHeader(b, 1, ClassInteger, bits, size)
	b = wire.AppendUint16(b, 0) // bit offset
	return wire.AppendUint16(b, uint16(8*size))
}

// boolMessage returns h5py's enum for bool.
func boolMessage() []byte {
	b := typeHeader(nil, 1, ClassEnum, 2, 1)
	b = integerMessage(b, 1, signedBit)
	b = appendPadded(appendPadded(b, "FALSE"), "TRUE")
	return append(b, 0, 1)
}

func opaqueMessage(size int, tag string) []byte {
	n := (len(tag) + 7) / 8 * 8
	b := typeHeader(nil, 1, ClassOpaque, uint32(n), size)
	return appendZeros(append(b, tag...), n-len(tag))
}

// floatFormat describes the bits of a floating-point number.
type floatFormat struct {
	precision, exponent, exponentSize, mantissaSize int
	bias                                            uint32
	implied                                         bool // the mantissa's leading bit is not stored
}

func floatMessage(b []byte, size int, f floatFormat, big uint32) []byte {
	bits := big | uint32(f.precision-1)<<8 // the sign is the highest bit
	if f.implied {
		bits |= 2 << 4
	}
	b = typeHeader(b, 1, ClassFloat, bits, size)
	b = wire.AppendUint16(b, 0) // bit offset
	b = wire.AppendUint16(b, uint16(f.precision))
	b = append(b, byte(f.exponent), byte(f.exponentSize), 0, byte(f.mantissaSize))
	return wire.AppendUint32(b, f.bias)
}

// floatOf returns the format of a float dtype whose elements, or parts, have size bytes.
func floatOf(dt *ndarray.DType, size int) (floatFormat, bool) {
	switch size {
	case 2:
		return floatFormat{16, 10, 5, 10, 15, true}, true
	case 4:
		return floatFormat{32, 23, 8, 23, 127, true}, true
	case 8:
		return floatFormat{64, 52, 11, 52, 1023, true}, true
	}
	if dt.LongDoubleFormat() == ndarray.Binary128 {
		return floatFormat{128, 112, 15, 112, 16383, true}, true
	}
	// In big-endian order the format cannot describe where the padding of an x87 number is.
	return floatFormat{80, 64, 15, 64, 16383, false}, dt.ByteOrder() != ndarray.BigEndian
}

func numberFileType(dt *ndarray.DType, big uint32) (*fileType, error) {
	size := dt.ItemSize()
	part := size
	if dt.Kind() == ndarray.KindComplex {
		part /= 2
	}
	format, ok := floatOf(dt, part)
	if !ok {
		return nil, errorf(ErrUnsupported, "dtype %v", dt)
	}
	float := &fileType{message: floatMessage(nil, part, format, big), size: part}
	if dt.Kind() == ndarray.KindFloat {
		return float, nil
	}
	b := typeHeader(nil, 1, ClassCompound, 2, size)
	b = appendMember(b, "r", 0, float, 1)
	b = appendMember(b, "i", part, float, 1)
	return &fileType{message: b, size: size}, nil
}

// appendMember appends a member of a compound.
func appendMember(b []byte, name string, offset int, t *fileType, version byte) []byte {
	b = appendPadded(b, name)
	b = wire.AppendUint32(b, uint32(offset))
	if version == 1 {
		// The dimensions, which are not used.
		b = appendZeros(b, 28)
	}
	return append(b, t.message...)
}

func arrayFileType(base *ndarray.DType, shape []int) (*fileType, error) {
	t, err := newFileType(base)
	if err != nil {
		return nil, err
	}
	n := int64(1)
	for _, d := range shape {
		if d == 0 || n*int64(d)*int64(t.size) > math.MaxInt32 {
			return nil, errorf(ErrUnsupported, "subarray of shape %v", shape)
		}
		n *= int64(d)
	}
	if len(shape) > maxRank {
		return nil, errorf(ErrUnsupported, "subarray of %d dimensions", len(shape))
	}
	a := &fileType{size: int(n) * t.size, hasArray: true}
	a.message = append(arrayMessage(a.size, shape), t.message...)
	if t.put != nil {
		a.put = putSubarray(t, int(n))
	}
	return a, nil
}

// arrayMessage returns the beginning of an array type of size bytes; the type of its elements
// follows it.
func arrayMessage(size int, shape []int) []byte {
	b := typeHeader(nil, 2, ClassArray, 0, size)
	b = append(b, byte(len(shape)), 0, 0, 0)
	for _, d := range shape {
		b = wire.AppendUint32(b, uint32(d))
	}
	for range shape {
		b = wire.AppendUint32(b, 0) // permutation
	}
	return b
}

// compoundFileType returns the type of a structured dtype. Fields keep their offsets, unless
// elements have to be converted; then they are stored without gaps.
func compoundFileType(dt *ndarray.DType) (*fileType, error) {
	fields := dt.Fields()
	if len(fields) == 0 || len(fields) > maxFields {
		return nil, errorf(ErrUnsupported, "%d fields", len(fields))
	}
	t := &fileType{size: dt.ItemSize()}
	types := make([]*fileType, len(fields))
	converts := dt.HasObject()
	for i, f := range fields {
		var err error
		if types[i], err = newFileType(f.DType); err != nil {
			return nil, err
		}
		converts = converts || types[i].put != nil
		t.hasArray = t.hasArray || types[i].hasArray
	}
	if converts {
		t.size = 0
	} else if overlap(fields) {
		return nil, errorf(ErrUnsupported, "fields that overlap")
	}
	version := byte(1)
	if t.hasArray {
		version = 2
	}
	var members []byte
	for i, f := range fields {
		offset := f.Offset
		if converts {
			offset = t.size
			t.size += types[i].size
		}
		members = appendMember(members, f.Name, offset, types[i], version)
	}
	header := typeHeader(nil, version, ClassCompound, uint32(len(fields)), t.size)
	t.message = append(header, members...)
	if converts {
		t.put = putRecord(fields, types)
	}
	return t, nil
}

// overlap reports whether two fields have a byte in common, which HDF5 does not allow.
func overlap(fields []ndarray.Field) bool {
	sorted := slices.SortedFunc(slices.Values(fields), func(a, b ndarray.Field) int {
		return cmp.Compare(a.Offset, b.Offset)
	})
	for i, f := range sorted[1:] {
		if before := sorted[i]; before.Offset+before.DType.ItemSize() > f.Offset {
			return true
		}
	}
	return false
}

// textFileType returns the type of a string of variable length.
func textFileType(charset uint32) *fileType {
	b := typeHeader(nil, 1, ClassVlen, vlenText|charset<<8, vlenSize)
	b = integerMessage(b, 1, 0)
	return &fileType{message: b, size: vlenSize, put: putText}
}

// fixedText returns the type of a text of fixed length, with its NUL. It is UTF-8 only if it has to
// be, because h5py of the time of HDF5 1.8 cannot read fixed-length UTF-8.
func fixedText(text string) *fileType {
	charset := uint32(0)
	if !isASCII(text) {
		charset = charsetUTF8
	}
	size := len(text) + 1
	return &fileType{
		message: typeHeader(nil, 1, ClassString, padNullTerm|charset<<4, size), size: size,
	}
}

// referenceType returns the type of an object reference, which is the address of an object header.
func referenceType() *fileType {
	return &fileType{message: typeHeader(nil, 1, ClassReference, 0, 8), size: 8}
}
