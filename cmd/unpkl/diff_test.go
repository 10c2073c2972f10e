package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// differences runs diff and returns its lines by pointer.
func differences(t *testing.T, args ...string) map[string]map[string]any {
	t.Helper()
	status, stdout, stderr := command("", append([]string{"diff", "--json"}, args...)...)
	if status != 0 && status != statusFound || stderr != "" || (status == 0) != (stdout == "") {
		t.Fatalf("diff %v: status %d, %s%s", args, status, stdout, stderr)
	}
	all := map[string]map[string]any{}
	for line := range strings.Lines(stdout) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		all[m["pointer"].(string)] = m
	}
	return all
}

// TestDiffIsWhatNumPySays compares the number of differing elements with NumPy, and equality with
// numpy.allclose.
func TestDiffIsWhatNumPySays(t *testing.T) {
	left, right := filepath.Join(commandFiles, "left.pkl"), filepath.Join(commandFiles, "right.pkl")
	cases := readCases(t)
	exact := differences(t, left, right)
	for name, want := range cases.Diff {
		got := exact["/"+name]
		for key, w := range want {
			if key == "at" && name == "words" {
				continue
			}
			if !near(w, got[key]) {
				t.Errorf("%s: %s is %v, NumPy says %v", name, key, got[key], w)
			}
		}
	}
	close := differences(t, "--rtol", "1e-5", "--atol", "1e-8", left, right)
	for name, want := range cases.AllClose {
		if _, differs := close["/"+name]; differs == want {
			t.Errorf("%s: differs %v, numpy.allclose says %v", name, differs, want)
		}
	}
	if len(cases.AllClose) == 0 || len(cases.Diff) == 0 {
		t.Error("no cases")
	}
}

// TestDiffOfFixtures checks that no fixture differs from itself at another protocol.
func TestDiffOfFixtures(t *testing.T) {
	t.Parallel()
	n := 0
	for _, f := range someFixtures(t) {
		if f.Several || outOfBand(t, f) {
			continue
		}
		if _, ok := encoded(t, fixtureData(t, f), jsonOptions(0)); !ok {
			continue
		}
		status, stdout, stderr := command("", "diff", f.Path, f.Path)
		if n++; status != 0 || stdout != "" || stderr != "" {
			t.Errorf("%s: status %d, %.300s%s", f, status, stdout, stderr)
		}
	}
	if n < 50 {
		t.Errorf("only %d fixtures", n)
	}
}
