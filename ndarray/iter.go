package ndarray

import "iter"

// Elements yields the elements as At returns them, in C order.
func (a *Array) Elements() iter.Seq[any] {
	return func(yield func(any) bool) {
		if err := a.alive(); err != nil {
			panic(err)
		}
		var s stepper
		n := a.Size()
		for s.reset(a.Shape(), a.Strides(), a.pos, n); n > 0; n-- {
			if !yield(a.atPos(s.pos)) {
				return
			}
			s.next()
		}
	}
}

// Indexed yields each index and the element there, in C order. The index slice is reused:
// copy it to keep it.
func (a *Array) Indexed() iter.Seq2[[]int, any] {
	return func(yield func([]int, any) bool) {
		if err := a.alive(); err != nil {
			panic(err)
		}
		var s stepper
		n := a.Size()
		for s.reset(a.Shape(), a.Strides(), a.pos, n); n > 0; n-- {
			if !yield(s.index[:a.NDim()], a.atPos(s.pos)) {
				return
			}
			s.next()
		}
	}
}

// positions yields the byte position of each element in C order.
func (a *Array) positions() iter.Seq[int] {
	return func(yield func(int) bool) {
		var s stepper
		n := a.Size()
		for s.reset(a.Shape(), a.Strides(), a.pos, n); n > 0; n-- {
			if !yield(s.pos) {
				return
			}
			s.next()
		}
	}
}
