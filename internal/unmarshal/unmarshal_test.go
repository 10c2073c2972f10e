package unmarshal_test

import (
	"github.com/unpkl/unpkl/internal/cases"

	"errors"
	"math/big"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// into unmarshals every pickle of a case into a new T and compares.
func into[T any](t *testing.T, name string, want T) {
	t.Helper()
	cases.Each(t, name, func(t *testing.T, data []byte) {
		t.Helper()
		var got T
		if err := unpkl.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if d := cases.Diff(want, got); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
	})
}

func ptr[T any](v T) *T { return &v }

type person struct {
	ID     int       `pickle:"id"`
	Name   string    `pickle:"name"`
	Scores []float64 `pickle:"scores"`
	Active bool      `pickle:"active"`
	Born   string    `pickle:"born"`
	Extra  *struct {
		K int8 `pickle:"k"`
	} `pickle:"extra"`
	Other string `pickle:"-"`
}

func TestUnmarshalStructs(t *testing.T) {
	want := []person{
		{ID: 1, Name: "Ada", Scores: []float64{1.5, 2.5}, Active: true, Born: "1815-12-10"},
		{ID: 2, Name: "Émilie", Scores: []float64{}, Born: "1706-12-17"},
	}
	want[1].Extra = ptr(struct {
		K int8 `pickle:"k"`
	}{1})
	into(t, "people", want)
	into(t, "people", [2]person(want))
	into(t, "people", []*person{&want[0], &want[1]})

	type base struct {
		ID int32 `pickle:"id"`
	}
	type named struct {
		*base
		Name string `pickle:"name"`
	}
	type embedding struct {
		base
		Name string `pickle:"name"`
	}
	into(t, "people", []embedding{{base{1}, "Ada"}, {base{2}, "Émilie"}})
	type Base struct {
		ID int32 `pickle:"id"`
	}
	type pointing struct {
		*Base
		Name string `pickle:"name"`
	}
	into(t, "people", []pointing{{&Base{1}, "Ada"}, {&Base{2}, "Émilie"}})
	into(t, "people", []named{{nil, "Ada"}, {nil, "Émilie"}})

	type region struct {
		Values  []float64 `pickle:"values"`
		Created time.Time `pickle:"created"`
	}
	into(t, "regions", map[string]region{
		"left":  {[]float64{0, 1, 2}, time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)},
		"right": {[]float64{0, 1}, time.Date(2024, 1, 3, 0, 0, 0, 0, time.UTC)},
	})
	type row struct {
		N    int
		Text string
		X    *float64
	}
	into(t, "rows", []row{{1, "a", ptr(2.5)}, {2, "b", nil}})
	type batch struct {
		Data   []byte   `pickle:"data"`
		Labels []int    `pickle:"labels"` // the str key, not the bytes key
		Names  []string `pickle:"names"`
	}
	into(t, "bytes_keys", batch{[]byte{0, 1, 2}, []int{9}, []string{"cat", "dog"}})
}

func TestUnmarshalNumbers(t *testing.T) {
	type numbers struct {
		Small    uint8      `pickle:"small"`
		Negative int16      `pickle:"negative"`
		Big      *big.Int   `pickle:"big"`
		U64      uint64     `pickle:"u64"`
		Float    int        `pickle:"float"`
		Half     float32    `pickle:"half"`
		Huge     float64    `pickle:"huge"`
		Odd      int64      `pickle:"odd"`
		Bool     bool       `pickle:"bool"`
		Text     string     `pickle:"text"`
		None     int        `pickle:"none"`
		NP       int        `pickle:"np"`
		ZeroD    float64    `pickle:"zero_d"`
		C        complex128 `pickle:"c"`
	}
	into(t, "numbers", numbers{5, -5, cases.BigInt("1180591620717411303424"), 1<<64 - 1, 2, 2.5,
		1e300, 1<<53 + 1, true, "x", 0, 7, 9, 1 + 2i})

	for _, c := range []struct {
		target any
		path   string
		value  string
	}{
		{new(struct {
			V int8 `pickle:"odd"`
		}), "odd", "int"},
		{new(struct {
			V uint `pickle:"negative"`
		}), "negative", "int"},
		{new(struct {
			V int64 `pickle:"big"`
		}), "big", "int"},
		{new(struct {
			V float64 `pickle:"odd"`
		}), "odd", "int"},
		{new(struct {
			V float64 `pickle:"big"`
		}), "", ""}, // 2**70 is a float64
		{new(struct {
			V float32 `pickle:"huge"`
		}), "huge", "float"},
		{new(struct {
			V int `pickle:"half"`
		}), "half", "float"},
		{new(struct {
			V int `pickle:"bool"`
		}), "bool", "bool"},
		{new(struct {
			V bool `pickle:"small"`
		}), "small", "int"},
		{new(struct {
			V int `pickle:"text"`
		}), "text", "str"},
		{new(struct {
			V string `pickle:"small"`
		}), "small", "int"},
		{new(struct {
			V float64 `pickle:"c"`
		}), "c", "complex"},
		{new(map[string]int8), "big", "int"},
	} {
		err := unpkl.Unmarshal(cases.Newest(t, "numbers"), c.target)
		if c.path == "" {
			if err != nil {
				t.Errorf("%T: %v", c.target, err)
			}
			continue
		}
		var typeErr *unpkl.UnmarshalTypeError
		if !errors.As(err, &typeErr) || typeErr.Path != c.path || typeErr.Value != c.value {
			t.Errorf("%T: got %v, want an error at %s from %s", c.target, err, c.path, c.value)
		}
	}
}

