package convert

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/unpkl/unpkl/internal/bulk"
	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/internal/errkind"
)

// input is a file that is being read.
type input struct {
	*config
	path     string
	fragment string // the text after '#' in the path
	// inParts says that the value is read in parts, so that limits hold for each part by itself.
	inParts bool
}

// open opens the file and decompresses it.
func (in *input) open() (*inputReader, error) {
	f, err := os.Open(in.path)
	if err != nil {
		return nil, err
	}
	z, err := compress.NewReader(f, in.limits)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &inputReader{z, f}, nil
}

type inputReader struct {
	*compress.Reader
	f *os.File
}

func (r *inputReader) Close() error { return errors.Join(r.Reader.Close(), r.f.Close()) }

// bytes returns the decompressed content. The buffer grows as bytes arrive, so that a size which a
// compressed file claims costs no memory.
func (in *input) bytes() ([]byte, error) {
	r, err := in.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var b bytes.Buffer
	limit := in.limits.WithDefaults().InputBytes
	if info, err := os.Stat(in.path); err == nil && info.Size() < 1<<40 {
		plain := len(r.Formats()) == 0 && info.Mode().IsRegular()
		if plain && info.Size() > readPiece && (limit <= 0 || info.Size() <= limit) {
			return readPieces(r.f, info.Size())
		}
		b.Grow(int(info.Size()) + bytes.MinRead)
	}
	if limit <= 0 || limit == 1<<63-1 {
		_, err = b.ReadFrom(r)
		return b.Bytes(), err
	}
	if _, err = b.ReadFrom(io.LimitReader(r, limit+1)); err == nil && int64(b.Len()) > limit {
		err = &errkind.LimitError{Limit: "InputBytes", Max: limit, Want: int64(b.Len())}
	}
	return b.Bytes(), err
}

// readPiece is the size in bytes above which a file is read by several goroutines.
const readPiece = 4 << 20

// readPieces reads a file of the given size on all cores: most of the time is spent in the kernel,
// on mapping pages of memory.
func readPieces(f *os.File, size int64) ([]byte, error) {
	data := make([]byte, size)
	defer bulk.LargePages(data)()
	err := bulk.Each(len(data), 0, func(from, to int) error {
		_, err := f.ReadAt(data[from:to], int64(from))
		if err == io.EOF { // the file became shorter meanwhile
			err = io.ErrUnexpectedEOF
		}
		return err
	})
	return data, err
}

// maxDecompressed returns how many bytes a file of the given size may decompress to: at most
// DecompressedBytes, at most CompressionRatio times its size unless it is small, and at least its
// size.
func (c *config) maxDecompressed(size int64) int64 {
	const floor = 1 << 20
	limits := c.limits.WithDefaults()
	most := limits.DecompressedBytes
	if size < most/limits.CompressionRatio {
		most = min(most, max(floor, size*limits.CompressionRatio))
	}
	return max(most, size)
}

// output is a file that is being written.
type output struct {
	*config
	format   *Format
	path     string    // of the finished file
	stream   io.Writer // if not nil, the destination instead of a file
	fragment string    // the text after '#' in the path
}

// loss is config.loss for the format of the file.
func (out *output) loss(path, what string, could Kind) error {
	return out.config.loss(out.format, path, what, could)
}

// write calls fill to write the content, compressed if the path's ending says so. The file is
// replaced only when the new one is complete.
func (out *output) write(fill func(w io.Writer) error) error {
	if out.stream != nil {
		return fill(out.stream)
	}
	return out.replace(func(f *os.File) error {
		z, err := compress.Create(f, out.compressionPath())
		if err != nil {
			return err
		}
		err = fill(z)
		if e := z.Close(); err == nil {
			err = e
		}
		return err
	})
}

// compressionPath returns a file name whose ending selects the compression, or none.
func (out *output) compressionPath() string {
	if f, compressed := formatOfPath(out.path); f == out.format && !compressed {
		return "x"
	}
	if out.format.Compressed {
		return out.path
	}
	return "x"
}

// replace calls fill with a new file, and renames it to the path when it is complete. A path that
// is not a regular file, such as a pipe, is written to directly.
func (out *output) replace(fill func(f *os.File) error) error {
	mode := os.FileMode(0o644)
	if info, err := os.Stat(out.path); err == nil {
		mode = info.Mode().Perm()
		if !info.Mode().IsRegular() {
			f, err := os.OpenFile(out.path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			err = fill(f)
			return errors.Join(err, f.Close())
		}
	}
	f, err := os.CreateTemp(filepath.Dir(out.path), "."+filepath.Base(out.path)+".*")
	if err != nil {
		return err
	}
	err = fill(f)
	if err == nil {
		err = f.Chmod(mode)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), out.path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
