package reconstruct_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame/arrowframe" // which reads polars too
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/torch"
)

// TestInteropLibraryValues loads the many values of scripts/library_values.py, shows them as JSON
// and writes them again; their own libraries find the two equal.
func TestInteropLibraryValues(t *testing.T) {
	list := filepath.SplitList(os.Getenv("UNPKL_LIBRARY_PYTHONS"))
	if len(list) == 0 {
		t.Skip("UNPKL_LIBRARY_PYTHONS names no interpreters")
	}
	script, err := filepath.Abs(filepath.Join("..", "scripts", "library_values.py"))
	if err != nil {
		t.Fatal(err)
	}
	for _, python := range list {
		t.Run(filepath.Base(filepath.Dir(filepath.Dir(python))), func(t *testing.T) {
			folder := t.TempDir()
			if out, err := exec.Command(python, append([]string{"-W", "ignore", script,
				folder}, strings.Fields(os.Getenv("UNPKL_LIBRARIES"))...)...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			files, err := filepath.Glob(filepath.Join(folder, "*.pkl"))
			if err != nil || len(files) < 20 {
				t.Fatalf("%d values, %v", len(files), err)
			}
			for _, way := range []string{"plain", "typed", "objects", "saved"} {
				n := 0
				for _, path := range files {
					if err := writeAgain(path, way); err == nil {
						n++
					} else if !errors.Is(err, errNotAsked) {
						t.Errorf("%s, %s: %v", filepath.Base(path), way, err)
					}
				}
				out, err := exec.Command(python, script, "--compare", folder).Output()
				if want := fmt.Sprintf("done %d\n", n); err != nil || string(out) != want {
					t.Errorf("%v, %s: %s", err, way, out)
				}
			}
		})
	}
}

// errNotAsked is of a file that a way of writing again is not for.
var errNotAsked = errors.New("not asked")

// writeAgain writes what a file holds into one beside it: its plain value, what is pyarrow's as
// Arrow's own, the objects, or what is PyTorch's as torch.save does.
func writeAgain(path, way string) error {
	again := strings.TrimSuffix(path, ".pkl") + ".again.pkl"
	if err := os.Remove(again); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	library, _, _ := strings.Cut(filepath.Base(path), "-")
	exact := library == "torch" || strings.HasPrefix(library, "python_")
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	protocol := 4
	if n := strings.LastIndex(path, ".p"); n > 3 && strings.HasSuffix(path[:n-1], ".p") {
		protocol = int(path[n-1] - '0')
	}
	var opts []unpkl.Option
	if way == "objects" || way == "saved" {
		opts = append(opts, unpkl.WithObjects(), unpkl.WithEncoding(pickle.EncodingKeep))
	}
	v, err := unpkl.LoadBytes(data, opts...)
	if err != nil {
		return ignored(err)
	}
	switch {
	case exact && len(opts) > 0:
		err = jsonval.NewEncoder(io.Discard, jsonval.Options{}).Encode(v)
	case !exact:
		_, err = json.Marshal(v)
	}
	if err != nil {
		return fmt.Errorf("JSON: %w", err)
	}
	switch {
	case way == "plain" && exact:
		// Plain values do not keep all that there is; they are written even so.
		_, err := unpkl.Marshal(v, unpkl.WithProtocol(protocol))
		if ignored(err) != errNotAsked && err != nil {
			return fmt.Errorf("marshal %T: %w", v, err)
		}
		return errNotAsked
	case way == "typed":
		if library != "pyarrow" {
			return errNotAsked
		}
		var whole arrowframe.Pickled
		if err = unpkl.Unmarshal(data, &whole); err == nil {
			v = whole
		} else if !errors.Is(err, pickle.ErrUnsupported) {
			return err
		}
	case way == "saved":
		if library != "torch" {
			return errNotAsked
		}
		var b bytes.Buffer
		if err := torch.Save(&b, v); err != nil {
			return fmt.Errorf("save %T: %w", v, err)
		}
		return os.WriteFile(again, b.Bytes(), 0o600)
	}
	if data, err = unpkl.Marshal(v, unpkl.WithProtocol(protocol)); err != nil {
		return fmt.Errorf("marshal %T: %w", v, err)
	}
	return os.WriteFile(again, data, 0o600)
}

// ignored is errNotAsked where an error says that a value holds itself, which a plain value cannot.
func ignored(err error) error {
	if errors.Is(err, unpkl.ErrCycle) {
		return errNotAsked
	}
	return err
}
