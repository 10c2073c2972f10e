package unmarshal_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/cases"
	"github.com/unpkl/unpkl/internal/opfuzz"
	"github.com/unpkl/unpkl/internal/unmarshal"
)

// splitNode holds what elements of large slices have: numbers, text, and what may be shared.
type splitNode struct {
	ID    int            `pickle:"id"`
	Name  string         `pickle:"name"`
	Value *float64       `pickle:"value"`
	Tags  []string       `pickle:"tags"`
	Next  *splitNode     `pickle:"next"`
	Sizes map[string]int `pickle:"sizes"`
	At    time.Time      `pickle:"at"`
	Raw   []byte         `pickle:"raw"`
	Pair  [2]int8        `pickle:"pair"`
}

// describe writes a Go value with everything that it refers to: what is met a second time as the
// number that it had the first time.
func describe(b *bytes.Buffer, v reflect.Value, met map[any]int) {
	seen := func(key any) bool {
		n, ok := met[key]
		if !ok {
			n = len(met)
			met[key] = n
		}
		fmt.Fprintf(b, "#%d", n)
		return ok
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			b.WriteString("nil")
		} else if v.Kind() == reflect.Interface || !seen(v.Pointer()) {
			describe(b, v.Elem(), met)
		}
	case reflect.Slice:
		if v.IsNil() || v.Len() == 0 {
			fmt.Fprint(b, v.IsNil(), "[]")
			return
		}
		if seen([2]uintptr{v.Pointer(), uintptr(v.Len())}) {
			return
		}
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			b.WriteByte(' ')
			describe(b, v.Index(i), met)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			fmt.Fprint(b, v)
			return
		}
		for i := range v.NumField() {
			b.WriteByte(' ')
			describe(b, v.Field(i), met)
		}
	case reflect.Map:
		if v.IsNil() || !seen(v.Pointer()) {
			fmt.Fprint(b, v)
		}
	default:
		fmt.Fprintf(b, "%v:%v", v.Kind(), v)
	}
}

// oneAndMany reads a pickle into a T with one goroutine and with several, and compares all that can
// be seen.
func oneAndMany[T any](t *testing.T, data []byte, opts ...unpkl.Option) {
	t.Helper()
	var results [2]string
	for i, n := range []int{1, 3} {
		var v T
		err := unpkl.Unmarshal(data, &v, append(opts, unpkl.WithConcurrency(n))...)
		var b bytes.Buffer
		describe(&b, reflect.ValueOf(&v).Elem(), map[any]int{})
		results[i] = fmt.Sprint(err, " ", &b)
		if limit := new(unpkl.LimitError); errors.As(err, &limit) {
			results[i] = err.Error() // what is in the target then is not defined
		}
	}
	if results[0] != results[1] {
		t.Fatalf("%q into %T:\none:  %s\nmany: %s", data, *new(T), results[0], results[1])
	}
}

// TestSplitSlices: what several goroutines read is what one does, with the same parts shared, the
// same errors, and the same limits kept, whatever is in the list.
func TestSplitSlices(t *testing.T) {
	defer unmarshal.SplitAll()()
	r := rand.New(rand.NewPCG(3, 4))
	tags := []string{"a", "b"}
	value := 2.5
	last := &splitNode{ID: 9, Name: "last"}
	for range 60 * factor() {
		nodes := make([]any, 1+r.IntN(200))
		for i := range nodes {
			n := splitNode{ID: i, Name: fmt.Sprint(i % 7), Pair: [2]int8{1, int8(i)},
				At: time.Unix(int64(i), 0).UTC()}
			switch r.IntN(12) {
			case 0:
				n.Tags = tags // the same slice
			case 1:
				n.Tags, n.Value = []string{"x", fmt.Sprint(i)}, &value
			case 2:
				n.Next = last
			case 3:
				n.Next = &splitNode{Sizes: map[string]int{"k": i}, Raw: []byte("raw")}
			case 4:
				nodes[i] = map[string]any{"id": "no int", "name": 3}
				continue
			case 5:
				nodes[i] = map[string]any{"id": i, "other": 1, "sizes": map[any]any{"a": 1, 2: 3}}
				continue
			case 6:
				nodes[i] = nil
				continue
			}
			nodes[i] = &n
		}
		data, err := unpkl.Marshal(nodes)
		if err != nil {
			t.Fatal(err)
		}
		oneAndMany[[]splitNode](t, data)
		oneAndMany[[]*splitNode](t, data, unpkl.WithDisallowUnknownFields())
		oneAndMany[[]map[string]string](t, data)
		oneAndMany[[]splitNode](t, data, unpkl.WithLimits(unpkl.Limits{Depth: 1 + r.IntN(4)}))
		oneAndMany[[]splitNode](t, data, unpkl.WithLimits(unpkl.Limits{Expansion: int64(1 +
			r.IntN(2000))}))
	}
}

// TestSplitPrograms: the same for lists of what random opcodes make, which refer to each other.
func TestSplitPrograms(t *testing.T) {
	defer unmarshal.SplitAll()()
	r := rand.New(rand.NewPCG(5, 6))
	read := 0
	for range 1500 * factor() {
		data := []byte("\x80\x04](")
		for range 1 + r.IntN(20) {
			choices := make([]byte, 5+r.IntN(60))
			for i := range choices {
				choices[i] = byte(r.Uint32())
			}
			program := opfuzz.Program(choices, "m C", "collections OrderedDict")
			data = append(data, bytes.TrimPrefix(program[:len(program)-1], []byte("\x80\x05"))...)
		}
		data = append(data, "e."...)
		oneAndMany[[]splitNode](t, data)
		oneAndMany[[][]string](t, data)
		oneAndMany[[][]int](t, data)
		oneAndMany[[]float64](t, data)
		if _, err := unpkl.LoadBytes(data); err == nil {
			read++
		}
	}
	if read < 60 {
		t.Errorf("only %d of the programs are pickles", read)
	}
}

// TestSplitNumbers: numbers, bools and text, alone and among others, in runs and singly.
func TestSplitNumbers(t *testing.T) {
	defer unmarshal.SplitAll()()
	r := rand.New(rand.NewPCG(7, 8))
	makers := []func(i int) any{
		func(i int) any { return float64(i) / 8 }, func(i int) any { return i << r.IntN(62) },
		func(i int) any { return i%3 == 0 }, func(i int) any { return fmt.Sprint(i) },
		func(int) any { return nil },
	}
	for range 20 * factor() {
		mixed := r.IntN(3) == 0
		maker := makers[r.IntN(len(makers))]
		list := make([]any, r.IntN(5000))
		for i := range list {
			if mixed && r.IntN(400) == 0 {
				maker = makers[r.IntN(len(makers))]
			}
			list[i] = maker(i)
		}
		data, err := unpkl.Marshal(list, unpkl.WithProtocol(r.IntN(6)))
		if err != nil {
			t.Fatal(err)
		}
		oneAndMany[[]float64](t, data)
		oneAndMany[[]int](t, data)
		oneAndMany[[]int64](t, data, unpkl.WithLimits(unpkl.Limits{Expansion: int64(1 +
			r.IntN(6000))}))
		oneAndMany[[]int16](t, data)
		oneAndMany[[]bool](t, data)
		oneAndMany[[]string](t, data)
		oneAndMany[[]*bool](t, data)
	}
}

// factor is by how much more the long run tries.
func factor() int {
	if cases.Long() {
		return 20
	}
	return 1
}
