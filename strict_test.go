package unpkl_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
)

// TestStrictReadsWhatIsRebuilt: strict mode refuses no file that pandas, SciPy, ml_dtypes, NumPy or
// Python's own classes are in, of any version that the fixtures were written by.
func TestStrictReadsWhatIsRebuilt(t *testing.T) {
	t.Parallel()
	files := 0
	for _, folder := range []string{"pandas", "pandas-legacy", "scipy", "arrow", "mldtypes",
		"legacy",
		"py27-np116", "py36-np111", "py311-np126", "py313-np2"} {
		err := filepath.WalkDir(filepath.Join("testdata", folder),
			func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() || filepath.Ext(path) != ".pkl" {
					return err
				}
				files++
				_, err = unpkl.LoadFile(path, unpkl.WithStrict(), unpkl.WithObjects(),
					unpkl.WithAllow("sample_classes.*", "sample_classes2.*", "sample_classes3.*",
						"builtins.len", "__builtin__.len", "numpy.mean",
						"numpy.core.fromnumeric.mean",
						"numpy.linalg.*"))
				if errors.Is(err, unpkl.ErrUnknownGlobal) {
					t.Errorf("%s: %v", path, err)
				}
				return nil
			})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 300 {
		t.Errorf("only %d files", files)
	}
}

// TestWithAllow: a name is allowed by itself, a pattern allows what is below it and nothing else,
// and an error names the class.
func TestWithAllow(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/py313-np2/subclasses.p4.pkl")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		allow []string
		fails bool
	}{
		{nil, true},
		{[]string{"sample_classes.*"}, false},
		{[]string{"sample_classes*"}, true},
		{[]string{"sample.*"}, true},
		{[]string{"*"}, true},
		{[]string{"sample_classes.MyInt"}, true},
		{[]string{"other.*", "sample_classes.*"}, false},
	} {
		_, err := unpkl.LoadBytes(data, unpkl.WithStrict(), unpkl.WithAllow(c.allow...))
		switch {
		case c.fails && !errors.Is(err, unpkl.ErrUnknownGlobal):
			t.Errorf("%q: %v", c.allow, err)
		case c.fails && !strings.Contains(err.Error(), "sample_classes.My"):
			t.Errorf("%q: the error does not name the class: %v", c.allow, err)
		case !c.fails && err != nil:
			t.Errorf("%q: %v", c.allow, err)
		}
	}
}
