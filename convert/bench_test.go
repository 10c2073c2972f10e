package convert_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/ndarray"
)

// benchArray returns an array of float64 such as scientific programs write.
func benchArray(b *testing.B) *ndarray.Array {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	data := make([]float64, 400_000)
	for i := range data {
		data[i] = r.NormFloat64()
	}
	a, err := ndarray.FromSlice(data, len(data)/4, 4)
	if err != nil {
		b.Fatal(err)
	}
	return a
}

// BenchmarkCSV writes and reads CSV; the throughput counts the bytes of the text.
func BenchmarkCSV(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x.csv")
	a := benchArray(b)
	for _, format := range []string{"", "%.18e"} {
		name := "Shortest"
		if format != "" {
			name = format
		}
		b.Run("Write/"+name, func(b *testing.B) {
			for b.Loop() {
				if err := convert.Write(path, a,
					convert.WithText(convert.Text{Format: format})); err != nil {
					b.Fatal(err)
				}
			}
			size(b, path)
		})
		b.Run("Read/"+name, func(b *testing.B) {
			for b.Loop() {
				if _, err := convert.Read(path, convert.WithObjects()); err != nil {
					b.Fatal(err)
				}
			}
			size(b, path)
		})
	}
}

func size(b *testing.B, path string) {
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
}
