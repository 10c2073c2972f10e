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
		out[i] = benchRecord{i, fmt.Sprint("name", i), float64(i) / 3,
			[2]string{"first", fmt.Sprint("t", i%10)}, i%2 == 0, "2024-02-29"}
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

// BenchmarkEncodeRecords writes 200,000 records: structs, and the plain values and objects of a
// pickle.
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

// BenchmarkMarshalSmall writes one small message at a time, as a service does.
func BenchmarkMarshalSmall(b *testing.B) {
	type message struct {
		A    int
		B    []int
		Name string
	}
	type listed struct {
		A    int
		B    []int `pickle:",list"`
		Name string
	}
	type Common struct{ ID, Time int }
	type sparse struct {
		*Common
		Name  string `pickle:",omitempty"`
		Note  string `pickle:",omitempty"`
		Score float64
	}
	numbers := make([]float64, 16)
	withArray := map[string]any{"id": 1, "x": numbers}
	numpy := WithNumPy(2, 3)
	for _, c := range []struct {
		name string
		v    any
		opts []Option
	}{
		{"dict", map[string]any{"a": 1, "b": []any{1, 2, 3}, "name": "hello"}, nil},
		{"words", map[string]any{"alpha": 1, "beta": []any{1, 2, 3}, "name": "hello"}, nil},
		{"struct", message{1, []int{1, 2, 3}, "hello"}, nil},
		{"list-struct", listed{1, []int{1, 2, 3}, "hello"}, nil},
		{"pointer", &listed{1, []int{1, 2, 3}, "hello"}, nil},
		{"omitempty", &sparse{&Common{7, 1700000000}, "hello", "", 1.5}, nil},
		{"records", benchRecords(10), nil},
		{"array4", withArray, nil},
		{"array5", withArray, []Option{WithProtocol(5)}},
		{"array4-numpy2", withArray, []Option{WithProtocol(4), numpy}},
		{"array5-numpy2", withArray, []Option{WithProtocol(5), numpy}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Marshal(c.v, c.opts...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
