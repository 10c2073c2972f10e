package unpkl_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/unpkl/unpkl"
)

// countingReaderAt counts what is read of a file.
type countingReaderAt struct {
	io.ReaderAt
	reads, bytes atomic.Int64
}

func (r *countingReaderAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(p, off)
	r.reads.Add(1)
	r.bytes.Add(int64(n))
	return n, err
}

// marshalled returns the pickle of a value, by which values are compared.
func marshalled(t *testing.T, v any) []byte {
	t.Helper()
	data, err := unpkl.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestOpenReaderAt: what is read by ranges is what is read of the file, whatever the file is.
func TestOpenReaderAt(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"mix.pkl", "table.pkl", "old.p2.pkl", "numbers.pkl", "x.npy",
		"arrays.npz"} {
		path := filepath.Join("testdata", "command", name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, wantErr := unpkl.LoadFile(path, unpkl.WithObjects())
		f, err := unpkl.OpenReaderAt(bytes.NewReader(data), int64(len(data)), unpkl.WithObjects())
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			got, err := f.Load()
			if err != nil || wantErr != nil {
				t.Fatalf("%s: %v, want %v", name, err, wantErr)
			}
			if !bytes.Equal(marshalled(t, got), marshalled(t, want)) {
				t.Errorf("%s: the values differ", name)
			}
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if _, err := f.Load(); !errors.Is(err, unpkl.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	}
}

// TestOpenReaderAtReadsOnlyWhatItNeeds: of many pickles the first is read, by few ranges.
func TestOpenReaderAtReadsOnlyWhatItNeeds(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	e := unpkl.NewEncoder(&b)
	for i := range 20 {
		if err := e.Encode(map[string]any{"n": int64(i), "x": make([]float64, 1<<16)}); err != nil {
			t.Fatal(err)
		}
	}
	r := &countingReaderAt{ReaderAt: bytes.NewReader(b.Bytes())}
	f, err := unpkl.OpenReaderAt(r, int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n, err := f.Lookup("/n"); fmt.Sprint(n) != "0" || err != nil {
		t.Errorf("Lookup: %v, %v", n, err)
	}
	if read := r.bytes.Load(); read > 4<<20 || r.reads.Load() > 8 {
		t.Errorf("%d bytes of %d were read by %d ranges", read, b.Len(), r.reads.Load())
	}
	d, err := f.Decoder()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	n := 0
	for v, err := range d.All() {
		if err != nil || fmt.Sprint(v.(map[string]any)["n"]) != fmt.Sprint(n) {
			t.Fatalf("pickle %d: %v", n, err)
		}
		n++
	}
	if n != 20 {
		t.Errorf("%d pickles", n)
	}
	if _, err := unpkl.OpenReaderAt(r, -1); err == nil {
		t.Error("a negative size")
	}
}

// ExampleOpenReaderAt reads a part of what is no file.
func ExampleOpenReaderAt() {
	data, err := unpkl.Marshal(map[string]any{"n": 3})
	if err != nil {
		panic(err)
	}
	f, err := unpkl.OpenReaderAt(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		panic(err)
	}
	defer f.Close()
	fmt.Println(f.Lookup("/n"))
	// Output: 3 <nil>
}
