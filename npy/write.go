package npy

import (
	"encoding/binary"
	"io"
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/ndarray"
)

// WriteOptions say how to write. The zero value, and a nil *WriteOptions, are the
// defaults.
type WriteOptions struct {
	// Objects writes the pickle that stands for the data of an array with
	// objects. Without it such an array is an error of the kind ErrUnsupported.
	// NumPy 2 writes protocol 4.
	Objects func(w io.Writer, a *ndarray.Array) error
	// Compress makes members of an .npz deflated, as numpy.savez_compressed does;
	// without it they are stored, as by numpy.savez. It does not concern .npy.
	Compress bool
}

// Write writes the array as numpy.save does, byte for byte: in Fortran order if the
// array is F-contiguous and not C-contiguous, else in C order, in its own byte
// order. Contiguous memory goes to w as it is, without a copy. Several calls make
// a file of several arrays.
//
// As in NumPy, a dtype's metadata, its alignment and the classes numpy.record and
// numpy.matrix are not part of the format. A dtype that no header can describe, such as
// one of overlapping fields, is an error of ndarray.
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
	// headerAlign is what the length of a whole header is a multiple of.
	headerAlign = 64
	// growthDigits is how many characters the length of the axis that grows
	// when data is appended may take without moving the data.
	growthDigits = 21
)

// WriteHeader writes what stands before the data of an array, as Write does: for data that the
// caller writes behind it, h.NBytes() bytes. Of h the fields DType, Shape and Order are used.
func WriteHeader(w io.Writer, h *Header) error {
	header, err := appendHeader(nil, h.DType, h.Shape, h.Order)
	if err != nil {
		return err
	}
	_, err = w.Write(header)
	return err
}

// appendHeader appends everything before the data.
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

// padded returns the length of the text with the padding that follows it, at least
// one space, and its newline.
func padded(text string, size int) int {
	n := len(text) + 1
	return n + headerAlign - (len(Magic)+2+size+n)%headerAlign
}

// headerText is the dictionary and the room for its shape to grow.
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

// toLatin1 makes latin-1 of UTF-8, where it can.
func toLatin1(s string) (string, bool) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return "", false
		}
		b = append(b, byte(r))
	}
	return string(b), true
}
