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
	fragment string // what stood behind '#'
	// streams says that the value is read a part at a time: what is bounded is each part.
	streams bool
}

// open opens the file and undoes a compression.
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

// bytes returns the whole content without its compression. Memory grows as it arrives; the file of
// a lying size costs nothing.
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

// readPiece is from how many bytes on a file is read by several goroutines.
const readPiece = 4 << 20

// readPieces reads a file of the size given on all cores: most of the time goes into making pages
// of memory.
func readPieces(f *os.File, size int64) ([]byte, error) {
	data := make([]byte, size)
	defer bulk.LargePages(data)()
	err := bulk.Each(len(data), 0, func(from, to int) error {
		_, err := f.ReadAt(data[from:to], int64(from))
		if err == io.EOF { // the file became shorter
			err = io.ErrUnexpectedEOF
		}
		return err
	})
	return data, err
}

// unfolded returns how many bytes a file of the given size may unfold to: DecompressedBytes, no
// more than CompressionRatio for each byte of a file of more than a few, and no less than its size.
func (c *config) unfolded(size int64) int64 {
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
	name     string    // the name that it will have
	w        io.Writer // what is written to instead, if it is not nil
	fragment string
}

// loss is config.loss for the format that is written.
func (out *output) loss(path, what string, could Kind) error {
	return out.config.loss(out.format, path, what, could)
}

// write writes what fill writes to the file, with the compression that its ending asks for. The
// file is complete or stays what it was.
func (out *output) write(fill func(w io.Writer) error) error {
	if out.w != nil {
		return fill(out.w)
	}
	return out.replace(func(f *os.File) error {
		z, err := compress.Create(f, out.compression())
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

// compression is a name with the ending of the compression, or without any.
func (out *output) compression() string {
	if f, compressed := formatOfPath(out.name); f == out.format && !compressed {
		return "x"
	}
	if out.format.Compressed {
		return out.name
	}
	return "x"
}

// replace has fill write to a new file, which then takes the name. Something else than a regular
// file, such as a pipe, is written to as it is.
func (out *output) replace(fill func(f *os.File) error) error {
	mode := os.FileMode(0o644)
	if info, err := os.Stat(out.name); err == nil {
		mode = info.Mode().Perm()
		if !info.Mode().IsRegular() {
			f, err := os.OpenFile(out.name, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			err = fill(f)
			return errors.Join(err, f.Close())
		}
	}
	f, err := os.CreateTemp(filepath.Dir(out.name), "."+filepath.Base(out.name)+".*")
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
		err = os.Rename(f.Name(), out.name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
