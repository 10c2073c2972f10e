package pickle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/written"
)

// pythonName returns the name of the Python interpreter for a test: $UNPKL_PYTHON, which must work
// if it is set, or python3. If there is no python3, the test is skipped.
func pythonName(t *testing.T) string {
	t.Helper()
	if name := os.Getenv("UNPKL_PYTHON"); name != "" {
		return name
	}
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 on the path, and UNPKL_PYTHON is not set")
	}
	return path
}

type inner struct{ A, B int }

type record struct {
	ID     int
	Name   string
	Inner  inner
	Next   *record
	Tags   []string
	Hidden string
	Any    any
}

// recordFields is a Fields hook that returns the exported fields with names in lower case, and
// leaves out empty Tags.
func recordFields(t reflect.Type) []Field {
	var out []Field
	for i := range t.NumField() {
		if f := t.Field(i); f.Name != "Hidden" {
			out = append(out, Field{Name: strings.ToLower(f.Name), Index: []int{i},
				OmitEmpty: f.Name == "Tags"})
		}
	}
	return out
}

type point struct{ X, Y int }

func (p point) PickleReduce(protocol int) (any, error) {
	return &Object{Class: Global{"fractions", "Fraction"}, Args: []any{p.X, p.Y}}, nil
}

type celsius float64

var big200 = new(big.Int).Lsh(big.NewInt(-1), 200)

