package unpkl_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
)

// writeJoblib writes files of one value with every ending and protocol.
func writeJoblib(t *testing.T, dir string) []string {
	t.Helper()
	a, err := ndarray.FromSlice([]float64{1, 2, 3, 4, 5, 6}, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	o, err := ndarray.NewObjects(ndarray.ObjectDType(), []int{2}, ndarray.OrderC, []any{"x", 1})
	if err != nil {
		t.Fatal(err)
	}
	v := map[string]any{
		"a": a, "t": a.T(), "o": o, "e": []float64{}, "big": make([]int32, 50_000),
		"z": map[string]any{"f": []float32{1.5}, "text": "behind the arrays"},
	}
	var paths []string
	for name, protocol := range map[string]int{
		"a.joblib": 4, "b.joblib.gz": 4, "c.joblib.xz": 4, "d.joblib.z": 4, "e.joblib.lzma": 4,
		"p2.joblib": 2, "p3.joblib": 3,
	} {
		path := filepath.Join(dir, name)
		if err := unpkl.WriteFile(path, v, unpkl.WithProtocol(protocol)); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

func TestWriteJoblib(t *testing.T) {
	for _, path := range writeJoblib(t, t.TempDir()) {
		v, err := unpkl.LoadFile(path)
		if err != nil {
			t.Fatal(path, err)
		}
		m := v.(map[string]any)
		got, err := ndarray.Values[float64](m["t"].(*ndarray.Array))
		if err != nil || len(got) != 6 || got[1] != 4 ||
			m["t"].(*ndarray.Array).Order() != ndarray.OrderF {
			t.Errorf("%s: %v, %v", path, m["t"], err)
		}
		if z := m["z"].(map[string]any); z["text"] != "behind the arrays" ||
			z["f"].(*ndarray.Array).At(0) != float32(1.5) {
			t.Errorf("%s: %v", path, z)
		}
		if big := m["big"].(*ndarray.Array); big.Size() != 50_000 {
			t.Errorf("%s: %v", path, big.Shape())
		}
	}
	if _, err := unpkl.Marshal([]float64{1}, unpkl.WithJoblib(),
		unpkl.WithProtocol(1)); err == nil {
		t.Error("no error at protocol 1")
	}
}

const joblibCheck = `
import joblib, sys, numpy as np
a = np.arange(1., 7).reshape(2, 3)
for path in sys.argv[1:]:
    v = joblib.load(path)
    assert v['a'].tolist() == a.tolist() and v['t'].tolist() == a.T.tolist() and v['t'].flags.f_contiguous
    assert v['o'].tolist() == ['x', 1] and v['e'].shape == (0,) and v['big'].dtype == 'i4' and not v['big'].any()
    assert v['z']['f'].tolist() == [1.5] and v['z']['text'] == 'behind the arrays'
print('good')
`

// TestInteropJoblib loads the files with the joblib of each of UNPKL_JOBLIB_PYTHONS.
func TestInteropJoblib(t *testing.T) {
	pythons := filepath.SplitList(os.Getenv("UNPKL_JOBLIB_PYTHONS"))
	if len(pythons) == 0 {
		t.Skip("UNPKL_JOBLIB_PYTHONS names no Python with joblib")
	}
	dir := t.TempDir()
	paths := writeJoblib(t, dir)
	// One without an empty array, which NumPy cannot map.
	mapped := filepath.Join(dir, "mapped")
	if err := unpkl.WriteFile(mapped, [][]float64{{1, 2}, {3, 4}}, unpkl.WithJoblib()); err != nil {
		t.Fatal(err)
	}
	const mapCheck = "import joblib, sys, numpy as np\nm = joblib.load(sys.argv[1], mmap_mode='r')\n" +
		"assert isinstance(m, np.memmap) and m.ctypes.data % 16 == 0 and m.tolist() == [[1, 2], [3, 4]]\nprint('good')"
	for _, python := range pythons {
		for _, args := range [][]string{append([]string{"-W", "error::UserWarning", "-c",
			joblibCheck}, paths...), {"-W", "error::UserWarning", "-c", mapCheck, mapped}} {
			cmd := exec.Command(python, args...)
			cmd.Stderr = os.Stderr
			if out, err := cmd.Output(); err != nil || string(out) != "good\n" {
				t.Errorf("%s: %v %s", python, err, out)
			}
		}
	}
}
