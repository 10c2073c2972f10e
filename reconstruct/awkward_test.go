package reconstruct

import (
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// TestAwkwardRecordLies: a record at a place that its array has not is an error.
func TestAwkwardRecordLies(t *testing.T) {
	for _, at := range []any{1, -1, "0", nil} {
		o := &pickle.Object{
			Class: pickle.Global{Module: "awkward._pickle", Name: "unpickle_record_schema_2"},
			Args:  []any{&types.Dict{}, 1, &types.Dict{}, "<", nil, nil, at}}
		if v, ok, err := ReadLibrary(o); err == nil {
			t.Errorf("at %v: %v %v", at, v, ok)
		}
	}
}