// goValues returns Go values with the Python expressions to which they must be equal, including
// types and sharing.
func goValues() []struct {
	v    any
	want string
} {
	loop := map[string]any{}
	loop["me"] = loop
	self := make([]any, 1)
	self[0] = self
	shared := []string{"x1", "y1"}
	chain := &record{ID: 1}
	chain.Next = chain
	return []struct {
		v    any
		want string
	}{
		{nil, "None"},
		{[]any{true, false}, "[True, False]"},
		{[]any{int8(-1), int16(-300), int32(1 << 20), int64(-1 << 40), int(7)},
			"[-1, -300, 1<<20, -1<<40, 7]"},
		{[]any{uint8(255), uint16(65535), uint32(1 << 31), uint64(math.MaxUint64), uint(3)},
			"[255, 65535, 1<<31, 2**64-1, 3]"},
		{[]any{big200, big.NewInt(5), new(big.Int).Lsh(big.NewInt(1), 3000)},
			"[-2**200, 5, 2**3000]"},
		{[]any{1.5, float32(0.25), celsius(36.6), math.Copysign(0, -1), math.Inf(-1), 1e16, 1e22,
			5e-324, 1e-5, 123456.75},
			"[1.5, 0.25, 36.6, -0.0, float('-inf'), 1e16, 1e22, 5e-324, 1e-5, 123456.75]"},
		{[]any{complex(1, -2), complex64(3)}, "[1-2j, 3+0j]"},
		{[]any{"", "a", "é\u1234\U0001f600", "\n\\\r\x00\x1a\u0080", "\xed\xa0\x80"},
			`["", "a", "é\u1234\U0001f600", "\n\\\r\0\x1a\x80", "\ud800"]`},
		{"line\n\\u0041\r\x00\x1aé", `"line\n\\u0041\r\0\x1aé"`},
		{[]any{[]byte{}, []byte("a"), []byte("\x00\xff\n\\\r\x1a"), Bytes("k")},
			`[b"", b"a", b"\0\xff\n\\\r\x1a", b"k"]`},
		{types.NewByteArrayFromSlice([]byte("\x80abc")), `bytearray(b"\x80abc")`},
		{[]string{"p", "q"}, "['p', 'q']"},
		{[][]int{{1}, {}, nil}, "[[1], [], []]"},
		{[3]int{1, 2, 3}, "[1, 2, 3]"},
		{[2]any{1, "x"}, "(1, 'x')"},
		{map[string]int{"b": 2, "a": 1, "c": 3}, "dict(a=1, b=2, c=3)"},
		{map[any]int{2: 1, "z": 2, -1: 3, 1.5: 4, Bytes("k"): 5, [2]any{1, "t"}: 6, nil: 7},
			"{None: 7, -1: 3, 1.5: 4, 2: 1, b'k': 5, 'z': 2, (1, 't'): 6}"},
		{map[[2]int]string{{1, 2}: "a", {0, 5}: "b"}, "{(0, 5): 'b', (1, 2): 'a'}"},
		{map[float64]int(nil), "{}"},
		{types.NewTupleFromSlice([]any{1, types.NewListFromSlice(nil)}), "(1, [])"},
		{types.Tuple{1}, "(1,)"},
		{types.Dict{{Key: 1, Value: types.List{2}}}, "{1: [2]}"},
		{(*record)(nil), "None"},
		{&record{ID: 3, Name: "n", Tags: []string{"t"}, Any: inner{5, 6}},
			"dict(id=3, name='n', inner=dict(a=0, b=0), next=None, tags=['t'], any=dict(a=5, b=6))"},
		{[]record{{}, {ID: 1}},
			"[dict(id=0, name='', inner=dict(a=0,b=0), next=None, any=None), dict(id=1, name='', inner=dict(a=0,b=0), next=None, any=None)]"},
		{[]any{point{1, 3}, &point{2, 4}}, "[F(1, 3), F(1, 2)]"},
		{[]any{shared, shared}, "share([['x1', 'y1']]*2)"},
		{loop, "loop('me')"},
		{self, "loop(0)"},
		{chain, "chain()"},
		{Global{"collections", "OrderedDict"}, "collections.OrderedDict"},
		{[]any{Global{"builtins", "range"}, Global{"__builtin__", "long"}}, "[range, int]"},
		{Global{"collections", "OrderedDict.fromkeys"}, "collections.OrderedDict.fromkeys"},
		{&Object{Class: Global{"collections", "OrderedDict"},
			DictItems: types.Dict{{Key: "k", Value: 1}}}, "collections.OrderedDict(k=1)"},
		{&Object{Class: Global{"collections", "deque"}, Args: []any{types.Tuple{}, 5},
			Items: []any{1, 2}}, "collections.deque([1, 2], 5)"},
		{&Object{Class: Global{"types", "SimpleNamespace"}, Form: FormNewObj,
			State: &types.Dict{{Key: "a", Value: 1}}, HasState: true},
			"types.SimpleNamespace(a=1)"},
		{&Object{Class: Global{"fractions", "Fraction"}, Form: FormNewObjEx, Args: []any{6},
			Kwargs: &types.Dict{{Key: "denominator", Value: 4}}}, "F(3, 2)"},
		{&Object{Class: Global{"collections", "deque"}, Form: FormInst, Args: []any{types.List{1}}},
			"collections.deque([1])"},
		{mustSet(1, "a"), "{1, 'a'}"},
		{mustFrozen(), "frozenset()"},
		{mustFrozen(2, 3.5), "frozenset([2, 3.5])"},
		{&written.LargeBytes{Size: 3, Write: func(w io.Writer) error {
			_, err := io.WriteString(w, "\xffab")
			return err
		}}, `b"\xffab"`},
		{&written.LargeBytes{Size: 100_000, Write: writeRamp},
			"bytes(i & 255 for i in range(100000))"},
		{bytes.Repeat([]byte("\xf0\n1"), 50_000), `b"\xf0\n1" * 50000`},
		{strings.Repeat("é\n", 50_000), `"é\n" * 50000`},
	}
}

func writeRamp(w io.Writer) error {
	for i := range 100_000 {
		if _, err := w.Write([]byte{byte(i)}); err != nil {
			return err
		}
	}
	return nil
}

func mustSet(items ...any) *Set {
	s, err := NewSet(items...)
	if err != nil {
		panic(err)
	}
	return s
}

func mustFrozen(items ...any) *FrozenSet {
	s, err := NewFrozenSet(items...)
	if err != nil {
		panic(err)
	}
	return s
}

