package pickle

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/nlpodyssey/gopickle/types"
)

// dumpSlowly is tryDump with a PersistentID hook that returns nil, which disables the fast paths.
func dumpSlowly(v any, protocol int, strings Strings) ([]byte, error) {
	return dumpWith(&Pickler{PersistentID: func(any) (any, error) {
		return nil, nil
	}}, v, protocol, strings)
}

func dumpWith(p *Pickler, v any, protocol int, strings Strings) ([]byte, error) {
	var b sliceWriter
	p.w, p.Protocol, p.Strings, p.Fields = &b, ProtocolOf(protocol), strings, sparseFields
	err := p.Dump(v)
	return b.b, err
}

// checkFast compares the pickles of v with and without the fast paths.
func checkFast(t *testing.T, v any, protocol int, strings Strings) {
	t.Helper()
	fast, err := dumpWith(&Pickler{}, v, protocol, strings)
	slow, slowErr := dumpSlowly(v, protocol, strings)
	if fmt.Sprint(err) != fmt.Sprint(slowErr) {
		t.Fatalf("protocol %d: %v, slowly %v", protocol, err, slowErr)
	}
	if !bytes.Equal(fast, slow) {
		t.Fatalf("protocol %d: %s", protocol, firstDifference(fast, slow))
	}
}

type (
	fastRecord struct {
		ID    int64
		Small int8
		U     uint16
		Name  string
		Value float64
		Half  float32
		Tags  []string
		On    bool
		Any   any
		Ints  []int
		Raw   []byte
		Map   map[string]any
		Next  *fastRecord
		Inner fastInner
		Items []fastInner
		Pair  [2]string
		Named fastName
	}
	fastInner struct {
		A int
		B string
	}
	fastName string
)

const maxMade = 300

// goTree returns a random tree of Go values.
func (m *treeMaker) goTree(depth int) any {
	if len(m.made) > 0 && m.r.IntN(10) == 0 {
		return m.made[m.r.IntN(len(m.made))]
	}
	n := m.r.IntN(5)
	if m.r.IntN(40) == 0 {
		n, depth = 998+m.r.IntN(5), min(depth, 1)
	}
	if len(m.made) > maxMade {
		depth = 0
	}
	if depth == 0 {
		return []any{m.atom(m.r.IntN(8)), m.text(), m.r.IntN(1000)}[m.r.IntN(3)]
	}
	var v any
	switch m.r.IntN(7) {
	case 0, 1:
		items := make([]any, n)
		for i := range items {
			items[i] = m.goTree(depth - 1)
		}
		v = items
	case 2, 3:
		x := make(map[string]any, n)
		for i := range n {
			x[fmt.Sprintf("%c%d", 'a'+i%26, i)] = m.goTree(depth - 1)
		}
		v = x
	case 4:
		records := make([]fastRecord, min(n, 20))
		for i := range records {
			m.record(&records[i], depth-1)
		}
		v = records
	case 5:
		v = m.sparse(depth - 1)
	default:
		r := new(fastRecord)
		m.record(r, depth-1)
		if m.r.IntN(2) == 0 {
			return *r // which is written anew each time that it is met
		}
		v = r
	}
	m.made = append(m.made, v)
	return v
}

func (m *treeMaker) text() string {
	return []string{"", "a", "é", "ab", "日本", strings.Repeat("x", 250+m.r.IntN(10)), "\xff",
		"ä\xed\xa0\x80"}[m.r.IntN(8)]
}

func (m *treeMaker) record(r *fastRecord, depth int) {
	*r = fastRecord{
		ID: m.r.Int64() >> m.r.IntN(64), Small: int8(m.r.Int()), U: uint16(m.r.Int()),
		Name: m.text(), Value: m.r.Float64(),
		Half: m.r.Float32(), On: m.r.IntN(2) == 0, Any: m.goTree(depth), Raw: []byte(m.text()),
		Pair:  [2]string{m.text(), "b"},
		Inner: fastInner{m.r.IntN(300), m.text()}, Named: fastName(m.text()),
	}
	for range m.r.IntN(4) {
		r.Tags = append(r.Tags, m.text())
		r.Ints = append(r.Ints, m.r.IntN(70000)-300)
		r.Items = append(r.Items, fastInner{m.r.IntN(300), m.text()})
	}
	if x, ok := m.goTree(depth).(map[string]any); ok {
		r.Map = x
	}
	if x, ok := m.goTree(depth).(*fastRecord); ok {
		r.Next = x
	}
}

