package reconstruct_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/fixture"
)

// comparePickles loads pairs of pickles, and says where what they hold is not equal: graphs as
// NetworkX compares them, units as their library does, all else by what it is written as again.
const comparePickles = `
import pickle, sys, warnings
warnings.simplefilter("ignore")
def equal(v, w):
    if type(v).__module__.startswith("networkx"):
        import networkx
        return networkx.utils.graphs_equal(v, w)
    if type(v).__name__.endswith("Unit"):
        return v == w
    return pickle.dumps(v, 4) == pickle.dumps(w, 4)
for a, b in zip(sys.argv[1::2], sys.argv[2::2]):
    x, y = (pickle.load(open(p, "rb")) for p in (a, b))
    for i, (v, w) in enumerate(zip(x, y)):
        if type(v) is not type(w) or not equal(v, w):
            print(a, i, repr(v)[:80], repr(w)[:80])
    if len(x) != len(y):
        print(a, len(x), len(y))
`

// TestInteropLibraries: the plain values of libraries' objects are written so that the libraries
// load equal ones.
func TestInteropLibraries(t *testing.T) {
	python := os.Getenv("UNPKL_OBJECTS_PYTHON")
	if python == "" {
		t.Skip("UNPKL_OBJECTS_PYTHON names no interpreter")
	}
	paths, err := filepath.Glob(filepath.Join(fixture.Root(), "objects", "py313-objects",
		"*.p4.pkl"))
	if err != nil || len(paths) < 10 {
		t.Fatal(paths, err)
	}
	args := []string{"-c", comparePickles}
	for _, path := range paths {
		switch filepath.Base(path) {
		case "pendulum.p4.pkl", "nltk.p4.pkl", "freezegun.p4.pkl":
			continue // which become what they are subclasses of
		}
		v, err := unpkl.LoadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data, err := unpkl.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		written := filepath.Join(t.TempDir(), filepath.Base(path))
		if err := os.WriteFile(written, data, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path, written)
	}
	out, err := exec.Command(python, args...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}
