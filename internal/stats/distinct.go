package stats

import (
	"math"
	"math/bits"
)

// distinct counts different keys by their hashes: exactly while there are few. Of more it keeps
// those hashes that begin with so many zeros that they fit, and estimates the others from them:
// adaptive sampling, after Wegman (P. Flajolet, "On adaptive sampling", 1990). The more keys there
// are, the fewer of them cost more than a comparison.
type distinct struct {
	table []uint64 // hashes, by open addressing; 0 is an empty place; at most half are filled
	n     int      // hashes in the table
	zeros uint     // how many zeros the hashes in the table begin with, in bits
}

// tableSize is the most places: the estimate has a standard error of about 1 %. A table begins with
// few of them, since of a million small lists there is one for each.
const (
	tableSize  = 1 << 15
	tableFirst = 1 << 5
)

// add counts a key with that hash.
func (d *distinct) add(h uint64) {
	if h>>(64-d.zeros) == 0 {
		d.insert(h)
	}
}

// insert puts a hash that begins with enough zeros into the table.
func (d *distinct) insert(h uint64) {
	if h == 0 {
		h = 1 // 0 is an empty place
	}
	if d.table == nil {
		d.table = make([]uint64, tableFirst)
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
			if len(d.table) < tableSize {
				d.keep(d.zeros, 4*len(d.table))
			} else {
				d.keep(d.zeros+1, tableSize)
			}
			return
		}
	}
}

// keep makes a table of so many places and keeps the hashes that begin with so many zeros, about
// half of them for each that is more than before.
func (d *distinct) keep(zeros uint, places int) {
	table := d.table
	d.table, d.n, d.zeros = make([]uint64, min(places, tableSize)), 0, zeros
	for _, h := range table {
		if h != 0 {
			d.add(h)
		}
	}
}

// merge adds what another counted.
func (d *distinct) merge(o *distinct) {
	if o.zeros > d.zeros {
		d.keep(o.zeros, tableSize)
	}
	for _, h := range o.table {
		if h != 0 {
			d.add(h)
		}
	}
}

// count returns how many different keys there were, and whether that is an estimate.
func (d *distinct) count() (n int64, estimated bool) {
	return int64(d.n) << d.zeros, d.zeros > 0
}

// hash mixes the bits of a key: the low bits of most floats are zeros, so the high ones are folded
// in first; then both halves of a product of 128 bits, as wyhash takes them.
func hash(x uint64) uint64 {
	x ^= x >> 32
	high, low := bits.Mul64(x^0xa0761d6478bd642f, 0xe7037ed1a0b428db)
	return high ^ low
}

// countDifferent counts different values that are numbers. There is a loop for each kind of bits,
// as this is what a pass over an array spends most of its time with.
func countDifferent[T number](d *distinct, values []T) {
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
		// -0 + 0 is 0; and a NaN, which is rare, is looked for where the hash is one to keep.
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
