package ndarray_test

import (
	"errors"
	"fmt"
	"os"
	"reflect"

	"github.com/unpkl/unpkl/ndarray"
)

func ExampleFromSlice() {
	a, err := ndarray.FromSlice([]float64{1, 2, 3, 4, 5, 6}, 2, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.DType(), a.Shape(), a.Strides())
	fmt.Println(a)
	// Output:
	// float64 [2 3] [24 8]
	// [[1. 2. 3.]
	//  [4. 5. 6.]]
}

func ExampleNew() {
	dt, err := ndarray.ParseDType(">i2")
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := ndarray.New(dt, []int{2, 2}, ndarray.OrderF, []byte{0, 1, 0, 2, 0, 3, 0, 4})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.At(0, 1), a.At(1, 0), a.At(-1, -1))
	// Output: 3 2 4
}

func ExampleNewObjects() {
	a, _ := ndarray.NewObjects(ndarray.ObjectDType(), []int{3}, ndarray.OrderC, []any{1, "two",
		nil})
	fmt.Println(a)
	// Output: [1 'two' None]
}

func ExampleZeros() {
	a, _ := ndarray.Zeros(ndarray.DTypeOf[int32](), 2, 2)
	fmt.Println(a.Repr())
	// Output:
	// array([[0, 0],
	//        [0, 0]], dtype=int32)
}

func ExampleSlice() {
	a, _ := ndarray.FromSlice([]int64{1, 2, 3, 4}, 2, 2)
	s, err := ndarray.Slice[int64](a)
	fmt.Println(s, err)
	_, err = ndarray.Slice[float64](a)
	fmt.Println(err)
	_, err = ndarray.Slice[int64](a.T())
	fmt.Println(errors.Is(err, ndarray.ErrNotContiguous))
	// Output:
	// [1 2 3 4] <nil>
	// ndarray: an array of dtype int64, shape (2, 2) is not a slice of float64
	// true
}

func ExampleValues() {
	a, _ := ndarray.FromSlice([]int64{1, 2, 300})
	f, err := ndarray.Values[float32](a)
	fmt.Println(f, err)
	_, err = ndarray.Values[uint8](a)
	fmt.Println(err)
	// Output:
	// [1 2 300] <nil>
	// ndarray: element 2 of an array of dtype int64, shape (3,) is 300, which uint8 does not hold
}

func ExampleAll() {
	a, _ := ndarray.FromSlice([]uint8{7, 8})
	var err error
	for i, x := range ndarray.All[float64](a, &err) {
		fmt.Println(i, x)
	}
	fmt.Println(err)
	// Output:
	// 0 7
	// 1 8
	// <nil>
}

func ExampleStrings() {
	dt, _ := ndarray.ParseDType("S4")
	a, _ := ndarray.New(dt, []int{2}, ndarray.OrderC, []byte("ab\x00\x00cdef"))
	s, err := ndarray.Strings(a)
	fmt.Printf("%q %v\n", s, err)
	// Output: ["ab" "cdef"] <nil>
}

func ExampleRecords() {
	dt, _ := ndarray.ParseDType("[('id', '<i4'), ('name', 'S3'), ('score', '>f8')]")
	a, _ := ndarray.Zeros(dt, 2)
	_ = a.SetAt([]any{1, "ann", 2.5}, 0)
	_ = a.SetAt([]any{2, "bob", -1}, 1)
	type row struct {
		ID    int     `pickle:"id"`
		Name  string  `pickle:"name"`
		Score float64 `pickle:"score"`
	}
	rows, err := ndarray.Records[row](a)
	fmt.Println(rows, err)
	// Output: [{1 ann 2.5} {2 bob -1}] <nil>
}

func ExampleFromRecords() {
	type row struct {
		ID   int32  `pickle:"id"`
		Name string `pickle:"name"`
	}
	a, _ := ndarray.FromRecords([]row{{1, "ann"}, {2, "bo"}})
	fmt.Println(a.DType())
	fmt.Println(a)
	// Output:
	// [('id', '<i4'), ('name', '<U3')]
	// [(1, 'ann') (2, 'bo')]
}

