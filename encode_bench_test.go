package unpkl

import (
	"fmt"
	"io"
	"testing"

	"github.com/nlpodyssey/gopickle/types"
)

type benchRecord struct {
	ID    int       `pickle:"id"`
	Name  string    `pickle:"name"`
	Score float64   `pickle:"score"`
	Tags  [2]string `pickle:"tags"`
	OK    bool      `pickle:"ok"`
	Date  string    `pickle:"date"`
}

func benchRecords(n int) []benchRecord {
	out := make([]benchRecord, n)
	for i := range out {
		out[i] = benchRecord{i, fmt.Sprint("name", i), float64(i) / 3, [2]string{"first", fmt.Sprint("t", i%10)}, i%2 == 0, "2024-02-29"}
	}
	return out
}

// discard is a writer that is no bytes.Buffer.
type discard struct{ io.Writer }

func benchEncode(b *testing.B, v any, opts ...Option) {
	b.Helper()
	data, err := Marshal(v, opts...)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := NewEncoder(discard{io.Discard}, opts...).Encode(v); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEncodeArray writes 256 MB of float64 to a stream and to memory.
func BenchmarkEncodeArray(b *testing.B) {
	x := make([]float64, 32<<20)
	b.Run("stream", func(b *testing.B) { benchEncode(b, x) })
	b.Run("memory", func(b *testing.B) {
		b.SetBytes(int64(len(x) * 8))
		for b.Loop() {
			if _, err := Marshal(x); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkEncodeRecords writes 200,000 records: structs, and the plain values and objects of a pickle.
func BenchmarkEncodeRecords(b *testing.B) {
	records := benchRecords(200_000)
	b.Run("structs", func(b *testing.B) { benchEncode(b, records) })
	data, err := Marshal(records)
	if err != nil {
		b.Fatal(err)
	}
	plain, err := LoadBytes(data)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("plain", func(b *testing.B) { benchEncode(b, plain) })
	objects, err := LoadBytes(data, WithObjects())
	if err != nil {
		b.Fatal(err)
	}
	b.Run("objects", func(b *testing.B) { benchEncode(b, objects) })
}

// BenchmarkEncodeSmallArrays writes 100,000 dicts with an array of 16 numbers each.
func BenchmarkEncodeSmallArrays(b *testing.B) {
	list := make(types.List, 100_000)
	for i := range list {
		list[i] = map[string]any{"id": i, "name": fmt.Sprint("n", i), "x": make([]float64, 16)}
	}
	for _, protocol := range []int{4, 5} {
		b.Run(fmt.Sprint("protocol", protocol), func(b *testing.B) {
			benchEncode(b, &list, WithProtocol(protocol), WithNumPy(2, 3))
		})
	}
}