// TestFastAsSlow compares the pickles of the fast paths, which write atoms in loops and structs by
// plans, with those written value by value, for random trees of objects and of Go values.
func TestFastAsSlow(t *testing.T) {
	for seed := range uint64(100) {
		objects := treeMaker{r: rand.New(rand.NewPCG(seed, 3))}
		v := objects.tree(4)
		values := treeMaker{r: rand.New(rand.NewPCG(seed, 4))}
		w := values.goTree(4)
		for protocol := range int(HighestProtocol) + 1 {
			checkFast(t, v, protocol, StringsAuto)
			// A string of a Go value reaches the hook as an interface and so gets an identity.
			checkFast(t, w, protocol, StringsByValue)
		}
	}
}

// byteSource takes random numbers from the bytes of a fuzzer, and behind them from a generator.
type byteSource struct {
	data []byte
	rest rand.PCG
}

func (s *byteSource) Uint64() uint64 {
	if len(s.data) < 8 {
		return s.rest.Uint64()
	}
	n := binary.LittleEndian.Uint64(s.data)
	s.data = s.data[8:]
	return n
}

// FuzzFastAsSlow is TestFastAsSlow for a tree of Go values that the fuzzer chooses.
func FuzzFastAsSlow(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 6))
	for range 10 {
		seed := make([]byte, 2000)
		for i := range seed {
			seed[i] = byte(r.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := treeMaker{r: rand.New(&byteSource{data: data})}
		v := m.goTree(3)
		for protocol := range int(HighestProtocol) + 1 {
			checkFast(t, v, protocol, StringsByValue)
		}
	})
}

// TestOutputsAtOnce repeatedly writes several values, each longer than a chunk, at the same time.
func TestOutputsAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			v := []any{strings.Repeat("x", i*1000), make([]byte, frameTarget)}
			for n := range 400_000 + i*100_000 {
				v = append(v, n*i)
			}
			var first []byte
			for range 5 {
				data, err := Dumps(v)
				if first == nil {
					first = bytes.Clone(data)
				}
				if err != nil || !bytes.Equal(data, first) {
					t.Errorf("%d: another output, %v", i, err)
				}
			}
			u := NewUnpicklerBytes(first)
			got, err := u.Load()
			if err != nil {
				t.Error(err)
				return
			}
			for n, x := range (*got.(*types.List))[2:] {
				if x != n*i {
					t.Errorf("%d: item %d is %v", i, n, x)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestMemoIdentities compares the identities of a memo with a map.
func TestMemoIdentities(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	data := make([]byte, 1<<16)
	text := stringOf(data)
	var m pickleMemo
	want := map[objectID]uint32{}
	for range 200_000 {
		at := r.IntN(len(data) - 300)
		if r.IntN(2) == 0 {
			at &^= 15 // as memory is that was allocated
		}
		b := data[at : at+1+r.IntN(299)]
		id := bytesID(b)
		switch r.IntN(4) {
		case 0:
			id = stringID(text[at : at+len(b)])
		case 1:
			id = boxID(&data[at])
		}
		idx, known := want[id]
		if got, ok := m.lookup(id); ok != known || ok && got != idx {
			t.Fatalf("lookup of %v: %d, %v, want %d, %v", id, got, ok, idx, known)
		}
		if r.IntN(3) == 0 {
			continue
		}
		got, ok := m.insert(id)
		if !known {
			idx = uint32(len(want))
			want[id] = idx
		}
		if ok != known || got != idx {
			t.Fatalf("insert of %v: %d, %v, want %d, %v", id, got, ok, idx, known)
		}
	}
	if int(m.used) != len(want) || m.usedSlots == 0 || m.usedSlots == len(want) {
		t.Errorf("%d identities, %d of them in slots, want %d", m.used, m.usedSlots, len(want))
	}
}
