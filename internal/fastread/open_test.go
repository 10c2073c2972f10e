package fastread_test

import (
	"github.com/unpkl/unpkl/internal/cases"

	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
)

// TestOpenDirectly compares what a mapped file gives, which is read directly, with what its bytes give in the general way.
func TestOpenDirectly(t *testing.T) {
	arrays := 0
	path := filepath.Join(t.TempDir(), "a.pkl")
	for k, data := range slices.Concat(cases.Direct(), [][]byte{[]byte("]")}) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := unpkl.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err1 := unpkl.LoadBytes(data, withoutFastPaths())
		got, err2 := f.Load()
		if (err1 == nil) != (err2 == nil) || err1 != nil && err1.Error() != err2.Error() || err1 == nil && !cases.Same(reflect.ValueOf(&want), reflect.ValueOf(&got)) {
			t.Errorf("pickle %d: %v, %v, want %v, %v", k, got, err2, want, err1)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if list, ok := got.([]any); ok && len(list) > 0 {
			record, _ := list[0].(map[string]any)
			if a, ok := record["values"].(*ndarray.Array); ok && !a.HasObject() {
				arrays++
				if _, err := a.Bytes(); !errors.Is(err, unpkl.ErrClosed) {
					t.Errorf("pickle %d: the array outlives the file: %v", k, err)
				}
			}
		}
		if _, err := f.Load(); !errors.Is(err, unpkl.ErrClosed) {
			t.Errorf("pickle %d after Close: %v", k, err)
		}
	}
	if arrays < 20 {
		t.Errorf("%d arrays", arrays)
	}
}
