package pickle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/cases"
)

// TestLengths reads every opcode that has a length with one that is longer than the input.
func TestLengths(t *testing.T) {
	for op, size := range map[Opcode]int{
		OpShortBinBytes: 1, OpShortBinUnicode: 1, OpShortBinString: 1, OpLong1: 1,
		OpBinBytes: 4, OpBinUnicode: 4, OpBinString: 4, OpLong4: 4,
		OpBinBytes8: 8, OpBinUnicode8: 8, OpByteArray8: 8, OpFrame: 8,
	} {
		for _, n := range []uint64{4, 255, 1<<16 - 1, 1 << 20, 1<<31 - 1, 1<<32 - 1, 1 << 36,
			1<<63 - 1, 1<<64 - 1} {
			if size < 8 && n >= 1<<(8*size) {
				continue
			}
			data := string(append([]byte{0x80, 5, byte(op)},
				binary.LittleEndian.AppendUint64(nil, n)[:size]...)) + "abc"
			for name, route := range routes {
				allocated := allocates(func() {
					_, err := route(data).Load()
					if err == nil {
						t.Errorf("%s %v of %d: no error", name, op, n)
					}
					checkError(t, fmt.Sprint(name, op, n), data, err)
				})
				if allocated > 2<<20 {
					t.Errorf("%s %v of %d: %d bytes allocated", name, op, n, allocated)
				}
			}
		}
	}
}

