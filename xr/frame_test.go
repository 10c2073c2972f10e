package xr_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/xr"
)

// TestFrameFixtures compares each Dataset as a table with what xarray's to_dataframe gives.
func TestFrameFixtures(t *testing.T) {
	files, err := filepath.Glob("../testdata/xarray/py313-geo/*.frame.json")
	if err != nil || len(files) < 4 {
		t.Fatal(len(files), err)
	}
	for _, path := range files {
		base := strings.TrimSuffix(path, ".frame.json")
		pickles, err := filepath.Glob(base + ".p*.pkl")
		if err != nil || len(pickles) == 0 {
			t.Fatal(base, err)
		}
		v, err := unpkl.LoadFile(pickles[len(pickles)-1])
		if err != nil {
			t.Fatal(err)
		}
		f, err := v.(*xr.Dataset).Frame()
		if err != nil {
			t.Errorf("%s: %v", base, err)
			continue
		}
		raw, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var form struct {
			Table struct {
				Columns []struct{ Name string }
				Data    []any
				Index   struct{ Data any }
			} `json:"$dataframe"`
		}
		if err := json.Unmarshal(raw, &form); err != nil {
			t.Fatal(err)
		}
		got := map[string]any{"index": form.Table.Index.Data, "columns": map[string]any{}}
		for i, c := range form.Table.Columns {
			got["columns"].(map[string]any)[c.Name] = form.Table.Data[i]
		}
		var want map[string]any
		if raw, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		if form.Table.Index.Data == nil {
			delete(got, "index") // labels that count from 0 are not listed
			delete(want, "index")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", base, diff)
		}
	}
}

func zeros(t *testing.T, n int) *ndarray.Array {
	t.Helper()
	a, err := ndarray.Zeros(ndarray.DTypeOf[int8](), n)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestFrameTooLarge: a table that would be much larger than the data is an error.
func TestFrameTooLarge(t *testing.T) {
	ds := &xr.Dataset{}
	for _, name := range []string{"a", "b", "c"} {
		v, err := xr.NewVariable(zeros(t, 1000), name)
		if err != nil {
			t.Fatal(err)
		}
		ds.Vars = append(ds.Vars, xr.Named{Name: "v" + name, Variable: v})
	}
	if _, err := ds.Frame(); err == nil {
		t.Error("a table of 1e9 rows")
	}
}
