//go:build linux || darwin

package convert_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/frame/arrowframe"
	"github.com/unpkl/unpkl/internal/cases"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
)

// convertVariable is set in a child process that converts one file.
const convertVariable = "UNPKL_TEST_CONVERT"

// convertInChild converts a file in a process of its own, and returns how many bytes of memory the
// process took from the system.
func convertInChild(t *testing.T, from, to string) int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), convertVariable+"="+from+"\n"+to)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s to %s: %v: %s", from, to, err, out)
	}
	n, err := strconv.Atoi(string(out))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// convertOnce converts a file with its sidecar, and prints the memory that the process has taken
// from the system; the runtime's Sys never shrinks.
func convertOnce(from, to string) {
	convert.ReadInParts(1 << 20)
	sidecar := convert.WithRaw(convert.Raw{Sidecar: true})
	if err := convert.File(from, to, sidecar); err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(3)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	os.Stdout.WriteString(strconv.FormatUint(m.Sys, 10))
	os.Exit(0)
}

// TestStreamMemory: a process that takes much less memory than an array converts it between .npy,
// raw bytes and HDF5, and the array stays the same.
func TestStreamMemory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	const rows, cols = 3 << 10, 1 << 12 // 96 MiB
	sparse, err := os.Create(path("x.npy"))
	if err != nil {
		t.Fatal(err)
	}
	h := npy.Header{DType: ndarray.DTypeOf[float64](), Shape: []int{rows, cols},
		Order: ndarray.OrderC}
	if err := errors.Join(npy.WriteHeader(sparse, &h), sparse.Truncate(128+rows*cols*8),
		sparse.Close()); err != nil {
		t.Fatal(err)
	}
	sum := func(name string) [32]byte {
		data, err := os.ReadFile(path(name))
		if err != nil {
			t.Error(err)
		}
		return sha256.Sum256(data)
	}
	for _, way := range [][2]string{
		{"x.npy", "a.raw"}, {"a.raw", "b.npy"}, {"x.npy", "c.h5"}, {"c.h5#/data", "d.npy"},
		{"x.npy", "e.npz"}, {"e.npz#/arr_0", "f.npy"}, {"e.npz#/arr_0", "g.h5"},
		{"g.h5#/data", "h.npz"}, {"h.npz#/arr_0", "i.raw"}, {"i.raw", "j.npy"},
	} {
		most := convertInChild(t, path(way[0]), path(way[1]))
		if limit := 64 << 20; most > limit {
			t.Errorf("%s to %s: %d MB", way[0], way[1], most>>20)
		}
	}
	want := sum("x.npy")
	for _, name := range []string{"b.npy", "d.npy", "f.npy", "j.npy"} {
		if sum(name) != want {
			t.Error(name, "is another array")
		}
	}
}

// TestStreamChunks converts compressed chunks to an array, and an array to compressed chunks.
func TestStreamChunks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	from, h5, to := filepath.Join(dir, "x.npy"), filepath.Join(dir, "x.h5"),
		filepath.Join(dir, "y.npy")
	err := errors.Join(
		convert.Write(from, mustSlice(t, filled(700_000), 1000, 700)),
		convert.File(from, h5, convert.WithCompress()), convert.File(h5+"#/data", to))
	if err != nil {
		t.Fatal(err)
	}
	x, err1 := os.ReadFile(from)
	y, err2 := os.ReadFile(to)
	if err := errors.Join(err1, err2); err != nil || !bytes.Equal(x, y) {
		t.Errorf("%d and %d bytes, %v", len(x), len(y), err)
	}
	if info, err := os.Stat(h5); err != nil || info.Size() > int64(len(x))*3/4 {
		t.Errorf("%v, %v", info, err)
	}
}

