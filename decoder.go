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

// A Decoder reads pickles that follow one another, as several calls of Python's pickle.dump to one
// file write them. It is not safe for concurrent use. The zero value has no input until
// [Decoder.Reset] gives it one, and the default options.
type Decoder struct {
	given *config // the options
	c     *config // given, adapted to the input if that is compressed
	r     io.Reader
	src   input.Source      // nil before the first Decode or More
	u     *pickle.Unpickler // src if that is an Unpickler, else nil
	end   func()            // releases the decompressor; may be nil
	own   func(v any)       // if not nil, sets the owner of the arrays in an object
	// head returns the first bytes of the input, decompressed, as far as they were read, for the
	// error that names another format. It is nil after the first pickle.
	head func() []byte
	// ahead is the result of the Load that More called on a src that is no Unpickler. It is nil
	// if there is none.
	ahead *lookAhead
	err   error // ends the input: every further call returns it
}

// NewDecoder returns a Decoder of the pickles in r. It reads nothing before the first call of
// Decode or More. Compressed input is recognised by its first bytes, as [Load] does.
func NewDecoder(r io.Reader, opts ...Option) *Decoder { return newDecoder(r, newConfig(opts)) }

func newDecoder(r io.Reader, c *config) *Decoder {
	return &Decoder{c: c, given: c, r: r}
}

// Reset makes the Decoder read the pickles in r from now on, with the options that it already has.
// It forgets the error and the state of the previous input.
func (d *Decoder) Reset(r io.Reader) {
	if d.end != nil {
		d.end()
	}
	given := d.given
	if given == nil {
		given = &noOptions
	}
	*d = *newDecoder(r, given)
}

// Decode reads the next pickle and stores it in what v points to, as [Unmarshal] does. It returns
// io.EOF when the input ends before another pickle begins, and an error of the kind [ErrTruncated]
// when it ends inside one. After an error in the input, all further calls return that error; after
// an error of the value alone, such as an *[UnmarshalTypeError], the next pickle can be read.
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
		if err := d.noteRead(err); err != nil {
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

// noteRead records the outcome of reading a pickle, and returns its error. The error of the first
// pickle says which other format the input has, if it is recognised.
func (d *Decoder) noteRead(err error) error {
	if err != nil && d.head != nil {
		err = input.NotPickle(d.head(), err)
	}
	if err != nil {
		return d.fail(err)
	}
	d.head = nil // Only the beginning of the input tells its format.
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

// only decodes the first pickle of the input. With WithNoTrailing, that must be the only one.
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

// lookAhead is a result of Load that was not used yet.
type lookAhead struct {
	obj any
	err error
}

// load returns what More read ahead, if anything, or else the next object of the source.
func (d *Decoder) load() (any, error) {
	if a := d.ahead; a != nil {
		d.ahead = nil
		return a.obj, a.err
	}
	return d.src.Load()
}

// More reports whether the input continues after the value that Decode read last, with another
// pickle or anything else; the next Decode reads it. Before the first Decode, it reports whether
// the input is not empty. Its error is the reader's.
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

// All returns an iterator over the values of the remaining pickles: plain values, or objects with
// [WithObjects]. An error ends the iteration; it comes as the last pair, with a nil value.
func (d *Decoder) All() iter.Seq2[any, error] { return all(d.Decode) }

// all returns an iterator over the values that decode returns, up to io.EOF.
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

// InputOffset returns the offset of the next pickle: the number of bytes, counted after
// decompression, that the pickles read so far take.
func (d *Decoder) InputOffset() int64 {
	if d.src == nil {
		return 0
	}
	return d.src.InputOffset()
}

// Protocol returns the pickle protocol of the value that Decode returned last. ok is false if that
// was not a pickle, such as the array of an .npy file, or if nothing was decoded yet.
func (d *Decoder) Protocol() (protocol int, ok bool) {
	if d.u == nil {
		return 0, false
	}
	return d.u.Protocol(), true
}

// fail records err, which ends the input, and releases the decompressor. A nil err is ignored.
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

// start looks at the first bytes of the input and sets src.
func (d *Decoder) start() error {
	if d.c == nil {
		d.c, d.given = &noOptions, &noOptions
	}
	if d.r == nil {
		return io.EOF
	}
	if err := d.c.misuse(); err != nil {
		return err
	}
	r, head, err := d.peek()
	if err != nil {
		return err
	}
	switch {
	case compress.Detect(head) == compress.Zip:
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
		// The limit is on compressed bytes, and z enforces it.
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

// peek returns how the input begins, and a reader of all of it.
func (d *Decoder) peek() (r io.Reader, head []byte, err error) {
	head, known, err := input.Peek(d.r)
	if err != nil {
		return nil, nil, err
	}
	if known {
		head = bytes.Clone(head)
		d.head = func() []byte { return head }
		return d.r, head, nil
	}
	b := input.NewHeadReader(d.r)
	d.head = b.Seen
	head, err = b.Look()
	return b, head, err
}

// open sets src for an input r that is not compressed and begins with head.
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
