package convert_test

import (
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/internal/cases"
	"github.com/unpkl/unpkl/ndarray"
)

// nested returns wrap of wrap of v and so on, each of which holds the one inside it twice.
func nested(v any, wrap func(v any) any) any {
	for range 40 {
		v = wrap(v)
	}
	return v
}

// TestExpansion: a format that cannot share values refuses what would become far larger in it than
// in the pickle.
func TestExpansion(t *testing.T) {
	t.Parallel()
	array, err := ndarray.FromSlice(make([]float64, 1<<17))
	if err != nil {
		t.Fatal(err)
	}
	arrays, record := types.NewDict(), types.NewDict()
	for i := range 10_000 {
		arrays.Set("k"+strconv.Itoa(i), array)
		record.Set("k"+strconv.Itoa(i), i)
	}
	texts := types.NewDict()
	texts.Set("t", cases.Repeated(strings.Repeat("a", 1<<20), 10_000))
	padded := cases.Repeated("", 10_000)
	padded.Append(strings.Repeat("a", 1<<20))
	values := map[string]any{
		"lists": nested(&types.List{1, 2}, func(v any) any { return &types.List{v, v} }),
		"dicts": nested(types.NewDict(), func(v any) any {
			d := types.NewDict()
			d.Set("a", v)
			d.Set("b", v)
			return d
		}),
		"arrays": arrays, "records": cases.Repeated(record, 10_000), "texts": texts, "padded": padded,
		"rows": cases.Repeated(cases.Repeated(1, 10_000), 10_000),
	}
	for _, c := range []struct{ value, endings string }{
		{"lists", "npy jsonl"}, {"dicts", "h5 folder"}, {"arrays", "npz h5 safetensors folder csv"},
		{"records", "csv jsonl parquet"}, {"texts", "csv npz h5 parquet"}, {"padded", "npy h5"},
		{"rows", "npy csv h5 parquet"},
	} {
		for ending := range strings.FieldsSeq(c.endings) {
			path := filepath.Join(t.TempDir(), "x."+ending)
			options := []convert.Option{convert.WithLossy(),
				convert.WithLimits(unpkl.Limits{Expansion: 1 << 20})}
			if ending == "folder" {
				options = append(options, convert.WithTo("folder"))
			}
			if err := convert.Write(path, values[c.value], options...); !errors.Is(err,
				unpkl.ErrLimit) {
				t.Errorf("%s as %s: %v", c.value, ending, err)
			}
		}
	}
}

// TestExpansionAllowed: what people share in lists is written, such as a row that is there a
// thousand times.
func TestExpansionAllowed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.npy")
	if err := convert.Write(path, cases.Repeated(cases.Repeated(1, 1000), 2000)); err != nil {
		t.Fatal(err)
	}
	got, err := convert.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if a, ok := got.(*ndarray.Array); !ok || a.Size() != 2_000_000 {
		t.Errorf("got %T", got)
	}
}
