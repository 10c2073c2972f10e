package pickle

import (
	"reflect"
	"runtime"
	"testing"

	"github.com/nlpodyssey/gopickle/types"
)

// TestPicklerMemo checks that each identity has the index that it was given, also if identities
// differ only in type or length, if some indices have no identity, and after the table has grown.
func TestPicklerMemo(t *testing.T) {
	var m pickleMemo
	const n = 30_000
	text := string(make([]byte, n))
	lists := make([]types.List, n)
	ids := make([]objectID, 0, 4*n)
	for i := range n {
		ids = append(ids, stringID(text[i:]), stringID(text[i:i+1]), boxID(&lists[i]),
			boxID((*types.Tuple)(&lists[i])))
	}
	given := make([]uint32, len(ids))
	for i, id := range ids {
		if _, known := m.lookup(id); known != (i == 4*n-3) { // the last two strings are one
			t.Fatalf("identity %d is known before", i)
		}
		given[i], _ = m.insert(id)
		switch i {
		case 10, 1000, 2000:
			m.next += 300
		case 15_000:
			m.next += 1 << 20 // which the table's indices must make room for
		default:
			m.newIndex()
		}
		if i == 4*n-3 {
			continue
		}
		if again, known := m.insert(id); !known || again != given[i] {
			t.Fatalf("identity %d: index %d, then %d", i, given[i], again)
		}
	}
	seen := map[uint32]int{}
	for i, id := range ids {
		if idx, known := m.lookup(id); !known || idx != given[i] {
			t.Fatalf("identity %d: index %d, later %d", i, given[i], idx)
		}
		if before, twice := seen[given[i]]; twice && i != 4*n-3 {
			t.Fatalf("identities %d and %d have one index", before, i)
		}
		seen[given[i]] = i
	}
	if idx, known := m.lookup(boxID(new(types.List))); known {
		t.Fatalf("a new list is known at %d", idx)
	}
}

// TestPicklerMemoMemory checks that the memo takes at most 22 bytes for each of a million lists,
// and no more than a multiple of that for larger values.
func TestPicklerMemoMemory(t *testing.T) {
	testMemoMemory[types.List](t, 1<<20, 22)
	testMemoMemory[[128]byte](t, 1<<16, 64)
	testMemoMemory[[192]byte](t, 1<<16, 28)
	testMemoMemory[[256]byte](t, 1<<16, 28)
}

func testMemoMemory[T any](t *testing.T, n uint64, most uint64) {
	// A pointer may be larger than a word, and chunks have spare capacity.
	most += 2 * uint64(reflect.TypeFor[pointer]().Size()-reflect.TypeFor[uintptr]().Size())
	values := make([]T, n)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var m pickleMemo
	for i := range values {
		if idx, known := m.insert(boxID(&values[i])); known || idx != uint32(i) {
			t.Fatalf("%T %d: index %d, %v", values[i], i, idx, known)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := (after.HeapAlloc - before.HeapAlloc) / n; each > most {
		t.Errorf("%d bytes for each %T", each, values[0])
	}
	for i := range values {
		id := boxID(&values[i])
		if idx, known := m.lookup(id); !known || idx != uint32(i) {
			t.Fatalf("%T %d: later index %d, %v", values[i], i, idx, known)
		}
		if _, known := m.insert(id); !known {
			t.Fatalf("%T %d is new", values[i], i)
		}
		id.n++ // another value at the same place
		if idx, known := m.lookup(id); known {
			t.Fatalf("%T %d: something else has its index %d", values[i], i, idx)
		}
	}
	if idx, known := m.lookup(boxID(new(T))); known {
		t.Fatalf("%T: a new one is known at %d", values[0], idx)
	}
}
