package filter

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

// fuzzSize bounds the decoded size of a chunk during fuzzing.
const fuzzSize = 1 << 16

// fuzzFilter decodes hostile chunks of one filter. It must not panic, return more bytes than were
// asked for, or change the input. The parameters come first, four bytes each.
func fuzzFilter(f *testing.F, id uint16, params int) {
	keptOracles(f, func(o *oracle) {
		filters := o.filters(f)
		if len(filters) != 1 || filters[0].ID != id || len(o.Chunk) > 600 {
			return
		}
		var in []byte
		for i := range params {
			var p uint32
			if i < len(filters[0].Params) {
				p = filters[0].Params[i]
			}
			in = binary.LittleEndian.AppendUint32(in, p)
		}
		f.Add(append(in, o.Chunk...), uint32(len(o.Want)))
	})
	f.Fuzz(func(t *testing.T, in []byte, size uint32) {
		size %= fuzzSize
		filter := Filter{ID: id}
		for range params {
			if len(in) < 4 {
				return
			}
			filter.Params = append(filter.Params, binary.LittleEndian.Uint32(in))
			in = in[4:]
		}
		before := slices.Clone(in)
		for _, filters := range [][]Filter{{filter}, {{ID: Deflate}, filter}} {
			out, err := Decode(nil, filters, 0, in, int(size))
			if err == nil && len(out) != int(size) {
				t.Fatalf("%d bytes, expected %d", len(out), size)
			}
			if !bytes.Equal(in, before) {
				t.Fatal("the chunk was changed")
			}
		}
	})
}

func FuzzDeflate(f *testing.F)     { fuzzFilter(f, Deflate, 1) }
func FuzzShuffle(f *testing.F)     { fuzzFilter(f, Shuffle, 1) }
func FuzzFletcher32(f *testing.F)  { fuzzFilter(f, Fletcher32, 0) }
func FuzzSzip(f *testing.F)        { fuzzFilter(f, Szip, szipParams) }
func FuzzNBit(f *testing.F)        { fuzzFilter(f, NBit, 30) }
func FuzzScaleOffset(f *testing.F) { fuzzFilter(f, ScaleOffset, scaleParams+1) }
func FuzzBzip2(f *testing.F)       { fuzzFilter(f, Bzip2, 0) }
func FuzzLZF(f *testing.F)         { fuzzFilter(f, LZF, 0) }
func FuzzBlosc(f *testing.F)       { fuzzFilter(f, Blosc, 0) }
func FuzzLZ4(f *testing.F)         { fuzzFilter(f, LZ4, 0) }
func FuzzBitshuffle(f *testing.F)  { fuzzFilter(f, Bitshuffle, 5) }
func FuzzZstd(f *testing.F)        { fuzzFilter(f, Zstd, 0) }

// FuzzRoundTrip encodes and decodes with pipelines of all filters that can be encoded.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("aaaabbbbaaaabbbbcdcdcdcd"), []byte{0, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, data, choice []byte) {
		var filters []Filter
		for _, c := range choice[:min(len(choice), 8)] {
			id := [...]uint16{Shuffle, Deflate, LZF, Zstd, Fletcher32}[c%5]
			params := []uint32{uint32(c)/5%9 + 1}
			filters = append(filters, Filter{ID: id, Optional: true, Params: params})
		}
		chunk, mask, err := Encode(nil, filters, data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(nil, filters, mask, chunk, len(data))
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%v with mask %b: %v", filters, mask, err)
		}
	})
}
