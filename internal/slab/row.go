package slab

// A row is a slice of numbers in a slab. The numbers of a run are decoded into a row, and then
// boxed together.

// row returns a slice of at least one and at most n new values of a slab.
func row[T any](s *Slab[T], n, elemSize int) []T {
	if s.used == len(s.chunk) {
		s.grow(1, elemSize)
	}
	n = min(n, len(s.chunk)-s.used)
	p := s.chunk[s.used : s.used+n : s.used+n]
	s.used += n
	return p
}

// FloatRow returns a row of at least one and at most n floats.
func (v *Values) FloatRow(n int) []float64 { return row(&v.floats, n, 8) }

// IntRow returns a row of at least one and at most n ints.
func (v *Values) IntRow(n int) []int { return row(&v.ints, n, 8) }

// BoxFloats boxes the floats of a row. The row must not be changed afterwards.
func BoxFloats(to []any, row []float64) {
	to = to[:len(row)]
	for i := range row {
		to[i] = boxFloat(&row[i])
	}
}

// BoxInts boxes the ints of a row. The row must not be changed afterwards.
func BoxInts(to []any, row []int) {
	to = to[:len(row)]
	for i := range row {
		to[i] = boxInt(&row[i])
	}
}

// BoxString boxes the string that p points to, which must not be changed afterwards.
func BoxString(p *string) any { return boxString(p) }
