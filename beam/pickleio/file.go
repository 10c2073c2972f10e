package pickleio

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
)

// file is a file that is open for reading. It remembers an error of a read, by which an unreadable
// file is told from a malformed pickle.
type file struct {
	f      *os.File
	size   int64
	copied bool // the file is a temporary copy, which close removes
	failed error
}

// open opens a local file, or a temporary copy of any other.
func open(ctx context.Context, path string) (*file, error) {
	if !isLocal(path) {
		return openCopy(ctx, path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return withSize(&file{f: f})
}

func withSize(f *file) (*file, error) {
	info, err := f.f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: f.f.Name(), Err: errors.New("not a regular file")}
	}
	if err != nil {
		f.close()
		return nil, err
	}
	f.size = info.Size()
	return f, nil
}

// fetch copies a file to a temporary file and opens that.
func openCopy(ctx context.Context, path string) (*file, error) {
	system, err := filesystem.New(ctx, path)
	if err != nil {
		return nil, err
	}
	defer system.Close()
	r, err := system.OpenRead(ctx, path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	f, err := os.CreateTemp("", "unpkl-beam-*")
	if err != nil {
		return nil, err
	}
	out := &file{f: f, copied: true}
	if _, err := io.Copy(f, r); err != nil {
		out.close()
		return nil, err
	}
	return withSize(out)
}

// ReadAt implements [io.ReaderAt].
func (f *file) ReadAt(p []byte, at int64) (int, error) {
	n, err := f.f.ReadAt(p, at)
	if err != nil && err != io.EOF {
		f.failed = err
	}
	return n, err
}

// from returns a reader of the file from an offset to its end.
func (f *file) from(at int64) *io.SectionReader { return io.NewSectionReader(f, at, f.size-at) }

func (f *file) close() {
	f.f.Close()
	if f.copied {
		os.Remove(f.f.Name())
	}
}

// isFinal reports whether opening a file failed in a way that trying again will not change.
func isFinal(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}
