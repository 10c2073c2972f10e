package hdf5_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/unpkl/unpkl/hdf5"
)

// failingReader fails when the byte at an offset is read.
type failingReader struct {
	io.ReaderAt
	at  int64
	err error
}

func (r failingReader) ReadAt(p []byte, off int64) (int, error) {
	if off <= r.at && r.at < off+int64(len(p)) {
		return 0, r.err
	}
	return r.ReaderAt.ReadAt(p, off)
}

// TestReadPieces: several goroutines read a large dataset, and an error of one of them is returned.
func TestReadPieces(t *testing.T) {
	want := array(t, count[int32](1700*1001), 1700, 1001)
	path := create(t, func(w *hdf5.Writer) { must(t, w.Dataset("x", want, nil)) })
	data, err := os.ReadFile(path)
	must(t, err)
	for _, workers := range []int{0, 1, 3} {
		read := func(r io.ReaderAt) error {
			f, err := hdf5.NewReader(r, int64(len(data)), &hdf5.Options{Workers: workers})
			must(t, err)
			defer f.Close()
			d, err := f.Dataset("x")
			must(t, err)
			got, err := d.Read()
			if err == nil && !got.Equal(want) {
				t.Errorf("%d workers: other elements", workers)
			}
			return err
		}
		must(t, read(bytes.NewReader(data)))
		bad := errors.New("bad sector")
		if err := read(failingReader{bytes.NewReader(data), 5 << 20, bad}); !errors.Is(err, bad) {
			t.Errorf("%d workers: %v", workers, err)
		}
	}
}
