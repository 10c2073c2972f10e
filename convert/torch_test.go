package convert_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// TestTorch converts PyTorch's own files to safetensors, and from there to files of torch.save
// again, with tensors of every dtype that safetensors has; the arrays stay the same.
func TestTorch(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"215_dtypes.pt", "215_dtypes_legacy.pt", "10_views_legacy.pt"} {
		tensors, err := unpkl.LoadFile(filepath.Join("../torch/testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		was := map[string]*ndarray.Array{}
		var d types.Dict
		for name, v := range tensors.(map[string]any) {
			a := v.(*ndarray.Array)
			if strings.HasSuffix(name, "fnuz") || name == "complex128" { // which safetensors lacks
				continue
			}
			was[name] = a
			d = append(d, types.DictEntry{Key: name, Value: a})
		}
		if len(was) < 9 {
			t.Fatal(was)
		}
		folder := t.TempDir()
		var v any = &d
		for _, name := range []string{"a.pt", "b.safetensors", "c.pth", "d.npz"} {
			path := filepath.Join(folder, name)
			if err := convert.Write(path, v, convert.WithLossy()); err != nil {
				t.Fatalf("%s to %s: %v", file, name, err)
			}
			if v, err = convert.Read(path, convert.WithObjects()); err != nil {
				t.Fatal(err)
			}
			sameArrays(t, file+" "+name, was, v)
		}
	}
}

func sameArrays(t *testing.T, name string, was map[string]*ndarray.Array, v any) {
	t.Helper()
	entries, ok := v.(*types.Dict)
	if !ok {
		h, isHolder := v.(pickle.DictHolder)
		if !isHolder {
			t.Fatalf("%s: a %T", name, v)
		}
		entries = h.PyDict()
	}
	if len(*entries) != len(was) {
		t.Errorf("%s: %d arrays, want %d", name, len(*entries), len(was))
	}
	for _, e := range *entries {
		key := e.Key.(string)
		a, ok := e.Value.(*ndarray.Array)
		if p, isTensor := e.Value.(interface {
			PlainArray() (*ndarray.Array, bool)
		}); isTensor {
			a, ok = p.PlainArray()
		}
		if !ok {
			t.Fatalf("%s: %s is a %T", name, key, e.Value)
		}
		// An .npz has bytes for dtypes that NumPy does not have.
		if !strings.HasSuffix(name, ".npz") && a.DType().String() != was[key].DType().String() {
			t.Errorf("%s: %s is of %s, want %s", name, key, a.DType(), was[key].DType())
		}
		got, err1 := a.AppendBytes(nil, ndarray.OrderC)
		want, err2 := was[key].AppendBytes(nil, ndarray.OrderC)
		if err1 != nil || err2 != nil || string(got) != string(want) {
			t.Errorf("%s: %s: %v, want %v (%v, %v)", name, key, got, want, err1, err2)
		}
	}
}
