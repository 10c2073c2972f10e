package ndarray

import "math/bits"

// A BitOrder says which bit of a byte holds the first of eight elements.
type BitOrder bool

// The bit orders, as NumPy calls them.
const (
	BitsBig    BitOrder = false // the most significant bit, NumPy's default
	BitsLittle BitOrder = true  // the least significant bit
)

// PackBits packs the elements of a along an axis into the bits of uint8s: 1 for every element that
// is not zero. The last byte of each row is padded with zeros. A negative axis counts from the end.
// The result has memory of its own. As in NumPy, the elements must be bools or integers; the error
// is of the kind ErrDType for other dtypes, and of the kind ErrBounds for an axis that does not
// exist.
//
// Reference: numpy.packbits.
func PackBits(a *Array, axis int, order BitOrder) (*Array, error) {
	switch a.DType().Kind() {
	case KindBool, KindInt, KindUint:
	default:
		return nil, errorf(ErrDType, "bits are packed of bools and integers, not of dtype %s",
			a.DType())
	}
	rows, err := lastAxis(a, axis)
	if err != nil {
		return nil, err
	}
	data, err := rows.AppendBytes(nil, OrderC)
	if err != nil {
		return nil, err
	}
	size := a.DType().ItemSize()
	n := rows.Shape()[rows.NDim()-1]
	packed := (n + 7) / 8
	out := make([]byte, 0, rows.Size()/max(n, 1)*packed)
	for ; len(data) > 0; data = data[n*size:] {
		out = packRow(out, data[:n*size], size, order)
	}
	return restoreAxis(out, rows.Shape(), axis, packed)
}

// lastAxis returns a view of a with the given axis moved to the end.
func lastAxis(a *Array, axis int) (*Array, error) {
	n := a.NDim()
	if axis < 0 {
		axis += n
	}
	if axis < 0 || axis >= n {
		return nil, errorf(ErrBounds, "axis %d of an array of %d dimensions", axis, n)
	}
	return a.Transpose(axesWithLast(n, axis)...)
}

// axesWithLast returns the axes 0 to n-1 with axis moved to the end.
func axesWithLast(n, axis int) []int {
	axes := make([]int, 0, n)
	for i := range n {
		if i != axis {
			axes = append(axes, i)
		}
	}
	return append(axes, axis)
}

// restoreAxis returns data as an array of the given shape, except that its last axis has size n and
// is moved back to its original place.
func restoreAxis(data []byte, shape []int, axis, n int) (*Array, error) {
	shape = append([]int{}, shape...)
	shape[len(shape)-1] = n
	a, err := New(uint8DType, shape, OrderC, data)
	if err != nil {
		return nil, err
	}
	if axis < 0 {
		axis += len(shape)
	}
	back := make([]int, len(shape))
	for i, from := range axesWithLast(len(shape), axis) {
		back[from] = i
	}
	a, err = a.Transpose(back...)
	if err != nil {
		return nil, err
	}
	return a.Copy(OrderC)
}

// packRow appends the bits of a row of elements of size bytes.
func packRow(out, row []byte, size int, order BitOrder) []byte {
	var b byte
	n := len(row) / size
	for i := range n {
		b <<= 1
		for _, c := range row[i*size : (i+1)*size] {
			if c != 0 {
				b |= 1
				break
			}
		}
		if i%8 == 7 {
			out = append(out, inOrder(b, order))
			b = 0
		}
	}
	if n%8 != 0 {
		out = append(out, inOrder(b<<(8-n%8), order))
	}
	return out
}

func inOrder(b byte, order BitOrder) byte {
	if order == BitsLittle {
		return bits.Reverse8(b)
	}
	return b
}

// UnpackBits unpacks the bits of an array of uint8 along an axis into elements 0 and 1 of uint8.
// count is the number of elements for each row. A negative count leaves out as many at the end,
// with -1 leaving out none; a count larger than the number of bits adds zeros. The error is of the
// kind ErrDType for other dtypes, of the kind ErrBounds for an axis that does not exist, and of the
// kind ErrShape for a count that is too negative. The result has memory of its own, count bytes for
// each row: compare a count from an untrusted source with the array first.
//
// NumPy's count=None is AllBits.
//
// Reference: numpy.unpackbits.
func UnpackBits(a *Array, axis, count int, order BitOrder) (*Array, error) {
	if a.DType().Kind() != KindUint || a.DType().ItemSize() != 1 {
		return nil, errorf(ErrDType, "bits are unpacked of uint8, not of dtype %s", a.DType())
	}
	rows, err := lastAxis(a, axis)
	if err != nil {
		return nil, err
	}
	data, err := rows.AppendBytes(nil, OrderC)
	if err != nil {
		return nil, err
	}
	n := rows.Shape()[rows.NDim()-1]
	bitsOfRow := 8 * n
	switch {
	case count == AllBits:
		count = bitsOfRow
	case count < 0:
		if count += bitsOfRow; count < 0 {
			return nil, errorf(ErrShape, "a count that leaves out more than the %d bits of a row",
				bitsOfRow)
		}
	}
	number := 1
	for _, dim := range rows.Shape()[:rows.NDim()-1] {
		number *= dim
	}
	size, ok := mulShape(number, count)
	if !ok {
		return nil, errorf(ErrShape, "%d bits of %d rows", count, number)
	}
	out := make([]byte, 0, size)
	for i := range number {
		out = unpackRow(out, data[i*n:(i+1)*n], count, order)
	}
	return restoreAxis(out, rows.Shape(), axis, count)
}

