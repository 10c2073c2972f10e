package pickle

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/written"
)

// NOTE on working memory. One Dump of a small value takes less time than to make what a Dump works
// with. So that is kept for the next Dump of a Pickler with the same plans, emptied of
// what refers to the value: of each part as much as was used, and a part that grew large
// is not kept. What was used by a Dump that failed, or in which a hook panicked, is not used again.

// pickling is one Dump: the fields of its Pickler, and its working memory.
type pickling struct {
	Pickler
	proto int
	out   output
	memo  pickleMemo
	stack taskStack
	plans [16][2]*plan // used last, each at the hash of its type
	// fieldNames are where the names of the fields of struct types are in the memo, each
	// at the number of its plan.
	fieldNames []fieldNames
	number     uint32 // of this Dump among those with this memory
	// keySets are those of maps written last, each at its size modulo keySets.
	keySets  [numKeySets]*keySet
	usedSets uint32 // a bit for each that has keys
	texts    []textPair
	// replaced lists the values that a ReduceFunc gave for others, so that
	// they are the same when met again.
	replaced map[objectID]any
	// newMethods has the method __new__ of a class, for callForm; nested the names
	// that the calls of getattr stand for.
	newMethods map[any]*Object
	nested     map[*Object]Global
	lateDicts  map[*types.Dict]lateDict // what objects being written say of dicts
	trailers   map[*Object]*written.Trailer
	// constructors is what is known of Constructors, capture what is being found out.
	constructors constructorTable
	capture      capture
}

// What of the working memory is kept.
const (
	maxKeptBuffer  = 64 << 10 // bytes of output
	maxKeptItems   = 64       // entries of a table, values of maps
	maxKeptStructs = 256      // struct types
	maxKeptKinds   = 256      // kinds of identities
)

// plainPlans are those of Picklers without hooks.
var plainPlans planCache

// begin returns working memory for a Dump.
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

// release lets go of what a Dump refers to, and keeps the rest for the next one if all went well.
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

// releaseKeys forgets the keys of maps, and where names are in the memo.
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

// release empties a table, which stays if it is small.
func release[K comparable, V any](m *map[K]V) {
	if len(*m) > maxKeptItems {
		*m = nil
	} else if *m != nil {
		clear(*m)
	}
}

// few is how many entries a table has before it is a map.
const smallMapLen = 8

// table is a map that has its first entries in a list, where they are found faster. The zero value
// is empty.
type smallMap[K comparable, V any] struct {
	n     int // in the list, few+1 if all are in the map
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

// add is set for a key that the table does not have.
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

// reserve makes room for n more entries, if the table has not many yet.
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
