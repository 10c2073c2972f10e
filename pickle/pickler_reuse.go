package pickle

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/written"
)

// It takes longer to allocate the working memory of a Dump than to dump a small value. So the
// working memory is kept for the next Dump of a Pickler with the same plans. References to the
// value are removed, and parts that grew large are dropped. The working memory of a Dump that
// failed, or in which a hook panicked, is not used again.

// pickling is one Dump: the fields of its Pickler, and its working memory.
type pickling struct {
	Pickler
	proto int
	out   output
	memo  pickleMemo
	stack taskStack
	plans [16][2]*plan // the plans used last, by the hash of the type

	// fieldNames has the memo indices of the names of fields, at the number of a struct's plan.
	fieldNames []fieldNames
	number     uint32 // number of this Dump among those with this working memory
	// keySets has the keys of the maps written last, at the length of the map modulo numKeySets.
	keySets  [numKeySets]*keySet
	usedSets uint32     // has a bit for each element of keySets that is not empty
	texts    []textPair // memory for saveTextMap

	// replaced has the values that a ReduceFunc returned in place of others, so that they are the
	// same objects each time.
	replaced map[objectID]any
	// newMethods has the method __new__ of each class, for asReduceCall.
	newMethods map[any]*Object
	// nested has the global that a call of getattr stands for.
	nested map[*Object]Global
	// lateDicts are the dicts that get late entries.
	lateDicts map[*types.Dict]lateDict
	trailers  map[*Object]*written.Trailer

	constructors constructorTable
	capture      capture
}

// The bounds of the working memory that is kept for the next Dump.
const (
	maxKeptBuffer  = 64 << 10 // bytes of output
	maxKeptItems   = 64       // entries of a table, or values of maps
	maxKeptStructs = 256      // struct types
	maxKeptKinds   = 256      // kinds of identities
)

// plainPlans has the plans of Picklers without hooks.
var plainPlans planCache

// begin returns the working memory for a Dump.
func (p *Pickler) begin() *pickling {
	plans := p.planCache
	switch {
	case plans != nil:
	case p.Reduce == nil && p.Fields == nil:
		plans = &plainPlans
	default:
		plans = new(planCache)
		p.planCache = plans
	}
	q, _ := plans.unused.Get().(*pickling)
	if q == nil {
		q = new(pickling)
	}
	q.Pickler, q.proto = *p, p.Protocol.Number()
	q.planCache = plans
	q.number++
	q.out.reset()
	return q
}

// release removes all references to the dumped value, and keeps the working memory for the next
// Dump if ok is true.
func (p *pickling) release(ok bool) {
	p.out.release()
	if !ok {
		return
	}
	plans := p.planCache
	p.Pickler = Pickler{}
	p.memo.release()
	p.stack.release()
	p.releaseKeys()
	release(&p.replaced)
	release(&p.newMethods)
	release(&p.nested)
	release(&p.lateDicts)
	release(&p.trailers)
	p.constructors.release()
	plans.unused.Put(p)
}

// releaseKeys removes the keys of maps and the memo indices of names.
func (p *pickling) releaseKeys() {
	for i := 0; p.usedSets != 0; i++ {
		if p.usedSets&(1<<i) == 0 {
			continue
		}
		p.usedSets &^= 1 << i
		if s := p.keySets[i]; cap(s.keys) <= maxKeptItems {
			s.empty()
		} else {
			p.keySets[i] = nil
		}
	}
	if cap(p.texts) > maxKeptItems {
		p.texts = nil
	}
	if len(p.fieldNames) > maxKeptStructs || p.number == 1<<32-1 {
		p.fieldNames, p.number = nil, 0
	}
}

// release empties a map, and drops it if it is large.
func release[K comparable, V any](m *map[K]V) {
	if len(*m) > maxKeptItems {
		*m = nil
	} else if *m != nil {
		clear(*m)
	}
}

// smallMapLen is the greatest number of entries of a smallMap that are not in a Go map.
const smallMapLen = 8

// smallMap is a map that is faster than a Go map for few entries, which it keeps in an array. The
// zero value is empty.
//
// Invariant: if n is at most smallMapLen, the entries are first[:n]. Otherwise all are in rest.
type smallMap[K comparable, V any] struct {
	n     int
	first [smallMapLen]smallMapEntry[K, V]
	rest  map[K]V
}

type smallMapEntry[K comparable, V any] struct {
	key   K
	value V
}

func (t *smallMap[K, V]) get(key K) (v V, ok bool) {
	if t.n > smallMapLen {
		v, ok = t.rest[key]
		return v, ok
	}
	for i := range t.first[:t.n] {
		if e := &t.first[i]; e.key == key {
			return e.value, true
		}
	}
	return v, false
}

// set sets the value of a key.
func (t *smallMap[K, V]) set(key K, v V) {
	if t.n <= smallMapLen {
		for i := range t.first[:t.n] {
			if e := &t.first[i]; e.key == key {
				e.value = v
				return
			}
		}
	}
	t.add(key, v)
}

// add is set for a key that the map does not have.
func (t *smallMap[K, V]) add(key K, v V) {
	if t.n < smallMapLen {
		t.first[t.n] = smallMapEntry[K, V]{key, v}
		t.n++
		return
	}
	if t.n == smallMapLen {
		if t.rest == nil {
			t.rest = make(map[K]V)
		}
		for _, e := range t.first {
			t.rest[e.key] = e.value
		}
		t.n++
	}
	t.rest[key] = v
}

// reserve makes room for n more entries, if all entries are in the array.
func (t *smallMap[K, V]) reserve(n int) {
	if t.rest == nil {
		t.rest = make(map[K]V, n+smallMapLen)
	}
}

// size returns the number of entries.
func (t *smallMap[K, V]) size() int {
	if t.n > smallMapLen {
		return len(t.rest)
	}
	return t.n
}

func (t *smallMap[K, V]) release() {
	clear(t.first[:min(t.n, smallMapLen)])
	release(&t.rest)
	t.n = 0
}
