package unpkl_test

import (
	"slices"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/cases"
	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/internal/magic"
)

// TestOpenEdited opens fixtures with a byte changed or the end cut off: what Load refuses, Open's
// Load does. Most are read as a mapped file is, from memory, since making a file and a mapping
// takes a thousand times as long as reading it; each 97th is a file.
func TestOpenEdited(t *testing.T) {
	t.Parallel()
	n, files := 0, 0
	for name := range cases.All() {
		cases.Each(t, name, func(t *testing.T, data []byte) {
			for i := 1; i < len(data) && len(data) <= 1<<10; i++ {
				if !cases.Long() && i%16 != 0 {
					continue
				}
				less, more := slices.Clone(data), slices.Clone(data)
				less[i]--
				more[i]++
				for _, edited := range [][]byte{less, more, data[:i]} {
					n++
					if n%97 == 0 || !isMapped(edited) {
						openedAsLoaded(t, edited, openFile(t, edited))
						files++
					}
					if isMapped(edited) {
						openedAsLoaded(t, edited, unpkl.OpenBytes(slices.Clone(edited)))
					}
				}
			}
		})
	}
	if n < 500 || files == 0 {
		t.Errorf("only %d, %d files", n, files)
	}
}

// isMapped reports whether Open maps a file that holds data, whatever else it holds.
func isMapped(data []byte) bool {
	return compress.Detect(data[:min(len(data), compress.HeadSize)]) == compress.Plain &&
		string(data[:min(len(data), len(magic.Zip))]) != magic.Zip
}

// openFile opens a file that holds data until the test is over.
func openFile(t *testing.T, data []byte) *unpkl.File {
	t.Helper()
	f, err := unpkl.Open(cases.WriteTemp(t, data))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// openedAsLoaded compares the errors, if there are any, of a mapped file and of its bytes.
func openedAsLoaded(t *testing.T, data []byte, f *unpkl.File) {
	t.Helper()
	_, err1 := unpkl.LoadBytes(data)
	if _, err2 := f.Load(); (err1 == nil) != (err2 == nil) {
		t.Errorf("%q: Load %v, Open %v", data, err1, err2)
	}
}
