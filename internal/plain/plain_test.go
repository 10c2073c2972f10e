package plain_test

import (
	"github.com/unpkl/unpkl/internal/cases"

	"errors"
	"math"
	"math/big"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/apd/v3"
	"github.com/google/uuid"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/plain"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// What the expressions of testdata/plain/cases.json are in Go, by the table in the
// package documentation.
func TestPlain(t *testing.T) {
	utc := func(y, m, d, h, min, s, us int) time.Time {
		return time.Date(y, time.Month(m), d, h, min, s, us*1000, time.UTC)
	}
	for _, c := range []struct {
		name string
		want any
	}{
		{"scalars", []any{nil, true, false, 0, -1, pyInt(1 << 31), pyInt(1 << 62),
			cases.BigInt("9223372036854775808"), pyInt(math.MinInt64),
			cases.BigInt("-9223372036854775809"), cases.BigInt("1000000000000000000000000000000"),
			1.5, math.Copysign(0, -1), "text", "né€",
			[]byte("bytes"), complex(1, -2)}},
		{"empty", []any{[]any{}, []any{}, map[string]any{}, []any{}, []any{}, []byte{}, ""}},
		{"bytearray", []byte("abc")},
		{"containers", map[string]any{
			"list": []any{1, []any{2}}, "tuple": []any{1, []any{2}}, "set": []any{7},
			"frozenset": []any{8},
			"deque":     []any{1, 2}, "dict": map[string]any{"a": 1}}},
		{"dicts", []any{
			map[string]any{"a": 2, "b": 1}, map[string]any{"x": []any{1}},
			map[string]any{"a": 2, "b": 1},
			map[any]any{1: "one", "two": 2}, map[string]any{}}},
		{"keys", map[any]any{
			nil: 0, true: 1, 2: 2, 3.5: 3, "four": 4, pickle.Bytes("five"): 5, [0]any{}: 6,
			[2]any{1, "a"}:          7,
			[2]any{[2]any{1, 2}, 3}: 8, unpkl.BigInt("1180591620717411303424"): 9,
			unpkl.BigInt("-1180591620717411303424"): 10,
			complex(1, 2):                           11, [5]any{1, 2, 3, 4, 5}: 12,
			[2]any{pickle.Bytes("x"), unpkl.BigInt("1180591620717411303424")}: 13}},
		{"key_times", map[any]any{
			utc(2020, 1, 2, 3, 4, 5, 0): 1, reconstruct.Date{Year: 2020, Month: 1, Day: 2}: 2,
			90 * time.Second:            3,
			utc(2020, 1, 2, 1, 4, 5, 0): 4}},
		{"key_values", map[any]any{
			reconstruct.Decimal("1.50"): 1, uuid.UUID{15: 5}: 2, "a/b": 3, float32(2.5): 4,
			int64(7): 5,
			ndarray.Datetime64{Value: 18263, Unit: ndarray.DatetimeUnit{Base: "D", Num: 1}}: 6,
			pickle.Bytes("z"): 7, "s": 8}},
		{"values", []any{apd.New(-150, -2), big.NewRat(3, 4),
			uuid.MustParse("12345678-1234-5678-1234-567812345678"), "/a/b.txt"}},
		{"numpy_scalars", []any{int8(-8), int16(-16), int32(-32), int64(-64), uint8(8), uint16(16),
			uint32(32), uint64(math.MaxUint64),
			ndarray.Float16(0x3e00), float32(2.5), 3.5, complex64(1 + 2i), 3 + 4i, true, "str",
			[]byte("bytes"),
			ndarray.Datetime64{Value: 18263, Unit: ndarray.DatetimeUnit{Base: "D", Num: 1}},
			ndarray.Timedelta64{Value: 5, Unit: ndarray.DatetimeUnit{Base: "s", Num: 1}}}},
	} {
		cases.Each(t, c.name, func(t *testing.T, data []byte) {
			got, err := unpkl.LoadBytes(data)
			if err != nil {
				t.Fatal(err)
			}
			if d := cases.Diff(c.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestPlainTimes(t *testing.T) {
	cases.Each(t, "times", func(t *testing.T, data []byte) {
		v, err := unpkl.LoadBytes(data)
		if err != nil {
			t.Fatal(err)
		}
		got := v.([]any)
		naive, aware := got[0].(time.Time), got[1].(time.Time)
		if want := time.Date(2024, 2, 29, 10, 30, 0, 1000, time.UTC); !naive.Equal(want) ||
			naive.Location() != time.UTC {
			t.Errorf("naive datetime: got %v, want %v", naive, want)
		}
		if want := "2024-02-29T10:30:00+01:00"; aware.Format(time.RFC3339Nano) != want {
			t.Errorf("aware datetime: got %v, want %v", aware.Format(time.RFC3339Nano), want)
		}
		if want := (reconstruct.Date{Year: 2024, Month: 2, Day: 29}); got[2] != want {
			t.Errorf("date: got %#v, want %#v", got[2], want)
		}
		if s := got[3].(*reconstruct.Time).ISOFormat(); s != "10:30:15.000007" {
			t.Errorf("time: got %s", s)
		}
		if want := -24*time.Hour + 5*time.Microsecond; got[4] != want {
			t.Errorf("timedelta: got %v, want %v", got[4], want)
		}
	})
}

func TestPlainFloats(t *testing.T) {
	cases.Each(t, "floats", func(t *testing.T, data []byte) {
		v, err := unpkl.LoadBytes(data)
		if err != nil {
			t.Fatal(err)
		}
		got := v.([]any)
		if !math.IsNaN(got[0].(float64)) || got[1] != math.Inf(1) || got[2] != math.Inf(-1) ||
			got[3] != 5e-324 {
			t.Errorf("got %v", got)
		}
	})
}

// TestFlatTuples: a tuple of scalars is the same key by itself as in another tuple, which is made
// otherwise.
func TestFlatTuples(t *testing.T) {
	for text, want := range map[string]any{
		"K\x01\x85": [1]any{1}, "N\x88\x86": [2]any{nil, true},
		"K\x01G\x3f\xf8\x00\x00\x00\x00\x00\x00X\x01\x00\x00\x00a\x87": [3]any{1, 1.5, "a"},
		"(K\x01K\x02K\x03K\x04t": [4]any{1, 2, 3, 4}, "C\x01a\x85": [1]any{pickle.Bytes("a")},
	} {
		v, err := unpkl.LoadBytes([]byte("\x80\x04}(" + text + "K\x01" + text + "\x85K\x02u."))
		if m, _ := v.(map[any]any); err != nil || len(m) != 2 || m[want] != 1 ||
			m[[1]any{want}] != 2 {
			t.Errorf("%q: %v, %v", text, v, err)
		}
		_, err = unpkl.LoadBytes([]byte("\x80\x04}("+text+"K\x01u."),
			unpkl.WithLimits(unpkl.Limits{Expansion: 1}))
		if !errors.Is(err, unpkl.ErrLimit) {
			t.Errorf("%q: %v, want a limit", text, err)
		}
	}
}

// Keys that Go maps cannot tell apart, or cannot hold, are errors, never merged.
func TestPlainKeyErrors(t *testing.T) {
	for _, name := range []string{"key_clash", "key_long_tuple"} {
		cases.Each(t, name, func(t *testing.T, data []byte) {
			if v, err := unpkl.LoadBytes(data); !errors.Is(err, unpkl.ErrKey) {
				t.Errorf("got %v, %v, want ErrKey", v, err)
			}
			if _, err := unpkl.LoadBytes(data, unpkl.WithObjects()); err != nil {
				t.Errorf("as objects: %v", err)
			}
		})
	}
	cases.Each(t, "key_nan", func(t *testing.T, data []byte) {
		v, err := unpkl.LoadBytes(data)
		if m, ok := v.(map[any]any); err != nil || !ok || len(m) != 2 {
			t.Errorf("two NaN keys: got %v, %v", v, err)
		}
	})
	cases.Each(t, "key_frozenset", func(t *testing.T, data []byte) {
		v, err := unpkl.LoadBytes(data)
		if err != nil {
			t.Fatal(err)
		}
		sizes := map[int]any{}
		for k, v := range v.(map[any]any) {
			sizes[len(k.(*pickle.FrozenSet).Items)] = v
		}
		if d := cases.Diff(map[int]any{2: "a", 1: "b"}, sizes); d != "" {
			t.Error(d)
		}
	})
}

func TestPlainSharing(t *testing.T) {
	cases.Each(t, "shared", func(t *testing.T, data []byte) {
		v, err := unpkl.LoadBytes(data)
		if err != nil {
			t.Fatal(err)
		}
		m := v.(map[string]any)
		m["a"].([]any)[0] = "changed"
		for _, s := range []any{m["b"], m["c"].(map[string]any)["k"], m["t"].([]any)[0],
			m["t"].([]any)[1]} {
			if s.([]any)[0] != "changed" {
				t.Errorf("a list referred to twice became two: %v", m)
			}
		}
		m["c"].(map[string]any)["new"] = 1
		if m["d"].(map[string]any)["new"] != 1 {
			t.Errorf("a dict referred to twice became two: %v", m)
		}
	})
}

func TestCycles(t *testing.T) {
	for _, name := range []string{"cycle_list", "cycle_dict", "cycle_tuple", "cycle_node",
		"cycle_array"} {
		cases.Each(t, name, func(t *testing.T, data []byte) {
			if v, err := unpkl.LoadBytes(data); !errors.Is(err, unpkl.ErrCycle) {
				t.Errorf("got %v, want ErrCycle", err)
				_ = v
			}
			if _, err := unpkl.LoadBytes(data, unpkl.WithObjects()); err != nil {
				t.Errorf("as objects: %v", err)
			}
			if _, err := unpkl.LoadBytes(data, unpkl.WithAllowCycles()); err != nil {
				t.Errorf("with cycles allowed: %v", err)
			}
		})
	}
	v, err := unpkl.LoadBytes(cases.Newest(t, "cycle_list"), unpkl.WithAllowCycles())
	if err != nil {
		t.Fatal(err)
	}
	outer := v.([]any)
	inner := outer[1].([]any)
	outer[0] = "seen"
	if inner[0] != "seen" {
		t.Error("the list inside the list is another list")
	}
}

// TestLibraryInTree: what stands for a value of pandas is one in a tree too, and inert
// objects become plain values all the way down.
func TestLibraryInTree(t *testing.T) {
	const (
		nulls   = "](cpandas._libs.missing\nNA\n}cpandas._libs.missing\nNA\nNse."
		objects = "](cm\nC\n)\x81}\x8c\x01x](K\x01)esb" + // its state is {"x": [1, ()]}
			"cm\nC\nK\x01]Na\x86R]aK\x02}s" + // C(1, [None]) with an item and a dict item
			"(]im\nD\ne."
	)
	for _, data := range []string{nulls, objects} {
		tree, err := unpkl.LoadBytes([]byte(data))
		if err != nil {
			t.Fatal(err)
		}
		general, err := viaObjects([]byte(data), plain.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(tree, general) {
			t.Errorf("got %#v want %#v", tree, general)
		}
	}
}

// pyInt is an int as a pickle gives it, which on 32 bits may be a *big.Int.
func pyInt(v int64) any {
	if int64(int(v)) == v {
		return int(v)
	}
	return big.NewInt(v)
}

// TestClassesAreNames: a class by itself is its name, be it known or not, also as a key.
func TestClassesAreNames(t *testing.T) {
	known, unknown := pickle.Global{Module: "datetime", Name: "datetime"},
		pickle.Global{Module: "m", Name: "C"}
	data := []byte("\x80\x04](\x8c\bdatetime\x8c\bdatetime\x93cm\nC\n}(cdatetime\ndatetime\nK\x01cm\nC\nK\x02ue.")
	for _, opts := range [][]unpkl.Option{nil, {unpkl.WithLimits(unpkl.Limits{Dims: 9})}} {
		got, err := unpkl.LoadBytes(data, opts...)
		want := []any{known, unknown, map[any]any{known: 1, unknown: 2}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v, %v; want %v", got, err, want)
		}
	}
	var names []pickle.Global
	err := unpkl.Unmarshal([]byte("](cdatetime\ndatetime\ncm\nC\ne."), &names)
	if want := []pickle.Global{known, unknown}; err != nil || !slices.Equal(names, want) {
		t.Errorf("%v, %v; want %v", names, err, want)
	}
}
