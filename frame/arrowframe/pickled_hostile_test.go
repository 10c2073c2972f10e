package arrowframe_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
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

// pickledTypes has small arrays of pyarrow by the names of their types.
func pickledTypes(t *testing.T) *types.Dict {
	t.Helper()
	return loadObjects(t, filepath.Join(pickled, "py313-geo", "types.p5.pkl")).(*types.Dict)
}

// TestPickledTypes reads and writes an array of each type that is not in the other fixtures.
func TestPickledTypes(t *testing.T) {
	names := []string{}
	for _, e := range *pickledTypes(t) {
		names = append(names, e.Key.(string))
		value, err := arrowframe.FromPickle(e.Value)
		if err != nil {
			t.Errorf("%s: %v", e.Key, err)
			continue
		}
		data, err := unpkl.Marshal(arrowframe.Pickled{Value: value})
		if err != nil {
			t.Errorf("%s: %v", e.Key, err)
			continue
		}
		var again arrowframe.Pickled
		if err := unpkl.Unmarshal(data, &again); err != nil {
			t.Errorf("%s: %v", e.Key, err)
		} else if was, now := printed(value), printed(again.Value); was != now {
			t.Errorf("%s: %s is read again as %s", e.Key, was, now)
		}
	}
	want := []string{}
	text, err := os.ReadFile(filepath.Join(pickled, "py313-geo", "types.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	sorted := cmp.Transformer("set", func(list []string) map[string]bool {
		set := map[string]bool{}
		for _, x := range list {
			set[x] = true
		}
		return set
	})
	if diff := cmp.Diff(want, names, sorted); diff != "" {
		t.Error(diff)
	}
}

// liar changes one part of an array after another and calls check after each change.
type liar struct {
	data   *types.Tuple // (type, length, nulls, offset, buffers, children, dictionary)
	check  func(what string)
	prefix string
}

func (l liar) set(i int, v any, what string) {
	was := (*l.data)[i]
	(*l.data)[i] = v
	l.check(l.prefix + what)
	(*l.data)[i] = was
}

// counts changes the length, the null count and the offset.
func (l liar) counts() {
	for i, name := range map[int]string{1: "length", 2: "nulls", 3: "offset"} {
		n := (*l.data)[i].(int)
		for _, v := range []any{0, n - 1, n + 1, n + 7, 64, 1 << 20, 1 << 30, -1, -100, "1", nil} {
			if v != n {
				l.set(i, v, fmt.Sprintf("%s %v", name, v))
			}
		}
	}
}

// buffers removes buffers, shortens them, and changes their bytes, which makes offsets decrease or
// lie outside, and indices, type codes and views invalid.
func (l liar) buffers() {
	list := *(*l.data)[4].(*types.List)
	bytesOf := func(b []byte) any {
		return &pickle.Object{Class: pickle.Global{Module: "pyarrow.lib", Name: "py_buffer"},
			Args: []any{b}, Form: pickle.FormReduce}
	}
	for i, buffer := range list {
		put := func(v any, what string) {
			changed := append(types.List{}, list...)
			changed[i] = v
			l.set(4, &changed, fmt.Sprintf("buffer %d %s", i, what))
		}
		put(nil, "gone")
		put("text", "of text")
		put(bytesOf(bytes.Repeat([]byte{0xff}, 64)), "of ones")
		o, ok := buffer.(*pickle.Object)
		if !ok {
			continue
		}
		data := []byte(fmt.Sprintf("%s", o.Args[0]))
		put(bytesOf(nil), "empty")
		put(bytesOf(data[:len(data)/2]), "half")
		for _, fill := range []byte{0, 1, 0x7f, 0x80} {
			put(bytesOf(bytes.Repeat([]byte{fill}, len(data))), fmt.Sprintf("of %#x", fill))
		}
		for k := range data {
			for _, flip := range []byte{1, 0x80} {
				changed := bytes.Clone(data)
				changed[k] ^= flip
				put(bytesOf(changed), fmt.Sprintf("byte %d", k))
			}
		}
	}
	more := append(append(types.List{}, list...), nil)
	l.set(4, &more, "a buffer more")
	if len(list) > 0 {
		less := list[:len(list)-1]
		l.set(4, &less, "a buffer less")
	}
}

