package reconstruct_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/cases"
	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

const joblibDir = "testdata/joblib"

// joblibFixture is what testdata/joblib/gen.py says of the files of one joblib.
type joblibFixture struct {
	Joblib string
	Files  []string
	Arrays map[string]struct {
		Shape           []int
		Fortran, Matrix bool
		Descr           string
		Data            []byte
		Objects         string
	}
}

func joblibFixtures(t testing.TB) []joblibFixture {
	t.Helper()
	paths, err := filepath.Glob(joblibDir + "/*.json")
	if err != nil || len(paths) < 7 {
		t.Fatalf("%d fixtures, error %v", len(paths), err)
	}
	var all []joblibFixture
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var f joblibFixture
		if err := json.Unmarshal(text, &f); err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

// sidecars opens the files beside a pickle.
func sidecars(dir string) func(string) (io.ReadCloser, error) {
	return func(name string) (io.ReadCloser, error) { return os.Open(filepath.Join(dir, name)) }
}

// unfold undoes the compression of a whole file.
func unfold(t testing.TB, path string) (data []byte, compressed bool) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := compress.NewReader(f, pickle.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if data, err = io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	return data, len(z.Formats()) > 0
}

// arraysIn collects the arrays of an object by the path that leads to them.
func arraysIn(out map[string]*ndarray.Array, v any, path string) {
	switch v := v.(type) {
	case *ndarray.Array:
		out[path] = v
	case *types.Dict:
		for _, e := range *v {
			arraysIn(out, e.Value, fmt.Sprintf("%s/%v", path, e.Key))
		}
	case *types.List:
		for i, e := range *v {
			arraysIn(out, e, fmt.Sprintf("%s/%d", path, i))
		}
	}
}

func checkJoblib(t *testing.T, f joblibFixture, v any) {
	t.Helper()
	got := map[string]*ndarray.Array{}
	arraysIn(got, v, "")
	if len(got) != len(f.Arrays) {
		t.Errorf("%d arrays, want %d", len(got), len(f.Arrays))
	}
	for path, want := range f.Arrays {
		a := got[path]
		if a == nil {
			t.Errorf("%s is missing", path)
			continue
		}
		if !slices.Equal(a.Shape(), want.Shape) || (a.Class() != "") != want.Matrix ||
			want.Matrix && !strings.HasSuffix(a.Class(), ".matrix") {
			t.Errorf("%s: shape %v, class %q; want %v, matrix %v", path, a.Shape(), a.Class(),
				want.Shape, want.Matrix)
		}
		if want.Descr == "" {
			objects, err := a.Objects()
			if err != nil || len(objects) != 4 || objects[0] != nil || objects[1] != 1 ||
				objects[2] != "x" {
				t.Errorf("%s: objects %v, error %v; want %s", path, objects, err, want.Objects)
			}
			continue
		}
		if descr, err := a.DType().DescrLiteral(); err != nil || descr != want.Descr {
			t.Errorf("%s: descr %s, error %v; want %s", path, descr, err, want.Descr)
		}
		if got := a.Order() == ndarray.OrderF; got != want.Fortran {
			t.Errorf("%s: in Fortran order: %v, want %v", path, got, want.Fortran)
		}
		if data, err := a.AppendBytes(nil, ndarray.OrderC); err != nil ||
			!bytes.Equal(data, want.Data) {
			t.Errorf("%s: bytes %x, error %v; want %x", path, data, err, want.Data)
		}
	}
}

func TestJoblib(t *testing.T) {
	for _, f := range joblibFixtures(t) {
		for _, name := range f.Files {
			t.Run(name, func(t *testing.T) {
				data, compressed := unfold(t, filepath.Join(joblibDir, name))
				if how := strings.Split(name,
					"-")[3]; compressed != !slices.Contains([]string{"raw.pkl", "notell.pkl"},
					how) && !strings.HasPrefix(how, "p") && how != "zfiles.pkl" {
					t.Errorf("compressed: %v", compressed)
				}
				shared := pickle.NewUnpicklerBytes(data)
				shared.SharedInput = true
				for route, u := range map[string]*pickle.Unpickler{
					"bytes":    pickle.NewUnpicklerBytes(data),
					"shared":   shared,
					"reader":   pickle.NewUnpickler(bytes.NewReader(data)),
					"one byte": pickle.NewUnpickler(iotest.OneByteReader(bytes.NewReader(data))),
				} {
					u.FindClass = reconstruct.New(reconstruct.Options{OpenSidecar: sidecars(
						joblibDir)}).FindClass
					u.Strict = true
					v, err := u.Load()
					if err != nil {
						t.Fatalf("%s: %v", route, err)
					}
					checkJoblib(t, f, v)
					if u.InputOffset() != int64(len(data)) {
						t.Errorf("%s: %d bytes consumed of %d", route, u.InputOffset(), len(data))
					}
				}
			})
		}
	}
}

// From joblib 1.2 on the arrays of an uncompressed file are aligned, and shared input makes
// them views of it.
func TestJoblibAliases(t *testing.T) {
	data, _ := unfold(t, filepath.Join(joblibDir, "joblib-1.6.0-py313-big.pkl"))
	u := pickle.NewUnpicklerBytes(data)
	u.FindClass = reconstruct.FindClass
	u.SharedInput = true
	v, err := u.Load()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]*ndarray.Array{}
	arraysIn(got, v, "")
	want := bytes.Clone(must(t, got["/big"].Bytes))
	at := bytes.Index(data, want)
	if at < 0 || at%16 != 0 {
		t.Fatalf("the data is at byte %d", at)
	}
	data[at] ^= 1
	if b := must(t, got["/big"].Bytes); b[0] != want[0]^1 {
		t.Error("the array is not a view of the input")
	}
	if big, err := ndarray.Slice[uint16](got["/big"]); err != nil || big[2047] != 2047 {
		t.Errorf("Slice: error %v", err)
	}
}

