package npy

import (
	"encoding/binary"
	"io"
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/ndarray"
)

// WriteOptions are the options for writing. The zero value, or a nil *WriteOptions, is the default.
type WriteOptions struct {
	// Objects writes the pickle that is the data of an array of objects. Without it, such an array
	// is an error of the kind ErrUnsupported. NumPy 2 writes protocol 4.
	Objects func(w io.Writer, a *ndarray.Array) error
	// Compress deflates the members of an .npz, as numpy.savez_compressed does. Otherwise they are
	// stored, as numpy.savez does. It has no effect on .npy.
	Compress bool
}

// Write writes the array exactly as numpy.save does: in Fortran order if the array is F-contiguous
// and not C-contiguous, and otherwise in C order, in the array's byte order. Contiguous memory is
// passed to w without a copy. Several calls write a file of several arrays.
//
// As in NumPy, the format does not include the metadata and alignment of a dtype, nor the classes
// numpy.record and numpy.matrix. A dtype that no header can describe, such as one of overlapping
// fields, is an error of package ndarray.
//
// Reference: numpy/lib/format.py, write_array (NumPy 1.24 and later).
func Write(w io.Writer, a *ndarray.Array, opts *WriteOptions) error {
	if a == nil {
		return unsupported("no array: a nil *ndarray.Array")
	}
	header, err := appendHeader(nil, a.DType(), a.Shape(), a.Order())
	if err != nil {
		return err
	}
	hasObject := a.DType().HasObject()
	if hasObject && (opts == nil || opts.Objects == nil) {
		return unsupported("an array of objects, and WriteOptions.Objects is not set")
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	if hasObject {
		return opts.Objects(w, a)
	}
	_, err = a.WriteTo(w, a.Order())
	return err
}

const (
	// headerAlign is the alignment of the data, in bytes.
	headerAlign = 64
	// growthDigits is the number of characters for the length of the axis along which data may be
	// appended to the file, so that the header can be changed without moving the data.
	growthDigits = 21
)

// WriteHeader writes a header as Write does. The caller then writes the data, h.NBytes() bytes. It
// uses the fields DType, Shape and Order of h.
func WriteHeader(w io.Writer, h *Header) error {
	header, err := appendHeader(nil, h.DType, h.Shape, h.Order)
	if err != nil {
		return err
	}
	_, err = w.Write(header)
	return err
}

// appendHeader appends the whole header.
func appendHeader(b []byte, dt *ndarray.DType, shape []int, order ndarray.Order) ([]byte, error) {
	descr, err := dt.DescrLiteral()
	if err != nil {
		return nil, err
	}
	text := headerText(descr, shape, order)
	latin1, isLatin1 := toLatin1(text)
	if isLatin1 {
		text = latin1
	}
	major, size := byte(1), 2
	if isLatin1 && padded(text, size) > 1<<16-1 {
		major, size = 2, 4
	} else if !isLatin1 {
		major, size = 3, 4
	}
	n := padded(text, size)
	b = append(append(b, Magic...), major, 0)
	if size == 2 {
		b = binary.LittleEndian.AppendUint16(b, uint16(n))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	b = append(b, text...)
	for range n - len(text) - 1 {
		b = append(b, ' ')
	}
	return append(b, '\n'), nil
}

// padded returns the length of the text with its padding, at least one space, and its newline.
func padded(text string, size int) int {
	n := len(text) + 1
	return n + headerAlign - (len(Magic)+2+size+n)%headerAlign
}

// headerText returns the dictionary, with spaces for its shape to grow.
func headerText(descr string, shape []int, order ndarray.Order) string {
	fortran := "False"
	if order == ndarray.OrderF {
		fortran = "True"
	}
	var s strings.Builder
	s.WriteString("{'descr': " + descr + ", 'fortran_order': " + fortran + ", 'shape': (")
	for i, n := range shape {
		if i > 0 {
			s.WriteString(", ")
		}
		s.WriteString(strconv.Itoa(n))
	}
	if len(shape) == 1 {
		s.WriteByte(',')
	}
	s.WriteString("), }")
	if len(shape) > 0 {
		grows := shape[0]
		if order == ndarray.OrderF {
			grows = shape[len(shape)-1]
		}
		s.WriteString(strings.Repeat(" ", growthDigits-len(strconv.Itoa(grows))))
	}
	return s.String()
}

// toLatin1 converts UTF-8 to Latin-1. ok is false if that is not possible.
func toLatin1(s string) (latin1 string, ok bool) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return "", false
		}
		b = append(b, byte(r))
	}
	return string(b), true
}
