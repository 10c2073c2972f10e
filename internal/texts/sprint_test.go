package texts

import (
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/nlpodyssey/gopickle/types"
)

// TestSprint: what holds itself, or is very large, is shown by its type; all else as fmt shows it.
func TestSprint(t *testing.T) {
	dict := types.NewDict()
	dict.Set("self", dict)
	list := &types.List{}
	list.Append(types.NewTupleFromSlice([]any{list}))
	var deep any = 1
	for range 100 {
		deep = []any{deep}
	}
	object := &struct{ State any }{}
	object.State = map[string]any{"a": object}
	for _, v := range []any{dict, list, []any{dict}, map[string]any{"a": list}, deep,
		make([]any, maxSprintParts+1), object, types.NewTupleFromSlice([]any{object})} {
		if got, want := Sprint(v), fmt.Sprintf("a %T", v); got != want {
			t.Errorf("%.60q, want %q", got, want)
		}
	}
	if got := Sprint(nil); got != "None" {
		t.Errorf("%q of nil", got)
	}
	for _, v := range []any{1, 1.5, "x", []byte("ab"), true, []any{1, "a", nil},
		time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC), big.NewInt(5), map[string]any{"a": 1},
		types.NewTupleFromSlice([]any{"a", 1}), &types.List{}, []string{"a", "b"}, time.Second,
		struct{ A, b any }{1, "x"}} {
		if got, want := Sprint(v), fmt.Sprint(v); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
