package xdr_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/xdr"
	"github.com/unpkl/unpkl/ndarray"
)

// FuzzDecode: an array that is decoded has the bytes of the BLOB, and is encoded as the same BLOB.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x01\x3f\xf0\x00\x00\x00\x00\x00\x00"), false)
	f.Add([]byte("\xff\xff\xff\xff"), true)
	f.Add([]byte("\x00\x00\x00\x02\x3f\xf0\x00\x00\x00\x00\x00\x00\x3f\xf0\x00\x00\x00\x00\x00\x00"), true)
	f.Fuzz(func(t *testing.T, blob []byte, pairs bool) {
		for _, dt := range []*ndarray.DType{ndarray.DTypeOf[float64](), ndarray.DTypeOf[int32](),
			ndarray.DTypeOf[uint64](),
			ndarray.DTypeOf[float32]()} {
			a, err := xdr.Decode(blob, dt, pairs)
			if err != nil {
				continue
			}
			if a.NBytes()+4 != len(blob) {
				t.Fatalf("%d bytes of %d", a.NBytes(), len(blob))
			}
			again, err := xdr.Encode(a)
			if err != nil || string(again[4:]) != string(blob[4:]) {
				t.Fatalf("%x, %v, want %x", again, err, blob)
			}
		}
	})
}

// TestLies: a count that is not the number of elements is an error.
func TestLies(t *testing.T) {
	t.Parallel()
	for count, want := range map[uint32]error{
		0: errkind.ErrMalformed, 3: errkind.ErrTruncated, 1<<32 - 1: errkind.ErrTruncated,
		1 << 29: errkind.ErrTruncated,
	} {
		blob := append(binary.BigEndian.AppendUint32(nil, count), make([]byte, 16)...)
		if _, err := xdr.Decode(blob, ndarray.DTypeOf[float64](), false); !errors.Is(err, want) {
			t.Errorf("count %d: %v, want %v", count, err, want)
		}
	}
	for _, blob := range [][]byte{nil, {0, 0, 0}} {
		if _, err := xdr.Decode(blob, ndarray.DTypeOf[float64](), false); !errors.Is(err,
			errkind.ErrTruncated) {
			t.Errorf("%x: %v", blob, err)
		}
	}
	if _, err := xdr.Decode(make([]byte, 4), ndarray.DTypeOf[int8](), false); !errors.Is(err,
		errkind.ErrUnsupported) {
		t.Error(err)
	}
}
