package pickle

import (
	"bytes"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nlpodyssey/gopickle/types"
)

// grow returns a random tree of values. made has values that it may refer to again.
type treeMaker struct {
	r    *rand.Rand
	made []any
}

func (m *treeMaker) tree(depth int) any {
	if len(m.made) > 0 && m.r.IntN(12) == 0 {
		return m.made[m.r.IntN(len(m.made))]
	}
	n := m.r.IntN(5)
	if m.r.IntN(40) == 0 {
		n = 998 + m.r.IntN(5)
		depth = min(depth, 1)
	}
	if depth == 0 {
		return m.atom(m.r.IntN(12))
	}
	items := func() []any {
		out := make([]any, n)
		for i := range out {
			out[i] = m.tree(depth - 1)
		}
		return out
	}
	var v any
	switch k := m.r.IntN(20); k {
	case 12, 13, 14:
		v = types.NewListFromSlice(items())
	case 15, 16:
		v = types.NewTupleFromSlice(items())
	case 17:
		d := make(types.Dict, n)
		for i := range d {
			d[i] = types.DictEntry{Key: i, Value: m.tree(depth - 1)}
		}
		v = &d
	case 18:
		v = m.object(items())
	case 19:
		set := make([]any, n)
		for i := range set {
			set[i] = i
		}
		if v, _ = NewSet(set...); m.r.IntN(2) == 0 {
			v, _ = NewFrozenSet(set...)
		}
	default:
		return m.atom(k)
	}
	m.made = append(m.made, v)
	return v
}

func (m *treeMaker) object(args []any) any {
	o := &Object{Class: Global{"some.module", "Class"}, Args: args,
		Form: Form(m.r.IntN(int(FormObj) + 1))}
	if o.Form == FormNewObjEx {
		o.Kwargs = &types.Dict{{Key: "k", Value: m.atom(m.r.IntN(12))}}
	}
	if m.r.IntN(2) == 0 {
		o.State, o.HasState = m.atom(m.r.IntN(12)), true
	}
	if m.r.IntN(3) == 0 {
		o.Items = args
		o.DictItems = types.Dict{{Key: 1, Value: 2}}
	}
	return o
}

func (m *treeMaker) atom(k int) any {
	switch k {
	case 0:
		return nil
	case 1:
		return m.r.IntN(2) == 0
	case 2:
		return int(m.r.Int64() >> m.r.IntN(64))
	case 3:
		return -int(m.r.Int64() >> m.r.IntN(64))
	case 4:
		i := new(big.Int).Lsh(big.NewInt(m.r.Int64()|1<<62), uint(m.r.IntN(2200)+2))
		return i.Neg(i)
	case 5:
		return math.Float64frombits(m.r.Uint64()&^(0x7ff<<52) | 0x3ff<<52)
	case 6:
		return []float64{0, math.Copysign(0, -1), math.Inf(1), 5e-324, math.MaxFloat64}[m.r.IntN(5)]
	case 7:
		return strings.Repeat(string(rune(m.r.IntN(0xd800))), m.r.IntN(300))
	case 8:
		b := make([]byte, m.r.IntN(300))
		for i := range b {
			b[i] = byte(m.r.Uint32())
		}
		return b
	case 9:
		return Global{"some.module", "name"}
	case 10:
		return Py2String("py2\xff")
	default:
		return types.NewByteArrayFromSlice([]byte{byte(m.r.Uint32())})
	}
}

// wholeHooks makes the values that CPython writes as calls at old protocols.
func wholeHooks(module, name string) (any, error) {
	g := Global{module, name}.Python3()
	switch g {
	case Global{"builtins", "bytes"}, Global{"builtins", "bytearray"}, Global{"builtins", "set"},
		Global{"builtins", "frozenset"}, Global{"_codecs", "encode"},
		Global{"copyreg", "__newobj__"},
		Global{"functools", "partial"}, Global{"builtins", "getattr"}:
		return wholeCall(g.Name), nil
	}
	return Global{module, name}, nil
}

// wholeCall carries out a call of the named function.
type wholeCall string

func (c wholeCall) Call(args ...any) (any, error) {
	switch c {
	case "bytes":
		return []byte{}, nil
	case "bytearray":
		if len(args) == 0 {
			return types.NewByteArray(), nil
		}
		return types.NewByteArrayFromSlice(bytes.Clone(args[0].([]byte))), nil
	case "set":
		return NewSet(*args[0].(*types.List)...)
	case "frozenset":
		return NewFrozenSet(*args[0].(*types.List)...)
	case "encode":
		out := []byte{}
		for _, r := range args[0].(string) {
			out = append(out, byte(r))
		}
		return out, nil
	case "__newobj__":
		return args[0].(Global).PyNew(args[1:]...)
	case "getattr":
		return args[0], nil
	}
	return &partialCall{}, nil
}

