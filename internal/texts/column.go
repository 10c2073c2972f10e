// Package texts keeps the elements of an array of objects of which most are text: as places in
// blocks of bytes instead of a Go string and an any for each, which take three times the memory and
// which Go's collector has to look at one by one.
package texts

import "strings"

const (
	blockBits = 13 // a string that is kept keeps its block of 8 KiB
	blockSize = 1 << blockBits
	firstSize = 512
	// MaxText is the longest text in bytes that AddText takes.
	MaxText   = 1 << 10
	maxBlocks = 1 << (32 - blockBits)
)

// Column is a list of values. It is filled by one goroutine and may then be read by many.
type Column struct {
	places []place
	want   int
	blocks []string
	last   strings.Builder // the block that is being filled
	size   int             // of it
	others []any
	gaps   bool // whether there is a nil
}

// NewColumn returns a column that will probably have n values. Memory for them is taken as they
// come.
func NewColumn(n int) *Column { return &Column{want: n} }

// AllText reports whether all values are text.
func (c *Column) AllText() bool { return len(c.others) == 0 && !c.gaps }

// place is where a value is: text of n bytes at the block and the byte of it that at says, or, if n
// is negative, others[at] or nothing.
type place struct {
	at uint32
	n  int32
}

const (
	other = -1 - iota
	gap   // a nil, which takes no other memory
)

// Len returns the number of values.
func (c *Column) Len() int { return len(c.places) }

// AddText adds a copy of b, unless it is too long or there is no room; then it returns false.
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

func (c *Column) add(p place) {
	if len(c.places) == cap(c.places) {
		c.places = append(make([]place, 0, Room(len(c.places), c.want)), c.places...)
	}
	c.places = append(c.places, p)
}

// Room is for how many values to make room where there are n and want will probably come.
func Room(n, want int) int {
	room := max(2*n, 64)
	if want > n {
		room = min(room, want)
	}
	return room
}

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

// AddAgain adds the i-th value, which must be text, once more.
func (c *Column) AddAgain(i int) { c.add(c.places[i]) }

// Text returns the i-th value if it is text.
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

// At returns the i-th value; text is boxed anew each time.
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

// Values returns the values from the i-th to before the j-th.
func (c *Column) Values(i, j int) []any {
	out := make([]any, 0, j-i)
	for ; i < j; i++ {
		out = append(out, c.At(i))
	}
	return out
}

// Arrange moves the values: each, from the first on, to the index that next returns.
func (c *Column) Arrange(next func() int) {
	moved := make([]place, len(c.places))
	for _, p := range c.places {
		moved[next()] = p
	}
	c.places = moved
}
