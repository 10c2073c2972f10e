package filter

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/unpkl/unpkl/internal/errkind"
)

// sample returns n bytes that compress, but not very well.
func sample(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.IntN(4) * r.IntN(64))
	}
	return b
}

func TestPipelineRoundTrip(t *testing.T) {
	pipelines := [][]Filter{
		nil,
		{{ID: Deflate, Params: []uint32{6}}},
		{{ID: Shuffle, Params: []uint32{8}}},
		{{ID: Shuffle, Params: []uint32{4}}, {ID: Deflate, Params: []uint32{1}}},
		{{ID: Shuffle, Params: []uint32{3}}, {ID: Deflate}, {ID: Fletcher32}},
		{{ID: Fletcher32}, {ID: Deflate}, {ID: Fletcher32}, {ID: Deflate},
			{ID: Shuffle, Params: []uint32{2}}},
		{{ID: Fletcher32}, {ID: Fletcher32}},
		{{ID: LZF, Optional: true}},
		{{ID: Shuffle, Params: []uint32{8}}, {ID: LZF, Optional: true}, {ID: Fletcher32}},
		{{ID: Zstd, Params: []uint32{9}}, {ID: Shuffle, Params: []uint32{2}}},
		{{ID: LZF, Optional: true}, {ID: Zstd}, {ID: LZF, Optional: true}},
	}
	for _, filters := range pipelines {
		for _, n := range []int{0, 1, 2, 3, 7, 8, 63, 64, 65, 1000, 4099, 100003} {
			want := sample(n)
			chunk, mask, err := Encode(nil, filters, want)
			if err != nil {
				t.Fatal(err)
			}
			for _, dst := range [][]byte{nil, make([]byte, 0, 5), make([]byte, 3, 2*n+100)} {
				got, err := Decode(dst, filters, mask, chunk, n)
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("%v, %d bytes: %v", filters, n, err)
				}
			}
		}
	}
}

func TestMaskSkips(t *testing.T) {
	want := sample(100)
	filters := []Filter{{ID: Shuffle, Params: []uint32{4}}, {ID: Deflate}}
	shuffled, _, err := Encode(nil, filters[:1], want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(nil, filters, 0b10, shuffled, 100)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("deflate skipped: %v", err)
	}
	got, err = Decode(nil, filters, 0b11, want, 100)
	if err != nil || &got[0] != &want[0] {
		t.Fatalf("all skipped: %v", err)
	}
	if _, err = Decode(nil, filters, 0b11, want, 101); !errors.Is(err, errkind.ErrMalformed) {
		t.Fatalf("wrong size: %v", err)
	}
}

func TestUnknownFilter(t *testing.T) {
	for _, c := range []struct {
		f    Filter
		want string
	}{
		{Filter{ID: 32013}, `filter 32013 ("zfp") is not known here`},
		{Filter{ID: 400, Name: "mine"}, `filter 400 ("mine") is not known here`},
		{Filter{ID: 401}, `filter 401 is not known here`},
	} {
		_, err := Decode(nil, []Filter{c.f}, 0, nil, 1)
		if !errors.Is(err, errkind.ErrUnsupported) || err.Error() != c.want {
			t.Errorf("Decode: %v", err)
		}
		if _, _, err = Encode(nil, []Filter{c.f}, nil); !errors.Is(err, errkind.ErrUnsupported) {
			t.Errorf("Encode: %v", err)
		}
		if _, err = Decode(nil, []Filter{c.f}, 1, []byte{5}, 1); err != nil {
			t.Errorf("skipped: %v", err)
		}
	}
}

func TestChecksumIsChecked(t *testing.T) {
	filters := []Filter{{ID: Fletcher32}}
	chunk, _, err := Encode(nil, filters, sample(1001))
	if err != nil {
		t.Fatal(err)
	}
	for i := range chunk {
		chunk[i] ^= 0x10
		if _, err := Decode(nil, filters, 0, chunk, 1001); !errors.Is(err, errkind.ErrMalformed) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		chunk[i] ^= 0x10
	}
	// The form of the checksum in HDF5 before 1.6.3.
	n := len(chunk) - 4
	chunk[n], chunk[n+1], chunk[n+2], chunk[n+3] = chunk[n+1], chunk[n], chunk[n+3], chunk[n+2]
	if _, err := Decode(nil, filters, 0, chunk, 1001); err != nil {
		t.Error(err)
	}
}

// A few bytes that claim to decompress to a gigabyte are refused before memory is allocated.
func TestInflationIsBounded(t *testing.T) {
	chunk, _, err := Encode(nil, []Filter{{ID: Deflate}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Decode(nil, []Filter{{ID: Deflate}}, 0, chunk, 1<<30); err == nil {
		t.Error("no error")
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 1<<20 {
		t.Errorf("%d bytes", taken)
	}
}

func BenchmarkPipeline(b *testing.B) {
	data := sample(1 << 20)
	for _, filters := range [][]Filter{
		{{ID: Shuffle, Params: []uint32{2}}},
		{{ID: Shuffle, Params: []uint32{4}}},
		{{ID: Shuffle, Params: []uint32{8}}},
		{{ID: Shuffle, Params: []uint32{12}}},
		{{ID: Fletcher32}},
		{{ID: Deflate}},
		{{ID: LZF}},
		{{ID: Zstd}},
	} {
		chunk, mask, err := Encode(nil, filters, data)
		if err != nil {
			b.Fatal(err)
		}
		name := fmt.Sprint(filters[0].ID, filters[0].Params)
		dst := make([]byte, len(data)+4)
		b.Run("decode/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := Decode(dst, filters, mask, chunk, len(data)); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("encode/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, _, err := Encode(dst, filters, data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
