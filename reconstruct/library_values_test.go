package reconstruct_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame/arrowframe" // which reads polars too
	"github.com/unpkl/unpkl/pickle"
)

// TestInteropLibraryValues loads the many values of scripts/library_values.py, shows them as JSON
// and writes them again; their own libraries find the two equal.
func TestInteropLibraryValues(t *testing.T) {
	list := filepath.SplitList(os.Getenv("UNPKL_LIBRARY_PYTHONS"))
	if len(list) == 0 {
		t.Skip("UNPKL_LIBRARY_PYTHONS names no interpreters")
	}
	script, err := filepath.Abs(filepath.Join("..", "scripts", "library_values.py"))
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
			if err != nil || len(files) < 20 {
				t.Fatalf("%d values, %v", len(files), err)
			}
			// As plain values, and what is pyarrow's as Arrow's own.
			for _, typed := range []bool{false, true} {
				for _, path := range files {
					if err := writeAgain(path, typed); err != nil {
						t.Errorf("%s: %v", filepath.Base(path), err)
					}
				}
				out, err := exec.Command(python, script, "--compare", folder).Output()
				if want := fmt.Sprintf("done %d\n", len(files)); err != nil || string(out) != want {
					t.Errorf("%v, typed %v: %s", err, typed, out)
				}
			}
		})
	}
}

// writeAgain writes what a file holds into one beside it.
func writeAgain(path string, typed bool) error {
	v, err := unpkl.LoadFile(path)
	if err != nil {
		return err
	}
	if _, err := json.Marshal(v); err != nil {
		return fmt.Errorf("JSON: %w", err)
	}
	if typed && strings.HasPrefix(filepath.Base(path), "pyarrow-") {
		var whole arrowframe.Pickled
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err = unpkl.Unmarshal(data, &whole); err == nil {
			v = whole
		} else if !errors.Is(err, pickle.ErrUnsupported) {
			return err
		}
	}
	data, err := unpkl.Marshal(v)
	if err != nil {
		return fmt.Errorf("marshal %T: %w", v, err)
	}
	return os.WriteFile(strings.TrimSuffix(path, ".pkl")+".again.pkl", data, 0o600)
}