// AllBits as the count of UnpackBits means all bits.
const AllBits = -1 << 31

func mulShape(a, b int) (int, bool) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	return int(lo), hi == 0 && lo < 1<<47 && int(lo) >= 0
}

func unpackRow(out, row []byte, count int, order BitOrder) []byte {
	end := len(out) + count
	for _, b := range row {
		b = inOrder(b, order)
		for k := 7; k >= 0 && len(out) < end; k-- {
			out = append(out, b>>k&1)
		}
	}
	for len(out) < end {
		out = append(out, 0)
	}
	return out
}

// BitMask is an array of bools that are packed as PackBits packs them, along its last axis. The
// memory may be a mapped file. Only elements that are asked for are unpacked. It is safe for
// concurrent use. The zero value has no elements.
type BitMask struct {
	packed *Array
	shape  []int
	order  BitOrder
}

// NewBitMask returns the mask of the given shape that is packed in an array of uint8. The array
// must have the same number of axes, and its last one an eighth of the elements, rounded up. The
// mask shares the memory of packed. The error is of the kind ErrDType for other dtypes, and of the
// kind ErrShape for other shapes.
func NewBitMask(packed *Array, shape []int, order BitOrder) (*BitMask, error) {
	if packed.DType().Kind() != KindUint || packed.DType().ItemSize() != 1 {
		return nil, errorf(ErrDType, "a mask is packed in uint8, not in dtype %s", packed.DType())
	}
	have := packed.Shape()
	ok := len(have) == len(shape) && len(have) > 0
	for i, n := range shape {
		if ok && i == len(shape)-1 {
			n = n/8 + min(n%8, 1)
		}
		ok = ok && n >= 0 && have[i] == n
	}
	if !ok {
		return nil, errorf(ErrShape, "a mask of shape %v in bytes of shape %v", shape, have)
	}
	return &BitMask{packed, append([]int{}, shape...), order}, nil
}

// Shape returns the shape of the mask. The caller must not change it.
func (m *BitMask) Shape() []int { return m.shape }

// At returns one element. A bad index panics, as that of a slice does.
func (m *BitMask) At(index ...int) bool {
	last := len(m.shape) - 1
	bit := index[last]
	if bit < 0 || bit >= m.shape[last] {
		panic("ndarray: index out of range of a mask")
	}
	at := append(append([]int{}, index[:last]...), bit/8)
	return inOrder(m.packed.At(at...).(uint8), m.order)>>(7-bit%8)&1 == 1
}

// Crop returns the elements from start on, count of them along each axis, as an array of bool with
// memory of its own. It reads only the bytes with those elements. The error is of the kind
// ErrBounds for elements outside the mask.
func (m *BitMask) Crop(start, count []int) (*Array, error) {
	part, skip, err := m.bytesOf(start, count)
	if err != nil {
		return nil, err
	}
	last := len(count) - 1
	wide, err := UnpackBits(part, -1, AllBits, m.order)
	if err != nil {
		return nil, err
	}
	if wide, err = wide.Slice(last, skip, skip+count[last], 1); err != nil {
		return nil, err
	}
	data, err := wide.AppendBytes(nil, OrderC)
	if err != nil {
		return nil, err
	}
	return New(boolDType, count, OrderC, data)
}

// Count returns the number of true elements among those from start on, count of them along each
// axis. Nil for both means the whole mask.
func (m *BitMask) Count(start, count []int) (int, error) {
	if start == nil && count == nil {
		start, count = make([]int, len(m.shape)), m.shape
	}
	part, skip, err := m.bytesOf(start, count)
	if err != nil {
		return 0, err
	}
	last := len(count) - 1
	data, err := part.AppendBytes(nil, OrderC)
	if err != nil {
		return 0, err
	}
	width := part.Shape()[last]
	if width == 0 {
		return 0, nil
	}
	total := 0
	for ; len(data) > 0; data = data[width:] {
		total += m.countRow(data[:width], skip, count[last])
	}
	return total, nil
}

// countRow counts the ones among n bits of a row of bytes, after skip bits. skip must be less than
// eight.
func (m *BitMask) countRow(row []byte, skip, n int) int {
	total := 0
	for i, b := range row {
		b = inOrder(b, m.order)
		if i == 0 {
			b &= 0xff >> skip
		}
		if over := 8*(i+1) - skip - n; over > 0 {
			b &= 0xff << min(over, 8)
		}
		total += bits.OnesCount8(b)
	}
	return total
}

// bytesOf returns a view of the bytes that hold a part of the mask, and the number of bits before
// the part in each row.
func (m *BitMask) bytesOf(start, count []int) (part *Array, skip int, err error) {
	if m.packed == nil {
		return nil, 0, errorf(ErrShape, "a mask without a shape")
	}
	if len(start) != len(m.shape) || len(count) != len(m.shape) {
		return nil, 0, errorf(ErrBounds, "%d and %d numbers for a mask of %d dimensions",
			len(start), len(count), len(m.shape))
	}
	part = m.packed
	for axis, n := range count {
		from := start[axis]
		if from < 0 || n < 0 || from > m.shape[axis]-n {
			return nil, 0, errorf(ErrBounds, "elements %v from %v on of a mask of shape %v", count,
				start, m.shape)
		}
		to := from + n
		if axis == len(count)-1 {
			skip = from % 8
			from, to = from/8, (to+7)/8
			if n == 0 {
				to = from
			}
		}
		if part, err = part.Slice(axis, from, to, 1); err != nil {
			return nil, 0, err
		}
	}
	return part, skip, nil
}
