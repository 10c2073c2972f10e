package unpkl_test

import (
	"github.com/unpkl/unpkl/internal/cases"

	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
)

// nested returns a pickle of n lists (or tuples, or dicts) inside each other.
func nested(kind string, n int) []byte {
	switch kind {
	case "list":
		return []byte(strings.Repeat("]", n) + strings.Repeat("a", n-1) + ".")
	case "tuple":
		return []byte(")" + strings.Repeat("\x85", n-1) + ".")
	case "dict": // {None: {None: ...}}
		return []byte(strings.Repeat("}N", n-1) + "}" + strings.Repeat("s", n-1) + ".")
	}
	panic(kind)
}

func TestDepth(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"list", "tuple", "dict"} {
		data := nested(kind, 1_000_000)
		if _, err := unpkl.LoadBytes(data, unpkl.WithObjects()); err != nil {
			t.Errorf("a million nested %ss as objects: %v", kind, err)
		}
		var limit *unpkl.LimitError
		if _, err := unpkl.LoadBytes(data); !errors.As(err, &limit) || limit.Limit != "Depth" ||
			!errors.Is(err, unpkl.ErrLimit) {
			t.Errorf("a million nested %ss: got %v, want the depth limit", kind, err)
		}
		if _, err := unpkl.LoadBytes(nested(kind, 100_000),
			unpkl.WithLimits(unpkl.Limits{Depth: unpkl.NoLimit})); err != nil {
			t.Errorf("nested %ss without a limit: %v", kind, err)
		}
		for n, fits := range map[int]bool{9_999: true, 10_000: true, 10_001: false} {
			if _, err := unpkl.LoadBytes(nested(kind, n)); (err == nil) != fits {
				t.Errorf("%d nested %ss: got %v", n, kind, err)
			}
		}
	}
}

// A chain of lists listed from its inner end is as deep as any other.
func TestDepthInnerFirst(t *testing.T) {
	cases.Each(t, "inner_first", func(t *testing.T, data []byte) {
		if _, err := unpkl.LoadBytes(data); !errors.Is(err, unpkl.ErrLimit) {
			t.Errorf("got %v, want the depth limit", err)
		}
	})
}

type recursive []recursive

type node struct {
	Name string `pickle:"name"`
	Next *node  `pickle:"next"`
}

func TestDepthUnmarshal(t *testing.T) {
	t.Parallel()
	data := nested("list", 1_000_000)
	for _, limits := range []unpkl.Limits{{}, {Depth: unpkl.NoLimit}} {
		var r recursive
		if err := unpkl.Unmarshal(data, &r, unpkl.WithLimits(limits)); !errors.Is(err,
			unpkl.ErrLimit) {
			t.Errorf("with %+v: got %v, want the depth limit", limits, err)
		}
	}
	var r recursive
	if err := unpkl.Unmarshal(nested("list", 5_000), &r); err != nil {
		t.Error(err)
	}
	var v any
	if err := unpkl.Unmarshal(data, &v); !errors.Is(err, unpkl.ErrLimit) {
		t.Errorf("any: got %v, want the depth limit", err)
	}
}

