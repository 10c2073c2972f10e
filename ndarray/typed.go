package ndarray

import "slices"

// Element has the Go types of elements in memory: those of the dtypes bool, int8 to uint64, float16
// to float64, complex64 and complex128. Elements of datetime64 and timedelta64 are int64.
type Element interface {
	bool | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 |
		Float16 | float32 | float64 | complex64 | complex128
}

// DTypeOf returns the dtype of T in this machine's byte order.
func DTypeOf[T Element]() *DType {
	var zero T
	switch any(zero).(type) {
	case bool:
		return boolDType
	case int8:
		return int8DType
	case int16:
		return int16DType
	case int32:
		return int32DType
	case int64:
		return int64DType
	case uint8:
		return uint8DType
	case uint16:
		return uint16DType
	case uint32:
		return uint32DType
	case uint64:
		return uint64DType
	case Float16:
		return float16DType
	case float32:
		return float32DType
	case float64:
		return float64DType
	case complex64:
		return complex64DType
	}
	return complex128DType
}

// swapUnit returns the number of bytes that are reversed together: those of a T, or of half a
// complex number.
func swapUnit[T Element]() int {
	d := DTypeOf[T]()
	if d.kind == KindComplex {
		return d.itemsize / 2
	}
	return d.itemsize
}

// holds reports whether elements of dtype d have the Go type of dtype t, except for the byte order.
func holds(d, t *DType) bool {
	if d.itemsize != t.itemsize {
		return false
	}
	return d.kind == t.kind || t == int64DType && (d.kind == KindDatetime ||
		d.kind == KindTimedelta)
}

// Slice returns the elements of a as a []T over the array's own memory, without a copy. A write to
// the slice changes the array, and the slice is valid as long as the memory of the array is. The
// error is of the kind
//
//   - ErrDType if T is not the type of the dtype, or the byte order is not this machine's
//   - ErrNotContiguous if the array is not C-contiguous (use a.T() for an F-contiguous one), or not
//     aligned on processors that require it
//   - ErrValue if T is bool and there are bytes other than 0 and 1
//
// [Values] works in all these cases. With the build tag purego the slice is a copy.
func Slice[T Element](a *Array) ([]T, error) {
	if err := a.alive(); err != nil {
		return nil, err
	}
	t := DTypeOf[T]()
	if !holds(a.DType(), t) {
		return nil, errorf(ErrDType, "an array of dtype %s, shape %s is not a slice of %s",
			a.DType().brief(), shapeText(a.Shape()), t)
	}
	if a.DType().order != NotApplicable && a.DType().order != NativeEndian {
		return nil, errorf(ErrDType, "an array of dtype %s is not in this machine's byte order",
			a.DType().brief())
	}
	if !a.IsCContiguous() {
		return nil, errorf(ErrNotContiguous, "an array of shape %s, strides %s is not C-contiguous",
			shapeText(a.Shape()), shapeText(a.Strides()))
	}
	b, err := a.Bytes()
	if err != nil {
		return nil, err
	}
	if t == boolDType {
		if i := slices.IndexFunc(b, func(c byte) bool { return c > 1 }); i >= 0 {
			return nil,
				errorf(ErrValue, "element %d of the bool array is the byte %d, which no Go bool is",
					i, b[i])
		}
	}
	s, ok := sliceOf[T](b)
	if !ok {
		return nil, errorf(ErrNotContiguous, "the elements of dtype %s are not aligned in memory",
			a.DType().brief())
	}
	return s, nil
}

// FromSlice returns an array over data, without a copy, in C order. Without a shape it has one
// dimension. A shape must have exactly len(data) elements, or the error is of the kind ErrShape.
// With the build tag purego data is copied.
func FromSlice[T Element](data []T, shape ...int) (*Array, error) {
	if len(shape) == 0 {
		shape = []int{len(data)}
	}
	t := DTypeOf[T]()
	size, _, err := checkShape(shape, t.itemsize)
	if err != nil {
		return nil, err
	}
	if size != len(data) {
		return nil, errorf(ErrShape, "%d elements, but shape %s has %d", len(data),
			shapeText(shape), size)
	}
	return New(t, shape, OrderC, bytesOf(data))
}

// Values returns a copy of the elements of a, in C order, as values of T. Numbers of other dtypes
// are converted if all of them have exactly the same value in T; otherwise the error is of the kind
// ErrValue and names the first that does not. So an int64 becomes float64 if it has at most 53
// significant bits, a float becomes an integer if it has no fraction, a bool becomes 0 or 1, NaN
// stays NaN among floats, and a number in an object array is converted like any other. Complex
// numbers can only become complex; a datetime64 or timedelta64 can only become int64, its Value.
// For dtypes that are not numbers the error is of the kind ErrDType.
func Values[T Element](a *Array) ([]T, error) {
	if err := a.alive(); err != nil {
		return nil, err
	}
	t := DTypeOf[T]()
	if err := convertible(a, t); err != nil {
		return nil, err
	}
	out := make([]T, a.Size())
	if len(out) == 0 {
		return out, nil
	}
	if holds(a.DType(), t) && t != boolDType {
		var err error
		filled := largePages(out)
		defer filled()
		done := 0
		a.chunks(OrderC, &err)(func(c []byte) bool {
			fill(out[done:], c, a.DType().order)
			done += len(c) / t.itemsize
			return true
		})
		return out, err
	}
	if bad := convertInto(a, out); bad >= 0 {
		return nil,
			errorf(ErrValue,
				"element %d of an array of dtype %s, shape %s is %s, which %s does not hold", bad,
				a.DType().brief(), shapeText(a.Shape()), valueText(a.elementAt(bad)), t)
	}
	return out, nil
}

