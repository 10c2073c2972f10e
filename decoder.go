package unpkl

import (
	"io"
	"iter"

	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/pickle"
)

// Decoder reads pickles that stand one after another, as several calls of Python's
// pickle.dump to one file write them. It is not safe for concurrent use.
type Decoder struct {
	c   *config
	r   io.Reader
	u   *pickle.Unpickler
	end func()      // releases the decompressor
	own func(v any) // sees each object before it is converted
	err error       // the input's last word
}

// NewDecoder returns a Decoder of the pickles in r. Nothing is read before the first
// Decode. Compressed input is recognised as [Load] does, by the first bytes of all.
func NewDecoder(r io.Reader, opts ...Option) *Decoder { return newDecoder(r, newConfig(opts)) }

func newDecoder(r io.Reader, c *config) *Decoder { return &Decoder{c: c, r: r} }

// Decode reads the next pickle into what v points to, as [Unmarshal] does. It returns
// io.EOF when the input ends before another pickle begins, and an error of the kind
// [ErrTruncated] when it ends inside one. After an error of the input all further calls
// return it; after one of the value alone, such as an *[UnmarshalTypeError], the next
// pickle can be read.
func (d *Decoder) Decode(v any) error {
	if err := checkTarget(v); err != nil {
		return err
	}
	obj, err := d.next()
	if err != nil {
		return err
	}
	return d.c.unmarshal(obj, v)
}

// All returns an iterator over the values of the pickles that are left: plain values,
// or objects with [WithObjects]. An error is the last pair, with a nil value.
func (d *Decoder) All() iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		for {
			var v any
			err := d.Decode(&v)
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(v, nil) {
				return
			}
		}
	}
}

// InputOffset returns the number of (decompressed) bytes that the pickles read so far
// take: the offset at which the next one begins.
func (d *Decoder) InputOffset() int64 {
	if d.u == nil {
		return 0
	}
	return d.u.InputOffset()
}

// next reads the object of the next pickle.
func (d *Decoder) next() (any, error) {
	if d.err == nil && d.u == nil {
		d.err = d.start()
	}
	if d.err != nil {
		return nil, d.err
	}
	obj, err := d.u.Load()
	if err != nil {
		d.err = err
		if d.end != nil {
			d.end()
			d.end = nil
		}
		return nil, err
	}
	if d.own != nil {
		d.own(obj)
	}
	return obj, nil
}

// start looks at the first bytes and makes the unpickler.
func (d *Decoder) start() error {
	format, known, err := detect(d.r)
	if err != nil {
		return err
	}
	r := d.r
	if !known || format != compress.Plain {
		z, err := compress.NewReader(r, d.c.limits)
		if err != nil {
			return err
		}
		r, d.end = z, func() { z.Close() }
	}
	d.u = pickle.NewUnpickler(r)
	d.c.setUp(d.u)
	return nil
}

// peeker is a reader that shows bytes before they are read, such as a *bufio.Reader.
type peeker interface {
	Peek(n int) ([]byte, error)
	Buffered() int
}

// detect recognises the format of what r holds and leaves r where it is; known is
// false where r cannot be put back.
func detect(r io.Reader) (f compress.Format, known bool, err error) {
	switch r := r.(type) {
	case interface{ Bytes() []byte }: // a bytes.Buffer
		b := r.Bytes()
		return compress.Detect(b[:min(len(b), compress.HeadSize)]), true, nil
	case peeker:
		// No more than is there already: an end of a pipe may be waiting for an answer.
		if _, err := r.Peek(1); err != nil && err != io.EOF {
			return 0, false, err
		}
		b, _ := r.Peek(min(r.Buffered(), compress.HeadSize))
		return compress.Detect(b), true, nil
	case io.ReadSeeker:
		if _, err := r.Seek(0, io.SeekCurrent); err != nil {
			return 0, false, nil
		}
		var head [compress.HeadSize]byte
		n, err := io.ReadFull(r, head[:])
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return 0, false, err
		}
		_, err = r.Seek(-int64(n), io.SeekCurrent)
		return compress.Detect(head[:n]), true, err
	}
	return 0, false, nil
}
