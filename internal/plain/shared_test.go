package plain_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/opfuzz"
	"github.com/unpkl/unpkl/internal/plain"
	"github.com/unpkl/unpkl/pickle"
)

// graphs walks two plain values side by side. They are the same if each list, map and object of one
// stands where always the same one of the other does.
type graphs struct {
	partner map[any]any // in both directions
}

// container is a plain container: what it points to, for slices with their length.
type container struct {
	side int
	at   uintptr
	n    int
}

// met notes that a and b stand at one place; first is false where they did so before.
func (g *graphs) met(a, b container) (first bool, err error) {
	pa, metA := g.partner[a]
	pb, metB := g.partner[b]
	if metA != metB || metA && (pa != any(b) || pb != any(a)) {
		return false, fmt.Errorf("shared otherwise: %v and %v", a, b)
	}
	g.partner[a], g.partner[b] = b, a
	return !metA, nil
}

func (g *graphs) lists(a, b []any) error {
	if len(a) != len(b) {
		return fmt.Errorf("%d items, %d", len(a), len(b))
	}
	for i := range a {
		if err := g.same(a[i], b[i]); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return nil
}

func (g *graphs) maps(a, b reflect.Value) error {
	if a.Len() != b.Len() {
		return fmt.Errorf("%d keys, %d", a.Len(), b.Len())
	}
	for it := a.MapRange(); it.Next(); {
		// Keys that are found by their address are others in the other map.
		if other := b.MapIndex(it.Key()); other.IsValid() {
			if err := g.same(it.Value().Interface(), other.Interface()); err != nil {
				return fmt.Errorf("[%v]: %w", it.Key(), err)
			}
		}
	}
	return nil
}

func (g *graphs) objects(a, b *pickle.Object) error {
	parts := func(o *pickle.Object) (items []any) {
		items = append(items, len(o.Args), len(o.Items), o.HasState)
		items = append(append(append(items, o.Args...), o.Items...), o.State)
		for _, e := range o.DictItems {
			items = append(items, e.Value)
		}
		if o.Kwargs != nil {
			for _, e := range *o.Kwargs {
				items = append(items, e.Value)
			}
		}
		return items
	}
	return g.lists(parts(a), parts(b))
}

func (g *graphs) same(a, b any) error {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	if !x.IsValid() || !y.IsValid() || x.Type() != y.Type() {
		if x.IsValid() || y.IsValid() {
			return fmt.Errorf("%T and %T", a, b)
		}
		return nil
	}
	of := func(side int, v reflect.Value) container {
		return container{side: side, at: v.Pointer()}
	}
	switch a := a.(type) {
	case []any:
		if len(a) == 0 {
			return g.lists(a, b.([]any))
		}
		if first, err := g.met(container{0, x.Pointer(), x.Len()},
			container{1, y.Pointer(), y.Len()}); !first {
			return err
		}
		return g.lists(a, b.([]any))
	case map[string]any, map[any]any:
		if first, err := g.met(of(0, x), of(1, y)); !first {
			return err
		}
		return g.maps(x, y)
	case *pickle.Object:
		if first, err := g.met(of(0, x), of(1, y)); !first {
			return err
		}
		return g.objects(a, b.(*pickle.Object))
	case nil, bool, int, string, []byte:
		if !reflect.DeepEqual(a, b) {
			return fmt.Errorf("%v and %v", a, b)
		}
	}
	return nil
}

// sameGraphs makes the plain value of data of cells, by one goroutine and by several, and of
// objects: the values are the same and share alike.
func sameGraphs(t *testing.T, data []byte, o plain.Options) {
	t.Helper()
	want, err1 := viaObjects(data, o)
	opts := []unpkl.Option{unpkl.WithLimits(o.Limits)}
	if o.AllowCycles {
		opts = append(opts, unpkl.WithAllowCycles())
	}
	for _, workers := range []int{1, 3} {
		got, err2 := unpkl.LoadBytes(data, append(opts, unpkl.WithConcurrency(workers))...)
		if (err1 == nil) != (err2 == nil) || err1 != nil && err1.Error() != err2.Error() {
			t.Fatalf("%q: %v, of objects %v", data, err2, err1)
		}
		if err1 != nil {
			continue
		}
		g := graphs{map[any]any{}}
		if err := g.same(want, got); err != nil {
			t.Fatalf("%q: %v", data, err)
		}
	}
}

// sharedPickles are programs in which containers are fetched before, between and after calls that
// take their contents.
var sharedPickles = []string{
	// a list in a list twice, an object twice, one in its own state
	"\x80\x04](]\x94h\x00h\x00e.", "\x80\x04](cm\nC\n(K\x01tR\x94h\x00}h\x00K\x01se.",
	"\x80\x04cm\nC\n)R\x94}X\x01\x00\x00\x00ah\x00sb.",
	// the arguments of a call, with a list in them, before and after it
	"\x80\x04(cm\nC\n(](K\x01]et\x94Rh\x00t.", "\x80\x04((](K\x01]et\x940cm\nC\nh\x00Rt.",
	"\x80\x04((](K\x01]et\x940cm\nC\nh\x00Rh\x00t.",
	"\x80\x04((](K\x01]et\x94cm\nC\nh\x00Rh\x00t.", "\x80\x04(cm\nC\n(](K\x01]et\x94\x81h\x00t.",
	"\x80\x04(cm\nC\n(](K\x01]et\x94R\x940h\x00h\x01t.",
	"\x80\x04(cm\nC\n(](K\x01]et\x94R\x940h\x01h\x00t.",
	"\x80\x04(cm\nC\n(](K\x01]et\x94R\x94h\x01h\x00h\x01t.",
	"\x80\x04(cm\nC\n(](K\x01]etR\x94]\x94h\x00h\x01h\x01t.",
	// what a container is made of
	"\x80\x04(ccollections\nOrderedDict\n(](](K\x01](K\x02eeet\x94Rh\x00t.",
	"\x80\x04(ccollections\nCounter\n}\x94(K\x01](K\x02]eu\x85Rh\x00t.",
	"\x80\x04(ccollections\ndeque\n](](K\x02]ee\x94\x85Rh\x00h\x00t.",
	"\x80\x04(](](K\x02]ee\x94ccollections\ndeque\nh\x00\x85Rt.",
	"\x80\x04(cbuiltins\nset\n](K\x01K\x02e\x94\x85Rh\x00h\x00t.",
	"\x80\x04(cbuiltins\nset\n](K\x01(K\x02](K\x03ete\x94\x85Rh\x00t.",
	// containers of calls, fetched empty and filled afterwards
	"\x80\x04(ccollections\nOrderedDict\n)R\x94h\x00h\x00(K\x01](K\x02]eut.",
	"\x80\x04(ccollections\ndeque\n)R\x94h\x00h\x00(](K\x02]eeh\x00t.",
	"\x80\x04](ccollections\ndefaultdict\ncbuiltins\nlist\n\x85R\x94(K\x01](K\x02]eu](K\x03](eee.",
	// keyword arguments, and a state that another one is put into
	"\x80\x04(cm\nC\n)}\x94(X\x01\x00\x00\x00a](K\x01]eu\x92h\x00t.",
	"\x80\x04(}\x94(X\x01\x00\x00\x00a](K\x01]eu0cm\nC\n)h\x00\x92h\x00t.",
	"\x80\x04(cm\nC\n)R}\x94(X\x01\x00\x00\x00a](K\x01]eub}\x94(X\x01\x00\x00\x00b](K\x01]eubh\x00h\x01t.",
	// a tuple that is a key and a value, with a list deeper inside an object of it
	"\x80\x04(cm\nC\n)R}(X\x01\x00\x00\x00a](K\x01]eub\x85\x94}h\x00K\x01sh\x00t.",
	"\x80\x04((K\x01(K\x02tt\x94}h\x00h\x00st.",
	// cycles
	"\x80\x04]\x94](h\x00K\x01ea.", "\x80\x04](]\x94](h\x00K\x01eaK\x02e.",
	"\x80\x04](ccollections\nOrderedDict\n)R\x94K\x01h\x00se.",
	// protocols 0 and 1
	"(lp0\n(ccopy_reg\n_reconstructor\np1\n(cm\nC\nc__builtin__\nobject\nNtRp2\n(dp3\nS'a'\n(lp4\nI1\nasbag2\na.",
}

// TestSharedParts: whatever refers to whatever, cells become what their objects do.
func TestSharedParts(t *testing.T) {
	defer plain.SplitAll()()
	for _, data := range sharedPickles {
		sameGraphs(t, []byte(data), plain.Options{})
		sameGraphs(t, []byte(data), plain.Options{AllowCycles: true})
		for depth := range 5 {
			sameGraphs(t, []byte(data), plain.Options{Limits: unpkl.Limits{Depth: depth + 1},
				AllowCycles: true})
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	names := []string{"m C", "collections OrderedDict", "collections deque", "collections Counter",
		"builtins set",
		"collections defaultdict", "builtins list", "builtins frozenset", "copyreg _reconstructor",
		"builtins object"}
	for range sharedPrograms {
		choices := make([]byte, 20+r.IntN(400))
		for i := range choices {
			choices[i] = byte(r.Uint32())
		}
		sameGraphs(t, opfuzz.Program(choices, names[:1+r.IntN(len(names))]...),
			plain.Options{AllowCycles: r.IntN(2) == 0})
	}
}

const sharedPrograms = 20_000

// heldDict is what a hook may make: a DictHolder that is no dict of this module.
type heldDict struct{ dict types.Dict }

func (h *heldDict) PyDict() *types.Dict           { return &h.dict }
func (h *heldDict) Call(args ...any) (any, error) { return new(heldDict), nil }

// TestHeldDict: a value of a hook stays what it is, by itself as in a list.
func TestHeldDict(t *testing.T) {
	find := unpkl.WithFindClass(func(string, string) (any, error) { return new(heldDict), nil })
	want := &heldDict{types.Dict{{Key: "a", Value: 1}}}
	for data, want := range map[string]any{
		"\x80\x04cm\nC\n)R\x8c\x01aK\x01s.":    want,
		"\x80\x04](cm\nC\n)R\x8c\x01aK\x01se.": []any{want},
	} {
		if got, err := unpkl.LoadBytes([]byte(data), find); err != nil ||
			!reflect.DeepEqual(got, want) {
			t.Errorf("%q: %#v, %v; want %#v", data, got, err, want)
		}
	}
}
