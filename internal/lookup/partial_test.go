package lookup_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/table"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/pickle"
)

// partPickle writes a random pickle of dicts and lists that are filled in small batches, with
// everything in the memo. It has oddities that make it hard for a partial pass to leave anything
// out: values that are fetched again anywhere, containers inside themselves, containers that become
// part of a tuple or the state of an object after they were filled, older containers that are
// changed, equal keys, and keys of every kind.
type partPickle struct {
	r    *rand.Rand
	b    []byte
	puts int
	// lists, dicts and objects have the memo indices of values that may be changed later on.
	lists, dicts, objects []int
	odd                   int // one in odd values is an oddity
}

func (p *partPickle) op(code opcode.Code, arg ...byte) {
	p.b = append(append(p.b, byte(code)), arg...)
}

func (p *partPickle) text(s string) {
	p.op(opcode.ShortBinUnicode, append([]byte{byte(len(s))}, s...)...)
}

// put stores the top of the stack in the memo, as picklers do with all values that may be shared.
func (p *partPickle) put() int {
	switch i := p.puts; {
	case p.r.IntN(3) > 0:
		p.op(opcode.Memoize)
	case i < 256:
		p.op(opcode.BinPut, byte(i))
	default:
		p.op(opcode.LongBinPut, binary.LittleEndian.AppendUint32(nil, uint32(i))...)
	}
	p.puts++
	return p.puts - 1
}

func (p *partPickle) get(i int) {
	if i < 256 {
		p.op(opcode.BinGet, byte(i))
		return
	}
	p.op(opcode.LongBinGet, binary.LittleEndian.AppendUint32(nil, uint32(i))...)
}

// key writes the key of item i.
func (p *partPickle) key(i int) {
	switch p.r.IntN(12 * p.odd) {
	case 0:
		p.op(opcode.BinInt1, byte(i))
	case 1:
		p.op(opcode.BinFloat, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0) // 1.0, which 1 is equal to
	case 2:
		p.text("k0") // again
		p.put()
	case 3:
		p.op(opcode.BinInt1, byte(i))
		p.op(opcode.Tuple1)
		p.put()
	case 4:
		p.op(opcode.NewTrue)
	default:
		p.text(fmt.Sprint("k", i))
		p.put()
	}
}

// value writes a value of at most the given depth.
func (p *partPickle) value(depth int) {
	n := p.r.IntN(10)
	if depth == 0 {
		n = p.r.IntN(3)
	}
	switch {
	case n == 0:
		p.op(opcode.BinInt2, 0, byte(p.r.IntN(256)))
	case n == 1:
		p.text(fmt.Sprint("text", p.r.IntN(100)))
		p.put()
	case n == 2:
		p.op(opcode.BinFloat, 0x40, byte(p.r.IntN(256)), 0, 0, 0, 0, 0, 0)
	case p.r.IntN(2*p.odd) == 0: // the argument of a call
		p.op(opcode.Global, []byte("m\nA\n")...)
		p.container(depth)
		p.op(opcode.Tuple1)
		p.op(opcode.Reduce)
		p.objects = append(p.objects, p.put())
	case p.r.IntN(2*p.odd) == 0: // the state of an object
		p.op(opcode.Global, []byte("m\nB\n")...)
		p.op(opcode.EmptyTuple)
		p.op(opcode.NewObj)
		p.put()
		p.container(depth)
		p.op(opcode.Build)
	default:
		p.container(depth)
	}
	if p.r.IntN(p.odd) == 0 {
		p.oddity(depth)
	}
}