// children removes the children, reverses them and puts the array into itself.
func (l liar) children(others []any) {
	list := *(*l.data)[5].(*types.List)
	copied := types.NewTupleFromSlice(append([]any{}, *l.data...))
	more := append(append(types.List{}, list...), copied)
	l.set(5, &more, "itself as a child")
	if len(list) > 0 {
		less := list[:len(list)-1]
		l.set(5, &less, "a child less")
	}
	if len(list) > 1 {
		l.set(5, &types.List{list[1], list[0]}, "children turned round")
	}
	if (*l.data)[6] != nil {
		l.set(6, nil, "no dictionary")
	} else {
		l.set(6, copied, "itself as a dictionary")
	}
	for i, typ := range others {
		l.set(0, typ, fmt.Sprintf("type %d", i))
	}
}

// eachArray calls f with the tuple of an array and those of all arrays inside it.
func eachArray(v any, depth int, f func(data *types.Tuple, depth int)) {
	data, ok := v.(*types.Tuple)
	if !ok {
		return
	}
	f(data, depth)
	for _, c := range *(*data)[5].(*types.List) {
		eachArray(c, depth+1, f)
	}
	eachArray((*data)[6], depth+1, f)
}

// TestPickledHostile falsifies every part of an array of each type. The result must be an error, or
// a value that can be printed and written, and take memory in proportion to the pickle.
func TestPickledHostile(t *testing.T) {
	all := *pickledTypes(t)
	kinds := []any{}
	for _, e := range all {
		kinds = append(kinds, (*e.Value.(*pickle.Object).Args[0].(*types.Tuple))[0])
	}
	values, refused := 0, 0
	for _, e := range all {
		check := func(what string) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			value, err := arrowframe.FromPickle(e.Value)
			switch {
			case err == nil:
				values++
				if text := printed(value); strings.Contains(text, "PANIC") {
					t.Errorf("%s: %s: %s", e.Key, what, text)
				}
				if _, err := unpkl.Marshal(arrowframe.Pickled{Value: value}); err != nil {
					t.Errorf("%s: %s: not written: %v", e.Key, what, err)
				}
			case errors.Is(err, pickle.ErrMalformed), errors.Is(err, pickle.ErrUnsupported):
				refused++
			default:
				t.Errorf("%s: %s: %v", e.Key, what, err)
			}
			if data, err := unpkl.Marshal(e.Value); err == nil {
				if v, err := unpkl.LoadBytes(data); err == nil {
					_, _ = json.Marshal(v)
				}
			}
			runtime.ReadMemStats(&after)
			if n := after.TotalAlloc - before.TotalAlloc; n > 32<<20 {
				t.Errorf("%s: %s: %d bytes", e.Key, what, n)
			}
		}
		eachArray(e.Value.(*pickle.Object).Args[0], 0, func(data *types.Tuple, depth int) {
			l := liar{data, check, fmt.Sprintf("at depth %d: ", depth)}
			l.counts()
			l.buffers()
			l.children(kinds)
		})
	}
	if values < 500 || refused < 2000 {
		t.Errorf("%d values, %d refused", values, refused)
	}
}

