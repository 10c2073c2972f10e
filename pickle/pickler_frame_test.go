package pickle

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"
)

// framesOfCPython is the output, in all CPythons from 3.6 to 3.13, of
//
//	h = hashlib.sha256()
//	for n in range(200):
//	    h.update(pickle.dumps(["x" * 60000, "y" * (5350 + n), {"id": 1, "ok": None}, {"id": 2},
//	                           1j, 2j, {"id": 3, "ok": 4}, (5, 6.5), [None]], 4))
//	print(h.hexdigest())
//
// where the first frame becomes full before, inside and after each of the small objects.
const framesOfCPython = "11e8d077478502930a2378f9059effdbabaae0d4ab71d56c016a02d2fe68ad05"

// TestFramesAsCPython checks that frames end where those of CPython do.
func TestFramesAsCPython(t *testing.T) {
	type pair struct{ ID, OK any }
	type single struct{ ID int }
	for name, records := range map[string][3]any{
		"maps": {map[string]any{"id": 1, "ok": nil}, map[string]any{"id": 2},
			map[string]any{"id": 3, "ok": 4}},
		"typed maps": {map[string]any{"id": 1, "ok": nil}, map[string]int{"id": 2},
			map[string]int8{"id": 3, "ok": 4}},
		"keys of any": {map[any]any{"id": 1, "ok": nil}, map[any]int{"id": 2},
			map[any]uint{"id": 3, "ok": 4}},
		"structs":  {pair{1, nil}, single{2}, pair{3, 4}},
		"pointers": {&pair{1, nil}, &single{2}, &pair{3, 4}},
		"dicts": {&types.Dict{{Key: "id", Value: 1}, {Key: "ok"}},
			&types.Dict{{Key: "id", Value: 2}}, &types.Dict{{Key: "id", Value: 3},
				{Key: "ok", Value: 4}}},
	} {
		h := sha256.New()
		for n := range 200 {
			var b bytes.Buffer
			p := NewPickler(&b)
			p.Strings = StringsByValue
			p.Fields = lowerFields
			v := []any{
				strings.Repeat("x", 60000), strings.Repeat("y", 5350+n), records[0], records[1],
				1i, 2i, records[2], [2]any{5, 6.5}, []any{nil},
			}
			if err := p.Dump(v); err != nil {
				t.Fatal(err)
			}
			h.Write(b.Bytes())
		}
		if got := fmt.Sprintf("%x", h.Sum(nil)); got != framesOfCPython {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// lowerFields is a Fields hook that returns all fields with names in lower case.
func lowerFields(t reflect.Type) []Field {
	var out []Field
	for i := range t.NumField() {
		out = append(out, Field{Name: strings.ToLower(t.Field(i).Name), Index: []int{i}})
	}
	return out
}
