package unpkl

import (
	"bytes"
	"io"
	"iter"
	"strings"

	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/npy"
	"github.com/unpkl/unpkl/pickle"
)

// Decoder reads pickles that stand one after another, as several calls of Python's
// pickle.dump to one file write them. It is not safe for concurrent use.
type Decoder struct {
	c      *config
	r      io.Reader
	src    source
	end    func()      // releases the decompressor
	own    func(v any) // sees each object before it is converted
	err    error       // the input's last word
	direct directReader
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
	if d.err == nil && d.src == nil {
		d.err = d.start()
	}
	if d.err != nil {
		return d.err
	}
	if done, err := d.direct.decode(d.c, v); done || err != nil {
		return d.fail(err)
	}
	obj, err := d.src.Load()
	if err != nil {
		return d.fail(err)
	}
	if d.own != nil {
		d.own(obj)
	}
	r, _ := d.src.(repeater)
	return unmarshal(obj, v, r, d.c.assignOptions())
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
	if d.src == nil {
		return 0
	}
	return d.src.InputOffset()
}

// fail notes an error of the input, if it is one.
func (d *Decoder) fail(err error) error {
	if err == nil {
		return nil
	}
	d.err = err
	if d.end != nil {
		d.end()
		d.end = nil
	}
	return err
}

// start looks at the first bytes and makes the source.
func (d *Decoder) start() error {
	r := d.r
	head, known, err := peek(r)
	if err != nil {
		return err
	}
	if !known {
		b := &headReader{r: r}
		r = b
		if head, err = b.look(); err != nil {
			return err
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte(zipMagic)):
		zip, size, err := zipOf(r, d.c.limits.WithDefaults().InputBytes)
		if err != nil {
			return err
		}
		c := *d.c
		c.compressed = func() int64 { return size }
		if src, ok := c.openZip(zip, size); ok {
			d.src = src
			return nil
		}
		r = io.NewSectionReader(zip, 0, size)
	case compress.Detect(head) == compress.Plain:
		return d.open(r, head)
	}
	z, err := compress.NewReader(r, d.c.limits)
	if err != nil {
		return err
	}
	d.end = func() { z.Close() }
	c := *d.c
	c.compressed = z.Taken
	if c.limits.InputBytes > 0 {
		// The limit is about the input as it is read, and z keeps it.
		c.limits.InputBytes = NoLimit
	}
	d.c = &c
	b := &headReader{r: z}
	if head, err = b.look(); err != nil {
		return err
	}
	return d.open(b, head)
}

// open makes the source of an input that is not compressed and begins with head.
func (d *Decoder) open(r io.Reader, head []byte) error {
	if bytes.HasPrefix(head, []byte(npyMagic)) {
		d.src = npyReader{npy.NewDecoder(r, d.c.npyOptions())}
		return nil
	}
	u := pickle.NewUnpickler(r)
	d.c.setUp(u)
	d.src, d.direct.u = u, u
	return nil
}

// peeker is a reader that shows bytes before they are read, such as a *bufio.Reader.
type peeker interface {
	Peek(n int) ([]byte, error)
	Buffered() int
}

// peek returns the first bytes of r, compress.HeadSize of them if there are as many, and
// leaves r where it is; known is false where r cannot be put back.
func peek(r io.Reader) (head []byte, known bool, err error) {
	switch r := r.(type) {
	case interface{ Bytes() []byte }: // a bytes.Buffer
		b := r.Bytes()
		return b[:min(len(b), compress.HeadSize)], true, nil
	case peeker:
		// No more than is there already: an end of a pipe may be waiting for an answer.
		if _, err := r.Peek(1); err != nil && err != io.EOF {
			return nil, false, err
		}
		b, err := r.Peek(min(r.Buffered(), compress.HeadSize))
		for err == nil && undecided(b) {
			b, err = r.Peek(len(b) + 1)
		}
		return b, true, nil
	case io.ReadSeeker:
		if _, err := r.Seek(0, io.SeekCurrent); err != nil {
			return nil, false, nil
		}
		head := make([]byte, compress.HeadSize)
		n, err := io.ReadFull(r, head)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return nil, false, err
		}
		_, err = r.Seek(-int64(n), io.SeekCurrent)
		return head[:n], true, err
	}
	return nil, false, nil
}

// headReader is a reader whose first bytes were looked at.
type headReader struct {
	head []byte
	err  error // that came with them
	r    io.Reader
}

// look returns the first bytes, up to compress.HeadSize of them. Of the bytes that tell, a short input has fewer; none
// are waited for.
func (h *headReader) look() (head []byte, err error) {
	h.head = make([]byte, 0, compress.HeadSize)
	for empty := 0; h.err == nil && undecided(h.head); empty++ {
		var n int
		n, h.err = h.r.Read(h.head[len(h.head):cap(h.head)])
		if h.head = h.head[:len(h.head)+n]; n > 0 {
			empty = 0
		} else if empty == 100 && h.err == nil {
			h.err = io.ErrNoProgress
		}
	}
	if len(h.head) == 0 && h.err != io.EOF {
		return nil, h.err
	}
	return h.head, nil
}

// Read gives the first bytes again, and then the others.
func (h *headReader) Read(p []byte) (n int, err error) {
	switch {
	case len(h.head) > 0:
		n = copy(p, h.head)
		h.head = h.head[n:]
		return n, nil
	case h.err != nil:
		err, h.err = h.err, nil
		return 0, err
	}
	return h.r.Read(p)
}

// magics are the beginnings by which formats are told.
var magics = []string{npyMagic, zipMagic, "\x1f\x8b", "BZh", "\xfd7zXZ\x00", "]\x00\x00", "\x28\xb5\x2f\xfd", "\x04\x22\x4d\x18", "ZF", "x\x9c"}

// undecided reports whether the format shows only with more bytes than b; one that begins like that has more.
func undecided(b []byte) bool {
	for _, m := range magics {
		if len(b) < len(m) && strings.HasPrefix(m, string(b)) {
			return true
		}
	}
	return false
}