func ExampleParseDType() {
	for _, s := range []string{"<f8", "float64", ">U3", "M8[25s]", "i4,(2,3)f8", "i3"} {
		d, err := ndarray.ParseDType(s)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(d.Str(), d.ItemSize(), d)
	}
	// Output:
	// <f8 8 float64
	// <f8 8 float64
	// >U3 12 >U3
	// <M8[25s] 8 datetime64[25s]
	// |V52 52 [('f0', '<i4'), ('f1', '<f8', (2, 3))]
	// ndarray: data type "i3" not understood
}

func ExampleParseDescr() {
	d, err := ndarray.ParseDescr("[('x', '<i4'), ('', '|V4'), ('y', '<f8', (2,))]")
	fmt.Println(d, err)
	fmt.Println(d.Descr())
	// Output:
	// {'names': ['x', 'y'], 'formats': ['<i4', ('<f8', (2,))], 'offsets': [0, 8], 'itemsize': 24} <nil>
	// [[x <i4] [ |V4] [y <f8 [2]]]
}

func ExampleNewStruct() {
	d, _ := ndarray.NewStruct([]ndarray.Field{{Name: "tag", DType: ndarray.DTypeOf[uint8]()},
		{Name: "value", DType: ndarray.DTypeOf[float64]()}}, true)
	fmt.Println(d.ItemSize(), d.Fields()[1].Offset)
	// Output: 16 8
}

func ExampleNewDType() {
	_, err := ndarray.NewDType(ndarray.DTypeSpec{Kind: ndarray.KindVoid, ItemSize: 8,
		Fields: []ndarray.Field{{Name: "x", DType: ndarray.DTypeOf[int32](), Offset: 6}}})
	fmt.Println(err)
	// Output: ndarray: field "x" of 4 bytes at offset 6 reaches outside the itemsize 8
}

func ExampleArray_Slice() {
	a, _ := ndarray.FromSlice([]int8{0, 1, 2, 3, 4, 5})
	v, _ := a.Slice(0, 4, 0, -2)
	fmt.Println(v, v.Strides())
	// Output: [4 2] [-2]
}

func ExampleArray_Transpose() {
	a, _ := ndarray.FromSlice([]int32{1, 2, 3, 4, 5, 6}, 1, 2, 3)
	v, err := a.Transpose(2, 0, 1)
	fmt.Println(v.Shape(), v.Strides(), err)
	// Output: [3 1 2] [4 24 12] <nil>
}

func ExampleArray_Reshape() {
	a, _ := ndarray.FromSlice([]int32{1, 2, 3, 4, 5, 6})
	v, _ := a.Reshape(2, -1)
	_, err := v.T().Reshape(6)
	fmt.Println(v.Shape(), errors.Is(err, ndarray.ErrNotContiguous))
	// Output: [2 3] true
}

func ExampleArray_Field() {
	dt, _ := ndarray.ParseDType("[('x', '<i2'), ('y', '<i2')]")
	a, _ := ndarray.New(dt, []int{2}, ndarray.OrderC, []byte{1, 0, 2, 0, 3, 0, 4, 0})
	y, _ := a.Field("y")
	fmt.Println(y, y.Strides())
	// Output: [2 4] [4]
}

func ExampleArray_WriteTo() {
	a, _ := ndarray.FromSlice([]uint8("adbecf"), 3, 2)
	n, err := a.WriteTo(os.Stdout, ndarray.OrderF)
	fmt.Println("", n, err)
	// Output: abcdef 6 <nil>
}

func ExampleArray_Stats() {
	a, _ := ndarray.FromSlice([]int16{3, -1, 4})
	s, err := a.Stats()
	fmt.Println(s.Min, s.Max, s.Mean, s.NaN, err)
	// Output: -1 4 2 0 <nil>
}

func ExampleAllClose() {
	a, _ := ndarray.FromSlice([]float64{1, 2})
	b, _ := ndarray.FromSlice([]float32{1.000001, 2})
	fmt.Println(ndarray.AllClose(a, b, 1e-5, 1e-8, false))
	// Output: true <nil>
}

