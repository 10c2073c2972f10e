package pickle

import (
	"errors"
	"fmt"
	"github.com/unpkl/unpkl/internal/window"
	"hash/maphash"
	"math"
	"math/big"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/nlpodyssey/gopickle/types"
)

func tupleOf(items ...any) *types.Tuple { return types.NewTupleFromSlice(items) }

// TestEqualKeys compares all keys of a table. The keys of one row are equal in Python, and not
// equal to those of any other row. The pickles of cases.txt check this in CPython 3.13 for those
// keys that can be pickled.
func TestEqualKeys(t *testing.T) {
	fs := func(items ...any) *FrozenSet {
		s, err := NewFrozenSet(items...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	huge := new(big.Int).Lsh(big.NewInt(1), 64)
	nan := any(math.NaN())
	object := &Object{Class: Global{"m", "C"}}
	long := string(make([]byte, 2000))
	classes := [][]any{
		{1, 1.0, true, complex(1, 0), big.NewInt(1)},
		{0, 0.0, math.Copysign(0, -1), false},
		{-1, -1.0}, {1.5, complex(1.5, 0)}, {math.Inf(1)}, {math.Inf(-1)}, {complex(0, 1)},
		{huge, math.Pow(2, 64)}, {new(big.Int).Neg(huge), -math.Pow(2, 64)},
		{pyInt(1 << 53), math.Pow(2, 53)}, {pyInt(1<<53 + 1)},
		{"a", Py2String("a")}, {[]byte("a"), Bytes("a"), []byte("a")}, {Py2String("\xff")},
		{"\xff"}, {""}, {[]byte{}},
		{long, string([]byte(long))}, {[]byte(long), Bytes(long)},
		{nil}, {Global{"m", "C"}}, {Global{"m C", ""}}, {object},
		{&Object{Class: Global{"m", "C"}}}, {nan}, {math.NaN()},
		{tupleOf(), tupleOf()}, {tupleOf(1, "a"), tupleOf(true, "a"), tupleOf(1.0, "a")},
		{tupleOf("a", 1)},
		{tupleOf(tupleOf(1), 2), tupleOf(tupleOf(1.0), 2)}, {tupleOf(1, tupleOf(2))},
		{tupleOf(tupleOf(1, 2))},
		{tupleOf("ab", "c")}, {tupleOf("a", "bc")}, {tupleOf(nan), tupleOf(nan)},
		{tupleOf(math.NaN())},
		{fs(1, 2), fs(2.0, 1)}, {fs()}, {fs(1)}, {fs(fs(1)), fs(fs(true))}, {tupleOf(fs(1))},
		{fs(tupleOf(1))},
		{tupleOf(long), tupleOf(string([]byte(long)))}, {tupleOf([]byte(long))},
	}
	seed := maphash.MakeSeed()
	for i, a := range classes {
		for j, b := range classes {
			for _, x := range a {
				for _, y := range b {
					if got := EqualKeys(x, y); got != (i == j) {
						t.Errorf("EqualKeys(%#v, %#v) = %v", x, y, got)
					}
					checkHashes(t, seed, x, y)
				}
			}
		}
	}
	set, _ := NewSet()
	for _, v := range []any{new(types.List), new(types.Dict), new(types.ByteArray), set,
		tupleOf(new(types.List))} {
		if EqualKeys(v, v) {
			t.Errorf("%T is hashable", v)
		}
	}
}

// checkHashes checks that the index finds two keys equal exactly if their comparable forms are.
func checkHashes(t *testing.T, seed maphash.Seed, x, y any) {
	var k keyer
	hx, err1 := k.hash(seed, x)
	hy, err2 := k.hash(seed, y)
	same, err3 := k.equal(x, y)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	if want := EqualKeys(x, y); same != want || want && hx != hy {
		t.Errorf("%#v, %#v: equal %v, hashes %#x %#x", x, y, same, hx, hy)
	}
}

// randomKey returns one of half a million keys, as one of the values that are equal to it.
func randomKey(r *rand.Rand) any {
	n := r.IntN(100_000)
	switch r.IntN(8) {
	case 0:
		return float64(n)
	case 1:
		return fmt.Sprint(n)
	case 2:
		return tupleOf(n%300, float64(n/300))
	case 3:
		return tupleOf(n%300, tupleOf(n/300))
	case 4:
		return big.NewInt(0).Lsh(big.NewInt(int64(n)), 64)
	}
	return n
}

// TestKeyIndex sets items in a dict and a set, and compares them with a map of the comparable
// forms. There are so many that parts of hashes are equal by chance, and they are set in batches,
// so that the index grows.
func TestKeyIndex(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	m := objects{slabs: new(slabs)}
	d := m.slabs.emptyDict()
	var forms keyer
	want, at := types.Dict{}, map[any]int{}
	for len(want) < 200_000 {
		items := make([]any, 2*(1+r.IntN(2000)))
		for i := range items {
			items[i] = randomKey(r)
		}
		if err := m.setItems(d, items, true); err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(items); i += 2 {
			key, err := forms.key(items[i])
			if err != nil {
				t.Fatal(err)
			}
			if j, there := at[key]; there {
				want[j].Value = items[i+1]
				continue
			}
			at[key] = len(want)
			want = append(want, types.DictEntry{Key: items[i], Value: items[i+1]})
		}
	}
	if !slices.Equal(*d, want) {
		t.Errorf("%d entries, want %d, or they differ", len(*d), len(want))
	}
	set, err := NewSet(want.Keys()...)
	if err != nil || !slices.Equal(set.Items, want.Keys()) {
		t.Errorf("a set of %d members: %v", set.Len(), err)
	}
	for range 10_000 {
		v := randomKey(r)
		key, _ := forms.key(v)
		if _, there := at[key]; set.Has(v) != there {
			t.Errorf("%v is a member: %v", v, !there)
		}
		if set.Add(v); !set.Has(v) {
			t.Errorf("%v is not a member", v)
		}
		at[key] = 0
	}
	if set.Len() != len(at) {
		t.Errorf("%d members, want %d", set.Len(), len(at))
	}
}

func TestSets(t *testing.T) {
	s, err := NewSet(1, 1.0, "a")
	if err != nil || s.Len() != 2 || !s.Has(true) || s.Has("b") {
		t.Error(s, err)
	}
	for i := range 100 {
		s.Add(i % 50)
	}
	if s.Len() != 51 || !s.Has(49.0) || s.Has(50) {
		t.Errorf("%d members", s.Len())
	}
	if err := s.Insert(new(types.List)); err == nil {
		t.Error("a list is a member")
	}
	if _, err := NewFrozenSet(new(types.Dict)); err == nil {
		t.Error("a dict is a member")
	}
}

// TestBox checks the layout of interfaces on which unsafe.go relies, and that a pointer to the
// value in an interface keeps it alive.
func TestBox(t *testing.T) {
	var s slabs
	var got []any
	const n = 5000
	for i := range n {
		got = append(got, s.Int(i*1000), s.Float(float64(i)),
			s.text([]byte{byte(i), byte(i >> 8), 'x'}, false),
			s.bytesValue(append(window.Aligned(3, &s.text16)[:0], byte(i), byte(i>>8), 'y')))
		if i%1000 == 0 {
			runtime.GC()
		}
	}
	runtime.GC()
	for i := range n {
		g := got[4*i:]
		b, ok := g[3].([]byte)
		if g[0] != any(i*1000) || g[1] != any(float64(i)) ||
			g[2] != any(string([]byte{byte(i), byte(i >> 8), 'x'})) ||
			!ok || string(b) != string([]byte{byte(i), byte(i >> 8), 'y'}) {
			t.Fatalf("%d: %v", i, g[:4])
		}
	}
}

// pyInt returns an int as the Unpickler does: on 32 bits it may be a *big.Int.
func pyInt(v int64) any {
	if int64(int(v)) == v {
		return int(v)
	}
	return big.NewInt(v)
}
