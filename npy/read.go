package npy

import (
	"bufio"
	"bytes"
	"io"
	"io/fs"

	"github.com/unpkl/unpkl/internal/payload"
	"github.com/unpkl/unpkl/ndarray"
)

// Decoder reads the arrays that stand one after another in an input, as several
// numpy.save calls on one file leave them. It is not safe for concurrent use.
type Decoder struct {
	r    *input
	src  io.Reader
	opts options
}

// input counts what is taken from a buffer. It can be peeked into, as a bufio.Reader.
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

// Discard is that of bufio.Reader.
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

// NewDecoder returns a Decoder that reads from r, through a buffer unless r is a
// *bufio.Reader itself, in which case it takes no byte behind the array it read last.
func NewDecoder(r io.Reader, opts *Options) *Decoder {
	return &Decoder{r: newInput(r), src: r, opts: opts.withDefaults()}
}

// InputOffset returns the number of bytes that the arrays read so far take: the offset of
// the next one from where the Decoder began.
func (d *Decoder) InputOffset() int64 {
	if d.r == nil {
		return 0
	}
	return d.r.n
}

// Decode reads the next array. Its memory is its own and grows as the data arrives, so that
// a header that lies costs nothing; its shape, dtype and order are the file's. At the
// clean end, which is only where an array could begin, the error is io.EOF.
//
// The error is of a kind of this package unless the reader or Options.Objects failed.
//
// Reference: numpy/lib/format.py, read_array.
func (d *Decoder) Decode() (*ndarray.Array, error) {
	if d.r == nil { // the zero Decoder has nothing to read
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
	rest, known := d.rest()
	if known && rest < int64(n) {
		return nil, truncatedData(rest, n)
	}
	data, err := readData(d.r, n, known, "data")
	if err != nil {
		return nil, err
	}
	return h.array(data)
}

// objects reads an array with objects. As in NumPy the pickle counts and the header does
// not.
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

// rest returns how many bytes are left, where the source tells.
func (d *Decoder) rest() (int64, bool) {
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

// Read reads one array, the first, from r: numpy.load of an .npy file. It may read
// beyond it; use a [Decoder] for several. See [Decoder.Decode].
func Read(r io.Reader, opts *Options) (*ndarray.Array, error) {
	a, err := NewDecoder(r, opts).Decode()
	if err == io.EOF {
		err = readError(err, "header")
	}
	return a, err
}

// Map reads the array at the beginning of data and returns how many bytes it takes, so
// that data[n:] is where another one may begin. The array aliases data, which may be
// a mapped file: nothing of it is read or copied until elements are. It is writeable if the
// caller lets data be written; numpy.load's mmap_mode. An array with objects is
// read by Options.Objects and aliases nothing of its own accord.
//
// The data of a file by NumPy 1.14 or later begins at a multiple of 64 bytes, by older
// ones of 16. If it is not aligned for the dtype, ndarray.Slice says so and
// ndarray.Values copies.
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

// ReadHeader reads the header of the array at r's position and nothing behind it: what
// the file says of shape and dtype, without the data. Nothing at all is io.EOF.
func ReadHeader(r io.Reader, opts *Options) (*Header, error) {
	return readHeader(r, opts.withDefaults())
}

// array makes the array of its data.
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

// readData reads n bytes, into memory that grows as they arrive unless r is sure to have them.
func readData(r io.Reader, n int, sure bool, what string) ([]byte, error) {
	data, _, err := payload.Read(n, sure, func(p []byte) (int, error) { return io.ReadFull(r, p) })
	if err != nil {
		return nil, readError(err, what)
	}
	return data, nil
}
