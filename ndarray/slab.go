package ndarray

// slab implements Slab of package internal/pending.
type slab struct {
	free []Array
	next int   // number of headers in the next chunk
	last Array // the previous array, whose dtype and shape the next one often has
}

const (
	slabFirst = 4
	slabMax   = 32
)

// array returns the result of [New], with the same errors.
func (s *slab) array(dt *DType, shape []int, order Order, data []byte) (*Array, error) {
	if len(s.free) == 0 {
		s.next = min(max(2*s.next, slabFirst), slabMax)
		s.free = make([]Array, s.next)
	}
	a := &s.free[0]
	if s.alike(dt, shape, order, data) {
		*a = s.last
		a.data = data
	} else {
		if err := a.build(dt, shape, order, data); err != nil {
			*a = Array{}
			return nil, err
		}
		if s.last = (Array{}); a.ext == nil {
			s.last = *a
			s.last.data = nil
		}
	}
	s.free = s.free[1:]
	return a, nil
}

// alike reports whether the next array differs from s.last only in its data.
func (s *slab) alike(dt *DType, shape []int, order Order, data []byte) bool {
	l := &s.last
	if l.dt != dt || dt == nil || order != OrderC || l.flags&flagContiguousC == 0 ||
		!sameShape(shape, l.Shape()) {
		return false
	}
	return len(data) == l.NBytes()
}
