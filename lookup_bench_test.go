package unpkl_test

import (
	"fmt"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// BenchmarkLookup finds one small array among a million, beside the pass over the opcodes alone.
func BenchmarkLookup(b *testing.B) {
	arrays := make(map[string]*ndarray.Array, 1_000_000)
	for i := range 1_000_000 {
		a, err := ndarray.FromSlice([]float64{float64(i), 1, 2, 3})
		if err != nil {
			b.Fatal(err)
		}
		arrays[fmt.Sprintf("key%d", i)] = a
	}
	path := b.TempDir() + "/million.pkl"
	if err := unpkl.WriteFile(path, arrays); err != nil {
		b.Fatal(err)
	}
	f, err := unpkl.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	data, err := unpkl.MapForTest(f)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Lookup", func(b *testing.B) {
		for b.Loop() {
			if _, err := f.Lookup("/key777777"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("pass", func(b *testing.B) {
		for b.Loop() {
			u := pickle.NewUnpicklerBytes(data)
			u.SharedInput, u.FindClass = true, reconstruct.FindClass
			p, err := bridge.Read(u)
			if err != nil {
				b.Fatal(err)
			}
			p.Release()
		}
	})
	b.Run("Load", func(b *testing.B) {
		for b.Loop() {
			if _, err := f.Load(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
