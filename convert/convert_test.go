package convert_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
)

func mustSlice[T ndarray.Element](t testing.TB, data []T, shape ...int) *ndarray.Array {
	t.Helper()
	a, err := ndarray.FromSlice(data, shape...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// sample returns a table with columns that text, JSON, Arrow and HDF5 can all hold.
func sample(t testing.TB) *frame.Frame {
	t.Helper()
	n, err1 := frame.NewSeries("n", []int64{1, 2, 3})
	x, err2 := frame.NewSeries("x", []float64{0.1, -2.5e300, 1e-5})
	s, err3 := frame.NewSeries("s", []string{"a", `b "c", d`, "e\nf"})
	f, err4 := frame.New(n, x, s)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestVerify writes values in each format that holds them, reads them back and compares.
func TestVerify(t *testing.T) {
	t.Parallel()
	arrays := map[string]any{
		"a": mustSlice(t, []float64{1, 2.5, -0.1, 1e300, 5e-324, 6}, 2, 3),
		"b": mustSlice(t, []int32{1, -2}, 2),
	}
	matrix := arrays["a"]
	for name, v := range map[string]any{
		"x.pkl": arrays, "x.pkl.gz": arrays, "x.joblib": arrays, "x.npz": arrays, "x.json": arrays,
		"x.h5":          arrays,
		"x.safetensors": arrays, "x.db": arrays, "folder/": arrays, "x.npy": matrix,
		"x.csv": matrix, "x.tsv.gz": matrix,
		"x.txt": matrix, "x.raw": matrix, "y.csv": sample(t), "y.parquet": sample(t),
		"y.feather": sample(t), "y.h5": sample(t),
		"y.json": sample(t), "y.jsonl": sample(t), "y/": sample(t), "z.jsonl": []any{1, "a", nil},
	} {
		path := filepath.Join(t.TempDir(), name)
		if strings.HasSuffix(name, "/") {
			path += "/"
		}
		for _, more := range [][]convert.Option{nil, {convert.WithCompress()}} {
			opts := append([]convert.Option{convert.WithRaw(convert.Raw{Sidecar: true}),
				convert.WithLossy()}, more...)
			if err := convert.Write(path, v, opts...); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if err := convert.Verify(path, v, opts...); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		entries, err := os.ReadDir(filepath.Dir(filepath.Clean(path)))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".") {
				t.Errorf("%s: %s is left", name, e.Name())
			}
		}
	}
}

// TestVerifyFinds: Verify notices that a file was changed.
func TestVerifyFinds(t *testing.T) {
	t.Parallel()
	v := map[string]any{"a": mustSlice(t, []float64{1, 2}, 2)}
	other := map[string]any{"a": mustSlice(t, []float64{1, 3}, 2)}
	for _, name := range []string{"x.npz", "x.pkl", "x.h5", "x.safetensors", "x.json", "x.db",
		"x/"} {
		path := filepath.Join(t.TempDir(), name)
		if name == "x/" {
			path += "/"
		}
		if err := convert.Write(path, other); err != nil {
			t.Fatal(err)
		}
		if err := convert.Verify(path, v); err == nil ||
			!strings.Contains(err.Error(), "/a: element 1: 2 became 3") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHold: the error names the value that a format cannot hold, and nothing is written.
func TestHold(t *testing.T) {
	t.Parallel()
	object, err := ndarray.NewObjects(ndarray.ObjectDType(), []int{1}, ndarray.OrderC, []any{nil})
	if err != nil {
		t.Fatal(err)
	}
	nested := map[string]any{"a": map[string]any{"b/c": 1}}
	for _, test := range []struct {
		name string
		v    any
		want string
	}{
		{"x.npz", nested,
			"npz cannot hold a dict at /a; pickle, joblib, json, jsonl, hdf5 and torch can"},
		{"x.npy", nested,
			"npy cannot hold a dict; pickle, joblib, json, jsonl, hdf5 and torch can"},
		{"x.csv", mustSlice(t, make([]float64, 8), 2, 2, 2),
			"csv cannot hold an array of 3 dimensions; pickle, joblib, npz, json, hdf5 and torch can"},
		{"x.raw", object,
			"raw cannot hold an array of dtype object and shape [1]; pickle, joblib and json can"},
		{"x.safetensors", map[string]any{"z": mustSlice(t, []complex128{1}, 1)},
			"safetensors cannot hold an array of dtype complex128 and shape [1] at /z; " +
				"pickle, joblib, npz, json, hdf5 and torch can"},
		{"x.parquet", nested,
			"parquet cannot hold a dict in the place of a column at /a; pickle, joblib, json, jsonl, hdf5 and torch can"},
		{"x.h5", map[string]any{"a/b": 1},
			`hdf5 cannot hold the name "a/b" at /a~1b; pickle, joblib, json, jsonl, hdf5 and torch can`},
		{"x.txt", sample(t),
			"text cannot hold a table; pickle, joblib, csv, tsv, json, hdf5, feather and parquet can"},
	} {
		path := filepath.Join(t.TempDir(), test.name)
		err := convert.Write(path, test.v)
		var hold *convert.HoldError
		if !errors.As(err, &hold) || err.Error() != "convert: "+test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: there is a file: %v", test.name, err)
		}
	}
}

// TestOldFileStays: after an error in the middle of writing, the old file is there, and no other.
func TestOldFileStays(t *testing.T) {
	t.Parallel()
	v := []any{1, map[string]any{"a": func() {}}}
	for _, name := range []string{"x.pkl", "x.json", "x.jsonl", "x.npz", "x.h5", "x.csv",
		"x.parquet", "x.safetensors"} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := convert.Write(path, v,
			convert.WithJSON(convert.JSON{Form: convert.FormPlain})); err == nil {
			t.Errorf("%s: no error", name)
		}
		if data, err := os.ReadFile(path); err != nil || string(data) != "old" {
			t.Errorf("%s: %q, %v", name, data, err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("%s: %v is left", name, entries)
		}
	}
}

// TestFolderNames: whatever the keys are, the files stay in the folder and are read back under
// their keys.
func TestFolderNames(t *testing.T) {
	t.Parallel()
	keys := []string{"../x", "/abs", "CON", "com1.txt", "a/b", "A", "a", "", ".", "..", ".hidden",
		strings.Repeat("k", 300), "a\x00b", "t.", "ä", `c:\x`, "manifest.json"}
	v := types.Dict{}
	for i, k := range keys {
		v = append(v, types.DictEntry{Key: k, Value: mustSlice(t, []int64{int64(i)}, 1)})
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "out") + "/"
	if err := convert.Write(path, &v); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("outside of the folder: %v", entries)
	}
	files, err := os.ReadDir(path)
	if err != nil || len(files) != len(keys)+1 {
		t.Errorf("%d files for %d keys, %v", len(files), len(keys), err)
	}
	lower := map[string]bool{}
	for _, f := range files {
		name := strings.ToLower(f.Name())
		if lower[name] || len(name) > 120 || strings.HasPrefix(name, ".") || !f.Type().IsRegular() {
			t.Errorf("%q", f.Name())
		}
		lower[name] = true
	}
	got, err := convert.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range keys {
		a, ok := got.(map[string]any)[k].(*ndarray.Array)
		if !ok || a.At(0) != int64(i) {
			t.Errorf("%q: %v", k, got.(map[string]any)[k])
		}
	}
}

// TestFolderLinks: a symbolic link in the folder is replaced and not followed, and a manifest
// cannot lead out of the folder.
func TestFolderLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	out := filepath.Join(dir, "out")
	if err := errors.Join(os.WriteFile(secret, []byte("old"), 0o600),
		os.Mkdir(out, 0o755)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(out, "a.npy")); err != nil {
		t.Skip(err)
	}
	if err := convert.Write(out, map[string]any{"a": []float64{1}}); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(secret); string(data) != "old" {
		t.Errorf("the link was followed: %q", data)
	}
	if info, err := os.Lstat(filepath.Join(out, "a.npy")); err != nil || !info.Mode().IsRegular() {
		t.Errorf("%v, %v", info, err)
	}
	for _, file := range []string{"../secret", "/etc/passwd", "b"} {
		manifest := fmt.Sprintf(`{"files": [{"key": ["a"], "file": %q, "sha256": ""}]}`, file)
		err := errors.Join(os.WriteFile(filepath.Join(out, "manifest.json"), []byte(manifest),
			0o600), os.RemoveAll(filepath.Join(out, "b")),
			os.Symlink(secret, filepath.Join(out, "b")))
		if err != nil {
			t.Fatal(err)
		}
		if v, err := convert.Read(out); err == nil {
			t.Errorf("%s: %v", file, v)
		}
	}
}

// TestSQLite writes XDR into an existing table, and leaves the other columns and rows as they were.
func TestSQLite(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sim.db") + "#simulations.ppms"
	xdr := convert.WithBLOB(convert.BLOB{Encoding: "xdr"})
	first := map[string]any{"a": []float64{1, 2}, "b": []float64{3}}
	if err := convert.Write(path, first, xdr); err != nil {
		t.Fatal(err)
	}
	if err := convert.Write(path, map[string]any{"b": []float64{4, 5},
		"c": []float64{}}); err != nil {
		t.Fatal(err)
	}
	got, err := convert.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]float64{"a": {1, 2}, "b": {4, 5}, "c": {}}
	for k, w := range want {
		a, ok := got.(map[string]any)[k].(*ndarray.Array)
		if !ok {
			t.Fatalf("%s: %v", k, got)
		}
		if x, err := ndarray.Values[float64](a); err != nil || len(x) != len(w) ||
			len(w) > 0 && !reflect.DeepEqual(x, w) {
			t.Errorf("%s: %v, %v", k, x, err)
		}
	}
	// A value for which XDR has no type leaves the table as it was.
	err = convert.Write(path, map[string]any{"a": []float64{9}, "d": []complex128{1}})
	if !errors.Is(err, convert.ErrHold) {
		t.Error(err)
	}
	again, err := convert.Read(path)
	if err != nil || len(again.(map[string]any)) != 3 ||
		again.(map[string]any)["a"].(*ndarray.Array).Size() != 2 {
		t.Errorf("%v, %v", again, err)
	}
	if _, err := convert.Read(strings.Replace(path, "ppms", `p"pms`, 1)); !errors.Is(err,
		convert.ErrMalformed) {
		t.Error(err)
	}
}

