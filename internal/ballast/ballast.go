// Package ballast tells Go's collector of memory before it is taken.
//
// The collector runs when the heap is twice as large as what was alive the last time. A program
// that reads one large file begins with a heap of a few megabytes, so that the collector runs at
// 4, 8, 16 MiB and so on, while values are made that all stay: each run walks over them, takes
// time from the goroutines that make them, and slows down each pointer that is stored meanwhile.
// Memory that is allocated and never touched counts as alive too, but takes no page from the
// system: with as much of it as the values will take, the collector waits from the beginning for
// the heap that it would wait for behind the file. This is known as a ballast.
package ballast

import (
	"math"
	"math/bits"
	"runtime/metrics"
	"strings"
)

// Sizes in bytes: below least the collector's runs cost nothing to speak of, and what is above most
// runs it seldom enough.
const (
	least = 2 << 20
	most  = 1 << 30
)

// A Ballast is memory that nobody uses. The zero value is none.
type Ballast struct {
	memory strings.Builder // of length 0: a Builder does not clear, thus touch, what it allocates
}

// Expect tells the collector of size bytes that are about to be allocated and stay, until
// [Ballast.Drop]. It does nothing where that is little, where the heap has the room already, where
// the collector is limited or switched off, and where addresses have 32 bits.
func (b *Ballast) Expect(size int) {
	if size < least || bits.UintSize < 64 {
		return
	}
	if n := needed(uint64(size), uint64(b.memory.Cap())); n > 0 {
		b.memory = strings.Builder{}
		b.memory.Grow(int(min(n, most)))
	}
}

// needed returns the size of the ballast in place of one of held bytes, with which the collector
// runs now and then waits until size bytes are allocated; or 0 where it waits anyway.
func needed(size, held uint64) uint64 {
	samples := [...]metrics.Sample{
		{Name: "/gc/gomemlimit:bytes"},
		{Name: "/gc/gogc:percent"},
		{Name: "/gc/heap/goal:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
	}
	metrics.Read(samples[:])
	value := func(i int) uint64 { return samples[i].Value.Uint64() }
	limit, percent, goal, used := value(0), value(1), value(2), value(3)
	const unusual = 1000 // percent; switched off is the largest number
	if limit != math.MaxInt64 || percent == 0 || percent > unusual || goal >= used+size {
		return 0
	}
	var wanted uint64
	if all := size * 100 / percent; all > used-min(held, used) {
		wanted = all - (used - min(held, used))
	}
	return max(wanted, goal-min(goal, used), least)
}

// Drop lets go of the memory.
func (b *Ballast) Drop() { b.memory = strings.Builder{} }
