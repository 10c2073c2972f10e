package pytables_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/hdf5/pytables"
	"github.com/unpkl/unpkl/ndarray"
)

var withPickles = &pytables.Options{
	Unpickle: func(b []byte) (any, error) { return unpkl.LoadBytes(b) },
}

type wantFrame struct {
	Columns []struct {
		Name   any    `json:"name"`
		DType  string `json:"dtype"`
		Values []any  `json:"values"`
	} `json:"columns"`
	Index []any `json:"index"`
	Names []any `json:"names"`
}

// cell returns a value in the form in which scripts/gen_hdf5_pandas.py writes it.
func cell(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = cell(v[i])
		}
		return out
	case string:
		return "str " + v
	case bool:
		if v {
			return "bool 1"
		}
		return "bool 0"
	case time.Time:
		return fmt.Sprintf("time %d", v.UnixNano())
	case ndarray.Datetime64:
		t, err := v.Time()
		if v.IsNaT() {
			return nil
		}
		return fmt.Sprintf("time %d%v", t.UnixNano(), text(err))
	case ndarray.Timedelta64:
		d, err := v.Duration()
		if v.IsNaT() {
			return nil
		}
		return fmt.Sprintf("delta %d%v", d, text(err))
	case frame.PeriodValue:
		return fmt.Sprintf("period %d", v.Ordinal)
	case complex128:
		return fmt.Sprintf("complex %v", v)
	}
	r := reflect.ValueOf(v)
	switch {
	case r.CanInt():
		return fmt.Sprintf("int %d", r.Int())
	case r.CanUint():
		return fmt.Sprintf("int %d", r.Uint())
	case r.CanFloat() && r.Float() != r.Float():
		return nil
	case r.CanFloat():
		return fmt.Sprintf("float %v", r.Float())
	}
	return fmt.Sprintf("%T %v", v, v)
}

func text(err error) string {
	if err != nil {
		return err.Error()
	}
	return ""
}

// wanted replaces Python's hexadecimal floats by float64.
func wanted(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = wanted(v[i])
		}
	case string:
		if s, ok := strings.CutPrefix(v, "float "); ok {
			x, err := strconv.ParseFloat(s, 64)
			if err == nil {
				return fmt.Sprintf("float %v", x)
			}
		}
		if s, ok := strings.CutPrefix(v, "complex "); ok {
			re, im, _ := strings.Cut(s, " ")
			x, _ := strconv.ParseFloat(re, 64)
			y, _ := strconv.ParseFloat(im, 64)
			return fmt.Sprintf("complex %v", complex(x, y))
		}
	}
	return v
}

func sameFrame(df *frame.Frame, want wantFrame) error {
	if len(df.Columns) != len(want.Columns) || df.Rows() != len(want.Index) {
		return fmt.Errorf("%d columns of %d, want %d of %d", len(df.Columns), df.Rows(),
			len(want.Columns), len(want.Index))
	}
	for k, w := range want.Columns {
		c := df.Columns[k]
		if !reflect.DeepEqual(cell(c.Name), w.Name) {
			return fmt.Errorf("column %d is %v, want %v", k, cell(c.Name), w.Name)
		}
		// pandas 3 converts objects that are text to its type for text.
		if c.DType != w.DType && (c.DType != "object" || w.DType != "str") {
			return fmt.Errorf("column %v has dtype %s, want %s", c.Name, c.DType, w.DType)
		}
		for i := range w.Values {
			var got any
			if !c.IsNull(i) {
				got = cell(c.At(i))
			}
			if !reflect.DeepEqual(got, wanted(w.Values[i])) {
				return fmt.Errorf("column %v, row %d: %v, want %v", c.Name, i, got, w.Values[i])
			}
		}
	}
	for i, w := range want.Index {
		got := cell(df.Index.At(i))
		if n, ok := w.(string); ok && got == strings.Replace(n, "int", "delta", 1) {
			continue // pandas 2 reads timedeltas in an index of a table as integers
		}
		if !reflect.DeepEqual(got, wanted(w)) {
			return fmt.Errorf("label %d is %v, want %v", i, got, w)
		}
	}
	for i, w := range want.Names {
		if got := cell(df.Index.Names[i]); !reflect.DeepEqual(got, w) {
			return fmt.Errorf("the index has the name %v, want %v", got, w)
		}
	}
	return nil
}

