package frame_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
)

// TestString compares tables as text with what pandas prints of them.
func TestString(t *testing.T) {
	files, err := filepath.Glob("testdata/text/*.pkl")
	if err != nil || len(files) < 14 {
		t.Fatal(len(files), err)
	}
	for _, path := range files {
		v, err := unpkl.LoadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(strings.TrimSuffix(path, "pkl") + "txt")
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(v); got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
		}
	}
}
