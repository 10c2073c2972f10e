package input

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/internal/mmap"
)

// peeker is a buffered reader, such as a *bufio.Reader.
type peeker interface {
	Peek(n int) ([]byte, error)
	Buffered() int
}

// Peek returns the first bytes of r, up to compress.HeadSize of them, and leaves the position of r
// unchanged. known is false, and nothing was read, if r cannot do that.
func Peek(r io.Reader) (head []byte, known bool, err error) {
	switch r := r.(type) {
	case interface{ Bytes() []byte }: // a bytes.Buffer
		b := r.Bytes()
		return b[:min(len(b), compress.HeadSize)], true, nil
	case peeker:
		// Look only at bytes that have arrived: the other end of a pipe may send no more until it
		// gets an answer.
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

// HeadReader is a reader whose first bytes can be looked at before they are read.
type HeadReader struct {
	head []byte // bytes that Look has read from r and Read has not returned yet
	err  error  // of r after head, or nil
	r    io.Reader
	seen []byte // the first bytes that Read has returned, up to compress.HeadSize
	end  bool   // whether r has returned io.EOF
}

// Seen returns the first bytes that Read has returned, up to compress.HeadSize of them. It returns
// none if they are too few to recognise a format, unless they are the whole input.
func (h *HeadReader) Seen() []byte {
	const few = 16
	if len(h.seen) < few && !h.end {
		return nil
	}
	return h.seen
}

// NewHeadReader returns a HeadReader of r.
func NewHeadReader(r io.Reader) *HeadReader { return &HeadReader{r: r} }

// Look returns the first bytes, up to compress.HeadSize of them. It must be called before Read, and
// once. It does not wait for more bytes than it takes to tell a pickle from other formats, so head
// can be shorter than the input.
func (h *HeadReader) Look() (head []byte, err error) {
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
	h.end = h.err == io.EOF
	if len(h.head) == 0 && h.err != io.EOF {
		return nil, h.err
	}
	return h.head, nil
}

// Read implements io.Reader. It returns the bytes that Look has read first.
func (h *HeadReader) Read(p []byte) (n int, err error) {
	switch {
	case len(h.head) > 0:
		n = copy(p, h.head)
		h.head = h.head[n:]
	case h.err != nil:
		err, h.err = h.err, nil
		return 0, err
	default:
		n, err = h.r.Read(p)
	}
	if room := compress.HeadSize - len(h.seen); room > 0 {
		h.seen = append(h.seen, p[:min(n, room)]...)
	}
	h.end = h.end || err == io.EOF
	return n, err
}

// undecided reports whether an input that begins with b may be recognised only by more bytes. Every
// format of which that is true is longer than b.
func undecided(b []byte) bool { return magic.IsPrefix(b, magic.Pickles) }

var errNotRegular = errors.New("not a regular file")

// Map maps the file at path. data is nil, without an error, if the file must be read as a stream:
// it is compressed or empty, or the system has no such mappings.
func Map(path string, c *Options) (data []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "map", Path: path, Err: errNotRegular}
	}
	head := make([]byte, compress.HeadSize)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	head = head[:n]
	mappable := compress.Detect(head) == compress.Plain
	if compress.Detect(head) == compress.Zip {
		_, mappable = OpenZip(f, info.Size(), c)
	}
	if !mappable || info.Size() == 0 {
		return nil, nil
	}
	data, err = mmap.Map(f, info.Size())
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, &fs.PathError{Op: "map", Path: path, Err: err}
	}
	return data, nil
}