// partialCall is functools.partial(cls.__new__, cls, ...).
type partialCall struct{ state types.Tuple }

func (p *partialCall) PySetState(state any) error {
	p.state = *state.(*types.Tuple)
	return nil
}

func (p *partialCall) Call(...any) (any, error) {
	args := *p.state[1].(*types.Tuple)
	return args[0].(Global).PyNewEx(args[1:], p.state[2].(*types.Dict))
}

var treeOptions = cmp.Options{
	cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 }),
	cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }),
	cmp.Comparer(func(a, b []byte) bool { return bytes.Equal(a, b) }),
	cmp.Transformer("set", func(s *Set) []any { return append([]any{}, s.Items...) }),
	cmp.Transformer("frozenset", func(s *FrozenSet) []any { return append([]any{}, s.Items...) }),
	cmp.Transformer("object", func(o *Object) map[string]any {
		form := o.Form
		if form == FormInst {
			form = FormObj // one at protocol 0, the other above
		}
		if o.Kwargs == nil {
			o.Kwargs = &types.Dict{}
		}
		return map[string]any{"class": o.Class, "args": append([]any{}, o.Args...),
			"kwargs": *o.Kwargs,
			"state":  o.State, "items": append([]any{}, o.Items...),
			"pairs": append(types.Dict{}, o.DictItems...), "form": form}
	}),
}

// TestRoundTrip writes random trees at every protocol and reads them. They must be equal and have
// the same sharing.
func TestRoundTrip(t *testing.T) {
	for seed := range uint64(60) {
		m := treeMaker{r: rand.New(rand.NewPCG(seed, 1))}
		v := m.tree(5)
		for protocol := range int(HighestProtocol) + 1 {
			checkRoundTrip(t, v, protocol)
		}
	}
}

func checkRoundTrip(t *testing.T, v any, protocol int) {
	t.Helper()
	data := dumpAt(t, v, protocol)
	u := NewUnpicklerBytes(data)
	u.Encoding, u.FindClass = EncodingKeep, wholeHooks
	got, err := u.Load()
	if err != nil {
		t.Fatalf("protocol %d: %v", protocol, err)
	}
	if diff := cmp.Diff(v, got, treeOptions); diff != "" {
		t.Fatalf("protocol %d: (-written +read)\n%s", protocol, diff)
	}
	if again := dumpAt(t, got, protocol); !bytes.Equal(again, data) {
		t.Fatalf("protocol %d: sharing has changed: %s", protocol, firstDifference(again, data))
	}
}

// FuzzRoundTrip reads any pickle, writes its value at every protocol, and reads it again.
func FuzzRoundTrip(f *testing.F) {
	for _, seed := range []string{
		"\x80\x04]\x94(K\x01\x8c\x03abc\x94h\x01e.", "(lp0\nI1\naVx\np1\nag1\na.",
		"\x80\x02cm\nC\n)\x81}U\x01aK\x01sb.",
		"\x80\x04\x8f(K\x01K\x02\x90.", "]q\x00(h\x00)\x85q\x01h\x01e.",
		"\x80\x05\x96\x02\x00\x00\x00\x00\x00\x00\x00ab\x94.",
		"\x80\x04](\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x00G\x7f\xf8\x00\x00\x00\x00\x00\x01e.",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(checkRewritten)
}

// checkRewritten reads data, writes the value at every protocol, and reads it again.
func checkRewritten(t *testing.T, data []byte) {
	u := NewUnpicklerBytes(data)
	u.Encoding = EncodingKeep
	u.PersistentLoad = func(pid any) (any, error) { return &PersistentRef{pid}, nil }
	v, err := u.Load()
	if err != nil {
		return
	}
	for protocol := range int(HighestProtocol) + 1 {
		first, err := tryDump(v, protocol)
		if err != nil {
			continue // a persistent id or a name that the protocol cannot hold
		}
		if slow, err := dumpSlowly(v, protocol, StringsAuto); err != nil ||
			!bytes.Equal(first, slow) {
			t.Fatalf("protocol %d: value by value it is %q, %v, not %q", protocol, slow, err, first)
		}
		u := NewUnpicklerBytes(first)
		u.Encoding, u.PersistentLoad = EncodingKeep, func(pid any) (any, error) {
			return &PersistentRef{pid}, nil
		}
		again, err := u.Load()
		if err != nil {
			t.Fatalf("protocol %d: %v: %q", protocol, err, first)
		}
		second, err := tryDump(again, protocol)
		if err != nil || len(second) != len(first) {
			t.Fatalf("protocol %d: %q, then %q, %v", protocol, first, second, err)
		}
	}
}

func tryDump(v any, protocol int) ([]byte, error) {
	var b sliceWriter
	p := NewPickler(&b)
	p.Protocol = ProtocolOf(protocol)
	err := p.Dump(v)
	return b.b, err
}
