package lookup_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/pickle"
)

// TestKeyToken: the tokens of keys of every kind.
func TestKeyToken(t *testing.T) {
	object := func(module, name string, args ...any) *pickle.Object {
		return &pickle.Object{Class: pickle.Global{Module: module, Name: name}, Args: args}
	}
	point := object("m", "Point")
	point.State, point.HasState = &types.Dict{{Key: "x", Value: 1}, {Key: "y", Value: nil}}, true
	around := object("m", "Node")
	around.State, around.HasState = &types.Dict{{Key: "me", Value: around}}, true
	for _, c := range []struct {
		key  any
		want string
	}{
		{"text", "text"}, {nil, "null"}, {true, "true"}, {3, "3"}, {2.0, "2.0"},
		{[]byte("b"), "b"}, {new(big.Int).Lsh(big.NewInt(1), 70), "1180591620717411303424"},
		{complex(1, -2), "(1.0, -2.0)"}, {float32(0.1), "0.1"},
		// A column of a table that pandas unstacked, with the year as an element of an array.
		{[]any{"x", int64(2020), uint8(7)}, "(x, 2020, 7)"},
		{&types.Tuple{1, &types.Tuple{"a"}}, "(1, (a,))"}, {&types.Tuple{}, "()"},
		{&pickle.FrozenSet{Items: []any{1, 2}}, "frozenset(1, 2)"},
		{pickle.Global{Module: "m", Name: "f"}, "m.f"},
		{object("m", "Color", "g"), "m.Color(g)"}, {point, "m.Point(x=1, y=null)"},
		{object("ipaddress", "IPv4Address", 16909060), "1.2.3.4"},
		{object("builtins", "getattr", pickle.Global{Module: "m", Name: "C"}, "D"), "m.C.D"},
	} {
		if got := lookup.KeyToken(c.key); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	if got := lookup.KeyToken(around); !strings.HasPrefix(got, "m.Node(me=m.Node(") {
		t.Errorf("an object inside itself is %.50s", got)
	}
}

// TestKeyTokenOfShared: a tuple of a thousand tuples of a thousand and so on, which is short in a
// file, has a short token.
func TestKeyTokenOfShared(t *testing.T) {
	var key any = 0
	for range 6 {
		level := make(types.Tuple, 1000)
		for i := range level {
			level[i] = key
		}
		key = &level
	}
	if got := lookup.KeyToken(key); len(got) > 1<<14 || !strings.Contains(got, "...") {
		t.Errorf("a token of %d bytes, %.60s", len(got), got)
	}
}
