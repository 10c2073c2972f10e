package hdf5

import (
	"strings"

	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/ndarray"
)

// putText stores a text in the global heap and appends the reference to it.
func putText(h *heapWriter, b []byte, v any) ([]byte, error) {
	var text string
	switch v := v.(type) {
	case string:
		text = v
	case []byte:
		text = string(v)
	default:
		return nil, errorf(ErrUnsupported, "%T in the place of text", v)
	}
	if strings.IndexByte(text, 0) >= 0 {
		return nil, errorf(ErrUnsupported, "text with a NUL, at which HDF5 would end it")
	}
	return h.addText(b, text), nil
}

func putSubarray(t *fileType, n int) func(*heapWriter, []byte, any) ([]byte, error) {
	return func(h *heapWriter, b []byte, v any) ([]byte, error) {
		a, ok := v.(*ndarray.Array)
		if !ok || a.Size() != n {
			return nil, errorf(ErrUnsupported, "%T in the place of a subarray", v)
		}
		return appendElements(h, b, t, a)
	}
}

func putRecord(
	fields []ndarray.Field, types []*fileType,
) func(*heapWriter, []byte, any) ([]byte, error) {
	// Each field whose bytes are stored as they are has an array for conversion.
	scratch := make([]*ndarray.Array, len(fields))
	return func(h *heapWriter, b []byte, v any) ([]byte, error) {
		r, ok := v.(ndarray.Record)
		if !ok || len(r.Values) != len(fields) {
			return nil, errorf(ErrUnsupported, "%T in the place of a record", v)
		}
		for i, v := range r.Values {
			var err error
			if types[i].put != nil {
				b, err = types[i].put(h, b, v)
			} else {
				b, err = putBytes(&scratch[i], fields[i].DType, b, v)
			}
			if err != nil {
				return nil, withPath(err, fields[i].Name)
			}
		}
		return b, nil
	}
}

// putBytes appends the bytes of a value of a dtype that is stored as it is. scratch is an array
// that is allocated once.
func putBytes(scratch **ndarray.Array, dt *ndarray.DType, b []byte, v any) ([]byte, error) {
	if a, ok := v.(*ndarray.Array); ok {
		return a.AppendBytes(b, ndarray.OrderC)
	}
	if *scratch == nil {
		a, err := ndarray.Zeros(dt)
		if err != nil {
			return nil, err
		}
		*scratch = a
	}
	if err := (*scratch).SetAt(v); err != nil {
		return nil, err
	}
	return (*scratch).AppendBytes(b, ndarray.OrderC)
}

// appendElements appends all elements of an array, in C order, in the file's form.
func appendElements(h *heapWriter, b []byte, t *fileType, a *ndarray.Array) ([]byte, error) {
	if t.put == nil {
		return a.AppendBytes(b, ndarray.OrderC)
	}
	for v := range a.Elements() {
		var err error
		if b, err = t.put(h, b, v); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// objectFileType returns how an array of objects is stored, which depends on its elements: all have
// to be str, or all bytes.
func objectFileType(a *ndarray.Array) (*fileType, error) {
	if a.Size() == 0 {
		return textFileType(charsetUTF8), nil
	}
	var text, binary bool
	for v := range pending.NonText(a) {
		if _, ok := v.([]byte); !ok {
			return nil, errorf(ErrUnsupported, "an array of objects with a %T", v)
		}
		binary = true
	}
	if !binary {
		return textFileType(charsetUTF8), nil
	}
	for v := range a.Elements() {
		if _, ok := v.(string); ok {
			text = true
			break
		}
	}
	if text {
		return nil, errorf(ErrUnsupported, "an array of objects with str and bytes")
	}
	return textFileType(0), nil
}

// fileTypeOf returns how an array is stored.
func fileTypeOf(a *ndarray.Array) (*fileType, error) {
	if a.DType().Kind() == ndarray.KindObject {
		return objectFileType(a)
	}
	return newFileType(a.DType())
}
