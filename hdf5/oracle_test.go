package hdf5_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/ndarray"
)

// The types of what Python reads from a file, as scripts/gen_hdf5.py writes it.
type expected struct {
	Objects map[string]expectedObject `json:"objects"`
}

type expectedObject struct {
	Kind       string                   `json:"kind"`
	Members    []string                 `json:"members"`
	Attrs      map[string]expectedValue `json:"attrs"`
	Empty      bool                     `json:"empty"`
	Shape      []int                    `json:"shape"`
	Max        []int                    `json:"max"`
	Chunks     []int                    `json:"chunks"`
	Value      *expectedValue           `json:"value"`
	Unreadable string                   `json:"unreadable"`
	Slices     []expectedSlice          `json:"slices"`
}

type expectedSlice struct {
	Start []int         `json:"start"`
	Count []int         `json:"count"`
	Step  []int         `json:"step"`
	Value expectedValue `json:"value"`
}

type expectedValue struct {
	Empty  bool              `json:"empty"`
	DType  string            `json:"dtype"`
	Names  []string          `json:"names"`
	Shape  []int             `json:"shape"`
	Data   string            `json:"data"`
	Values []expectedElement `json:"values"`
}

type expectedElement struct {
	Fields []expectedElement `json:"fields"`
	Array  *expectedValue    `json:"array"`
	Text   *string           `json:"text"`
	Ref    *uint64           `json:"ref"`
	Region *uint64           `json:"region"`
	N      int64             `json:"n"`
	Lo, Hi []int64
	Null   bool `json:"null"`
}

func readExpected(t testing.TB, path string) expected {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var e expected
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatal(path, err)
	}
	return e
}

// sameArray compares an array with Python's.
func sameArray(got *ndarray.Array, want *expectedValue, nested bool) error {
	if !slices.Equal(got.Shape(), want.Shape) {
		return fmt.Errorf("shape %v, want %v", got.Shape(), want.Shape)
	}
	if want.DType == "O" {
		return sameObjects(got, want)
	}
	dt, err := ndarray.ParseDescr(want.DType)
	if err != nil {
		return fmt.Errorf("%s: %v", want.DType, err)
	}
	data, err := base64.StdEncoding.DecodeString(want.Data)
	if err != nil {
		return err
	}
	shape := want.Shape
	if _, sub := dt.Subarray(); len(sub) > 0 {
		shape = shape[:len(shape)-len(sub)]
	}
	wanted, err := ndarray.New(dt, shape, ndarray.OrderC, data)
	if err != nil {
		return err
	}
	if order := wanted.DType().ByteOrder(); got.DType().ByteOrder() != order && nested {
		// h5py returns the elements of sequences in the machine's byte order.
		got, err = swapped(got, order)
		if err != nil {
			return err
		}
	}
	if !got.DType().Equal(wanted.DType()) {
		return fmt.Errorf("dtype %v (%v), want %v", got.DType().Repr(), got.DType().Descr(),
			wanted.DType().Repr())
	}
	if !got.Equal(wanted) {
		return fmt.Errorf("values %v, want %v", got, wanted)
	}
	// Equal does not distinguish NaNs, nor -0 from 0.
	if k := dt.Kind(); k != ndarray.KindVoid && (dt.ItemSize() < 12 || k != ndarray.KindFloat &&
		dt.ItemSize() < 24) {
		b, err := got.AppendBytes(nil, ndarray.OrderC)
		if err != nil || !bytes.Equal(b, data) {
			return fmt.Errorf("bytes % x, want % x (%v)", b, data, err)
		}
	}
	return nil
}

// swapped returns numbers in another byte order.
func swapped(a *ndarray.Array, order ndarray.ByteOrder) (*ndarray.Array, error) {
	b, err := a.AppendBytes(nil, ndarray.OrderC)
	if err != nil {
		return nil, err
	}
	n := a.DType().ItemSize()
	for i := 0; i < len(b); i += n {
		slices.Reverse(b[i : i+n])
	}
	return ndarray.New(a.DType().NewByteOrder(order), a.Shape(), ndarray.OrderC, b)
}