// TestPickledLiesOfTypes checks errors for arrays that pyarrow's validate refuses.
func TestPickledLiesOfTypes(t *testing.T) {
	at := func(v any, path ...int) *types.Tuple {
		data := v.(*pickle.Object).Args[0].(*types.Tuple)
		for _, i := range path {
			data = (*(*data)[5].(*types.List))[i].(*types.Tuple)
		}
		return data
	}
	fill := func(buffer int, b ...byte) func(*types.Tuple) {
		return func(d *types.Tuple) {
			list := append(types.List{}, *(*d)[4].(*types.List)...)
			list[buffer] = &pickle.Object{Class: pickle.Global{Module: "pyarrow.lib",
				Name: "py_buffer"}, Args: []any{b}, Form: pickle.FormReduce}
			(*d)[4] = &list
		}
	}
	set := func(i int, v any) func(*types.Tuple) { return func(d *types.Tuple) { (*d)[i] = v } }
	for _, tt := range []struct {
		what, name string
		path       []int
		lie        func(*types.Tuple)
	}{
		{"a type code of no child", "dense_union", nil, fill(1, 5, 6)},
		{"a negative type code", "sparse_union", nil, fill(1, 0, 0xff)},
		{"offsets of a union outside", "dense_union", nil, fill(2, 9, 0, 0, 0, 1, 0, 0, 0)},
		{"a short child of a union", "sparse_union", []int{0}, set(1, 1)},
		{"run ends that fall", "run_ends", []int{0}, fill(1, 3, 0, 2, 0)},
		{"run ends of 0", "run_ends", []int{0}, fill(1, 0, 0, 3, 0)},
		{"runs that end too early", "run_ends", nil, set(1, 4)},
		{"fewer values than runs", "run_ends", []int{1}, set(1, 1)},
		{"a view of no buffer", "string_view", nil,
			fill(1, append([]byte{39, 0, 0, 0, 'a', ' ', 't',
				'e', 9}, make([]byte, 39)...)...)},
		{"a list view outside", "list_view", nil, fill(1, 9, 0, 0, 0, 0, 0, 0, 0)},
		{"a list view of a negative size", "list_view", nil, fill(2, 1, 0, 0, 0, 0xff, 0xff, 0xff,
			0xff)},
		{"intervals cut short", "interval", nil, fill(1, 1, 2, 3)},
		{"a decimal of too many digits", "decimal128", nil, fill(1, bytes.Repeat([]byte{0x7f},
			32)...)},
		{"decimals cut short", "decimal256", nil, fill(1, make([]byte, 33)...)},
		{"UUIDs cut short", "uuid", nil, fill(1, make([]byte, 31)...)},
		{"JSON that is none", "json", nil, fill(2, []byte("{'a': 1}")...)},
		{"too few elements of tensors", "tensor", []int{0}, set(1, 3)},
		{"more nulls than there are", "bool", nil, set(2, 2)},
		{"nulls without a bitmap", "tensor", nil, set(2, 1)},
		{"a long struct of nothing", "struct_none", nil, func(d *types.Tuple) {
			(*d)[1], (*d)[2], (*d)[4] = math.MaxInt32, 0, &types.List{nil}
		}},
		{"map entries of another type", "map", []int{0},
			set(0, (*at((*pickledTypes(t))[0].Value))[0])},
	} {
		value, ok := pickledTypes(t).Get(tt.name)
		if !ok {
			t.Errorf("%s: there is no array of %s", tt.what, tt.name)
			continue
		}
		tt.lie(at(value, tt.path...))
		if v, err := arrowframe.FromPickle(value); !errors.Is(err, pickle.ErrMalformed) {
			t.Errorf("%s: %v, %v", tt.what, v, err)
		}
	}
}

// TestPickledGeometry checks that a column of WKB becomes one of geometries, and that truncated WKB
// is an error, in a pickled table as in a file.
func TestPickledGeometry(t *testing.T) {
	point := append([]byte{1, 1, 0, 0, 0}, make([]byte, 16)...)
	batch := geometryBatch(point, map[string]string{"ARROW:extension:name": "geoarrow.wkb",
		"ARROW:extension:metadata": `{"crs": "EPSG:4326"}`}, nil)
	defer batch.Release()
	load := func(b arrow.RecordBatch) (any, error) {
		data, err := unpkl.Marshal(arrowframe.Pickled{Value: b})
		if err != nil {
			t.Fatal(err)
		}
		return unpkl.LoadBytes(data)
	}
	v, err := load(batch)
	f, ok := v.(*frame.Frame)
	if !ok || err != nil {
		t.Fatalf("a %T, %v", v, err)
	}
	if c := f.Columns[0]; c.DType != "geometry" || c.CRS != "EPSG:4326" ||
		fmt.Sprint(c.At(0)) != "POINT (0 0)" {
		t.Errorf("%s with CRS %q: %v", c.DType, c.CRS, c.At(0))
	}
	data, err := unpkl.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	var again arrowframe.Pickled
	if err := unpkl.Unmarshal(data, &again); err != nil || printed(again.Value) != printed(batch) {
		t.Errorf("written again as %s, %v", printed(again.Value), err)
	}
	short := geometryBatch(point[:20], map[string]string{"ARROW:extension:name": "geoarrow.wkb"},
		nil)
	defer short.Release()
	if v, err := load(short); !errors.Is(err, pickle.ErrMalformed) {
		t.Errorf("WKB that is cut off: %v, %v", v, err)
	}
}
