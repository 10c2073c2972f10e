package input_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/cases"
	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
)

// .npz files load as maps of arrays by every route, and equal what package npy reads.
func TestNPZ(t *testing.T) {
	paths, err := filepath.Glob(fixture.Root() + "/../npy/testdata/*.npz")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no .npz fixtures: %v", err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := unpkl.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]any{}
		values["map"], err = f.Load()
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for route, load := range map[string]func() (any, error){
			"file":  func() (any, error) { return unpkl.LoadFile(path) },
			"bytes": func() (any, error) { return unpkl.LoadBytes(data) },
			"reader": func() (any, error) {
				return unpkl.Load(cases.FewReader{R: bytes.NewReader(data)})
			},
		} {
			if values[route], err = load(); err != nil {
				t.Fatalf("%s by %s: %v", path, route, err)
			}
		}
		z, err := npy.OpenArchive(bytes.NewReader(data), int64(len(data)), nil)
		if err != nil {
			t.Fatal(err)
		}
		for route, v := range values {
			m := v.(map[string]any)
			if len(m) != len(z.Names()) {
				t.Errorf("%s by %s: %d arrays, want %d", path, route, len(m), len(z.Names()))
			}
			for name, a := range m {
				if a.(*ndarray.Array).HasObject() {
					continue // npy alone does not read them
				}
				want, err := z.Array(name)
				if err != nil {
					t.Fatal(err)
				}
				if d := cases.Diff(want.Shape(), a.(*ndarray.Array).Shape()); d != "" ||
					!want.DType().Equal(a.(*ndarray.Array).DType()) {
					t.Errorf("%s by %s: %s: %s", path, route, name, d)
				}
				wantBytes, err1 := want.AppendBytes(nil, ndarray.OrderC)
				gotBytes, err2 := a.(*ndarray.Array).AppendBytes(nil, ndarray.OrderC)
				if err1 != nil || err2 != nil || !bytes.Equal(wantBytes, gotBytes) {
					t.Errorf("%s by %s: %s differs", path, route, name)
				}
			}
		}
		f.Close()
	}
}

// .npy files, one array or several after another.
func TestNPY(t *testing.T) {
	a, err := ndarray.FromSlice([]float64{1, 2, 3, 4, 5, 6}, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for range 2 {
		if err := npy.Write(&b, a, nil); err != nil {
			t.Fatal(err)
		}
	}
	f, err := unpkl.Open(cases.WriteTemp(t, b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	mapped, err := f.Decoder()
	if err != nil {
		t.Fatal(err)
	}
	var last *ndarray.Array
	for name, decode := range map[string]func(any) error{
		"reader": unpkl.NewDecoder(cases.FewReader{R: bytes.NewReader(b.Bytes())}).Decode,
		"map":    mapped.Decode,
	} {
		for range 2 {
			var m [][]float64
			if err := decode(&m); err != nil || len(m) != 2 || m[1][2] != 6 {
				t.Errorf("%s: got %v, %v", name, m, err)
			}
		}
		if err := decode(&last); err != io.EOF {
			t.Errorf("%s: at the end: %v", name, err)
		}
	}
	if err := f.Decode(&last); err != nil || last.At(1, 1) != 5.0 {
		t.Errorf("got %v, %v", last, err)
	}
	f.Close()
	if _, err := last.Bytes(); !errors.Is(err, unpkl.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	var m [2][3]float64
	if err := unpkl.Unmarshal(b.Bytes(), &m); err != nil || m[1][0] != 4 {
		t.Errorf("got %v, %v", m, err)
	}
	for cut := range b.Len() / 2 {
		if _, err := unpkl.LoadBytes(b.Bytes()[:cut]); err == nil {
			t.Errorf("cut at %d: no error", cut)
		}
	}
}

// TestEmptyNPZ: numpy.savez without arrays writes a zip without members, which is an empty dict.
func TestEmptyNPZ(t *testing.T) {
	data := []byte("PK\x05\x06" + strings.Repeat("\x00", 18))
	v, err := unpkl.LoadBytes(data)
	if m, ok := v.(map[string]any); err != nil || !ok || len(m) != 0 {
		t.Errorf("got %#v, %v", v, err)
	}
	f, err := unpkl.Open(cases.WriteTemp(t, data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if v, err := f.Load(); err != nil || len(v.(map[string]any)) != 0 {
		t.Errorf("got %#v, %v", v, err)
	}
}
