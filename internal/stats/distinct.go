package stats

import (
	"math/bits"

	"github.com/axiomhq/hyperloglog"
)

// distinct counts different keys by their hashes: exactly while there are few, and then in a sketch
// of those whose hash ends in sampleBits zeros, one of eight, so that the others cost a comparison
// only.
type distinct struct {
	table  []uint64 // hashes, by open addressing; 0 is an empty place
	n      int      // hashes in the table
	sketch *hyperloglog.Sketch
}

const (
	// tableSize is the number of places, half of which are filled at most.
	tableSize  = 1 << 15
	sampleBits = 3
)

// add counts a key with that hash.
func (d *distinct) add(h uint64) {
	if d.sketch != nil {
		if h&(1<<sampleBits-1) == 0 {
			d.sketch.InsertHash(h)
		}
		return
	}
	if h == 0 {
		h = tableSize // 0 is an empty place
	}
	if d.table == nil {
		d.table = make([]uint64, tableSize)
	}
	for at := h % tableSize; ; at = (at + 1) % tableSize {
		switch d.table[at] {
		case h:
			return
		case 0:
			d.table[at] = h
			if d.n++; d.n == tableSize/2 {
				d.spill()
			}
			return
		}
	}
}

// spill goes on in a sketch.
func (d *distinct) spill() {
	table := d.table
	d.table, d.sketch = nil, hyperloglog.New14()
	for _, h := range table {
		if h != 0 {
			d.add(h)
		}
	}
}

// merge adds what another counted.
func (d *distinct) merge(o *distinct) error {
	if o.sketch != nil {
		if d.sketch == nil {
			d.spill()
		}
		return d.sketch.Merge(o.sketch)
	}
	for _, h := range o.table {
		if h != 0 {
			d.add(h)
		}
	}
	return nil
}

// count returns how many different keys there were, and whether that is an estimate.
func (d *distinct) count() (n int64, estimated bool) {
	if d.sketch == nil {
		return int64(d.n), false
	}
	return int64(d.sketch.Estimate()) << sampleBits, true
}

// hash mixes the bits of a key: the low bits of most floats are zeros, so the high ones are folded
// in first; then both halves of a product of 128 bits, as wyhash takes them, and one more product.
func hash(x uint64) uint64 {
	x ^= x >> 32
	high, low := bits.Mul64(x^0xa0761d6478bd642f, 0xe7037ed1a0b428db)
	x = (high ^ low) * 0x589965cc75374cc3
	return x ^ x>>32
}
