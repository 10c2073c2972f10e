package batch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// writeFiles writes files with the given names into a new folder and returns it. The content of a
// file is its name.
func writeFiles(t *testing.T, names ...string) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range names {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func pathsOf(t *testing.T, folder string, all iter.Seq2[Source, error]) []string {
	t.Helper()
	paths := []string{}
	for s, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		if s.Index != int64(len(paths)) {
			t.Errorf("%s has the index %d", s.Path, s.Index)
		}
		path := s.Path
		if relative, err := filepath.Rel(folder, path); err == nil {
			path = relative
		}
		paths = append(paths, filepath.ToSlash(path))
	}
	return paths
}

func TestSources(t *testing.T) {
	folder := writeFiles(t, "b.pkl", "a.pkl", "a.txt", "x/c.pkl", "x/y/d.pkl", "x/y/z/e.pkl",
		".hidden/f.pkl", "x/.g.pkl", "a[1].pkl")
	for pattern, want := range map[string][]string{
		"*.pkl":         {"a.pkl", "a[1].pkl", "b.pkl"},
		"**/*.pkl":      {"a.pkl", "a[1].pkl", "b.pkl", "x/c.pkl", "x/y/d.pkl", "x/y/z/e.pkl"},
		"x/*/*.pkl":     {"x/y/d.pkl"},
		"x/**":          {"x/c.pkl", "x/y/d.pkl", "x/y/z/e.pkl"},
		"{a,b}.*":       {"a.pkl", "a.txt", "b.pkl"},
		".hidden/*.pkl": {".hidden/f.pkl"},
		"x":             {"x/c.pkl", "x/y/d.pkl", "x/y/z/e.pkl"},
		"a[1].pkl":      {"a[1].pkl"},
		"nosuch.pkl":    {"nosuch.pkl"},
	} {
		got := pathsOf(t, folder, Sources([]string{filepath.Join(folder,
			filepath.FromSlash(pattern))}))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", pattern, diff)
		}
	}
}

