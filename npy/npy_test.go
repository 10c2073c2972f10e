package npy_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
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

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
)

// file is what testdata/gen.py says of a file that NumPy wrote.
type file struct {
	Name    string
	NPY     []byte
	Shape   []int
	Fortran bool
	Descr   string // empty for arrays with objects
	Data    []byte // in C order
	Objects string
	Member  bool

	// Of the header that is too long to be kept.
	SHA256  string
	Len     int
	Version byte
}

type fixture struct {
	name    string
	NumPy   string
	Files   []file
	Several struct {
		NPY   []byte
		Count int
	}
}

func fixtures(t testing.TB) []fixture {
	t.Helper()
	paths, err := filepath.Glob("testdata/numpy-*.json")
	if err != nil || len(paths) < 5 {
		t.Fatalf("%d fixtures, error %v", len(paths), err)
	}
	var all []fixture
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f := fixture{name: strings.TrimSuffix(path, ".json")}
		if err := json.Unmarshal(text, &f); err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

// marker stands for arrays with objects: the hook of these tests takes the pickle, which
// ends the input or is followed by another array, and tells how long it was.
func marker(r io.Reader) (*ndarray.Array, error) {
	p, ok := r.(interface {
		Peek(int) ([]byte, error)
		Discard(int) (int, error)
	})
	if !ok {
		return nil, errors.New("the hook's reader has no Peek")
	}
	rest, _ := p.Peek(1 << 16)
	if i := bytes.Index(rest, []byte(npy.Magic)); i >= 0 {
		rest = rest[:i]
	}
	if len(rest) == 0 {
		return nil, io.EOF
	}
	if !bytes.HasSuffix(rest, []byte(".")) {
		return nil, fmt.Errorf("a pickle that ends in %q", rest[len(rest)-1:])
	}
	n, err := p.Discard(len(rest))
	if err != nil {
		return nil, err
	}
	return ndarray.NewObjects(ndarray.ObjectDType(), []int{1}, ndarray.OrderC, []any{n})
}

var withObjects = &npy.Options{Objects: marker}

func check(t *testing.T, want file, a *ndarray.Array) {
	t.Helper()
	if want.Descr == "" {
		if objects, err := a.Objects(); err != nil || len(objects) != 1 {
			t.Errorf("objects %v, error %v", objects, err)
		}
		return
	}
	if !slices.Equal(a.Shape(), want.Shape) {
		t.Errorf("shape %v, want %v", a.Shape(), want.Shape)
	}
	if descr, err := a.DType().DescrLiteral(); err != nil || descr != want.Descr {
		t.Errorf("descr %s, error %v; want %s", descr, err, want.Descr)
	}
	if got, want := a.Order() == ndarray.OrderF, want.Fortran; got != want {
		t.Errorf("in Fortran order: %v, want %v", got, want)
	}
	if data, err := a.AppendBytes(nil, ndarray.OrderC); err != nil ||
		!bytes.Equal(data, want.Data) {
		t.Errorf("bytes %x, error %v; want %x", data, err, want.Data)
	}
}

func TestRead(t *testing.T) {
	for _, fix := range fixtures(t) {
		for _, f := range fix.Files {
			if f.NPY == nil {
				continue
			}
			t.Run(fix.name+"/"+f.Name, func(t *testing.T) {
				routes := map[string]io.Reader{
					"bytes":    bytes.NewReader(f.NPY),
					"reader":   struct{ io.Reader }{bytes.NewReader(f.NPY)},
					"one byte": iotest.OneByteReader(bytes.NewReader(f.NPY)),
				}
				for route, r := range routes {
					d := npy.NewDecoder(r, withObjects)
					a, err := d.Decode()
					if err != nil {
						t.Fatalf("%s: %v", route, err)
					}
					check(t, f, a)
					if _, err := d.Decode(); err != io.EOF {
						t.Errorf("%s: second array: error %v, want io.EOF", route, err)
					}
					if n := d.InputOffset(); n != int64(len(f.NPY)) {
						t.Errorf("%s: offset %d, want %d", route, n, len(f.NPY))
					}
				}
				a, n, err := npy.Map(f.NPY, withObjects)
				if err != nil || n != len(f.NPY) {
					t.Fatalf("Map: %d bytes of %d, error %v", n, len(f.NPY), err)
				}
				check(t, f, a)
			})
		}
	}
}

// Map's arrays are the window's memory.
func TestMapAliases(t *testing.T) {
	f := fixtures(t)[0].Files[1]
	window := bytes.Clone(f.NPY)
	a, n, err := npy.Map(window, nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := a.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if &data[0] != &window[n-len(data)] {
		t.Error("the array's memory is not the window's")
	}
	if cap(data) != len(data) {
		t.Error("the array's memory reaches into what follows it")
	}
}

func TestSeveral(t *testing.T) {
	for _, fix := range fixtures(t) {
		d := npy.NewDecoder(bytes.NewReader(fix.Several.NPY), withObjects)
		n := 0
		for {
			a, err := d.Decode()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: array %d: %v", fix.name, n, err)
			}
			if want := [][]int{{3}, {1}, {}}[n]; !slices.Equal(a.Shape(), want) {
				t.Errorf("%s: array %d: shape %v, want %v", fix.name, n, a.Shape(), want)
			}
			n++
		}
		if n != fix.Several.Count {
			t.Errorf("%s: %d arrays, want %d", fix.name, n, fix.Several.Count)
		}
		window := fix.Several.NPY
		for n = 0; len(window) > 0; n++ {
			_, k, err := npy.Map(window, withObjects)
			if err != nil {
				t.Fatal(err)
			}
			window = window[k:]
		}
		if n != fix.Several.Count {
			t.Errorf("%s: Map: %d arrays, want %d", fix.name, n, fix.Several.Count)
		}
	}
}

// What NumPy 1.24 and later wrote is written again byte for byte.
func TestWriteAsNumPy(t *testing.T) {
	written := 0
	for _, fix := range fixtures(t) {
		if !strings.HasPrefix(fix.NumPy, "1.26") && !strings.HasPrefix(fix.NumPy, "2.") {
			continue
		}
		for _, f := range fix.Files {
			if f.Descr == "" || strings.HasPrefix(f.Name, "crafted") ||
				strings.HasPrefix(f.Name, "version") {
				continue
			}
			a, err := npy.Read(bytes.NewReader(f.NPY), nil)
			if err != nil {
				t.Fatal(err)
			}
			var buf bytes.Buffer
			if err := npy.Write(&buf, a, nil); err != nil || !bytes.Equal(buf.Bytes(), f.NPY) {
				t.Errorf("%s/%s: error %v\n got %q\nwant %q", fix.name, f.Name, err, buf.Bytes(),
					f.NPY)
			}
			written++
		}
	}
	if written < 150 {
		t.Errorf("only %d files compared", written)
	}
}

// arange is np.arange(n, dtype="<i8").reshape(shape).
func arange(n int, shape ...int) (*ndarray.Array, error) {
	dt, err := ndarray.ParseDType("<i8")
	if err != nil {
		return nil, err
	}
	var data []byte
	for i := range n {
		data = binary.LittleEndian.AppendUint64(data, uint64(i))
	}
	return ndarray.New(dt, shape, ndarray.OrderC, data)
}

// Views are written as NumPy writes them: contiguous.
func TestWriteViews(t *testing.T) {
	for _, fix := range fixtures(t) {
		if !strings.HasPrefix(fix.NumPy, "2.") {
			continue
		}
		for _, f := range fix.Files {
			var a *ndarray.Array
			var err error
			switch f.Name {
			case "strided": // np.arange(10)[::2]
				a, err = arange(10, 10)
				if err == nil {
					a, err = a.Slice(0, 0, 10, 2)
				}
			case "transposed-3-d": // np.arange(24).reshape(2, 3, 4).transpose(1, 0, 2)
				a, err = arange(24, 2, 3, 4)
				if err == nil {
					a, err = a.Transpose(1, 0, 2)
				}
			default:
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			var buf bytes.Buffer
			if err := npy.Write(&buf, a, nil); err != nil || !bytes.Equal(buf.Bytes(), f.NPY) {
				t.Errorf("%s: error %v\n got %q\nwant %q", f.Name, err, buf.Bytes(), f.NPY)
			}
		}
	}
}

// Past 65,535 bytes of header the version is 2.0, in NumPy and here.
func TestWriteBigHeader(t *testing.T) {
	fields := make([]ndarray.Field, 3000)
	for i := range fields {
		fields[i] = ndarray.Field{Name: fmt.Sprintf("field_%05d", i),
			DType: ndarray.DTypeOf[float64]()}
	}
	dt, err := ndarray.NewStruct(fields, false)
	if err != nil {
		t.Fatal(err)
	}
	a, err := ndarray.Zeros(dt, 1)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := npy.Write(&buf, a, nil); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(buf.Bytes())
	for _, fix := range fixtures(t) {
		if !strings.HasPrefix(fix.NumPy, "2.") && !strings.HasPrefix(fix.NumPy, "1.26") {
			continue
		}
		want := fix.Files[slices.IndexFunc(fix.Files, func(f file) bool {
			return f.Name == "big-header"
		})]
		if got := hex.EncodeToString(sum[:]); got != want.SHA256 || buf.Len() != want.Len ||
			buf.Bytes()[6] != want.Version {
			t.Errorf("%s: %d bytes, version %d, SHA-256 %s; want %d, %d, %s", fix.name, buf.Len(),
				buf.Bytes()[6], got, want.Len, want.Version, want.SHA256)
		}
	}
	b, err := npy.Read(&buf, nil)
	if err != nil || !b.DType().Equal(dt) {
		t.Errorf("read again: error %v", err)
	}
}

func TestObjectHooks(t *testing.T) {
	a, err := ndarray.NewObjects(ndarray.ObjectDType(), []int{2}, ndarray.OrderC, []any{"x", nil})
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := npy.Write(&buf, a, nil); !errors.Is(err, npy.ErrUnsupported) || buf.Len() != 0 {
		t.Errorf("without a hook: %d bytes, error %v", buf.Len(), err)
	}
	opts := &npy.WriteOptions{Objects: func(w io.Writer, got *ndarray.Array) error {
		if got != a {
			t.Error("the hook got another array")
		}
		_, err := io.WriteString(w, "\x80\x04N.")
		return err
	}}
	if err := npy.Write(&buf, a, opts); err != nil {
		t.Fatal(err)
	}
	if h, err := npy.ReadHeader(bytes.NewReader(buf.Bytes()), nil); err != nil || h.Len != 128 ||
		h.DType.Str() != "|O" {
		t.Errorf("header %+v, error %v", h, err)
	}
	if _, err := npy.Read(bytes.NewReader(buf.Bytes()), nil); !errors.Is(err, npy.ErrUnsupported) {
		t.Errorf("reading without a hook: error %v", err)
	}
	if _, err := npy.Read(bytes.NewReader(buf.Bytes()), withObjects); err != nil {
		t.Errorf("reading with a hook: error %v", err)
	}
}
