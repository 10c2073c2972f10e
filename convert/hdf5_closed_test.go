package convert_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/convert"
)

// TestHDF5Closed: values read from a file that pandas wrote stay valid after the file is closed.
func TestHDF5Closed(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("../testdata/hdf5/pandas/*.h5")
	if err != nil || len(names) < 10 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		v, err := convert.Read(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var out strings.Builder
		if err := convert.Encode(&out, v, convert.WithTo("json"), convert.WithLossy()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if out.Len() == 0 {
			t.Errorf("%s: nothing is written", name)
		}
	}
}