func compareFolder(t *testing.T, folder string) {
	files, err := filepath.Glob(filepath.Join(folder, "*.h5"))
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	equal := 0
	for _, path := range files {
		b, err := os.ReadFile(strings.TrimSuffix(path, ".h5") + ".json")
		if err != nil {
			t.Fatal(err)
		}
		f, err := hdf5.Open(path, nil)
		if err != nil {
			t.Fatal(path, err)
		}
		if filepath.Base(path) == "pytables.h5" {
			err = compareArrays(f, b)
		} else {
			err = comparePandas(f, b)
		}
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(path), err)
		} else {
			equal++
		}
		f.Close()
	}
	t.Logf("%d of %d files equal", equal, len(files))
}

func comparePandas(f *hdf5.File, b []byte) error {
	var want map[string]wantFrame
	if err := json.Unmarshal(b, &want); err != nil {
		return err
	}
	for key := range want {
		if strings.Contains(key, "/meta/") {
			delete(want, key) // pandas lists the categories of columns
		}
	}
	keys, err := pytables.Keys(f)
	if err != nil || len(keys) != len(want) {
		return fmt.Errorf("keys %v (%v)", keys, err)
	}
	for key, w := range want {
		df, err := pytables.Frame(f, key, withPickles)
		if err != nil {
			return err
		}
		if err := sameFrame(df, w); err != nil {
			return err
		}
	}
	return nil
}

func compareArrays(f *hdf5.File, b []byte) error {
	var want map[string]struct {
		DType, Data string
		Shape       []int
	}
	if err := json.Unmarshal(b, &want); err != nil {
		return err
	}
	for name, w := range want {
		dt, err := ndarray.ParseDescr(w.DType)
		if err != nil {
			return err
		}
		data, err := base64.StdEncoding.DecodeString(w.Data)
		if err != nil {
			return err
		}
		wanted, err := ndarray.New(dt, w.Shape, ndarray.OrderC, data)
		if err != nil {
			return err
		}
		d, err := f.Dataset(name)
		if err != nil {
			return err
		}
		got, err := pytables.Array(d)
		if err != nil {
			return err
		}
		if !got.Equal(wanted) {
			return fmt.Errorf("%s: %v of %v, want %v of %v", name, got, got.DType(), wanted,
				wanted.DType())
		}
	}
	return compareLists(f)
}

func compareLists(f *hdf5.File) error {
	for name, want := range map[string]string{
		"ints": "[[1 2] [] [3]]", "objects": "[[1 a] map[x:1.5]]",
		"unicode": "[täxt ]", "bytes": "[[97 98 99] []]",
	} {
		d, err := f.Dataset(name)
		if err != nil {
			return err
		}
		list, err := pytables.List(d, withPickles)
		if err != nil {
			return err
		}
		if got := fmt.Sprint(list); got != want {
			return fmt.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	return nil
}

// TestOracle compares the kept files.
func TestOracle(t *testing.T) { compareFolder(t, "../../testdata/hdf5/pandas") }

// TestLive compares files that the Python of UNPKL_HDF5_PYTHON writes now.
func TestLive(t *testing.T) {
	python := os.Getenv("UNPKL_HDF5_PYTHON")
	if python == "" {
		t.Skip("UNPKL_HDF5_PYTHON names no Python")
	}
	if out,
		err := exec.Command(python, "-c", "import pandas, tables").CombinedOutput(); err != nil {
		if strings.Contains(string(out), "ModuleNotFoundError") {
			t.Skip("the Python has no pandas or PyTables")
		}
		t.Fatalf("%v: %s", err, out)
	}
	folder := os.Getenv("UNPKL_HDF5_PANDAS")
	if folder == "" {
		folder = t.TempDir()
		out, err := exec.Command(python, "../../scripts/gen_hdf5_pandas.py",
			folder).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		t.Logf("%s", out)
	}
	compareFolder(t, folder)
}
