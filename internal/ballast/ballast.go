// Package ballast delays runs of Go's garbage collector while values are loaded that all stay
// alive.
//
// By default the collector runs when the heap is twice as large as the memory that was alive after
// the last run. A program that loads one large file begins with a heap of a few megabytes, so the
// collector runs at 4, 8, 16 MiB and so on, although it finds nothing to free. Each run visits all
// values, takes time from the goroutines that load them, and slows down each store of a pointer. A
// ballast is a large allocation that is never touched. The collector counts it as alive, but the
// system assigns no page to it. With a ballast of the size that the values will have, the collector
// waits from the beginning for the heap size that it would reach after the load.
package ballast

import (
	"math"
	"math/bits"
	"runtime/metrics"
	"strings"
)

// The range of sizes of a ballast, in bytes. A load of less than minSize is too short for the
// collector to matter. With a ballast of maxSize the collector runs seldom enough.
const (
	minSize = 2 << 20
	maxSize = 1 << 30
)

// A Ballast is memory that is allocated and not used. The zero value is none.
type Ballast struct {
	memory strings.Builder // of length 0: a Builder does not clear, and so touch, its capacity
}

// Expect delays the collector because size bytes are about to be allocated and stay alive, until
// [Ballast.Drop]. It does nothing if size is small, if the collector would wait long enough anyway,
// if the program has set a memory limit or switched the collector off, or if addresses have 32
// bits.
func (b *Ballast) Expect(size int) {
	if size < minSize || bits.UintSize < 64 {
		return
	}
	if n := needed(uint64(size), uint64(b.memory.Cap())); n > 0 {
		b.memory = strings.Builder{}
		b.memory.Grow(int(min(n, maxSize)))
	}
}

// needed returns the size of the ballast, replacing one of held bytes, with which the collector
// waits until size more bytes are allocated. It returns 0 if no ballast is needed.
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
	const maxPercent = 1000 // the metric is the largest uint64 if the collector is off
	if limit != math.MaxInt64 || percent == 0 || percent > maxPercent || goal >= used+size {
		return 0
	}
	var wanted uint64
	if all := size * 100 / percent; all > used-min(held, used) {
		wanted = all - (used - min(held, used))
	}
	return max(wanted, goal-min(goal, used), minSize)
}

// Drop frees the memory.
func (b *Ballast) Drop() { b.memory = strings.Builder{} }
