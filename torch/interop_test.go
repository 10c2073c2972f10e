package torch_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/torch"
)

// unreadable are the files that PyTorch does not read itself: of the dtypes without a storage class
// it writes legacy files and pickles that it cannot load.
var unreadable = map[string]bool{"215_dtypes_legacy.pt": true, "215_dtypes_pickle.pt": true,
	"215_odd_pickle.pt": true,
	"215_odd_legacy.pt": true}

// TestInteropTorch writes what each file holds, as torch.save does and as pickle.dump does, and has
// PyTorch compare that with the file.
func TestInteropTorch(t *testing.T) {
	python := os.Getenv("UNPKL_TORCH_PYTHON")
	if python == "" {
		t.Skip("UNPKL_TORCH_PYTHON names no Python with PyTorch")
	}
	files, err := filepath.Glob("testdata/*.pt")
	if err != nil {
		t.Fatal(err)
	}
	var input strings.Builder
	var names []string
	folder := t.TempDir()
	for _, file := range files {
		base := filepath.Base(file)
		if unreadable[base] || strings.HasSuffix(base, "_pickle.pt") ||
			strings.HasSuffix(base, "_script.pt") {
			continue
		}
		v, err := unpkl.LoadFile(file, unpkl.WithObjects())
		if err != nil {
			t.Fatal(err)
		}
		saved, dumped := filepath.Join(folder, base), filepath.Join(folder, base+".pkl")
		save(t, saved, v)
		if err := unpkl.WriteFile(dumped, v); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		way := "weights"
		odd := strings.Contains(base, "_odd") || strings.Contains(base, "_tar")
		if odd { // a NumPy array and storages by themselves
			way = "all"
		}
		fmt.Fprintf(&input, "%s %s %s\n", way, file, saved)
		names = append(names, base+" saved")
		if !odd { // PyTorch cannot unpickle an untyped storage
			fmt.Fprintf(&input, "pickle %s %s\n", file, dumped)
			names = append(names, base+" pickled")
		}
	}
	cmd := exec.Command(python, "-W", "ignore", "testdata/compare.py")
	cmd.Stdin = strings.NewReader(input.String())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(names) || len(names) < 12 {
		t.Fatalf("%d lines for %d pairs:\n%s", len(lines), len(names), out)
	}
	for i, line := range lines {
		if line != "ok" {
			t.Errorf("%s: %s", names[i], line)
		}
	}
}

func save(t *testing.T, path string, v any) {
	t.Helper()
	var b bytes.Buffer
	if err := torch.Save(&b, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