// elementAt returns the element at position i of C order.
func (a *Array) elementAt(i int) any {
	pos := a.pos
	for axis, n := range slices.Backward(a.Shape()) {
		pos += i % n * a.Strides()[axis]
		i /= n
	}
	return a.atPos(pos)
}

// convertible returns an error if elements of a can never be converted to dtype t.
func convertible(a *Array, t *DType) error {
	ok := false
	switch a.DType().kind {
	case KindBool, KindInt, KindUint, KindFloat:
		ok = true
	case KindComplex:
		ok = t.kind == KindComplex
	case KindDatetime, KindTimedelta:
		ok = t == int64DType
	case KindObject:
		ok = !a.DType().isStruct()
	case KindVoid:
		ok = a.DType().small() != 0
	}
	if !ok {
		return errorf(ErrDType, "an array of dtype %s, shape %s does not convert to %s",
			a.DType().brief(), shapeText(a.Shape()), t)
	}
	return nil
}

// Strings returns the elements of a U, S, StringDType or object array as strings, in C order. The
// bytes of an S element become a string unchanged. The error is of the kind ErrValue for an element
// that is not text (NA, an object of another type, a code point above U+10FFFF), and of the kind
// ErrDType for other dtypes.
func Strings(a *Array) ([]string, error) {
	if err := a.alive(); err != nil {
		return nil, err
	}
	switch {
	case a.DType().isStruct() || a.DType().kind != KindStr && a.DType().kind != KindBytes &&
		!a.DType().object:
		return nil, errorf(ErrDType, "an array of dtype %s, shape %s does not convert to strings",
			a.DType().brief(), shapeText(a.Shape()))
	case a.DType().object:
		return objectStrings(a)
	}
	out := make([]string, 0, a.Size())
	buf := make([]byte, 0, min(a.DType().itemsize, chunkSize))
	for pos := range a.positions() {
		b, ok := a.data[pos:pos+a.DType().itemsize], true
		if a.DType().kind == KindBytes {
			buf = append(buf[:0], trimNUL(b)...)
		} else if buf, ok = appendUCS4(buf[:0], b, a.DType().order); !ok {
			return nil, errorf(ErrValue, "element %d of dtype %s has a code point past U+10FFFF",
				len(out), a.DType())
		}
		out = append(out, string(buf))
	}
	return out, nil
}

func objectStrings(a *Array) ([]string, error) {
	elems, err := a.Objects()
	if err != nil {
		return nil, err
	}
	out := make([]string, len(elems))
	for i, e := range elems {
		s, ok := e.(string)
		if !ok {
			return nil, errorf(ErrValue, "element %d of an array of dtype %s is %s, no str", i,
				a.DType().brief(), valueText(e))
		}
		out[i] = s
	}
	return out, nil
}

// Validate checks what the constructors do not: that no element of kind U, at any depth of fields,
// has a code point above U+10FFFF. It reads the whole array if the dtype has such elements. The
// error is of the kind ErrValue.
func (a *Array) Validate() error {
	if err := a.alive(); err != nil {
		return err
	}
	if a.DType().object || !a.DType().hasStr() {
		return nil
	}
	for pos := range a.positions() {
		if !validText(a.DType(), a.data[pos:pos+a.DType().itemsize]) {
			return errorf(ErrValue, "an array of dtype %s, shape %s has a code point past U+10FFFF",
				a.DType().brief(), shapeText(a.Shape()))
		}
	}
	return nil
}

func (d *DType) hasStr() bool {
	if base, _ := d.Subarray(); base != nil {
		return base.hasStr()
	}
	return d.kind == KindStr || slices.ContainsFunc(d.Fields(), func(f Field) bool {
		return f.DType.hasStr()
	})
}

func validText(dt *DType, b []byte) bool {
	if base, _ := dt.Subarray(); base != nil {
		for ; len(b) > 0; b = b[base.itemsize:] {
			if !validText(base, b[:base.itemsize]) {
				return false
			}
		}
		return true
	}
	for _, f := range dt.Fields() {
		if !validText(f.DType, b[f.Offset:f.Offset+f.DType.itemsize]) {
			return false
		}
	}
	if dt.kind == KindStr {
		for ; len(b) > 0; b = b[4:] {
			if dt.order.binary().Uint32(b) > 0x10ffff {
				return false
			}
		}
	}
	return true
}
