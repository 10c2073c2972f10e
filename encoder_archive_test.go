package unpkl

import (
	"archive/tar"
	"archive/zip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// archiveNames are names of files that hold a pickle as an archive's only member, and what that is
// called.
var archiveNames = map[string]string{
	"a.pkl.zip": "a.pkl", "b.zip": "b", "c.pkl.tar": "c.pkl", "d.PKL.TAR": "d.PKL",
}

func TestWriteFileArchives(t *testing.T) {
	dir := t.TempDir()
	v := map[string]any{"x": strings.Repeat("text ", 100_000), "y": int(7)}
	for name, member := range archiveNames {
		path := filepath.Join(dir, name)
		if err := WriteFile(path, v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := LoadFile(path); err != nil || !reflect.DeepEqual(got, any(v)) {
			t.Errorf("%s: %v", name, err)
		}
		if got := firstMember(t, path); got != member {
			t.Errorf("%s: the member is %q, want %q", name, got, member)
		}
	}
	for _, name := range []string{"e.tar.gz", "f.pkl.tar.xz", "g.tar.zst"} {
		path := filepath.Join(dir, name)
		if err := WriteFile(path, v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := LoadFile(path); err != nil || !reflect.DeepEqual(got, any(v)) {
			t.Errorf("%s: %v", name, err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() > 10_000 {
			t.Errorf("%s has %d bytes", name, info.Size())
		}
	}
	if err := WriteFile(filepath.Join(dir, "a.pkl.zip"), make(chan int)); err == nil {
		t.Error("a channel was written")
	}
	if got, err := LoadFile(filepath.Join(dir, "a.pkl.zip")); err != nil ||
		!reflect.DeepEqual(got, any(v)) {
		t.Errorf("the file that was there: %v", err)
	}
}

// firstMember returns the name of an archive's only member.
func firstMember(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if strings.HasSuffix(path, ".zip") {
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		z, err := zip.NewReader(f, info.Size())
		if err != nil || len(z.File) != 1 {
			t.Fatalf("%s: %v", path, err)
		}
		return z.File[0].Name
	}
	h, err := tar.NewReader(f).Next()
	if err != nil {
		t.Fatal(err)
	}
	return h.Name
}

// exchange reads with pandas what was written here, and writes the same with pandas under the
// name "py_" + name, with warnings as errors.
const exchange = `
import os, sys, warnings
warnings.simplefilter("error")
import pandas as pd
folder, want = sys.argv[1], {"x": "text " * 1000, "y": [1, 2.5, None]}
for name in sys.argv[2:]:
    path = os.path.join(folder, name)
    got = pd.read_pickle(path)
    assert got == want and list(map(type, got["y"])) == list(map(type, want["y"])), (name, got)
    pd.to_pickle(want, os.path.join(folder, "py_" + name))
`

// TestInteropPandasFiles exchanges files of every kind of compression with the pandas of
// UNPKL_PANDAS_PYTHONS; the members of the archives have the same names.
func TestInteropPandasFiles(t *testing.T) {
	pythons := filepath.SplitList(os.Getenv("UNPKL_PANDAS_PYTHONS"))
	if len(pythons) == 0 {
		t.Skip("UNPKL_PANDAS_PYTHONS names no Python with pandas")
	}
	v := map[string]any{"x": strings.Repeat("text ", 1000), "y": []any{1, 2.5, nil}}
	for _, python := range pythons {
		version, err := exec.Command(python, "-c",
			"import pandas; print(pandas.__version__)").CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %s", python, version)
		}
		names := []string{"a.pkl", "b.pkl.gz", "c.pkl.xz", "d.pkl.zip", "e.zip"}
		var major, minor int
		if _, err := fmt.Sscanf(string(version), "%d.%d", &major, &minor); err != nil {
			t.Fatal(err)
		}
		if major > 1 || minor >= 5 {
			names = append(names, "f.pkl.tar", "g.tar", "h.tar.gz", "i.pkl.tar.xz")
		}
		dir := t.TempDir()
		for _, name := range names {
			if err := WriteFile(filepath.Join(dir, name), v); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command(python, append([]string{"-c", exchange, dir}, names...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("pandas %s: %s", version, out)
			continue
		}
		for _, name := range names {
			ours, theirs := filepath.Join(dir, name), filepath.Join(dir, "py_"+name)
			if got, err := LoadFile(theirs); err != nil || !reflect.DeepEqual(got, any(v)) {
				t.Errorf("pandas %s, %s: %v, %v", version, name, got, err)
			}
			if format := filepath.Ext(name); format == ".tar" ||
				format == ".zip" && (major > 1 || minor >= 4) {
				if a, b := "py_"+firstMember(t, ours), firstMember(t, theirs); a != b {
					t.Errorf("pandas %s, %s: the member is %q there, %q here", version, name, b, a)
				}
			}
		}
	}
}
