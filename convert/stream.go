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

// File reads the file from and writes it as the file to: [Read] and [Write] in one, with the
// options of both. Memory is constant, however large the files are, where an array goes from .npy,
// raw bytes, a member of an .npz ("x.npz#/name") or a dataset of HDF5 ("x.h5#/group/data") to .npy,
// .npz, raw bytes or HDF5, and where a table
// goes from Parquet, Arrow, CSV, TSV or JSON Lines, or from a table in HDF5 ("x.h5#/key"), to one
// of the first: a row group at a time. A text
// of more than 64 MB is read twice for that, and as a whole where a column of it is of ints beyond
// int64, of complex numbers or of bools that are missing in places. The paths are those of Read
// and Write.
func File(from, to string, opts ...Option) error {
	c := newConfig(opts)
	done, err := c.stream(from, to)
	if done || err != nil {
		return err
	}
	v, err := c.read(from)
	if err != nil {
		return err
	}
	return Write(to, v, opts...)
}

// arrayStream is an array whose elements are read as they are written.
type arrayStream struct {
	dtype *ndarray.DType
	shape []int
	order ndarray.Order
	bytes int64
	r     io.Reader
	close func() error
	// keepsLayout says that the source keeps dtype, shape and order, so that raw bytes are told of
	// an order that is not theirs.
	keepsLayout bool
}

// stream converts a part at a time; done is false where the formats or the options need the whole.
func (c *config) stream(from, to string) (done bool, err error) {
	if c.pack {
		return false, nil
	}
	path, fragment := splitFragment(from)
	source, err := c.formatToRead(path)
	if err != nil {
		return false, err
	}
	format, err := c.formatToWrite(to)
	if err != nil {
		return false, nil // Write gives the error
	}
	in := &input{config: c, path: path, fragment: fragment, streams: true}
	out := &output{config: c, format: format, name: to}
	switch {
	case source.openArray != nil && format.writeArray != nil:
		s, err := source.openArray(in)
		if s == nil || err != nil {
			return false, err
		}
		defer s.close()
		return format.writeArray(out, s)
	case source == format && source.Name == "jsonl":
		return false, nil // lines stay what they are, where a table would have one type a column
	case source.openTable != nil && format.writeTable != nil &&
		(source.tableAt || in.way() == ""):
		t, err := source.openTable(in)
		if t == nil || err != nil {
			return false, err
		}
		defer t.close()
		if !inParts(t.schema) || format.asText && !plainRange(t.schema) {
			return false, nil
		}
		if err := format.writeTable(out, t); err != errOtherTypes {
			return true, err
		}
		return false, nil
	}
	return false, nil
}

// way is the pointer to what of the file is read.
func (in *input) way() string {
	if in.selects != "" {
		return in.selects
	}
	return in.fragment
}

// openNPY opens an array of bytes.
func openNPY(in *input) (*arrayStream, error) {
	if in.way() != "" || in.raw.Shape != nil {
		return nil, nil
	}
	return in.openStream(func(s *arrayStream, r io.Reader) error { return s.npy(r) })
}

// openRaw opens raw bytes whose layout is known.
func openRaw(in *input) (*arrayStream, error) {
	if in.way() != "" || in.raw.Shape != nil && in.raw.DType == nil {
		return nil, nil
	}
	return in.openStream(func(s *arrayStream, r io.Reader) error { return s.raw(in, r) })
}

// openStream opens a file that holds one array of bytes; nil means that it is not read that way.
func (in *input) openStream(layout func(s *arrayStream, r io.Reader) error) (*arrayStream, error) {
	r, err := in.open()
	if err != nil {
		return nil, err
	}
	s := &arrayStream{close: r.Close}
	if err := layout(s, r); err != nil || s.r == nil {
		r.Close()
		return nil, err
	}
	return s, nil
}

// npy reads the header of an .npy file.
func (s *arrayStream) npy(r io.Reader) error {
	b := bufio.NewReaderSize(r, 1<<20)
	if head, _ := b.Peek(len(npy.Magic)); !bytes.Equal(head, []byte(npy.Magic)) {
		return nil
	}
	h, err := npy.ReadHeader(b, nil)
	if err != nil || h.DType.HasObject() {
		return err
	}
	s.dtype, s.shape, s.order, s.bytes, s.r = h.DType, h.Shape, h.Order, int64(h.NBytes()), b
	s.keepsLayout = true
	return nil
}

// raw takes the layout from the options or the sidecar. The size of compressed input is not known
// before it is read.
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
	s.bytes, s.r = int64(elements(s.shape))*int64(s.dtype.ItemSize()), r
	return nil
}

// copyTo copies the elements' bytes, no fewer.
func (s *arrayStream) copyTo(w io.Writer) error {
	n, err := io.CopyN(w, s.r, s.bytes)
	if err == io.EOF {
		return fmt.Errorf("convert: %w: %d of %d bytes of the array", ErrTruncated, n, s.bytes)
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

// writeRawStream writes an array as raw bytes, unless another dtype or order is asked for.
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
