package npy_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
)

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestArchive(t *testing.T) {
	for _, fix := range fixtures(t) {
		for _, ending := range []string{".npz", "-deflated.npz"} {
			t.Run(fix.name+ending, func(t *testing.T) {
				data := readFile(t, fix.name+ending)
				opened, err := npy.OpenArchive(bytes.NewReader(data), int64(len(data)), withObjects)
				if err != nil {
					t.Fatal(err)
				}
				mapped, err := npy.MapArchive(data, withObjects)
				if err != nil {
					t.Fatal(err)
				}
				for _, z := range []*npy.Archive{opened, mapped} {
					checkArchive(t, fix, z, ending == ".npz")
				}
			})
		}
	}
}

func checkArchive(t *testing.T, fix fixture, z *npy.Archive, stored bool) {
	t.Helper()
	seen := map[string]bool{}
	for _, f := range fix.Files {
		if !f.Member || !stored && f.Descr == "" {
			continue
		}
		seen[f.Name] = true
		for _, name := range []string{f.Name, f.Name + ".npy"} {
			a, err := z.Array(name)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			check(t, f, a)
		}
		if !z.IsArray(f.Name) {
			t.Errorf("%s is no array", f.Name)
		}
		if data, err := z.Bytes(f.Name); err != nil || !bytes.Equal(data, f.NPY) {
			t.Errorf("%s: %d bytes, error %v", f.Name, len(data), err)
		}
	}
	if names := z.Names(); len(names) != len(seen)+1 || len(seen) < 6 {
		t.Errorf("names %v", names)
	}
	last := "arr_0"
	if !stored {
		last = "zeros"
	}
	if a, err := z.Array(last); err != nil || a.Size() < 4 {
		t.Errorf("%s: error %v", last, err)
	}
	if _, err := z.Array("none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a member that is not there: error %v", err)
	}
}

