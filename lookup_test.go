package unpkl_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/ndarray"
)

// jsonText returns the JSON of an object, or the error if there is none.
func jsonText(t *testing.T, v any) string {
	t.Helper()
	text, err := unpkl.JSONForTest(v)
	if err != nil {
		return err.Error()
	}
	return text
}

const mixFile = "testdata/command/mix.pkl"

// TestLookupIsPartOfLoad checks that the plain value of a part is equal to the part of the plain
// value.
func TestLookupIsPartOfLoad(t *testing.T) {
	f, err := unpkl.Open(mixFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	whole, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	m := whole.(map[any]any)
	for ptr, want := range map[string]any{
		"/records":        m["records"],
		"/records/3":      m["records"].([]any)[3],
		"/records/-1/id":  19,
		"/records/2:4":    m["records"].([]any)[2:4],
		"/records/2:4/1":  m["records"].([]any)[3],
		"/first":          []any{1, 2, 3},
		"/5":              "five",
		"/model/name":     "ridge",
		"/nested":         map[string]any{"a/b": map[string]any{"m~n": 5}, "": 1},
		"/pair":           []any{1, []any{2.5, nil}},
		"/masked/1":       nil,
		"/structured/0/t": "x",
		"/*/name":         []any{"ridge"},
		"/nested/*/m~0n":  []any{5},
		"/records/:3/*/w": []any{0.0, 1.0 / 3, 2.0 / 3},
		"/x/1,2":          6.0,
	} {
		got, err := f.Lookup(ptr)
		if err != nil {
			t.Errorf("%s: %v", ptr, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", ptr, diff)
		}
	}
}

func TestLookupErrors(t *testing.T) {
	f, err := unpkl.Open(mixFile)
	if err != nil {
		t.Fatal(err)
	}
	for ptr, want := range map[string]string{
		"/recrods":       "the nearest: /records",
		"/x/9":           "an array with 3 items along axis 0",
		"/records/99":    "a sequence of 20 items",
		"/big/a":         "an int, which has no parts",
		"/model/coef":    "the nearest: /model/coef_",
		"/records/*/nme": "the nearest: /records/0/name",
	} {
		_, err := f.Lookup(ptr)
		if !errors.Is(err, unpkl.ErrNotFound) || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: got %v, want %s", ptr, err, want)
		}
	}
	if _, err := f.Lookup("x"); err == nil || errors.Is(err, unpkl.ErrNotFound) {
		t.Errorf("without a '/': %v", err)
	}
	f.Close()
	if _, err := f.Lookup("/x"); !errors.Is(err, unpkl.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// TestLookupInArchive checks that a lookup in one member of an archive does not read the others,
// which may be damaged.
func TestLookupInArchive(t *testing.T) {
	data, err := os.ReadFile("testdata/command/arrays.npz")
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(data), "words.npy")
	at += strings.Index(string(data[at:]), "\x93NUMPY")
	copy(data[at+len("\x93NUMPY\x01\x00\x00\x00"):], "damaged!")
	path := filepath.Join(t.TempDir(), "damaged.npz")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := unpkl.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if v, err := f.Lookup("/x/2"); err != nil ||
		fmt.Sprint(v.(*ndarray.Array)) != "[ 8.  9. 10. 11.]" {
		t.Errorf("x: %v, %v", v, err)
	}
	if v, err := f.Lookup("/words"); err == nil {
		t.Errorf("the damaged member is %v", v)
	}
}

// TestLookupCycles checks that a cycle outside of the part is no error.
func TestLookupCycles(t *testing.T) {
	// x = []; {'cycle': x, 'n': 5} with x in itself
	const cyclic = "\x80\x04}(\x8c\x05cycle]\x94h\x00a\x8c\x01nK\x05u."
	f := unpkl.OpenBytes([]byte(cyclic))
	if _, err := f.Load(); !errors.Is(err, unpkl.ErrCycle) {
		t.Errorf("Load: %v", err)
	}
	if v, err := f.Lookup("/n"); err != nil || v != 5 {
		t.Errorf("/n: %v, %v", v, err)
	}
	if _, err := f.Lookup("/cycle"); !errors.Is(err, unpkl.ErrCycle) {
		t.Errorf("/cycle: %v", err)
	}
}

// FuzzLookup checks that no pointer and no pickle causes a panic, and that a lookup finds the same
// values in the objects of a slice and of a file.
func FuzzLookup(f *testing.F) {
	data, err := os.ReadFile(mixFile)
	if err != nil {
		f.Fatal(err)
	}
	for _, ptr := range []string{"/x/::-1,2", "/records/*/name", "/df/price/0:1", "/*/*/*",
		"/model/coef_/-1"} {
		f.Add(data, ptr)
	}
	f.Add([]byte("}(K\x01K\x02G?\xf0\x00\x00\x00\x00\x00\x00K\x03u."), "/1")
	f.Fuzz(func(t *testing.T, data []byte, ptr string) {
		file := unpkl.OpenBytes(data, unpkl.WithObjects())
		got, err := file.Lookup(ptr)
		whole, loadErr := file.Load()
		p, parseErr := pointer.Parse(ptr)
		if loadErr != nil || parseErr != nil || slices.Contains(p, pointer.All) {
			return
		}
		want, wantErr := lookup.NewReader(true).Values(whole, p)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: from cells %v, from objects %v", ptr, err, wantErr)
		}
		if err == nil && jsonText(t, got) != jsonText(t, want[0].Value) {
			t.Fatalf("%q: from cells %v, from objects %v", ptr, got, want[0].Value)
		}
	})
}