func sameObjects(got *ndarray.Array, want *expectedValue) error {
	values, err := got.Objects()
	if err != nil {
		return err
	}
	if want.Names != nil && !slices.Equal(got.DType().Names(), want.Names) {
		return fmt.Errorf("fields %v, want %v", got.DType().Names(), want.Names)
	}
	for i, v := range values {
		if err := sameElement(v, &want.Values[i]); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	return nil
}

func sameElement(got any, want *expectedElement) error {
	switch got := got.(type) {
	case string:
		if want.Text == nil {
			break
		}
		b, err := base64.StdEncoding.DecodeString(*want.Text)
		if err != nil || got != string(b) {
			return fmt.Errorf("%q, want %q", got, b)
		}
		return nil
	case []any:
		if len(got) != len(want.Fields) {
			break
		}
		for i := range got {
			if err := sameElement(got[i], &want.Fields[i]); err != nil {
				return fmt.Errorf("field %d: %w", i, err)
			}
		}
		return nil
	case *ndarray.Array:
		if want.Array == nil {
			break
		}
		return sameArray(got, want.Array, true)
	case hdf5.Reference:
		if got.IsNull() != (want.Ref == nil) || want.Ref != nil && *want.Ref != got.Address() {
			return fmt.Errorf("reference to %d, want %v", got.Address(), want.Ref)
		}
		return nil
	case hdf5.RegionReference:
		if got.IsNull() != (want.Region == nil) ||
			want.Region != nil && *want.Region != got.Address() {
			return fmt.Errorf("region of %d, want %v", got.Address(), want.Region)
		}
		return nil
	default:
		if want.Array == nil {
			break
		}
		return sameScalar(got, want.Array)
	}
	return fmt.Errorf("%T, want %+v", got, *want)
}

// sameScalar compares the value of a field with a 0-d array.
func sameScalar(got any, want *expectedValue) error {
	dt, err := ndarray.ParseDescr(want.DType)
	if err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(want.Data)
	if err != nil {
		return err
	}
	s, err := ndarray.NewScalar(dt, data)
	if err != nil {
		return err
	}
	if x, ok := got.(float64); ok {
		if y, ok := s.Value().(float64); ok && math.Float64bits(x) == math.Float64bits(y) {
			return nil
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(s.Value()) {
		return fmt.Errorf("%v, want %v", got, s.Value())
	}
	return nil
}

// compareFile compares a file with what Python reads, and returns the differences.
func compareFile(f *hdf5.File, want expected) (problems []string) {
	wrong := func(path, format string, args ...any) {
		problems = append(problems, path+": "+fmt.Sprintf(format, args...))
	}
	for path, w := range want.Objects {
		o, err := f.Object(path)
		if err != nil {
			wrong(path, "%v", err)
			continue
		}
		for name, wa := range w.Attrs {
			a, err := o.Attr(name)
			if err != nil {
				wrong(path, "attribute %s: %v", name, err)
				continue
			}
			if a.IsNull() != wa.Empty {
				wrong(path, "attribute %s: null %v", name, a.IsNull())
			}
			if wa.Empty {
				continue
			}
			v, err := a.Read()
			if err == nil {
				err = sameArray(v, &wa, false)
			}
			if err != nil {
				wrong(path, "attribute %s: %v", name, err)
			}
		}
		switch o := o.(type) {
		case *hdf5.Group:
			names, err := o.Names()
			if w.Kind != "group" || err != nil || !slices.Equal(names, w.Members) {
				wrong(path, "members %v, want %v (%v)", names, w.Members, err)
			}
		case *hdf5.Dataset:
			if w.Kind != "dataset" {
				wrong(path, "a dataset, want a %s", w.Kind)
			}
			problems = append(problems, compareDataset(o, path, w)...)
		case *hdf5.NamedType:
			if w.Kind != "type" {
				wrong(path, "a type, want a %s", w.Kind)
			}
		}
	}
	return problems
}

func compareDataset(d *hdf5.Dataset, path string, w expectedObject) (problems []string) {
	wrong := func(format string, args ...any) {
		problems = append(problems, path+": "+fmt.Sprintf(format, args...))
	}
	if d.IsNull() != w.Empty {
		wrong("null %v", d.IsNull())
	}
	if w.Empty || w.Value == nil && w.Slices == nil {
		return problems
	}
	if n := len(w.Shape); !slices.Equal(d.Shape()[:n], w.Shape) || !slices.Equal(d.MaxShape()[:n],
		w.Max) {
		wrong("shape %v to %v, want %v to %v", d.Shape(), d.MaxShape(), w.Shape, w.Max)
	}
	if !slices.Equal(d.ChunkShape(), w.Chunks) {
		wrong("chunks %v, want %v", d.ChunkShape(), w.Chunks)
	}
	a, err := d.Read()
	switch {
	case w.Value == nil:
		if err == nil {
			err = fifties(a)
		}
		if err != nil && !errors.Is(err, hdf5.ErrLimit) {
			wrong("a huge dataset: %v", err)
		}
	case err == nil:
		err = sameArray(a, w.Value, false)
		fallthrough
	default:
		if err != nil {
			wrong("%v", err)
			return problems
		}
	}
	for _, s := range w.Slices {
		v, err := d.Slice(s.Start, s.Count, s.Step)
		if err == nil {
			err = sameArray(v, &s.Value, false)
		}
		if err != nil {
			wrong("slice from %v, %v in steps of %v: %v", s.Start, s.Count, s.Step, err)
		}
	}
	return problems
}

// fifties checks the dataset of that name, which is too large for the file of expected values.
func fifties(a *ndarray.Array) error {
	got, err := ndarray.Values[int64](a)
	for i, x := range got {
		if x != int64(i/50) {
			return fmt.Errorf("element %d is %d", i, x)
		}
	}
	return err
}

// compareFolder compares every file in a folder, once mapped and once through a reader.
func compareFolder(t *testing.T, folder string) {
	files, err := filepath.Glob(filepath.Join(folder, "*.h5"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s (%v)", folder, err)
	}
	opts := &hdf5.Options{External: hdf5.Dir(folder)}
	equal := 0
	for _, path := range files {
		if math.MaxInt == math.MaxInt32 && strings.HasPrefix(filepath.Base(path), "huge") {
			continue // no int has the shapes
		}
		want := readExpected(t, strings.TrimSuffix(path, ".h5")+".json")
		var problems []string
		f, err := hdf5.Open(path, opts)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		problems = compareFile(f, want)
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		problems = append(problems, compareReader(path, opts, want)...)
		problems = slices.DeleteFunc(problems, excused)
		if len(problems) == 0 {
			equal++
		}
		for _, p := range problems[:min(len(problems), 5)] {
			if len(p) > 600 {
				p = p[:600]
			}
			t.Errorf("%s: %s", filepath.Base(path), p)
		}
	}
	t.Logf("%d of %d files equal", equal, len(files))
}

// excused recognises known differences: h5py does not swap the bytes of sequences of big-endian
// numbers, and Blosc2 is not decoded.
func excused(problem string) bool {
	return strings.HasPrefix(problem, "/vlunicode_big: ") || strings.Contains(problem,
		`filter 32026 ("blosc2")`)
}

func compareReader(path string, opts *hdf5.Options, want expected) []string {
	r, err := os.Open(path)
	if err != nil {
		return []string{err.Error()}
	}
	defer r.Close()
	info, err := r.Stat()
	if err != nil {
		return []string{err.Error()}
	}
	f, err := hdf5.NewReader(r, info.Size(), opts)
	if err != nil {
		return []string{err.Error()}
	}
	defer f.Close()
	return compareFile(f, want)
}

// TestOracle compares the kept files.
func TestOracle(t *testing.T) {
	compareFolder(t, "../testdata/hdf5")
}

// generated returns a folder with files that the Python of UNPKL_HDF5_PYTHON writes now.
func generated(t *testing.T, args ...string) string {
	t.Helper()
	python := os.Getenv("UNPKL_HDF5_PYTHON")
	if python == "" {
		t.Skip("UNPKL_HDF5_PYTHON names no Python")
	}
	folder := t.TempDir()
	if out, err := exec.Command(python, "-c", "import h5py").CombinedOutput(); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) && bytes.Contains(out, []byte("ModuleNotFoundError")) {
			t.Skip("the Python has no h5py")
		}
		t.Fatalf("%v: %s", err, out)
	}
	args = append([]string{"../scripts/gen_hdf5.py", folder}, args...)
	out, err := exec.Command(python, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Logf("%s", out)
	return folder
}

// TestMatrix compares every datatype in every layout, with every filter and in every version of
// the format.
func TestMatrix(t *testing.T) { compareFolder(t, generated(t)) }

// TestReal compares files that other packages ship, and files that Keras, AnnData, netCDF-4 and
// hdf5storage (MATLAB 7.3) write, if Python has them.
func TestReal(t *testing.T) { compareFolder(t, generated(t, "--real")) }
