package filter

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// oracle is a chunk that a real library wrote, and what it reads from the chunk.
type oracle struct {
	Name        string
	Filters     [][3]json.RawMessage
	Mask        uint32
	Chunk, Want []byte
}

func (o *oracle) filters(t testing.TB) []Filter {
	t.Helper()
	var filters []Filter
	for _, raw := range o.Filters {
		var f Filter
		for i, v := range []any{&f.ID, &f.Optional, &f.Params} {
			if err := json.Unmarshal(raw[i], v); err != nil {
				t.Fatal(err)
			}
		}
		filters = append(filters, f)
	}
	return filters
}

// readOracles reads the file that scripts/gen_hdf5_filters.py wrote.
func readOracles(t testing.TB, r io.Reader, each func(o *oracle)) int {
	t.Helper()
	n := 0
	for d := json.NewDecoder(bufio.NewReaderSize(r, 1<<16)); ; n++ {
		var o oracle
		if err := d.Decode(&o); err == io.EOF {
			return n
		} else if err != nil {
			t.Fatal(err)
		}
		each(&o)
	}
}

func keptOracles(t testing.TB, each func(o *oracle)) int {
	t.Helper()
	f, err := os.Open("../../testdata/hdf5/filters.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return readOracles(t, z, each)
}

func checkOracle(t testing.TB, o *oracle) bool {
	t.Helper()
	filters := o.filters(t)
	got, err := Decode(nil, filters, o.Mask, o.Chunk, len(o.Want))
	if err != nil || !bytes.Equal(got, o.Want) {
		t.Errorf("%s: %v, error %v\n got %.40x\nwant %.40x", o.Name, filters, err, got, o.Want)
		return false
	}
	return true
}

func TestKeptChunks(t *testing.T) {
	n := keptOracles(t, func(o *oracle) { checkOracle(t, o) })
	if n < 1000 {
		t.Errorf("%d chunks", n)
	}
}

// TestLiveChunks compares with the libraries that are installed: for some of the generator's cases,
// or for all cases in the file that UNPKL_HDF5_FILTERS names.
func TestLiveChunks(t *testing.T) {
	path := os.Getenv("UNPKL_HDF5_FILTERS")
	if path == "" {
		python := os.Getenv("UNPKL_HDF5_PYTHON")
		if python == "" {
			t.Skip("UNPKL_HDF5_PYTHON is not set")
		}
		path = filepath.Join(t.TempDir(), "filters.jsonl")
		cmd := exec.Command(python, "../../../scripts/gen_hdf5_filters.py",
			"--all", path, "--every", "97")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	good, bad := map[string]int{}, map[string]int{}
	readOracles(t, f, func(o *oracle) {
		kind, _, _ := strings.Cut(o.Name, "/")
		kind, _, _ = strings.Cut(kind, "-")
		if bad[kind] > 5 {
			return
		}
		if checkOracle(t, o) {
			good[kind]++
		} else {
			bad[kind]++
		}
	})
	t.Logf("equal: %v; different: %v", good, bad)
}
