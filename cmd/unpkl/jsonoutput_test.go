package main

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
)

// endsAfter is a writer that accepts a number of bytes and then fails, like a pipe whose reader has
// gone.
type endsAfter struct {
	left int
	got  bytes.Buffer
}

var errSeenEnough = errors.New("seen enough")

func (w *endsAfter) Write(p []byte) (int, error) {
	n := min(len(p), w.left)
	w.got.Write(p[:n])
	if w.left -= n; n < len(p) {
		return n, errSeenEnough
	}
	return n, nil
}

// TestStreams checks that a large document is written while it is encoded, in little memory, and
// that nothing is written if it cannot be encoded.
func TestStreams(t *testing.T) {
	t.Parallel()
	values := make([]float64, 2<<20)
	a, err := ndarray.FromSlice(values)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "large.pkl")
	if err := unpkl.WriteFile(path, a); err != nil {
		t.Fatal(err)
	}
	w := &endsAfter{left: 3 << 20}
	var stderr bytes.Buffer
	s := &streams{in: strings.NewReader(""), out: output{w: w}, err: &stderr}
	if status := s.run([]string{"to-json", "--arrays=values", "--indent=0", path}); status != 1 ||
		stderr.String() != "unpkl: standard output: seen enough\n" || w.got.Len() != 3<<20 {
		t.Errorf("status %d, %q, %d bytes", status, stderr.String(), w.got.Len())
	}
	mustFail(t, 1, "", "to-json", "--arrays=values", "--max-output=2MB", path)
	if got := mustRun(t, "", "to-json", "--arrays=values", "--indent=0",
		path); len(got) < 4*len(values) ||
		!strings.HasSuffix(got, "0.0]}}\n") {
		t.Errorf("%d bytes, the last are %q", len(got), got[max(len(got)-10, 0):])
	}
}
