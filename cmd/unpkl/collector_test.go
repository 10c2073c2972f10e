package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// setting has the last parameters of a collector and the number of times that it was set.
type setting struct {
	percent int
	limit   int64
	times   int
}

func recording() (*collector, *setting) {
	s := &setting{}
	return &collector{set: func(percent int, limit int64) {
		*s = setting{percent, limit, s.times + 1}
	}}, s
}

func zippedText(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestCollector checks the collector's parameters for each command by the size of its input, which
// is a file, standard input that is a file, or a pipe.
func TestCollector(t *testing.T) {
	array := func(n int) string { // bytes of n bytes in a pickle
		return "\x80\x03B" + string([]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}) +
			strings.Repeat("x", n) + "."
	}
	document := func(n int) string { return `"` + strings.Repeat("x", n-2) + `"` }
	none := int64(math.MaxInt64)
	for _, tt := range []struct {
		name, in, doc string
		percent       int
		limit         int64
	}{
		{"small", array(100), document(108), 400, 48 << 20},
		{"2 MiB", array(2<<20 - 8), document(2 << 20), 40, 96 << 20},
		{"8 MiB", array(8<<20 - 8), document(8 << 20), 200, 384 << 20},
		{"compressed", zippedText(t, array(9<<20)), "", 40, none},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path, doc := filepath.Join(t.TempDir(), "in"), filepath.Join(t.TempDir(), "doc")
			for name, data := range map[string]string{path: tt.in, doc: tt.doc} {
				if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for _, args := range [][]string{
				{"to-json", path}, {"dis", path}, {"audit", path}, {"repickle", path, os.DevNull},
				{"pack", "-o", os.DevNull, doc},
			} {
				if args[0] == "pack" && tt.doc == "" {
					continue
				}
				for _, way := range []string{"file", "standard input", "pipe"} {
					c, got := recording()
					s := &streams{out: io.Discard, err: os.Stderr, gc: c}
					line := append([]string(nil), args...)
					for i, arg := range line {
						if (arg == path || arg == doc) && way != "file" {
							f, err := os.Open(arg)
							if err != nil {
								t.Fatal(err)
							}
							defer f.Close()
							line[i], s.in = "-", f
							if way == "pipe" {
								s.in = io.MultiReader(f)
							}
						}
					}
					if status := s.run(line); status != 0 {
						t.Fatalf("%v from a %s: status %d", args, way, status)
					}
					// the parameters stay as they were
					small := way == "pipe" && got.times == 0 && tt.name == "small"
					if !small && (got.percent != tt.percent || got.limit > tt.limit ||
						got.limit < tt.limit*3/4) {
						t.Errorf("%s from a %s: GOGC %d, limit %d MiB, want %d, %d MiB", args[0],
							way, got.percent, got.limit>>20, tt.percent, tt.limit>>20)
					}
					if way != "pipe" && got.limit != tt.limit || got.times > 20 {
						t.Errorf("%s from a %s: limit %d, set %d times, want %d", args[0], way,
							got.limit, got.times, tt.limit)
					}
				}
			}
		})
	}
}

// TestCollectorSeveral adds up the files of one command.
func TestCollectorSeveral(t *testing.T) {
	c, got := recording()
	path := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(path, bytes.Repeat([]byte("N"), 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	c.file(path)
	c.file(path)
	if *got != (setting{200, 6 * 48 << 20, 2}) {
		t.Errorf("set to %+v", *got)
	}
	c.file(filepath.Join(t.TempDir(), "missing"))
	c.file(t.TempDir())
	if got.times != 2 {
		t.Errorf("set %d times", got.times)
	}
}
