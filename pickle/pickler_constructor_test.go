package pickle_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/pickle"
)

// point3 is written with a Constructor, or as an Object if slow is set.
type point3 struct {
	id   int
	slow bool
}

var newPoint3 = &written.Constructor{
	Class: pickle.ProgramGlobal{Module: "geo.points", Name: "_new"},
	Args: []any{pickle.ProgramGlobal{Module: "geo", Name: "Point"}, written.Tuple{0},
		written.Bytes("b"), written.Str("text")},
}

// PickleReduce implements [pickle.Reducer].
func (p *point3) PickleReduce(int) (any, error) {
	state := written.Tuple{p.id, written.Tuple{p.id % 3},
		written.Bytes(fmt.Sprint("bytes of ", p.id))}
	if !p.slow {
		return &written.Constructed{By: newPoint3, State: state}, nil
	}
	return &pickle.Object{Class: newPoint3.Class, Args: append([]any(nil), newPoint3.Args...),
		State: state, HasState: true}, nil
}

// TestConstructed writes many objects with a Constructor, some of them twice, over several frames.
// The bytes must be the same as those of Objects.
func TestConstructed(t *testing.T) {
	values := func(slow bool) *types.List {
		l := &types.List{}
		for i := range 5000 {
			p := &point3{i, slow}
			l.Append(p)
			if i%7 == 0 {
				l.Append(p)
			}
			if i%100 == 0 {
				l.Append(&types.Tuple{&point3{-i, slow}, "between",
					pickle.ProgramGlobal{Module: "geo", Name: fmt.Sprint("C", i)}})
			}
		}
		return l
	}
	fast, slow := values(false), values(true)
	for _, c := range []struct {
		name string
		set  func(p *pickle.Pickler)
	}{
		{"", func(*pickle.Pickler) {}},
		{"strings by value", func(p *pickle.Pickler) { p.Strings = pickle.StringsByValue }},
		{"persistent ids", func(p *pickle.Pickler) {
			seen := 0 // each pickle asks about the same values in the same order
			p.PersistentID = func(v any) (any, error) {
				if seen++; seen%1000 == 0 && v != nil {
					return seen, nil
				}
				return nil, nil
			}
		}},
		{"extension codes", func(p *pickle.Pickler) {
			p.ExtensionCode = func(g pickle.Global) int { return len(g.Name) % 2 }
		}},
	} {
		for protocol := range 6 {
			var out [2]bytes.Buffer
			for i, v := range []any{fast, slow} {
				p := pickle.NewPickler(&out[i])
				p.Protocol = pickle.ProtocolOf(protocol)
				c.set(p)
				if err := p.Dump(v); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(out[0].Bytes(), out[1].Bytes()) {
				t.Errorf("%s at protocol %d: other bytes than an Object's", c.name, protocol)
			}
			if _, err := pickle.NewUnpickler(&out[0]).Load(); err != nil && c.name == "" {
				t.Errorf("protocol %d: %v", protocol, err)
			}
		}
	}
}

// TestManyMaps writes nested maps, each with other keys than the one before. The bytes must be the
// same as those of dicts.
func TestManyMaps(t *testing.T) {
	var maps []any
	dicts := &types.List{}
	for i := range 600 {
		inner, innerDict := map[string]any{}, &types.Dict{}
		for k := range i % 19 {
			key := written.Interned(fmt.Sprintf("k%02d", k+i%2))
			inner[string(key)] = k
			*innerDict = append(*innerDict, types.DictEntry{Key: key, Value: k})
		}
		maps = append(maps, map[string]any{"a": inner, "b": i, "c": inner})
		*dicts = append(*dicts, &types.Dict{
			{Key: written.Interned("a"), Value: innerDict}, {Key: written.Interned("b"), Value: i},
			{Key: written.Interned("c"), Value: innerDict},
		})
		if len(inner) == 0 {
			// An empty map is a new dict each time.
			(*(*dicts)[i].(*types.Dict))[2].Value = &types.Dict{}
		}
	}
	for protocol := range 6 {
		var out [2]bytes.Buffer
		for i, v := range []any{maps, dicts} {
			p := pickle.NewPickler(&out[i])
			p.Protocol = pickle.ProtocolOf(protocol)
			if err := p.Dump(v); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(out[0].Bytes(), out[1].Bytes()) {
			t.Errorf("protocol %d: other bytes than those of dicts", protocol)
		}
	}
}
