package jsonval_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/pickle"
)

// TestPandasLegacy compares files that pandas 0.7 to 0.17 wrote with what pandas 0.22 reads from
// them, by scripts/fixtures/pandas_legacy.py.
func TestPandasLegacy(t *testing.T) {
	files, err := filepath.Glob("../../testdata/pandas-legacy/*.pkl")
	if err != nil || len(files) < 19 {
		t.Fatal(len(files), "files", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			want, err := os.ReadFile(strings.TrimSuffix(path, ".pkl") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			legacy := spellings("0.22.0")
			expected := rewrite(t, string(want), func(m map[string]any) {
				legacy(m)
				// NumPy 1.6 had made microseconds of the index; pandas makes nanoseconds of
				// them again, and this module leaves the unit of the file.
				if strings.HasPrefix(filepath.Base(path), "frame-us") &&
					m["dtype"] == "datetime64[ns]" {
					m["dtype"] = "datetime64[us]"
				}
			})
			v := loadFile(t, path)
			check := func(v any) {
				t.Helper()
				got := mustEncode(t, withoutPanels(v),
					jsonval.Options{Arrays: jsonval.ArraysValues})
				if diff := diffJSON(rewrite(t, got, legacy), expected); diff != "" {
					t.Error(diff)
				}
			}
			check(v)
			for protocol := range int(pickle.HighestProtocol) + 1 {
				again, err := unpkl.Marshal(v, unpkl.WithProtocol(protocol))
				if err != nil {
					t.Fatal(err)
				}
				check(loadBytes(t, again))
			}
		})
	}
}

// withoutPanels leaves out the three-dimensional objects, which stay objects.
func withoutPanels(v any) any {
	d, ok := v.(*types.Dict)
	if !ok {
		return v
	}
	out := make(types.Dict, 0, len(*d))
	for _, e := range *d {
		if fmt.Sprint(e.Key) != "panel" { // a str of Python 2 or 3
			out = append(out, e)
		}
	}
	return &out
}
