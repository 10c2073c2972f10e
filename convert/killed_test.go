//go:build linux || darwin

package convert_test

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
)

// writerVariable is set in a child process that writes a file again and again.
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

// written are file names in every format that is written as one file.
var written = strings.Fields("x.npz x.h5 x.safetensors x.pkl x.pkl.gz x.joblib x.db x.npy " +
	"x.raw x.csv x.tsv x.txt x.json x.jsonl x.feather x.parquet x.pt")

// valueFor returns an array of equal numbers in the form that a file of that name can hold.
func valueFor(name string, x float64, n int) (any, error) {
	data := make([]float64, n)
	for k := range data {
		data[k] = x
	}
	a, err := ndarray.FromSlice(data, n/200, 200)
	switch filepath.Ext(name) {
	case ".npy", ".raw", ".csv", ".tsv", ".txt", ".feather", ".parquet":
		return a, err
	case ".jsonl": // a number a line
		return data, err
	}
	return map[string]any{"a": a}, err
}

// writeForEver writes arrays, each of one number, until it is killed or fails.
func writeForEver(path string) {
	for i := 0; ; i++ {
		v, err := valueFor(path, float64(i), 200_000)
		if err == nil {
			err = convert.Write(path, v, convert.WithLossy())
		}
		if err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(3)
		}
	}
}

// isWhole returns an error unless a file holds one of the arrays of writeForEver.
func isWhole(path string) error {
	v, err := convert.Read(path)
	if err != nil {
		return err
	}
	n, first := 0, math.NaN()
	for x := range numbers(v) {
		if n++; n == 1 {
			first = x
		}
		if x != first {
			return errors.New("two arrays in one")
		}
	}
	if n != 200_000 {
		return fmt.Errorf("%d numbers", n)
	}
	return nil
}

// numbers yields all numbers in a value.
func numbers(v any) iter.Seq[float64] {
	return func(yield func(float64) bool) {
		switch v := v.(type) {
		case map[string]any:
			for _, item := range v {
				for x := range numbers(item) {
					if !yield(x) {
						return
					}
				}
			}
		case []any:
			for _, item := range v {
				for x := range numbers(item) {
					if !yield(x) {
						return
					}
				}
			}
		case *frame.Frame:
			for _, c := range v.Columns {
				for x := range numbers(c.Values) {
					if !yield(x) {
						return
					}
				}
			}
		case *ndarray.Array:
			data, err := ndarray.Values[float64](v)
			for _, x := range data {
				if err != nil || !yield(x) {
					return
				}
			}
		case float64:
			yield(v)
		case int:
			yield(float64(v))
		case int64:
			yield(float64(v))
		}
	}
}

// TestKilled kills a process while it writes: the file is complete, either the old or the new one.
func TestKilled(t *testing.T) {
	rounds := 2
	if testing.Short() {
		rounds = 1
	}
	for _, name := range written {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), name)
			v, err := valueFor(name, 0.5, 200_000)
			if err := errors.Join(err, convert.Write(path, v, convert.WithLossy())); err != nil {
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
					t.Error(err)
				}
			}
		})
	}
}

// TestDiskFull writes a file that may have at most 1 MB: the old file stays, and no other is left.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	for _, name := range written {
		if name == "x.pkl.gz" || name == "x.parquet" || name == "x.pt" {
			continue // equal numbers take less room, or float64 is written as it is in memory
		}
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		v, err := valueFor(name, 0.5, 200)
		if err := errors.Join(err, convert.Write(path, v, convert.WithLossy())); err != nil {
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
			!strings.Contains(string(out), "file too large") &&
				!strings.Contains(string(out), "disk I/O error") { // SQLite's
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
