package unpkl_test

import (
	"github.com/unpkl/unpkl/internal/cases"

	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
)

// bigArray returns a pickle of {"x": float64 array of n elements}, element i being i, as
// NumPy writes it at protocol 3 and later.
func bigArray(n int) []byte {
	b := arrayHead(n)
	for i := range n {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(float64(i)))
	}
	return append(b, "t\x62s."...)
}

// arrayHead is bigArray up to the elements.
func arrayHead(n int) []byte {
	b := []byte("\x80\x04}\x8c\x01xcnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01")
	b = append(b, '\x8a', 8)
	b = binary.LittleEndian.AppendUint64(b, uint64(n))
	b = append(b,
		"\x85cnumpy\ndtype\n\x8c\x02f8\x89\x88\x87R(K\x03\x8c\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89\x8e"...)
	return binary.LittleEndian.AppendUint64(b, uint64(n)*8)
}

func TestOpenMapsArrays(t *testing.T) {
	const n = 1 << 20
	path := cases.WriteTemp(t, bigArray(n))
	f, err := unpkl.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	v, err := f.Load()
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 256<<10 {
		t.Errorf("Load of a mapped array of %d bytes allocated %d", 8*n, used)
	}
	a := v.(map[string]any)["x"].(*ndarray.Array)
	s, err := ndarray.Slice[float64](a)
	if err != nil {
		// Where the writer put the elements is chance; they need not be aligned.
		if s, err = ndarray.Values[float64](a); err != nil {
			t.Fatal(err)
		}
	}
	if s[0] != 0 || s[n-1] != n-1 {
		t.Errorf("got %v ... %v", s[0], s[n-1])
	}
	var into struct {
		X []float64 `pickle:"x"`
	}
	if err := f.Decode(&into); err != nil || into.X[n-1] != n-1 {
		t.Errorf("Decode: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Bytes(); !errors.Is(err, unpkl.ErrClosed) {
		t.Errorf("Bytes of an array after Close: got %v", err)
	}
	if _, err := ndarray.Values[float64](a); !errors.Is(err, unpkl.ErrClosed) {
		t.Errorf("Values after Close: got %v", err)
	}
	if _, err := f.Load(); !errors.Is(err, unpkl.ErrClosed) {
		t.Errorf("Load after Close: got %v", err)
	}
	if err := f.Close(); !errors.Is(err, unpkl.ErrClosed) {
		t.Errorf("second Close: got %v", err)
	}
}

// Writing to an array of a mapped file does not change the file.
func TestOpenIsPrivate(t *testing.T) {
	data := bigArray(1 << 16)
	path := cases.WriteTemp(t, data)
	f, err := unpkl.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	b, err := v.(map[string]any)["x"].(*ndarray.Array).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	clear(b)
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the file changed: %v", err)
	}
}

// A sparse file of a terabyte is opened without looking at it.
func TestOpenTerabyte(t *testing.T) {
	const n = 1 << (strconv.IntSize * 37 / 64) // a terabyte where ints have 64 bits
	head := arrayHead(n)
	path := cases.WriteTemp(t, head)
	size := int64(len(head)) + 8*n
	if err := os.Truncate(path, size); err != nil {
		t.Skipf("no sparse files here: %v", err)
	}
	w, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteAt([]byte("tbs."), size); err != nil {
		t.Skipf("no sparse files here: %v", err)
	}
	w.Close()
	f, err := unpkl.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	a := v.(map[string]any)["x"].(*ndarray.Array)
	if a.Size() != n || a.At(n-1) != 0.0 {
		t.Errorf("got %d elements, the last %v", a.Size(), a.At(n-1))
	}
}

