package hdf5

import "math/bits"

// Unlimited is a maximum size of a dimension that may grow without end.
const Unlimited = -1

// dataspace is the shape of a dataset or attribute.
type dataspace struct {
	null bool // neither elements nor a shape: h5py's Empty
	dims []uint64
	max  []uint64 // maximum sizes; undefined: unlimited. A nil slice means dims
}

// parseDataspace parses a dataspace message.
//
// Reference: HDF5 File Format Specification, IV.A.2.b ("The Dataspace Message").
func parseDataspace(c *cursor) (*dataspace, error) {
	v := c.version("dataspace", 1, 2)
	rank := int(c.u8())
	flags := c.u8()
	d := &dataspace{}
	if v == 1 {
		c.skip(5)
	} else {
		pos := c.pos()
		switch kind := c.u8(); kind {
		case 0, 1:
		case 2:
			d.null = true
		default:
			c.fail(malformed(pos, "a dataspace of the type %d", kind))
		}
	}
	if c.err == nil && rank > maxRank {
		return nil, malformed(c.off, "%d dimensions, at most %d allowed", rank, maxRank)
	}
	d.dims = make([]uint64, rank)
	for i := range d.dims {
		d.dims[i] = c.length()
	}
	if flags&1 != 0 {
		d.max = make([]uint64, rank)
		for i := range d.max {
			if d.max[i] = c.length(); d.max[i] == undefined>>(64-8*c.sizeLength) {
				d.max[i] = undefined
			}
			if c.err == nil && d.max[i] < d.dims[i] {
				return nil, malformed(c.off, "a dimension of %d that may grow to %d", d.dims[i],
					d.max[i])
			}
		}
	}
	if c.err != nil {
		return nil, c.err
	}
	if _, ok := d.size(); !ok {
		return nil, malformed(c.off, "the shape %v overflows", d.dims)
	}
	return d, nil
}

// size returns the number of elements; ok is false if a dimension or the product does not fit an
// int64. As in NumPy, that holds for the other dimensions even if one dimension is 0.
func (d *dataspace) size() (uint64, bool) {
	n, empty := uint64(1), d.null
	for _, dim := range d.dims {
		if dim == 0 {
			empty = true
			continue
		}
		hi, lo := bits.Mul64(n, dim)
		if hi != 0 || lo > 1<<63-1 {
			return 0, false
		}
		n = lo
	}
	if empty {
		return 0, true
	}
	return n, true
}

// shape returns the shape as ints; a null dataspace has the shape (0,).
func (d *dataspace) shape() ([]int, error) {
	if d.null {
		return []int{0}, nil
	}
	shape := make([]int, len(d.dims))
	for i, n := range d.dims {
		if n > maxInt {
			return nil, errorf(ErrLimit, "a dimension of %d, at most %d on this machine", n, maxInt)
		}
		shape[i] = int(n)
	}
	return shape, nil
}

const maxInt = 1<<(bits.UintSize-1) - 1
