package reconstruct

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// sparseBuilder collects the elements of sparse arrays that are pickled one by one: SciPy's lil and
// dok, and DOK of pydata's sparse. Each slice of coords is as long as values.
type sparseBuilder struct {
	shape  []int
	dtype  *ndarray.DType
	coords [][]int64 // for each dimension, the index of every value
	values []any
}

// newSparseBuilder returns a builder for an array. If dtype is not a dtype, the array is float64,
// the default of both libraries.
func newSparseBuilder(shape []int, dtype any) *sparseBuilder {
	b := &sparseBuilder{shape: shape, dtype: ndarray.DTypeOf[float64](),
		coords: make([][]int64, len(shape))}
	if d, ok := dtype.(*ndarray.DType); ok && d != nil {
		b.dtype = d
	}
	return b
}

// addKeys adds the entries of a dict that maps indices to values.
func (b *sparseBuilder) addKeys(entries types.Dict) error {
	for _, e := range entries {
		index, ok := items(e.Key)
		if !ok {
			index = []any{e.Key}
		}
		if err := b.add(index, e.Value); err != nil {
			return err
		}
	}
	return nil
}

// add adds one value.
func (b *sparseBuilder) add(index []any, value any) error {
	if len(index) != len(b.shape) {
		return pickle.Malformed("an index of %d dimensions in a shape of %v", len(index), b.shape)
	}
	for k, v := range index {
		i, ok := asInt(plainScalar(v))
		if !ok || i < 0 || i >= b.shape[k] {
			return pickle.Malformed("index %s outside a dimension of %d", shown(v), b.shape[k])
		}
		b.coords[k] = append(b.coords[k], int64(i))
	}
	if sc, ok := value.(*ndarray.Scalar); ok {
		value = sc.Value()
	}
	b.values = append(b.values, value)
	return nil
}

// data returns the values as an array.
func (b *sparseBuilder) data() (*ndarray.Array, error) {
	if b.dtype.ItemSize() > 32 || b.dtype.HasObject() {
		return nil, pickle.Unsupported("values of dtype %v", b.dtype)
	}
	data, err := ndarray.Zeros(b.dtype, len(b.values))
	if err != nil {
		return nil, err
	}
	for i, v := range b.values {
		if err := data.SetAt(v, i); err != nil {
			return nil, err
		}
	}
	return data, nil
}
