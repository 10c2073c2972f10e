package unpkl_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
)

const joblibDir = "reconstruct/testdata/joblib"

// Every joblib file loads in every way; package reconstruct's tests compare the values.
func TestJoblibFiles(t *testing.T) {
	paths, err := filepath.Glob(joblibDir + "/*.pkl")
	if err != nil || len(paths) < 30 {
		t.Fatalf("%d files, error %v", len(paths), err)
	}
	beside := unpkl.WithSidecars(os.DirFS(joblibDir))
	for _, path := range paths {
		if strings.HasSuffix(path, "-big.pkl") { // another value, see TestOpenMapsOtherFiles
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f, err := unpkl.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			type result struct {
				v   any
				err error
			}
			call := func(v any, err error) result { return result{v, err} }
			for route, r := range map[string]result{
				"LoadFile":  call(unpkl.LoadFile(path)),
				"LoadBytes": call(unpkl.LoadBytes(data, beside)),
				"Load":      call(unpkl.Load(struct{ io.Reader }{bytes.NewReader(data)}, beside)),
				"Open":      call(f.Load()),
			} {
				if r.err != nil {
					t.Fatalf("%s: %v", route, r.err)
				}
				m, ok := r.v.(map[string]any)
				if !ok {
					t.Fatalf("%s: a %T", route, r.v)
				}
				ints, ok := m["ints"].(*ndarray.Array)
				if !ok || fmt.Sprint(ints.Shape(), ints.DType()) != "[5] int64" ||
					ints.At(4) != int64(4) {
					t.Errorf("%s: ints is %v", route, m["ints"])
				}
				if s := m["name"]; s != "C'est l'été !" {
					t.Errorf("%s: name is %q", route, s)
				}
				var v struct {
					Ints    []int     `pickle:"ints"`
					Fortran [][]int32 `pickle:"fortran"`
					Text    []string  `pickle:"text"`
					Name    string    `pickle:"name"`
				}
				if err := unpkl.Unmarshal(data, &v, beside); err != nil {
					t.Fatal(err)
				}
				if fmt.Sprint(v) != "{[0 1 2 3 4] [[0 1 2 3] [4 5 6 7] [8 9 10 11]] [a é€ ] C'est l'été !}" {
					t.Errorf("Unmarshal: %v", v)
				}
			}
		})
	}
}

func TestWithSidecars(t *testing.T) {
	path := joblibDir + "/joblib-0.9.4-py36-raw.pkl"
	data := readFile(t, path)
	if _, err := unpkl.LoadBytes(data); !errors.Is(err, unpkl.ErrUnsupported) ||
		!strings.Contains(err.Error(), ".npy") {
		t.Errorf("without a folder: error %v", err)
	}
	if _, err := unpkl.LoadFile(path, unpkl.WithSidecars(nil)); !errors.Is(err,
		unpkl.ErrUnsupported) {
		t.Errorf("with a nil folder: error %v", err)
	}
	if _, err := unpkl.LoadFile(path, unpkl.WithSidecars(os.DirFS(t.TempDir()))); !errors.Is(err,
		os.ErrNotExist) {
		t.Errorf("an empty folder: error %v", err)
	}
}

