package pickle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/big"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"weak"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/written"
)

// vertex is a struct with fields that its plan can read from memory, and others.
type vertex struct {
	X, Y  int
	Name  string
	Tags  []string
	Inner map[string]any
	Next  *vertex
	Any   any
}

// vertexFields is the Fields hook of the tests in this file.
func vertexFields(t reflect.Type) []Field {
	var out []Field
	for _, f := range reflect.VisibleFields(t) {
		out = append(out, Field{Name: f.Name, Index: f.Index, OmitEmpty: f.Name == "Tags"})
	}
	return out
}

// A ReduceFunc writes stamp as another value, and badge as a written.Constructed.
type (
	stamp struct{ text string }
	badge struct{ n int }
)

var markConstructor = &written.Constructor{Class: programGlobal{Module: "m", Name: "badge"},
	Args: []any{written.Bytes("b")}}

func reduceForReuse(t reflect.Type) ReduceFunc {
	switch t {
	case reflect.TypeFor[*stamp]():
		return func(v any, _ int) (any, error) { return &types.List{v.(*stamp).text}, nil }
	case reflect.TypeFor[*badge]():
		return func(v any, _ int) (any, error) {
			return &written.Constructed{By: markConstructor,
				State: written.Tuple{v.(*badge).n, written.Interned("words")}}, nil
		}
	}
	return nil
}

// reuseValues returns values that use all parts of the working memory, with n items each.
func reuseValues(n int) []any {
	text := func(i int) string { return strings.Repeat("x", 40) + fmt.Sprint(i) }
	list, dict, tuples := make(types.List, n), make(types.Dict, n), make(types.List, n)
	set, frozen := new(Set), new(FrozenSet)
	byKey, points, stamps := map[string]any{}, make([]*vertex, n), []any{}
	objects, nested := types.List{}, any(nil)
	for i := range n {
		s := text(i)
		list[i], dict[i] = &types.List{s, s}, types.DictEntry{Key: s,
			Value: &types.Dict{{Key: i, Value: s}}}
		tuples[i] = &types.Tuple{s, &types.List{i}}
		set.Items, frozen.Items = append(set.Items, s), append(frozen.Items, s)
		byKey[s] = map[string]any{"a": i, text(i / 2): []any{s}}
		points[i] = &vertex{X: i, Name: s, Inner: map[string]any{s: i},
			Any: map[string]string{s: s, "k": s}}
		if i > 0 {
			points[i].Next, points[i].Tags = points[i/2], []string{s}
		}
		stamps = append(stamps, &stamp{s}, &badge{i}, "c", []byte{byte(i)}, []byte(s))
		g := Global{Module: "module" + s, Name: "name" + s}
		objects = append(objects, g, &Object{Class: g, Args: []any{&tuples}, State: &dict,
			HasState: true},
			&Object{Class: g, Form: FormNewObjEx, Kwargs: &types.Dict{{Key: s, Value: i}}})
		if i < 3 {
			objects = append(objects, new(big.Int).Lsh(big.NewInt(3), sharedInt))
		}
		nested = &types.Tuple{&types.List{nested}}
	}
	return []any{&list, &dict, &tuples, set, frozen, byKey, points, stamps, &objects, nested,
		text(n), [3]any{n, points, byKey}}
}

func reusePickler(plans *planCache, protocol int) *Pickler {
	return &Pickler{Protocol: ProtocolOf(protocol), Fields: vertexFields, Reduce: reduceForReuse,
		planCache: plans}
}

// TestKeptMemory checks that the working memory which one Dump leaves does not change what the next
// one writes, for all pairs of values and in several goroutines.
func TestKeptMemory(t *testing.T) {
	type job struct {
		v        any
		protocol int
		want     []byte
	}
	var jobs []job
	for _, n := range []int{1, 3, 10, 70, 600} {
		for _, v := range reuseValues(n) {
			for _, protocol := range []int{0, 2, 4, 5} {
				want, err := reusePickler(new(planCache), protocol).Dumps(v)
				if err != nil {
					t.Fatal(err)
				}
				jobs = append(jobs, job{v, protocol, want})
			}
		}
	}
	var plans planCache
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 3 * len(jobs) {
				j := jobs[(i*(2*g+1)*7+g)%len(jobs)]
				got, err := reusePickler(&plans, j.protocol).Dumps(j.v)
				if err != nil || !bytes.Equal(got, j.want) {
					t.Errorf("a %T at protocol %d: %v, or not what it is alone", j.v, j.protocol,
						err)
					return
				}
			}
		})
	}
	wg.Wait()
}

var errHook = errors.New("a hook fails")