func TestUnmarshalArrays(t *testing.T) {
	type celsius float32
	type arrays struct {
		F8    [][]float64     `pickle:"f8"`
		I8    []int           `pickle:"i8"`
		F4    []celsius       `pickle:"f4"`
		Big   []int64         `pickle:"big"`
		Bool  []bool          `pickle:"bool"`
		U     []string        `pickle:"U"`
		S     []string        `pickle:"S"`
		F     [2][3]float64   `pickle:"F"`
		D3    [][][]int32     `pickle:"d3"`
		Zero  float64         `pickle:"zero"`
		Empty [][]float64     `pickle:"empty"`
		M     []time.Time     `pickle:"M"`
		D     []time.Duration `pickle:"m"`
		U1    []byte          `pickle:"u1"`
		C8    []complex128    `pickle:"c8"`
	}
	d3 := make([][][]int32, 2)
	for i := range d3 {
		d3[i] = make([][]int32, 3)
		for j := range d3[i] {
			for k := range 4 {
				d3[i][j] = append(d3[i][j], int32(i*12+j*4+k))
			}
		}
	}
	into(t, "arrays", arrays{
		F8: [][]float64{{0, 1, 2}, {3, 4, 5}}, I8: []int{0, 1, 2, 3}, F4: []celsius{1.5, 2.5},
		Big:  []int64{1, 2, 3},
		Bool: []bool{true, false}, U: []string{"a", "bc"}, S: []string{"a", "bc"},
		F: [2][3]float64{{0, 1, 2}, {3, 4, 5}}, D3: d3, Zero: 7.5, Empty: [][]float64{},
		M: []time.Time{time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC),
			time.Date(2021, 3, 4, 0, 0, 0, 0, time.UTC)},
		D: []time.Duration{time.Second, 2 * time.Second}, U1: []byte{1, 2, 255},
		C8: []complex128{1 + 2i},
	})
	type other struct {
		F8 []any          `pickle:"f8"`
		F4 []*float64     `pickle:"f4"`
		A  *ndarray.Array `pickle:"F"`
		// Two fields of one name: neither is used, as in encoding/json.
		I [4]uint8 `pickle:"i8"`
		J []int    `pickle:"i8"`
	}
	var o other
	if err := unpkl.Unmarshal(cases.Newest(t, "arrays"), &o); err != nil {
		t.Fatal(err)
	}
	if row, ok := o.F8[1].(*ndarray.Array); !ok || row.At(2) != 5.0 {
		t.Errorf("[]any of a matrix: got %v", o.F8)
	}
	if *o.F4[1] != 2.5 || o.A.At(1, 0) != 3.0 || o.I != [4]uint8{} || o.J != nil {
		t.Errorf("got %+v", o)
	}
}