// TestOwnFolder: the files beside a pickle are regular files of bare names, and nothing else.
func TestOwnFolder(t *testing.T) {
	const first = "joblib-0.9.4-py36-raw.pkl_01.npy"
	for _, c := range []struct {
		what  string
		place func(dir string) error // puts something in the place of the first array
		want  error
	}{
		{"nothing", func(string) error { return nil }, os.ErrNotExist},
		{"a link", func(dir string) error {
			target, err := filepath.Abs(filepath.Join(joblibDir, first))
			if err != nil {
				return err
			}
			return os.Symlink(target, filepath.Join(dir, first))
		}, nil},
		{"a folder", func(dir string) error {
			return os.Mkdir(filepath.Join(dir, first), 0o700)
		}, nil},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "joblib-0.9.4-py36-raw.pkl")
		for _, name := range []string{"joblib-0.9.4-py36-raw.pkl"} {
			if err := os.WriteFile(filepath.Join(dir, name),
				readFile(t, filepath.Join(joblibDir, name)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.place(dir); err != nil {
			t.Skip(err)
		}
		_, err := unpkl.LoadFile(path)
		if err == nil || c.want != nil && !errors.Is(err, c.want) ||
			c.want == nil && !strings.Contains(err.Error(), "regular") {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	// A name that leads elsewhere.
	data := bytes.ReplaceAll(readFile(t, joblibDir+"/joblib-0.9.4-py36-raw.pkl"),
		[]byte("joblib-0.9.4-py36-raw.pkl_01.npy"),
		[]byte("../joblib/0.9.4-py36-raw.pkl_1.npy")[:32])
	path := filepath.Join(t.TempDir(), "x.pkl")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := unpkl.LoadFile(path); !errors.Is(err, unpkl.ErrMalformed) {
		t.Errorf("a name with a path: %v", err)
	}
}

// npyFixtures returns files that NumPy wrote, see npy/testdata/gen.py.
func npyFixtures(t *testing.T) (npz string, files map[string][]byte) {
	t.Helper()
	paths, err := filepath.Glob("npy/testdata/numpy-2.*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures, error %v", err)
	}
	text, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	var fixture struct {
		Files []struct {
			Name string
			NPY  []byte
		}
		Several struct{ NPY []byte }
	}
	if err := json.Unmarshal(text, &fixture); err != nil {
		t.Fatal(err)
	}
	files = map[string][]byte{"several": fixture.Several.NPY}
	for _, f := range fixture.Files {
		files[f.Name] = f.NPY
	}
	return strings.TrimSuffix(paths[0], ".json") + ".npz", files
}

func writeFile(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNPYFiles(t *testing.T) {
	_, files := npyFixtures(t)
	for _, name := range []string{"2-d-fortran", "object", "struct-object", "string-dtype"} {
		data := files[name]
		path := writeFile(t, data)
		f, err := unpkl.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		for route, load := range map[string]func() (any, error){
			"LoadFile":  func() (any, error) { return unpkl.LoadFile(path) },
			"LoadBytes": func() (any, error) { return unpkl.LoadBytes(data) },
			"SharedInput": func() (any, error) {
				return unpkl.LoadBytes(data, unpkl.WithSharedInput())
			},
			"Load": func() (any, error) {
				return unpkl.Load(struct{ io.Reader }{bytes.NewReader(data)})
			},
			"gzip": func() (any, error) { return unpkl.LoadBytes(gzipped(t, data)) },
			"Open": f.Load,
		} {
			v, err := load()
			a, ok := v.(*ndarray.Array)
			if err != nil || !ok {
				t.Fatalf("%s, %s: a %T, error %v", name, route, v, err)
			}
			want := map[string]string{
				"2-d-fortran": "[2 3] int32 F", "object": "[4] object C",
				"struct-object": "[2] [('n', '<i4'), ('o', 'O')] C",
				"string-dtype":  "[3] StringDType() C",
			}[name]
			if got := fmt.Sprint(a.Shape(), a.DType(), a.Order()); got != want {
				t.Errorf("%s, %s: %s, want %s", name, route, got, want)
			}
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	var rows [][]int
	if err := unpkl.Unmarshal(files["2-d-fortran"], &rows); err != nil ||
		fmt.Sprint(rows) != "[[0 1 2] [3 4 5]]" {
		t.Errorf("Unmarshal: %v, error %v", rows, err)
	}
}

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestSeveralArrays(t *testing.T) {
	_, files := npyFixtures(t)
	data := files["several"]
	f, err := unpkl.Open(writeFile(t, data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	mapped, err := f.Decoder()
	if err != nil {
		t.Fatal(err)
	}
	for route, decode := range map[string]func(any) error{
		"bytes":  unpkl.NewDecoder(bytes.NewReader(data)).Decode,
		"reader": unpkl.NewDecoder(struct{ io.Reader }{bytes.NewReader(data)}).Decode,
		"Open":   mapped.Decode,
	} {
		var shapes []string
		for {
			var v any
			err := decode(&v)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", route, err)
			}
			shapes = append(shapes, fmt.Sprint(v.(*ndarray.Array).Shape()))
		}
		if want := []string{"[3]", "[2]", "[]"}; !slices.Equal(shapes, want) {
			t.Errorf("%s: shapes %v, want %v", route, shapes, want)
		}
	}
}

func TestNPZFiles(t *testing.T) {
	path, _ := npyFixtures(t)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := unpkl.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for route, load := range map[string]func() (any, error){
		"LoadFile":  func() (any, error) { return unpkl.LoadFile(path) },
		"LoadBytes": func() (any, error) { return unpkl.LoadBytes(data) },
		"SharedInput": func() (any, error) {
			return unpkl.LoadBytes(data, unpkl.WithSharedInput())
		},
		"Load": func() (any, error) {
			return unpkl.Load(struct{ io.Reader }{bytes.NewReader(data)})
		},
		"Open": f.Load,
	} {
		v, err := load()
		m, ok := v.(map[string]any)
		if err != nil || !ok {
			t.Fatalf("%s: a %T, error %v", route, v, err)
		}
		if a, ok := m["2-d-fortran"].(*ndarray.Array); !ok || a.At(1, 2) != int32(5) {
			t.Errorf("%s: %v", route, m["2-d-fortran"])
		}
		if a, ok := m["object"].(*ndarray.Array); !ok || !a.HasObject() {
			t.Errorf("%s: object is %v", route, m["object"])
		}
	}
	var v struct {
		Arr  []int64   `pickle:"arr_0"`
		Zero float64   `pickle:"0-d"`
		Text []string  `pickle:"str"`
		None []float64 `pickle:"empty"`
	}
	if err := unpkl.Unmarshal(data, &v); err != nil ||
		fmt.Sprint(v) != "{[0 1 2 3] 7.5 [a bcd é€😀] []}" {
		t.Errorf("Unmarshal: %v, error %v", v, err)
	}
}

// Open's arrays of .npy and joblib files lie in the mapping, and end with it.
func TestOpenMapsOtherFiles(t *testing.T) {
	_, files := npyFixtures(t)
	npzPath, _ := npyFixtures(t)
	for path, pick := range map[string]func(v any) *ndarray.Array{
		writeFile(t, files["2-d"]): func(v any) *ndarray.Array { return v.(*ndarray.Array) },
		npzPath: func(v any) *ndarray.Array {
			return v.(map[string]any)["2-d-fortran"].(*ndarray.Array)
		},
		joblibDir + "/joblib-1.6.0-py313-big.pkl": func(v any) *ndarray.Array {
			return v.(map[string]any)["big"].(*ndarray.Array)
		},
	} {
		f, err := unpkl.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		v, err := f.Load()
		if err != nil {
			t.Fatal(err)
		}
		a := pick(v)
		b, err := a.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		b[0]++ // copy-on-write
		v, err = f.Load()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := pick(v).Bytes(); err != nil || &again[0] != &b[0] {
			t.Errorf("%s: two loads do not share the mapping, error %v", path, err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Bytes(); !errors.Is(err, unpkl.ErrClosed) {
			t.Errorf("%s: after Close: error %v", path, err)
		}
		if _, err := f.Load(); !errors.Is(err, unpkl.ErrClosed) {
			t.Errorf("%s: load after Close: error %v", path, err)
		}
	}
}

func TestSourceErrors(t *testing.T) {
	_, files := npyFixtures(t)
	data := files["2-d"]
	npzPath, _ := npyFixtures(t)
	npz, err := os.ReadFile(npzPath)
	if err != nil {
		t.Fatal(err)
	}
	dims := unpkl.WithLimits(unpkl.Limits{Dims: 1})
	input := func(n int) unpkl.Option {
		return unpkl.WithLimits(unpkl.Limits{InputBytes: int64(n)})
	}
	zeros := gzipped(t, slices.Concat(data, make([]byte, 1000)))
	for _, c := range []struct {
		name string
		data []byte
		opts []unpkl.Option
		want error
	}{
		{"npy truncated", data[:len(data)-1], nil, unpkl.ErrTruncated},
		{"npy with a bad header", bytes.Replace(data, []byte("'shape'"), []byte("'shapf'"), 1), nil,
			unpkl.ErrMalformed},
		{"npy of too many dimensions", data, []unpkl.Option{dims}, unpkl.ErrLimit},
		{"npz truncated", npz[:len(npz)-30], nil, unpkl.ErrMalformed},
		{"npz of too many dimensions", npz, []unpkl.Option{dims}, unpkl.ErrLimit},
		{"input bytes count before decompression", zeros, []unpkl.Option{input(len(zeros))}, nil},
		{"and are a limit", zeros, []unpkl.Option{input(len(zeros) - 1)}, unpkl.ErrLimit},
		{"object array of a broken pickle", append(slices.Clone(files["object"][:128]),
			"\x80\x04x"...), nil, unpkl.ErrMalformed},
		{"object array of no array", append(slices.Clone(files["object"][:128]), "\x80\x04N."...),
			nil, unpkl.ErrMalformed},
		{"object array without pickle", files["object"][:128], nil, unpkl.ErrTruncated},
	} {
		for route, load := range map[string]func() (any, error){
			"LoadBytes": func() (any, error) { return unpkl.LoadBytes(c.data, c.opts...) },
			"Load": func() (any, error) {
				return unpkl.Load(bytes.NewReader(c.data), c.opts...)
			},
			"stream": func() (any, error) {
				return unpkl.Load(struct{ io.Reader }{bytes.NewReader(c.data)}, c.opts...)
			},
			"Open": func() (any, error) {
				f, err := unpkl.Open(writeFile(t, c.data), c.opts...)
				if err != nil {
					return nil, err
				}
				defer f.Close()
				return f.Load()
			},
		} {
			if _, err := load(); !errors.Is(err, c.want) {
				t.Errorf("%s, %s: error %v, want %v", c.name, route, err, c.want)
			}
		}
	}
}

func ExampleUnmarshal_npz() {
	a, err := ndarray.FromSlice([]float64{0.5, 1.5}, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	var file bytes.Buffer
	w := npy.NewArchiveWriter(&file, nil) // numpy.savez(file, weights=a)
	if err := errors.Join(w.Add("weights", a), w.Close()); err != nil {
		fmt.Println(err)
		return
	}
	var model struct {
		Weights []float64 `pickle:"weights"`
	}
	if err := unpkl.Unmarshal(file.Bytes(), &model); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(model.Weights)
	// Output: [0.5 1.5]
}

func ExampleWithSidecars() {
	path := "reconstruct/testdata/joblib/joblib-0.9.4-py36-raw.pkl"
	f, err := os.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	v, err := unpkl.Load(f, unpkl.WithSidecars(os.DirFS(filepath.Dir(path))))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.(map[string]any)["ints"])
	// Output: [0 1 2 3 4]
}
