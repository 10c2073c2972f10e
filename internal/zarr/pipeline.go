package zarr

import (
	"encoding/binary"
	"slices"

	"github.com/unpkl/unpkl/ndarray"
)

// pipeline decodes a chunk, or a chunk inside a shard.
type pipeline struct {
	dt    *ndarray.DType // of the stored elements, with their byte order
	shape []int          // of a chunk
	// strides are the strides of a decoded chunk, in elements. They are those of C order unless the
	// chunk is transposed or in F order.
	strides []int
	// stages are the codecs from bytes to bytes, in the order of encoding.
	stages []stage
	deltas []*ndarray.DType // of the delta filters, in the order of encoding
	shard  *shard           // nil if the chunk is not a shard
	// vlen says that the elements are text or bytes of variable length; binary that they are bytes.
	vlen, binary bool
}

// maxShards bounds the nesting of shards.
const maxShards = 4

// decode decodes the elements of a chunk; depth is the number of shards around it.
func (p *pipeline) decode(data []byte, depth int) (*block, error) {
	n, _ := product(p.shape)
	size := n * p.dt.ItemSize()
	if p.vlen || p.shard != nil {
		size = -maxExpansion(len(data)) - 1
	}
	var err error
	for i := len(p.stages) - 1; i >= 0; i-- {
		want := size
		if i > 0 && size >= 0 {
			// The output size of a compressor after the first is not known exactly.
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
		objects, err := decodeVlen(data, n, p.binary)
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

// maxExpansion returns the number of bytes to which n stored bytes may decode, if nothing else
// limits it.
func maxExpansion(n int) int { return 1000*n + 1<<20 }

// fStrides returns the strides of F order, in elements.
func fStrides(shape []int) []int {
	strides := make([]int, len(shape))
	step := 1
	for i, n := range shape {
		strides[i] = step
		step *= n
	}
	return strides
}

// permuteAxes applies the codec transpose: axis i of the encoded array is axis order[i] of the
// array before. encoded, and the result, list the axes of the chunk in the order in which they are
// stored.
func permuteAxes(encoded, order []int) ([]int, error) {
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

// stridesOf returns the strides of a chunk whose axes are stored in the given order.
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

// decodeVlen decodes text or bytes of variable length: their number, then each after its length.
//
// Reference: numcodecs/vlen.pyx.
func decodeVlen(data []byte, n int, binaries bool) ([]any, error) {
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

// undelta replaces differences by the elements; it does not change data.
func undelta(data []byte, dt *ndarray.DType) ([]byte, error) {
	size := dt.ItemSize()
	if size == 0 || len(data)%size != 0 {
		return nil, malformed("delta: %d bytes of %s", len(data), dt)
	}
	data = slices.Clone(data)
	switch dt.Kind() {
	case ndarray.KindInt, ndarray.KindUint:
		return addInts(data, dt)
	case ndarray.KindFloat:
		a, err := ndarray.New(dt, []int{len(data) / size}, ndarray.OrderC, data)
		if err != nil {
			return nil, err
		}
		return addFloats(a)
	}
	return nil, unsupported("the codec delta of %s", dt)
}

// addInts replaces integers by their running sums, which wrap around.
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

// addFloats replaces floats by their running sums, computed in their own precision.
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
