package jsonval_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/cases"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/pickle"
)

func encode(v any, o jsonval.Options) (string, error) {
	var out bytes.Buffer
	err := jsonval.NewEncoder(&out, o).Encode(v)
	return strings.TrimSuffix(out.String(), "\n"), err
}

func mustEncode(t *testing.T, v any, o jsonval.Options) string {
	t.Helper()
	got, err := encode(v, o)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid([]byte(got)) {
		t.Fatalf("not JSON: %s", got)
	}
	return got
}

func list(v ...any) *types.List   { return types.NewListFromSlice(v) }
func tuple(v ...any) *types.Tuple { return types.NewTupleFromSlice(v) }

func dict(kv ...any) *types.Dict {
	d := types.NewDict()
	for i := 0; i < len(kv); i += 2 {
		d.Set(kv[i], kv[i+1])
	}
	return d
}

// pythonText is what scripts/gen_json_text.py has Python say.
type pythonText struct {
	Floats  [][2]string `json:"floats"`
	Strings [][2]any    `json:"strings"`
	Keys    [][2]string `json:"keys"`
}

func readPythonText(t *testing.T) (p pythonText) {
	t.Helper()
	data, err := os.ReadFile("testdata/text.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFloatAsPython(t *testing.T) {
	for _, row := range readPythonText(t).Floats {
		bits, err := hex.DecodeString(row[0])
		if err != nil {
			t.Fatal(err)
		}
		f := math.Float64frombits(binary.BigEndian.Uint64(bits))
		if got := mustEncode(t, f, jsonval.Options{}); got != row[1] {
			t.Errorf("%s: got %s, Python writes %s", row[0], got, row[1])
		}
	}
}

func TestStringAsPython(t *testing.T) {
	for _, row := range readPythonText(t).Strings {
		var s []byte
		for _, c := range row[0].([]any) {
			s = appendWTF8(s, rune(c.(float64)))
		}
		got := mustEncode(t, string(s), jsonval.Options{})
		if want := row[1].(string); !slices.Equal(units(t, got), units(t, want)) {
			t.Errorf("%q: got %s, Python writes %s", s, got, want)
		}
		for _, r := range got {
			if r < ' ' || 0x7f <= r && r < 0xa0 ||
				strings.ContainsRune(
					"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029", r) {
				t.Errorf("%q: %s has %U as it is", s, got, r)
			}
		}
	}
}

// appendWTF8 appends a code point as UTF-8, a surrogate too.
func appendWTF8(dst []byte, r rune) []byte {
	if 0xd800 <= r && r <= 0xdfff {
		return append(dst, 0xe0|byte(r>>12), 0x80|byte(r>>6&0x3f), 0x80|byte(r&0x3f))
	}
	return utf8.AppendRune(dst, r)
}

// units reads a JSON string into UTF-16 code units, which unlike Go's strings hold
// lone surrogates.
func units(t *testing.T, s string) []rune {
	t.Helper()
	short := map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n',
		'r': '\r', 't': '\t'}
	var out []rune
	for s = s[1 : len(s)-1]; s != ""; {
		if s[0] != '\\' {
			r, size := utf8.DecodeRuneInString(s)
			if s = s[size:]; r >= 0x10000 {
				out = append(out, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
			} else {
				out = append(out, r)
			}
			continue
		}
		if r, ok := short[s[1]]; ok {
			out, s = append(out, r), s[2:]
			continue
		}
		n, err := hex.DecodeString(s[2:6])
		if err != nil || s[1] != 'u' {
			t.Fatalf("bad escape %q", s)
		}
		out, s = append(out, rune(n[0])<<8|rune(n[1])), s[6:]
	}
	return out
}

func TestKeysAsPython(t *testing.T) {
	keys := map[string]any{"1": 1, "-1": -1, "1.0": 1.0, "1e+16": 1e16, "1e-05": 1e-5,
		"nan": math.NaN(),
		"inf": math.Inf(1), "-inf": math.Inf(-1), "True": true, "False": false, "None": nil,
		"1" + strings.Repeat("0", 30): new(big.Int).Exp(big.NewInt(10), big.NewInt(30), nil)}
	for _, row := range readPythonText(t).Keys {
		key, ok := keys[row[0]]
		if !ok {
			t.Fatalf("no Go key for %s", row[0])
		}
		if got, want := mustEncode(t, dict(key, 0), jsonval.Options{}),
			`{"`+row[1]+`":0}`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestValues(t *testing.T) {
	cycle := list(1)
	cycle.Append(cycle)
	inTuple := list()
	inTuple.Append(dict("a/b", tuple(inTuple)))
	shared := list("x")
	tests := []struct {
		name string
		v    any
		want string
	}{
		{"none", nil, `null`},
		{"big int", new(big.Int).Lsh(big.NewInt(1), 70), `1180591620717411303424`},
		{"nan", list(math.NaN(), math.Inf(1), math.Inf(-1)), `["NaN","Infinity","-Infinity"]`},
		{"complex", complex(1, math.Inf(-1)), `{"$complex":[1.0,"-Infinity"]}`},
		{"bytes", []byte{0, 255}, `{"$bytes":"AP8="}`},
		{"bytearray", types.NewByteArrayFromSlice([]byte("a")), `{"$bytearray":"YQ=="}`},
		{"py2 str, text", pickle.Py2String("caf\xc3\xa9"), `"café"`},
		{"py2 str, data", pickle.Py2String("\xff"), `{"$bytes":"/w=="}`},
		{"py2 str, surrogate", pickle.Py2String("\xed\xa0\x80"), `{"$bytes":"7aCA"}`},
		{"raw bytes in a string", "\xff", `{"$bytes":"/w=="}`},
		{"tuple", tuple(1, tuple()), `[1,[]]`},
		{"bytes keys", dict([]byte("a"), 1, pickle.Bytes("b"), 2, pickle.Py2String("c"), 3),
			`{"a":1,"b":2,"c":3}`},
		{"bytes key, no text", dict([]byte("\xff"), 1), `{"$dict":[[{"$bytes":"/w=="},1]]}`},
		{"tuple key", dict(tuple(1, 2), 3, "a", 4), `{"$dict":[[[1,2],3],["a",4]]}`},
		{"equal keys", dict(1, "a", "1", "b"), `{"$dict":[[1,"a"],["1","b"]]}`},
		{"equal keys of bytes", dict("k", 1, []byte("k"), 2),
			`{"$dict":[["k",1],[{"$bytes":"aw=="},2]]}`},
		{"a dict like a form", dict("$bytes", "AA=="), `{"$dict":[["$bytes","AA=="]]}`},
		{"a dict unlike any", dict("$set", 1), `{"$set":1}`},
		{"global", pickle.Global{Module: "os", Name: "system"}, `{"$global":"os.system"}`},
		{"object", &pickle.Object{Class: pickle.Global{Module: "m", Name: "C"}},
			`{"$object":"m.C"}`},
		{"object with all", &pickle.Object{
			Class: pickle.Global{Module: "m", Name: "C"}, Args: []any{1}, Kwargs: dict("k", 2),
			HasState: true,
			Items:    []any{3}, DictItems: *dict("a", 4, "a", 5),
		},
			`{"$object":"m.C","args":[1],"kwargs":{"k":2},"state":null,"items":[3],"dictitems":{"$dict":[["a",4],["a",5]]}}`},
		{"address", &pickle.Object{Class: pickle.Global{Module: "ipaddress", Name: "IPv4Address"},
			Args: []any{16909060}}, `"1.2.3.4"`},
		{"object of a made class",
			&pickle.Object{Class: &pickle.Object{Class: pickle.Global{Module: "m", Name: "f"},
				Args: []any{1}}},
			`{"$object":{"$object":"m.f","args":[1]}}`},
		{"cycle", cycle, `[1,{"$ref":"#"}]`},
		{"cycle by a tuple", list(inTuple), `[[{"a/b":[{"$ref":"#/0"}]}]]`},
		{"shared", list(shared, shared), `[["x"],["x"]]`},
		{"long string", strings.Repeat("é\x1b", 50_000),
			`"` + strings.Repeat(`é\u001b`, 50_000) + `"`},
		{"long bytes", make([]byte, 300_000), `{"$bytes":"` + strings.Repeat("A", 400_000) + `"}`},
	}
	for _, tt := range tests {
		if got := mustEncode(t, tt.v, jsonval.Options{}); got != tt.want {
			t.Errorf("%s: got %.300s, want %.300s", tt.name, got, tt.want)
		}
	}
}

func TestLayout(t *testing.T) {
	v := dict("a", list(1, list(), dict()), "b", complex(1, 2))
	want := "{\n  \"a\": [\n    1,\n    [],\n    {}\n  ],\n  \"b\": {\"$complex\": [1.0, 2.0]}\n}"
	if got := mustEncode(t, v, jsonval.Options{Indent: 2}); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestRefs(t *testing.T) {
	shared, empty := list("x"), tuple()
	d := dict("a~b/c d", tuple(shared), "again", shared, "e", tuple(empty, empty))
	want := `{"a~b/c d":[["x"]],"again":{"$ref":"#/a~0b~1c%20d/0"},"e":[[],[]]}`
	if got := mustEncode(t, d, jsonval.Options{Refs: true}); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestRefLeads follows every $ref of --refs with --select: it leads to the
// container that stands there.
func TestRefLeads(t *testing.T) {
	shared := list("x", list("y"))
	root := dict("é %/~", list(shared), "b", list(shared, list(shared)))
	got := mustEncode(t, root, jsonval.Options{Refs: true})
	refs := 0
	for _, part := range strings.Split(got, `{"$ref":"`)[1:] {
		ref, _, _ := strings.Cut(part, `"`)
		p, err := jsonval.ParsePointer(ref)
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonval.Select(root, p, jsonval.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if v != any(shared) {
			t.Errorf("%s leads to %v", ref, v)
		}
		refs++
	}
	if refs != 2 {
		t.Errorf("%d refs in %s", refs, got)
	}
}

func TestSelect(t *testing.T) {
	obj := &pickle.Object{Class: pickle.Global{Module: "m", Name: "C"}, Args: []any{"arg"},
		State: dict("k", 7), HasState: true}
	v := dict("a", list(10, 20), "o", obj, "", 1, "x/y", 2, "m~n", 3, 5, 4, "c", complex(1, 2))
	tests := []struct{ pointer, want string }{
		{"/a/1", "20"}, {"/o/args/0", `"arg"`}, {"/o/state/k", "7"}, {"/o/$object", `"m.C"`},
		{"/", "1"}, {"/x~1y", "2"}, {"/m~0n", "3"}, {"/5", "4"}, {"/c/$complex/1", "2.0"},
		{"#/x~1y", "2"},
	}
	for _, tt := range tests {
		p, err := jsonval.ParsePointer(tt.pointer)
		if err != nil {
			t.Fatal(err)
		}
		part, err := jsonval.Select(v, p, jsonval.Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.pointer, err)
			continue
		}
		if got := mustEncode(t, part, jsonval.Options{}); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.pointer, got, tt.want)
		}
	}
	for _, bad := range []string{"/nope", "/a/2", "/a/01", "/a/-", "/a/-1", "/a/0/x", "/o/items"} {
		p, err := jsonval.ParsePointer(bad)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jsonval.Select(v, p, jsonval.Options{}); !errors.Is(err, jsonval.ErrNotFound) {
			t.Errorf("%s: got error %v", bad, err)
		}
	}
	for _, bad := range []string{"a", "/~", "/~2", "#/%zz"} {
		if _, err := jsonval.ParsePointer(bad); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestLimits(t *testing.T) {
	nest := func(n int) any {
		v := list()
		for range n - 1 {
			v = list(v)
		}
		return v
	}
	multiply := any("leaf")
	for range 30 {
		l := list()
		for range 10 {
			l.Append(multiply)
		}
		multiply = l
	}
	tests := []struct {
		name   string
		v      any
		limits pickle.Limits
		want   string // the limit, or "" for none
	}{
		{"depth reached", nest(100), pickle.Limits{Depth: 100}, ""},
		{"depth passed", nest(101), pickle.Limits{Depth: 100}, "Depth"},
		{"default depth", nest(10_000), pickle.Limits{}, ""},
		{"a million levels", nest(1_000_000), pickle.Limits{}, "Depth"},
		{"output reached", "12345678", pickle.Limits{OutputBytes: 11}, ""},
		{"output passed", "12345678", pickle.Limits{OutputBytes: 10}, "OutputBytes"},
		{"output past a small limit", multiply, pickle.Limits{OutputBytes: 1 << 20}, "OutputBytes"},
		{"output without end", multiply, pickle.Limits{OutputBytes: pickle.NoLimit}, "OutputBytes"},
		{"digits", new(big.Int).Lsh(big.NewInt(1), 1<<20), pickle.Limits{}, "IntDigits"},
		{"digits of a key", dict(new(big.Int).Lsh(big.NewInt(1), 1<<20), 1), pickle.Limits{},
			"IntDigits"},
	}
	for _, tt := range tests {
		_, err := encode(tt.v, jsonval.Options{Limits: tt.limits})
		var limit *pickle.LimitError
		if errors.As(err, &limit) != (tt.want != "") || limit != nil && limit.Limit != tt.want {
			t.Errorf("%s: got error %v, want limit %q", tt.name, err, tt.want)
		}
	}
}

// TestDeepLevels writes more levels than a goroutine's stack would hold frames.
func TestDeepLevels(t *testing.T) {
	n := 200_000
	if cases.Long() {
		n = 1_000_000
	}
	v := list()
	for range n - 1 {
		v = list(v)
	}
	got, err := encode(v, jsonval.Options{Limits: pickle.Limits{Depth: pickle.NoLimit}})
	if err != nil || got != strings.Repeat("[", n)+strings.Repeat("]", n) {
		t.Errorf("%d bytes, error %v", len(got), err)
	}
}
