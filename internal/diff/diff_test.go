package diff_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/diff"
	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/torch"
)

// changes compares two values and returns a line for each difference.
func changes(t *testing.T, a, b any, o diff.Options) []string {
	t.Helper()
	lines := []string{}
	err := diff.Compare(a, b, o, func(c diff.Change) error {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", c.Kind, c.At, c.Old,
			c.New)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func list(items ...any) *types.List { return types.NewListFromSlice(items) }

// dict returns a dict of alternating keys and values.
func dict(keyValues ...any) *types.Dict {
	d := types.Dict{}
	for i := 0; i < len(keyValues); i += 2 {
		d = append(d, types.DictEntry{Key: keyValues[i], Value: keyValues[i+1]})
	}
	return &d
}

// TestLists checks that an inserted or deleted item is one difference, whatever follows it.
func TestLists(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b *types.List
		want []string
	}{
		{"equal", list(1, 2), list(1, 2), nil},
		{"one put in at the begin", list(1, 2, 3), list(0, 1, 2, 3), []string{"added /0  0"}},
		{"one put in the middle", list(1, 2, 3, 4), list(1, 2, 9, 3, 4), []string{"added /2  9"}},
		{"one at the end", list(1, 2), list(1, 2, 3), []string{"added /2  3"}},
		{"one taken out", list(1, 2, 3, 4), list(1, 3, 4), []string{"removed /1 2"}},
		{"one changed", list(1, 2, 3), list(1, 9, 3), []string{"changed /1 2 9"}},
		{"moved", list(1, 2, 3, 4, 5), list(2, 3, 4, 5, 1),
			[]string{"removed /0 1", "added /4  1"}},
		{"one changed and one put in", list(1, 2, 3, 4, 5), list(7, 1, 2, 9, 4, 5),
			[]string{"added /0  7", "changed /2 3 9"}},
		{"a change inside of what moved",
			list(dict("id", 1), dict("id", 2), dict("id", 3, "v", "a")),
			list(dict("id", 0), dict("id", 1), dict("id", 2), dict("id", 3, "v", "b")),
			[]string{"added /0  dict of 1", "changed /2/v 'a' 'b'"}},
		{"nothing in common", list(1, 2), list(3, 4), []string{"changed /0 1 3", "changed /1 2 4"}},
		{"empty", list(), list(1), []string{"added /0  1"}},
		{"keys in another order", list(0, dict("a", 1, "b", 2)), list(dict("b", 2, "a", 1)),
			[]string{"removed /0 0"}},
	} {
		if got := changes(t, c.a, c.b, diff.Options{}); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestListsOfArrays checks that lists of arrays are aligned by the elements of the arrays.
func TestListsOfArrays(t *testing.T) {
	array := func(from float64) *ndarray.Array {
		a, err := ndarray.FromSlice([]float64{from, from + 1})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a, b := list(), list()
	for i := range 1000 {
		a.Append(array(float64(i)))
		if i != 500 {
			b.Append(array(float64(i)))
		}
	}
	if got := changes(t, a, b, diff.Options{}); len(got) != 1 ||
		!strings.HasPrefix(got[0], "removed /500 ") {
		t.Errorf("got %q", got)
	}
}

// TestRandomLists checks that the differences turn a into b and are no more than the edits made.
func TestRandomLists(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		a := make([]any, r.IntN(60))
		for i := range a {
			a[i] = r.IntN(20)
		}
		b := slices.Clone(a)
		edits := r.IntN(6)
		for range edits {
			if i := r.IntN(len(b) + 1); r.IntN(2) == 0 || i == len(b) {
				b = slices.Insert(b, i, any(100+r.IntN(20)))
			} else {
				b = slices.Delete(b, i, i+1)
			}
		}
		removed, added, changed := map[string]bool{}, map[string]bool{}, map[string]string{}
		got := changes(t, types.NewListFromSlice(slices.Clone(a)), types.NewListFromSlice(b),
			diff.Options{})
		if len(got) > edits {
			t.Fatalf("%v to %v: %d differences of %d edits: %q", a, b, len(got), edits, got)
		}
		for _, line := range got {
			f := strings.Fields(line)
			switch f[0] {
			case "removed":
				removed[f[1]] = true
			case "added":
				added[f[1]] = true
			default:
				changed[f[1]] = f[3]
			}
		}
		var kept, want []string
		for i, v := range a {
			at := fmt.Sprintf("/%d", i)
			if text, ok := changed[at]; ok {
				kept = append(kept, text)
			} else if !removed[at] {
				kept = append(kept, fmt.Sprint(v))
			}
		}
		for i, v := range b {
			if !added[fmt.Sprintf("/%d", i)] {
				want = append(want, fmt.Sprint(v))
			}
		}
		if !slices.Equal(kept, want) {
			t.Fatalf("%v to %v by %q: %v is left of the first and %v of the second", a, b, got,
				kept,
				want)
		}
	}
}

// TestManyDifferences checks that lists with nothing in common take time in proportion to their
// length.
func TestManyDifferences(t *testing.T) {
	a, b := list(), list()
	for i := range 20_000 {
		a.Append(i)
		b.Append(-i - 1)
	}
	b.Append(1)
	if got := changes(t, a, b, diff.Options{}); len(got) != 20_001 {
		t.Errorf("%d differences", len(got))
	}
}

// TestKinds checks each kind of difference, and what Options.Ignore leaves out.
func TestKinds(t *testing.T) {
	array := func(values ...float64) *ndarray.Array {
		a, err := ndarray.FromSlice(values)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	ints, err := ndarray.FromSlice([]int64{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	a := dict("same", 1, "gone", "x", "type", 1, "value", 2.0, "array", array(1, 2),
		"dtype", array(1, 2), "shape", array(1), "skipped", 1)
	b := dict("value", 2.1, "same", 1, "type", "1", "array", array(1, 2.1), "dtype", ints,
		"shape", array(1, 2), "new", nil, "skipped", 2)
	o := diff.Options{Ignore: []pointer.Pointer{{"skipped"}}}
	got := changes(t, a, b, o)
	kinds := map[string]string{}
	for _, line := range got {
		f := strings.Fields(line)
		kinds[f[1]] = f[0]
	}
	for at, want := range map[string]string{"/gone": "removed", "/type": "type", "/new": "added",
		"/value": "changed", "/array": "changed", "/dtype": "dtype", "/shape": "shape"} {
		if kinds[at] != want {
			t.Errorf("%s: %q, want %q", at, kinds[at], want)
		}
	}
	if len(kinds) != 7 {
		t.Errorf("differences are %q", got)
	}
	o.RTol = 0.1
	for _, line := range changes(t, a, b, o) {
		if f := strings.Fields(line); f[1] == "/value" || f[1] == "/array" {
			t.Errorf("within the tolerance: %s", line)
		}
	}
}

// TestCycles checks that a value inside itself is compared once.
func TestCycles(t *testing.T) {
	a, b := list(1), list(1)
	a.Append(a)
	b.Append(b)
	if got := changes(t, a, b, diff.Options{}); len(got) != 0 {
		t.Errorf("got %q", got)
	}
}

// TestLibraryValues checks that differences inside objects of other libraries have their pointer.
func TestLibraryValues(t *testing.T) {
	load := func(name string) *types.List {
		v, err := unpkl.LoadFile(filepath.Join(fixture.Root(), "objects", "py313-objects", name),
			unpkl.WithObjects())
		if err != nil {
			t.Fatal(err)
		}
		return v.(*types.List)
	}
	for _, name := range []string{"quantity.p4.pkl", "table.p4.pkl", "time.p4.pkl", "sparse.p4.pkl",
		"awkward.p4.pkl", "pillow.p4.pkl", "networkx.p4.pkl", "zarr.p4.pkl"} {
		if got := changes(t, load(name), load(name), diff.Options{}); len(got) > 0 {
			t.Errorf("%s differs from itself: %q", name, got)
		}
	}
	units := load("quantity.p4.pkl")
	got := changes(t, list(units.Get(0)), list(units.Get(8)), diff.Options{})
	if want := []string{"changed /0/unit 'm' 'km'"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestObjectKeys: keys that are objects are told apart by what they are, and those that are not by
// their order.
func TestObjectKeys(t *testing.T) {
	member := func(class string, value any) *pickle.Object {
		return &pickle.Object{Class: pickle.Global{Module: "m", Name: class}, Args: []any{value}}
	}
	keyed := func(red, blank any) *types.Dict {
		return dict(member("Color", 1), red, member("Color", "g"), "green",
			member("Blank", []byte("x")), 1, member("Blank", []byte("x")), blank,
			&pickle.FrozenSet{Items: []any{1, 2}}, 3, complex(1, 2), 4)
	}
	if got := changes(t, keyed("red", 2), keyed("red", 2), diff.Options{}); len(got) > 0 {
		t.Errorf("it differs from itself: %q", got)
	}
	got := changes(t, keyed("red", 2), keyed("blue", 3), diff.Options{})
	if len(got) != 2 || !strings.HasPrefix(got[0], "changed /m.Color(1)") ||
		!strings.HasPrefix(got[1], "changed /m.Blank(x)") {
		t.Errorf("differences are %q", got)
	}
}

// TestEqualNames checks that the columns of one name are compared in their order.
func TestEqualNames(t *testing.T) {
	table := func(columns ...[]float64) *frame.Frame {
		f := &frame.Frame{}
		for _, values := range columns {
			a, err := ndarray.FromSlice(values)
			if err != nil {
				t.Fatal(err)
			}
			f.Columns = append(f.Columns, &frame.Series{Name: "x", Kind: frame.Numpy,
				DType: "float64", Values: a})
		}
		return f
	}
	one, two := []float64{1, 2}, []float64{3, 4}
	for _, c := range []struct {
		a, b *frame.Frame
		want int
	}{
		{table(one, two), table(one, two), 0},
		{table(one, two), table(two, one), 2},
		{table(one, two), table(one), 1},
		{table(one), table(one, one), 1},
	} {
		if got := changes(t, c.a, c.b, diff.Options{}); len(got) != c.want {
			t.Errorf("got %q, want %d differences", got, c.want)
		}
	}
}

// TestTensors: tensors of PyTorch whose elements do not say all are compared by their parts.
func TestTensors(t *testing.T) {
	for _, name := range []string{"215_sparse.pt", "215_quantized.pt", "215_odd.pt"} {
		load := func() *types.Dict {
			v, err := unpkl.LoadFile(filepath.Join("..", "..", "torch", "testdata", name),
				unpkl.WithObjects())
			if err != nil {
				t.Fatal(err)
			}
			return v.(*types.Dict)
		}
		a, b := load(), load()
		if got := changes(t, a, b, diff.Options{}); len(got) > 0 {
			t.Errorf("%s differs from itself: %q", name, got)
		}
		for i := range *b {
			x, ok := (*b)[i].Value.(*torch.Tensor)
			switch {
			case !ok:
				continue
			case x.Sparse != nil:
				x.Sparse.Values = x.Sparse.Indices
			case x.Quantizer != nil:
				x.Quantizer.Axis++
			default:
				continue
			}
			if got := changes(t, a, b, diff.Options{}); len(got) == 0 {
				t.Errorf("%s: %v with other parts is the same", name, (*b)[i].Key)
			}
		}
	}
}