// Shared structure is small as plain values, and in Go types that can share.
func TestBomb(t *testing.T) {
	for _, name := range []string{"bomb", "dict_bomb"} {
		data := cases.Newest(t, name)
		if _, err := unpkl.LoadBytes(data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	var v [][][][]any
	if err := unpkl.Unmarshal(cases.Newest(t, "bomb"), &v); err != nil {
		t.Errorf("slices: %v", err)
	} else if len(v) != 10 || len(v[9]) != 10 || &v[0][0] != &v[9][0] {
		t.Error("slices are not shared")
	}
	// Structs by value are copies, and those are counted.
	var c struct{ L [10][10][10][10]int }
	var limit *unpkl.LimitError
	if err := unpkl.Unmarshal(bombInto(t), &c,
		unpkl.WithLimits(unpkl.Limits{Expansion: 5000})); !errors.As(err, &limit) ||
		limit.Limit != "Expansion" {
		t.Errorf("copies: got %v, want the expansion limit", err)
	}
}

// bombInto returns a pickle of {"L": four levels of ten references}.
func bombInto(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("}(X\x01\x00\x00\x00L")
	b.WriteString("](" + strings.Repeat("K\x01", 10) + "e")
	for i := range 3 {
		b.WriteString("q" + string(rune(i)) + "0](" + strings.Repeat("h"+string(rune(i)), 10) + "e")
	}
	b.WriteString("u.")
	return b.Bytes()
}

func TestKeyBomb(t *testing.T) {
	// x = (x, x), sixty times, as a dict key: Go would hash 2^60 values.
	data := "}(K\x01\x85"
	for range 60 {
		data += "q\x010h\x01h\x01\x86"
	}
	data += "Nu."
	if _, err := unpkl.LoadBytes([]byte(data)); !errors.Is(err, unpkl.ErrLimit) {
		t.Errorf("got %v, want a limit", err)
	}
}

// Hostile inputs cost no memory to speak of before they are refused.
func TestAllocationCeiling(t *testing.T) {
	for name, data := range map[string]string{
		"bytes of 1 GiB":      "B\x00\x00\x00\x40abc",
		"str of 2^63":         "\x8d\x00\x00\x00\x00\x00\x00\x00\x80",
		"memo at 2^32-1":      "]r\xff\xff\xff\xff.",
		"frame of 2^62":       "\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x40N.",
		"bytearray of 1 GiB":  "\x96\x00\x00\x00\x40\x00\x00\x00\x00",
		"a million digits":    "I" + strings.Repeat("9", 1_000_000) + "\n.",
		"LONG4 of 2^31-1":     "\x8b\xff\xff\xff\x7f\x01.",
		"no input":            "",
		"a truncated bz2":     "BZh91AY&SY",
		"text":                "hello, world",
		"a tuple of nothing":  "(t",
		"stack underflow":     "R.",
		"zip without members": "PK\x05\x06" + strings.Repeat("\x00", 18),
	} {
		for _, route := range []struct {
			name string
			load func() (any, error)
		}{
			{"bytes", func() (any, error) { return unpkl.LoadBytes([]byte(data)) }},
			{"reader", func() (any, error) { return unpkl.Load(strings.NewReader(data)) }},
		} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			v, err := route.load()
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20+16*uint64(len(data)) {
				t.Errorf("%s from %s: %d bytes allocated", name, route.name, used)
			}
			if err == nil && name != "memo at 2^32-1" && name != "zip without members" {
				t.Errorf("%s from %s: got %v, want an error", name, route.name, v)
			}
		}
	}
}

// TestLongKeys: a key that expands to millions of values is refused long before a map
// takes seconds to hash it; keys as data has them count as what they are.
func TestLongKeys(t *testing.T) {
	var key strings.Builder
	key.WriteString("(" + strings.Repeat("K\x01", 10) + "t")
	for i := range 6 {
		fmt.Fprintf(&key, "p%d\n0(%st", i, strings.Repeat(fmt.Sprintf("g%d\n", i), 10))
	}
	data := []byte("}" + key.String() + "Ns.")
	var limit *unpkl.LimitError
	if _, err := unpkl.LoadBytes(data); !errors.As(err, &limit) || limit.Limit != "Expansion" {
		t.Errorf("got %v, want the expansion limit", err)
	}
	for expansion, fits := range map[int64]bool{2: false, 3: true} {
		_, err := unpkl.LoadBytes([]byte("}K\x01K\x02\x86Ns."),
			unpkl.WithLimits(unpkl.Limits{Expansion: expansion}))
		if (err == nil) != fits {
			t.Errorf("a pair as key, limit %d: %v", expansion, err)
		}
	}
}
