package unpkl_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
)

// TestOptionsOfTheOtherSide: an option for writing is an error of everything that reads, and the
// other way round.
func TestOptionsOfTheOtherSide(t *testing.T) {
	data, err := unpkl.Marshal(1)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "one.pkl")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	writing, reading := unpkl.WithProtocol(2), unpkl.WithStrict()
	var v any
	for name, do := range map[string]func() error{
		"Load": func() error {
			_, err := unpkl.Load(bytes.NewReader(data), writing)
			return err
		},
		"LoadBytes": func() error { _, err := unpkl.LoadBytes(data, reading, writing); return err },
		"LoadFile":  func() error { _, err := unpkl.LoadFile(path, writing); return err },
		"Unmarshal": func() error { return unpkl.Unmarshal(data, &v, writing) },
		"Open":      func() error { _, err := unpkl.Open(path, writing); return err },
		"Decoder": func() error {
			return unpkl.NewDecoder(bytes.NewReader(data), writing).Decode(&v)
		},
	} {
		if err := do(); err == nil || !strings.Contains(err.Error(),
			"WithProtocol is an option for writing") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, do := range map[string]func() error{
		"Marshal": func() error { _, err := unpkl.Marshal(1, reading); return err },
		"Encoder": func() error {
			return unpkl.NewEncoder(io.Discard, writing, reading).Encode(1)
		},
		"WriteFile": func() error { return unpkl.WriteFile(path, 2, reading) },
	} {
		if err := do(); err == nil || !strings.Contains(err.Error(),
			"WithStrict is an option for reading") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v, err := unpkl.LoadFile(path); v != 1 || err != nil {
		t.Errorf("the file is %v, %v", v, err)
	}
}
