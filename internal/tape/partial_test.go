package tape_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/pickle"
)

// firstItems returns the path that selects the first items of containers on several levels below
// the root, also through tuples.
func firstItems(first, levels int) []tape.PathStep {
	return slices.Repeat([]tape.PathStep{{Selection: &tape.Selection{
		Wanted: []tape.Range{{To: first}}, ContentsBelow: first, ThroughTuples: true,
	}}}, 1+levels)
}

// TestPartialPassKeepsLittle checks that the tape of a partial pass for one of many values has few
// cells, whether the other values are beside it or beside a container around it.
func TestPartialPassKeepsLittle(t *testing.T) {
	const n = 50_000
	many := make(map[string]any, n)
	list := make([]any, n)
	for i := range n {
		many[fmt.Sprint("k", i)] = []any{i, fmt.Sprint("text", i)}
		list[i] = map[string]any{"id": i, "name": fmt.Sprint("name", i)}
	}
	for i, tt := range []struct {
		v    any
		path []tape.PathStep
	}{
		{many, []tape.PathStep{{Key: "k47777"}}},
		{list, []tape.PathStep{{Key: "49999", Int: 49_999, IsInt: true}, {Key: "name"}}},
		{map[string]any{"a": many, "b": []any{1, 2}}, []tape.PathStep{{Key: "a"}, {Key: "k0"}}},
		{map[string]any{"a": many, "b": []any{1, 2}}, []tape.PathStep{{Key: "b"}}},
		{[]any{1, list, many}, []tape.PathStep{{Key: "0", IsInt: true}}},
		{map[string]any{"only": list},
			[]tape.PathStep{{Key: "only"}, {Key: "99", Int: 99, IsInt: true}}},
		{many, firstItems(3, 1)}, {list, firstItems(3, 3)},
		{map[string]any{"a": many, "b": list}, firstItems(30, 1)},
		{[]any{1, []any{list, many}}, firstItems(20, 2)},
		{types.NewTupleFromSlice([]any{list, many}), firstItems(20, 1)},
		{map[string]any{"only": many}, firstItems(20, 1)},
		{list, []tape.PathStep{{Selection: &tape.Selection{
			Wanted: []tape.Range{{5, 9}, {40_000, 41_500}}}}}},
		{list, []tape.PathStep{{Selection: &tape.Selection{}}}},
	} {
		data, err := pickle.Dumps(tt.v)
		if err != nil {
			t.Fatal(err)
		}
		p, _, err := bridge.ReadPartial(pickle.NewUnpicklerBytes(data), tt.path)
		if err != nil {
			t.Fatal(err)
		}
		if omitted, ok := p.Tape().CheckPartial(); !ok || !omitted {
			t.Errorf("%d, %v: nothing was left out", i, tt.path)
		}
		if cells := p.Tape().Len(); cells > 15_000 {
			t.Errorf("%v: the tape of %d values has %d cells", tt.path, n, cells)
		}
		p.Release()
	}
}