func TestSourcesErrors(t *testing.T) {
	folder := writeFiles(t, "a.pkl")
	for pattern, want := range map[string]string{"*.npy": "no file is of this pattern",
		"[a": "bracket"} {
		var err error
		for _, err = range Sources([]string{filepath.Join(folder, pattern)}) {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}

func TestListed(t *testing.T) {
	for text, want := range map[string][]string{
		"a\nb c\r\n\nd":        {"a", "b c", "d"},
		"a\nb\x00c\x00d":       {"a", "b\x00c\x00d"},
		"a b\x00c\nd\x00e\x00": {"a b", "c\nd", "e"},
		"":                     {},
		"alone":                {"alone"},
	} {
		if diff := cmp.Diff(want, pathsOf(t, ".", Listed(strings.NewReader(text)))); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

// sourcesNamed returns sources for paths, whether the files exist or not.
func sourcesNamed(paths ...string) iter.Seq2[Source, error] {
	return withIndex(func(yield func(Source, error) bool) {
		for _, p := range paths {
			if !yield(Source{Path: p}, nil) {
				return
			}
		}
	})
}

// TestEachKeepsBudget checks that the files that are worked on at once never exceed the budget, and
// that results come in the order of the list.
func TestEachKeepsBudget(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var paths []string
	for i := range 60 {
		path := filepath.Join(folder, fmt.Sprint(i))
		if err := os.WriteFile(path, make([]byte, leastSize*(1+i%4)), 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	const budget = 6 * leastSize
	var atWork, most atomic.Int64
	next := 0
	err := Each(sourcesNamed(paths...), Limits{Jobs: 8, Bytes: budget}, func(s Source) int64 {
		now := atWork.Add(budgetOf(&s, budget))
		for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		defer atWork.Add(-budgetOf(&s, budget))
		return s.Index
	}, func(s Source, index int64) error {
		if index != int64(next) || s.Path != paths[next] {
			t.Errorf("%d came as number %d", index, next)
		}
		next++
		return nil
	})
	if err != nil || next != len(paths) || most.Load() > budget {
		t.Errorf("%v, %d of %d, %d bytes at work of %d", err, next, len(paths), most.Load(), budget)
	}
}

// TestEachEnds checks that an error of the list or of done ends Each, even if the list never ends.
func TestEachEnds(t *testing.T) {
	t.Parallel()
	l := Limits{Jobs: 2, Bytes: 1 << 20}
	want := errors.New("enough")
	r, w := io.Pipe()
	defer w.Close()
	go io.WriteString(w, "a\nb\n")
	err := Each(Listed(r), l, func(Source) int {
		return 0
	}, func(Source, int) error { return want })
	if err != want {
		t.Errorf("done: %v", err)
	}
	n := 0
	err = Each(Sources([]string{"a", "nosuch/*"}), l, func(Source) int {
		return 0
	}, func(Source, int) error { n++; return nil })
	var source *SourceError
	if !errors.As(err, &source) || !errors.Is(err, fs.ErrNotExist) || n != 1 {
		t.Errorf("list: %v after %d", err, n)
	}
}

// contents is a codec of lines in which the value of a file is its content as a JSON string. It
// counts the files that it reads, and fails for names that end in "bad".
type contents struct {
	Lines
	reads atomic.Int64
}

func newContents() *contents {
	c := &contents{}
	c.Value = func(w io.Writer, s Source) error {
		c.reads.Add(1)
		if strings.HasSuffix(s.Path, "bad") {
			return fs.ErrInvalid
		}
		data, err := os.ReadFile(s.Path)
		fmt.Fprintf(w, "%q\n", data)
		return err
	}
	return c
}

// manyFiles writes 42 files, two of which fail to encode.
func manyFiles(t *testing.T) string {
	var names []string
	for i := range 40 {
		names = append(names, fmt.Sprintf("%02d/f%d", i%7, i))
	}
	return writeFiles(t, append(names, "03/bad", "05/x.bad")...)
}

func joined(t *testing.T, p *Parts) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.Codec.Join(&b, p.All()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestResume checks that a run that stopped halfway is resumed without encoding the complete parts
// again, and that its output is that of one run.
func TestResume(t *testing.T) {
	folder := manyFiles(t)
	l := Limits{Jobs: 3, Bytes: 1 << 20}
	var wantFailed []string
	whole := &Parts{Folder: filepath.Join(t.TempDir(), "p"), Codec: newContents(),
		PartBytes: 4 * leastSize, Failed: func(f *Failure) error {
			wantFailed = append(wantFailed, f.Path)
			return nil
		}}
	if err := whole.Run(Sources([]string{folder}), l, false); err != nil {
		t.Fatal(err)
	}
	want := joined(t, whole)
	if strings.Count(want, "\n") != 40 || len(wantFailed) != 2 {
		t.Fatalf("%d lines, failed %q", strings.Count(want, "\n"), wantFailed)
	}
	enough := errors.New("killed")
	n := 0
	first := &Parts{Folder: filepath.Join(t.TempDir(), "p"), Codec: newContents(),
		PartBytes: 4 * leastSize}
	err := first.Run(func(yield func(Source, error) bool) {
		for s, err := range Sources([]string{folder}) {
			if n++; n == 19 {
				err = enough
			}
			if !yield(s, err) {
				return
			}
		}
	}, l, false)
	if !errors.Is(err, enough) || first.Len() != 4 {
		t.Fatalf("%v, %d parts", err, first.Len())
	}
	// A killed run also leaves temporary files and a part without a manifest.
	os.WriteFile(filepath.Join(first.Folder, ".blocks.123"), []byte("half"), 0o644)
	os.WriteFile(first.dataName(4), []byte("without a manifest"), 0o644)
	codec := newContents()
	var failed []string
	second := &Parts{Folder: first.Folder, Codec: codec, PartBytes: 4 * leastSize,
		Failed: func(f *Failure) error {
			failed = append(failed, f.Path)
			return nil
		}}
	if err := second.Run(Sources([]string{folder}), l, true); err != nil {
		t.Fatal(err)
	}
	if got := joined(t, second); got != want || !slices.Equal(failed, wantFailed) {
		t.Errorf("resumed:\n%s\nfailed %q\nin one run:\n%s", got, failed, want)
	}
	if reads := codec.reads.Load(); reads != 42-16 {
		t.Errorf("%d files were read again, 26 were left", reads)
	}
	if found, _ := filepath.Glob(filepath.Join(second.Folder, ".*")); len(found) > 0 {
		t.Errorf("%q were left", found)
	}
}

// TestResumeChanged checks that parts are encoded again if a file has changed or the options are
// different.
func TestResumeChanged(t *testing.T) {
	folder := writeFiles(t, "a", "b", "c", "d")
	run := func(options string) (reads int64, text string) {
		codec := newContents()
		p := &Parts{Folder: filepath.Join(folder, ".parts"), Codec: codec, PartBytes: leastSize,
			Options: options}
		if err := p.Run(Sources([]string{folder}), Limits{2, 1 << 20}, true); err != nil {
			t.Fatal(err)
		}
		return codec.reads.Load(), joined(t, p)
	}
	_, before := run("x")
	if n, text := run("x"); n != 0 || text != before {
		t.Errorf("%d files were read again", n)
	}
	if err := os.WriteFile(filepath.Join(folder, "c"), []byte("other content"), 0o644); err != nil {
		t.Fatal(err)
	}
	if n, text := run("x"); n != 2 || text != strings.Replace(before, `"c"}`, `"other content"}`,
		1) {
		t.Errorf("%d files were read again: %s", n, text)
	}
	if n, _ := run("y"); n != 4 {
		t.Errorf("with other options %d files were read again", n)
	}
}

// writeShard runs and writes one shard.
func writeShard(t *testing.T, files, folder, shard, options string) {
	t.Helper()
	s, err := ParseShard(shard)
	if err != nil {
		t.Fatal(err)
	}
	p := &Parts{Folder: filepath.Join(folder, ".parts"), Codec: newContents(),
		PartBytes: 3 * leastSize, Options: options}
	if err := p.Run(s.Sources(Sources([]string{files})), Limits{2, 1 << 20}, false); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(folder, ".jsonl", p); err != nil {
		t.Fatal(err)
	}
	if err := p.Remove(); err != nil {
		t.Fatal(err)
	}
}

// TestShards checks that eight joined shards give the output of one run, and that a shard that is
// missing or wrong is reported.
func TestShards(t *testing.T) {
	files, folder := manyFiles(t), t.TempDir()
	for i := range 8 {
		writeShard(t, files, folder, fmt.Sprintf("%d/8", i), "")
	}
	whole := &Parts{Folder: filepath.Join(t.TempDir(), "p"), Codec: newContents(),
		PartBytes: 1 << 20}
	if err := whole.Run(Sources([]string{files}), Limits{2, 1 << 20}, false); err != nil {
		t.Fatal(err)
	}
	shards, err := OpenShards([]string{folder})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	failed := 0
	if err := shards.Join(&b, func(*Failure) error { failed++; return nil }); err != nil {
		t.Fatal(err)
	}
	if want := joined(t, whole); b.String() != want || failed != 2 {
		t.Errorf("%d failed, joined:\n%s\nin one run:\n%s", failed, &b, want)
	}
	wrong := func(what, want string) {
		t.Helper()
		if _, err := OpenShards([]string{folder}); !errors.Is(err, ErrShards) ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	third := filepath.Join(folder, "shard-00003-of-00008.json")
	data, err := os.ReadFile(third)
	if err != nil {
		t.Fatal(err)
	}
	twice := filepath.Join(folder, "shard-00004-of-00008x-of-1.json")
	os.WriteFile(twice, data, 0o644)
	wrong("a shard twice", "are both shard 3")
	os.Remove(twice)
	os.Remove(third)
	wrong("a shard that is missing", "shard 3 of 8 is not there")
	writeShard(t, files, folder, "3/8", "lossy")
	wrong("other options", "other options")
	writeShard(t, filepath.Join(files, "00"), folder, "3/8", "")
	wrong("another list", "another list of files")
	writeShard(t, files, folder, "3/8", "")
	f, err := os.OpenFile(filepath.Join(folder, "shard-00005-of-00008.jsonl"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteAt([]byte("!"), 3)
	f.Close()
	wrong("a changed file", "is not what its manifest says")
}

// TestShardOf checks that shards have about the same size, and that invalid shards are refused.
func TestShardOf(t *testing.T) {
	counts := make([]int, 8)
	for i := range 8000 {
		counts[ShardOf(fmt.Sprintf("in/%d.pkl", i), 8)]++
	}
	for i, n := range counts {
		if n < 800 || n > 1200 {
			t.Errorf("shard %d has %d of 8000", i, n)
		}
	}
	for _, bad := range []string{"", "8/8", "-1/8", "1", "a/b", "0/0", "1/2/3"} {
		if _, err := ParseShard(bad); err == nil {
			t.Errorf("%q is a shard", bad)
		}
	}
}
