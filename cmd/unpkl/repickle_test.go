package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRepickleFixtures writes every fixture of a producer at its own protocol, with the
// names of its NumPy: mostly the same bytes, always the same JSON.
func TestRepickleFixtures(t *testing.T) {
	t.Parallel()
	dir, same, n := t.TempDir(), 0, 0
	for _, f := range someFixtures(t) {
		if f.Producer != "py311-np126" || f.Protocol < 2 {
			continue
		}
		want, err := f.Data()
		if err != nil {
			t.Fatal(err)
		}
		status, before, stderr := command("", "to-json", "--all", "--arrays=base64", f.Path)
		if status != 0 {
			t.Logf("%v: %s", f, stderr) // out-of-band buffers, which a file alone does not have
			continue
		}
		out := filepath.Join(dir, "out.pkl")
		mustRun(t, "", "repickle", "--numpy=1.26", f.Path, out)
		got, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		n++
		if bytes.Equal(got, want) {
			same++
		}
		if after := mustRun(t, "", "to-json", "--all", "--arrays=base64", out); after != before {
			t.Errorf("%v: other JSON", f)
		}
	}
	if t.Logf("%d of %d the same bytes", same, n); same*10 < n*8 {
		t.Errorf("only %d of %d are the same bytes", same, n)
	}
}

func TestRepickle(t *testing.T) {
	in := "\x80\x02]q\x00(\x82\x07X\x03\x00\x00\x00pidQK\x01cshop\nOrder\n)\x81q\x01}q\x02X\x01\x00\x00\x00aK\x02sbe." + "K\x05."
	if got := mustRun(t, in, "repickle", "-", "-"); !strings.HasPrefix(got,
		"\x80\x02]q\x00(\x82\x07X\x03\x00\x00\x00pidq\x01QK\x01cshop\nOrder\n") ||
		!strings.HasSuffix(got, "K\x05.") {
		t.Errorf("%q", got)
	}
	got := mustRun(t, in, "repickle", "--protocol", "4", "-", "-")
	if !strings.HasPrefix(got, "\x80\x04\x95") || !strings.Contains(got, "\x8c\x05Order\x94\x93") {
		t.Errorf("%q", got)
	}
	path := writeFile(t, "in.pkl", in)
	out := filepath.Join(t.TempDir(), "out.pkl.gz")
	mustRun(t, "", "repickle", path, out)
	mustRun(t, "", "repickle", out, path)
	data, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(data), "\x80\x02]q\x00(\x82\x07") {
		t.Errorf("%q, %v", data, err)
	}
}

func TestRepickleErrors(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out.pkl")
	for want, args := range map[string][]string{
		"unpkl: -: truncated":                          {"-", out},
		"unpkl: " + out + ": the name":                 {"--protocol=1", "-", out},
		"unpkl: " + filepath.Join(dir, "no.pkl") + ":": {filepath.Join(dir, "no.pkl"), out},
	} {
		in := "\x80\x02K"
		if strings.Contains(want, "the name") {
			in = "\x80\x03cm\n\xc3\xa9\n."
		}
		line := mustFail(t, 1, in, append([]string{"repickle"}, args...)...)
		if !strings.HasPrefix(line, want) && !strings.Contains(want, "truncated") {
			t.Errorf("%q, want %q", line, want)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	mustFail(t, 2, "", "repickle", "-")
	mustFail(t, 2, "", "repickle", "--protocol=6", "-", "-")
	mustFail(t, 2, "", "repickle", "--numpy=x", "-", "-")
}

// TestPickleNames checks that no pickle is written under the name of another format, and that no
// file is left under that name.
func TestPickleNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"x.npy", "x.npz", "x.json", "x.JSON", "x.csv", "x.parquet",
		"x.json.gz", "x.h5"} {
		out := filepath.Join(dir, name)
		for _, args := range [][]string{{"repickle", "-", out}, {"pack", "-o", out, "-"}} {
			if line := mustFail(t, 2, "K\x01.", args...); !strings.Contains(line,
				filepath.Ext(strings.TrimSuffix(name, ".gz"))) &&
				!strings.Contains(line, ".json") {
				t.Errorf("%s: %s", name, line)
			}
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	for _, name := range []string{"x.pkl", "x", "x.pickle.gz", "x.joblib", "x.zst", "model.v1.2"} {
		mustRun(t, "K\x01.", "repickle", "-", filepath.Join(dir, name))
	}
}
