package npy

import (
	"bufio"
	"bytes"
	"io"
	"io/fs"

	"github.com/unpkl/unpkl/internal/payload"
	"github.com/unpkl/unpkl/ndarray"
)

// A Decoder reads arrays that follow one another in an input, as several calls of numpy.save on one
// file write them. It is not safe for concurrent use.
type Decoder struct {
	r    *input
	src  io.Reader
	opts options
}

// input is a bufio.Reader that counts the bytes read.
type input struct {
	*bufio.Reader
	n int64
}

func newInput(r io.Reader) *input {
	br, ok := r.(*bufio.Reader)
	if !ok {
		br = bufio.NewReader(r)
	}
	return &input{Reader: br}
}

// Read implements io.Reader.
func (in *input) Read(p []byte) (int, error) {
	n, err := in.Reader.Read(p)
	in.n += int64(n)
	return n, err
}

// Discard is bufio.Reader.Discard.
func (in *input) Discard(n int) (int, error) {
	n, err := in.Reader.Discard(n)
	in.n += int64(n)
	return n, err
}

// ReadByte implements io.ByteReader.
func (in *input) ReadByte() (byte, error) {
	c, err := in.Reader.ReadByte()
	if err == nil {
		in.n++
	}
	return c, err
}

// NewDecoder returns a Decoder that reads from r. It uses a buffer of its own unless r is a
// *bufio.Reader, from which it takes no byte after the last array.
func NewDecoder(r io.Reader, opts *Options) *Decoder {
	return &Decoder{r: newInput(r), src: r, opts: opts.withDefaults()}
}

// InputOffset returns the number of bytes of the arrays read so far: the offset of the next array,
// counted from where the Decoder began.
func (d *Decoder) InputOffset() int64 {
	if d.r == nil {
		return 0
	}
	return d.r.n
}

// Decode reads the next array, with the shape, dtype and order of the file. The array has memory of
// its own, which grows as the data arrives, so a header with a wrong shape costs nothing. If the
// input ends before another array begins, the error is io.EOF.
//
// Any other error is of a kind of this package, or comes from the reader or Options.Objects.
//
// Reference: numpy/lib/format.py, read_array.
func (d *Decoder) Decode() (*ndarray.Array, error) {
	if d.r == nil { // the zero Decoder
		return nil, io.EOF
	}
	h, err := readHeader(d.r, d.opts)
	if err != nil {
		return nil, err
	}
	if h.DType.HasObject() {
		return d.objects()
	}
	n := h.NBytes()
	rest, known := d.remaining()
	if known && rest < int64(n) {
		return nil, truncatedData(rest, n)
	}
	data, err := readData(d.r, n, known, "data")
	if err != nil {
		return nil, err
	}
	return h.array(data)
}

// objects reads an array of objects. As in NumPy, the shape is that of the pickle, not of the
// header.
func (d *Decoder) objects() (*ndarray.Array, error) {
	if d.opts.objects == nil {
		return nil, errNoHook
	}
	a, err := d.opts.objects(d.r)
	if err == io.EOF {
		err = readError(err, "data")
	}
	return a, err
}

// remaining returns the number of bytes left in the input, if the source knows it.
func (d *Decoder) remaining() (int64, bool) {
	buffered := int64(d.r.Buffered())
	switch r := d.src.(type) {
	case interface{ Len() int }:
		return buffered + int64(r.Len()), true
	case interface {
		io.Seeker
		Stat() (fs.FileInfo, error)
	}:
		info, err := r.Stat()
		if err != nil || !info.Mode().IsRegular() {
			return 0, false
		}
		at, err := r.Seek(0, io.SeekCurrent)
		if err != nil {
			return 0, false
		}
		return buffered + max(info.Size()-at, 0), true
	}
	return 0, false
}

// Read reads one array from r, as numpy.load does for an .npy file. It may read more bytes than the
// array has; use a [Decoder] to read several arrays. See [Decoder.Decode].
func Read(r io.Reader, opts *Options) (*ndarray.Array, error) {
	a, err := NewDecoder(r, opts).Decode()
	if err == io.EOF {
		err = readError(err, "header")
	}
	return a, err
}

// Map returns the array at the beginning of data, as numpy.load does with mmap_mode. n is the
// number of bytes of the array, so the next one may begin at data[n:]. The array shares the memory
// of data, which may be a mapped file: nothing is read or copied before its elements are used. The
// array is writeable, so the caller must make data writeable too or not write to the array. An
// array of objects is read by Options.Objects.
//
// In files by NumPy 1.14 or later the elements begin at a multiple of 64 bytes, in older files of
// 16. If they are not aligned for the dtype, ndarray.Slice fails and ndarray.Values copies.
func Map(data []byte, opts *Options) (a *ndarray.Array, n int, err error) {
	return opts.withDefaults().mapArray(data)
}

func (o options) mapArray(data []byte) (a *ndarray.Array, n int, err error) {
	h, err := readHeader(bytes.NewReader(data), o)
	if err == io.EOF {
		err = readError(err, "header")
	}
	if err != nil {
		return nil, 0, err
	}
	if h.DType.HasObject() {
		d := Decoder{r: newInput(bytes.NewReader(data[h.Len:])), opts: o}
		if a, err = d.objects(); err != nil {
			return nil, 0, err
		}
		return a, h.Len + int(d.r.n), nil
	}
	nbytes := h.NBytes()
	if len(data)-h.Len < nbytes {
		return nil, 0, truncatedData(int64(len(data)-h.Len), nbytes)
	}
	end := h.Len + nbytes
	a, err = h.array(data[h.Len:end:end])
	return a, end, err
}

// ReadHeader reads the header of the array at the position of r, and nothing after it. If r has not
// even one byte, the error is io.EOF.
func ReadHeader(r io.Reader, opts *Options) (*Header, error) {
	return readHeader(r, opts.withDefaults())
}

// array returns the array with the given data.
func (h *Header) array(data []byte) (*ndarray.Array, error) {
	a, err := ndarray.New(h.DType, h.Shape, h.Order, data)
	if err != nil {
		return nil, wrap(err)
	}
	return a, nil
}

func truncatedData(have int64, want int) error {
	return truncated("%d bytes of data, the header says %d", have, want)
}

// readData reads n bytes, into memory that grows as they arrive unless sure says that r has them.
func readData(r io.Reader, n int, sure bool, what string) ([]byte, error) {
	data, _, err := payload.Read(n, sure, func(p []byte) (int, error) { return io.ReadFull(r, p) })
	if err != nil {
		return nil, readError(err, what)
	}
	return data, nil
}
