package main

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
)

// randomValues returns the number of values for TestInteropRandom, which UNPKL_RANDOM sets. It is
// 2,000 in make interop.
func randomValues(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("UNPKL_RANDOM"))
	if err != nil {
		return 200
	}
	return n
}

// TestInteropRandom compares to-json, --refs, --lossless with pack, repickle, and Load with Marshal
// of random values with the Python of UNPKL_PYTHON, which made the values: values of each kind,
// nested and shared, cycles, arrays of each dtype and order. See scripts/random_values.py.
func TestInteropRandom(t *testing.T) {
	python := os.Getenv("UNPKL_PYTHON")
	if python == "" {
		t.Skip("UNPKL_PYTHON names no Python")
	}
	script := filepath.Join("..", "..", "scripts", "random_values.py")
	dir, n := t.TempDir(), randomValues(t)
	const seed = "20240229"
	if out, err := exec.Command(python, script, "make", dir, strconv.Itoa(n),
		seed).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files, err := filepath.Glob(dir + "/*.pkl")
	if err != nil || len(files) != n {
		t.Fatal(len(files), err)
	}
	for i, path := range files {
		// Below protocol 5 NumPy forgets the byte order of an array that it reads, so what is
		// compared is of one protocol, that of the original.
		protocol := i % 6
		stem := strings.TrimSuffix(path, ".pkl")
		randomJSON(t, stem)
		mustRun(t, "", "repickle", path, stem+".r.pkl")
		rename(t, stem+".r.pkl", stem+".repickled")
		doc := mustRun(t, "", "to-json", "--lossless", "--indent=0", path)
		mustRun(t, doc, "pack", "--protocol", strconv.Itoa(protocol), "-o", stem+".p.pkl", "-")
		rename(t, stem+".p.pkl", stem+".packed")
		randomPlain(t, path, stem+".plain", protocol)
	}
	out, err := exec.Command(python, script, "check", dir).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// randomJSON compares to-json with what Python says it must print, also after following references.
func randomJSON(t *testing.T, stem string) {
	t.Helper()
	text, err := os.ReadFile(stem + ".json")
	if err != nil {
		return // no JSON in Python
	}
	var want, got, refs any
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	want = bareRefs(want)
	for _, c := range []struct {
		to   *any
		args []string
	}{{&got, []string{"to-json", "--arrays=values"}},
		{&refs, []string{"to-json", "--arrays=values", "--refs"}}} {
		if err := json.Unmarshal([]byte(mustRun(t, "", append(c.args, stem+".pkl")...)),
			c.to); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(bareRefs(got), want) {
		t.Errorf("%s: other JSON than Python's", stem)
	}
	if strings.Contains(string(text), "$ref") {
		return // a cycle, whose references are elsewhere
	}
	if full := bareRefs(follow(refs, refs, 0)); !reflect.DeepEqual(full, want) && want != nil {
		t.Errorf("%s: with --refs another document", stem)
	}
}

// bareRefs removes the URI escapes of references, which the script does not write, and the byte
// order of dtypes.
func bareRefs(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok && len(v) == 1 {
			if bare, err := url.PathUnescape(ref); err == nil {
				return map[string]any{"$ref": bare}
			}
		}
		for k, x := range v {
			v[k] = bareRefs(x)
			if dtype, ok := x.(string); ok && k == "dtype" {
				// NumPy forgets the order of some arrays that it reads.
				v[k] = strings.Replace(dtype, ">", "<", 1)
			}
		}
	case []any:
		for i, x := range v {
			v[i] = bareRefs(x)
		}
	}
	return v
}

// follow replaces references by the values that they refer to, in a document without cycles. A
// reference that leads nowhere becomes nil.
func follow(v, root any, depth int) any {
	const deepest = 200
	if depth > deepest {
		return nil
	}
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok && len(v) == 1 {
			target, ok := at(root, strings.TrimPrefix(ref, "#"))
			if !ok {
				return nil
			}
			return follow(target, root, depth+1)
		}
		out := map[string]any{}
		for k, x := range v {
			out[k] = follow(x, root, depth+1)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = follow(x, root, depth+1)
		}
		return out
	}
	return v
}

// at returns the value at a JSON pointer in the form of a URI fragment.
func at(v any, fragment string) (any, bool) {
	if fragment == "" {
		return v, true
	}
	for _, token := range strings.Split(fragment[1:], "/") {
		token, err := url.PathUnescape(token)
		if err != nil {
			return nil, false
		}
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch x := v.(type) {
		case map[string]any:
			next, ok := x[token]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i >= len(x) {
				return nil, false
			}
			v = x[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// comparedElsewhere are fixtures of records with subarrays and objects, which as plain values are
// lists in lists and which random_values.py has no rules for; the tests of package plain do.
var comparedElsewhere = regexp.MustCompile(`^structured_(nested|objects)\.`)

// TestInteropPlainFixtures loads and marshals every fixture of the NumPy of UNPKL_PYTHON as plain
// values. For Python the result must equal the original, including everything in objects of
// classes.
func TestInteropPlainFixtures(t *testing.T) {
	python := os.Getenv("UNPKL_PYTHON")
	if python == "" {
		t.Skip("UNPKL_PYTHON names no Python")
	}
	out, err := exec.Command(python, "-c",
		"import numpy; print(numpy.__version__.split('.')[0])").Output()
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]string{"1": "py311-np126", "2": "py313-np2"}
	folder := folders[strings.TrimSpace(string(out))]
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", folder, "*.pkl"))
	if err != nil || len(files) < 100 {
		t.Fatal(len(files), err)
	}
	dir := t.TempDir()
	for _, path := range files {
		buffers, err := filepath.Glob(strings.TrimSuffix(path, ".pkl") + ".*.buf")
		if err != nil || len(buffers) > 0 || comparedElsewhere.MatchString(filepath.Base(path)) {
			continue // or out-of-band buffers, which the command has no option for
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, filepath.Base(path))
		if err := os.WriteFile(to, data, 0o600); err != nil {
			t.Fatal(err)
		}
		// Below protocol 5 NumPy forgets the byte order of an array that it reads.
		stem := strings.TrimSuffix(to, ".pkl")
		randomPlain(t, to, stem+".plain", int(stem[len(stem)-1]-'0'))
	}
	script := filepath.Join("..", "..", "scripts", "random_values.py")
	out, err = exec.Command(python, script, "check", dir).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// randomPlain writes the plain value of a file, unless it has none.
func randomPlain(t *testing.T, from, to string, protocol int) {
	t.Helper()
	v, err := unpkl.LoadFile(from, unpkl.WithAllowCycles())
	switch {
	case errors.Is(err, unpkl.ErrKey):
		return // keys that Go cannot tell apart
	case err != nil:
		t.Errorf("%s: %v", from, err)
		return
	}
	data, err := unpkl.Marshal(v, unpkl.WithProtocol(protocol))
	if err != nil {
		t.Errorf("%s: %v", from, err)
		return
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