func ExampleArray_Equal() {
	a, _ := ndarray.FromSlice([]int16{1, 2, 3, 4}, 2, 2)
	b, _ := ndarray.FromSlice([]int16{1, 3, 2, 4}, 2, 2)
	fmt.Println(a.Equal(b), a.Equal(b.T()))
	// Output: false true
}

func ExampleArray_Indexed() {
	a, _ := ndarray.FromSlice([]bool{true, false}, 1, 2)
	for index, v := range a.Indexed() {
		fmt.Println(index, v)
	}
	// Output:
	// [0 0] true
	// [0 1] false
}

func ExampleNewScalar() {
	s, err := ndarray.NewScalar(ndarray.DTypeOf[float32](), []byte{0, 0, 0xc0, 0x3f})
	fmt.Println(s.DType(), s.Value(), err)
	// Output: float32 1.5 <nil>
}

func ExampleDatetime64() {
	d := ndarray.Datetime64{Value: 1673776800000000001, Unit: ndarray.DatetimeUnit{Base: "ns"}}
	t, err := d.Time()
	fmt.Println(d, t.Unix(), err)
	fmt.Println(ndarray.Datetime64{Value: 1 << 62, Unit: ndarray.DatetimeUnit{Base: "D"}})
	// Output:
	// 2023-01-15T10:00:00.000000001 1673776800 <nil>
	// 12626367463885247-04-15
}

func ExampleTimedelta64() {
	d := ndarray.Timedelta64{Value: 90, Unit: ndarray.DatetimeUnit{Base: "m"}}
	length, err := d.Duration()
	fmt.Println(d, length, err)
	// Output: 90 minutes 1h30m0s <nil>
}

func ExampleFloat16() {
	h := ndarray.NewFloat16(0.1)
	fmt.Println(h, h.Float64())
	// Output: 0.1 0.0999755859375
}

func ExampleLongDouble() {
	dt, _ := ndarray.ParseDType("<f16")
	third := []byte{0xab, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xfd, 0x3f, 0, 0, 0, 0, 0, 0}
	a, _ := ndarray.New(dt, nil, ndarray.OrderC, third)
	x := a.At().(ndarray.LongDouble)
	f, exact := x.Float64()
	fmt.Println(x, f, exact)
	// Output: 0.33333333333333333334 0.3333333333333333 false
}

func ExampleMasked_IsMasked() {
	data, _ := ndarray.FromSlice([]int8{1, 2})
	mask, _ := ndarray.FromSlice([]bool{false, true})
	m := &ndarray.Masked{Data: data, Mask: mask}
	fmt.Println(m.IsMasked(0), m.IsMasked(1))
	// Output: false true
}

func ExampleRecord_Get() {
	dt, _ := ndarray.ParseDType("[('x', '<i2'), ('y', '<i2')]")
	a, _ := ndarray.New(dt, nil, ndarray.OrderC, []byte{1, 0, 2, 0})
	fmt.Println(a.At().(ndarray.Record).Get("y"))
	// Output: 2 true
}

func ExampleArray_Strings() {
	names, err := ndarray.NewObjects(ndarray.ObjectDType(), []int{3}, ndarray.OrderC, []any{"a",
		"b", "c"})
	if err != nil {
		fmt.Println(err)
		return
	}
	text, ok := names.Strings()
	fmt.Println(text, ok)
	// Output: [a b c] true
}

func ExampleArray_Sum() {
	a, _ := ndarray.FromSlice([]int32{1, 2, 3, 4, 5, 6}, 2, 3)
	all, _ := a.Sum()
	columns, _ := a.Sum(0)
	fmt.Println(all.At(), columns, columns.DType())
	// Output: 21 [5 7 9] int64
}

func ExampleArray_Mean() {
	a, _ := ndarray.FromSlice([]float32{1, 2, 3, 4}, 2, 2)
	rows, _ := a.Mean(1)
	fmt.Println(rows, rows.DType())
	// Output: [1.5 3.5] float32
}