// TestStreamNPZ converts stored and deflated members of archives to other formats and back. Writing
// in parts gives the same file as writing the whole.
func TestStreamNPZ(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	a := mustSlice(t, filled(70_000), 100, 700)
	for _, options := range [][]convert.Option{nil, {convert.WithCompress()}} {
		err := errors.Join(
			convert.Write(path("x.npz"), map[string]any{"arr_0": a}, options...),
			convert.Write(path("x.npy"), a),
			convert.File(path("x.npy"), path("y.npz"), options...),
			convert.File(path("y.npz#/arr_0"), path("y.npy")))
		if err != nil {
			t.Fatal(err)
		}
		for _, ending := range []string{".npz", ".npy"} {
			x, err1 := os.ReadFile(path("x" + ending))
			y, err2 := os.ReadFile(path("y" + ending))
			if err := errors.Join(err1, err2); err != nil || !bytes.Equal(x, y) {
				t.Errorf("%s: %d and %d bytes, %v", ending, len(x), len(y), err)
			}
		}
	}
	// One byte of the data is changed, so that the checksum is wrong.
	if err := convert.Write(path("x.npz"), map[string]any{"a": a, "b": a}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path("x.npz"))
	if err != nil {
		t.Fatal(err)
	}
	data[1000] ^= 1
	if err := os.WriteFile(path("x.npz"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bad.npy", "bad.raw", "bad.h5", "bad.npz"} {
		if err := convert.File(path("x.npz#/a"), path(name)); !errors.Is(err,
			convert.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(path(name)); err == nil {
			t.Error(name, "was written")
		}
	}
	if err := convert.File(path("x.npz#/b"), path("good.npy")); err != nil {
		t.Error(err)
	}
}

// TestStreamTable converts a table between Parquet and Arrow, a row group at a time.
func TestStreamTable(t *testing.T) {
	t.Parallel()
	const group, groups = 1000, 5
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	x, err1 := frame.NewSeries("x", filled(group*groups))
	flags, err2 := frame.NewSeries("flag", make([]bool, group*groups))
	f, err3 := frame.New(x, flags)
	b, err4 := arrowframe.FromFrame(memory.DefaultAllocator, f)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	file, err := os.Create(path("x.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := pqarrow.NewFileWriter(b.Schema(), file,
		parquet.NewWriterProperties(parquet.WithMaxRowGroupLength(group)),
		pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(b), w.Close(),
		convert.File(path("x.parquet"), path("x.feather")),
		convert.File(path("x.feather"), path("y.feather")),
		convert.File(path("y.feather"), path("y.parquet"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x.feather", "y.feather", "y.parquet"} {
		if err := convert.Verify(path(name), f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	last, err := os.Open(path("y.feather"))
	if err != nil {
		t.Fatal(err)
	}
	defer last.Close()
	r, err := ipc.NewFileReader(last)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.NumRecords() != groups {
		t.Errorf("%d batches, not %d", r.NumRecords(), groups)
	}
}

// TestStreamHDF5Table converts a table that pandas wrote to HDF5 in a process that takes little
// memory. The result is the same as that of reading the table whole.
func TestStreamHDF5Table(t *testing.T) {
	t.Parallel()
	rows := 300_000 // of 32 bytes
	if cases.Long() {
		rows = 1_000_000
	}
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	x, err1 := frame.NewSeries("x", filled(rows))
	y, err2 := frame.NewSeries("y", filled(rows))
	n, err3 := frame.NewSeries("n", make([]int64, rows))
	f, err4 := frame.New(x, y, n)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	if err := convert.Write(path("x.h5"), map[string]any{"df": f}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"y.csv", "y.feather", "y.parquet"} {
		most := convertInChild(t, path("x.h5#/df"), path(name))
		t.Logf("%s: %d MB", name, most>>20)
		if limit := 100 << 20; most > limit {
			t.Errorf("%s: %d MB", name, most>>20)
		}
	}
	whole, err := convert.Read(path("x.h5#/df"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"y.csv", "y.feather", "y.parquet"} {
		if err := convert.Verify(path(name), whole); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStreamRecords: a structured dataset becomes the same table in parts as when it is read whole.
func TestStreamRecords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	type record struct {
		A float64
		B int32
		C bool
	}
	n := 150_000
	if cases.Long() {
		n = 500_000
	}
	records := make([]record, n)
	for i := range records {
		records[i] = record{float64(i) / 7, int32(i), i%3 == 0}
	}
	a, err := ndarray.FromRecords(records)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(convert.Write(path("x.h5"), map[string]any{"r": a}),
		convert.Write(path("whole.parquet"), a), convert.Write(path("whole.csv"), a),
		convert.File(path("x.h5#/r"), path("y.parquet")),
		convert.File(path("x.h5#/r"), path("y.csv")))
	if err != nil {
		t.Fatal(err)
	}
	for _, ending := range []string{".parquet", ".csv"} {
		want, err := convert.Read(path("whole" + ending))
		if err != nil {
			t.Fatal(err)
		}
		if err := convert.Verify(path("y"+ending), want); err != nil {
			t.Errorf("%s: %v", ending, err)
		}
	}
}

// TestStreamCut: if an array is shorter than its header says, the old file stays.
func TestStreamCut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	from := filepath.Join(dir, "x.npy")
	err := errors.Join(convert.Write(from, make([]float64, 100)), os.Truncate(from, 500))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"y.npy", "y.raw", "y.h5", "y.npz"} {
		to := filepath.Join(dir, name)
		if err := os.WriteFile(to, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := convert.File(from, to); !errors.Is(err, convert.ErrTruncated) {
			t.Errorf("%s: %v", name, err)
		}
		if data, err := os.ReadFile(to); err != nil || string(data) != "old" {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 5 {
		t.Errorf("%v, %v", entries, err)
	}
}