const checkScript = `
import collections, pickle, pickletools, sys, types, io
from fractions import Fraction as F
def share(x): return x
def loop(k):
    d = {} if isinstance(k, str) else [None]
    d[k] = d
    return d
def chain():
    d = dict(id=1, name='', inner=dict(a=0, b=0), next=None, any=None)
    d['next'] = d
    return d
def same(a, b, seen):
    if type(a) is not type(b): return False
    if (id(a), id(b)) in seen: return True
    seen.add((id(a), id(b)))
    if isinstance(a, float): return repr(a) == repr(b)
    if isinstance(a, dict):
        return len(a) == len(b) and all(same(x, y, seen) and same(a[x], b[y], seen) for x, y in zip(a, b))
    if isinstance(a, (list, tuple)):
        shared = lambda s: [i == j or s[i] is s[j] for i in range(len(s)) for j in range(i) if isinstance(s[i], list)]
        return len(a) == len(b) and all(map(same, a, b, [seen]*len(a))) and shared(a) == shared(b)
    return a == b
folder, bad = sys.argv[1], 0
for i, want in enumerate(open(folder + "/want", encoding="utf-8").read().split("\n;;\n")):
    for p in range(6):
        data = open("%s/%d.%d" % (folder, i, p), "rb").read()
        got = pickle.loads(data)
        pickletools.dis(data, io.StringIO())
        if not same(got, eval(want), set()):
            print(i, p, repr(got)[:200], "want", want[:200]); bad = 1
sys.exit(bad)
`