func must[T any](t *testing.T, f func() (T, error)) T {
	t.Helper()
	v, err := f()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A copy of joblib inside scikit-learn has another module name.
func TestJoblibNames(t *testing.T) {
	for module, want := range map[string]bool{
		"joblib.numpy_pickle":                    true,
		"sklearn.externals.joblib.numpy_pickle":  true,
		"sklearn.externals._joblib.numpy_pickle": true,
		"joblib.numpy_pickle_compat":             true,
		"notjoblib.numpy_pickle":                 false,
		"joblib.numpy_pickle.x":                  false,
		"joblib":                                 false,
	} {
		if got := reconstruct.Known(module, "NumpyArrayWrapper"); got != want {
			t.Errorf("%s: known %v, want %v", module, got, want)
		}
	}
	data, _ := unfold(t, filepath.Join(joblibDir, "joblib-0.11-py36-raw.pkl"))
	data = bytes.ReplaceAll(data, []byte("cjoblib.numpy_pickle\n"),
		[]byte("csklearn.externals.joblib.numpy_pickle\n"))
	u := pickle.NewUnpicklerBytes(data)
	u.FindClass = reconstruct.FindClass
	v, err := u.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range joblibFixtures(t) {
		if f.Joblib == "0.11" {
			checkJoblib(t, f, v)
		}
	}
}

// Arrays in files of their own need a folder, and never leave it.
func TestJoblibSidecarErrors(t *testing.T) {
	raw, _ := unfold(t, filepath.Join(joblibDir, "joblib-0.9.4-py27-raw.pkl"))
	zfiles, _ := unfold(t, filepath.Join(joblibDir, "joblib-0.9.4-py27-zfiles.pkl"))
	content := func(b []byte) func(string) (io.ReadCloser, error) {
		return func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
	}
	gone := errors.New("gone")
	rename := func(data []byte, to string) []byte {
		i := bytes.Index(data, []byte("joblib-0.9.4"))
		n := bytes.Index(data[i:], []byte(".npy")) + len(".npy")
		if len(to) > n {
			t.Fatal("the name is too long")
		}
		return bytes.ReplaceAll(data, data[i:i+n], []byte(to+strings.Repeat("x", n-len(to))))
	}
	for _, c := range []struct {
		name string
		data []byte
		open func(string) (io.ReadCloser, error)
		want error
	}{
		{"no folder", raw, nil, pickle.ErrUnsupported},
		{"no folder for compressed", zfiles, nil, pickle.ErrUnsupported},
		{"missing file", raw, sidecars(t.TempDir()), os.ErrNotExist},
		{"opener fails", raw, func(string) (io.ReadCloser, error) { return nil, gone }, gone},
		{"leads out", rename(raw, "../../"), content(nil), pickle.ErrMalformed},
		{"absolute", rename(raw, "/etc/"), content(nil), pickle.ErrMalformed},
		{"backslash", rename(raw, `..\`), content(nil), pickle.ErrMalformed},
		{"NUL", rename(raw, "a\x00"), content(nil), pickle.ErrMalformed},
		{"no .npy", raw, content([]byte("hello, this is no array")), pickle.ErrMalformed},
		{"empty", raw, content(nil), pickle.ErrTruncated},
		{"short zfile", zfiles, content([]byte("ZF0x3")), pickle.ErrTruncated},
		{"plain and short", zfiles, content([]byte("abc")), pickle.ErrMalformed},
		{"plain and long", zfiles, content(make([]byte, 1000)), pickle.ErrMalformed},
	} {
		u := pickle.NewUnpicklerBytes(c.data)
		u.FindClass = reconstruct.New(reconstruct.Options{OpenSidecar: c.open}).FindClass
		_, err := u.Load()
		var de *pickle.DecodeError
		if !errors.Is(err, c.want) || !errors.As(err, &de) || de.Op != pickle.OpBuild {
			t.Errorf("%s: error %v, want %v at BUILD", c.name, err, c.want)
		}
	}
}

// Every prefix is an error and every changed byte an error or a value, never a panic; no
// prefix allocates what its headers claim.
func TestJoblibTruncatedAndFlipped(t *testing.T) {
	for _, name := range []string{"joblib-1.6.0-py313-raw.pkl", "joblib-0.11-py36-raw.pkl",
		"joblib-1.6.0-py313-p0.pkl", "joblib-0.9.4-py36-zfiles.pkl"} {
		data, _ := unfold(t, filepath.Join(joblibDir, name))
		resolve := reconstruct.New(reconstruct.Options{OpenSidecar: sidecars(joblibDir)}).FindClass
		step := max(1, len(data)/300)
		if cases.Long() {
			step = max(1, len(data)/1500)
		}
		for n := 0; n < len(data); n += step {
			u := pickle.NewUnpickler(struct{ io.Reader }{bytes.NewReader(data[:n])})
			u.FindClass = resolve
			if _, err := u.Load(); n > 0 && !errors.Is(err, pickle.ErrTruncated) ||
				n == 0 && err != io.EOF {
				t.Fatalf("%s: first %d bytes: error %v", name, n, err)
			}
		}
		for i := 0; i < len(data); i += step {
			flipped := bytes.Clone(data)
			flipped[i] ^= 1 << (i % 8)
			u := pickle.NewUnpicklerBytes(flipped)
			u.FindClass = resolve
			_, _ = u.Load()
		}
	}
}

// Wrappers whose states lie.
func TestJoblibBadState(t *testing.T) {
	data, _ := unfold(t, filepath.Join(joblibDir, "joblib-0.11-py36-raw.pkl"))
	for _, c := range []struct {
		name     string
		old, new string
		want     error
	}{
		{"negative dimension", "K\x05\x85", "J\xff\xff\xff\xff\x85", pickle.ErrMalformed},
		{"huge dimension", "K\x05\x85", "\x8a\x07\xff\xff\xff\xff\xff\xff\x0f\x85",
			pickle.ErrTruncated},
		{"overflow", "K\x05\x85", "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85",
			pickle.ErrMalformed},
		{"shape is no tuple", "K\x05\x85", "K\x05", pickle.ErrMalformed},
		{"subclass is no class", "cnumpy\nndarray\n", "K\x01", pickle.ErrMalformed},
		{"order", "X\x01\x00\x00\x00C", "X\x01\x00\x00\x00Q", pickle.ErrMalformed},
		{"no dtype", "X\x05\x00\x00\x00dtype", "X\x05\x00\x00\x00dtyqe", pickle.ErrMalformed},
	} {
		bad := bytes.Replace(data, []byte(c.old), []byte(c.new), 1)
		if bytes.Equal(bad, data) {
			t.Errorf("%s: nothing to change", c.name)
			continue
		}
		u := pickle.NewUnpicklerBytes(bad)
		u.FindClass = reconstruct.FindClass
		if _, err := u.Load(); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", c.name, err, c.want)
		}
	}
}
