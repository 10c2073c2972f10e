package reconstruct_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// slotsOf returns the slots of an instance of xarray.
func slotsOf(t *testing.T, v any) *types.Dict {
	t.Helper()
	state, ok := v.(*pickle.Object).State.(*types.Tuple)
	if !ok {
		t.Fatalf("a state of %T", v.(*pickle.Object).State)
	}
	return (*state)[1].(*types.Dict)
}

func setSlot(d *types.Dict, key string, v any) {
	for i := range *d {
		if (*d)[i].Key == key {
			(*d)[i].Value = v
		}
	}
}

func slot(d *types.Dict, key string) any {
	for _, e := range *d {
		if e.Key == key {
			return e.Value
		}
	}
	return nil
}

// TestXarrayLies changes a fixture so that its parts do not fit each other: an error, not a value.
func TestXarrayLies(t *testing.T) {
	const path = "../testdata/xarray/py313-geo/"
	dims := func(names ...any) *types.Tuple { return types.NewTupleFromSlice(names) }
	tests := []struct {
		name, file string
		change     func(d *types.Dict)
	}{
		{"too few names", "variable.p5.pkl", func(d *types.Dict) {
			setSlot(d, "_dims", dims("x"))
		}},
		{"a name twice", "variable.p5.pkl", func(d *types.Dict) {
			setSlot(d, "_dims", dims("x", "x"))
		}},
		{"dims of an int", "variable.p5.pkl", func(d *types.Dict) { setSlot(d, "_dims", 3) }},
		{"data of text", "variable.p5.pkl", func(d *types.Dict) { setSlot(d, "_data", "data") }},
		{"attrs of a list", "variable.p5.pkl", func(d *types.Dict) {
			setSlot(d, "_attrs", &types.List{})
		}},
		{"another size", "dataset.p5.pkl", func(d *types.Dict) {
			setSlot(d, "_dims", &types.Dict{{Key: "x", Value: 3}, {Key: "time", Value: 3}})
		}},
		{"a coordinate that is none", "dataset.p5.pkl", func(d *types.Dict) {
			setSlot(d, "_coord_names", &pickle.Set{Items: []any{"nothing"}})
		}},
		{"a variable of text", "dataset.p5.pkl", func(d *types.Dict) {
			setSlot(d, "_variables", &types.Dict{{Key: "v", Value: "text"}})
		}},
		{"sizes that differ", "dataset.p5.pkl", func(d *types.Dict) {
			vars := slot(d, "_variables").(*types.Dict)
			a, err := ndarray.Zeros(ndarray.DTypeOf[int8](), 7)
			if err != nil {
				t.Fatal(err)
			}
			v := slot(vars, "o")
			setSlot(slotsOf(t, v), "_data", a)
		}},
		{"a coordinate of another size", "dataarray.p5.pkl", func(d *types.Dict) {
			setSlot(d, "_coords", &types.Dict{{Key: "x", Value: slot(d, "_variable")}})
			setSlot(slotsOf(t, slot(d, "_variable")), "_dims", dims("y", "y"))
		}},
		{"a tree inside itself", "datatree.p5.pkl", func(d *types.Dict) {
			children := slot(d, "_children").(*types.Dict)
			setSlot(slotsOf(t, (*children)[0].Value), "_children", children)
		}},
	}
	for _, tt := range tests {
		v := loadObject(t, path+tt.file)
		tt.change(slotsOf(t, v))
		c, ok, err := new(reconstruct.Pandas).Convert(v)
		if !errors.Is(err, pickle.ErrMalformed) || ok {
			t.Errorf("%s: %v, %v", tt.name, c, err)
		}
	}
}

// TestXarrayUnread: names that are no text make no error; the object stays one.
func TestXarrayUnread(t *testing.T) {
	v := loadObject(t, "../testdata/xarray/py313-geo/variable.p5.pkl")
	setSlot(slotsOf(t, v), "_dims", types.NewTupleFromSlice([]any{1, 2}))
	if c, ok, err := new(reconstruct.Pandas).Convert(v); ok || err != nil {
		t.Errorf("%v, %v", c, err)
	}
}

// TestXarrayNames: strict mode accepts the names of every fixture.
func TestXarrayNames(t *testing.T) {
	for _, file := range []string{"py27-geo/dataset.p2.pkl", "py38-geo/multiindex.p5.pkl",
		"py313-geo/datatree.p5.pkl", "py313-geo/categorical.p2.pkl"} {
		data, err := os.ReadFile("../testdata/xarray/" + file)
		if err != nil {
			t.Fatal(err)
		}
		u := pickle.NewUnpicklerBytes(data)
		u.FindClass = func(module, name string) (any, error) {
			if !reconstruct.Rebuilt(module, name) {
				t.Errorf("%s: %s.%s is not known", file, module, name)
			}
			return reconstruct.FindClass(module, name)
		}
		if _, err := u.Load(); err != nil {
			t.Error(file, err)
		}
	}
}

// TestXarrayWrittenReads: what is written of a fixture reads as the same value. Encodings aside,
// which are not written of a DataArray.
func TestXarrayWrittenReads(t *testing.T) {
	files, err := filepath.Glob("../testdata/xarray/*/*.pkl")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, path := range files {
		v, err := converted(new(reconstruct.Pandas), loadObject(t, path))
		if err != nil {
			t.Fatal(path, err)
		}
		now := filepath.Join(t.TempDir(), "now.pkl")
		if err := writePandas(now, v, 4); err != nil {
			t.Fatal(path, err)
		}
		again, err := converted(new(reconstruct.Pandas), loadObject(t, now))
		if err != nil {
			t.Error(path, err)
			continue
		}
		if want, got := sortedForm(t, v), sortedForm(t, again); want != got {
			t.Errorf("%s:\n%s\nis read again as\n%s", path, want, got)
		}
	}
}

// sortedForm is the JSON of a value, with its keys in order and without what pandas chooses.
func sortedForm(t *testing.T, v any) string {
	t.Helper()
	var form any
	var out bytes.Buffer
	if err := jsonval.NewEncoder(&out, jsonval.Options{Arrays: jsonval.ArraysValues}).
		Encode(v); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &form); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(withoutArrow(form))
	if err != nil {
		t.Fatal(err)
	}
	// the name of today, which pandas has for a class of another module
	return strings.ReplaceAll(string(text), "pandas.core.arrays.categorical.", "pandas.")
}
