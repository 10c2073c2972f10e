package convert_test

import (
	"io"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/convert"
)

// TestListOfDicts: lists of dicts whose keys are no text are no arrays, and an error where only an
// array can be held.
func TestListOfDicts(t *testing.T) {
	t.Parallel()
	one := &types.Dict{{Key: &types.Tuple{1, 2}, Value: 3}}
	for _, v := range []any{&types.List{one}, &types.List{&types.List{one}, &types.List{one}},
		&types.List{1, one}} {
		for _, format := range []string{"csv", "npy", "raw", "feather"} {
			err := convert.Encode(io.Discard, v, convert.WithTo(format), convert.WithLossy())
			if err == nil && format == "npy" {
				t.Errorf("%s of %v is written", format, v)
			}
		}
	}
}
