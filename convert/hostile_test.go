package convert_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/convert"
)

// hostileFiles are small files of every format.
func hostileFiles(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	arrays := map[string]any{"a": mustSlice(t, []float64{1, 2.5, 3, 4}, 2, 2),
		"b": mustSlice(t, []uint8{1}, 1)}
	files := map[string][]byte{}
	for name, v := range map[string]any{
		"x.csv": sample(t), "x.txt": arrays["a"], "x.json": sample(t), "x.jsonl": sample(t),
		"x.safetensors": arrays,
		"x.feather":     sample(t), "x.parquet": sample(t), "x.db": arrays, "x.h5": arrays,
		"x.npz": arrays, "x.npy": arrays["a"],
		"x.csv.gz": sample(t),
	} {
		path := filepath.Join(dir, name)
		if err := convert.Write(path, v, convert.WithLossy(), convert.WithCompress()); err != nil {
			t.Fatal(name, err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	return files
}

// allocated returns how many bytes a call allocates in all.
func allocated(call func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	call()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestHostile changes bytes of a file of each format, and cuts it. Nothing may panic, or take
// memory for sizes that are not there.
func TestHostile(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(9, 9))
	changes := 150
	if testing.Short() {
		changes = 40
	}
	files := hostileFiles(t, dir)
	for _, name := range slices.Sorted(maps.Keys(files)) { // the same changes each time
		good := files[name]
		path := filepath.Join(dir, name)
		var most uint64
		read := func(data []byte) error {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			var err error
			most = max(most, allocated(func() {
				_, err = convert.Read(path, convert.WithObjects())
			}))
			return err
		}
		for range changes {
			bad := bytes.Clone(good)
			for range 1 + r.IntN(3) {
				bad[r.IntN(len(bad))] = byte(r.Uint32())
			}
			_ = read(bad) // a value or an error
		}
		for range changes / 3 {
			cut := 2 + r.IntN(len(good)-2)
			if err := read(good[:cut]); err == nil && binary(name) && cut < len(good)*3/4 &&
				name != "x.db" {
				t.Errorf("%s: no error at %d of %d bytes", name, cut, len(good))
			}
		}
		// Arrow's and SQLite's libraries take what they take; 64 MB is far above it and far below
		// what lies claim.
		if limit := uint64(64 << 20); most > limit {
			t.Errorf("%s of %d bytes: %d MB are allocated", name, len(good), most>>20)
		}
	}
}

// binary reports whether a cut file of the format can be told from a whole one.
func binary(name string) bool {
	switch filepath.Ext(name) {
	case ".csv", ".txt", ".jsonl":
		return false
	}
	return true
}

// TestLongLine: a line of many megabytes is read in memory in proportion to it.
func TestLongLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	text := append(bytes.Repeat([]byte("x"), 24<<20), "\n1\n"...)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	var v any
	var err error
	n := allocated(func() { v, err = convert.Read(path, convert.WithObjects()) })
	if err != nil || v == nil || n > uint64(8*len(text)) {
		t.Errorf("%d bytes for %d, %v", n, len(text), err)
	}
	commas := bytes.Repeat([]byte(","), 100_000)
	if err := os.WriteFile(path, append(commas, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := allocated(func() {
		_, err = convert.Read(path, convert.WithObjects())
	}); n > uint64(2<<10*len(commas)) {
		t.Errorf("%d bytes for %d commas, %v", n, len(commas), err)
	}
}

// TestBomb: compressed text unfolds up to a limit.
func TestBomb(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.txt.gz")
	if err := convert.Write(path, make([]float64, 3_000_000)); err != nil {
		t.Fatal(err)
	}
	_, err := convert.Read(path, convert.WithLimits(unpkl.Limits{DecompressedBytes: 1 << 20}))
	if !errors.Is(err, convert.ErrLimit) {
		t.Error(err)
	}
}

// FuzzSidecar: what stands beside raw bytes.
func FuzzSidecar(f *testing.F) {
	f.Add(`{"descr": "<f8", "fortran_order": false, "shape": [2, 2]}`)
	f.Add(`{"descr": [["a", "<i4"], ["b", "|S3", [2]]], "shape": [3], "offset": 2}`)
	f.Add(`{"descr": [[["title", "a"], "<i4"]], "shape": [-1]}`)
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		path := filepath.Join(dir, "x.raw")
		if err := errors.Join(os.WriteFile(path, make([]byte, 64), 0o600),
			os.WriteFile(path+".json", []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		if _, err := convert.Read(path, convert.WithObjects()); err == nil &&
			!strings.Contains(text, "descr") {
			t.Errorf("%q is read", text)
		}
	})
}

// FuzzText: what is read of a text is written so that it reads as the same.
func FuzzText(f *testing.F) {
	for _, s := range []string{"a,b\n1,x\n,\n", "1,2\n3,4\n", "# c\n1+2j\n", ",a\nx,1\n",
		"a\n\"\"\n", "True,False\n", "1,a\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		dir := t.TempDir()
		path, again := filepath.Join(dir, "x.csv"), filepath.Join(dir, "y.csv")
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
		v, err := convert.Read(path, convert.WithObjects())
		if err != nil {
			return
		}
		if err := convert.Write(again, v,
			convert.WithText(convert.Text{Names: convert.Auto})); err != nil {
			if !errors.Is(err, convert.ErrHold) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if _, err := convert.Read(again, convert.WithObjects()); err != nil &&
			!errors.Is(err, io.EOF) {
			data, _ := os.ReadFile(again)
			t.Fatalf("%q became %q: %v", s, data, err)
		}
	})
}

// FuzzManifest: what says which parts an array has.
func FuzzManifest(f *testing.F) {
	dir := f.TempDir()
	whole := filepath.Join(dir, "x.npy")
	if err := convert.Write(whole, make([]float64, 64)); err != nil {
		f.Fatal(err)
	}
	path, err := convert.Split(whole, filepath.Join(dir, "part_{n}.npy"),
		convert.Chunks{Bytes: 200})
	if err != nil {
		f.Fatal(err)
	}
	seed, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(seed))
	f.Add(strings.ReplaceAll(string(seed), "part_", "../part_"))
	f.Fuzz(func(t *testing.T, text string) {
		name := filepath.Join(dir, "changed.json")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := convert.OpenParts(name, true)
		if err != nil {
			return
		}
		defer p.Close()
		if n := p.Shape()[0]; n > 64*strings.Count(text, "part_") {
			t.Errorf("%d elements of %q", n, text)
		}
	})
}
