package jsonval

import (
	"bytes"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/pickle"
)

// FuzzJSON reads what may be JSON: an error or a value, which written and read again is
// written the same way.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a": [1, 2.5, -0, 1e400, null, true, "\ud83d\ude00\ud800\u0000"]}`,
		`[[], {}, [{"$ref": "#/0"}]]`,
		`{"$ndarray": {"dtype": [["a", "<f4"], [["t", "b"], "|S2", [2]]], "shape": [1], "order": "F", "base64": "AAAAAEFCQ0Q="}}`,
		`{"$ndarray": {"dtype": "|O", "shape": [2], "order": "C", "data": [1, {"$bytes": "AA=="}]}}`,
		`{"$dict": [[[1, 2], {"$complex": [1, "NaN"]}]]}`,
		`{"$object": "m.C", "args": [1], "state": {"x": 1}, "items": [1]}`, `{"$global": "m.f"}`,
		`{"$masked": {"data": {"$ndarray": {"dtype": "<i2", "shape": [1], "order": "C", "base64": "AAA="}}, "mask": false, "fill_value": 7}}`,
		`{"$py.tuple": [{"$py.set": [1, {"$py.float": "0x7ff8000000000001"}]}, {"$py.frozenset": ["a"]}, {"$py.str2": "/w=="}, {"$py.float": "-Infinity"}, {"$ref": "#"}]}`,
		`{"$object": {"$global": ["m", "A.B"]}, "opcode": "newobj_ex", "args": [], "kwargs": {"x": {"$py.persistent": 1}}, "dictitems": [[1, {"$ref": "#"}]]}`,
		`{"$ndarray": {"$dict": [[1, 2]]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Decode(data, pickle.Limits{Depth: 200})
		if err != nil {
			return
		}
		limits := pickle.Limits{OutputBytes: 1 << 20}
		for _, o := range []Options{{Arrays: ArraysBase64, Limits: limits},
			{Lossless: true, Limits: limits}} {
			var first bytes.Buffer
			if err := NewEncoder(&first, o).Encode(v); err != nil {
				continue
			}
			if !o.Lossless && (strings.Contains(first.String(), `"$ref"`) ||
				strings.Contains(first.String(), "Infinity")) {
				continue
			}
			again, err := Decode(first.Bytes(), limits)
			if err != nil {
				t.Fatalf("%v: %s", err, first.Bytes())
			}
			var second bytes.Buffer
			if err := NewEncoder(&second, o).Encode(again); err != nil ||
				!bytes.Equal(first.Bytes(), second.Bytes()) {
				t.Fatalf("%v: %s, then %s", err, first.Bytes(), second.Bytes())
			}
		}
	})
}
