package torch

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/unpkl/unpkl/internal/jsonhook"
	"github.com/unpkl/unpkl/ndarray"
)

// Storage is the memory of tensors, which may be views of the same one: torch.FloatStorage and the
// others. An untyped one, torch.UntypedStorage, has bytes.
type Storage struct {
	// DType is torch's name for what the elements are, "uint8" where the storage is untyped.
	DType string
	// Untyped says that the storage is a torch.UntypedStorage.
	Untyped bool
	// Device is where the memory was, such as "cpu" or "cuda:0".
	Device string
	// Size is the number of elements.
	Size int
	// data are the elements; nil as long as a file did not give them.
	data  []byte
	order ndarray.ByteOrder // of the elements
	owner ndarray.Owner     // may be nil
	// later runs functions once data is there; nil where it is.
	later *[]func() error
}

// itemsize returns the number of bytes of an element.
func (s *Storage) itemsize() int { return arrayDTypes()[s.DType].ItemSize() }

// array returns a view of the storage as a dtype of torch, by offset, shape and strides in
// elements.
func (s *Storage) array(dtype string, offset int, shape, strides []int) (*ndarray.Array, error) {
	dt := arrayDTypes()[dtype]
	if dt == nil {
		return nil, malformed("a storage of the dtype %q", dtype)
	}
	itemsize := dt.ItemSize()
	bytes := make([]int, len(strides))
	for i, n := range strides {
		if bytes[i] = n * itemsize; n < 0 || bytes[i]/itemsize != n {
			return nil, malformed("stride %d of a tensor", n)
		}
	}
	start := offset * itemsize
	if offset < 0 || start/itemsize != offset {
		return nil, malformed("storage offset %d of a tensor", offset)
	}
	data := s.data
	if s.order == ndarray.BigEndian {
		if small, ok := dt.SmallName(); ok && small == "bfloat16" {
			data = swapped16(data) // this dtype has no other byte order
		} else {
			dt = dt.NewByteOrder(ndarray.BigEndian)
		}
	}
	a, err := ndarray.NewStrided(dt, shape, bytes, start, data)
	if err != nil {
		return nil, malformed("a tensor in a storage of %d bytes: %v", len(s.data), err)
	}
	if s.owner != nil {
		a.SetOwner(s.owner)
	}
	return a, nil
}

// swapped16 returns a copy of elements of two bytes in the other byte order.
func swapped16(data []byte) []byte {
	out := make([]byte, len(data)/2*2)
	for i := 0; i < len(out); i += 2 {
		binary.LittleEndian.PutUint16(out[i:], binary.BigEndian.Uint16(data[i:]))
	}
	return out
}

// Array returns the elements as an array of one dimension, which shares their memory.
func (s *Storage) Array() (*ndarray.Array, error) {
	return s.array(s.DType, 0, []int{s.Size}, []int{1})
}

// Plain returns the array of the elements.
func (s *Storage) Plain() any {
	a, ok := s.PlainArray()
	if !ok {
		return nil
	}
	return a
}

// PlainArray returns the array of the elements.
func (s *Storage) PlainArray() (*ndarray.Array, bool) {
	a, err := s.Array()
	return a, err == nil // Size was compared with the data
}

// MarshalJSON returns the array of the elements as JSON, for encoding/json.
func (s *Storage) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(s) }

// then runs f now, or once the storage has its data.
func (s *Storage) then(f func() error) error {
	if s == nil || s.later == nil {
		return f()
	}
	*s.later = append(*s.later, f)
	return nil
}

// then runs f now, or once the tensor has its elements.
func (t *Tensor) then(f func() error) error { return t.storage.then(f) }

// perByte are the dtypes with several elements in a byte of the storage, of which the shape counts
// each.
var perByte = map[string]int{"quint4x2": 2, "quint2x4": 4}

// packed returns the bytes of a tensor of a dtype that packs perByte elements into a byte. It is
// the memory of the storage, or for a view of the storage a copy with the elements in C order.
func (s *Storage) packed(offset int, shape, strides []int, perByte int) (*ndarray.Array, error) {
	if len(strides) != len(shape) {
		return nil, malformed("%d strides for %d dimensions", len(strides), len(shape))
	}
	// A copy of what is expanded, with strides of 0, could be as large as its shape says.
	if size := product(shape); size > int64(s.Size)*int64(perByte) {
		return nil, malformed("%d elements of %s in %d bytes", size, s.DType, s.Size)
	}
	size, last := 1, offset
	for i, n := range shape {
		size *= n
		if strides[i] < 0 || n > 1 && strides[i] > (math.MaxInt-last)/(n-1) {
			return nil, malformed("a stride of %d", strides[i])
		}
		last += max(n-1, 0) * strides[i]
	}
	if offset < 0 || size > 0 && last/perByte >= s.Size {
		return nil, malformed("the element %d of %s in %d bytes", last, s.DType, s.Size)
	}
	if slices.Equal(strides, contiguousStrides(shape)) && offset == 0 &&
		checkPacked(s.DType, shape, perByte, s.Size) == nil {
		return s.Array()
	}
	whole, err := s.Array()
	if err != nil {
		return nil, err
	}
	from, err := whole.Bytes()
	if err != nil {
		return nil, err
	}
	bits := 8 / perByte
	mask := byte(1)<<bits - 1
	data := make([]byte, (size+perByte-1)/perByte)
	index := make([]int, len(shape))
	for i, at := 0, offset; i < size; i++ {
		element := from[at/perByte] >> (at % perByte * bits) & mask
		data[i/perByte] |= element << (i % perByte * bits)
		for d := len(shape) - 1; d >= 0; d-- {
			if index[d]++; index[d] < shape[d] {
				at += strides[d]
				break
			}
			at -= (shape[d] - 1) * strides[d]
			index[d] = 0
		}
	}
	return ndarray.New(whole.DType(), []int{len(data)}, ndarray.OrderC, data)
}

// checkPacked refuses a shape whose elements do not take just so many bytes.
func checkPacked(dtype string, shape []int, perByte, nbytes int) error {
	size := product(shape)
	if (size+int64(perByte)-1)/int64(perByte) != int64(nbytes) {
		return malformed("%d elements of %s in %d bytes", size, dtype, nbytes)
	}
	return nil
}

// product returns the number of elements of a shape. If it does not fit, which Options.check rules
// out for shapes from a file, the result is close to the largest int64.
func product(shape []int) int64 {
	size := int64(1)
	for _, n := range shape {
		if n <= 0 {
			return 0
		}
		if size > math.MaxInt64/int64(n)/8 {
			return math.MaxInt64 - 8
		}
		size *= int64(n)
	}
	return size
}
