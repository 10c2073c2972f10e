package convert_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/frame"
)

// hostileFiles returns a small file of every format.
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

// allocated returns the number of bytes that a call allocates in all.
func allocated(call func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	call()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestHostile changes bytes of a file of each format, and truncates it. Reading it must not panic,
// nor allocate memory for data that is not there.
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
		// Arrow's and SQLite's libraries allocate some memory anyway; 64 MB is far above it and
		// far below the sizes that the files claim.
		if limit := uint64(64 << 20); most > limit {
			t.Errorf("%s of %d bytes: %d MB are allocated", name, len(good), most>>20)
		}
	}
}

// TestColumnOfItself: a list or dict in a table that holds itself, or the same again and again, is
// no text, and what is written instead of it is short.
func TestColumnOfItself(t *testing.T) {
	self := &types.List{}
	self.Append(self)
	dict := types.NewDict()
	dict.Set("a", dict)
	bomb := &types.List{"x"}
	for range 60 {
		bomb = &types.List{bomb, bomb}
	}
	f, err := frame.New(&frame.Series{Name: "a", Kind: frame.Object, DType: "object",
		Items: []any{self, dict, bomb}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.csv")
	if err := convert.Write(path, f); !errors.Is(err, convert.ErrHold) {
		t.Errorf("got %v", err)
	}
	if err := convert.Write(path, f, convert.WithLossy()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 200 {
		t.Errorf("%v, %v", info, err)
	}
}

// binary reports whether a truncated file of the format is different from any complete file.
func binary(name string) bool {
	switch filepath.Ext(name) {
	case ".csv", ".txt", ".jsonl":
		return false
	}
	return true
}

// TestLongLine: the memory for a line of many megabytes is in proportion to its length.
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

// TestManyFields: a row of millions of fields in a text of two columns is an error, and its fields
// take no memory.
func TestManyFields(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	text := append([]byte("a,b\n1,2\n"), bytes.Repeat([]byte("1,"), 8<<20)...)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	n := allocated(func() { _, err = convert.Read(path) })
	if !errors.Is(err, convert.ErrMalformed) || n > uint64(3*len(text)) {
		t.Errorf("%d bytes for %d, %v", n, len(text), err)
	}
}

// TestLongLineInParts: if a text is read in parts and a line does not end, that is an error before
// the whole text is in memory.
func TestLongLineInParts(t *testing.T) {
	defer convert.ReadInParts(1 << 16)()
	defer convert.SetLongestRow(1 << 20)()
	dir := t.TempDir()
	for _, name := range []string{"x.csv", "x.jsonl"} {
		from, to := filepath.Join(dir, name), filepath.Join(dir, name+".parquet")
		text := append([]byte("a,b\n1,"), bytes.Repeat([]byte("x"), 16<<20)...)
		if name == "x.jsonl" {
			text = append([]byte("{\"a\": \""), text[6:]...)
		}
		if err := os.WriteFile(from, text, 0o600); err != nil {
			t.Fatal(err)
		}
		var err error
		n := allocated(func() { err = convert.File(from, to) })
		if !errors.Is(err, convert.ErrLimit) || n > uint64(len(text)) {
			t.Errorf("%s: %d bytes for %d, %v", name, n, len(text), err)
		}
		if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// TestHostileSQLite: a database that is truncated, or whose pages are mixed up, is an error.
func TestHostileSQLite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	arrays := map[string]any{}
	for i := range 200 {
		arrays[fmt.Sprint("a", i)] = make([]float64, 200)
	}
	path := filepath.Join(dir, "x.db")
	if err := convert.Write(path, arrays); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	half := len(good) / 2
	shuffled := append(append(bytes.Clone(good[:4096]), good[half:]...), good[4096:half]...)
	for name, bad := range map[string][]byte{
		"half": good[:half], "page": good[:4096], "header": good[:100], "bytes": good[:half+1],
		"zeros":    append(bytes.Clone(good[:half]), make([]byte, half)...),
		"shuffled": shuffled, "size": append([]byte("SQLite format 3\x00\x00\x01"), good[18:]...),
	} {
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		var err error
		if n := allocated(func() { _, err = convert.Read(path) }); n > 64<<20 {
			t.Errorf("%s: %d bytes are allocated", name, n)
		}
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestZipSlip: members of an archive whose names lead out of the folder are not written outside.
func TestZipSlip(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	x := filepath.Join(dir, "x.npy")
	if err := convert.Write(x, []float64{1, 2}); err != nil {
		t.Fatal(err)
	}
	member, err := os.ReadFile(x)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"../evil.npy", "/evil.npy", `..\evil.npy`, "a/../../evil.npy",
		"./../evil.npy", "C:evil.npy", `C:\evil.npy`} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(member)
		}
		archive := filepath.Join(dir, fmt.Sprint("in", i, ".npz"))
		if err := errors.Join(err, z.Close(), os.WriteFile(archive, b.Bytes(), 0o600)); err != nil {
			t.Fatal(err)
		}
		inner := filepath.Join(dir, fmt.Sprint("inner", i))
		out := filepath.Join(inner, "out") + "/"
		if err := os.MkdirAll(out, 0o700); err != nil {
			t.Fatal(err)
		}
		_ = convert.File(archive, out) // an error, or a name that is safe
		entries, err := os.ReadDir(inner)
		if err != nil || len(entries) != 1 {
			t.Errorf("%s: %v, %v", name, entries, err)
		}
		if evil, err := filepath.Glob(filepath.Join(dir, "*evil*")); err != nil || evil != nil {
			t.Errorf("%s: %v, %v", name, evil, err)
		}
	}
}

// TestBomb: compressed text is decompressed only up to a limit.
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

// FuzzSidecar reads raw bytes with an arbitrary sidecar.
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

// FuzzText: what is read from a text is written so that it reads as the same value.
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

// FuzzManifest reads arbitrary manifests of parts.
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
	for _, change := range [][2]string{{"part_", "../part_"}, {"part_", "/part_"}, {"part_0", ""},
		{"part_1", "part_0"}, {"64", "65"}, {"64", "-64"}, {"64", "9223372036854775807"},
		{"25", "24"}, {"25", "0"}, {`\u003cf8`, "|O"}, {`\u003cf8`, "<f4"}, {"[", "[["},
		{`"sha256": "`, `"sha256": "0`}, {`"bytes": `, `"bytes": 1`}, {`"key": null`, `"key": "a"`},
		{`"axis": 0`, `"axis": 1`}, {`"axis": 0`, `"axis": -1`}, {",", ""}} {
		f.Add(strings.ReplaceAll(string(seed), change[0], change[1]))
	}
	f.Add("{}")
	f.Add("null")
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