func TestOpenErrors(t *testing.T) {
	if _, err := unpkl.Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: got %v", err)
	}
	if _, err := unpkl.Open(t.TempDir()); err == nil {
		t.Error("a folder was opened")
	}
	f, err := unpkl.Open(cases.WriteTemp(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Load(); !errors.Is(err, unpkl.ErrTruncated) {
		t.Errorf("empty file: got %v", err)
	}
}

// Every way to a pickle gives the same value.
func TestRoutes(t *testing.T) {
	for _, name := range []string{"scalars", "containers", "arrays", "people", "numpy_scalars"} {
		cases.Each(t, name, func(t *testing.T, data []byte) {
			want, err := unpkl.LoadBytes(data)
			if err != nil {
				t.Fatal(err)
			}
			var gz bytes.Buffer
			w := gzip.NewWriter(&gz)
			w.Write(data)
			w.Close()
			path, zipped := cases.WriteTemp(t, data), cases.WriteTemp(t, gz.Bytes())
			open := func(path string) (any, error) {
				f, err := unpkl.Open(path)
				if err != nil {
					return nil, err
				}
				t.Cleanup(func() { f.Close() })
				return f.Load()
			}
			for route, load := range map[string]func() (any, error){
				"reader": func() (any, error) {
					return unpkl.Load(cases.FewReader{R: bytes.NewReader(data)})
				},
				"seeker": func() (any, error) { return unpkl.Load(bytes.NewReader(data)) },
				"buffer": func() (any, error) { return unpkl.Load(bytes.NewBuffer(data)) },
				"shared": func() (any, error) {
					return unpkl.LoadBytes(data, unpkl.WithSharedInput())
				},
				"file":       func() (any, error) { return unpkl.LoadFile(path) },
				"map":        func() (any, error) { return open(path) },
				"gzip bytes": func() (any, error) { return unpkl.LoadBytes(gz.Bytes()) },
				"gzip reader": func() (any, error) {
					return unpkl.Load(cases.FewReader{R: bytes.NewReader(gz.Bytes())})
				},
				"gzip buffer": func() (any, error) {
					return unpkl.Load(bytes.NewBuffer(gz.Bytes()))
				},
				"gzip file": func() (any, error) { return unpkl.LoadFile(zipped) },
				"gzip map":  func() (any, error) { return open(zipped) },
			} {
				got, err := load()
				if err != nil {
					t.Errorf("%s: %v", route, err)
				} else if d := cases.Diff(want, got); d != "" {
					t.Errorf("%s: %s", route, d)
				}
			}
		})
	}
}

// LoadBytes and Unmarshal do not alias their input, unless they may.
func TestAliasing(t *testing.T) {
	data := bigArray(1 << 12)
	orig := bytes.Clone(data)
	v, err := unpkl.LoadBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	a := v.(map[string]any)["x"].(*ndarray.Array)
	if a.At(5) != 5.0 {
		t.Error("LoadBytes aliases its input")
	}
	copy(data, orig)
	v, err = unpkl.LoadBytes(data, unpkl.WithSharedInput())
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	if v.(map[string]any)["x"].(*ndarray.Array).At(5) != 0.0 {
		t.Error("WithSharedInput copies")
	}
}

// Many goroutines share one mapping and one set of options.
func TestConcurrent(t *testing.T) {
	var mu sync.Mutex
	asked := 0
	opts := []unpkl.Option{
		unpkl.WithLimits(unpkl.Limits{Depth: 100}),
		unpkl.WithFindClass(func(module, name string) (any, error) {
			mu.Lock()
			defer mu.Unlock()
			asked++
			return nil, unpkl.ErrSkipClass
		}),
	}
	f, err := unpkl.Open(cases.WriteTemp(t, cases.Newest(t, "arrays")), opts...)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 10 {
				got, err := f.Load()
				if err != nil {
					t.Error(err)
					return
				}
				if d := cases.Diff(want, got); d != "" {
					t.Error(d)
				}
				var p []person
				if err := unpkl.Unmarshal(cases.Newest(t, "people"), &p, opts...); err != nil ||
					p[1].Name != "Émilie" {
					t.Errorf("got %v, %v", p, err)
				}
			}
		})
	}
	wg.Wait()
	if asked == 0 {
		t.Error("the hook was not asked")
	}
}

// TestOpenSharedLeaves: a long list without anything in it that could be mapped is looked through
// once, however often it is met.
func TestOpenSharedLeaves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shared.pkl")
	data := "cdatetime\ndate\n0](" + strings.Repeat("N", 200_000) + "eq\x000](" +
		strings.Repeat("h\x00", 200_000) + "e."
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := unpkl.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(v.([]any)); n != 200_000 {
		t.Error(n, "references")
	}
}
