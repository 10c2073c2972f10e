package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/unpkl/unpkl"
)

// TestRun compares the covariance with NumPy's if UNPKL_PYTHON names a Python.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.pkl"), filepath.Join(dir, "out.pkl")
	samples := [][]float64{{1, 2, 0}, {2, 1, 5}, {4, 4, -1}, {0, 3, 2.5}}
	if err := unpkl.WriteFile(in, map[string]any{"samples": samples, "note": "x"}); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := run("samples", in, out, &text); err != nil || text.String() != "4 rows, 3 columns\n" {
		t.Fatalf("%q, %v", text.String(), err)
	}
	if err := run("note", in, out, &text); err == nil {
		t.Error("text as a matrix")
	}
	python := os.Getenv("UNPKL_PYTHON")
	if python == "" {
		return
	}
	const check = `
import pickle, sys, numpy as np
x, got = (pickle.load(open(p, 'rb')) for p in sys.argv[1:])
assert np.allclose(got['covariance'], np.cov(x['samples'], rowvar=False), rtol=1e-14) and got['rows'] == 4, got
`
	if out, err := exec.Command(python, "-c", check, in, out).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
