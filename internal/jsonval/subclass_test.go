package jsonval_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// TestSubclasses: what a subclass adds is where Python's description of each file says, with what
// Python had there; see scripts/gen_subclass_cases.py.
func TestSubclasses(t *testing.T) {
	const dir = "testdata/subclasses/"
	files, err := filepath.Glob(dir + "*.pkl")
	if err != nil || len(files) < 16 {
		t.Fatal(len(files), err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		u := pickle.NewUnpicklerBytes(data)
		u.FindClass = reconstruct.FindClass
		v, err := u.Load()
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		var out bytes.Buffer
		if err := jsonval.NewEncoder(&out, jsonval.Options{}).Encode(v); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		name, _, _ := strings.Cut(filepath.Base(path), ".")
		text, err := os.ReadFile(dir + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var want [][2]any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			var doc any
			if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
				t.Fatal(err)
			}
			for _, step := range strings.Split(w[0].(string), "/")[1:] {
				m, _ := doc.(map[string]any)
				doc = m[step]
			}
			if !reflect.DeepEqual(doc, w[1]) {
				t.Errorf("%s%v: got %v, want %v, in %s", path, w[0], doc, w[1], out.Bytes())
			}
		}
	}
}
