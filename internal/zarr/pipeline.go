package zarr

import (
	"encoding/binary"
	"slices"

	"github.com/unpkl/unpkl/ndarray"
)

// pipeline undoes the codecs of one chunk, or of a chunk within a shard.
type pipeline struct {
	dt    *ndarray.DType // of the stored elements, with their byte order
	shape []int          // of a chunk
	// strides are where the elements of the stored order go, in elements: those of a transposed
	// or F-ordered chunk are not C order's.
	strides []int
	// stages are the codecs from bytes to bytes in the order of encoding.
	stages []stage
	// fixed are the stages, of the first ones, whose output is as long as their input.
	deltas []*ndarray.DType // of the delta filters, in the order of encoding
	shard  *shard
	// vlen tells that the elements are text or bytes of any length, binary that they are bytes.
	vlen, binary bool
}

// maxShards is how deep shards may be in each other.
const maxShards = 4

// decode returns the elements of a chunk.
func (p *pipeline) decode(data []byte, depth int) (*block, error) {
	n, _ := product(p.shape)
	size := n * p.dt.ItemSize()
	if p.vlen || p.shard != nil {
		size = -expansion(len(data)) - 1
	}
	var err error
	for i := len(p.stages) - 1; i >= 0; i-- {
		want := size
		if i > 0 && size >= 0 {
			// What compressors behind the first make is not of a known size.
			want = -(size + size/8 + 1<<16) - 1
		}
		if data, err = p.stages[i](data, want); err != nil {
			return nil, err
		}
	}
	switch {
	case p.shard != nil:
		return p.shard.decode(data, p.shape, depth+1)
	case p.vlen:
		objects, err := variable(data, n, p.binary)
		return &block{shape: p.shape, strides: p.strides, objects: objects}, err
	case len(data) != size:
		return nil, malformed("a chunk of %d bytes, expected %d", len(data), size)
	}
	for i := len(p.deltas) - 1; i >= 0; i-- {
		if data, err = undelta(data, p.deltas[i]); err != nil {
			return nil, err
		}
	}
	return &block{shape: p.shape, strides: p.strides, item: p.dt.ItemSize(), bytes: data}, nil
}

// expansion is how many bytes are accepted of what is stored in n, where nothing else tells.
func expansion(n int) int { return 1000*n + 1<<20 }

// fStrides are the strides of F order, in elements.
func fStrides(shape []int) []int {
	strides := make([]int, len(shape))
	step := 1
	for i, n := range shape {
		strides[i] = step
		step *= n
	}
	return strides
}

// transpose puts the axes of what is encoded into an order: axis i of the encoded array is axis
// order[i] of the one before. encoded are the axes of the first array in the order that they have
// before.
func transpose(encoded, order []int) ([]int, error) {
	if len(order) != len(encoded) {
		return nil, malformed("a transpose of %d axes by %v", len(encoded), order)
	}
	seen := make([]bool, len(order))
	out := make([]int, len(order))
	for i, axis := range order {
		if axis < 0 || axis >= len(order) || seen[axis] {
			return nil, malformed("a transpose of %d axes by %v", len(encoded), order)
		}
		seen[axis] = true
		out[i] = encoded[axis]
	}
	return out, nil
}

// stridesOf returns the strides of each axis of a chunk whose axes are stored in an order.
func stridesOf(shape, axes []int) []int {
	stored := make([]int, len(axes))
	for i, axis := range axes {
		stored[i] = shape[axis]
	}
	strides := make([]int, len(axes))
	for i, step := range cStrides(stored) {
		strides[axes[i]] = step
	}
	return strides
}

// variable reads text or bytes of any length: their number, and each with its length before it.
//
// Reference: numcodecs/vlen.pyx.
func variable(data []byte, n int, binaries bool) ([]any, error) {
	if len(data) < 4 || int64(binary.LittleEndian.Uint32(data)) != int64(n) {
		return nil, malformed("a chunk of %d bytes for %d texts", len(data), n)
	}
	data = data[4:]
	if n > len(data)/4 {
		return nil, malformed("%d bytes for %d texts", len(data), n)
	}
	out := make([]any, n)
	for i := range out {
		if len(data) < 4 {
			return nil, malformed("text %d of %d is not there", i, n)
		}
		size := int64(binary.LittleEndian.Uint32(data))
		if data = data[4:]; size > int64(len(data)) {
			return nil, malformed("text %d of %d has %d of %d bytes", i, n, len(data), size)
		}
		if binaries {
			out[i] = slices.Clone(data[:size])
		} else {
			out[i] = string(data[:size])
		}
		data = data[size:]
	}
	return out, nil
}

// undelta adds up differences, in place of memory of its own.
func undelta(data []byte, dt *ndarray.DType) ([]byte, error) {
	size := dt.ItemSize()
	if size == 0 || len(data)%size != 0 {
		return nil, malformed("delta: %d bytes of %s", len(data), dt)
	}
	a, err := ndarray.New(dt, []int{len(data) / size}, ndarray.OrderC, slices.Clone(data))
	if err != nil {
		return nil, err
	}
	switch dt.Kind() {
	case ndarray.KindInt, ndarray.KindUint:
		return addInts(slices.Clone(data), dt)
	case ndarray.KindFloat:
		return addFloats(a)
	}
	return nil, unsupported("the codec delta of %s", dt)
}

// addInts adds up integers, which wrap.
func addInts(data []byte, dt *ndarray.DType) ([]byte, error) {
	size := dt.ItemSize()
	big := dt.ByteOrder() == ndarray.BigEndian
	for i := size; i < len(data); i += size {
		carry := 0
		for k := range size {
			if big {
				k = size - 1 - k
			}
			sum := int(data[i+k]) + int(data[i+k-size]) + carry
			data[i+k], carry = byte(sum), sum>>8
		}
	}
	return data, nil
}

// addFloats adds up floats in their own precision.
func addFloats(a *ndarray.Array) ([]byte, error) {
	switch a.DType().ItemSize() {
	case 4:
		sum := float32(0)
		for i := range a.Size() {
			sum += a.At(i).(float32)
			if err := a.SetAt(sum, i); err != nil {
				return nil, err
			}
		}
	case 8:
		sum := 0.0
		for i := range a.Size() {
			sum += a.At(i).(float64)
			if err := a.SetAt(sum, i); err != nil {
				return nil, err
			}
		}
	default:
		return nil, unsupported("the codec delta of %s", a.DType())
	}
	return a.AppendBytes(nil, ndarray.OrderC)
}
