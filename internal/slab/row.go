package slab

// Rows of numbers that become values together: a run of them is decoded into a row, and then boxed.

// row returns room for at least one and at most n values of a slab.
func row[T any](s *Slab[T], n, elemSize int) []T {
	if s.used == len(s.chunk) {
		s.grow(1, elemSize)
	}
	n = min(n, len(s.chunk)-s.used)
	p := s.chunk[s.used : s.used+n : s.used+n]
	s.used += n
	return p
}

// FloatRow returns room for at least one and at most n floats.
func (v *Values) FloatRow(n int) []float64 { return row(&v.floats, n, 8) }

// IntRow returns room for at least one and at most n ints.
func (v *Values) IntRow(n int) []int { return row(&v.ints, n, 8) }

// BoxFloats boxes a row, which must not change any more.
func BoxFloats(to []any, row []float64) {
	to = to[:len(row)]
	for i := range row {
		to[i] = boxFloat(&row[i])
	}
}

// BoxInts boxes a row, which must not change any more.
func BoxInts(to []any, row []int) {
	to = to[:len(row)]
	for i := range row {
		to[i] = boxInt(&row[i])
	}
}

// BoxString makes a string value of what p points to, which must not change any more.
func BoxString(p *string) any { return boxString(p) }
