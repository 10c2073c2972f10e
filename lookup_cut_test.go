package unpkl_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/internal/tape"
)

// partPickle writes a random pickle of dicts and lists that are filled in small batches, with
// everything in the memo, and with what makes it hard to leave anything out: values that are
// fetched again anywhere, containers in themselves, containers that become part of a tuple or the
// state of an object after they were filled, older ones that are changed, keys met twice and keys
// of every kind.
type partPickle struct {
	r    *rand.Rand
	b    []byte
	puts int
	// lists, dicts and objects are the numbers in the memo of what can be changed late.
	lists, dicts, objects []int
	odd                   int // one in so many values is one of the above
}

func (p *partPickle) op(code opcode.Code, arg ...byte) {
	p.b = append(append(p.b, byte(code)), arg...)
}

func (p *partPickle) text(s string) {
	p.op(opcode.ShortBinUnicode, append([]byte{byte(len(s))}, s...)...)
}

// put stores the top of the stack in the memo, as all that can be met again is.
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

// oddity does something with the value on the stack, or replaces it.
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

// TestLookupLeavesOut: a pass that keeps only what a pointer may lead to finds what one finds that
// keeps all, with the same errors.
func TestLookupLeavesOut(t *testing.T) {
	defer func(from int) { tape.CutFrom = from }(tape.CutFrom)
	folder, n, found := t.TempDir(), 400, 0
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
		var pointers []string
		if whole, err := f.Load(); err == nil {
			for _, at := range pointersOf(whole, nil, 4) {
				pointers = append(pointers, at.String())
			}
		}
		pointers = append(pointers, "/k1/k9", "/0/7", "/k0/*", "/*/k0", "/k3/-1", "/k2/:2/0")
		for _, ptr := range pointers {
			tape.CutFrom = 1 << 30
			want, wantErr := f.Lookup(ptr)
			tape.CutFrom = 0
			got, err := f.Lookup(ptr)
			if fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("seed %d, %s: error %v, want %v", seed, ptr, err, wantErr)
			}
			if err != nil {
				continue
			}
			found++
			if a, b := jsonText(t, got), jsonText(t, want); a != b {
				t.Fatalf("seed %d, %s: %s, want %s\n%q", seed, ptr, a, b, p.b)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if found < n {
		t.Errorf("%d of %d pickles' parts were found", found, n)
	}
}
