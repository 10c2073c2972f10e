package filter

import "math"

// The parameters of the N-bit filter are their number, a flag that there is nothing to do, the
// number of elements in the chunk, and the datatype: a class, a size in bytes, and what depends on
// the class.
//
// Reference: HDF5 File Format Specification, IV.A.2.l, "N-bit Filter Client Data".
const (
	nbitNothing  = 1
	nbitElements = 2
	nbitType     = 3

	nbitAtomic   = 1 // order, precision, offset
	nbitArray    = 2 // the element's type
	nbitCompound = 3 // the number of members, and for each its offset and type
	nbitBytes    = 4

	// nbitDepth bounds the depth of a datatype.
	nbitDepth = 64
)

// nbitNode is a datatype in the parameters.
type nbitNode struct {
	class, size       int // size in bytes
	big               bool
	precision, offset int // of an atomic type, in bits
	memberOffset      int // of a member of a compound, in bytes
	children          []nbitNode
}

// unnbit decodes the N-bit filter, which stores only the significant bits of each number, the
// highest first, without padding. Other bits are zero.
//
// Reference: H5Znbit.c.
func unnbit(dst []byte, f *Filter, src []byte, limit int, exact bool) ([]byte, error) {
	if len(f.Params) <= nbitType {
		return nil, malformed("parameters %v", f.Params)
	}
	if f.Params[nbitNothing] != 0 {
		if len(src) > limit {
			return nil, malformed("%d bytes, expected %d", len(src), limit)
		}
		return append(dst[:0], src...), nil
	}
	node, rest, err := parseNBit(f.Params[nbitType:], 0)
	if err != nil {
		return nil, err
	}
	n := int64(f.Params[nbitElements])
	if len(rest) != 0 || n > int64(limit/node.size) || exact && n*int64(node.size) != int64(limit) {
		return nil, malformed("%d elements of %d bytes, expected %d bytes", n, node.size, limit)
	}
	// Every element takes at least one bit.
	if n > 8*int64(len(src)) {
		return nil, truncated("%d bytes for %d elements", len(src), n)
	}
	dst = resized(dst, int(n)*node.size)
	clear(dst)
	r := bitReader{src: src}
	for i := 0; i < len(dst); i += node.size {
		if err := node.unpack(dst[i:i+node.size], &r); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// parseNBit parses a datatype, and returns the parameters after it.
func parseNBit(p []uint32, depth int) (n nbitNode, rest []uint32, err error) {
	bad := malformed("the datatype in the parameters is not one")
	if len(p) < 2 || p[1] == 0 || p[1] > math.MaxInt32 || depth == nbitDepth {
		return n, nil, bad
	}
	n.class, n.size = int(p[0]), int(p[1])
	p = p[2:]
	switch n.class {
	case nbitAtomic:
		if len(p) < 3 || p[1] == 0 || uint64(p[1])+uint64(p[2]) > 8*uint64(n.size) {
			return n, nil, bad
		}
		n.big, n.precision, n.offset = p[0] != 0, int(p[1]), int(p[2])
		return n, p[3:], nil
	case nbitBytes:
		return n, p, nil
	case nbitArray:
		base, rest, err := parseNBit(p, depth+1)
		if err != nil || n.size%base.size != 0 {
			return n, nil, bad
		}
		n.children = []nbitNode{base}
		return n, rest, nil
	case nbitCompound:
		return parseNBitMembers(n, p, depth, bad)
	}
	return n, nil, bad
}

func parseNBitMembers(n nbitNode, p []uint32, depth int, bad error) (nbitNode, []uint32, error) {
	// A compound without members would take no bits, so that the work would not be bounded by the
	// input.
	if len(p) < 1 || p[0] == 0 || int64(p[0]) > int64(len(p)) {
		return n, nil, bad
	}
	count := p[0]
	p = p[1:]
	for range count {
		if len(p) < 1 {
			return n, nil, bad
		}
		at := p[0]
		member, rest, err := parseNBit(p[1:], depth+1)
		if err != nil || int64(at)+int64(member.size) > int64(n.size) {
			return n, nil, bad
		}
		member.memberOffset = int(at)
		n.children = append(n.children, member)
		p = rest
	}
	return n, p, nil
}

// unpack reads one value into dst, which must be zero. Each call reads at least one bit, so that
// the end of the input ends the recursion.
func (n *nbitNode) unpack(dst []byte, r *bitReader) error {
	switch n.class {
	case nbitAtomic:
		if n.precision > r.left() {
			return truncated("the bits end too early")
		}
		n.number(dst[:n.size], r)
	case nbitBytes:
		if n.size > r.left()/8 {
			return truncated("the bits end too early")
		}
		for i := range n.size {
			dst[i] = byte(r.read(8))
		}
	case nbitArray:
		base := &n.children[0]
		for at := 0; at < n.size; at += base.size {
			if err := base.unpack(dst[at:at+base.size], r); err != nil {
				return err
			}
		}
	default:
		for i := range n.children {
			m := &n.children[i]
			if err := m.unpack(dst[m.memberOffset:m.memberOffset+m.size], r); err != nil {
				return err
			}
		}
	}
	return nil
}

// number sets the significant bits of a number of any size, byte by byte from the highest.
func (n *nbitNode) number(dst []byte, r *bitReader) {
	for end := n.offset + n.precision; end > n.offset; {
		low := max((end-1)/8*8, n.offset)
		i := low / 8
		if n.big {
			i = len(dst) - 1 - i
		}
		dst[i] |= byte(r.read(end-low) << (low % 8))
		end = low
	}
}