// oddity changes the value on top of the stack in an unusual way, or replaces it.
func (p *partPickle) oddity(depth int) {
	one := func(of []int) int { return of[p.r.IntN(len(of))] }
	switch p.r.IntN(9) {
	case 0:
		p.op(opcode.Tuple1)
		p.put()
	case 1:
		p.op(opcode.Pop)
		p.get(p.r.IntN(p.puts))
	case 2: // another name in the memo
		p.put()
	case 3: // the state of an object
		p.op(opcode.Global, []byte("m\nC\n")...)
		p.op(opcode.EmptyTuple)
		p.op(opcode.Reduce)
		p.objects = append(p.objects, p.put())
		p.text("s")
		p.op(opcode.Build)
		p.op(opcode.Tuple2)
	case 4: // a list before it changes
		if len(p.lists) > 0 {
			p.get(one(p.lists))
			p.op(opcode.Mark)
			p.value(max(depth-1, 0))
			p.op(opcode.Appends)
			p.op(opcode.Pop)
		}
	case 5:
		if len(p.dicts) > 0 {
			p.get(one(p.dicts))
			p.key(p.r.IntN(8))
			p.value(max(depth-1, 0))
			p.op(opcode.SetItem)
			p.op(opcode.Pop)
		}
	case 6: // a state that comes late
		if len(p.objects) > 0 {
			p.get(one(p.objects))
			p.value(max(depth-1, 0))
			p.op(opcode.Build)
			p.op(opcode.Pop)
		}
	case 7:
		p.op(opcode.Dup)
		p.op(opcode.Tuple2)
	case 8:
		p.op(opcode.Global, []byte("m\nD\n")...)
		p.op(opcode.Mark)
		p.value(max(depth-1, 0))
		p.op(opcode.Tuple)
		p.op(opcode.Reduce)
		p.objects = append(p.objects, p.put())
		p.op(opcode.Tuple2)
	}
}

func (p *partPickle) container(depth int) {
	if p.r.IntN(7) < 4 {
		p.dict(depth)
	} else {
		p.list(depth)
	}
}

func (p *partPickle) dict(depth int) {
	p.op(opcode.EmptyDict)
	p.dicts = append(p.dicts, p.put())
	i := 0
	for range p.r.IntN(5) {
		n := 1 + p.r.IntN(3)
		one := n == 1 && p.r.IntN(2) == 0
		if !one {
			p.op(opcode.Mark)
		}
		for range n {
			p.key(i)
			p.value(depth - 1)
			i++
		}
		if one {
			p.op(opcode.SetItem)
		} else {
			p.op(opcode.SetItems)
		}
	}
}

func (p *partPickle) list(depth int) {
	p.op(opcode.EmptyList)
	p.lists = append(p.lists, p.put())
	for range p.r.IntN(5) {
		if p.r.IntN(4) == 0 {
			p.value(depth - 1)
			p.op(opcode.Append)
			continue
		}
		p.op(opcode.Mark)
		for range 1 + p.r.IntN(3) {
			p.value(depth - 1)
		}
		p.op(opcode.Appends)
	}
}