// TestSplitJoin cuts an array in many ways and joins the parts again.
func TestSplitJoin(t *testing.T) {
	t.Parallel()
	data := make([]int16, 7*5*3)
	for i := range data {
		data[i] = int16(i)
	}
	whole := mustSlice(t, data, 7, 5, 3)
	for axis := -1; axis < 3; axis++ {
		for _, size := range []int64{1, 60, 1000} {
			dir := t.TempDir()
			path, joined := filepath.Join(dir, "x.npy"), filepath.Join(dir, "joined.npy")
			if err := convert.Write(path, whole); err != nil {
				t.Fatal(err)
			}
			pattern := filepath.Join(dir, "{name}_{n:03}.npy")
			manifest, err := convert.Split(path, pattern, convert.Chunks{Bytes: size, Axis: axis})
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Base(manifest) != "x_manifest.json" {
				t.Error(manifest)
			}
			parts, err := convert.OpenParts(manifest, true)
			if err != nil {
				t.Fatal(err)
			}
			if a, err := parts.Array(); err != nil || !a.Equal(whole) ||
				size == 1 && len(parts.Concatenated.Parts()) != parts.Shape()[(axis+3)%3] {
				t.Errorf("axis %d, %d bytes: %v, %v", axis, size, a, err)
			}
			parts.Close()
			if err := convert.Join(manifest, joined); err != nil {
				t.Fatal(err)
			}
			if err := convert.Verify(joined, whole); err != nil {
				t.Error(err)
			}
			if _, err := convert.Split(path, pattern,
				convert.Chunks{Bytes: size, Axis: axis}); !errors.Is(err, fs.ErrExist) {
				t.Errorf("files are overwritten: %v", err)
			}
		}
	}
}

