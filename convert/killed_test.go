//go:build linux || darwin

package convert_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/ndarray"
)

// writerVariable is set in a process that only writes a file again and again.
const writerVariable = "UNPKL_TEST_WRITER"

func TestMain(m *testing.M) {
	if path := os.Getenv(writerVariable); path != "" {
		writeForEver(path)
	}
	if from, to, ok := strings.Cut(os.Getenv(convertVariable), "\n"); ok {
		convertOnce(from, to)
	}
	os.Exit(m.Run())
}

// writeForEver writes arrays of one number each, until it is killed or fails.
func writeForEver(path string) {
	for i := 0; ; i++ {
		data := make([]float64, 200_000)
		for k := range data {
			data[k] = float64(i)
		}
		a, err := ndarray.FromSlice(data, 1000, 200)
		if err != nil {
			panic(err)
		}
		if err := convert.Write(path, map[string]any{"a": a}, convert.WithLossy()); err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(3)
		}
	}
}

// isWhole reports whether a file holds one of the arrays of writeForEver.
func isWhole(path string) error {
	v, err := convert.Read(path)
	if err != nil {
		return err
	}
	a, ok := v.(map[string]any)["a"].(*ndarray.Array)
	if !ok || a.Size() != 200_000 {
		return errors.New("no whole array")
	}
	stats, err := a.Stats()
	if err == nil && stats.Min != stats.Max {
		err = errors.New("two arrays in one")
	}
	return err
}

// TestKilled kills a process that writes at some moment: the file is whole, old or new.
func TestKilled(t *testing.T) {
	t.Parallel()
	rounds := 6
	if testing.Short() {
		rounds = 1
	}
	for _, name := range []string{"x.npz", "x.h5", "x.safetensors", "x.pkl", "x.db"} {
		path := filepath.Join(t.TempDir(), name)
		if err := convert.Write(path, map[string]any{"a": mustSlice(t, make([]float64, 200_000),
			1000, 200)}); err != nil {
			t.Fatal(err)
		}
		for range rounds {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), writerVariable+"="+path)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(30+rand.IntN(120)) * time.Millisecond)
			cmd.Process.Kill()
			cmd.Wait()
			if err := isWhole(path); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestDiskFull writes where a file may have 1 MB: the old one stays, and nothing else.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"x.npz", "x.h5", "x.safetensors", "x.pkl", "x.json"} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		if err := convert.Write(path, map[string]any{"a": mustSlice(t, make([]float64, 1),
			1)}); err != nil {
			t.Fatal(err)
		}
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("sh", "-c", `ulimit -f 1000; trap "" XFSZ; exec "$0"`, os.Args[0])
		cmd.Env = append(os.Environ(), writerVariable+"="+path)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 3 ||
			!strings.Contains(string(out), "file too large") {
			t.Errorf("%s: %v: %s", name, err, out)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
			t.Errorf("%s: %d bytes became %d, %v", name, len(before), len(after), err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("%s: %v", name, entries)
		}
	}
}
