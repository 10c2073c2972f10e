package safetensors_test

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/safetensors"
)

func file(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

// TestLies: headers that lie about the file are errors.
func TestLies(t *testing.T) {
	t.Parallel()
	good := `{"a":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}`
	if h, err := safetensors.ReadHeader(file(good, 16), int64(len(file(good, 16)))); err != nil ||
		len(h.Tensors) != 1 {
		t.Fatal(h, err)
	}
	for name, test := range map[string]struct {
		header string
		data   int
		want   error
	}{
		"short data": {good, 15, errkind.ErrTruncated},
		"long data":  {good, 17, errkind.ErrMalformed},
		"shape": {`{"a":{"dtype":"F64","shape":[3],"data_offsets":[0,16]}}`, 16,
			errkind.ErrMalformed},
		"overflow": {`{"a":{"dtype":"F64","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}}`,
			0, errkind.ErrMalformed},
		"negative shape": {`{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}`, 0,
			errkind.ErrMalformed},
		"negative offset": {`{"a":{"dtype":"U8","shape":[0],"data_offsets":[-1,-1]}}`, 0,
			errkind.ErrMalformed},
		"twice":   {`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`, 0, errkind.ErrMalformed},
		"overlap": {`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3, errkind.ErrMalformed},
		"gap": {`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2,
			errkind.ErrMalformed},
		"dtype": {`{"a":{"dtype":"F7","shape":[0],"data_offsets":[0,0]}}`, 0,
			errkind.ErrUnsupported},
		"no JSON":  {`["a"]`, 0, errkind.ErrMalformed},
		"trailing": {good + `{}`, 16, errkind.ErrMalformed},
		"metadata": {`{"__metadata__":{"a":1}}`, 0, errkind.ErrMalformed},
		"empty":    {``, 0, errkind.ErrMalformed},
	} {
		b := file(test.header, test.data)
		if _, err := safetensors.ReadHeader(b, int64(len(b))); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	huge := binary.LittleEndian.AppendUint64(nil, 1<<62)
	if _, err := safetensors.ReadHeader(huge, 8); !errors.Is(err, errkind.ErrLimit) {
		t.Error(err)
	}
	if _, err := safetensors.ReadHeader(file(good, 16)[:30], 1<<40); !errors.Is(err,
		errkind.ErrTruncated) {
		t.Error(err)
	}
}

// FuzzReadHeader: the tensors of a header are inside the file, and Lay writes a header that reads
// as the same.
func FuzzReadHeader(f *testing.F) {
	f.Add(file(`{"a":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},"__metadata__":{"k":"v"}}`,
		16))
	f.Add(file(`{}`, 0))
	f.Add(file(`{"a":{"dtype":"BF16","shape":[],"data_offsets":[0,2]},"b":{"dtype":"BOOL","shape":[0,9],"data_offsets":[2,2]}}   `, 2))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := safetensors.ReadHeader(b, int64(len(b)))
		if err != nil {
			return
		}
		for _, tensor := range h.Tensors {
			if h.Len+tensor.End > int64(len(b)) {
				t.Fatalf("%+v in %d bytes", tensor, len(b))
			}
		}
		tensors, header, err := safetensors.Lay(h.Tensors, h.Metadata)
		if err != nil {
			t.Fatal(err)
		}
		size := int64(len(header)) + int64(len(b)) - h.Len
		again, err := safetensors.ReadHeader(header, size)
		if err != nil || len(again.Tensors) != len(tensors) {
			// A name that is not UTF-8 is written as another name, which may exist already.
			if strings.Contains(string(b), "\\ud") || strings.Contains(string(header), "\\ufffd") {
				return
			}
			t.Fatalf("%q: %v", header, err)
		}
	})
}
