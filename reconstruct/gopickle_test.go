package reconstruct_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/big"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gopickle "github.com/nlpodyssey/gopickle/pickle"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/cases"
	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

var update = flag.Bool("update", false, "write testdata/gopickle.txt anew")

// loadGopickle reads a fixture with gopickle's machine and our FindClass.
func loadGopickle(f fixture.Fixture) (v any, err error) {
	data, err := f.Data()
	if err != nil {
		return nil, err
	}
	buffers, err := f.Buffers()
	if err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	u := gopickle.NewUnpickler(bytes.NewReader(data))
	u.FindClass = reconstruct.FindClass
	u.NextBuffer = nextBuffer(buffers)
	u.MakeReadOnly = func(v any) (any, error) { return []byte(*v.(*types.ByteArray)), nil }
	return loadEach(&u, f.Several)
}

// TestGopickleFixtures reads every fixture with gopickle's machine and compares the
// value with ours. testdata/gopickle.txt has the fixtures on which gopickle is known to
// be wrong, to fail or to panic: one that is not in it must be equal, and one that
// is must not, so that a fixed gopickle is noticed.
func TestGopickleFixtures(t *testing.T) {
	t.Parallel()
	const golden = "testdata/gopickle.txt"
	got := map[string]string{}
	equal := 0
	for _, f := range fixtures(t) {
		ours, err := load(f)
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		theirs, err := loadGopickle(f)
		switch {
		case err != nil && strings.HasPrefix(err.Error(), "panic: "):
			got[f.String()] = "panics"
		case err != nil:
			got[f.String()] = "fails"
		default:
			if !sameValue(f.Name, ours, adapt(theirs, map[any]any{})) {
				got[f.String()] = "wrong"
				continue
			}
			equal++
		}
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(got)) {
		lines = append(lines, name+" "+got[name])
	}
	text := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("what gopickle gets wrong has changed (-known +now):\n%s", diff)
	}
	t.Logf("equal: %d, not: %d", equal, len(got))
	if equal < len(got) {
		t.Errorf("only %d fixtures are equal", equal)
	}
}

// sameValue compares with go-cmp where that ends. Differences are not printed: on
// cyclic values gopickle's String does not end either.
func sameValue(name string, ours, theirs any) bool {
	switch name {
	case "deep": // go-cmp takes time exponential in the depth
		return reflect.DeepEqual(ours, theirs)
	case "object_array_of_itself":
		a, ok1 := ours.(*ndarray.Array)
		b, ok2 := theirs.(*ndarray.Array)
		return ok1 && ok2 && a.DType().Equal(b.DType()) && slices.Equal(a.Shape(), b.Shape()) &&
			b.At(0) == any(b) == (a.At(0) == any(a))
	}
	return cmp.Equal(ours, theirs, comparers)
}

// adapt replaces gopickle's own containers, and what it makes of them, by ours,
// in place.
func adapt(v any, seen map[any]any) any {
	switch v.(type) {
	case *types.List, *types.Tuple, *types.Dict, *pickle.Object, *types.OrderedDict,
		*reconstruct.OrderedDict, *reconstruct.DefaultDict, *reconstruct.Counter,
		*reconstruct.Deque, *ndarray.Array:
		if old, ok := seen[v]; ok {
			return old
		}
		seen[v] = v
	}
	each := func(items []any) {
		for i := range items {
			items[i] = adapt(items[i], seen)
		}
	}
	pairs := func(d types.Dict) {
		for i := range d {
			d[i].Key, d[i].Value = adapt(d[i].Key, seen), adapt(d[i].Value, seen)
		}
	}
	switch v := v.(type) {
	case *types.List:
		each(*v)
	case *types.Tuple:
		each(*v)
	case *types.Dict:
		pairs(*v)
	case *reconstruct.Deque:
		each(v.Items)
	case *reconstruct.DefaultDict:
		pairs(v.Dict)
	case *reconstruct.Counter:
		pairs(v.Dict)
	case *pickle.Object:
		each(v.Args)
		each(v.Items)
		pairs(v.DictItems)
		v.Class, v.State = adapt(v.Class, seen), adapt(v.State, seen)
	case *ndarray.Array:
		if v.HasObject() && v.IsCContiguous() {
			if items, err := v.Objects(); err == nil {
				each(items)
			}
		}
	case *types.Set:
		s, _ := pickle.NewSet(slices.Collect(maps.Keys(*v))...)
		return s
	case *types.FrozenSet:
		s, _ := pickle.NewFrozenSet(slices.Collect(maps.Keys(*v))...)
		return s
	case *types.OrderedDict:
		d := &reconstruct.OrderedDict{}
		seen[v] = d
		for e := v.List.Front(); e != nil; e = e.Next() {
			entry := e.Value.(*types.OrderedDictEntry)
			d.Set(adapt(entry.Key, seen), adapt(entry.Value, seen))
		}
		if len(v.PyDict) > 0 {
			attrs := &types.Dict{}
			for _, name := range slices.Sorted(maps.Keys(v.PyDict)) {
				attrs.Set(name, v.PyDict[name])
			}
			d.Attrs = attrs
		}
		return d
	}
	return v
}

