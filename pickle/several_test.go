package pickle_test

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/pickle"
)

// TestSeveralToTheEnd reads pickles one after another from every kind of reader. After the last one
// every Load must return io.EOF.
func TestSeveralToTheEnd(t *testing.T) {
	for n := 1; n <= 3; n++ {
		input := strings.Repeat("\x80\x04K\x07.", n)
		path := filepath.Join(t.TempDir(), "several.pkl")
		if err := os.WriteFile(path, []byte(input), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		for name, u := range map[string]*pickle.Unpickler{
			"slice":          pickle.NewUnpicklerBytes([]byte(input)),
			"strings.Reader": pickle.NewUnpickler(strings.NewReader(input)),
			"bytes.Reader":   pickle.NewUnpickler(bytes.NewReader([]byte(input))),
			"bytes.Buffer":   pickle.NewUnpickler(bytes.NewBufferString(input)),
			"bufio.Reader":   pickle.NewUnpickler(bufio.NewReader(strings.NewReader(input))),
			"io.Reader":      pickle.NewUnpickler(io.MultiReader(strings.NewReader(input))),
			"os.File":        pickle.NewUnpickler(file),
		} {
			for i := range n + 2 {
				v, err := u.Load()
				if i < n && (v != any(7) || err != nil) || i >= n && err != io.EOF {
					t.Errorf("%s of %d pickles, load %d: %v, error %v", name, n, i, v, err)
				}
				if got, want := u.InputOffset(), int64(5*min(i+1, n)); got != want {
					t.Errorf("%s of %d pickles, load %d: offset %d, want %d", name, n, i, got, want)
				}
			}
		}
	}
}
