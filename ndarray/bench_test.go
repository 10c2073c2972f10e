package ndarray_test

import (
	"testing"

	"github.com/unpkl/unpkl/ndarray"
)

const benchSize = 1 << 20

func BenchmarkNew(b *testing.B) {
	data := make([]byte, 24)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ndarray.New(ndarray.DTypeOf[float64](), []int{3}, ndarray.OrderC,
			data); err != nil {
			b.Fatal(err)
		}
	}
}

func benchArray(b *testing.B, dtype string) *ndarray.Array {
	a := mustNew(b, dtype, []int{1024, benchSize / 1024}, ndarray.OrderC,
		make([]byte, benchSize*mustDType(b, dtype).ItemSize()))
	b.SetBytes(int64(a.NBytes()))
	b.ReportAllocs()
	return a
}

func BenchmarkValues(b *testing.B) {
	for _, dtype := range []string{"<f8", ">f8", "<f4", "<i4", ">u2", "<i8"} {
		b.Run(dtype, func(b *testing.B) {
			a := benchArray(b, dtype)
			for b.Loop() {
				if _, err := ndarray.Values[float64](a); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendBytes(b *testing.B) {
	for _, dtype := range []string{"u1", "<i2", "<f4", "<f8", "<c16", "S3"} {
		b.Run("transposed/"+dtype, func(b *testing.B) {
			a := benchArray(b, dtype)
			buf := make([]byte, 0, a.NBytes())
			for b.Loop() {
				if _, err := a.AppendBytes(buf, ndarray.OrderF); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRecords(b *testing.B) {
	b.Run("layout", func(b *testing.B) {
		a := must(ndarray.Zeros(mustDType(b, pointDType), benchSize/16))
		b.SetBytes(int64(a.NBytes()))
		for b.Loop() {
			if _, err := ndarray.Records[point](a); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("fields", func(b *testing.B) {
		type xy struct {
			X int64   `pickle:"x"`
			Y float64 `pickle:"y"`
		}
		a := must(ndarray.Zeros(mustDType(b, pointDType), benchSize/16))
		b.SetBytes(int64(a.NBytes()))
		for b.Loop() {
			if _, err := ndarray.Records[xy](a); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkStats(b *testing.B) {
	a := benchArray(b, "<f8")
	for b.Loop() {
		if _, err := a.Stats(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEqual(b *testing.B) {
	x, y := benchArray(b, "<f8"), benchArray(b, ">f8")
	for b.Loop() {
		if !x.Equal(y) {
			b.Fatal("not equal")
		}
	}
}

func BenchmarkString(b *testing.B) {
	a := benchArray(b, "<f8")
	b.SetBytes(0)
	for b.Loop() {
		_ = a.String()
	}
}
