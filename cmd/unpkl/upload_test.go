package main

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// objectText returns the content of an object.
func objectText(t *testing.T, url string) string {
	t.Helper()
	r, err := openFile(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// written returns the names and contents of the files below a folder or prefix.
func written(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	hidden := listing
	hidden.Hidden = true
	for source, err := range hidden.Sources([]string{folder}) {
		if os.IsNotExist(err) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(filepath.ToSlash(source.Path), folder)] = objectText(t, source.Path)
	}
	return all
}

// TestWriteObjects checks that each command writes the same to an unreliable store as to files, and
// leaves nothing else there.
func TestWriteObjects(t *testing.T) {
	folder := objectFolder(t)
	faults, _ := bucket(t, folder, 7)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	work := t.TempDir()
	for i, line := range []string{
		"convert IN/a.pkl OUT/t.parquet",
		"convert --verify IN/y/x.npy OUT/b/t.json.gz",
		"convert IN/x/e_e+é.npz OUT/arrays.h5",
		"convert IN/x/e_e+é.npz OUT/arrays/",
		"convert --from npy --to raw --sidecar IN/y/x.npy OUT/x.bin",
		"convert IN/y/x.npy IN/a.pkl OUT/both.pkl",
		"convert --to json --errors WORK/e IN/**/*.pkl OUT/each/",
		"convert --errors WORK/e IN/**/*.pkl OUT/all.jsonl",
		"convert --resume --errors WORK/e IN/**/a.pkl OUT/all.feather",
		"convert --part-size 1KB --to jsonl --errors WORK/e IN/**/*.pkl OUT/parts/",
		"convert --shard 0/2 --to jsonl --errors WORK/e IN/**/*.pkl OUT/shards/",
		"convert --shard 1/2 --to jsonl --errors WORK/e IN/**/*.pkl OUT/shards/",
		"join-shards -o OUT/joined.jsonl --errors WORK/e OUT/shards/",
		"get IN/x/b.pkl /x -o OUT/x.npy",
		"edit IN/x/b.pkl -o OUT/edited.pkl.zst delete /x",
		"plot IN/y/x.npy -o OUT/x.svg",
		"repickle IN/x/b.pkl OUT/again.pkl",
		"pack x=IN/y/x.npy -o OUT/packed.pkl",
		"verify --write IN/x/b.pkl OUT/spec.yaml",
	} {
		args := func(out string) []string {
			words := strings.Fields(strings.NewReplacer("IN", folder, "OUT", out, "WORK",
				work).Replace(line))
			for i, word := range words {
				words[i] = strings.ReplaceAll(word, "e_e", "e e")
			}
			return words
		}
		local := filepath.Join(work, "out")
		if err := os.MkdirAll(filepath.Join(local, "b"), 0o755); err != nil {
			t.Fatal(err)
		}
		status, text, errText := command("", args(local)...)
		gotStatus, gotText, gotErr := command("", args("s3://data/out")...)
		if status != gotStatus || text != gotText || errText != gotErr || errText != "" {
			t.Errorf("%d %s: status %d, %s%s; to files status %d, %s%s", i, line,
				gotStatus, gotText, gotErr, status, text, errText)
		}
	}
	got, want := written(t, "s3://data/out/"), written(t, filepath.Join(work, "out")+"/")
	for name, text := range want {
		if got[name] != text && !strings.HasSuffix(name, ".h5") {
			t.Errorf("%s: %d bytes, to files %d", name, len(got[name]), len(text))
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d objects for %d files", len(got), len(want))
	}
	for _, folder := range []string{os.Getenv("TMPDIR"), os.Getenv("XDG_CACHE_HOME") + "/unpkl"} {
		if left, _ := os.ReadDir(folder); len(left) > 0 {
			t.Errorf("%s has %v", folder, left)
		}
	}
	if faults.Load() < 10 {
		t.Errorf("%d answers went wrong", faults.Load())
	}
}

// TestWriteObjectsFails checks that a conversion or an upload that fails leaves no object.
func TestWriteObjectsFails(t *testing.T) {
	folder := objectFolder(t)
	bucket(t, folder, 1<<40)
	before := written(t, "s3://data/")
	for _, args := range [][]string{
		{"convert", folder + "/x/b.pkl", "s3://data/out/x.npy"},
		{"convert", folder + "/x/d.pkl", "s3://data/out/x.json"},
		{"get", folder + "/x/b.pkl", "/nosuch", "-o", "s3://data/out/x.json"},
		{"convert", folder + "/a.pkl", "s3://nosuch/out/x.parquet"},
		{"join-shards", "s3://data/nosuch/"},
	} {
		if status, out, errText := command("", args...); status != 1 || out != "" || errText == "" {
			t.Errorf("%q: status %d, %s%s", args, status, out, errText)
		}
	}
	for _, args := range [][]string{
		{"edit", "--in-place", "s3://data/in/a.pkl", "delete", "/x"},
		{"convert", folder + "/a.pkl", "s3://data/out/x.nosuch"},
	} {
		if status, _, errText := command("", args...); status == 0 || errText == "" {
			t.Errorf("%q: status %d, %s", args, status, errText)
		}
	}
	after := written(t, "s3://data/")
	if len(after) != len(before) {
		t.Errorf("%d objects of %d: %q", len(after), len(before), slices.Sorted(maps.Keys(after)))
	}
}