func TestUnmarshalArrayErrors(t *testing.T) {
	for _, c := range []struct {
		name   string
		target any
		path   string
		text   []string
	}{
		{"lossy", new(struct {
			V []int `pickle:"fraction"`
		}), "fraction", []string{"float64", "(2,)", "1.5"}},
		{"lossy", new(struct {
			V []int8 `pickle:"big"`
		}), "big", []string{"int64", "(2,)", "300"}},
		{"lossy", new(struct {
			V []uint64 `pickle:"negative"`
		}), "negative", []string{"int64", "-1"}},
		{"arrays", new(struct {
			V []float64 `pickle:"f8"`
		}), "f8", []string{"float64", "(2, 3)"}},
		{"arrays", new(struct {
			V [][][]float64 `pickle:"f8"`
		}), "f8[0][0]", nil},
		{"arrays", new(struct {
			V [3]int `pickle:"i8"`
		}), "i8", []string{"int64", "(4,)"}},
		{"arrays", new(struct {
			V []int `pickle:"U"`
		}), "U", []string{"<U2", "(2,)"}},
		{"arrays", new(struct {
			V []string `pickle:"i8"`
		}), "i8[0]", nil},
		{"arrays", new(struct {
			V map[string]int `pickle:"i8"`
		}), "i8", []string{"int64"}},
		{"people", new([]struct {
			Scores []int `pickle:"scores"`
		}), "[0].scores[0]", []string{"1.5"}},
	} {
		err := unpkl.Unmarshal(cases.Newest(t, c.name), c.target)
		var typeErr *unpkl.UnmarshalTypeError
		if !errors.As(err, &typeErr) || typeErr.Path != c.path {
			t.Errorf("%T: got %v, want an error at %s", c.target, err, c.path)
			continue
		}
		for _, text := range c.text {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%T: %q does not say %q", c.target, err, text)
			}
		}
	}
}

func TestUnmarshalRecords(t *testing.T) {
	type record struct {
		ID   int64    `pickle:"id"`
		X    float64  `pickle:"x"`
		Name string   `pickle:"name"`
		Pair [2]int32 `pickle:"pair"`
	}
	into(t, "records", []record{{1, 2.5, "a", [2]int32{1, 2}}, {3, 4.5, "bc", [2]int32{3, 4}}})
	type part struct {
		Pair []int `pickle:"pair"`
	}
	into(t, "records", [2]*part{{[]int{1, 2}}, {[]int{3, 4}}})
	type objects struct {
		N int   `pickle:"n"`
		O []any `pickle:"o"`
	}
	var got []objects
	err := unpkl.Unmarshal(cases.Newest(t, "object_records"), &got)
	var typeErr *unpkl.UnmarshalTypeError
	if !errors.As(err, &typeErr) || typeErr.Path != "[1].o" || typeErr.Value != "dict" {
		t.Errorf("got %v", err)
	}
	if d := cases.Diff([]objects{{1, []any{2, []any{3}}}, {4, nil}}, got); d != "" {
		t.Errorf("what fits is not decoded: %s", d)
	}
}

func TestUnmarshalMasked(t *testing.T) {
	var got struct {
		Masked []*int `pickle:"masked"`
		Record struct {
			A int8    `pickle:"a"`
			B float32 `pickle:"b"`
		} `pickle:"record"`
		DType *ndarray.DType `pickle:"dtype"`
	}
	if err := unpkl.Unmarshal(cases.Newest(t, "numpy_others"), &got); err != nil {
		t.Fatal(err)
	}
	if *got.Masked[0] != 1 || got.Masked[1] != nil || *got.Masked[2] != 3 {
		t.Errorf("masked: got %v", got.Masked)
	}
	if got.Record.A != 1 || got.Record.B != 2.5 || got.DType.Str() != "<f4" {
		t.Errorf("got %+v", got)
	}
	var plain struct {
		Masked []int `pickle:"masked"`
	}
	if err := unpkl.Unmarshal(cases.Newest(t, "numpy_others"), &plain); err == nil {
		t.Error("a masked element became an int")
	}
}

func TestUnmarshalContainers(t *testing.T) {
	type containers struct {
		List      []any            `pickle:"list"`
		Tuple     any              `pickle:"tuple"`
		Set       map[int]struct{} `pickle:"set"`
		FrozenSet map[int]bool     `pickle:"frozenset"`
		Deque     []int            `pickle:"deque"`
		Dict      map[string]uint8 `pickle:"dict"`
	}
	into(t, "containers", containers{[]any{1, []any{2}}, []any{1, []any{2}},
		map[int]struct{}{7: {}}, map[int]bool{8: true},
		[]int{1, 2}, map[string]uint8{"a": 1}})
	into(t, "dicts", []map[any]any{{"a": 2, "b": 1}, {"x": []any{1}}, {"a": 2, "b": 1},
		{1: "one", "two": 2}, {}})
}

func TestUnmarshalValues(t *testing.T) {
	type values struct {
		Price string
		Part  *big.Rat
		ID    uuid.UUID
		Path  string
	}
	cases.Each(t, "values", func(t *testing.T, data []byte) {
		var got [4]any
		got[0], got[1], got[2], got[3] = new(string), new(big.Rat), new(uuid.UUID), new(string)
		if err := unpkl.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		v := values{*got[0].(*string), got[1].(*big.Rat), *got[2].(*uuid.UUID), *got[3].(*string)}
		want := values{"-1.50", big.NewRat(3, 4),
			uuid.MustParse("12345678-1234-5678-1234-567812345678"), "/a/b.txt"}
		if d := cases.Diff(want, v); d != "" {
			t.Error(d)
		}
	})
}