func ExampleArray_Min() {
	a, _ := ndarray.FromSlice([]float64{3, 1, 2, 8}, 2, 2)
	least, _ := a.Min(0)
	greatest, _ := a.Max()
	fmt.Println(least, greatest.At())
	// Output: [2. 1.] 8
}

func ExampleArray_AsType() {
	a, _ := ndarray.FromSlice([]float64{1.9, -2.5})
	textType, _ := ndarray.ParseDType("U")
	ints, _ := a.AsType(ndarray.DTypeOf[int16]())
	text, _ := a.AsType(textType)
	fmt.Println(ints, text, text.DType())
	// Output: [ 1 -2] ['1.9' '-2.5'] <U32
}

func ExampleArray_Flip() {
	a, _ := ndarray.FromSlice([]int64{1, 2, 3, 4, 5})
	backwards, _ := a.Flip()
	second, _ := a.Slice(0, ndarray.Omit, ndarray.Omit, -2)
	fmt.Println(backwards, second)
	// Output: [5 4 3 2 1] [5 3 1]
}

func ExampleFromStrided() {
	// The sums of neighbours: each row is the one above it, one element on.
	a, _ := ndarray.FromStrided([]float64{1, 2, 3, 4}, []int{3, 2}, []int{8, 8})
	sums, _ := a.Sum(1)
	fmt.Println(sums)
	// Output: [3. 5. 7.]
}

func ExampleExtent() {
	a, _ := ndarray.FromSlice([]float64{1, 2, 3, 4, 5, 6}, 2, 3)
	column, _ := a.Slice(1, 1, 2, 1)
	memory, ok := ndarray.Extent[float64](column)
	fmt.Println(memory, ok, column.Strides())
	// Output: [2 3 4 5] true [24 8]
}

func ExampleMasked_String() {
	data, _ := ndarray.FromSlice([]float64{1, 2, 3})
	mask, _ := ndarray.FromSlice([]bool{false, true, false})
	fmt.Println(&ndarray.Masked{Data: data, Mask: mask})
	// Output: [1.0 -- 3.0]
}

// The second column of a table of 3 rows of 2 that lies in bytes.
func ExampleNewStrided() {
	data := []byte{1, 2, 3, 4, 5, 6}
	a, err := ndarray.NewStrided(ndarray.DTypeOf[uint8](), []int{3}, []int{2}, 1, data)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(a)
	// Output: [2 4 6]
}

func ExampleNewSubarray() {
	d, err := ndarray.NewSubarray(ndarray.DTypeOf[float32](), 2, 3)
	fmt.Println(d, d.ItemSize(), err)
	// Output: ('<f4', (2, 3)) 24 <nil>
}

func ExampleParseDatetimeUnit() {
	u, err := ndarray.ParseDatetimeUnit("[D/4]")
	fmt.Println(u.Num, u.Base, err)
	// Output: 6 h <nil>
}

func ExampleNewLongDouble() {
	x := ndarray.NewLongDouble(0.5, ndarray.X87)
	f, exact := x.Float64()
	fmt.Println(x, f, exact)
	// Output: 0.5 0.5 true
}

func ExampleNewBFloat16() {
	x := ndarray.NewBFloat16(0.1)
	fmt.Println(x, x.Float32())
	// Output: 0.100097656 0.100097656
}

func ExampleNewObjectScalar() {
	dt, _ := ndarray.ParseDescr("[('id', '<i4'), ('note', '|O')]")
	s, err := ndarray.NewObjectScalar(dt, []any{int32(7), "seven"})
	fmt.Println(s, err)
	// Output: (7, 'seven') <nil>
}

func ExampleObjectDType() {
	a, _ := ndarray.NewObjects(ndarray.ObjectDType(), []int{2}, ndarray.OrderC, []any{"a", 1.5})
	fmt.Println(a.DType(), a)
	// Output: object ['a' 1.5]
}

func ExampleDTypeOfKind() {
	type celsius float32
	fmt.Println(ndarray.DTypeOfKind(reflect.TypeFor[celsius]().Kind()))
	fmt.Println(ndarray.DTypeOfKind(reflect.String))
	// Output:
	// float32
	// <nil>
}
