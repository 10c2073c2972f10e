package stats

import (
	"math"
	"math/bits"
)

// distinct counts distinct keys by their hashes. The count is exact while there are few. Once the
// table is half full, it keeps only the hashes that begin with a certain number of zero bits, and
// estimates the count from those: adaptive sampling, after Wegman (P. Flajolet, "On adaptive
// sampling", 1990). The more keys there are, the fewer of them cost more than a comparison.
type distinct struct {
	table []uint64 // open addressing; 0 is an empty slot; at most half of the slots are used
	n     int      // hashes in the table
	zeros uint     // every hash in the table begins with at least this many zero bits
}

// maxTable is the greatest number of slots, which gives the estimate a standard error of about 1 %.
// firstTable is the initial number. It is small because each list has a table, and a file may have
// a million small lists.
const (
	maxTable   = 1 << 15
	firstTable = 1 << 5
)

// add counts the key that has the given hash.
func (d *distinct) add(h uint64) {
	if h>>(64-d.zeros) == 0 {
		d.insert(h)
	}
}

// insert puts a hash into the table unless it is there. The hash must begin with d.zeros zero bits.
func (d *distinct) insert(h uint64) {
	if h == 0 {
		h = 1 // 0 is an empty slot
	}
	if d.table == nil {
		d.table = make([]uint64, firstTable)
	}
	last := uint64(len(d.table) - 1)
	for at := h & last; ; at = (at + 1) & last {
		switch d.table[at] {
		case h:
			return
		case 0:
			d.table[at] = h
			if d.n++; d.n < len(d.table)/2 {
				return
			}
			if len(d.table) < maxTable {
				d.rehash(d.zeros, 4*len(d.table))
			} else {
				d.rehash(d.zeros+1, maxTable)
			}
			return
		}
	}
}

// rehash moves the hashes that begin with the given number of zero bits to a new table of the given
// number of slots. Each zero bit more than before drops about half of the hashes.
func (d *distinct) rehash(zeros uint, slots int) {
	table := d.table
	d.table, d.n, d.zeros = make([]uint64, min(slots, maxTable)), 0, zeros
	for _, h := range table {
		if h != 0 {
			d.add(h)
		}
	}
}

// merge adds the keys that o counted.
func (d *distinct) merge(o *distinct) {
	if o.zeros > d.zeros {
		d.rehash(o.zeros, maxTable)
	}
	for _, h := range o.table {
		if h != 0 {
			d.add(h)
		}
	}
}

// count returns the number of distinct keys and whether that is an estimate.
func (d *distinct) count() (n int64, estimated bool) {
	return int64(d.n) << d.zeros, d.zeros > 0
}

// hash mixes the bits of a key. It first folds the high bits into the low ones, since the low bits
// of most floats are zeros, and then combines both halves of a product of 128 bits, as wyhash does.
func hash(x uint64) uint64 {
	x ^= x >> 32
	high, low := bits.Mul64(x^0xa0761d6478bd642f, 0xe7037ed1a0b428db)
	return high ^ low
}

// countDistinct counts the distinct values that are not NaN. Each representation has its own loop,
// because a pass over an array spends most of its time here.
func countDistinct[T number](d *distinct, values []T) {
	switch values := any(values).(type) {
	case []float64:
		d.float64s(values)
	case []float32:
		d.float32s(values)
	default:
		countInts(d, values.([]T))
	}
}

func (d *distinct) float64s(values []float64) {
	shift := 64 - d.zeros
	for _, v := range values {
		// Adding 0 turns -0 into 0. The check for NaN comes last because few hashes pass the first.
		if h := hash(math.Float64bits(v + 0)); h>>shift == 0 && v == v {
			d.insert(h)
			shift = 64 - d.zeros
		}
	}
}

func (d *distinct) float32s(values []float32) {
	shift := 64 - d.zeros
	for _, v := range values {
		if h := hash(uint64(math.Float32bits(v + 0))); h>>shift == 0 && v == v {
			d.insert(h)
			shift = 64 - d.zeros
		}
	}
}

func countInts[T number](d *distinct, values []T) {
	shift := 64 - d.zeros
	for i, v := range values {
		if i > 0 && v == values[i-1] {
			continue
		}
		if h := hash(uint64(int64(v))); h>>shift == 0 {
			d.insert(h)
			shift = 64 - d.zeros
		}
	}
}