// Beside each address is its str in Python.
func TestUnmarshalAddresses(t *testing.T) {
	type pair struct{ Object, Text string }
	cases.Each(t, "addresses", func(t *testing.T, data []byte) {
		var pairs []pair
		if err := unpkl.Unmarshal(data, &pairs); err != nil {
			t.Fatal(err)
		}
		var parsed [10]struct {
			Addr netip.Addr
			Text string
		}
		for i, p := range pairs {
			if p.Object != p.Text || len(pairs) != 10 {
				t.Errorf("%d: %q, in Python %q", i, p.Object, p.Text)
			}
		}
		if err := unpkl.Unmarshal(data, &parsed); err == nil {
			t.Error("a network became an address")
		}
		for i := range 6 {
			if parsed[i].Addr != netip.MustParseAddr(pairs[i].Text) {
				t.Errorf("%d: %v", i, parsed[i].Addr)
			}
		}
	})
}

// Everything that fits is decoded, and the first thing that does not is reported.
func TestUnmarshalGoesOn(t *testing.T) {
	var got []struct {
		ID   string `pickle:"id"`
		Name string `pickle:"name"`
	}
	err := unpkl.Unmarshal(cases.Newest(t, "people"), &got)
	var typeErr *unpkl.UnmarshalTypeError
	if !errors.As(err, &typeErr) || typeErr.Path != "[0].id" ||
		typeErr.Type != reflect.TypeFor[string]() {
		t.Errorf("got %v", err)
	}
	if len(got) != 2 || got[0].Name != "Ada" || got[1].Name != "Émilie" {
		t.Errorf("got %v", got)
	}
}

func TestUnmarshalSharing(t *testing.T) {
	type holder struct {
		A *[]int         `pickle:"a"`
		B *[]int         `pickle:"b"`
		C map[string]any `pickle:"c"`
		D map[string]any `pickle:"d"`
		T [][]int        `pickle:"t"`
	}
	cases.Each(t, "shared", func(t *testing.T, data []byte) {
		var h holder
		if err := unpkl.Unmarshal(data, &h); err != nil {
			t.Fatal(err)
		}
		if h.A != h.B {
			t.Error("pointers to one list are two")
		}
		h.C["new"] = 1
		if h.D["new"] != 1 {
			t.Error("maps of one dict are two")
		}
		if &h.T[0][0] != &h.T[1][0] {
			t.Error("slices of one list are two")
		}
	})
	cases.Each(t, "cycle_node", func(t *testing.T, data []byte) {
		var n *node
		if err := unpkl.Unmarshal(data, &n); err != nil {
			t.Fatal(err)
		}
		if n.Name != "a" || n.Next.Name != "b" || n.Next.Next != n {
			t.Errorf("got %v", n)
		}
	})
	var r recursive
	if err := unpkl.Unmarshal(cases.Newest(t, "bomb"), &r); err == nil {
		t.Error("a str went into a list type")
	}
}

// shout takes its value in its own way.
type shout string

func (s *shout) UnmarshalPickle(v any) error {
	text, ok := v.(string)
	if !ok {
		return errors.New("want a str")
	}
	*s = shout(strings.ToUpper(text))
	return nil
}

func TestUnmarshaler(t *testing.T) {
	var got []struct {
		Name shout `pickle:"name"`
	}
	if err := unpkl.Unmarshal(cases.Newest(t, "people"), &got); err != nil ||
		got[1].Name != "ÉMILIE" {
		t.Errorf("got %v, %v", got, err)
	}
	var bad []struct {
		ID shout `pickle:"id"`
	}
	var typeErr *unpkl.UnmarshalTypeError
	if err := unpkl.Unmarshal(cases.Newest(t, "people"), &bad); !errors.As(err, &typeErr) ||
		typeErr.Err.Error() != "want a str" {
		t.Errorf("got %v", err)
	}
}

func TestUnmarshalTarget(t *testing.T) {
	var v int
	for _, target := range []any{nil, v, (*int)(nil), map[string]any{}} {
		var invalid *unpkl.InvalidUnmarshalError
		if err := unpkl.Unmarshal([]byte("N."), target); !errors.As(err, &invalid) {
			t.Errorf("%T: got %v", target, err)
		}
	}
	// Existing values are kept where there is nothing to put.
	p := person{ID: 7, Name: "old", Other: "kept"}
	if err := unpkl.Unmarshal([]byte("}X\x04\x00\x00\x00nameNs."), &p); err != nil ||
		p.Name != "old" || p.ID != 7 {
		t.Errorf("got %+v, %v", p, err)
	}
	m := map[string]int{"old": 1, "new": 2}
	if err := unpkl.Unmarshal([]byte("}X\x03\x00\x00\x00newK\x05s."), &m); err != nil ||
		len(m) != 2 || m["new"] != 5 || m["old"] != 1 {
		t.Errorf("got %v, %v", m, err)
	}
}

