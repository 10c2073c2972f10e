package convert_test

import (
	"io"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/convert"
)

// TestListOfDicts: a list of dicts whose keys are not text is not an array, and it is an error to
// write it to a format that holds nothing but arrays.
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
