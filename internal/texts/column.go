// Package texts stores the elements of arrays of objects that are mostly text. It also has
// functions for single texts.
package texts

import "strings"

const (
	// MaxText is the length of the longest text that AddText accepts, in bytes.
	MaxText = 1 << 10

	blockBits = 13 // blocks are small, because keeping one string keeps its block
	blockSize = 1 << blockBits
	firstSize = 512 // of the first block, in bytes
	maxBlocks = 1 << (32 - blockBits)
)

// Column is a list of values. It stores text as places in blocks of bytes. A Go string and an any
// for each text would take three times the memory, and the garbage collector would have to visit
// each of them. One goroutine may fill a Column; then several may read it.
type Column struct {
	places []place
	want   int             // the probable number of values
	blocks []string        // the blocks that are full
	last   strings.Builder // the block that is being filled
	size   int             // capacity of last, in bytes
	others []any           // the values that are not text in a block
	gaps   bool            // whether some value is nil
}

// NewColumn returns a column that will probably have n values. It allocates memory as they are
// added.
func NewColumn(n int) *Column { return &Column{want: n} }

// AllText reports whether all values were added by AddText or AddAgain.
func (c *Column) AllText() bool { return len(c.others) == 0 && !c.gaps }

// place says where a value is stored. If n >= 0, the value is text of n bytes; the high bits of at
// are the index of a block, and its low blockBits the offset there. If n is other, the value is
// others[at]; if n is gap, it is nil.
type place struct {
	at uint32
	n  int32
}

const (
	other = -1 - iota
	gap
)

// Len returns the number of values.
func (c *Column) Len() int { return len(c.places) }

// AddText adds a copy of b. It returns false, and adds nothing, if b is too long or the column is
// full.
func (c *Column) AddText(b []byte) bool {
	if len(b) > MaxText {
		return false
	}
	if c.size-c.last.Len() < len(b) && !c.nextBlock(len(b)) {
		return false
	}
	at := len(c.blocks)<<blockBits | c.last.Len()
	c.last.Write(b)
	c.add(place{uint32(at), int32(len(b))})
	return true
}

// add appends a place.
func (c *Column) add(p place) {
	if len(c.places) == cap(c.places) {
		c.places = append(make([]place, 0, Room(len(c.places), c.want)), c.places...)
	}
	c.places = append(c.places, p)
}

// Room returns the capacity to allocate for a list that is full with n values and will probably
// have want.
func Room(n, want int) int {
	room := max(2*n, 64)
	if want > n {
		room = min(room, want)
	}
	return room
}

// nextBlock begins a new block of at least n bytes. It returns false if there is no index left.
func (c *Column) nextBlock(n int) bool {
	if c.size > 0 {
		if len(c.blocks) == maxBlocks-1 {
			return false
		}
		c.blocks = append(c.blocks, c.last.String())
	}
	c.last.Reset()
	c.size = min(max(2*c.size, firstSize, n), blockSize)
	c.last.Grow(c.size)
	return true
}

// AddOther adds a value of any kind.
func (c *Column) AddOther(v any) {
	if v == nil {
		c.gaps = true
		c.add(place{n: gap})
		return
	}
	c.add(place{uint32(len(c.others)), other})
	c.others = append(c.others, v)
}

// AddAgain adds another reference to the value i, which must be text.
func (c *Column) AddAgain(i int) { c.add(c.places[i]) }

// Text returns the value i if it is text.
func (c *Column) Text(i int) (string, bool) {
	p := c.places[i]
	if p.n == other {
		s, ok := c.others[p.at].(string)
		return s, ok
	}
	if p.n == gap {
		return "", false
	}
	var block string
	if k := int(p.at >> blockBits); k < len(c.blocks) {
		block = c.blocks[k]
	} else {
		block = c.last.String()
	}
	at := p.at & (blockSize - 1)
	return block[at : at+uint32(p.n)], true
}

// At returns the value i. Text is boxed anew for each call.
func (c *Column) At(i int) any {
	switch p := c.places[i]; p.n {
	case other:
		return c.others[p.at]
	case gap:
		return nil
	}
	s, _ := c.Text(i)
	return s
}

// Values returns the values i to j-1.
func (c *Column) Values(i, j int) []any {
	out := make([]any, 0, j-i)
	for ; i < j; i++ {
		out = append(out, c.At(i))
	}
	return out
}

// Arrange permutes the values. It calls next once for each value, in order, for its new index.
func (c *Column) Arrange(next func() int) {
	moved := make([]place, len(c.places))
	for _, p := range c.places {
		moved[next()] = p
	}
	c.places = moved
}
