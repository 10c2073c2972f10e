package tape_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"testing/iotest"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/cases"
	"github.com/unpkl/unpkl/pickle"
)

// framed is a pickle of protocol 4 that is being written, with frames that end where they are told
// to.
type framed struct{ done, frame []byte }

func (f *framed) add(op ...byte) { f.frame = append(f.frame, op...) }

func (f *framed) endFrame() {
	if len(f.frame) > 0 {
		f.done = append(f.done, 0x95)
		f.done = binary.LittleEndian.AppendUint64(f.done, uint64(len(f.frame)))
		f.done = append(f.done, f.frame...)
		f.frame = nil
	}
}

// numbers writes a list of numbers in batches, as CPython does, but with frames that end anywhere
// between two opcodes, and returns it with its values.
func numbers(rng *rand.Rand, kind string, count, batch int) ([]byte, []any) {
	f := framed{done: []byte("\x80\x04")}
	mayEnd := func() {
		if rng.IntN(300) == 0 {
			f.endFrame()
		}
	}
	f.add(']', 0x94)
	values := make([]any, 0, count)
	for len(values) < count {
		f.add('(')
		for range min(batch, count-len(values)) {
			mayEnd()
			op, v := number(rng, kind)
			f.add(op...)
			values = append(values, v)
		}
		mayEnd()
		f.add('e')
		mayEnd()
	}
	f.add('.')
	f.endFrame()
	return f.done, values
}

// number returns an opcode and its value.
func number(rng *rand.Rand, kind string) ([]byte, any) {
	switch kind {
	case "floats":
		v := rng.NormFloat64()
		return binary.BigEndian.AppendUint64([]byte{'G'}, math.Float64bits(v)), v
	case "consts":
		i := rng.IntN(3)
		return [][]byte{{'N'}, {0x88}, {0x89}}[i], []any{nil, true, false}[i]
	}
	switch v := rng.Int64(); rng.IntN(4) {
	case 0:
		return []byte{'K', byte(v)}, int(byte(v))
	case 1:
		return binary.LittleEndian.AppendUint16([]byte{'M'}, uint16(v)), int(uint16(v))
	case 2:
		return binary.LittleEndian.AppendUint32([]byte{'J'}, uint32(v)), int(int32(v))
	default:
		n := rng.IntN(8) + 1
		b := binary.LittleEndian.AppendUint64(nil, uint64(v))[:n]
		v = v << (64 - 8*n) >> (64 - 8*n)
		return append([]byte{0x8a, byte(n)}, b...), int(v)
	}
}

// TestRunsAcrossFrames reads lists of numbers, whose batches are cut by frames and by the ends of
// what a reader gives at once.
func TestRunsAcrossFrames(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 11))
	for _, kind := range []string{"floats", "ints", "consts"} {
		for _, batch := range []int{1000, 70, 1 << 20} {
			data, values := numbers(rng, kind, 9_000, batch)
			t.Run(fmt.Sprint(kind, " in batches of ", batch), func(t *testing.T) {
				readRuns(t, append(data, data...), values)
				cutRuns(t, rng, data)
			})
		}
	}
}

// readRuns reads two pickles of the same values, which follow each other.
func readRuns(t *testing.T, data []byte, values []any) {
	path := filepath.Join(t.TempDir(), "runs.pkl")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for name, r := range map[string]io.Reader{
		"slice":      bytes.NewReader(data),
		"buffered":   bufio.NewReaderSize(bytes.NewReader(data), 5000),
		"pieces":     &cases.Connection{T: t, Data: data, Size: 777},
		"byte":       iotest.OneByteReader(bytes.NewReader(data)),
		"with error": iotest.DataErrReader(bytes.NewReader(data)),
		"file":       file,
	} {
		d := unpkl.NewDecoder(r)
		for i := range 2 {
			var v any
			if err := d.Decode(&v); err != nil {
				t.Fatalf("%s, pickle %d: %v", name, i, err)
			}
			if !reflect.DeepEqual(v, values) {
				t.Fatalf("%s, pickle %d: other values", name, i)
			}
		}
	}
	v, err := unpkl.LoadBytes(data[:len(data)/2])
	if err != nil || !reflect.DeepEqual(v, values) {
		t.Fatalf("of a slice: other values, %v", err)
	}
	if _, ok := values[0].(float64); ok {
		var floats []float64
		if err := unpkl.Unmarshal(data[:len(data)/2], &floats); err != nil {
			t.Fatal(err)
		}
		for i, f := range floats {
			if f != values[i] {
				t.Fatalf("floats[%d] is %v, want %v", i, f, values[i])
			}
		}
	}
}

// cutRuns reads a pickle that is cut off, or longer than the limit, at many places.
func cutRuns(t *testing.T, rng *rand.Rand, data []byte) {
	for range 8 {
		n := rng.IntN(len(data)-2) + 2
		if _, err := unpkl.LoadBytes(data[:n]); !errors.Is(err, pickle.ErrTruncated) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
		for _, size := range []int{100, 1 << 20} {
			pieces := func() io.Reader { return &cases.Connection{T: t, Data: data, Size: size} }
			_, err := unpkl.Load(io.LimitReader(pieces(), int64(n)))
			if !errors.Is(err, pickle.ErrTruncated) {
				t.Fatalf("cut to %d bytes, in pieces of %d: %v", n, size, err)
			}
			_, err = unpkl.Load(pieces(), unpkl.WithLimits(unpkl.Limits{InputBytes: int64(n)}))
			if limit := new(pickle.LimitError); !errors.As(err, &limit) || limit.Limit != "InputBytes" {
				t.Fatalf("limited to %d bytes, in pieces of %d: %v", n, size, err)
			}
		}
	}
}