// TestInteropGoValues writes Go values at every protocol and lets Python compare them with the
// expected ones.
func TestInteropGoValues(t *testing.T) {
	py, dir := pythonName(t), t.TempDir()
	var want []string
	for i, c := range goValues() {
		want = append(want, c.want)
		for protocol := range int(HighestProtocol) + 1 {
			var b bytes.Buffer
			p := NewPickler(&b)
			p.Protocol, p.Fields = ProtocolOf(protocol), recordFields
			if err := p.Dump(c.v); err != nil {
				t.Fatalf("%v at protocol %d: %v", c.want, protocol, err)
			}
			name := filepath.Join(dir, fmt.Sprintf("%d.%d", i, protocol))
			if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "want"), []byte(strings.Join(want, "\n;;\n")),
		0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(py, "-X", "utf8", "-c", checkScript, dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestDumpErrors(t *testing.T) {
	failing := errors.New("no answer")
	for _, c := range []struct {
		v        any
		protocol int
		want     string
	}{
		{make(chan int), 4, "pickle: cannot write a chan int"},
		{map[string]any{"a": []any{1, func() {}}}, 4,
			`pickle: cannot write a func() (at ["a"][1])`},
		{types.List{types.Tuple{1, &Object{Class: Global{"m", "C"}, State: make(chan bool),
			HasState: true}}}, 2,
			"pickle: cannot write a chan bool (at [0][1].state)"},
		{&Object{Class: Global{"m", "C"}, Args: []any{make(chan bool)}}, 2,
			"pickle: cannot write a chan bool (at .args[0])"},
		{[]any{record{}}, 4, "pickle: cannot write a pickle.record (at [0])"},
		{[]any{1, []any{[]any{&types.Tuple{&types.Tuple{map[string]any{"b": 1,
			"a": []any{make(chan int)}}}}}}}, 4,
			`pickle: cannot write a chan int (at [1][0][0][0][0]["a"][0])`},
		{types.List{reducerFunc(func() (any, error) {
			return &written.Constructed{By: &written.Constructor{Class: Global{"m", "C"}},
				State: written.Tuple{1, written.Tuple{make(chan int)}}}, nil
		})}, 4, "pickle: cannot write a chan int (at [0].state[1][0])"},
		{map[any]any{&record{}: 1, &inner{}: 2}, 4, "pickle: cannot write a pickle.inner"},
		{1, 6, "pickle: no such protocol: 6"},
		{&Buffer{}, 4, "pickle: a Buffer at protocol 4"},
		{&PersistentRef{types.List{}}, 0,
			"pickle: a persistent id of type types.List at protocol 0"},
		{Global{"m", "é"}, 2, `pickle: the name "m.é" at protocol 2`},
		// a surrogate
		{Global{"m", "\xed\xa0\x80"}, 3, `pickle: the name "m.\xed\xa0\x80" at protocol 3`},
		{Global{"m", "a\nb"}, 3, `pickle: the name "m.a\nb" at protocol 3`},
		{&written.LargeBytes{Size: 5, Write: func(io.Writer) error {
			return nil
		}}, 4, "pickle: LargeBytes of 5 bytes wrote 0"},
		{types.List{reducerFunc(func() (any, error) {
			return nil, failing
		})}, 4, "pickle: no answer (at [0])"},
	} {
		var b bytes.Buffer
		p := NewPickler(&b)
		p.Protocol = ProtocolOf(c.protocol)
		err := p.Dump(c.v)
		var encode *EncodeError
		if !errors.As(err, &encode) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("got error %q, want %q", err, c.want)
		}
		if !errors.Is(err, ErrUnsupported) && !errors.Is(err, failing) {
			t.Errorf("%v is of no kind", err)
		}
		if b.Len() > 0 {
			t.Errorf("%d bytes were written before %v", b.Len(), err)
		}
	}
}

type reducerFunc func() (any, error)

func (f reducerFunc) PickleReduce(int) (any, error) { return f() }

func TestPersistentID(t *testing.T) {
	external := &inner{1, 2}
	for protocol := range int(HighestProtocol) + 1 {
		var b bytes.Buffer
		p := NewPickler(&b)
		p.Protocol = ProtocolOf(protocol)
		p.PersistentID = func(v any) (any, error) {
			if v == external {
				return "ext-1", nil
			}
			return nil, nil
		}
		if err := p.Dump([]any{external, "s", external, &PersistentRef{7}}); err != nil {
			t.Fatal(err)
		}
		u := NewUnpicklerBytes(b.Bytes())
		u.PersistentLoad = func(pid any) (any, error) { return fmt.Sprint("<", pid, ">"), nil }
		v, err := u.Load()
		if want := (types.List{"<ext-1>", "s", "<ext-1>", "<7>"}); err != nil ||
			!reflect.DeepEqual(v, &want) {
			t.Errorf("protocol %d: %v, %v", protocol, v, err)
		}
	}
}

func TestBuffers(t *testing.T) {
	one, two := &Buffer{Data: []byte("one")}, &Buffer{Data: []byte("two"), ReadOnly: true}
	var out [][]byte
	var b bytes.Buffer
	p := NewPickler(&b)
	p.Protocol = ProtocolOf(5)
	p.BufferCallback = func(buf *Buffer) (bool, error) {
		out = append(out, buf.Data)
		return len(out) > 2, nil
	}
	if err := p.Dump([]any{one, two, one, two}); err != nil {
		t.Fatal(err)
	}
	if want := "\x80\x05\x95\x0a\x00\x00\x00\x00\x00\x00\x00]\x94(\x97\x97"; !strings.HasPrefix(
		b.String(), want[:3]) {
		t.Errorf("%q", b.String())
	}
	u := NewUnpicklerBytes(b.Bytes())
	next := 0
	u.NextBuffer = func() (any, error) {
		next++
		return types.NewByteArrayFromSlice(out[next-1]), nil
	}
	v, err := u.Load()
	if err != nil {
		t.Fatal(err)
	}
	got := *v.(*types.List)
	// The callback returned true for the third and fourth, so that they are in the pickle.
	for i, want := range []any{
		types.NewByteArrayFromSlice([]byte("one")), []byte("two"),
		types.NewByteArrayFromSlice([]byte("one")), []byte("two"),
	} {
		if !reflect.DeepEqual(got[i], want) {
			t.Errorf("buffer %d is %v, want %v", i, got[i], want)
		}
	}
}

func TestExtensionCode(t *testing.T) {
	for _, code := range []int{1, 255, 256, 65535, 65536, 1<<31 - 1} {
		var b bytes.Buffer
		p := NewPickler(&b)
		p.ExtensionCode = func(g Global) int {
			if g.Name == "C" {
				return code
			}
			return 0
		}
		if err := p.Dump(types.List{Global{"m", "C"}, Global{"m", "D"}}); err != nil {
			t.Fatal(err)
		}
		u := NewUnpicklerBytes(b.Bytes())
		u.GetExtension = func(code int) (any, error) { return code, nil }
		v, err := u.Load()
		if want := (types.List{code, Global{"m", "D"}}); err != nil ||
			!reflect.DeepEqual(v, &want) {
			t.Errorf("code %d: %v, %v", code, v, err)
		}
	}
}

// TestStrings counts the strings that are written in each mode.
func TestStrings(t *testing.T) {
	word := strings.Repeat("word", 3)
	tree := types.List{word, word, strings.Clone(word), "w", strings.Clone("w")}
	plain := []string{word, word, strings.Clone(word), "w", "w"}
	for _, c := range []struct {
		mode          Strings
		trees, values int
	}{
		{StringsAuto, 2, 3}, {StringsByIdentity, 2, 2}, {StringsByValue, 1, 1},
		{StringsUnshared, 3, 3},
	} {
		for v, want := range map[any]int{any(&tree): c.trees, any(&plain): c.values} {
			var b bytes.Buffer
			p := NewPickler(&b)
			p.Strings = c.mode
			if err := p.Dump(v); err != nil {
				t.Fatal(err)
			}
			if got := bytes.Count(b.Bytes(), []byte(word)); got != want {
				t.Errorf("mode %d: %T has the word %d times, want %d", c.mode, v, got, want)
			}
		}
	}
}

// TestPy2String writes strings that are not UTF-8 at every protocol.
func TestPy2String(t *testing.T) {
	for protocol := range int(HighestProtocol) + 1 {
		for _, s := range []string{"", "a'b", "\"'\\\n\t\r\x00\x7f\xff",
			strings.Repeat("\xfe", 300)} {
			for _, v := range []any{Py2String(s), s} {
				if v == any(s) && len(s) < 10 {
					continue // text
				}
				u := NewUnpicklerBytes(dumpAt(t, v, protocol))
				u.Encoding = EncodingKeep
				if got, err := u.Load(); err != nil || got != any(Py2String(s)) {
					t.Errorf("%q at protocol %d: %q, %v", s, protocol, got, err)
				}
			}
		}
	}
}

// TestDeep writes values that are nested too deeply for recursion.
func TestDeep(t *testing.T) {
	var v any = types.NewListFromSlice(nil)
	var g any = []any{}
	for range 200_000 {
		v = &types.Tuple{v}
		g = []any{g}
	}
	for _, v := range []any{v, g} {
		if b := dumpAt(t, v, 4); len(b) < 400_000 {
			t.Errorf("%d bytes", len(b))
		}
	}
}

// TestReuse writes several pickles with one Pickler. Each must be complete.
func TestReuse(t *testing.T) {
	var b bytes.Buffer
	p := NewPickler(&b)
	s := types.List{"text", "text"}
	for range 3 {
		if err := p.Dump(&s); err != nil {
			t.Fatal(err)
		}
	}
	u := NewUnpickler(&b)
	for range 3 {
		if v, err := u.Load(); err != nil || !reflect.DeepEqual(v, &s) {
			t.Errorf("%v, %v", v, err)
		}
	}
	if _, err := u.Load(); err != io.EOF {
		t.Errorf("%v at the end", err)
	}
}

// TestPersistentIDsOfIDs checks that nested persistent ids do not cause recursion.
func TestPersistentIDsOfIDs(t *testing.T) {
	const n = 3_000_000
	var v any
	for range n {
		v = &PersistentRef{ID: v}
	}
	var b bytes.Buffer
	if err := NewPickler(&b).Dump(v); err != nil {
		t.Fatal(err)
	}
	if want := strings.Repeat("Q", n); !strings.HasSuffix(b.String(), "N"+want+".") {
		t.Errorf("%d bytes", b.Len())
	}
	own := new(PersistentRef)
	own.ID = &PersistentRef{ID: own}
	if err := NewPickler(io.Discard).Dump(own); !errors.Is(err, ErrUnsupported) {
		t.Errorf("an id that is its own: %v", err)
	}
}

// TestLargeIntOnce checks that a value which refers to one long int many times is written in a
// short pickle.
func TestLargeIntOnce(t *testing.T) {
	long := new(big.Int).Lsh(big.NewInt(3), 100_000)
	list := &types.List{long, long, new(big.Int).Set(long), long}
	for protocol := range int(HighestProtocol) + 1 {
		data, one := dumpAt(t, list, protocol), dumpAt(t, long, protocol)
		if len(data) > 2*len(one)+100 {
			t.Errorf("protocol %d: %d bytes, of which one int takes %d", protocol, len(data),
				len(one))
		}
		u := NewUnpicklerBytes(data)
		got, err := u.Load()
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range *got.(*types.List) {
			if v.(*big.Int).Cmp(long) != 0 {
				t.Errorf("protocol %d: another int", protocol)
			}
		}
	}
}

// TestNestedNameLimit checks the limit on nested names below protocol 4.
func TestNestedNameLimit(t *testing.T) {
	g := Global{Module: "m", Name: strings.Repeat("a.", 500_000) + "b"}
	p := NewPickler(io.Discard)
	p.Protocol = ProtocolOf(2)
	if err := p.Dump(g); !errors.Is(err, ErrUnsupported) {
		t.Errorf("protocol 2: %v", err)
	}
	dumpAt(t, g, 4)
}
