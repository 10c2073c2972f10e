package hdf5

import (
	"errors"
	"slices"
)

// virtualSource maps a selection of a source dataset to a selection of the virtual dataset. Both
// have the same number of elements, which correspond in C order.
type virtualSource struct {
	file, dataset string
	from, to      *Region
}

// maxVirtualParts bounds the number of sources that one read visits, including those of virtual
// datasets that are sources themselves.
const maxVirtualParts = 1 << 18

// sources parses the list of sources of a virtual dataset.
//
// Reference: HDF5 File Format Specification, VII.A ("Virtual Dataset").
func (d *Dataset) sources(h *heapReader) ([]virtualSource, error) {
	l := d.layout
	if l.addr == undefined {
		return nil, nil
	}
	b, err := h.object(l.addr, l.heapIndex)
	if err != nil {
		return nil, err
	}
	c := d.f.cursorOver(b, d.f.src.offset(l.addr))
	v := c.version("list of a virtual dataset's sources", 0, 1)
	n := c.length()
	if c.err == nil && n > uint64(c.left()) {
		return nil, malformed(c.off, "%d sources in %d bytes", n, c.left())
	}
	var list []virtualSource
	for range n {
		s := virtualSource{}
		s.names(c, v, list)
		if c.err != nil {
			return nil, c.err
		}
		if s.from, err = parseRegion(c); err != nil {
			return nil, err
		}
		if s.to, err = parseRegion(c); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	c.checksum(0)
	return list, c.err
}

// Flags of a source in version 1 of the list, in which a source may share the names of an earlier
// one, given by its number. The specification does not have them yet; they are those of HDF5 2.0.
const (
	sharedFile    = 1 << 0
	sharedDataset = 1 << 1
	sameFile      = 1 << 2
)

// names parses the names of the file and the dataset.
func (s *virtualSource) names(c *cursor, version uint8, earlier []virtualSource) {
	flags := uint8(0)
	pos := c.pos()
	if version > 0 {
		flags = c.u8()
	}
	earlierOne := func() (v virtualSource) {
		n := c.length()
		if c.err == nil && n >= uint64(len(earlier)) {
			c.fail(malformed(pos, "a source of a virtual dataset like the %d-th of %d", n,
				len(earlier)))
		}
		if c.err == nil {
			v = earlier[n]
		}
		return v
	}
	switch {
	case flags&sameFile != 0:
		s.file = "."
	case flags&sharedFile != 0:
		s.file = earlierOne().file
	default:
		s.file = c.text()
	}
	if flags&sharedDataset != 0 {
		s.dataset = earlierOne().dataset
	} else {
		s.dataset = c.text()
	}
}

// readVirtual reads the selection from the sources into dst. Elements without a source, or whose
// source does not exist, have the fill value.
func (d *Dataset) readVirtual(r *readState, dst []byte, s selection) error {
	sources, err := d.sources(r.heap)
	if err != nil {
		return err
	}
	d.fillAll(dst)
	if r.depth++; r.depth > d.f.opts.depth {
		return errorf(ErrLimit, "virtual datasets that lead through more than %d others",
			d.f.opts.depth)
	}
	defer func() { r.depth-- }()
	for _, v := range sources {
		if r.virtualParts++; r.virtualParts > maxVirtualParts {
			return errorf(ErrLimit, "more than %d sources of virtual datasets", maxVirtualParts)
		}
		if err := d.readSource(r, dst, s, v); err != nil {
			return err
		}
	}
	return nil
}

// readSource copies the selected elements of one source.
func (d *Dataset) readSource(r *readState, dst []byte, s selection, v virtualSource) error {
	to, ok := v.to.progressions(d.space.dims)
	if ok && !intersects(to, s) {
		return nil
	}
	source, err := d.source(v)
	if err != nil || source == nil {
		return err
	}
	if source.typ.Size != d.typ.Size || source.typ.Class != d.typ.Class ||
		source.typ.Order != d.typ.Order {
		return errorf(ErrUnsupported,
			"a virtual dataset of another datatype than that of its source %q", v.dataset)
	}
	if source.space.null {
		return nil
	}
	from, ok2 := v.from.progressions(source.space.dims)
	if ok && ok2 {
		if done, err := d.readAligned(r, dst, s, source, from, to); done || err != nil {
			return err
		}
	}
	return d.readElements(r, dst, s, source, v)
}

// source opens the dataset of a source. It returns nil if the file or the dataset does not exist.
func (d *Dataset) source(v virtualSource) (*Dataset, error) {
	f := d.f
	if v.file != "." {
		var err error
		if f, err = f.openExternalHDF5(v.file); err != nil {
			if errors.Is(err, ErrNotFound) {
				return nil, nil
			}
			return nil, err
		}
	}
	hops := maxHops
	source, err := as[*Dataset](f.lookup(f.sb.root, "/", v.dataset, &hops))
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return source, err
}

// progression is the coordinates of a selection in one dimension: n of them, step apart, from
// start.
type progression struct{ start, step, n uint64 }

// progressions returns the coordinates of a region in each dimension; ok is false if the region is
// not the product of such coordinates. An unlimited region ends with the dataset.
func (r *Region) progressions(dims []uint64) ([]progression, bool) {
	p := make([]progression, len(dims))
	if r.All {
		for i, n := range dims {
			p[i] = progression{0, 1, n}
		}
		return p, true
	}
	if len(r.Start) != len(dims) || len(dims) == 0 {
		return nil, false
	}
	for i := range dims {
		start, stride := uint64(r.Start[i]), uint64(r.Stride[i])
		count, block := r.Count[i], r.Block[i]
		room := dims[i] - min(start, dims[i])
		switch {
		case block == -1 && count == 1:
			p[i] = progression{start, 1, room}
		case block == 1 && count == -1:
			p[i] = progression{start, stride, (room + stride - 1) / stride}
		case count == -1 && uint64(block) == stride:
			p[i] = progression{start, 1, room}
		case count < 0 || block < 0:
			return nil, false
		case count == 0 || block == 0:
			p[i] = progression{start, 1, 0}
		case count == 1 || uint64(block) == stride:
			p[i] = progression{start, 1, uint64(count * block)}
		case block == 1:
			p[i] = progression{start, stride, uint64(count)}
		default:
			return nil, false
		}
		if q := p[i]; q.n > 0 && (q.start >= dims[i] || (q.n-1) > (dims[i]-1-q.start)/q.step) {
			return nil, false
		}
	}
	return p, true
}

// overlap intersects a progression with dimension i of a selection. It returns the index of the
// first common coordinate in each, the steps between the indices in each, and the number of
// coordinates.
func (p progression) overlap(s selection, i int) (in, at, inStep, atStep, n uint64) {
	var found [2][2]uint64
	for k := range s.count[i] {
		x := s.start[i] + k*s.step[i]
		if x < p.start || (x-p.start)%p.step != 0 || (x-p.start)/p.step >= p.n {
			if p.n == 0 || x > p.start+(p.n-1)*p.step {
				break
			}
			continue
		}
		if n < 2 {
			found[n] = [2]uint64{(x - p.start) / p.step, k}
		}
		n++
	}
	if n > 1 {
		inStep, atStep = found[1][0]-found[0][0], found[1][1]-found[0][1]
	}
	return found[0][0], found[0][1], max(inStep, 1), max(atStep, 1), n
}

// intersects reports whether a source has any of the selected elements.
func intersects(p []progression, s selection) bool {
	for i := range p {
		if _, _, _, _, n := p[i].overlap(s, i); n == 0 {
			return false
		}
	}
	return true
}

// readAligned is readSource for regions whose dimensions correspond one to one, apart from
// dimensions of one element. It returns false for other regions.
func (d *Dataset) readAligned(r *readState, dst []byte, s selection, source *Dataset, from,
	to []progression) (
	bool, error,
) {
	long := func(p []progression) (at []int, n []uint64) {
		for i := range p {
			if p[i].n != 1 {
				at, n = append(at, i), append(n, p[i].n)
			}
		}
		return at, n
	}
	fromAt, fromN := long(from)
	toAt, toN := long(to)
	if !slices.Equal(fromN, toN) {
		return false, nil
	}
	// pick is the selection of the source that is read.
	pick := selectAll(source.space.dims)
	pick.count = make([]uint64, len(from))
	for i, p := range from {
		pick.start[i], pick.count[i] = p.start, 1
	}
	elem := d.typ.Size
	var t transfer
	dstStep := make([]int, len(to))
	step := elem
	for i := len(to) - 1; i >= 0; i-- {
		dstStep[i] = step
		step *= int(s.count[i])
	}
	t.run = elem
	for i, p := range to {
		in, at, inStep, atStep, n := p.overlap(s, i)
		if n == 0 {
			return true, nil
		}
		t.dst += int(at) * dstStep[i]
		k := slices.Index(toAt, i)
		if k < 0 {
			continue
		}
		q, j := from[fromAt[k]], fromAt[k]
		pick.start[j] = q.start + in*q.step
		pick.step[j], pick.count[j] = inStep*q.step, n
		t.n[t.rank], t.dstStep[t.rank] = int(n), int(atStep)*dstStep[i]
		t.rank++
	}
	step = elem
	for k := t.rank - 1; k >= 0; k-- {
		t.srcStep[k] = step
		step *= t.n[k]
	}
	data, err := source.raw(r, pick)
	if err != nil {
		return true, withPath(err, source.path)
	}
	t.copy(dst, data)
	return true, nil
}

// readElements is readSource for any regions; it copies element by element.
func (d *Dataset) readElements(r *readState, dst []byte, s selection, source *Dataset,
	v virtualSource) error {
	data, err := source.raw(r, selectAll(source.space.dims))
	if err != nil {
		return withPath(err, source.path)
	}
	from, err := v.from.indices(r, source.space.dims)
	if err != nil {
		return err
	}
	to, err := v.to.indices(r, d.space.dims)
	if err != nil {
		return err
	}
	elem := uint64(d.typ.Size)
	coord := make([]uint64, len(d.space.dims))
	for k := range min(len(from), len(to)) {
		x := to[k]
		for i := len(coord) - 1; i >= 0; i-- {
			coord[i] = x % d.space.dims[i]
			x /= d.space.dims[i]
		}
		if at, ok := s.index(coord); ok {
			copy(dst[at*elem:(at+1)*elem], data[from[k]*elem:])
		}
	}
	return nil
}

// index returns the index of an element among the selected ones; ok is false if it is not selected.
func (s selection) index(coord []uint64) (uint64, bool) {
	at := uint64(0)
	for i, x := range coord {
		if x < s.start[i] || (x-s.start[i])%s.step[i] != 0 {
			return 0, false
		}
		k := (x - s.start[i]) / s.step[i]
		if k >= s.count[i] {
			return 0, false
		}
		at = at*s.count[i] + k
	}
	return at, true
}
