package stats

// number is the constraint of element types that the kernels work on.
type number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// block is the number of elements that are read twice in a row. They fit into the processor's
// first-level cache.
const block = 2048

// partial is the statistics of a piece of an array that can be merged exactly. min and max are
// valid only if moments.n is not 0.
type partial[T number] struct {
	moments
	missing  int64
	min, max T
}

func (p *partial[T]) merge(o partial[T]) {
	p.missing += o.missing
	if o.n == 0 {
		return
	}
	if p.n == 0 {
		p.min, p.max = o.min, o.max
	} else {
		p.min, p.max = min(p.min, o.min), max(p.max, o.max)
	}
	p.moments.merge(o.moments)
}

// summarize returns the statistics of a piece of an array. NaNs are missing.
func summarize[T number](values []T) (p partial[T]) {
	buf := []T(nil)
	for len(values) > 0 {
		b := values[:min(block, len(values))]
		values = values[len(b):]
		sum, least, greatest := sumBlock(b)
		if sum != sum {
			// The block has NaNs, or infinities of both signs, whose sum is NaN too. Without the
			// NaNs the sum is NaN only in the second case.
			if buf == nil {
				buf = make([]T, 0, block)
			}
			var missing int
			b, missing = withoutNaN(buf[:0], b)
			p.missing += int64(missing)
			if len(b) == 0 {
				continue
			}
			sum, least, greatest = sumBlock(b)
		}
		mean := sum / float64(len(b))
		p.merge(partial[T]{moments: moments{int64(len(b)), mean, squares(b, mean)}, min: least,
			max: greatest})
	}
	return p
}

// sumBlock returns the sum, the least and the greatest of one or more values. It keeps four sums,
// so that the processor need not wait for one addition before the next. It compares each value with
// the least and the greatest so far rather than with its neighbour, because the processor predicts
// the outcome of the former: almost always no.
func sumBlock[T number](b []T) (sum float64, least, greatest T) {
	least, greatest = b[0], b[0]
	var s0, s1, s2, s3 float64
	for len(b) >= 4 {
		v0, v1, v2, v3 := b[0], b[1], b[2], b[3]
		s0 += float64(v0)
		s1 += float64(v1)
		s2 += float64(v2)
		s3 += float64(v3)
		if v0 < least {
			least = v0
		}
		if v0 > greatest {
			greatest = v0
		}
		if v1 < least {
			least = v1
		}
		if v1 > greatest {
			greatest = v1
		}
		if v2 < least {
			least = v2
		}
		if v2 > greatest {
			greatest = v2
		}
		if v3 < least {
			least = v3
		}
		if v3 > greatest {
			greatest = v3
		}
		b = b[4:]
	}
	for _, v := range b {
		s0 += float64(v)
		if v < least {
			least = v
		}
		if v > greatest {
			greatest = v
		}
	}
	return (s0 + s1) + (s2 + s3), least, greatest
}

// squares returns the sum of the squared differences between the values and the mean.
func squares[T number](b []T, mean float64) float64 {
	var s0, s1, s2, s3 float64
	for len(b) >= 4 {
		d0, d1 := float64(b[0])-mean, float64(b[1])-mean
		d2, d3 := float64(b[2])-mean, float64(b[3])-mean
		s0 += d0 * d0
		s1 += d1 * d1
		s2 += d2 * d2
		s3 += d3 * d3
		b = b[4:]
	}
	for _, v := range b {
		d := float64(v) - mean
		s0 += d * d
	}
	return (s0 + s1) + (s2 + s3)
}

// withoutNaN appends the values of b that are not NaN to buf, and counts the others.
func withoutNaN[T number](buf, b []T) (numbers []T, missing int) {
	for _, v := range b {
		if v == v {
			buf = append(buf, v)
		}
	}
	return buf, len(b) - len(buf)
}
