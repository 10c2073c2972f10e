package reconstruct

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// TestMLDtypes reads arrays, dtypes and scalars of each format of ml_dtypes: every element has
// the value that Python says, and what is written is byte for byte what NumPy wrote.
func TestMLDtypes(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(fixture.Root(), "mldtypes", "*", "*.pkl"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		dot := bytes.LastIndexByte([]byte(path[:len(path)-len(".pkl")]), '.')
		protocol, err := strconv.Atoi(path[dot+2 : len(path)-len(".pkl")])
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path[:dot] + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var want struct {
			Name, Str string
			Values    []string
		}
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		u := pickle.NewUnpicklerBytes(data)
		u.FindClass = FindClass
		v, err := u.Load()
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		items := *v.(*types.List)
		a := items[0].(*ndarray.Array)
		if a.DType().Name() != want.Name || a.DType().String() != want.Name ||
			!items[1].(*ndarray.DType).Equal(a.DType()) {
			t.Errorf("%s: dtype %s", path, a.DType())
		}
		floats, err := ndarray.Values[float32](a)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for i, hex := range want.Values {
			x, err := strconv.ParseFloat(hex, 64)
			if hex == "nan" {
				x, err = math.NaN(), nil
			}
			if err != nil {
				t.Fatal(err)
			}
			if f := float64(floats[i]); f != x && (f == f || x == x) ||
				math.Signbit(f) != math.Signbit(x) && x == x {
				t.Errorf("%s: element %d, %v, is %v, want %v", path, i, a.At(i), f, x)
			}
		}
		if err := a.SetAt(a.At(1), 1); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		again, err := write([]any{v}, NewReducers(ReduceOptions{NumPy: Version{2, 5}}), protocol,
			false)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if !bytes.Equal(again, data) {
			t.Errorf("%s: other bytes\n%.300q\n%.300q", path, again, data)
		}
		if parsed, err := ndarray.ParseDType(want.Name); err != nil || !parsed.Equal(a.DType()) {
			t.Errorf("%s: the name parses as %v, %v", path, parsed, err)
		}
	}
}

// TestInteropMLDtypes lets Python load what is written for all versions: the dtypes of the
// process stay what they were, and the arrays are equal bit for bit.
func TestInteropMLDtypes(t *testing.T) {
	python := os.Getenv("UNPKL_MLDTYPES_PYTHON")
	if python == "" {
		t.Skip("UNPKL_MLDTYPES_PYTHON names no Python with ml_dtypes")
	}
	paths, err := filepath.Glob(filepath.Join(fixture.Root(), "mldtypes", "*", "*.p4.pkl"))
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-c", `
import ml_dtypes, numpy as np, pickle, sys
for a, b in zip(sys.argv[1::2], sys.argv[2::2]):
    before = [np.dtype(getattr(ml_dtypes, n)).__reduce__() for n in ('bfloat16', 'float8_e5m2', 'int4')]
    x, y = pickle.load(open(a, 'rb')), pickle.load(open(b, 'rb'))
    assert x[0].dtype == y[0].dtype == y[1] and x[0].tobytes() == y[0].tobytes() and type(x[2]) is type(y[2]), a
    assert before == [np.dtype(getattr(ml_dtypes, n)).__reduce__() for n in ('bfloat16', 'float8_e5m2', 'int4')], a
`}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		u := pickle.NewUnpicklerBytes(data)
		u.FindClass = FindClass
		v, err := u.Load()
		if err != nil {
			t.Fatal(err)
		}
		again, err := write([]any{v}, NewReducers(ReduceOptions{}), 4, false)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(t.TempDir(), filepath.Base(path))
		if err := os.WriteFile(name, again, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path, name)
	}
	if out, err := exec.Command(python, args...).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
