// Package xdr reads and writes arrays of variable length in XDR: a count of four bytes, followed by
// the elements, all in big-endian order.
//
// Reference: RFC 4506, sections 4.1 to 4.7 and 4.13; Python's xdrlib, pack_array.
package xdr

import (
	"encoding/binary"
	"math"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/ndarray"
)

// IsType reports whether XDR has a type for the dtype: int, unsigned int, hyper, unsigned hyper,
// float, double.
func IsType(dt *ndarray.DType) bool {
	switch dt.Kind() {
	case ndarray.KindInt, ndarray.KindUint, ndarray.KindFloat:
		return dt.ItemSize() == 4 || dt.ItemSize() == 8
	}
	return false
}

// Decode returns the elements of a BLOB as an array of one dimension, of the dtype in big-endian
// order. With complexPairs, pairs of elements are the real and imaginary parts of complex numbers;
// the count in the BLOB may count the numbers or the parts. The array aliases the BLOB.
func Decode(blob []byte, dt *ndarray.DType, complexPairs bool) (*ndarray.Array, error) {
	if !IsType(dt) {
		return nil, errkind.New(errkind.ErrUnsupported, "xdr: no type for dtype %s", dt)
	}
	if len(blob) < 4 {
		return nil, errkind.New(errkind.ErrTruncated, "xdr: %d bytes, no count", len(blob))
	}
	count, data := int64(binary.BigEndian.Uint32(blob)), blob[4:]
	dt = dt.NewByteOrder(ndarray.BigEndian)
	size := int64(dt.ItemSize())
	if complexPairs {
		wide, err := complexOf(dt)
		if err != nil {
			return nil, err
		}
		if count*size == int64(len(data)) && count%2 == 0 {
			count /= 2
		}
		dt, size = wide, 2*size
	}
	switch have := int64(len(data)); {
	case count*size > have:
		return nil, errkind.New(errkind.ErrTruncated,
			"xdr: %d elements of %d bytes, there are %d bytes", count, size, have)
	case count*size < have:
		return nil, errkind.New(errkind.ErrMalformed, "xdr: %d bytes follow the %d elements",
			have-count*size, count)
	}
	return ndarray.New(dt, []int{int(count)}, ndarray.OrderC, data)
}

func complexOf(dt *ndarray.DType) (*ndarray.DType, error) {
	if dt.Kind() != ndarray.KindFloat {
		return nil, errkind.New(errkind.ErrUnsupported, "xdr: no complex numbers of dtype %s", dt)
	}
	if dt.ItemSize() == 4 {
		return ndarray.DTypeOf[complex64]().NewByteOrder(ndarray.BigEndian), nil
	}
	return ndarray.DTypeOf[complex128]().NewByteOrder(ndarray.BigEndian), nil
}

// Encode returns the elements of an array, in C order, as a BLOB. The dtype must be one that XDR
// has, or complex, in big-endian order. Complex numbers are written as pairs of parts, and counted
// as parts.
func Encode(a *ndarray.Array) ([]byte, error) {
	dt, count := a.DType(), uint64(a.Size())
	if dt.Kind() == ndarray.KindComplex && dt.ItemSize() <= 16 {
		count *= 2
	} else if !IsType(dt) {
		return nil, errkind.New(errkind.ErrUnsupported, "xdr: no type for dtype %s", dt)
	}
	if dt.ByteOrder() != ndarray.BigEndian {
		return nil, errkind.New(errkind.ErrUnsupported, "xdr: dtype %s is not big-endian", dt)
	}
	if count > math.MaxUint32 {
		return nil, errkind.New(errkind.ErrUnsupported, "xdr: %d elements", count)
	}
	return a.AppendBytes(binary.BigEndian.AppendUint32(nil, uint32(count)), ndarray.OrderC)
}