// failing returns a value whose Dump fails at its end.
func failing(how string) (*Pickler, any) {
	values := reuseValues(12)
	p := reusePickler(nil, 4)
	switch how {
	case "value":
		return p, append(values, make(chan int))
	case "protocol":
		p.Protocol = ProtocolOf(6)
	case "writer":
		p.w = failingWriter{}
	case "hook", "panic":
		p.Reduce = func(t reflect.Type) ReduceFunc {
			if t == reflect.TypeFor[*testing.T]() {
				return func(any, int) (any, error) {
					if how == "panic" {
						panic(errHook)
					}
					return nil, errHook
				}
			}
			return reduceForReuse(t)
		}
		return p, append(values, map[string]any{"t": []any{values, &testing.T{}}})
	}
	return p, values
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errHook }

// TestKeptMemoryAfterFailure checks that a Dump which fails, or whose hook panics, does not change
// what later ones write.
func TestKeptMemoryAfterFailure(t *testing.T) {
	v := reuseValues(20)
	want, err := reusePickler(new(planCache), 4).Dumps(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, how := range []string{"value", "protocol", "writer", "hook", "panic"} {
		p, bad := failing(how)
		for range 20 {
			func() {
				defer func() {
					if r := recover(); (r != nil) != (how == "panic") {
						t.Fatalf("%s: a panic: %v", how, r)
					}
				}()
				if err := p.Dump(bad); err == nil {
					t.Fatalf("%s: no error", how)
				}
			}()
			q := *p
			q.Protocol, q.w = Protocol{}, io.Discard
			if got, err := q.Dumps(v); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s: the next Dump: %v, or other bytes", how, err)
			}
		}
		if q, _ := p.planCache.unused.Get().(*pickling); q != nil {
			checkEmpty(t, how, reflect.ValueOf(q).Elem())
		}
	}
}

// checkEmpty reports references to a value, such as strings and interfaces, in a pickling that was
// released.
func checkEmpty(t *testing.T, what string, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[plan]() {
			return
		}
		for i := range v.NumField() {
			checkEmpty(t, what+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			checkEmpty(t, what, v.Elem())
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range v.Cap() {
			checkEmpty(t, what, v.Slice(0, v.Cap()).Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			checkEmpty(t, what, v.Index(i))
		}
	case reflect.Map:
		// The kinds of identities contain only numbers.
		if v.Len() > 0 && v.Type() != reflect.TypeFor[map[identityKind]uint32]() {
			t.Errorf("%s: %d entries", what, v.Len())
		}
	case reflect.String, reflect.Interface, reflect.UnsafePointer, reflect.Func:
		if !v.IsZero() {
			t.Errorf("%s: a %v is left", what, v.Type())
		}
	}
}

// TestKeptMemoryIsEmpty checks that the working memory which is kept has no references to the
// value, and is small for every value.
func TestKeptMemoryIsEmpty(t *testing.T) {
	for _, n := range []int{1, 5, 40, 300, 1500} {
		for protocol := range 6 {
			var gone []weak.Pointer[byte]
			var kept *pickling
			func() {
				values := reuseValues(n)
				s := *values[0].(*types.List)
				for _, v := range []any{values[0], values[1], values[5],
					(*s[n-1].(*types.List))[0]} {
					gone = append(gone, weak.Make((*byte)(reflect.ValueOf(v).UnsafePointer())))
				}
				q, err := reusePickler(new(planCache), protocol).pickle(values)
				if err != nil {
					t.Fatal(err)
				}
				q.release(true)
				kept = q
			}()
			runtime.GC()
			for i, w := range gone {
				if w.Value() != nil {
					t.Errorf("%d at protocol %d: value %d is still there", n, protocol, i)
				}
			}
			checkEmpty(t, fmt.Sprint("protocol", protocol), reflect.ValueOf(kept).Elem())
			if size := sizeOf(reflect.ValueOf(kept).Elem()); size > 160<<10 {
				t.Errorf("%d at protocol %d: %d bytes are kept", n, protocol, size)
			}
		}
	}
}

// sizeOf returns the approximate memory of v in bytes, without plans.
func sizeOf(v reflect.Value) int {
	n := 0
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			n += sizeOf(v.Field(i))
		}
		return n
	case reflect.Array:
		for i := range v.Len() {
			n += sizeOf(v.Index(i))
		}
		return n
	case reflect.Slice:
		for i := range v.Cap() {
			n += sizeOf(v.Slice(0, v.Cap()).Index(i))
		}
	case reflect.Map:
		n = 2 * v.Len() * int(v.Type().Key().Size()+v.Type().Elem().Size())
	case reflect.Pointer:
		if !v.IsNil() && v.Type() != reflect.TypeFor[*plan]() {
			n = sizeOf(v.Elem())
		}
	}
	return n + int(v.Type().Size())
}
