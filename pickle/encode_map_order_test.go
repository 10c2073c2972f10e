package pickle

import (
	"bytes"
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/nlpodyssey/gopickle/types"
)

// clock is a key whose fields are not only numbers, as in a civil time with a zone.
type clock struct {
	Hour int
	Zone any
}

// TestDumpMixedKeys writes maps with keys of types that Go does not order, many times, since the
// order of a Go map varies. There must be no panic, all items must be written, and keys with a
// known order must be in that order.
func TestDumpMixedKeys(t *testing.T) {
	red := &Object{Class: Global{"m", "Color"}, Args: []any{1}}
	blue := &Object{Class: Global{"m", "Color"}, Args: []any{2}}
	now := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	zone := time.FixedZone("X", 3600)
	cases := map[string]struct {
		keys  map[any]any
		first any // of the values, nil where any may be first
	}{
		"times and structs": {map[any]any{now: 1, clock{2, nil}: 2, clock{1, zone}: 3}, nil},
		"times":             {map[any]any{now.Add(1): 2, now: 1, now.In(zone).Add(-1): 0}, 0},
		"big ints": {map[any]any{big.NewInt(7): 7, big.NewInt(-3): -3, big.NewInt(5): 5},
			-3},
		"objects":      {map[any]any{blue: 2, red: 1}, 1},
		"nil pointers": {map[any]any{(*big.Int)(nil): 1, big.NewInt(1): 2}, 1},
		"channels": {map[any]any{[1]any{&clock{}}: 1, [1]any{&clock{}}: 2,
			[2]any{1, now}: 0}, nil},
	}
	for name, c := range cases {
		for range 50 {
			var out bytes.Buffer
			p := NewPickler(&out)
			p.Reduce = func(t reflect.Type) ReduceFunc {
				switch t {
				case reflect.TypeFor[time.Time](), reflect.TypeFor[clock](),
					reflect.TypeFor[*clock]():
					return func(any, int) (any, error) {
						return &Object{Class: Global{"m", "T"}}, nil
					}
				}
				return nil
			}
			if err := p.Dump(c.keys); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			v, err := NewUnpicklerBytes(out.Bytes()).Load()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			d := entries(t, v)
			if len(d) != len(c.keys) {
				t.Fatalf("%s: %d of %d items are written", name, len(d), len(c.keys))
			}
			if c.first != nil && d[0] != c.first {
				t.Fatalf("%s: the values are %v", name, d)
			}
		}
	}
}

// entries returns the values of a dict in order.
func entries(t *testing.T, v any) []any {
	t.Helper()
	d, ok := v.(*types.Dict)
	if !ok {
		t.Fatalf("a %T is no dict", v)
	}
	var values []any
	for _, e := range *d {
		values = append(values, e.Value)
	}
	return values
}