// allocates returns the number of bytes that f allocates.
func allocates(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// expensive returns inputs of size n that make many values of few bytes.
func expensive(n int) map[string]string {
	rep := func(s string) string { return strings.Repeat(s, n/len(s)) }
	return map[string]string{
		"marks":       rep("("),
		"lists":       rep("]"),
		"dicts":       rep("}"),
		"tuples":      rep(")"),
		"sets":        rep("\x8f"),
		"nones":       rep("N"),
		"memos":       "N" + rep("\x94"),
		"dups":        "]" + rep("2"),
		"nested":      rep("]") + rep("a") + ".",
		"tuple1":      ")" + rep("\x85") + ".",
		"tuples3":     ")" + rep("22\x87"),
		"frozensets":  rep("(\x91"),
		"objects":     "cm\nC\nq\x00" + rep("h\x00)\x81"),
		"far puts":    "N" + strings.Join(farPuts(n/5), ""),
		"set of ints": "\x8f(" + strings.Join(binInts(n/5), "") + "\x90.",
		"dict":        "}(" + strings.Join(binInts(n/5), "N") + "Nu.",
		"short bytes": rep("C\x00"),
		"empty str":   rep("\x8c\x00"),
		"floats":      rep("G\x3f\xf0\x00\x00\x00\x00\x00\x01"),
		"appends":     "]" + rep("Na") + ".",
		"tuple key":   "})" + rep("\x85") + "Ns.",
		"fs chain":    strings.Repeat("(", n/2) + strings.Repeat("\x91", n/2) + ".",
		"tuple keys":  ")q\x00}(" + rep("h\x00\x85N") + "u.",
		"set doubled": "(" + rep("\x91\x85(") + ".",
	}
}

func farPuts(n int) []string {
	s := make([]string, n)
	for i := range s {
		s[i] = string(binary.LittleEndian.AppendUint32([]byte{'r'}, math.MaxUint32-uint32(3*i)))
	}
	return s
}

func binInts(n int) []string {
	s := make([]string, n)
	for i := range s {
		s[i] = string(binary.LittleEndian.AppendUint32([]byte{'J'}, uint32(i*4096)))
	}
	return s
}

func TestMemoryPerByte(t *testing.T) {
	const n = 1 << 18
	for name, data := range expensive(n) {
		var v any
		begin := time.Now()
		read := func() {
			var err error
			v, err = NewUnpicklerBytes([]byte(data)).Load()
			checkError(t, name, data, err)
		}
		// The collector may have emptied the pools that a read uses, but hardly twice in a row.
		allocated := min(allocates(read), allocates(read))
		t.Logf("%-12s %3d bytes allocated per byte, %v", name, allocated/uint64(len(data)),
			time.Since(begin))
		// This counts everything that was allocated, including garbage.
		if allocated > 120*uint64(len(data)) {
			t.Errorf("%s: %d bytes allocated for %d", name, allocated, len(data))
		}
		runtime.KeepAlive(v)
	}
}

// quadratic returns inputs whose cost could be quadratic in n.
func quadratic(n int) map[string]string {
	long := strings.Repeat("x", n/2)
	length := string(binary.LittleEndian.AppendUint32(nil, uint32(len(long))))
	other := string(binary.LittleEndian.AppendUint32(nil, uint32(len(long))))
	rep := func(s string) string { return strings.Repeat(s, n/2/len(s)) }
	var wide strings.Builder
	wide.WriteByte('(')
	for range n / 8 {
		wide.WriteString("K\x01")
	}
	wide.WriteString("tq\x00")
	return map[string]string{
		"LONG4": "\x8b" + string(binary.LittleEndian.AppendUint32(nil, uint32(n))) +
			strings.Repeat("\x81", n) + ".",
		"long key": "X" + length + long + "q\x000" + rep("}h\x00Ns0") + "N.",
		"two long keys": "X" + length + long + "q\x000X" + other + long + "q\x010" +
			rep("}(h\x00Nh\x01Nu0") + "N.",
		"long bytes key":     "B" + length + long + "q\x000" + rep("}h\x00Ns0") + "N.",
		"wide tuple key":     wide.String() + "0" + rep("}h\x00Ns0") + "N.",
		"wide tuple in set":  wide.String() + "0\x8f(" + rep("h\x00") + "\x90.",
		"tuple in tuple key": wide.String() + "0" + rep("}h\x00\x85Ns0") + "N.",
		"two dicts in turn":  "}q\x00}q\x01" + alternate(n/16),
		"doubled tuple key": ")" + strings.Repeat("2\x86", min(n/2, 300)) + "q\x000" +
			rep("}h\x00Ns0") + "N.",
		"digits": "L" + strings.Repeat("9", 99_000) + "L\n.",
		"many digits": strings.Repeat("L"+strings.Repeat("9", 50_000)+"L\n",
			max(n/50_000, 1)) + ".",
		"line":            "V" + strings.Repeat("a", n) + "\n.",
		"marks and pops":  rep("(0") + "N.",
		"appends in turn": "]q\x00]q\x01" + rep("h\x00Nah\x01Na00") + ".",
	}
}

func alternate(n int) string {
	var b strings.Builder
	for i := range n {
		key := string(binary.LittleEndian.AppendUint32([]byte{'J'}, uint32(i)))
		b.WriteString("h\x00" + key + "Ns0" + "h\x01" + key + "Ns0")
	}
	return b.String() + "."
}

// TestLinearTime reads inputs of 1 MB, each of which would take minutes if its cost were quadratic,
// longer than go test allows. bench/hostile measures the same in processor time.
func TestLinearTime(t *testing.T) {
	n := 1 << 20
	if testing.Short() {
		n = 1 << 18
	}
	for name, data := range quadratic(n) {
		for _, route := range []string{"bytes", "onebyte"} {
			begin := time.Now()
			if _, err := routes[route](data).Load(); err != nil {
				t.Errorf("%s/%s: %v", name, route, err)
			}
			t.Logf("%s/%s: %v", name, route, time.Since(begin))
		}
	}
}

// TestHashFlood loads a dict and a set of ints that all have the same hash in Python, where the
// hash of an int is its remainder modulo 2**61 - 1.
func TestHashFlood(t *testing.T) {
	const n = 40_000
	var keys, pairs strings.Builder
	for i := range n {
		v := new(big.Int).Mul(big.NewInt(int64(i)), big.NewInt(1<<61-1)).FillBytes(make([]byte, 12))
		slices.Reverse(v)
		key := "\x8a\x0c" + string(v)
		keys.WriteString(key)
		pairs.WriteString(key + "N")
	}
	v, err := NewUnpicklerBytes([]byte("\x80\x04}(" + pairs.String() + "u\x8f(" + keys.String() +
		"\x90\x86.")).Load()
	if err != nil {
		t.Fatal(err)
	}
	both := *v.(*types.Tuple)
	if d, s := both[0].(*types.Dict), both[1].(*Set); len(*d) != n || s.Len() != n {
		t.Errorf("%d keys, %d members, want %d", len(*d), s.Len(), n)
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		data, limit string
		limits      Limits
	}{
		{data: "](K\x01K\x02K\x03e.", limit: "Objects", limits: Limits{Objects: 3}},
		{data: "N\x94\x94\x94.", limit: "Memo", limits: Limits{Memo: 2}},
		{data: "Nr\xff\xff\xff\xffp7\n.", limit: "Memo", limits: Limits{Memo: 1}},
		{data: "\x8c\x05abcde.", limit: "StringBytes", limits: Limits{StringBytes: 4}},
		{data: "X\x05\x00\x00\x00abcde.", limit: "StringBytes", limits: Limits{StringBytes: 4}},
		{data: "C\x05abcde.", limit: "StringBytes", limits: Limits{StringBytes: 4}},
		{data: "U\x05abcde.", limit: "StringBytes", limits: Limits{StringBytes: 4}},
		{data: "Vabcde\n.", limit: "StringBytes", limits: Limits{StringBytes: 4}},
		{data: "S'abcde'\n.", limit: "StringBytes", limits: Limits{StringBytes: 4}},
		{data: "L123456L\n.", limit: "IntDigits", limits: Limits{IntDigits: 5}},
		{data: "I123456\n.", limit: "IntDigits", limits: Limits{IntDigits: 5}},
		{data: "](K\x01K\x02K\x03e.", limit: "InputBytes", limits: Limits{InputBytes: 9}},
	} {
		for name, route := range routes {
			u := route(c.data)
			u.Limits = c.limits
			_, err := u.Load()
			var le *LimitError
			if !errors.As(err, &le) || le.Limit != c.limit || !errors.Is(err, ErrLimit) ||
				le.Want <= le.Max {
				t.Errorf("%s/%s %q: %v", c.limit, name, c.data, err)
			}
			// One more is enough.
			l := &c.limits
			more := Limits{Objects: l.Objects + 1, Memo: l.Memo + 1, StringBytes: l.StringBytes + 1,
				IntDigits: l.IntDigits + 1, InputBytes: l.InputBytes + 1}
			for p, old := range map[*int64]int64{&more.Objects: l.Objects, &more.Memo: l.Memo,
				&more.StringBytes: l.StringBytes, &more.InputBytes: l.InputBytes} {
				if old == 0 {
					*p = 0
				}
			}
			if l.IntDigits == 0 {
				more.IntDigits = 0
			}
			u = route(c.data)
			u.Limits = more
			if _, err := u.Load(); err != nil {
				t.Errorf("%s/%s %q with one more: %v", c.limit, name, c.data, err)
			}
		}
	}
}

// TestPrefixesAndFlips reads every prefix of every sample, and every sample with each byte changed.
func TestPrefixesAndFlips(t *testing.T) {
	for _, c := range pyCases(t) {
		if len(c.data) > 150 {
			continue
		}
		for i := range len(c.data) {
			_, err := NewUnpicklerBytes([]byte(c.data[:i])).Load()
			checkError(t, c.name, c.data[:i], err)
			if err == nil && c.want[0] != '!' && !strings.Contains(c.data[:i], ".") {
				t.Errorf("%s: %d bytes of %d load", c.name, i, len(c.data))
			}
			for _, flip := range []byte{1, 0x80} {
				b := []byte(c.data)
				b[i] ^= flip
				sameOnAllRoutes(t, b)
			}
		}
	}
}

// sameOnAllRoutes checks that slices and readers give the same value or the same kind of error.
func sameOnAllRoutes(t *testing.T, data []byte) {
	t.Helper()
	want, wantErr := NewUnpicklerBytes(data).Load()
	checkError(t, fmt.Sprintf("%q", data), string(data), wantErr)
	for name, route := range routes {
		got, err := route(string(data)).Load()
		var de *DecodeError
		// a reader finds out later that the length is too great
		frame := errors.As(wantErr, &de) && de.Op == OpFrame
		if (err == nil) != (wantErr == nil) || errors.Is(err, ErrTruncated) != errors.Is(wantErr,
			ErrTruncated) && !frame {
			t.Errorf("%s: %q: %v, as bytes %v", name, data, err, wantErr)
			continue
		}
		if err == nil && canon(got) != canon(want) {
			t.Errorf("%s: %q: %s, as bytes %s", name, data, canon(got), canon(want))
		}
	}
}

func FuzzUnpickler(f *testing.F) {
	for _, c := range pyCases(f) {
		f.Add([]byte(c.data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		sameOnAllRoutes(t, data)
		for _, err := range OpsBytes(data) {
			if err != nil && err != io.EOF {
				checkError(t, "Ops", string(data), err)
			}
		}
		_ = Disassemble(io.Discard, bytes.NewReader(data))
	})
}

// TestDeepNesting loads values that are nested hundreds of thousands of levels deep.
func TestDeepNesting(t *testing.T) {
	n := 1 << 18
	if cases.Long() {
		n = 1 << 20
	}
	const keys = 1 << 16
	for name, data := range map[string]string{
		"lists":  strings.Repeat("]", n) + strings.Repeat("a", n-1) + ".",
		"tuples": ")" + strings.Repeat("\x85", n) + ".",
		"dicts":  strings.Repeat("}K\x01", n) + "N" + strings.Repeat("s", n) + ".",
		"states": "cm\nC\nq\x00)\x81" + strings.Repeat("h\x00)\x81", n/4) +
			strings.Repeat("b", n/4) + ".",
	} {
		if _, err := NewUnpicklerBytes([]byte(data)).Load(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, key := range []string{
		")" + strings.Repeat("\x85", keys), strings.Repeat("(", keys) +
			strings.Repeat("\x91", keys),
	} {
		for _, u := range []*Unpickler{
			NewUnpicklerBytes([]byte("}" + key + "Ns.")),
			NewUnpicklerBytes([]byte("\x8f(" + key + "\x90.")),
		} {
			if _, err := u.Load(); err != nil && !errors.Is(err, ErrLimit) {
				t.Error(err)
			}
		}
	}
	v, err := NewUnpicklerBytes([]byte("})" + strings.Repeat("2\x86", 200) + "Ns.")).Load()
	if d, ok := v.(*types.Dict); err != nil || !ok || len(*d) != 1 {
		t.Errorf("a key of 2**200 leaves: %v, %v", v, err)
	}
}
