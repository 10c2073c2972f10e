package compress

import (
	"bufio"
	"errors"
	"io"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/zipfile"
	"github.com/unpkl/unpkl/pickle"
)

// inputBuffer is the size of reads from compressed input, in bytes.
const inputBuffer = 64 << 10

// Reader reads decompressed input. It returns errors of the source unchanged, and io.EOF at the
// clean end. Every other error has one of the kinds of package pickle (truncated, malformed, limit,
// unsupported) and names the format. It is not safe for concurrent use.
type Reader struct {
	r       io.Reader
	src     *source // nil if the input is not compressed
	formats []Format
	closers []io.Closer
}

// NewReader reads the first bytes of r, and returns a reader of the decompressed input, or of r
// itself from its first byte if it is not compressed. In that case it reads no more from r than it
// needs to know, and later reads go to r directly. A zip is read into memory as a whole, unless r
// is an io.ReadSeeker and io.ReaderAt, as files are.
//
// The caller may close the Reader to release the memory of the decoders; r stays open.
func NewReader(r io.Reader, limits pickle.Limits) (*Reader, error) {
	return newReader(r, limits, true)
}

// NewOuterReader is NewReader that leaves a tar inside another format as it is, with any number of
// members.
func NewOuterReader(r io.Reader, limits pickle.Limits) (*Reader, error) {
	return newReader(r, limits, false)
}

func newReader(r io.Reader, limits pickle.Limits, lookForTar bool) (*Reader, error) {
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
	if f == Tar || f == Zip || !lookForTar {
		return z, nil
	}
	// Inside, only a tar is expected: pandas writes .tar.gz, .tar.bz2 and .tar.xz, and nobody
	// compresses twice.
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

// push adds the decoder of one more format.
func (z *Reader) push(f Format, in io.Reader, src *source, limits pickle.Limits) error {
	l := &layer{f: f, src: src, limits: limits}
	r, closer, err := openDecoder(f, in, src, limits)
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return l.withKind(err)
	}
	if closer != nil {
		z.closers = append(z.closers, closer)
	}
	l.r = r
	z.r, z.formats = l, append(z.formats, f)
	return nil
}

// Formats returns the formats around the input, the outermost first. It is empty if the input is
// not compressed.
func (z *Reader) Formats() []Format { return z.formats }

// Taken returns the number of bytes read from a compressed input so far, or 0 if it is not
// compressed.
func (z *Reader) Taken() int64 {
	if z.src == nil {
		return 0
	}
	return z.src.taken
}

// Read reads decompressed bytes.
func (z *Reader) Read(p []byte) (int, error) { return z.r.Read(p) }

// Close releases the decoders; it does not close the source. Reads after Close fail.
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

// layer is a decoder with limits, whose errors have a kind.
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
		l.err = l.withKind(err)
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
	ratio := l.total / max(l.src.taken, 1)
	if l.total > zipfile.RatioFloor && ratio >= l.limits.CompressionRatio {
		return &pickle.LimitError{Limit: "CompressionRatio", Max: l.limits.CompressionRatio,
			Want: ratio}
	}
	return nil
}

// withKind gives an error of a decoder its kind. An error of the source is returned as it is; any
// other error means that the data is malformed or truncated.
func (l *layer) withKind(err error) error {
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

// source counts the bytes that decoders read from the input, and keeps its error apart from theirs.
type source struct {
	head  []byte // read by sniff, and delivered first
	r     io.Reader
	taken int64 // bytes
	max   int64 // bytes
	atEOF bool
	err   error // of r, or that max was exceeded
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
	s.taken += int64(n)
	if s.taken > s.max {
		s.err = &pickle.LimitError{Limit: "InputBytes", Max: s.max, Want: s.taken}
		return 0, s.err
	}
	if err == io.EOF {
		s.atEOF = true
	} else if err != nil {
		s.err = err
	}
	return n, err
}

// headReader reads head, and then from r without a buffer.
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

// sniff reads until the format is known, at least one byte, and returns the bytes that it read.
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
