package unpkl_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
)

// TestValueKeepsAll: a Value that is read and written again is the same pickle, byte for byte where
// the object tree is, and a change that is undone leaves nothing behind.
func TestValueKeepsAll(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/py313-np2/*.p4.pkl")
	if err != nil || len(files) < 50 {
		t.Fatal(len(files), err)
	}
	for _, path := range files {
		data := readFile(t, path)
		v, err := unpkl.ReadValue(data)
		if err != nil {
			t.Logf("%s: %v", path, err) // out-of-band buffers and the like
			continue
		}
		obj, err := unpkl.LoadBytes(data, unpkl.WithObjects())
		if err != nil {
			t.Fatal(err)
		}
		want, err := unpkl.Marshal(obj)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Get(""); err != nil && !errors.Is(err, unpkl.ErrCycle) &&
			!errors.Is(err, unpkl.ErrKey) {
			t.Errorf("%s: %v", path, err)
		}
		got, err := unpkl.Marshal(v)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if string(got) != string(want) {
			t.Errorf("%s: another pickle", path)
		}
	}
}

// editScript makes a value in Python, and says what it is after the same changes there.
const editScript = `
import collections, pickle, sys
import numpy as np
class Model:
    pass
sys.modules['shop'] = sys.modules['__main__']; Model.__module__ = 'shop'
def make():
    m = Model(); m.coef = np.arange(3.0); m.name = 'old'; m.gone = 1
    shared = [1, (2, 3)]
    return {'m': m, 'a': shared, 'b': shared, 3: 'three', 't': (1, 2), 'o': collections.OrderedDict(x=1, y=2),
            'big': np.zeros((2, 2), 'i4'), 's': {1, 2}}
if sys.argv[1] == 'make':
    pickle.dump(make(), open(sys.argv[2], 'wb'), 4)
else:
    got, want = pickle.load(open(sys.argv[2], 'rb')), make()
    want['m'].coef[1] = 9.5; want['m'].name = 'new'; del want['m'].gone; want['m'].more = [True]
    want['a'][0] = 10; want['a'].append(None); want[3] = 'drei'; del want['t']; want['t2'] = (1, 'x')
    want['o']['x'] = 'first'; del want['o']['y']; want['big'][1, 0] = -7
    assert list(got) == list(want), (list(got), list(want))
    assert got['a'] is got['b'] and got['a'] == want['a'], got['a']
    assert type(got['o']) is collections.OrderedDict and got['o'] == want['o']
    for k in (3, 't2', 's'):
        assert got[k] == want[k] and type(got[k]) is type(want[k]), (k, got[k])
    assert got['big'].dtype == np.dtype('i4') and (got['big'] == want['big']).all()
    g, w = got['m'].__dict__, want['m'].__dict__
    assert list(g) == list(w) and g['coef'].tolist() == w['coef'].tolist() and g['name'] == 'new' and g['more'] == [True], g
    print('equal')
`

// TestInteropValue makes changes here and in Python, which finds them equal.
func TestInteropValue(t *testing.T) {
	python := os.Getenv("UNPKL_PYTHON")
	if python == "" {
		t.Skip("UNPKL_PYTHON names no Python")
	}
	path := filepath.Join(t.TempDir(), "value.pkl")
	if out, err := exec.Command(python, "-c", editScript, "make",
		path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	v, err := unpkl.ReadValue(readFile(t, path))
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []error{
		v.Set("/m/coef/1", 9.5), v.Set("/m/name", "new"), v.Delete("/m/gone"),
		v.Set("/m/more", []any{true}),
		v.Set("/a/0", 10), v.Set("/b/-", nil), v.Set("/3", "drei"), v.Delete("/t"),
		v.Set("/t2", [2]any{1, "x"}),
		v.Set("/o/x", "first"), v.Delete("/o/y"), v.Set("/big/1,0", -7),
	} {
		if change != nil {
			t.Error(change)
		}
	}
	if err := unpkl.WriteFile(path, v); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "-c", editScript, "check", path).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "equal") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestValueErrors(t *testing.T) {
	t.Parallel()
	v, err := unpkl.ReadValue(readFile(t, "testdata/py313-np2/example_regions.p4.pkl"))
	if err != nil {
		t.Fatal(err)
	}
	before, err := unpkl.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	for ptr, kind := range map[string]error{
		"/nowhere/x": unpkl.ErrNotFound, "/regions/99": unpkl.ErrNotFound,
		"/regions/0/values/999": unpkl.ErrNotFound,
		"/regions/0/values/x":   unpkl.ErrReadOnly, "/regions/x": unpkl.ErrNotFound,
	} {
		if err := v.Set(ptr, 1); !errors.Is(err, kind) {
			t.Errorf("Set %s: %v", ptr, err)
		}
		if err := v.Delete(ptr); err == nil {
			t.Errorf("Delete %s: no error", ptr)
		}
	}
	if err := v.Set("no pointer", 1); err == nil {
		t.Error("a pointer without a slash")
	}
	if after, err := unpkl.Marshal(v); err != nil || string(after) != string(before) {
		t.Errorf("changed by errors: %v", err)
	}
}

func ExampleValue() {
	data, err := unpkl.Marshal(map[string]any{"rate": 0.1, "layers": []any{64, 32},
		"note": "draft"})
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := unpkl.ReadValue(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	rate, err := v.Get("/rate")
	fmt.Println(rate, err)
	fmt.Println(v.Set("/layers/-", 16), v.Delete("/note"))
	all, err := v.Get("")
	fmt.Println(all, err)
	// Output:
	// 0.1 <nil>
	// <nil> <nil>
	// map[layers:[64 32 16] rate:0.1] <nil>
}
