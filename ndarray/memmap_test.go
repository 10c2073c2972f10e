//go:build linux || darwin

package ndarray_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/unpkl/unpkl/ndarray"
)

// TestMapped writes to a file through a mapping, and reads it in each mode.
func TestMapped(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.mmap")
	const offset = 70_001 // not the beginning of a page
	m, err := ndarray.Create(path, ndarray.DTypeOf[float64]().NewByteOrder(ndarray.BigEndian),
		[]int{2, 3},
		ndarray.OrderF, offset)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SetAt(2.0, 1, 2); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(m.Flush(), m.Close(), m.Close()); err != nil {
		t.Fatal(err)
	}
	if err := m.SetAt(3.0, 0, 0); !errors.Is(err, ndarray.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	want := append(make([]byte, offset+5*8), 0x40, 0, 0, 0, 0, 0, 0, 0)
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%x, %v", got[offset:], err)
	}
	for _, mode := range []ndarray.MapMode{ndarray.MapRead, ndarray.MapReadWrite, ndarray.MapCopy} {
		m, err := ndarray.OpenMapped(path, mode,
			ndarray.DTypeOf[float64]().NewByteOrder(ndarray.BigEndian),
			[]int{2, 3}, ndarray.OrderF, offset)
		if err != nil {
			t.Fatal(err)
		}
		if m.At(1, 2) != 2.0 || m.Writeable() != (mode != ndarray.MapRead) {
			t.Errorf("mode %d: %v, writeable %v", mode, m.At(1, 2), m.Writeable())
		}
		if mode == ndarray.MapCopy {
			if err := m.SetAt(9.0, 1, 2); err != nil {
				t.Error(err)
			}
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
	if got, _ := os.ReadFile(path); !bytes.Equal(got, want) {
		t.Errorf("a copy changed the file: %x", got[offset:])
	}
}

// TestMappedErrors: an array that does not lie in the file.
func TestMappedErrors(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.mmap")
	if err := os.WriteFile(path, make([]byte, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	open := func(dt *ndarray.DType, shape []int, offset int64) error {
		m, err := ndarray.OpenMapped(path, ndarray.MapRead, dt, shape, ndarray.OrderC, offset)
		if err == nil {
			m.Close()
		}
		return err
	}
	for name, test := range map[string]struct{ got, want error }{
		"too large": {open(ndarray.DTypeOf[float64](), []int{13}, 0), ndarray.ErrShape},
		"overflow": {open(ndarray.DTypeOf[float64](), []int{math.MaxInt, 4}, 0),
			ndarray.ErrShape},
		"negative":   {open(ndarray.DTypeOf[float64](), []int{-1}, 0), ndarray.ErrShape},
		"offset":     {open(ndarray.DTypeOf[float64](), nil, 101), ndarray.ErrShape},
		"remainder":  {open(ndarray.DTypeOf[float64](), nil, 1), ndarray.ErrShape},
		"objects":    {open(ndarray.ObjectDType(), []int{1}, 0), ndarray.ErrDType},
		"negative 2": {open(ndarray.DTypeOf[float64](), nil, -8), ndarray.ErrShape},
	} {
		if !errors.Is(test.got, test.want) {
			t.Errorf("%s: %v, want %v", name, test.got, test.want)
		}
	}
	if err := open(ndarray.DTypeOf[float32](), nil, 0); err != nil {
		t.Error(err)
	}
}

func ExampleCreate() {
	path := filepath.Join(os.TempDir(), "unpkl-example.mmap")
	defer os.Remove(path)
	m, err := ndarray.Create(path, ndarray.DTypeOf[int32](), []int{2, 2}, ndarray.OrderC, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	m.SetAt(7, 1, 1)
	fmt.Println(m.Flush(), m.Close())
	m, err = ndarray.OpenMapped(path, ndarray.MapRead, ndarray.DTypeOf[int32](), []int{2, 2},
		ndarray.OrderC,
		0)
	fmt.Println(m.Array, err)
	m.Close()
	// Output:
	// <nil> <nil>
	// [[0 0]
	//  [0 7]] <nil>
}
