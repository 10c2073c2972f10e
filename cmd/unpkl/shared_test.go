package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/cases"
	"github.com/unpkl/unpkl/ndarray"
)

// sharedFiles returns small pickles that refer to the same parts many times, by name.
func sharedFiles(t *testing.T) map[string]string {
	t.Helper()
	const many = 20_000
	fill := func(v any) *types.List { return cases.Repeated(v, many) }
	array, err := ndarray.FromSlice(make([]float64, 1<<17))
	if err != nil {
		t.Fatal(err)
	}
	arrays, record, texts := types.NewDict(), types.NewDict(), types.NewDict()
	for i := range many / 10 {
		arrays.Set("k"+strconv.Itoa(i), array)
	}
	for i := range many / 2 {
		record.Set("k"+strconv.Itoa(i), i)
	}
	texts.Set("t", fill(strings.Repeat("a", 1<<20)))
	var nested any = &types.List{1, 2}
	for range 40 {
		nested = &types.List{nested, nested}
	}
	files := map[string]string{}
	for name, v := range map[string]any{"arrays": arrays, "records": fill(record), "texts": texts,
		"nested": nested, "rows": fill(fill(1))} {
		data, err := unpkl.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = cases.WriteTemp(t, data)
	}
	return files
}

// TestSharedParts: commands look at a part once however often a file refers to it, or write
// references to it, or refuse it. Without that each of these lines takes minutes.
func TestSharedParts(t *testing.T) {
	t.Parallel()
	files := sharedFiles(t)
	for _, c := range []struct {
		file, line string
		status     int
		has        string // in the output, or in the error
	}{
		{"arrays", "checksum FILE", 0, "FILE#/k1999"},
		{"arrays", "stats FILE", 0, "/k1999"},
		{"arrays", "stats --json FILE", 0, `"count":131072`},
		{"records", "head -n 1 FILE", 0, "of 20,000 rows"},
		{"records", "stats FILE", statusFailed, "Expansion"},
		{"rows", "stats FILE", statusFailed, "Expansion"},
		{"texts", "stats --json FILE", 0, `"count":20000,"missing":0,"distinct":1`},
		{"texts", "diff FILE FILE", 0, ""},
		{"texts", "get FILE", statusFailed, "larger than 1.0 GiB as JSON"},
		{"nested", "get FILE", 0, `"$ref"`},
		{"nested", "head --json FILE", 0, `"$ref"`},
	} {
		path := files[c.file]
		args := strings.Fields(strings.ReplaceAll(c.line, "FILE", path))
		status, out, errText := command("", args...)
		if has := strings.ReplaceAll(c.has, "FILE", path); status != c.status ||
			!strings.Contains(out, has) && !strings.Contains(errText, has) {
			t.Errorf("%s of %s: status %d, %.200s %.200s", c.line, c.file, status, out, errText)
		}
	}
}

// TestVerifyShared: a specification has the checksum and the bounds of an array under each of its
// names, and the file meets it.
func TestVerifyShared(t *testing.T) {
	t.Parallel()
	path := sharedFiles(t)["arrays"]
	spec := filepath.Join(t.TempDir(), "spec.yaml")
	mustRun(t, "", "verify", "--write", "--sums=md5", path, spec)
	mustRun(t, "", "verify", path, spec)
	data, err := os.ReadFile(spec)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Count(data, []byte("md5: ")) != 2000 {
		t.Errorf("%d checksums", bytes.Count(data, []byte("md5: ")))
	}
}
