package arrowframe_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/google/go-cmp/cmp"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/frame/arrowframe"
	"github.com/unpkl/unpkl/pickle"
)

const pickled = "../../testdata/arrowpickle/"

func loadObjects(t *testing.T, path string) any {
	t.Helper()
	v, err := unpkl.LoadFile(path, unpkl.WithObjects())
	if err != nil {
		t.Fatal(path, err)
	}
	return v
}

// jsonOf returns a value after a round trip through JSON.
func jsonOf(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// elementsOf returns the elements of a column in the form of to-json.
func elementsOf(t *testing.T, s *frame.Series) any {
	t.Helper()
	form := jsonOf(t, s).(map[string]any)["$series"].(map[string]any)
	return form["data"]
}

// TestPickledFixtures compares the plain values of objects of pyarrow and polars with what those
// libraries say.
func TestPickledFixtures(t *testing.T) {
	files, err := filepath.Glob(pickled + "*/*.pkl")
	if err != nil || len(files) < 40 {
		t.Fatal(len(files), err)
	}
	for _, path := range files {
		name := filepath.Base(path)
		if strings.HasPrefix(name, "types.") {
			continue
		}
		v, err := unpkl.LoadFile(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		var want, got any
		raw, err := os.ReadFile(path[:len(path)-len(".p2.pkl")] + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		switch v := v.(type) {
		case *frame.Frame:
			columns := map[string]any{}
			for _, c := range v.Columns {
				columns[c.Name.(string)] = elementsOf(t, c)
			}
			got = columns
		case *frame.Series:
			got = elementsOf(t, v)
		case *pickle.Object:
			if want != nil {
				t.Errorf("%s: an object of %s", name, v.ClassName())
			}
			continue
		default:
			got = jsonOf(t, v)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", path, diff)
		}
	}
}

// isOther reports whether a fixture does not hold exactly one value of Arrow's that can be written
// again.
func isOther(path string) bool {
	name := filepath.Base(path)
	return strings.HasPrefix(name, "polars") || strings.HasPrefix(name, "scalar") ||
		strings.HasPrefix(name, "types.")
}

// printed returns the text of a value of Arrow's with its elements.
func printed(v any) string {
	if c, ok := v.(*arrow.Chunked); ok {
		return fmt.Sprint(c.DataType(), c.Chunks())
	}
	return fmt.Sprint(v)
}

// TestPickledRoundTrip checks that values of Arrow's are equal after writing and reading them
// again.
func TestPickledRoundTrip(t *testing.T) {
	files, err := filepath.Glob(pickled + "*/*.pkl")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, path := range files {
		if isOther(path) {
			continue
		}
		first, err := arrowframe.FromPickle(loadObjects(t, path))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		data, err := unpkl.Marshal(arrowframe.Pickled{Value: first})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		var second arrowframe.Pickled
		if err := unpkl.Unmarshal(data, &second); err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if was, now := printed(first), printed(second.Value); was != now {
			t.Errorf("%s:\n%s\nis read again as\n%s", path, was, now)
		}
		n++
	}
	if n < 30 {
		t.Errorf("only %d files", n)
	}
}

// TestPickledLies falsifies the claims of an array, each of which must be an error without a value.
func TestPickledLies(t *testing.T) {
	change := func(i int, v any) func(*types.Tuple) {
		return func(d *types.Tuple) { (*d)[i] = v }
	}
	shorten := func(buffer int) func(*types.Tuple) {
		return func(d *types.Tuple) {
			buffers := (*d)[4].(*types.List)
			(*buffers)[buffer].(*pickle.Object).Args = []any{[]byte{1}}
		}
	}
	tests := []struct {
		name, file string
		change     func(*types.Tuple)
	}{
		{"longer than its buffer", "array", change(1, 100)},
		{"of negative length", "array", change(1, -1)},
		{"at an offset outside", "array", change(3, math.MaxInt32)},
		{"at a negative offset", "array", change(3, -1)},
		{"of a long length", "array", change(1, math.MaxInt)},
		{"without buffers", "array", change(4, &types.List{})},
		{"with children", "array", func(d *types.Tuple) {
			(*d)[5] = &types.List{types.NewTupleFromSlice(*d)}
		}},
		{"with short values", "array", shorten(1)},
		{"of many nulls", "nulls", change(1, math.MaxInt32)},
		{"of a text as type", "array", change(0, "int64")},
		{"without children", "nested", change(5, &types.List{})},
	}
	for _, tt := range tests {
		v := loadObjects(t, pickled+"py313-geo/"+tt.file+".p5.pkl")
		tt.change(v.(*pickle.Object).Args[0].(*types.Tuple))
		if got, err := arrowframe.FromPickle(v); !errors.Is(err, pickle.ErrMalformed) {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
	v := loadObjects(t, pickled+"py313-geo/chunked.p5.pkl").(*pickle.Object)
	chunk := (*v.Args[0].(*types.List))[0].(*pickle.Object)
	buffers := (*chunk.Args[0].(*types.Tuple))[4].(*types.List)
	(*buffers)[1].(*pickle.Object).Args = []any{bytes.Repeat([]byte{0x7f}, 64)}
	if got, err := arrowframe.FromPickle(v); !errors.Is(err, pickle.ErrMalformed) {
		t.Errorf("offsets of text outside it: %v, %v", got, err)
	}
}

// TestPolarsLies cuts the stream of a DataFrame at each byte, and changes each byte. The result
// must be a value or an error.
func TestPolarsLies(t *testing.T) {
	o := loadObjects(t, pickled+"py313-geo/polars_frame.p5.pkl").(*pickle.Object)
	stream := o.State.([]byte)
	for i := range stream {
		for _, changed := range [][]byte{stream[:i], append(append(bytes.Clone(stream[:i]),
			stream[i]^0xff), stream[i+1:]...)} {
			o.State = changed
			data, err := unpkl.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			v, err := unpkl.LoadBytes(data)
			if f, ok := v.(*frame.Frame); ok && err == nil {
				if err := f.Validate(); err != nil {
					t.Errorf("byte %d: %v", i, err)
				}
			}
		}
	}
}

// TestInteropObjects writes the Arrow values of every fixture, which pyarrow must find equal.
func TestInteropObjects(t *testing.T) {
	pythons := filepath.SplitList(os.Getenv("UNPKL_OBJECTS_PYTHONS"))
	if len(pythons) == 0 {
		t.Skip("UNPKL_OBJECTS_PYTHONS names no Python with pyarrow")
	}
	const same = `
import pickle, sys
def check(line, a, b):
    if type(a) is type(b) is dict:
        assert set(a) == set(b), (line, set(a) ^ set(b))
        for name in a:
            check(line + ' ' + name, a[name], b[name])
        return
    valid = not hasattr(b, 'validate') or b.validate() is None
    if type(a) is not type(b) or not a.equals(b) or not valid:
        sys.stdout.write('%s: %r is not %r\n' % (line, b, a))
for line in filter(None, sys.stdin.read().split('\n')):
    check(line, *(pickle.load(open(p, 'rb')) for p in line.split('\t')))
sys.stdout.write('done')
`
	for _, python := range pythons {
		env := filepath.Base(filepath.Dir(filepath.Dir(python)))
		files, err := filepath.Glob(pickled + env + "/*.pkl")
		if err != nil {
			t.Fatal(err)
		}
		folder, pairs := t.TempDir(), ""
		for _, path := range files {
			if isOther(path) && !strings.HasPrefix(filepath.Base(path), "types.") {
				continue
			}
			now := filepath.Join(folder, filepath.Base(path))
			if err := unpkl.WriteFile(now, pickledAgain(t, path)); err != nil {
				t.Fatal(path, err)
			}
			pairs += path + "\t" + now + "\n"
		}
		if pairs == "" {
			continue
		}
		cmd := exec.Command(python, "-c", same)
		cmd.Stdin = strings.NewReader(pairs)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if out, err := cmd.Output(); err != nil || string(out) != "done" {
			t.Errorf("%s: %v\n%s%s", env, err, out, stderr.Bytes())
		}
	}
}

// pickledAgain returns the value to write for a fixture: a value of Arrow's, or a dict of several.
func pickledAgain(t *testing.T, path string) any {
	t.Helper()
	convert := func(v any) any {
		value, err := arrowframe.FromPickle(v)
		if err != nil {
			t.Fatal(path, err)
		}
		return arrowframe.Pickled{Value: value}
	}
	v := loadObjects(t, path)
	all, ok := v.(*types.Dict)
	if !ok {
		return convert(v)
	}
	values := map[string]any{}
	for _, e := range *all {
		values[e.Key.(string)] = convert(e.Value)
	}
	return values
}

func ExampleFromPickle() {
	v, err := unpkl.LoadFile(pickled+"py313-geo/table.p5.pkl", unpkl.WithObjects())
	if err != nil {
		panic(err)
	}
	value, err := arrowframe.FromPickle(v)
	if err != nil {
		panic(err)
	}
	table := value.(arrow.Table)
	defer table.Release()
	fmt.Println(table.NumRows(), table.Column(0).Name(), table.Column(0).DataType())
	// Output: 3 i int8
}

func ExamplePickled() {
	data, err := os.ReadFile(pickled + "py313-geo/chunked.p5.pkl")
	if err != nil {
		panic(err)
	}
	var p arrowframe.Pickled
	if err := unpkl.Unmarshal(data, &p); err != nil {
		panic(err)
	}
	fmt.Println(p.Value.(*arrow.Chunked).Chunks())
	// pyarrow loads this as an equal ChunkedArray.
	again, err := unpkl.Marshal(p)
	fmt.Println(len(again) > 0, err)
	// Output:
	// [["a" "été" (null)]]
	// true <nil>
}