// comparers compare the types that have parts that are not exported.
var comparers = cmp.Options{
	cmp.Comparer(func(a, b *pickle.Set) bool { return a.Len() == b.Len() && hasAll(a, b.Items) }),
	cmp.Comparer(func(a, b *pickle.FrozenSet) bool {
		return a.Len() == b.Len() && hasAll(a, b.Items)
	}),
	cmp.Comparer(sameFloat),
	cmp.Comparer(func(a, b ndarray.LongDouble) bool { return a == b }),
	cmp.Comparer(func(a, b complex128) bool {
		return sameFloat(real(a), real(b)) && sameFloat(imag(a), imag(b))
	}),
	cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 }),
	cmp.Comparer(func(a, b *big.Rat) bool { return a.Cmp(b) == 0 }),
	cmp.Transformer("array", describeArray),
	cmp.Transformer("scalar", func(s *ndarray.Scalar) arrayView {
		return describeArray(s.Array())
	}),
	cmp.Transformer("masked", func(m *ndarray.Masked) []any {
		return []any{m.Data, m.Mask, m.FillValue, m.Class, m.BaseClass}
	}),
	cmp.Transformer("uuid", func(u *reconstruct.UUID) []any { return []any{u.ID, u.IsSafe} }),
	cmp.Transformer("ordered", func(d *reconstruct.OrderedDict) []any {
		return []any{d.Dict, d.Attrs}
	}),
	cmp.Transformer("default", func(d *reconstruct.DefaultDict) []any {
		return []any{d.Dict, d.Attrs, d.Factory}
	}),
	cmp.Transformer("counter", func(d *reconstruct.Counter) []any {
		return []any{d.Dict, d.Attrs}
	}),
}

func sameFloat(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

func hasAll(set interface{ Has(any) bool }, items []any) bool {
	for _, item := range items {
		if !set.Has(item) {
			return false
		}
	}
	return true
}

// arrayView is what makes two arrays equal.
type arrayView struct {
	Class, DType, Error string
	Shape, Strides      []int
	Writeable           bool
	Data                []byte
	Objects             []any
}

func describeArray(a *ndarray.Array) arrayView {
	if a == nil {
		return arrayView{Error: "nil"}
	}
	v := arrayView{
		Class: a.Class(), DType: fmt.Sprint(a.DType().Descr(), a.DType().Aligned(),
			a.DType().ScalarClass()),
		Shape: a.Shape(), Strides: a.Strides(), Writeable: a.Writeable(),
	}
	var err error
	if a.HasObject() {
		v.Objects, err = a.Objects()
	} else {
		v.Data, err = a.AppendBytes(nil, ndarray.OrderC)
	}
	if err != nil {
		v.Error = err.Error()
	}
	return v
}

// TestGopickleReadsWritten writes every fixture that gopickle reads rightly with our
// Pickler, at the same protocol, and has gopickle's machine read that.
func TestGopickleReadsWritten(t *testing.T) {
	t.Parallel()
	known, err := os.ReadFile("testdata/gopickle.txt")
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, f := range fixtures(t) {
		// gopickle does not decode the escapes of protocol 0.
		if f.Several || f.Protocol == 0 || strings.Contains(string(known), f.String()+" ") {
			continue
		}
		if !cases.Long() && f.Protocol%2 == 1 {
			continue // gopickle takes most of the time of this package's tests
		}
		ours, err := load(f)
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		var b bytes.Buffer
		p := pickle.NewPickler(&b)
		p.Protocol, p.Reduce = pickle.ProtocolOf(f.Protocol),
			reconstruct.NewReducers(reconstruct.ReduceOptions{}).Reduce
		if err := p.Dump(ours); err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		// Classes may have got the names of another NumPy, so ours is read again too.
		again := pickle.NewUnpicklerBytes(b.Bytes())
		again.FindClass = reconstruct.FindClass
		if ours, err = again.Load(); err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		u := gopickle.NewUnpickler(bytes.NewReader(b.Bytes()))
		u.FindClass = reconstruct.FindClass
		theirs, err := u.Load()
		if err != nil {
			t.Errorf("%s: gopickle: %v", f, err)
			continue
		}
		if !sameValue(f.Name, ours, adapt(theirs, map[any]any{})) {
			t.Errorf("%s: gopickle reads another value", f)
		}
		read++
	}
	t.Logf("%d fixtures written and read by gopickle", read)
	if read < 400 {
		t.Errorf("only %d fixtures", read)
	}
}
