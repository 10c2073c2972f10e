package unpkl_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/unpkl/unpkl"
)

// loaders are the ways to load a value from data.
func loaders(t *testing.T, data []byte) map[string]func(...unpkl.Option) (any, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]func(...unpkl.Option) (any, error){
		"LoadBytes": func(o ...unpkl.Option) (any, error) { return unpkl.LoadBytes(data, o...) },
		"Load": func(o ...unpkl.Option) (any, error) {
			return unpkl.Load(bytes.NewBuffer(data), o...)
		},
		"an unknown reader": func(o ...unpkl.Option) (any, error) {
			return unpkl.Load(iotest.DataErrReader(bytes.NewReader(data)), o...)
		},
		"LoadFile": func(o ...unpkl.Option) (any, error) { return unpkl.LoadFile(path, o...) },
		"Open": func(o ...unpkl.Option) (any, error) {
			f, err := unpkl.Open(path, o...)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			return f.Load()
		},
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestNotPickle: an input that is something else is an error that says what, and the same one
// wherever it comes from.
func TestNotPickle(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 4096)
	exe, err := os.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	if _, err := io.ReadFull(exe, head); err != nil {
		t.Fatal(err)
	}
	arrows, _ := filepath.Glob("testdata/arrow/*/*.arrow")
	hdfs, _ := filepath.Glob("testdata/hdf5/*.h5")
	if len(hdfs) == 0 {
		hdfs, _ = filepath.Glob("testdata/hdf5/*/*.h5")
	}
	if len(arrows) == 0 || len(hdfs) == 0 {
		t.Fatal("no files of Arrow or HDF5 to try")
	}
	for _, c := range []struct {
		name, says string
		data       []byte
	}{
		{"nothing", "the input is empty", nil},
		{"README", "text", readFile(t, "README.md")},
		{"go.mod", "text", readFile(t, "go.mod")},
		{"source", "text", readFile(t, "unpkl.go")},
		{"LICENSE", "text", readFile(t, "LICENSE")},
		{"JSON", "JSON", readFile(t, "testdata/manifest.json")},
		{"CSV", "CSV", []byte("price,city\n1.5,Brno\n")},
		{"CSV of semicolons", "CSV", []byte("id;name\n1;a\n")},
		{"HTML", "HTML", []byte("\n<!DOCTYPE html><html><body>502 Bad Gateway</body></html>")},
		{"XML", "XML", []byte("<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>")},
		{"LFS", "Git LFS",
			[]byte("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n")},
		{"PNG", "PNG", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")},
		{"Parquet", "Parquet", []byte("PAR1\x15\x04\x15\x00")},
		{"Arrow", "Arrow", readFile(t, arrows[0])},
		{"HDF5", "HDF5", readFile(t, hdfs[0])},
		{"program", "program", head},
		{"zip of two", "2 members", zipOf(t, "a.pkl", "b.pkl")},
		{"text in gzip", "text", gzipOf(t, readFile(t, "README.md"))},
	} {
		for from, load := range loaders(t, c.data) {
			v, err := load()
			if !errors.Is(err, unpkl.ErrNotPickle) || !strings.Contains(err.Error(), c.says) ||
				v != nil {
				t.Errorf("%s by %s: %v", c.name, from, err)
			}
		}
	}
}

// TestBrokenPickleIsNotSomethingElse: a pickle that is cut off, also one of protocol 0, which is
// text, is truncated.
func TestBrokenPickleIsNotSomethingElse(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/py*/*.p*.pkl")
	if err != nil || len(files) < 100 {
		t.Fatal(len(files), err)
	}
	for _, path := range files {
		data := readFile(t, path)
		for _, n := range []int{len(data) / 2, len(data) - 1} {
			if bytes.Count(data[:n], []byte("\n")) < 3 {
				continue // too little to tell what it is
			}
			_, err := unpkl.LoadBytes(data[:n])
			if errors.Is(err, unpkl.ErrNotPickle) {
				t.Errorf("%s, %d of %d bytes: %v", path, n, len(data), err)
			}
		}
	}
}

func zipOf(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte("N.")); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