// TestJoinChecks: Join notices a part that was changed or is missing.
func TestJoinChecks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "x.npy")
	if err := convert.Write(path, mustSlice(t, make([]float64, 40), 40)); err != nil {
		t.Fatal(err)
	}
	manifest, err := convert.Split(path, filepath.Join(dir, "p{n}.npy"), convert.Chunks{Bytes: 80})
	if err != nil {
		t.Fatal(err)
	}
	part := filepath.Join(dir, "p2.npy")
	good, err := os.ReadFile(part)
	if err != nil {
		t.Fatal(err)
	}
	bad := append([]byte{}, good...)
	bad[len(bad)-1]++
	for name, data := range map[string][]byte{"changed": bad, "short": good[:len(good)-8],
		"missing": nil} {
		if os.Remove(part); data != nil {
			if err := os.WriteFile(part, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := convert.Join(manifest, filepath.Join(dir, "out.npy")); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func ExampleSplit() {
	dir, _ := os.MkdirTemp("", "convert")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "x.npy")
	a, _ := ndarray.FromSlice([]float64{1, 2, 3, 4, 5}, 5)
	fmt.Println(convert.Write(path, a))
	manifest, err := convert.Split(path, filepath.Join(dir, "part_{n:03}.npy"),
		convert.Chunks{Bytes: 16})
	fmt.Println(filepath.Base(manifest), err)
	parts, err := convert.OpenParts(manifest, true)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(parts.Shape(), parts.At(4))
	fmt.Println(parts.Close(), convert.Join(manifest, filepath.Join(dir, "y.npy")))
	// Output:
	// <nil>
	// part_manifest.json <nil>
	// [5] 5
	// <nil> <nil>
}