// eachPartPickle calls do with random pickles as files. It returns their number.
func eachPartPickle(t *testing.T, do func(f *unpkl.File, r *rand.Rand, name string)) (n int) {
	t.Helper()
	defer func(from int) { tape.PartialMinSize = from }(tape.PartialMinSize)
	folder, n := t.TempDir(), 400
	if os.Getenv("UNPKL_LONG") != "" {
		n = 10_000
	}
	for seed := range n {
		p := partPickle{r: rand.New(rand.NewPCG(uint64(seed), 1)), odd: 2 + seed%40}
		p.op(opcode.Proto, 4)
		if p.r.IntN(3) == 0 {
			p.list(3)
		} else {
			p.dict(3)
		}
		if p.r.IntN(2*p.odd) == 0 {
			p.oddity(2)
		}
		p.op(opcode.Stop)
		path := filepath.Join(folder, "part.pkl")
		if err := os.WriteFile(path, p.b, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := unpkl.Open(path, unpkl.WithObjects())
		if err != nil {
			t.Fatal(err)
		}
		do(f, p.r, fmt.Sprintf("seed %d: %q", seed, p.b))
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// decodePart decodes a part of a file, with a partial pass or with a pass over everything.
func decodePart(t *testing.T, f *unpkl.File, part *lookup.Part, partial bool) error {
	t.Helper()
	if tape.PartialMinSize = 1 << 30; partial {
		tape.PartialMinSize = 0
	}
	d, err := f.Decoder()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	return d.Decode(part)
}

// TestLookupLeavesOut checks that a partial pass for a pointer finds the same values as a pass over
// everything, with the same errors.
func TestLookupLeavesOut(t *testing.T) {
	found := 0
	n := eachPartPickle(t, func(f *unpkl.File, _ *rand.Rand, name string) {
		var pointers []string
		if whole, err := f.Load(); err == nil {
			for _, at := range pointersOf(whole, nil, 4) {
				pointers = append(pointers, at.String())
			}
		}
		pointers = append(pointers, "/k1/k9", "/0/7", "/k0/*", "/*/k0", "/*/*", "/*/*/1", "/k3/-1",
			"/k2/:2/0", "/k1/1:", "/k2/1:3", "/*/:2/k1")
		for _, ptr := range pointers {
			tape.PartialMinSize = 1 << 30
			want, wantErr := f.Lookup(ptr)
			tape.PartialMinSize = 0
			got, err := f.Lookup(ptr)
			if fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("%s: error %v, want %v\n%s", ptr, err, wantErr, name)
			}
			if err != nil {
				continue
			}
			found++
			if a, b := jsonText(got), jsonText(want); a != b {
				t.Fatalf("%s: %s, want %s\n%s", ptr, a, b, name)
			}
		}
	})
	if found < n {
		t.Errorf("%d of %d pickles' parts were found", found, n)
	}
}

// TestRowsLeaveOut checks that a partial pass for some rows finds the same rows as a pass over
// everything.
func TestRowsLeaveOut(t *testing.T) {
	some := 0
	n := eachPartPickle(t, func(f *unpkl.File, r *rand.Rand, name string) {
		first, step := 1+r.IntN(2), 1+r.IntN(5)
		for _, ptr := range []string{"", "/k1", "/k0/k1", "/0", "/*", "/k2/1:"} {
			p, err := pointer.Parse(ptr)
			if err != nil {
				t.Fatal(err)
			}
			parts := make([]lookup.Part, 4)
			errs := make([]error, 4)
			for i := range parts {
				parts[i] = lookup.Part{Pointer: p, RepeatableHooks: true,
					FirstRows: first, ShallowRows: i >= 2, Rows: func(n int) (rows []int) {
						for i := range n {
							if i < first || i%step == 0 || i == n-1 {
								rows = append(rows, i)
							}
						}
						return rows
					}}
				errs[i] = decodePart(t, f, &parts[i], i%2 == 0)
			}
			for i := 0; i < 4; i += 2 {
				got, want := parts[i].Matches, parts[i+1].Matches
				if fmt.Sprint(errs[i]) != fmt.Sprint(errs[i+1]) || len(got) != len(want) {
					t.Fatalf("%s: %d, error %v, want %d, %v\n%s", ptr, len(got), errs[i],
						len(want), errs[i+1], name)
				}
				for k := range got {
					if got[k].Len > 0 {
						some++
					}
					text := func(m lookup.Match) string {
						if i == 0 {
							return jsonText(m.Value)
						}
						return rowsText(t, m)
					}
					if a, b := text(got[k]), text(want[k]); a != b || got[k].Len != want[k].Len ||
						!slices.Equal(got[k].Index, want[k].Index) {
						t.Fatalf("%s: %s of %d, %v, want %s of %d, %v\n%s", ptr, a, got[k].Len,
							got[k].Index, b, want[k].Len, want[k].Index, name)
					}
				}
			}
		}
	})
	if some < n {
		t.Errorf("of %d pickles %d lists have only some of their rows", n, some)
	}
}

// rowsText returns a match as the text of a table.
func rowsText(t *testing.T, m lookup.Match) string {
	t.Helper()
	rows, ok := table.OfPart(m.Value, m.Len)
	if !ok {
		return "no rows"
	}
	var b strings.Builder
	if err := rows.WriteCSV(&b, rows.AllRows(), ','); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestTreesLeaveOut checks that a partial pass for the first items of nested containers finds the
// same items, and the same numbers of items, as a pass over everything.
func TestTreesLeaveOut(t *testing.T) {
	lacking := 0
	n := eachPartPickle(t, func(f *unpkl.File, r *rand.Rand, name string) {
		of := lookup.Tree{Depth: r.IntN(4), Expand: 1 + r.IntN(3), Peek: 2 + r.IntN(2)}
		whole, some := of, of
		wants := lookup.Part{Tree: &whole, RepeatableHooks: true}
		gots := lookup.Part{Tree: &some, RepeatableHooks: true}
		wantErr, err := decodePart(t, f, &wants, false), decodePart(t, f, &gots, true)
		if err != nil && wantErr == nil {
			t.Fatalf("error %v\n%s", err, name)
		}
		if wantErr != nil { // of what is left out, if err is nil
			return
		}
		if len(whole.Totals) > 0 {
			t.Fatal("a pass for all leaves out something")
		}
		lacking += len(some.Totals)
		c := treeComparer{t: t, tree: &some, same: map[any]any{}}
		if !c.equal(wants.Matches[0].Value, gots.Matches[0].Value, 0) {
			t.Fatalf("%+v: %s, want %s\n%s", some, jsonText(gots.Matches[0].Value),
				jsonText(wants.Matches[0].Value), name)
		}
	})
	if lacking < n/5 {
		t.Errorf("of %d pickles %d containers lack something", n, lacking)
	}
}

// TestSharedAreAll checks that lookup.Part.SharedContainers has all shared containers: the JSON is
// the same if only these are remembered and if every container is.
func TestSharedAreAll(t *testing.T) {
	refs, unshared := 0, 0
	same := func(f *unpkl.File, name string) {
		part := lookup.Part{JSONTokens: true}
		d, err := f.Decoder()
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if d.Decode(&part) != nil || part.SharedContainers == nil {
			return
		}
		for _, o := range []jsonval.Options{{Refs: true}, {Lossless: true}, {},
			{MeasureAt: 1, RefsAt: 20}} {
			want, wantErr := encoded(part.Matches[0].Value, o)
			o.Once = func(container any) bool {
				if !part.SharedContainers[container] {
					unshared++
				}
				return !part.SharedContainers[container]
			}
			got, err := encoded(part.Matches[0].Value, o)
			if got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Errorf("%+v: got %s, %v, want %s, %v\n%s", o, got, err, want, wantErr, name)
			}
			refs += strings.Count(got, "$ref")
		}
	}
	eachPartPickle(t, func(f *unpkl.File, _ *rand.Rand, name string) { same(f, name) })
	fixtures, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, fix := range fixtures {
		f, err := unpkl.Open(fix.Path, unpkl.WithObjects(), unpkl.WithEncoding(pickle.EncodingKeep))
		if err != nil {
			t.Fatal(err)
		}
		same(f, fix.String())
		f.Close()
	}
	if refs < 1000 || unshared < 1000 {
		t.Errorf("there are %d references, and %d containers that are there once", refs, unshared)
	}
}

func encoded(v any, o jsonval.Options) (string, error) {
	o.Limits.OutputBytes = 1 << 20
	var b strings.Builder
	err := jsonval.NewEncoder(&b, o).Encode(v)
	return b.String(), err
}

// treeComparer compares the items of two trees that a Tree asks for.
type treeComparer struct {
	t    *testing.T
	tree *lookup.Tree
	same map[any]any // objects that are one, of all to those of the part
}

func (c *treeComparer) equal(want, got any, depth int) bool {
	keys, wants := treeItems(want)
	gotKeys, gots := treeItems(got)
	if wants == nil {
		return gots == nil && jsonText(want) == jsonText(got)
	}
	if same, met := c.same[want]; met {
		return same == got
	}
	c.same[want] = got
	n := len(gots)
	if total, ok := c.tree.Totals[got]; ok {
		n = total
	}
	if n != len(wants) || reflect.TypeOf(want) != reflect.TypeOf(got) {
		return false
	}
	looked := max(c.tree.Expand, c.tree.Peek)
	if depth == c.tree.Depth {
		looked = c.tree.Peek
	}
	for i := range min(n, looked) {
		switch {
		case keys != nil && jsonText(keys[i]) != jsonText(gotKeys[i]):
			return false
		case depth < c.tree.Depth && i < c.tree.Expand:
			if !c.equal(wants[i], gots[i], depth+1) {
				return false
			}
		case i < c.tree.Peek:
			if reflect.TypeOf(wants[i]) != reflect.TypeOf(gots[i]) {
				return false
			}
		}
	}
	return true
}

// treeItems returns the items of a container.
func treeItems(v any) (keys, items []any) {
	switch v := v.(type) {
	case *types.List:
		return nil, append([]any{}, *v...)
	case *types.Tuple:
		return nil, append([]any{}, *v...)
	case *types.Dict:
		keys, items = []any{}, []any{}
		for _, e := range *v {
			keys, items = append(keys, e.Key), append(items, e.Value)
		}
	}
	return keys, items
}
