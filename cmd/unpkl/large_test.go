package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// sparseArray writes a pickle of n zeros of float64, as NumPy does at protocol 5, to a file with a
// hole for the data. It returns the name of the file.
func sparseArray(t *testing.T, n int64) string {
	t.Helper()
	const dtype = "cnumpy\ndtype\nX\x02\x00\x00\x00f8\x89\x88\x87R(K\x03X\x01\x00\x00\x00<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
	head := binary.LittleEndian.AppendUint64([]byte(
		"\x80\x05cnumpy.core.numeric\n_frombuffer\n(\x96"), uint64(8*n))
	tail := binary.LittleEndian.AppendUint64([]byte(dtype+"\x8a\x08"), uint64(n))
	tail = append(tail, "\x85X\x01\x00\x00\x00CtR."...)
	path := filepath.Join(t.TempDir(), "sparse.pkl")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(head); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(tail, int64(len(head))+8*n); err != nil {
		t.Skipf("no sparse files here: %v", err)
	}
	return path
}

// TestLargeArray shows an array of 32 MB, and one of a terabyte if files can be that large, without
// reading it.
func TestLargeArray(t *testing.T) {
	for _, n := range []int64{4 << 20, 1 << 37} {
		if n > 1<<30 && (runtime.GOOS != "linux" || runtime.GOARCH == "386") {
			continue
		}
		path := sparseArray(t, n)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := mustRun(t, "", "to-json", "--indent=0", path)
		runtime.ReadMemStats(&after)
		if !strings.HasPrefix(got, `{"$ndarray":{"dtype":"<f8","shape":[`) {
			t.Errorf("got %s", got)
		}
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 1<<20 {
			t.Errorf("%d elements: %d bytes allocated", n, allocated)
		}
	}
}

// TestArrayThatLies reads an array that claims a terabyte that is not there.
func TestArrayThatLies(t *testing.T) {
	head := binary.LittleEndian.AppendUint64([]byte(
		"\x80\x05cnumpy.core.numeric\n_frombuffer\n(\x96"), 1<<40)
	if line := mustFail(t, 1, string(head)+"some", "to-json", "-"); !strings.Contains(line,
		"(BYTEARRAY8 at byte 35)") {
		t.Errorf("got %s", line)
	}
}
