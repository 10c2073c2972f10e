// Package gonumarray turns NumPy arrays into Gonum's matrices and back. No other package of this
// module imports it, so that only programs that do are built with Gonum.
package gonumarray

import (
	"fmt"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"github.com/unpkl/unpkl/ndarray"
)

// ToDense returns an array of two dimensions as a matrix of as many rows and columns. The matrix
// lies in the array's memory where that is float64 in this machine's byte order, writeable, and the
// elements of each row stand side by side: in C order, or in every n-th row of such an array.
// Writing to one then writes to the other. Every other array is copied, and numbers of other dtypes
// are converted as [ndarray.Values] does: a value that float64 does not hold is an error of the
// kind ndarray.ErrValue. An array of another number of dimensions is one of the kind
// ndarray.ErrShape, as is one without elements, which Gonum does not have.
func ToDense(a *ndarray.Array) (*mat.Dense, error) {
	shape := a.Shape()
	if len(shape) != 2 || shape[0] == 0 || shape[1] == 0 {
		return nil, shapeError(a, "a matrix")
	}
	if a.Writeable() {
		if m, ok := denseOver(a); ok {
			return m, nil
		}
	}
	values, err := ndarray.Values[float64](a)
	if err != nil {
		return nil, err
	}
	return mat.NewDense(shape[0], shape[1], values), nil
}

// denseOver returns a matrix over the memory of an array, if its layout is that of one.
func denseOver(a *ndarray.Array) (*mat.Dense, bool) {
	const size = 8 // bytes of a float64
	rows, cols := a.Shape()[0], a.Shape()[1]
	step, inner := a.Strides()[0], a.Strides()[1]
	if inner != size && cols > 1 || rows > 1 && (step%size != 0 || step < cols*size) {
		return nil, false
	}
	all, ok := ndarray.Extent[float64](a)
	if !ok {
		return nil, false
	}
	var m mat.Dense
	m.SetRawMatrix(blas64.General{Rows: rows, Cols: cols, Stride: max(step/size, cols), Data: all})
	return &m, true
}

// ToVector returns an array of one dimension as a vector, over the array's memory where that is
// writeable float64 with a stride that is not negative, else a copy. Errors are those of [ToDense].
func ToVector(a *ndarray.Array) (*mat.VecDense, error) {
	const size = 8
	if a.NDim() != 1 || a.Size() == 0 {
		return nil, shapeError(a, "a vector")
	}
	n, step := a.Size(), a.Strides()[0]
	if all, ok := ndarray.Extent[float64](a); ok && a.Writeable() && step > 0 && step%size == 0 {
		var v mat.VecDense
		v.SetRawVector(blas64.Vector{N: n, Inc: step / size, Data: all})
		return &v, nil
	}
	values, err := ndarray.Values[float64](a)
	if err != nil {
		return nil, err
	}
	return mat.NewVecDense(n, values), nil
}

// FromDense returns the array of a matrix, over the same memory: writing to one writes to the
// other. An empty matrix is an array of shape (0, 0).
func FromDense(m *mat.Dense) (*ndarray.Array, error) {
	raw := m.RawMatrix()
	if raw.Rows == 0 || raw.Cols == 0 {
		return ndarray.FromSlice([]float64{}, raw.Rows, raw.Cols)
	}
	const size = 8 // bytes of a float64
	return ndarray.FromStrided(raw.Data, []int{raw.Rows, raw.Cols}, []int{raw.Stride * size, size})
}

// FromVector is [FromDense] for a vector.
func FromVector(v *mat.VecDense) (*ndarray.Array, error) {
	raw := v.RawVector()
	if raw.N == 0 {
		return ndarray.FromSlice([]float64{}, 0)
	}
	const size = 8
	return ndarray.FromStrided(raw.Data, []int{raw.N}, []int{raw.Inc * size})
}

func shapeError(a *ndarray.Array, what string) error {
	return fmt.Errorf("gonumarray: %w: an array of dtype %s, shape %v is not %s",
		ndarray.ErrShape, a.DType(), a.Shape(), what)
}
