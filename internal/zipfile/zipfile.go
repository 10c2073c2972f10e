// Package zipfile opens untrusted zip archives: .npz files and zipped pickles. When it opens one,
// it checks that every member is inside the archive and does not overlap another member, and that
// its name does not lead out of a folder.
package zipfile

import (
	"archive/zip"
	"cmp"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"

	"github.com/unpkl/unpkl/internal/errkind"
)

// RatioFloor is the number of bytes to which compressed input of any size may decompress. Only
// above it Limits.CompressionRatio holds.
const RatioFloor = 16 << 20

// Archive is an open zip. It is safe for concurrent use if its io.ReaderAt is.
type Archive struct {
	files []*File
}

// File is a member of an archive.
type File struct {
	f      *zip.File
	offset int64 // of the member's data in the archive, in bytes
}

// Open reads the directory of a zip of the given size in bytes. Names must pass CheckName.
func Open(r io.ReaderAt, size int64) (*Archive, error) { return open(r, size, true) }

// OpenAnyNames is Open without a check of the names, for callers that do not use them: pandas
// before 1.4 names the pickle in a zip by its whole path.
func OpenAnyNames(r io.ReaderAt, size int64) (*Archive, error) { return open(r, size, false) }

func open(r io.ReaderAt, size int64, checked bool) (*Archive, error) {
	// A SectionReader returns an error for any offset that a directory may claim.
	r = io.NewSectionReader(r, 0, size)
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, withKind(err)
	}
	z.RegisterDecompressor(zip.Deflate, func(r io.Reader) io.ReadCloser {
		return flate.NewReader(r)
	})
	a := &Archive{files: make([]*File, 0, len(z.File))}
	seen := make(map[string]bool, len(z.File))
	for _, f := range z.File {
		if seen[f.Name] {
			return nil, malformed("two members are named %q", f.Name)
		}
		seen[f.Name] = true
		if checked {
			if err := CheckName(f.Name); err != nil {
				return nil, err
			}
		}
		m, err := newFile(f, size)
		if err != nil {
			return nil, err
		}
		if !strings.HasSuffix(f.Name, "/") {
			a.files = append(a.files, m)
		}
	}
	return a, a.checkOverlap()
}

func newFile(f *zip.File, size int64) (*File, error) {
	if f.Method == zip.Store && f.CompressedSize64 != f.UncompressedSize64 {
		return nil, malformed("member %q is stored, yet %d bytes become %d", f.Name,
			f.CompressedSize64, f.UncompressedSize64)
	}
	if f.UncompressedSize64 > 1<<62 {
		return nil, malformed("member %q claims %d bytes", f.Name, f.UncompressedSize64)
	}
	offset, err := f.DataOffset()
	if err != nil {
		return nil, withKind(err)
	}
	if offset > size || f.CompressedSize64 > uint64(size-offset) {
		return nil, malformed("member %q reaches past the end of the file", f.Name)
	}
	return &File{f, offset}, nil
}

// CheckName returns an error for a name that would lead out of the folder it is unpacked to.
func CheckName(name string) error {
	clean := path.Clean(name)
	if name == "" || path.IsAbs(name) || clean == ".." || strings.HasPrefix(clean, "../") ||
		slices.Contains(strings.Split(name, "/"), "..") || strings.ContainsAny(name, "\\\x00") {
		return malformed("member name %q", name)
	}
	return nil
}

// checkOverlap refuses members that share bytes. No writer makes them, and they would let a small
// file decompress to the square of its size.
func (a *Archive) checkOverlap() error {
	byOffset := slices.Clone(a.files)
	slices.SortFunc(byOffset, func(x, y *File) int { return cmp.Compare(x.offset, y.offset) })
	for i, f := range byOffset[:max(len(byOffset)-1, 0)] {
		// Between two members there are at least a local header of 30 bytes and its name.
		next := byOffset[i+1]
		if f.offset+int64(f.f.CompressedSize64) > next.offset-30-int64(len(next.f.Name)) {
			return malformed("members %q and %q overlap", f.f.Name, next.f.Name)
		}
	}
	return nil
}

// Files returns the members that are not folders, in the order of the directory. The caller must
// not modify the slice.
func (a *Archive) Files() []*File { return a.files }

// Name returns the name of the member; slashes separate folders.
func (f *File) Name() string { return f.f.Name }

// Size returns the decompressed size in bytes that the directory claims. Only reading the member
// shows whether that is true.
func (f *File) Size() int64 { return int64(f.f.UncompressedSize64) }

// CompressedSize returns the number of bytes that the member takes in the archive.
func (f *File) CompressedSize() int64 { return int64(f.f.CompressedSize64) }

// Stored returns the offset in the archive of the member's content; ok is false if it is compressed
// or encrypted.
func (f *File) Stored() (offset int64, ok bool) {
	return f.offset, f.f.Method == zip.Store && f.f.Flags&1 == 0
}

// Open returns a reader of the member's content. If the content does not have the size and CRC-32
// in the directory, the reader fails at the end, and never delivers more bytes than that size.
func (f *File) Open() (io.ReadCloser, error) {
	if f.f.Flags&1 != 0 {
		return nil, errkind.New(errkind.ErrUnsupported, "zip: member %q is encrypted", f.f.Name)
	}
	if f.f.Method != zip.Store && f.f.Method != zip.Deflate {
		return nil, errkind.New(errkind.ErrUnsupported, "zip: compression method %d of member %q",
			f.f.Method, f.f.Name)
	}
	rc, err := f.f.Open()
	if err != nil {
		return nil, withKind(err)
	}
	return &content{rc, f.Size()}, nil
}

type content struct {
	rc   io.ReadCloser
	left int64
}

func (c *content) Read(p []byte) (int, error) {
	n, err := c.rc.Read(p)
	c.left -= int64(n)
	if c.left < 0 {
		return 0, malformed("a member is longer than the directory says")
	}
	if err != nil && err != io.EOF {
		err = withKind(err)
	}
	return n, err
}

func (c *content) Close() error { return c.rc.Close() }

func malformed(format string, args ...any) error {
	return errkind.New(errkind.ErrMalformed, "zip: "+format, args...)
}

// withKind gives an error of the decoders its kind, and returns errors of the source unchanged.
func withKind(err error) error {
	var corrupt flate.CorruptInputError
	var internal flate.InternalError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF:
		return errkind.New(errkind.ErrTruncated, "zip: the file or a member ends early")
	case errors.Is(err, zip.ErrFormat), errors.Is(err, zip.ErrChecksum), errors.As(err, &corrupt),
		errors.As(err, &internal):
		return malformed("%v", strings.TrimPrefix(err.Error(), "zip: "))
	case errors.Is(err, zip.ErrAlgorithm):
		return errkind.New(errkind.ErrUnsupported, "%v", err)
	}
	return err
}
