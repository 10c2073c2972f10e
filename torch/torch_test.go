package torch_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/torch"
)

// want is what PyTorch says of a tensor, as scripts/gen_torch.py writes it.
type want struct {
	Path         []string
	DType        string
	Shape        []int
	Strides      []int
	Device       string
	RequiresGrad bool `json:"requires_grad"`
	Parameter    bool
	Bits         *string
	Layout       string
	Indices      *want
	Compressed   *want
	Values       *want
	Coalesced    bool
	QScheme      string
	Scale        float64
	ZeroPoint    int `json:"zero_point"`
	Scales       *want
	ZeroPoints   *want `json:"zero_points"`
	Axis         int
}

// ways are the ways to read a file.
var ways = map[string]func(path string) (any, error){
	"LoadFile": func(path string) (any, error) { return unpkl.LoadFile(path, unpkl.WithObjects()) },
	"LoadBytes": func(path string) (any, error) {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		return unpkl.LoadBytes(data, unpkl.WithObjects())
	},
	"Open": func(path string) (any, error) {
		f, err := unpkl.Open(path, unpkl.WithObjects())
		if err != nil {
			return nil, err
		}
		return f.Load() // the mapping stays for the test's reads
	},
}

// TestFiles reads every file of testdata in every way, and compares each tensor with PyTorch's.
func TestFiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.pt")
	if err != nil || len(files) < 20 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		for name, load := range ways {
			t.Run(filepath.Base(file)+"/"+name, func(t *testing.T) {
				t.Parallel()
				v, err := load(file)
				if err != nil {
					t.Fatal(err)
				}
				for _, w := range readWant(t, file) {
					checkTensor(t, strings.Join(w.Path, "/"), at(t, v, w.Path), &w)
				}
			})
		}
	}
}

func readWant(t *testing.T, file string) []want {
	t.Helper()
	data, err := os.ReadFile(strings.TrimSuffix(file, ".pt") + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var all []want
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no tensors")
	}
	return all
}

// at returns the object at a path.
func at(t *testing.T, v any, path []string) any {
	t.Helper()
	for _, step := range path {
		found := false
		var entries types.Dict
		switch c := v.(type) {
		case *types.Dict:
			entries = *c
		case pickle.DictHolder:
			entries = *c.PyDict()
		case *pickle.Object: // a module of TorchScript
			entries = *c.State.(*types.Dict)
		case *types.List:
			i, err := strconv.Atoi(step)
			if err != nil {
				t.Fatal(err)
			}
			v, found = (*c)[i], true
		default:
			t.Fatalf("%q of a %T", step, v)
		}
		for _, e := range entries {
			if fmt.Sprint(e.Key) == step {
				v, found = e.Value, true
				break
			}
		}
		if !found {
			t.Fatalf("no %q", step)
		}
	}
	return v
}

func checkTensor(t *testing.T, name string, v any, w *want) {
	t.Helper()
	x, ok := v.(*torch.Tensor)
	if !ok {
		t.Errorf("%s: a %T", name, v)
		return
	}
	got := want{Path: w.Path, DType: x.DType, Shape: x.Shape, Strides: w.Strides, Device: x.Device,
		RequiresGrad: x.RequiresGrad, Parameter: x.IsParameter}
	if fmt.Sprint(got.DType, got.Shape, got.Device, got.RequiresGrad, got.Parameter) !=
		fmt.Sprint(w.DType, w.Shape, w.Device, w.RequiresGrad, w.Parameter) {
		t.Errorf("%s: %+v, want %+v", name, got, *w)
	}
	if w.Bits == nil && x.Array != nil {
		t.Errorf("%s has an array", name)
	}
	if w.Bits != nil {
		checkArray(t, name, x.Array, w)
	}
	if s := x.Sparse; w.Layout != "" {
		if s == nil || s.Layout != w.Layout || s.Coalesced != w.Coalesced {
			t.Fatalf("%s: %+v, want layout %s", name, s, w.Layout)
		}
		checkTensor(t, name+" indices", s.Indices, w.Indices)
		checkTensor(t, name+" values", s.Values, w.Values)
		if w.Compressed != nil {
			checkTensor(t, name+" compressed", s.Compressed, w.Compressed)
		}
	}
	if q := x.Quantizer; w.QScheme != "" {
		if q == nil || q.Scheme != w.QScheme || q.Scale != w.Scale || q.ZeroPoint != w.ZeroPoint ||
			q.Axis != w.Axis {
			t.Fatalf("%s: %+v, want %+v", name, q, w)
		}
		if w.Scales != nil {
			checkTensor(t, name+" scales", q.Scales, w.Scales)
			checkTensor(t, name+" zero points", q.ZeroPoints, w.ZeroPoints)
		}
	}
}

// checkArray compares the elements, and the strides where the array has any to compare.
func checkArray(t *testing.T, name string, a *ndarray.Array, w *want) {
	t.Helper()
	if a == nil {
		t.Errorf("%s: no array", name)
		return
	}
	data, err := a.AppendBytes(nil, ndarray.OrderC)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(data); got != *w.Bits {
		t.Errorf("%s: %s\nwant %s", name, got, *w.Bits)
	}
	if !slices.Equal(a.Shape(), w.Shape) {
		t.Errorf("%s: shape %v, want %v", name, a.Shape(), w.Shape)
	}
	for i, n := range a.Strides() {
		// A conjugate tensor is a copy, and without elements no stride matters.
		if a.Size() > 0 && !strings.HasSuffix(name, "neg") &&
			n != w.Strides[i]*a.DType().ItemSize() {
			t.Errorf("%s: strides %v, want %v elements", name, a.Strides(), w.Strides)
		}
	}
}
