package reconstruct_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/reconstruct"
)

// sameObjects loads pairs of pickles and prints what is not equal, by the libraries' own
// comparison.
const sameObjects = `
import pickle, sys, warnings

def identical(a, b):
    kind = type(a).__module__.split('.')[0]
    if type(a) is not type(b):
        return False
    if kind == 'xarray':
        return a.identical(b)
    if kind == 'geopandas':
        import geopandas, numpy, pandas
        if isinstance(a, pandas.DataFrame):
            same = [getattr(a, n, None) == getattr(b, n, None)
                    for n in ('_geometry_column_name', 'crs')]
            return list(a.columns) == list(b.columns) and a.index.equals(b.index) and \
                all(same) and all(identical(a[c], b[c]) for c in a.columns)
        if getattr(a, 'crs', None) != getattr(b, 'crs', None) or len(a) != len(b):
            return False
        return all(x is None and y is None or x.wkb == y.wkb for x, y in zip(a, b))
    if kind == 'pandas':
        return a.equals(b)
    return bool(a == b)

with warnings.catch_warnings():
    if sys.version_info > (3, 9):
        warnings.simplefilter('error', DeprecationWarning)
    warnings.simplefilter('error', FutureWarning)
    pairs = sys.stdin.read().split('\n')
    done = 0
    for line in filter(None, pairs):
        was, now = line.split('\t')
        try:
            a, b = (pickle.load(open(p, 'rb')) for p in (was, now))
            if not identical(a, b):
                sys.stdout.write('%s: %r\nis not\n%r\n' % (was, b, a))
        except Exception as e:
            sys.stdout.write('%s: %s: %s\n' % (was, type(e).__name__, e))
        done += 1
    sys.stdout.write('done %d\n' % done)
`

// objectPythons are the interpreters of UNPKL_OBJECTS_PYTHONS, a list as PATH is one, by the names
// of their environments.
func objectPythons(t *testing.T) map[string]string {
	t.Helper()
	list := filepath.SplitList(os.Getenv("UNPKL_OBJECTS_PYTHONS"))
	if len(list) == 0 {
		t.Skip("UNPKL_OBJECTS_PYTHONS names no Python with xarray, pyarrow and GeoPandas")
	}
	out := map[string]string{}
	for _, python := range list {
		out[filepath.Base(filepath.Dir(filepath.Dir(python)))] = python
	}
	return out
}

// TestInteropObjects writes the typed value of every fixture of other libraries; the library that
// wrote the fixture loads that, and finds it equal to what it loads from the fixture.
func TestInteropObjects(t *testing.T) {
	for name, python := range objectPythons(t) {
		t.Run(name, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join("..", "testdata", "xarray", name, "*.pkl"))
			if err == nil {
				var geo []string
				geo, err = filepath.Glob(filepath.Join("..", "testdata", "geo", name, "*.pkl"))
				files = append(files, geo...)
			}
			if err != nil || len(files) == 0 {
				t.Fatal("no fixtures of the environment", name, err)
			}
			folder := t.TempDir()
			var pairs strings.Builder
			for i, path := range files {
				v, err := converted(new(reconstruct.Pandas), loadObject(t, path))
				if err != nil {
					t.Errorf("%s: %v", path, err)
					continue
				}
				base := strings.TrimSuffix(path, ".pkl")
				protocol := int(base[len(base)-1] - '0')
				now := filepath.Join(folder, filepath.Base(filepath.Dir(filepath.Dir(path)))+
					string(rune('a'+i%26))+filepath.Base(path))
				if err := writePandas(now, v, protocol); err != nil {
					t.Errorf("%s: %v", path, err)
					continue
				}
				pairs.WriteString(path + "\t" + now + "\n")
			}
			cmd := exec.Command(python, "-c", sameObjects)
			cmd.Stdin = strings.NewReader(pairs.String())
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v: %s", err, stderr.Bytes())
			}
			want := fmt.Sprintf("done %d\n", strings.Count(pairs.String(), "\n"))
			if string(out) != want {
				t.Errorf("%s", out)
			}
		})
	}
}
