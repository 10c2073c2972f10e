package lookup_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/pickle"
)

// pointersOf returns pointers to some of the values inside an object.
func pointersOf(v any, at pointer.Pointer, depth int) (all []pointer.Pointer) {
	r := lookup.NewReader(true)
	v, err := r.Resolve(v)
	if err != nil {
		return nil
	}
	p, ok := r.Parts(v)
	if !ok || depth == 0 {
		return nil
	}
	for i := range min(p.Len, 4) {
		token, child := p.At(i)
		all = append(all, at.Child(token))
		all = append(all, pointersOf(child, at.Child(token), depth-1)...)
	}
	return all
}

// equalObjects reports whether to-json writes the same of two values, or the same error.
func equalObjects(a, b any) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	return jsonText(a) == jsonText(b)
}

// jsonText returns the JSON of an object, or the error if there is none.
func jsonText(v any) string {
	var b strings.Builder
	err := jsonval.NewEncoder(&b, jsonval.Options{Arrays: jsonval.ArraysValues}).Encode(v)
	if err != nil {
		return err.Error()
	}
	return b.String()
}

// TestLookupOfFixtures checks that a lookup over the cells of a tape finds the same values as one
// in the loaded object.
func TestLookupOfFixtures(t *testing.T) {
	defer func(from int) { tape.PartialMinSize = from }(tape.PartialMinSize)
	tape.PartialMinSize = 0
	fixtures, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, fix := range fixtures {
		f, err := unpkl.Open(fix.Path, unpkl.WithObjects(), unpkl.WithEncoding(pickle.EncodingKeep))
		if err != nil {
			t.Fatal(err)
		}
		whole, err := f.Load()
		if err != nil {
			f.Close()
			continue
		}
		for _, p := range pointersOf(whole, nil, 3) {
			want, err := lookup.NewReader(true).Values(whole, p)
			if err != nil || len(want) != 1 || !slices.Equal(want[0].At, p) {
				continue // a key whose token another key has, or that is *
			}
			got, err := f.Lookup(p.String())
			if err != nil {
				t.Errorf("%s: Lookup(%q): %v", fix, p, err)
				continue
			}
			if n++; !equalObjects(want[0].Value, got) {
				t.Errorf("%s: Lookup(%q): got %v, want %v", fix, p, got, want[0].Value)
			}
		}
		f.Close()
	}
	if n < 1000 {
		t.Errorf("only %d values were looked up", n)
	}
}
