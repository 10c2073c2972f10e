package unpkl

import (
	"bytes"
	"io"
	"iter"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/internal/input"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/internal/unmarshal"
	"github.com/unpkl/unpkl/pickle"
)

// Decoder reads pickles that stand one after another, as several calls of Python's
// pickle.dump to one file write them. It is not safe for concurrent use. The zero value reads
// nothing, and what [Decoder.Reset] gives it with the default options.
type Decoder struct {
	c   *config // what the options say, and what a compressed input adds
	all *config // what the options say
	r   io.Reader
	src input.Source
	u   *pickle.Unpickler // src, if it is one
	end func()            // releases the decompressor
	own func(v any)       // sees each object before it is converted
	// head returns the first bytes of the input, decompressed, as far as they were read. It is nil
	// once a pickle was.
	head func() []byte
	// ahead is what More read of an input that is no pickle, nil if nothing.
	ahead *lookAhead
	err   error // the input's last word
}

// NewDecoder returns a Decoder of the pickles in r. Nothing is read before the first
// Decode. Compressed input is recognised as [Load] does, by the first bytes of all.
func NewDecoder(r io.Reader, opts ...Option) *Decoder { return newDecoder(r, newConfig(opts)) }

func newDecoder(r io.Reader, c *config) *Decoder { return &Decoder{c: c, all: c, r: r} }

// Reset makes the Decoder read the pickles in r from now on, with the options that it has, as one
// that [NewDecoder] returns.
func (d *Decoder) Reset(r io.Reader) {
	if d.end != nil {
		d.end()
	}
	all := d.all
	if all == nil {
		all = &noOptions
	}
	*d = *newDecoder(r, all)
}

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
	part, isPart := v.(*lookup.Part)
	switch {
	case d.u != nil && isPart:
		return d.partOfPickle(part)
	case d.u != nil:
		p, err := bridge.Read(d.u)
		if err := d.read(err); err != nil {
			return err
		}
		return d.c.decodeInto(p, v)
	case isPart:
		return d.part(part)
	}
	obj, err := d.object()
	if err != nil {
		return err
	}
	to := d.c.assignOptions()
	return unmarshal.Into(obj, v, &to)
}

// read notes the error with which a pickle was read, if it is one.
func (d *Decoder) read(err error) error {
	if err != nil && d.head != nil {
		err = input.NotPickle(d.head(), err)
	}
	if err != nil {
		return d.fail(err)
	}
	d.head = nil // what follows is behind a pickle
	return nil
}

// object returns the next object of a source that is no Unpickler.
func (d *Decoder) object() (any, error) {
	obj, err := d.load()
	if err != nil {
		return nil, d.fail(err)
	}
	if d.own != nil {
		d.own(obj)
	}
	return obj, nil
}

// only decodes the only pickle of the input, or with others behind it the first.
func (d *Decoder) only(v any) error {
	if err := d.Decode(v); err != nil {
		return noInput(err)
	}
	if !d.c.noTrailing {
		return nil
	}
	more, err := d.More()
	if more && err == nil {
		err = trailing(d.InputOffset())
	}
	return err
}

// lookAhead is what the next load of a source returned.
type lookAhead struct {
	obj any
	err error
}

// load is Load of the source, or what it returned before.
func (d *Decoder) load() (any, error) {
	if a := d.ahead; a != nil {
		d.ahead = nil
		return a.obj, a.err
	}
	return d.src.Load()
}

// More reports whether the input goes on behind what Decode read last, with another pickle or
// anything else, which then the next Decode reads; before the first Decode, whether there
// is any input. Its error is the reader's.
func (d *Decoder) More() (bool, error) {
	if d.err == nil && d.src == nil {
		d.err = d.start()
	}
	switch {
	case d.err == io.EOF:
		return false, nil
	case d.err != nil:
		return false, d.err
	case d.u != nil:
		return d.u.More()
	case d.ahead == nil:
		obj, err := d.src.Load()
		d.ahead = &lookAhead{obj, err}
	}
	return d.ahead.err != io.EOF, nil
}

// All returns an iterator over the values of the pickles that are left: plain values,
// or objects with [WithObjects]. An error is the last pair, with a nil value.
func (d *Decoder) All() iter.Seq2[any, error] { return all(d.Decode) }

func all(decode func(v any) error) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		for {
			var v any
			err := decode(&v)
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

// Protocol returns the pickle protocol of the value that Decode returned last, and false
// where that was no pickle, such as the array of an .npy file, or there was none.
func (d *Decoder) Protocol() (protocol int, ok bool) {
	if d.u == nil {
		return 0, false
	}
	return d.u.Protocol(), true
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
	if d.c == nil {
		d.c, d.all = &noOptions, &noOptions
	}
	if d.r == nil {
		return io.EOF
	}
	if err := d.c.misuse(); err != nil {
		return err
	}
	r := d.r
	head, known, err := input.Peek(r)
	if err != nil {
		return err
	}
	if known {
		head = bytes.Clone(head)
		d.head = func() []byte { return head }
	} else {
		b := input.NewHeadReader(r)
		r, d.head = b, b.Seen
		if head, err = b.Look(); err != nil {
			return err
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte(magic.Zip)):
		zip, size, err := input.ZipOf(r, d.c.limits.WithDefaults().InputBytes)
		if err != nil {
			return err
		}
		if src, ok := input.OpenZip(zip, size, d.c.inputOptions()); ok {
			d.src = src
			return nil
		}
		r = io.NewSectionReader(zip, 0, size)
	case compress.Detect(head) == compress.Tar:
		d.src, r, err = input.OpenTar(r, d.c.inputOptions())
		if err != nil || d.src != nil {
			return err
		}
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
	b := input.NewHeadReader(z)
	d.head = b.Seen
	if head, err = b.Look(); err != nil {
		return err
	}
	return d.open(b, head)
}

// open makes the source of an input that is not compressed and begins with head.
func (d *Decoder) open(r io.Reader, head []byte) error {
	if bytes.HasPrefix(head, []byte(magic.NPY)) {
		d.src = input.NewNPY(r, d.c.inputOptions())
		return nil
	}
	u := pickle.NewUnpickler(r)
	if input.IsTorch(head) {
		d.src = input.NewTorch(u, d.c.inputOptions())
		return nil
	}
	d.c.setUp(u)
	d.src, d.u = u, u
	return nil
}
