package input

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/internal/mmap"
)

// peeker is a reader that shows bytes before they are read, such as a *bufio.Reader.
type peeker interface {
	Peek(n int) ([]byte, error)
	Buffered() int
}

// Peek returns the first bytes of r, compress.HeadSize of them if there are as many, and
// leaves r where it is; known is false where r cannot be put back.
func Peek(r io.Reader) (head []byte, known bool, err error) {
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

// HeadReader is a reader whose first bytes were looked at.
type HeadReader struct {
	head []byte
	err  error // that came with them
	r    io.Reader
	seen []byte // the first bytes of all that were read, up to compress.HeadSize
	end  bool   // the input ended
}

// Seen returns the first bytes that were read, up to compress.HeadSize of them; none where they are
// too few to tell what the input is.
func (h *HeadReader) Seen() []byte {
	const few = 16
	if len(h.seen) < few && !h.end {
		return nil
	}
	return h.seen
}

// NewHeadReader returns a reader of r whose first bytes can be looked at.
func NewHeadReader(r io.Reader) *HeadReader { return &HeadReader{r: r} }

// Look returns the first bytes, up to compress.HeadSize of them. Of the bytes that tell, a short
// input has fewer; none are waited for.
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

// Read gives the first bytes again, and then the others.
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

// undecided reports whether the format shows only with more bytes than b; one that begins like that
// has more.
func undecided(b []byte) bool { return magic.IsPrefix(b, magic.Pickles) }

var errNotRegular = errors.New("not a regular file")

// Map maps the file at path if what is in it can be read where it lies. Where data is nil it is
// to be read as a stream: it is compressed, or empty, or the system has no such mappings.
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
	if bytes.HasPrefix(head, []byte(magic.Zip)) {
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
