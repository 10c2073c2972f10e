package gonumarray_test

import (
	"errors"
	"fmt"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/ndarray/gonumarray"
)

func numbers(t *testing.T, shape ...int) *ndarray.Array {
	t.Helper()
	n := 1
	for _, d := range shape {
		n *= d
	}
	data := make([]float64, n)
	for i := range data {
		data[i] = float64(i) + 0.5
	}
	a, err := ndarray.FromSlice(data, shape...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestToDense: a matrix has the elements of its array, shares its memory where the layout allows,
// and becomes the same array again.
func TestToDense(t *testing.T) {
	a := numbers(t, 6, 4)
	every, err := a.Slice(0, 1, ndarray.Omit, 2)
	if err != nil {
		t.Fatal(err)
	}
	part, err := every.Slice(1, 1, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	flipped, err := a.Flip(0)
	if err != nil {
		t.Fatal(err)
	}
	one, err := a.Slice(0, 2, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	ints, err := a.AsType(ndarray.DTypeOf[int32]())
	if err != nil {
		t.Fatal(err)
	}
	swapped, err := a.AsType(ndarray.DTypeOf[float64]().NewByteOrder(ndarray.BigEndian))
	if err != nil {
		t.Fatal(err)
	}
	fixed, err := a.Copy(ndarray.OrderC)
	if err != nil {
		t.Fatal(err)
	}
	fixed.SetWriteable(false)
	for _, c := range []struct {
		name   string
		a      *ndarray.Array
		shares bool
	}{
		{"C order", a, true}, {"every second row", every, true}, {"a part", part, true},
		{"one row", one, true},
		{"F order", a.T(), false}, {"upside down", flipped, false}, {"ints", ints, false},
		{"the other byte order", swapped, false}, {"read-only", fixed, false},
	} {
		m, err := gonumarray.ToDense(c.a)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		rows, cols := m.Dims()
		for i := range rows {
			for j := range cols {
				if v := c.a.At(i, j); fmt.Sprint(v) != fmt.Sprint(m.At(i, j)) {
					t.Fatalf("%s [%d, %d]: %v of %v", c.name, i, j, m.At(i, j), v)
				}
			}
		}
		back, err := gonumarray.FromDense(m)
		if err != nil || !sameElements(back, c.a) {
			t.Errorf("%s: back as %v, %v", c.name, back, err)
		}
		before := c.a.At(0, 0)
		m.Set(0, 0, 99)
		if shares := c.a.At(0, 0) != before; shares != c.shares && !purego() {
			t.Errorf("%s: the matrix shares memory: %v", c.name, shares)
		}
		m.Set(0, 0, 0.5)
	}
	for _, bad := range []*ndarray.Array{numbers(t, 3), numbers(t, 2, 2, 2), numbers(t, 0, 3)} {
		if _, err := gonumarray.ToDense(bad); !errors.Is(err, ndarray.ErrShape) {
			t.Errorf("shape %v: %v", bad.Shape(), err)
		}
	}
}

// purego reports whether memory is copied rather than shared.
func purego() bool {
	data := []float64{1}
	a, err := ndarray.FromSlice(data)
	if err != nil {
		return false
	}
	data[0] = 2
	return a.At(0) != 2.0
}

func sameElements(a, b *ndarray.Array) bool {
	x, err1 := ndarray.Values[float64](a)
	y, err2 := ndarray.Values[float64](b)
	return err1 == nil && err2 == nil && fmt.Sprint(a.Shape(), x) == fmt.Sprint(b.Shape(), y)
}

func TestFromDense(t *testing.T) {
	m := mat.NewDense(4, 5, nil)
	for i := range 4 {
		for j := range 5 {
			m.Set(i, j, float64(10*i+j))
		}
	}
	part := m.Slice(1, 3, 2, 5).(*mat.Dense)
	a, err := gonumarray.FromDense(part)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(a.Shape(), a); got != "[2 3] [[12. 13. 14.]\n [22. 23. 24.]]" {
		t.Error(got)
	}
	if err := a.SetAt(-1.0, 1, 2); err != nil || m.At(2, 4) != -1 && !purego() {
		t.Errorf("%v, %v", m.At(2, 4), err)
	}
	column := m.ColView(1).(*mat.VecDense)
	v, err := gonumarray.FromVector(column)
	if err != nil || fmt.Sprint(v) != "[ 1. 11. 21. 31.]" {
		t.Errorf("%v, %v", v, err)
	}
	again, err := gonumarray.ToVector(v)
	if err != nil || !mat.Equal(again, column) {
		t.Errorf("%v, %v", again, err)
	}
	if a, err := gonumarray.FromDense(&mat.Dense{}); err != nil || a.Size() != 0 {
		t.Errorf("%v, %v", a, err)
	}
}

func ExampleToDense() {
	a, err := ndarray.FromSlice([]float64{2, 0, 0, 4}, 2, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := gonumarray.ToDense(a)
	if err != nil {
		fmt.Println(err)
		return
	}
	var inverse mat.Dense
	if err := inverse.Inverse(m); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(mat.Formatted(&inverse))
	// Output:
	// ⎡ 0.5    -0⎤
	// ⎣   0  0.25⎦
}

func ExampleToVector() {
	a, err := ndarray.FromSlice([]float64{3, 4})
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := gonumarray.ToVector(a)
	fmt.Println(v.Norm(2), err)
	// Output: 5 <nil>
}

func ExampleFromDense() {
	a, err := gonumarray.FromDense(mat.NewDense(2, 2, []float64{1, 2, 3, 4}))
	fmt.Println(a, err)
	// Output:
	// [[1. 2.]
	//  [3. 4.]] <nil>
}

func ExampleFromVector() {
	a, err := gonumarray.FromVector(mat.NewVecDense(2, []float64{1, 2}))
	fmt.Println(a, err)
	// Output: [1. 2.] <nil>
}
