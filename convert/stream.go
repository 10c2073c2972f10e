package convert

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
)

// File reads the file from and writes it to the file to: [Read] and [Write] in one, with the
// options and the paths of both.
//
// For these formats the memory that it takes does not depend on the size of the files: an array
// from .npy, raw bytes, a member of an .npz ("x.npz#/name") or a dataset of HDF5
// ("x.h5#/group/data") to .npy, .npz, raw bytes or HDF5; a table from Parquet, Arrow, CSV, TSV,
// JSON Lines or HDF5 ("x.h5#/key") to Parquet, Arrow, CSV, TSV or JSON Lines, one row group at a
// time. A text of more than 64 MB is then read twice. It is read whole if one of its columns has
// ints beyond int64, complex numbers, or bools with missing values.
func File(from, to string, opts ...Option) error {
	c := newConfig(opts)
	done, err := c.streamFile(from, to)
	if done || err != nil {
		return err
	}
	v, err := c.read(from)
	if err != nil {
		return err
	}
	return Write(to, v, opts...)
}

// arrayStream is an array whose elements are read while they are written.
type arrayStream struct {
	dtype  *ndarray.DType
	shape  []int
	order  ndarray.Order
	nbytes int64     // size of the elements in bytes
	reader io.Reader // of the elements, in order
	close  func() error
	// keepsLayout says that the source file records dtype, shape and order. A copy to raw bytes
	// does not, so it must have C order unless the options say otherwise.
	keepsLayout bool
}

// streamFile converts in parts; done is false if the formats or options do not allow that.
func (c *config) streamFile(from, to string) (done bool, err error) {
	if c.packBits {
		return false, nil
	}
	path, fragment := splitFragment(from)
	source, err := c.formatToRead(path)
	if err != nil {
		return false, err
	}
	format, err := c.formatToWrite(to)
	if err != nil {
		return false, nil // Write reports the error
	}
	in := &input{config: c, path: path, fragment: fragment, inParts: true}
	out := &output{config: c, format: format, path: to}
	switch {
	case source.openArray != nil && format.writeArray != nil:
		s, err := source.openArray(in)
		if s == nil || err != nil {
			return false, err
		}
		defer s.close()
		return format.writeArray(out, s)
	case source == format && source.Name == "jsonl":
		return false, nil // lines stay as they are: in a table each column would have one type
	case source.openTable != nil && format.writeTable != nil &&
		(source.tableAt || in.pointer() == ""):
		t, err := source.openTable(in)
		if t == nil || err != nil {
			return false, err
		}
		defer t.close()
		if !inParts(t.schema) || format.asText && !hasDefaultRange(t.schema) {
			return false, nil
		}
		if err := format.writeTable(out, t); err != errSchemaDiffers {
			return true, err
		}
		return false, nil
	}
	return false, nil
}

// pointer returns the JSON pointer to the part of the file that is read, or "".
func (in *input) pointer() string {
	if in.selects != "" {
		return in.selects
	}
	return in.fragment
}

// openNPY opens an .npy file as a stream, unless it holds objects.
func openNPY(in *input) (*arrayStream, error) {
	if in.pointer() != "" || in.raw.Shape != nil {
		return nil, nil
	}
	return in.openStream(func(s *arrayStream, r io.Reader) error { return s.npy(r) })
}

// openRaw opens raw bytes as a stream, if their layout is known.
func openRaw(in *input) (*arrayStream, error) {
	if in.pointer() != "" || in.raw.Shape != nil && in.raw.DType == nil {
		return nil, nil
	}
	return in.openStream(func(s *arrayStream, r io.Reader) error { return s.raw(in, r) })
}

// openStream opens a file that holds the bytes of one array, whose layout the function layout sets.
// It returns nil if layout sets no reader: then the file has to be read whole.
func (in *input) openStream(layout func(s *arrayStream, r io.Reader) error) (*arrayStream, error) {
	r, err := in.open()
	if err != nil {
		return nil, err
	}
	s := &arrayStream{close: r.Close}
	if err := layout(s, r); err != nil || s.reader == nil {
		r.Close()
		return nil, err
	}
	return s, nil
}

// npy sets the layout from the header of an .npy file.
func (s *arrayStream) npy(r io.Reader) error {
	b := bufio.NewReaderSize(r, 1<<20)
	if head, _ := b.Peek(len(npy.Magic)); !bytes.Equal(head, []byte(npy.Magic)) {
		return nil
	}
	h, err := npy.ReadHeader(b, nil)
	if err != nil || h.DType.HasObject() {
		return err
	}
	s.dtype, s.shape, s.order, s.nbytes, s.reader = h.DType, h.Shape, h.Order, int64(h.NBytes()), b
	s.keepsLayout = true
	return nil
}

// raw sets the layout from the options or the sidecar. A compressed file is read whole, because its
// decompressed size is not known before.
func (s *arrayStream) raw(in *input, r io.Reader) error {
	info, err := os.Stat(in.path)
	if _, compressed := formatOfPath(in.path); err != nil || compressed {
		return err
	}
	layout, err := in.raw.withSidecar(in.path)
	if err != nil {
		return err
	}
	if s.dtype, s.shape, s.order, err = layout.layout(info.Size() - layout.Offset); err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, r, layout.Offset); err != nil {
		return err
	}
	s.nbytes, s.reader = int64(elements(s.shape))*int64(s.dtype.ItemSize()), r
	return nil
}

// copyTo copies the bytes of all elements.
func (s *arrayStream) copyTo(w io.Writer) error {
	n, err := io.CopyN(w, s.reader, s.nbytes)
	if err == io.EOF {
		return fmt.Errorf("convert: %w: %d of %d bytes of the array", ErrTruncated, n, s.nbytes)
	}
	return err
}

// writeNPYStream writes an array as .npy.
func writeNPYStream(o *output, s *arrayStream) (bool, error) {
	return true, o.write(func(w io.Writer) error {
		h := npy.Header{DType: s.dtype, Shape: s.shape, Order: s.order}
		if err := npy.WriteHeader(w, &h); err != nil {
			return err
		}
		return s.copyTo(w)
	})
}

// writeRawStream writes an array as raw bytes, unless the options ask for another dtype or order.
func writeRawStream(o *output, s *arrayStream) (bool, error) {
	if o.raw.DType != nil && !o.raw.DType.Equal(s.dtype) {
		return false, nil
	}
	if want := o.raw.Order; want != 0 && want != s.order ||
		want == 0 && s.order == ndarray.OrderF && s.keepsLayout {
		return false, nil
	}
	if !o.raw.Sidecar && o.raw.DType == nil {
		o.warning(fmt.Sprintf("raw keeps no dtype, shape or order: %s, %v, %s; a sidecar does",
			s.dtype.Str(), s.shape, s.order))
	}
	err := o.write(func(w io.Writer) error {
		if err := zeros(w, o.raw.Offset); err != nil {
			return err
		}
		return s.copyTo(w)
	})
	if err == nil && o.raw.Sidecar {
		err = o.writeSidecar(s.dtype, s.shape, s.order)
	}
	return true, err
}
