package compress

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/zipfile"
)

// tarReader reads the only member of a tar. It checks that there is no other member before it
// delivers the last bytes, so that nobody takes the first of several members for the whole.
type tarReader struct {
	t    *tar.Reader
	left int64 // bytes of the member
}

func newTar(in io.Reader) (io.Reader, error) {
	t := tar.NewReader(in)
	for {
		h, err := t.Next()
		switch {
		case err == io.EOF:
			return nil, errkind.New(errkind.ErrUnsupported, "tar: no member is a file")
		case err != nil:
			return nil, err
		case h.Typeflag == tar.TypeDir:
			continue
		case h.Typeflag != tar.TypeReg:
			return nil, errkind.New(errkind.ErrUnsupported, "tar: member %q is not a regular file",
				h.Name)
		}
		return &tarReader{t, h.Size}, nil
	}
}

func (r *tarReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n, err := r.t.Read(p)
	r.left -= int64(n)
	if r.left > 0 {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return n, err
	}
	switch h, err := r.t.Next(); {
	case err == nil:
		return 0, &errkind.NotPickleError{
			Msg: fmt.Sprintf("tar: more than one member, the second is %q; "+
				"a pickle is in a tar by itself", h.Name),
			Err: errkind.ErrUnsupported,
		}
	case err != io.EOF:
		return 0, err
	}
	return n, nil
}

// openZip opens the only member of a zip.
func openZip(src *source) (io.Reader, io.Closer, error) {
	r, size, err := src.readerAt()
	if err != nil {
		return nil, nil, err
	}
	a, err := zipfile.OpenAnyNames(r, size)
	if err != nil {
		return nil, nil, err
	}
	members := a.Files()
	if len(members) != 1 {
		return nil, nil, &errkind.NotPickleError{
			Msg: fmt.Sprintf("zip: %d members; a pickle is in a zip by itself", len(members)),
			Err: errkind.ErrUnsupported,
		}
	}
	rc, err := members[0].Open()
	return rc, rc, err
}

// readerAt gives random access to the source from its first byte: to the file itself if it is one,
// else to a copy in memory.
func (s *source) readerAt() (io.ReaderAt, int64, error) {
	type file interface {
		io.ReadSeeker
		io.ReaderAt
	}
	if f, ok := s.r.(file); ok {
		start, err := f.Seek(0, io.SeekCurrent)
		if err == nil {
			start -= int64(len(s.head))
			end, err := f.Seek(0, io.SeekEnd)
			if err != nil {
				return nil, 0, err
			}
			s.taken = end - start
			return io.NewSectionReader(f, start, end-start), end - start, nil
		}
	}
	data, err := io.ReadAll(s)
	if err != nil {
		return nil, 0, err
	}
	return bytes.NewReader(data), int64(len(data)), nil
}
