package reconstruct_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/reconstruct"
)

// TestInteropFunctions loads the functions and classes of scripts/function_values.py, which dill
// and cloudpickle wrote with their code, and writes them again; called in Python, those act as the
// first ones do.
func TestInteropFunctions(t *testing.T) {
	list := filepath.SplitList(os.Getenv("UNPKL_FUNCTION_PYTHONS"))
	if len(list) == 0 {
		t.Skip("UNPKL_FUNCTION_PYTHONS names no interpreters")
	}
	script, err := filepath.Abs(filepath.Join("..", "scripts", "function_values.py"))
	if err != nil {
		t.Fatal(err)
	}
	for _, python := range list {
		t.Run(filepath.Base(filepath.Dir(filepath.Dir(python))), func(t *testing.T) {
			folder := t.TempDir()
			if out, err := exec.Command(python, script, folder).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			files, err := filepath.Glob(filepath.Join(folder, "*.pkl"))
			if err != nil || len(files) < 200 {
				t.Fatalf("%d values, %v", len(files), err)
			}
			// What Load gives and what it gives with WithObjects are written by different ways.
			for _, opts := range [][]unpkl.Option{{unpkl.WithObjects()}, nil} {
				for _, path := range files {
					if opts == nil && strings.Contains(path, "list_holds_closure") {
						continue // a list inside a function and around it: see the package's doc
					}
					if err := functionAgain(path, opts...); err != nil {
						t.Errorf("%s: %v", filepath.Base(path), err)
					}
				}
				out, err := exec.Command(python, script, "--compare", folder).Output()
				if want := fmt.Sprintf("done %d\n", len(files)); err != nil || string(out) != want {
					t.Errorf("%v: %s", err, out)
				}
			}
		})
	}
}

// functionAgain writes the function of a file into one beside it.
func functionAgain(path string, opts ...unpkl.Option) error {
	v, err := unpkl.LoadFile(path, opts...)
	if err != nil {
		return err
	}
	if f, ok := reconstruct.ReadFunction(v); ok && len(f.Closure) != len(f.FreeVars) {
		return fmt.Errorf("%d values for the variables %v", len(f.Closure), f.FreeVars)
	}
	data, err := unpkl.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(strings.TrimSuffix(path, ".pkl")+".again.pkl", data, 0o600)
}
