package unpkl

import (
	"encoding/binary"

	"github.com/unpkl/unpkl/ndarray"
)

// Sizes of what plain values are put into side by side. A value that is kept keeps its neighbours,
// so slabs start small, in case the pickle is, and stay small.
const (
	boxesFirst = 256     // bytes of a first slab
	boxesMost  = 8 << 10 // bytes of the largest
	ownMemory  = 1 << 10 // bytes from where on a value has memory of its own
	textMost   = 4 << 10 // bytes of the largest slab of text
)

// chunk hands out values of one type, which lie side by side.
type chunk[T any] struct {
	free []T
	next int // how many the next slab has
}

// more makes a slab with at least n values of the given size in bytes.
func (c *chunk[T]) more(n, size int) {
	c.next = min(max(2*c.next, boxesFirst/size), boxesMost/size)
	c.free = make([]T, max(c.next, n))
}

// boxes are where small plain values are put.
type boxes struct {
	ints    chunk[int]
	floats  chunk[float64]
	strings chunk[string]
	blobs   chunk[[]byte]
	lists   chunk[[]any]
	items   chunk[any]
	data    chunk[byte] // at multiples of 16
	headers ndarray.Slab
}

// The ints that are shared instead of boxed.
const (
	sharedMin = -128
	sharedMax = 1023
)

var sharedInts = func() (t [sharedMax - sharedMin + 1]any) {
	for i := range t {
		t[i] = i + sharedMin
	}
	return t
}()

func (b *boxes) int(i int) any {
	if uint(i-sharedMin) < uint(len(sharedInts)) {
		return sharedInts[i-sharedMin]
	}
	if len(b.ints.free) == 0 {
		b.ints.more(1, 8)
	}
	p := &b.ints.free[0]
	b.ints.free = b.ints.free[1:]
	*p = i
	return boxInt(p)
}

func (b *boxes) float(f float64) any {
	if len(b.floats.free) == 0 {
		b.floats.more(1, 8)
	}
	p := &b.floats.free[0]
	b.floats.free = b.floats.free[1:]
	*p = f
	return boxFloat(p)
}

func (b *boxes) string(s string) any {
	if len(b.strings.free) == 0 {
		b.strings.more(1, 16)
	}
	p := &b.strings.free[0]
	b.strings.free = b.strings.free[1:]
	*p = s
	return boxString(p)
}

// bytes boxes mem, which is the caller's to give away.
func (b *boxes) bytes(mem []byte) any {
	if len(mem) >= ownMemory {
		return mem
	}
	if len(b.blobs.free) == 0 {
		b.blobs.more(1, 24)
	}
	p := &b.blobs.free[0]
	b.blobs.free = b.blobs.free[1:]
	*p = mem
	return boxBytes(p)
}

// light makes a list of a copy of items that hold no memory of their own.
func (b *boxes) light(items []any) any {
	if len(items) == 0 {
		return []any{}
	}
	if len(b.lists.free) == 0 {
		b.lists.more(1, 24)
	}
	l := &b.lists.free[0]
	b.lists.free = b.lists.free[1:]
	*l = b.copied(items)
	return boxList(l)
}

func (b *boxes) copied(items []any) []any {
	n := len(items)
	if n > len(b.items.free) {
		if n*16 >= ownMemory {
			return append(make([]any, 0, n), items...)
		}
		b.items.more(n, 16)
	}
	l := b.items.free[:n:n]
	b.items.free = b.items.free[n:]
	copy(l, items)
	return l
}

// memory returns n bytes at a multiple of 16.
func (b *boxes) memory(n int) []byte {
	if n == 0 {
		return []byte{}
	}
	size := (n + 15) &^ 15
	if n >= ownMemory {
		return make([]byte, n, size)[:n:n]
	}
	if size > len(b.data.free) {
		b.data.more(size, 1)
	}
	mem := b.data.free[:n:n]
	b.data.free = b.data.free[size:]
	return mem
}

// listOf copies items into a list of its own that may grow.
func listOf(items []any, room int) *[]any {
	l := new([]any)
	*l = append(make([]any, 0, max(room, len(items))), items...)
	return l
}

// recentText is the longest text in bytes that recent looks for.
const recentText = 16

// recent knows short texts that were made lately: in many records the same few words stand again and again,
// each time as a new str. Where they do not, it gives up.
type recent struct {
	values      [256]any
	tries, hits int
}

// use reports whether looking pays.
func (r *recent) use() bool { return r.tries < 1<<12 || r.hits > r.tries>>2 }

// find returns the value of a text of 1 to recentText bytes.
func (r *recent) find(b []byte, p *plainDirect) any {
	r.tries++
	place := &r.values[hash(b)]
	if s, ok := (*place).(string); ok && s == string(b) {
		r.hits++
		return *place
	}
	*place = p.boxes.string(p.copied(b))
	return *place
}

// hash is a quick one of 1 to recentText bytes; that others collide costs no more than a copy.
func hash(b []byte) uint8 {
	const odd = 0x9e3779b97f4a7c15
	var first, last uint64
	switch n := len(b); {
	case n >= 8:
		first, last = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
	case n >= 4:
		first, last = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[n-4:]))
	default:
		first, last = uint64(b[0])|uint64(b[n/2])<<8, uint64(b[n-1])<<8|uint64(n)
	}
	return uint8(((first*odd ^ last) * odd) >> 56)
}
