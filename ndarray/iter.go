package ndarray

import "iter"

// Elements yields the elements in C order, as At returns them.
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

// Indexed yields each index and the element at it, in C order. The index slice is reused: copy it
// to keep it.
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

// All yields the position in C order and the value of each element as a T, with a small buffer.
// Like [Values] it converts numbers. If the dtype cannot be converted to T, it yields nothing and
// sets *errp to an error of the kind ErrDType. At an element that T does not hold, it stops and
// sets *errp. errp may be nil.
func All[T Element](a *Array, errp *error) iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		if err := allChunks(a, yield); err != nil && errp != nil {
			*errp = err
		}
	}
}

// allChunks converts the array in blocks along its first axis, or as a whole if it has no axis or
// one element.
func allChunks[T Element](a *Array, yield func(int, T) bool) error {
	flat := a
	if v, err := a.Reshape(-1); err == nil {
		flat = v
	}
	if flat.NDim() != 1 {
		return allRows(a, yield)
	}
	const block = 4096
	for start := 0; start < flat.Shape()[0]; start += block {
		part, err := flat.Slice(0, start, min(start+block, flat.Shape()[0]), 1)
		if err != nil {
			return err
		}
		values, err := Values[T](part)
		if err != nil {
			return err
		}
		for i, v := range values {
			if !yield(start+i, v) {
				return nil
			}
		}
	}
	return convertible(a, DTypeOf[T]())
}

// allRows is allChunks for an array whose elements do not have one common stride.
func allRows[T Element](a *Array, yield func(int, T) bool) error {
	if err := convertible(a, DTypeOf[T]()); err != nil {
		return err
	}
	i := 0
	one := a.view()
	for pos := range a.positions() {
		one.pos = pos
		one.setFlags()
		var v [1]T
		if bad := convertInto(one, v[:]); bad >= 0 {
			return errorf(ErrValue,
				"element %d of an array of dtype %s is %s, which %s does not hold", i,
				a.DType().brief(), valueText(a.atPos(pos)), DTypeOf[T]())
		}
		if !yield(i, v[0]) {
			return nil
		}
		i++
	}
	return nil
}
