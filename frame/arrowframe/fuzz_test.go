package arrowframe_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame/arrowframe"
	"github.com/unpkl/unpkl/internal/fixture"
)

// FuzzFromPickle checks that reading a pickle of pyarrow or polars, and writing it again, does not
// panic.
func FuzzFromPickle(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join(fixture.Root(), "arrowpickle", "*", "*.p5.pkl"))
	if err != nil || len(paths) == 0 {
		f.Fatal("no fixtures", err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if v, err := unpkl.LoadBytes(data); err == nil { // polars, and pyarrow's as tables
			_, _ = unpkl.Marshal(v)
		}
		var whole arrowframe.Pickled
		if unpkl.Unmarshal(data, &whole) == nil && whole.Value != nil {
			_, _ = unpkl.Marshal(whole)
		}
	})
}