// The arrays of NumPy's own stored archive, written again, give the same file byte for byte.
func TestArchiveWriteAsNumPy(t *testing.T) {
	written := 0
	for _, fix := range fixtures(t) {
		if !strings.HasPrefix(fix.NumPy, "2.") { // made by Python 3.13
			continue
		}
		data := readFile(t, fix.name+".npz")
		z, err := npy.MapArchive(data, withObjects)
		if err != nil {
			t.Fatal(err)
		}
		object, err := z.Bytes("object")
		if err != nil {
			t.Fatal(err)
		}
		var buf bytes.Buffer
		w := npy.NewArchiveWriter(&buf, &npy.WriteOptions{Objects: func(w io.Writer,
			a *ndarray.Array) error {
			_, err := w.Write(object[128:]) // the pickle as NumPy wrote it
			return err
		}})
		for _, name := range z.Names() {
			a, err := z.Array(name)
			if err != nil {
				t.Fatal(err)
			}
			if name == "object" {
				if a, err = ndarray.NewObjects(ndarray.ObjectDType(), []int{4}, ndarray.OrderC,
					make([]any, 4)); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Add(name, a); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(buf.Bytes(), data) {
			t.Errorf("%s.npz: got\n%q\nwant\n%q", fix.name, buf.Bytes(), data)
		}
		written++
	}
	if written == 0 {
		t.Error("nothing was compared")
	}
}

func python(t *testing.T) string {
	t.Helper()
	if p := os.Getenv("UNPKL_PYTHON"); p != "" {
		return p
	}
	p, err := exec.LookPath("python3")
	if err != nil || exec.Command(p, "-c", "import numpy").Run() != nil {
		t.Skip("no python3 with NumPy")
	}
	return p
}

// NumPy loads what is deflated here, and its zipfile finds nothing wrong.
func TestArchiveForNumPy(t *testing.T) {
	const script = `
import sys, zipfile, numpy as np
assert zipfile.ZipFile(sys.argv[1]).testzip() is None
z = np.load(sys.argv[1])
print(z.files)
for k in z.files: print(z[k].dtype.str, z[k].shape, z[k].flags.f_contiguous, z[k].ravel("C").tolist()[:3])
`
	exe := python(t)
	a, err := arange(1000, 10, 100)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.npz")
	for _, compress := range []bool{false, true} {
		var buf bytes.Buffer
		w := npy.NewArchiveWriter(&buf, &npy.WriteOptions{Compress: compress})
		if err := errors.Join(w.Add("a", a), w.Add("d/prénom", a.T()), w.Close()); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, buf.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(exe, "-c", script, path)
		cmd.Env = append(os.Environ(), "PYTHONIOENCODING=utf-8")
		got, err := cmd.CombinedOutput()
		want := "['a', 'd/prénom']\n<i8 (10, 100) False [0, 1, 2]\n<i8 (100, 10) True [0, 100, 200]\n"
		if err != nil || string(got) != want {
			t.Errorf("compress %v: error %v, NumPy says\n%s", compress, err, got)
		}
	}
}

// The directory of an archive of more than 4 GiB, as Python's zipfile reads it.
func TestArchiveZip64(t *testing.T) {
	exe := python(t)
	path := filepath.Join(t.TempDir(), "big.npz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a, err := arange(3, 3)
	if err != nil {
		t.Fatal(err)
	}
	const gap = 5 << 30
	w := npy.NewArchiveWriter(f, nil)
	if err := w.Add("before", a); err != nil {
		t.Fatal(err)
	}
	npy.SkipForTest(w, gap)
	if _, err := f.Seek(gap, io.SeekCurrent); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Add("behind", a), w.Close()); err != nil {
		t.Fatal(err)
	}
	const script = `
import sys, zipfile, numpy as np
z = zipfile.ZipFile(sys.argv[1])
print([(i.filename, i.header_offset >> 30) for i in z.infolist()], z.testzip())
print(np.load(sys.argv[1])["behind"])
`
	got, err := exec.Command(exe, "-c", script, path).CombinedOutput()
	if want := "[('before.npy', 0), ('behind.npy', 5)] None\n[0 1 2]\n"; err != nil ||
		string(got) != want {
		t.Errorf("error %v, Python says\n%s", err, got)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	z, err := npy.OpenArchive(f, info.Size(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := z.Array("behind"); err != nil || b.Size() != 3 {
		t.Errorf("read again: error %v", err)
	}
}

func TestArchiveWriterErrors(t *testing.T) {
	a, err := arange(3, 3)
	if err != nil {
		t.Fatal(err)
	}
	w := npy.NewArchiveWriter(io.Discard, nil)
	for _, name := range []string{"", "../x", "/x", "a/../../x", "..", `a\b`, "a\x00b", "a\xffb",
		strings.Repeat("x", 65532)} {
		if err := w.Add(name, a); err == nil {
			t.Errorf("name %.20q: no error", name)
		}
	}
	if err := w.Add("x", a); err != nil {
		t.Error(err)
	}
	if err := w.Add("x", a); err == nil {
		t.Error("the same name twice: no error")
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if w.Add("y", a) == nil || w.Close() == nil {
		t.Error("after Close: no error")
	}
}

// zipOf makes a zip with Go's own writer.
func zipOf(t testing.TB, method uint16, members ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i := 0; i < len(members); i += 2 {
		f, err := w.CreateHeader(&zip.FileHeader{Name: members[i], Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, members[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// patch changes bytes behind the n-th occurrence of a signature.
func patch(data []byte, sig string, n, offset int, with ...byte) []byte {
	data = bytes.Clone(data)
	at := -1
	for range n + 1 {
		at += 1 + bytes.Index(data[at+1:], []byte(sig))
	}
	copy(data[at+offset:], with)
	return data
}

func TestBadArchive(t *testing.T) {
	const central = "PK\x01\x02"
	array := string(withHeader("{'descr': '<i8', 'fortran_order': False, 'shape': (1,)}", eight))
	one := zipOf(t, zip.Store, "a.npy", array)
	two := zipOf(t, zip.Store, "a.npy", array, "b.npy", array)
	deflated := zipOf(t, zip.Deflate, "a.npy", array)
	u32 := func(n int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(n)) }
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"empty", nil, npy.ErrMalformed},
		{"truncated", one[:len(one)-1], npy.ErrMalformed},
		{"only the magic", []byte("PK\x03\x04"), npy.ErrMalformed},
		{"leads out", zipOf(t, zip.Store, "../a.npy", array), npy.ErrMalformed},
		{"absolute", zipOf(t, zip.Store, "/a.npy", array), npy.ErrMalformed},
		{"backslash", zipOf(t, zip.Store, `..\a.npy`, array), npy.ErrMalformed},
		{"same name", zipOf(t, zip.Store, "a.npy", array, "a.npy", array), npy.ErrMalformed},
		{"overlap", patch(two, central, 1, 42, u32(0)...), npy.ErrMalformed},
		{"size larger", patch(one, central, 0, 24, u32(len(array)+1)...), npy.ErrMalformed},
		{"both sizes larger", patch(one, central, 0, 20, slices.Concat(u32(1<<30), u32(1<<30))...),
			npy.ErrMalformed},
		{"deflated is longer", patch(deflated, central, 0, 24, u32(len(array)-1)...),
			npy.ErrMalformed},
		{"deflated is shorter", patch(deflated, central, 0, 24, u32(len(array)+1)...),
			npy.ErrTruncated},
		{"deflated claims 3 GB", patch(deflated, central, 0, 24, []byte{0, 0, 0, 0xc0}...),
			npy.ErrLimit},
		{"checksum", patch(one, central, 0, 16, u32(1)...), npy.ErrMalformed},
		{"method 12", patch(deflated, central, 0, 10, 12, 0), npy.ErrUnsupported},
		{"encrypted", patch(one, central, 0, 8, 1, 0), npy.ErrUnsupported},
		{"array ends early", zipOf(t, zip.Deflate, "a.npy", array[:len(array)-1]),
			npy.ErrTruncated},
		{"bytes behind the array", zipOf(t, zip.Deflate, "a.npy", array+"x"), npy.ErrMalformed},
		{"stored bytes behind the array", zipOf(t, zip.Store, "a.npy", array+"x"),
			npy.ErrMalformed},
		{"no array", zipOf(t, zip.Store, "a.npy", "hello"), npy.ErrMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			z, err := npy.OpenArchive(bytes.NewReader(c.data), int64(len(c.data)), nil)
			if err == nil {
				_, err = z.Array("a")
			}
			if !errors.Is(err, c.want) || !oneKind(err) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			z, err = npy.MapArchive(c.data, nil)
			if err == nil {
				_, err = z.Array("a")
			}
			if c.name != "checksum" && !errors.Is(err, c.want) {
				t.Errorf("mapped: error %v, want %v", err, c.want)
			}
		})
	}
}

func TestArchiveLimits(t *testing.T) {
	header := "{'descr': '|i1', 'fortran_order': False, 'shape': (20000000,)}"
	data := zipOf(t, zip.Deflate, "a.npy", string(withHeader(header,
		string(make([]byte, 20_000_000)))))
	for _, c := range []struct {
		opts npy.Options
		want error
	}{
		{npy.Options{}, npy.ErrLimit},
		{npy.Options{CompressionRatio: npy.NoLimit}, nil},
		{npy.Options{CompressionRatio: 2000}, nil},
		{npy.Options{CompressionRatio: 2000, DecompressedBytes: 20_000_000}, npy.ErrLimit},
	} {
		z, err := npy.MapArchive(data, &c.opts)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := z.Array("a"); !errors.Is(err, c.want) {
			t.Errorf("%+v: error %v, want %v", c.opts, err, c.want)
		}
	}
}

// A member that is no array is had as its bytes.
func TestArchiveOtherMembers(t *testing.T) {
	data := zipOf(t, zip.Deflate, "README", "hello", "x.npy",
		string(withHeader("{'descr': '<i8', 'fortran_order': False, 'shape': (1,)}", eight)), "x",
		"y")
	z, err := npy.MapArchive(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(z.Names()); got != "[README x.npy x]" {
		t.Errorf("names %s", got)
	}
	if z.IsArray("README") || z.IsArray("none") || !z.IsArray("x.npy") {
		t.Error("IsArray is wrong")
	}
	if b, err := z.Bytes("README"); err != nil || string(b) != "hello" {
		t.Errorf("%q, error %v", b, err)
	}
}

func FuzzNPZ(f *testing.F) {
	for _, fix := range fixtures(f) {
		f.Add(readFile(f, fix.name+".npz"))
		f.Add(readFile(f, fix.name+"-deflated.npz"))
	}
	opts := &npy.Options{DecompressedBytes: 1 << 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		z, err := npy.OpenArchive(bytes.NewReader(data), int64(len(data)), opts)
		m, errMap := npy.MapArchive(data, opts)
		if (err == nil) != (errMap == nil) {
			t.Fatalf("OpenArchive: %v, MapArchive: %v", err, errMap)
		}
		if err != nil {
			if !oneKind(err) {
				t.Fatalf("error without a kind: %v", err)
			}
			return
		}
		for _, name := range z.Names() {
			a, err := z.Array(name)
			b, errMap := m.Array(name)
			if err != nil && !oneKind(err) || errMap != nil && !oneKind(errMap) {
				t.Fatalf("%q: errors without a kind: %v, %v", name, err, errMap)
			}
			if err == nil && (errMap != nil || !a.DType().Equal(b.DType()) ||
				!slices.Equal(a.Shape(), b.Shape())) {
				t.Fatalf("%q: mapped it is different, error %v", name, errMap)
			}
		}
	})
}
