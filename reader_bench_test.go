package unpkl

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/nlpodyssey/gopickle/types"
)

// plainReader hides what a reader can do besides Read.
type plainReader struct{ io.Reader }

// benchPickles are pickles by their kind.
func benchPickles(b *testing.B) map[string][]byte {
	b.Helper()
	arrays := make(types.List, 5_000)
	for i := range arrays {
		arrays[i] = map[string]any{"id": i, "name": fmt.Sprint("n", i), "x": make([]float64, 16)}
	}
	out := make(map[string][]byte)
	for name, v := range map[string]any{"records": benchRecords(20_000), "arrays": &arrays} {
		for _, protocol := range []int{2, 5} {
			data, err := Marshal(v, WithProtocol(protocol), WithNumPy(2, 3))
			if err != nil {
				b.Fatal(err)
			}
			out[fmt.Sprint(name, protocol)] = data
		}
	}
	return out
}

// BenchmarkReader loads one pickle from memory, from readers and from a file.
func BenchmarkReader(b *testing.B) {
	for name, data := range benchPickles(b) {
		path := filepath.Join(b.TempDir(), name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			b.Fatal(err)
		}
		run := func(way string, load func() error) {
			b.Run(name+"/"+way, func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					if err := load(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		from := func(r io.Reader) error {
			_, err := Load(r)
			return err
		}
		run("LoadBytes", func() error { _, err := LoadBytes(data); return err })
		run("LoadFile", func() error { _, err := LoadFile(path); return err })
		run("reader", func() error { return from(plainReader{bytes.NewReader(data)}) })
		run("bytes.Reader", func() error { return from(bytes.NewReader(data)) })
		run("bytes.Buffer", func() error { return from(bytes.NewBuffer(data)) })
		run("bufio.Reader", func() error {
			return from(bufio.NewReader(plainReader{bytes.NewReader(data)}))
		})
	}
}

// BenchmarkDecoder reads 10,000 small dicts that stand one after another.
func BenchmarkDecoder(b *testing.B) {
	const n = 10_000
	type small struct {
		A    int    `pickle:"a"`
		B    []int  `pickle:"b"`
		Name string `pickle:"name"`
	}
	for _, protocol := range []int{2, 5} {
		one, err := Marshal(map[string]any{"a": 1, "b": []any{1, 2, 3}, "name": "hello"},
			WithProtocol(protocol))
		if err != nil {
			b.Fatal(err)
		}
		data := bytes.Repeat(one, n)
		path := filepath.Join(b.TempDir(), "stream")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			b.Fatal(err)
		}
		run := func(way string, load func() error) {
			b.Run(fmt.Sprint("protocol", protocol, "/", way), func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					if err := load(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/pickle")
			})
		}
		from := func(r io.Reader) error {
			d := NewDecoder(r)
			for range n {
				var v any
				if err := d.Decode(&v); err != nil {
					return err
				}
			}
			return nil
		}
		run("LoadBytes", func() error {
			for i := range n {
				if _, err := LoadBytes(data[i*len(one) : (i+1)*len(one)]); err != nil {
					return err
				}
			}
			return nil
		})
		run("reader", func() error { return from(plainReader{bytes.NewReader(data)}) })
		run("bytes.Reader", func() error { return from(bytes.NewReader(data)) })
		run("bytes.Buffer", func() error { return from(bytes.NewBuffer(data)) })
		run("bufio.Reader", func() error {
			return from(bufio.NewReader(plainReader{bytes.NewReader(data)}))
		})
		run("structs", func() error {
			d := NewDecoder(plainReader{bytes.NewReader(data)})
			for range n {
				var v small
				if err := d.Decode(&v); err != nil {
					return err
				}
			}
			return nil
		})
		run("file", func() error {
			f, err := os.Open(path)
			if err != nil {
				return err
			}
			defer f.Close()
			return from(f)
		})
		run("mapped", func() error {
			f, err := Open(path)
			if err != nil {
				return err
			}
			defer f.Close()
			d, err := f.Decoder()
			if err != nil {
				return err
			}
			for range n {
				var v any
				if err := d.Decode(&v); err != nil {
					return err
				}
			}
			return nil
		})
	}
}