// An inert object fills a struct by its attributes, whatever the protocol.
func TestUnmarshalObject(t *testing.T) {
	for _, data := range []string{
		// NEWOBJ, BUILD
		"\x80\x02cshop\nItem\n)\x81}X\x04\x00\x00\x00nameX\x03\x00\x00\x00peasb.",
		// protocol 0
		"ccopy_reg\n_reconstructor\n(cshop\nItem\nc__builtin__\nobject\nNtR}X\x04\x00\x00\x00nameX\x03\x00\x00\x00peasb.",
		// a list with attributes, at protocol 0
		"ccopy_reg\n_reconstructor\n(cshop\nItem\nc__builtin__\nlist\n(ltR}X\x04\x00\x00\x00nameX\x03\x00\x00\x00peasb.",
		// INST and OBJ, as Python 2 writes classes of its old kind
		"(ishop\nItem\n}X\x04\x00\x00\x00nameX\x03\x00\x00\x00peasb.",
		"(cshop\nItem\no}X\x04\x00\x00\x00nameX\x03\x00\x00\x00peasb.",
		// REDUCE with a state, and of the class of NEWOBJ below protocol 2
		"cshop\nItem\n)R}X\x04\x00\x00\x00nameX\x03\x00\x00\x00peasb.",
		"ccopy_reg\n__newobj__\n(cshop\nItem\ntR}X\x04\x00\x00\x00nameX\x03\x00\x00\x00peasb.",
		// REDUCE with nothing but arguments
		"cshop\nItem\nX\x03\x00\x00\x00pea\x85R.",
		// slots
		"\x80\x02cshop\nItem\n)\x81(N}X\x04\x00\x00\x00nameX\x03\x00\x00\x00peastb.",
		"\x80\x02cshop\nItem\nX\x03\x00\x00\x00pea\x85\x81}X\x04\x00\x00\x00nameX\x03\x00\x00\x00peasb.",
		"\x80\x02cshop\nItem\nX\x03\x00\x00\x00pea\x85\x81.", // a namedtuple
	} {
		var item struct {
			Name string `pickle:"name"`
		}
		if err := unpkl.Unmarshal([]byte(data), &item); err != nil || item.Name != "pea" {
			t.Errorf("%q: got %+v, %v", data, item, err)
		}
		var o *pickle.Object
		if err := unpkl.Unmarshal([]byte(data), &o); err != nil || o == nil {
			t.Errorf("%q: got %+v, %v", data, o, err)
		}
		if _, err := unpkl.LoadBytes([]byte(data), unpkl.WithStrict()); !errors.Is(err,
			unpkl.ErrUnknownGlobal) {
			t.Errorf("%q: strict: got %v", data, err)
		}
	}
}

type recursive []recursive

type node struct {
	Name string `pickle:"name"`
	Next *node  `pickle:"next"`
}

// TestRunsOfConstants: many None, True and False one after another, with and without something else
// behind them, into types that hold them and into one that does not hold all.
func TestRunsOfConstants(t *testing.T) {
	var flags []bool
	var some []*bool
	var values []any
	for range 40 {
		flags = append(flags, true, false)
	}
	for range 30 {
		some = append(some, ptr(true), nil, ptr(false))
		values = append(values, true, nil, false)
	}
	mixed := slices.Repeat([]any{false}, 70)
	mixed = append(mixed, 2)
	type lists struct {
		Flags []bool
		Some  []*bool
		Mixed []any
	}
	into(t, "flags", lists{flags, some, mixed})
	into(t, "flags", struct {
		Flags, Some, Mixed []any
	}{anys(flags), values, mixed})
	cases.Each(t, "flags", func(t *testing.T, data []byte) {
		var v struct{ Flags, Some, Mixed []bool }
		var e *unpkl.UnmarshalTypeError
		if err := unpkl.Unmarshal(data, &v); !errors.As(err, &e) || e.Path != "Mixed[70]" {
			t.Errorf("an int into a bool: %v", err)
		}
		if len(v.Some) != 90 || !v.Some[0] || v.Some[1] || v.Some[2] {
			t.Errorf("None into bools: %v", v.Some)
		}
	})
}

func anys[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}
