package pickle

import (
	"os"
	"strings"
	"testing"
)

// TestPython3 compares names with CPython's tables, for those old names that Python 3 does not
// have.
func TestPython3(t *testing.T) {
	data, err := os.ReadFile("testdata/compat_pickle.txt")
	if err != nil {
		t.Fatal(err)
	}
	// Python 3 has modules with these names too.
	kept := map[string]bool{"multiprocessing": true, "_elementtree": true, "dbm": true}
	n := 0
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if f[0] == "#" || kept[f[0]] {
			continue
		}
		n++
		old, want := Global{f[0], f[1]}, Global{f[2], f[3]}
		if got := old.Python3(); got != want {
			t.Errorf("%s is %s, want %s", old, got, want)
		}
		if got := want.Python3(); got != want {
			t.Errorf("%s is %s", want, got)
		}
	}
	if n < 100 {
		t.Errorf("only %d names", n)
	}
}
