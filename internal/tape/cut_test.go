package tape_test

import (
	"fmt"
	"testing"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/pickle"
)

// TestCutKeepsLittle: of a pickle of many values the tape of a pass for one of them has few cells,
// and that one, whether the others are beside it or beside a container around it.
func TestCutKeepsLittle(t *testing.T) {
	const n = 100_000
	many := make(map[string]any, n)
	list := make([]any, n)
	for i := range n {
		many[fmt.Sprint("k", i)] = []any{i, fmt.Sprint("text", i)}
		list[i] = map[string]any{"id": i, "name": fmt.Sprint("name", i)}
	}
	for _, tt := range []struct {
		v     any
		steps []tape.Step
	}{
		{many, []tape.Step{{Key: "k77777"}}},
		{list, []tape.Step{{Key: "99999", Int: 99_999, IsInt: true}, {Key: "name"}}},
		{map[string]any{"a": many, "b": []any{1, 2}}, []tape.Step{{Key: "a"}, {Key: "k0"}}},
		{map[string]any{"a": many, "b": []any{1, 2}}, []tape.Step{{Key: "b"}}},
		{[]any{1, list, many}, []tape.Step{{Key: "0", IsInt: true}}},
	} {
		data, err := pickle.Dumps(tt.v)
		if err != nil {
			t.Fatal(err)
		}
		p, _, err := bridge.ReadPart(pickle.NewUnpicklerBytes(data), tt.steps)
		if err != nil {
			t.Fatal(err)
		}
		if lacks, ok := p.Tape().Cut(); !ok || !lacks {
			t.Errorf("%v: nothing was left out", tt.steps)
		}
		if cells := p.Tape().Len(); cells > 20_000 {
			t.Errorf("%v: the tape of %d values has %d cells", tt.steps, n, cells)
		}
		p.Release()
	}
}
