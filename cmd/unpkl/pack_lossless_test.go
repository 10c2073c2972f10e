package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/internal/fixture/compare"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// notPacked says why a fixture cannot come back from JSON. It is empty if it must.
func notPacked(f fixture.Fixture) string {
	switch {
	case f.Several:
		return "pack makes one pickle of one document"
	case f.Name == "out_of_band":
		return "to-json has no buffers beside the pickle"
	case f.Producer == "legacy" && f.Name == "dtype_state_versions":
		return "an object dtype of 4 bytes, which is not read"
	case f.Name == "structured_aligned":
		return "an aligned record dtype whose alignment is not that of its fields, which JSON does not say"
	}
	return ""
}

// packed returns the pickle that pack makes from the output of to-json --lossless for f.
func packed(t *testing.T, f fixture.Fixture) string {
	t.Helper()
	doc := mustRun(t, "", "to-json", "--indent=0", "--lossless", f.Path)
	return mustRun(t, doc, "pack", "-o", "-", "--protocol", strconv.Itoa(f.Protocol), "-")
}

// TestPackLossless converts every fixture to lossless JSON and back, and compares the result with
// what Python says about the original: types, bits, sharing, cycles.
func TestPackLossless(t *testing.T) {
	t.Parallel()
	same := 0
	reasons := map[string]int{}
	for _, f := range someFixtures(t) {
		if why := notPacked(f); why != "" {
			reasons[why]++
			continue
		}
		want, err := f.Value()
		if err != nil {
			t.Fatal(err)
		}
		u := pickle.NewUnpickler(strings.NewReader(packed(t, f)))
		u.FindClass, u.Encoding = reconstruct.FindClass, pickle.EncodingKeep
		v, err := u.Load()
		if err != nil {
			t.Errorf("%v: %v", f, err)
			continue
		}
		opts := compare.For(f)
		opts.OldNames = true // the classes have the names that all versions of NumPy load
		if err := compare.Equal(v, want, opts); err != nil {
			t.Errorf("%v: %v", f, err)
			continue
		}
		same++
	}
	t.Logf("%d equal; not compared: %v", same, reasons)
}

// TestInteropPackLossless has the Python of UNPKL_PYTHON load fixtures that have been through JSON
// and compare them with the originals, with warnings as errors.
func TestInteropPackLossless(t *testing.T) {
	python := os.Getenv("UNPKL_PYTHON")
	if python == "" {
		t.Skip("UNPKL_PYTHON names no Python")
	}
	all, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var list bytes.Buffer
	for _, f := range all {
		// Python 3 needs an encoding to load pickles of Python 2, which changes every str.
		if f.Protocol < 4 || f.Encoding != "" || notPacked(f) != "" {
			continue
		}
		name := filepath.Join(dir, fmt.Sprintf("%s_%s.p%d.pkl", f.Producer, f.Name, f.Protocol))
		if err := os.WriteFile(name, []byte(packed(t, f)), 0o600); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&list, "%s\t%s\n", f.Path, name)
	}
	cmd := exec.Command(python, filepath.Join(fixture.Root(), "..", "scripts", "compare.py"),
		"--list", "-")
	cmd.Stdin, cmd.Stderr = &list, os.Stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	verdicts := map[string]int{}
	for lines := bufio.NewReader(bytes.NewReader(out)); ; {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break
		}
		parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		verdicts[parts[0]]++
		if parts[0] == "equal" || parts[0] == "unreadable" || len(parts) < 4 ||
			knownLoss(parts[1], parts[3]) {
			continue
		}
		t.Errorf("%s: %s: %s", parts[0], filepath.Base(parts[2]), parts[3])
	}
	t.Logf("%v", verdicts)
	if verdicts["equal"] < 100 {
		t.Errorf("%d are equal: %s", verdicts["equal"], out)
	}
}

// knownLoss reports whether a difference from the original is unavoidable in a pickle that all
// versions of NumPy can load: see lossy of package reconstruct.
func knownLoss(path, details string) bool {
	name := filepath.Base(path)
	return strings.HasPrefix(name, "chararray") || // each of its names is deprecated somewhere
		strings.Contains(details, "'u' type code is deprecated") ||
		// a new seed at each load
		strings.HasPrefix(name, "random_") && strings.Contains(path, "py311") ||
		// NumPy 2 does not find align=True in what NumPy 1 wrote, and does in what is written of
		// it.
		strings.HasSuffix(details, "/dtype/aligned: false against true") &&
			!strings.Contains(path, "py313") ||
		strings.HasSuffix(details, "contiguous: false against true")
}
