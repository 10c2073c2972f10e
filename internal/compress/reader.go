package compress

import (
	"bufio"
	"errors"
	"io"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/zipfile"
	"github.com/unpkl/unpkl/pickle"
)

// inputBuffer is the unit of reads from compressed input.
const inputBuffer = 64 << 10

// Reader reads what an input unfolds to. Its errors are those of the source as they
// are, io.EOF at the clean end, and otherwise of one of the kinds of package pickle
// (truncated, malformed, limit, unsupported), naming the format. It is not safe for
// concurrent use.
type Reader struct {
	r       io.Reader
	src     *source // nil where it is not compressed
	formats []Format
	closers []io.Closer
}

// NewReader looks at r's first bytes and returns a reader of what they unfold to; of r
// itself, from its first byte on, when it is not compressed. It reads no more from a
// source that is not compressed than it needs to know that, and later reads go to r
// without a buffer between. A zip is read whole into memory unless r is an
// io.ReadSeeker and io.ReaderAt, as files are.
//
// The caller closes the Reader to release the decoder's memory early; r stays open.
func NewReader(r io.Reader, limits pickle.Limits) (*Reader, error) {
	return newReader(r, limits, true)
}

// NewOuterReader is NewReader that does not look for a tar inside of another format, which may have
// any number of members.
func NewOuterReader(r io.Reader, limits pickle.Limits) (*Reader, error) {
	return newReader(r, limits, false)
}

func newReader(r io.Reader, limits pickle.Limits, inside bool) (*Reader, error) {
	limits = limits.WithDefaults()
	f, head, err := sniff(r)
	if err != nil {
		return nil, err
	}
	z := &Reader{r: &headReader{head: head, r: r}}
	if f == Plain {
		return z, nil
	}
	src := &source{head: head, r: r, max: limits.InputBytes}
	z.src = src
	if err := z.push(f, src, src, limits); err != nil {
		return nil, err
	}
	if f == Tar || f == Zip || !inside {
		return z, nil
	}
	// Only a tar is looked for inside: pandas writes .tar.gz, .tar.bz2 and .tar.xz,
	// and nobody compresses twice.
	inner, head, err := sniff(z.r)
	z.r = &headReader{head: head, r: z.r}
	if err == nil && inner == Tar {
		err = z.push(Tar, z.r, src, limits)
	}
	if err != nil {
		return nil, errors.Join(err, z.Close())
	}
	return z, nil
}

// push puts the decoder of one more format on top.
func (z *Reader) push(f Format, in io.Reader, src *source, limits pickle.Limits) error {
	l := &layer{f: f, src: src, limits: limits}
	r, closer, err := open(f, in, src, limits)
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return l.kind(err)
	}
	if closer != nil {
		z.closers = append(z.closers, closer)
	}
	l.r = r
	z.r, z.formats = l, append(z.formats, f)
	return nil
}

// Formats returns what the input is wrapped in, outermost first; it is empty for an
// input that is not compressed.
func (z *Reader) Formats() []Format { return z.formats }

// Taken returns how many bytes were taken from a compressed input so far.
func (z *Reader) Taken() int64 {
	if z.src == nil {
		return 0
	}
	return z.src.n
}

// Read reads decompressed bytes.
func (z *Reader) Read(p []byte) (int, error) { return z.r.Read(p) }

// Close releases the decoders; it does not close the source. Reading afterwards is an
// error.
func (z *Reader) Close() error {
	var err error
	for _, c := range z.closers {
		err = errors.Join(err, c.Close())
	}
	z.closers, z.r = nil, closedReader{}
	return err
}

type closedReader struct{}

func (closedReader) Read([]byte) (int, error) { return 0, errClosed }

var errClosed = errors.New("compress: read after Close")

// layer is a decoder under the limits, whose errors have a kind.
type layer struct {
	f      Format
	src    *source
	r      io.Reader
	limits pickle.Limits
	total  int64 // bytes delivered
	err    error
}

func (l *layer) Read(p []byte) (int, error) {
	if l.err != nil || len(p) == 0 {
		return 0, l.err
	}
	n, err := l.r.Read(p)
	l.total += int64(n)
	if over := l.overLimit(); over != nil {
		n, err = 0, over
	}
	if err != nil {
		l.err = l.kind(err)
	}
	if n > 0 {
		return n, nil // the error comes with the next call
	}
	return 0, l.err
}

// overLimit checks the decompressed size against both limits.
func (l *layer) overLimit() error {
	if l.total > l.limits.DecompressedBytes {
		return &pickle.LimitError{Limit: "DecompressedBytes", Max: l.limits.DecompressedBytes,
			Want: l.total}
	}
	ratio := l.total / max(l.src.n, 1)
	if l.total > zipfile.RatioFloor && ratio >= l.limits.CompressionRatio {
		return &pickle.LimitError{Limit: "CompressionRatio", Max: l.limits.CompressionRatio,
			Want: ratio}
	}
	return nil
}

// kind gives a decoder's error its kind. What the source itself reported is passed
// on, and every other complaint of a decoder is about the data.
func (l *layer) kind(err error) error {
	switch {
	case err == io.EOF:
		return err
	case l.src.err != nil:
		return l.src.err
	case errors.Is(err, errkind.ErrTruncated), errors.Is(err, errkind.ErrMalformed),
		errors.Is(err, errkind.ErrLimit), errors.Is(err, errkind.ErrUnsupported):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), l.src.atEOF && truncatedText(err):
		return errkind.New(errkind.ErrTruncated, "%s: truncated", l.f)
	}
	return errkind.New(errkind.ErrMalformed, "%s: %v", l.f, err)
}

// source counts what the decoders take from the input, and keeps its error apart from
// theirs.
type source struct {
	head  []byte // read ahead by sniff, delivered first
	r     io.Reader
	n     int64
	max   int64
	atEOF bool
	err   error
}

func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	var n int
	var err error
	if len(s.head) > 0 {
		n = copy(p, s.head)
		s.head = s.head[n:]
	} else {
		n, err = s.r.Read(p)
	}
	s.n += int64(n)
	if s.n > s.max {
		s.err = &pickle.LimitError{Limit: "InputBytes", Max: s.max, Want: s.n}
		return 0, s.err
	}
	if err == io.EOF {
		s.atEOF = true
	} else if err != nil {
		s.err = err
	}
	return n, err
}

// headReader delivers head, then reads from r directly.
type headReader struct {
	head []byte
	r    io.Reader
}

func (h *headReader) Read(p []byte) (int, error) {
	if len(h.head) > 0 {
		n := copy(p, h.head)
		h.head = h.head[n:]
		return n, nil
	}
	return h.r.Read(p)
}

// sniff reads until the format is decided, one byte at least, and returns what it read.
func sniff(r io.Reader) (Format, []byte, error) {
	head := make([]byte, 0, 2*HeadSize)
	for idle := 0; ; {
		n, err := r.Read(head[len(head):HeadSize])
		head = head[:len(head)+n]
		if err != nil && err != io.EOF {
			return Plain, nil, err
		}
		if idle++; n > 0 {
			idle = 0
		} else if idle > 100 && err == nil {
			return Plain, nil, io.ErrNoProgress
		}
		f, decided := detect(head, err == io.EOF || len(head) == HeadSize)
		if decided || err == io.EOF {
			return f, head, nil
		}
	}
}

func buffered(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, inputBuffer) }
