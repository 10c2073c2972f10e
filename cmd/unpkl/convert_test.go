package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
)

// convertInputs writes a pickle of a dict and returns its path.
func convertInputs(t *testing.T) (dir, path string) {
	t.Helper()
	a, err := ndarray.FromSlice([]float64{1, 2.5, -3, 4}, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	path = filepath.Join(dir, "d.pkl")
	if err := unpkl.WriteFile(path, map[string]any{"a": a,
		"s": map[string]any{"n": 7}}); err != nil {
		t.Fatal(err)
	}
	return dir, path
}

// TestConvert tries formats, selections, several inputs, folders and standard output.
func TestConvert(t *testing.T) {
	t.Parallel()
	dir, pkl := convertInputs(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	mustRun(t, "", "convert", "--select", "/a", "--verify", pkl, at("a.npy"))
	mustRun(t, "", "convert", "--verify", "--protocol=2", at("a.npy"), at("a.pkl.gz"))
	mustRun(t, "", "convert", "--verify", at("a.npy"), at("a.pkl.gz")) // which is there
	if left, _ := filepath.Glob(at(".unpkl.*")); len(left) > 0 {
		t.Errorf("%q is left", left)
	}
	mustRun(t, "", "convert", "--sidecar", at("a.npy"), at("a.raw"))
	mustRun(t, "", "convert", at("a.raw"), at("a.csv"))
	if data, err := os.ReadFile(at("a.csv")); err != nil || string(data) != "1.0,2.5\n-3.0,4.0\n" {
		t.Errorf("%q, %v", data, err)
	}
	mustRun(t, "", "convert", "--verify", pkl, at("out")+"/")
	mustRun(t, "", "convert", at("out")+"/", at("again.json"))
	got := mustRun(t, "", "convert", "--to=json", "--json=plain", at("again.json"), "-")
	if want := `{"a":[[1.0,2.5],[-3.0,4.0]],"s":{"n":7}}` + "\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	mustRun(t, "", "convert", at("a.npy"), "b="+at("a.csv"), at("both.npz"))
	got = mustRun(t, "", "convert", "--to=json", "--json=plain", at("both.npz")+"#/b", "-")
	if want := "[[1.0,2.5],[-3.0,4.0]]\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	mustRun(t, "", "convert", "--to=npy", at("a.csv"), at("each")+"/")
	if _, err := os.Stat(at("each/a.npy")); err != nil {
		t.Error(err)
	}
}

// TestConvertErrors checks the errors of convert.
func TestConvertErrors(t *testing.T) {
	t.Parallel()
	dir, pkl := convertInputs(t)
	npz := filepath.Join(dir, "d.npz")
	for _, test := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{pkl, npz}, 1,
			"unpkl: " + npz +
				": npz cannot hold a dict at /s; pickle, joblib, json, jsonl, hdf5 and torch can\n"},
		{[]string{"--lossy", pkl, npz}, 0,
			"unpkl: warning: npz cannot hold a dict at /s; pickle, joblib, json, jsonl, hdf5 and torch can: left out\n"},
		{[]string{pkl, filepath.Join(dir, "x.what")}, 1, "unknown format"},
		{[]string{pkl}, 2, "takes IN and OUT"},
		{[]string{"--dtype=what", pkl, npz}, 2, "--dtype=what"},
		{[]string{"--shape=a", pkl, npz}, 2, "--shape=a"},
		{[]string{pkl, "-"}, 2, "needs --to"},
	} {
		status, _, stderr := command("", append([]string{"convert"}, test.args...)...)
		if status != test.status || !strings.Contains(stderr, test.want) {
			t.Errorf("%v: %d, %s, want %d, %s", test.args, status, stderr, test.status, test.want)
		}
	}
}

// TestSplitJoin splits an array and joins the parts.
func TestSplitJoin(t *testing.T) {
	t.Parallel()
	dir, pkl := convertInputs(t)
	npy, joined := filepath.Join(dir, "a.npy"), filepath.Join(dir, "j.npy")
	mustRun(t, "", "convert", "--select", "/a", pkl, npy)
	manifest := strings.TrimSpace(mustRun(t, "", "split", "--chunk-size=16B", npy,
		filepath.Join(dir, "p_{n:02}.npy")))
	if _, err := os.Stat(filepath.Join(dir, "p_01.npy")); err != nil {
		t.Error(err)
	}
	mustRun(t, "", "join", manifest, joined)
	x, err1 := os.ReadFile(npy)
	y, err2 := os.ReadFile(joined)
	if err1 != nil || err2 != nil || string(x) != string(y) {
		t.Errorf("%q, %v, %q, %v", x, err1, y, err2)
	}
}
