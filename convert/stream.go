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
// options of both. An array in .npy or raw bytes becomes one in .npy or raw bytes in constant
// memory, however large it is. The paths are those of Read and Write.
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
}

// stream converts from one array to one array without holding it; done is false where the formats
// or the options need the whole.
func (c *config) stream(from, to string) (done bool, err error) {
	path, fragment := splitFragment(from)
	if fragment != "" || c.pack || c.selects != "" || c.raw.Shape != nil && c.raw.DType == nil {
		return false, nil
	}
	in, err := c.formatToRead(path)
	if err != nil {
		return false, err
	}
	out, err := c.formatToWrite(to)
	if err != nil || !isArrayFormat(in) || !isArrayFormat(out) {
		return false, nil
	}
	s, err := c.openStream(in, path)
	if s == nil || err != nil {
		return false, err
	}
	defer s.close()
	o := &output{config: c, format: out, name: to}
	if out.Name == "npy" {
		return true, o.streamNPY(s)
	}
	if c.raw.DType != nil && !c.raw.DType.Equal(s.dtype) || in.Name == "npy" && c.raw.Shape != nil {
		return false, nil
	}
	if want := c.raw.Order; want != 0 && want != s.order ||
		want == 0 && s.order == ndarray.OrderF && in.Name == "npy" {
		return false, nil
	}
	return true, o.streamRaw(s)
}

func isArrayFormat(f *Format) bool { return f.Name == "npy" || f.Name == "raw" }

// openStream opens a file that holds one array of bytes; nil means that it is not read that way.
func (c *config) openStream(format *Format, path string) (*arrayStream, error) {
	in := &input{config: c, path: path}
	r, err := in.open()
	if err != nil {
		return nil, err
	}
	s := &arrayStream{close: r.Close}
	if format.Name == "npy" {
		err = s.npy(r)
	} else {
		err = s.raw(in, r)
	}
	if err != nil || s.r == nil {
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

func (o *output) streamNPY(s *arrayStream) error {
	return o.write(func(w io.Writer) error {
		h := npy.Header{DType: s.dtype, Shape: s.shape, Order: s.order}
		if err := npy.WriteHeader(w, &h); err != nil {
			return err
		}
		return s.copyTo(w)
	})
}

func (o *output) streamRaw(s *arrayStream) error {
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
	return err
}
