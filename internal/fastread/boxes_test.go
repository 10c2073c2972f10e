package fastread_test

import (
	"github.com/unpkl/unpkl/internal/cases"
	"github.com/unpkl/unpkl/internal/fastread"

	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
)

// TestBoxes checks that boxed values are what Go's own conversions to any give, and stay so.
func TestBoxes(t *testing.T) {
	var texts []string
	var ints []int
	var floats []float64
	var blobs [][]byte
	var lists [][]any
	var want []any
	for i := range 700 {
		texts = append(texts, strings.Repeat("x", i%40))
		want = append(want, texts[i])
	}
	for i := range 3000 {
		ints = append(ints, i-1500)
		want = append(want, i-1500)
	}
	for i := range 2000 {
		floats = append(floats, float64(i)/3)
		want = append(want, float64(i)/3)
	}
	for i := range 600 {
		blobs = append(blobs, []byte(strings.Repeat("y", i*3)))
		want = append(want, blobs[i])
	}
	for i := range 600 {
		l := make([]any, i%90)
		for k := range l {
			l[k] = i * k
		}
		lists = append(lists, l)
		want = append(want, append([]any{}, l...))
	}
	got := fastread.Boxed(texts, ints, floats, blobs, lists)
	runtime.GC()
	if !reflect.DeepEqual(got, want) {
		t.Error("boxed values differ")
	}
	for i, v := range got {
		if reflect.TypeOf(v) != reflect.TypeOf(want[i]) {
			t.Fatalf("value %d is %T, want %T", i, v, want[i])
		}
		if l, ok := v.([]any); ok && cap(l) != len(l) {
			t.Fatalf("list %d of %d has room for %d", i, len(l), cap(l))
		}
	}
}

// TestWorkingMemory: what a load used, and one that was given up, is used again by the next, which sees
// nothing of it; and nothing stays there.
func TestWorkingMemory(t *testing.T) {
	n := 0
	for k, data := range cases.Direct() {
		if len(data) > 1<<10 {
			continue
		}
		want, err := unpkl.LoadBytes(data, withoutFastPaths())
		if err != nil {
			continue
		}
		for i := range data {
			if testing.Short() && i%8 != 0 {
				continue
			}
			plainDirectly(data[:i])
			got, err := unpkl.LoadBytes(data)
			if err != nil || !cases.Same(reflect.ValueOf(&want), reflect.ValueOf(&got)) {
				t.Fatalf("pickle %d after its first %d bytes: %v, %v, want %v", k, i, got, err, want)
			}
			if kept := fastread.KeptByPool(); kept != nil {
				t.Fatalf("pickle %d: the pool keeps %v", k, kept)
			}
			n++
		}
	}
	if n < 100 {
		t.Errorf("only %d", n)
	}
}

// TestManyAtOnce: lists and tuples whose items fill the stack become lists where they are; what is below them, and what
// comes after, stays as it was.
func TestManyAtOnce(t *testing.T) {
	long := strings.Repeat("K\x05M\x00\x01", 60_000)
	for name, data := range map[string]string{
		"a list":          "](" + long + "e.",
		"a tuple":         "(" + long + "t.",
		"a list made":     "(" + long + "l.",
		"and more":        "](" + long + "e(K\x06K\x07e(" + long + "eK\x08a.",
		"in a dict":       "}(X\x01\x00\x00\x00a](" + long + "eX\x01\x00\x00\x00b(" + long + "tX\x01\x00\x00\x00cK\x01u.",
		"below others":    "](K\x01](K\x02](" + long + "e](K\x03(" + long + "tK\x04e]K\x09e](ee.",
		"of lists":        "](" + strings.Repeat("])", 50_000) + "e.",
		"of lists filled": "](" + strings.Repeat("]K\x01a](K\x02e", 50_000) + "e.",
	} {
		want, err := unpkl.LoadBytes([]byte(data), withoutFastPaths())
		got, err2 := unpkl.LoadBytes([]byte(data))
		if err != nil || err2 != nil || !cases.Same(reflect.ValueOf(&want), reflect.ValueOf(&got)) || !plainDirectly([]byte(data)) {
			t.Errorf("%s: %v, %v, or other values", name, err, err2)
		}
	}
}
