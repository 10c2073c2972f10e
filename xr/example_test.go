package xr_test

import (
	"bytes"
	"fmt"
	"os"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/xr"
)

// A Dataset that Python's pickle.load reads as an xarray.Dataset.
func Example() {
	a, err := ndarray.FromSlice([]float64{11, 12, 13, 21, 22, 23}, 2, 3)
	if err != nil {
		panic(err)
	}
	t, err := xr.NewVariable(a, "x", "y")
	if err != nil {
		panic(err)
	}
	t.Attrs = map[string]any{"units": "K"}
	labels, err := frame.NewSeries("x", []int64{10, 20})
	if err != nil {
		panic(err)
	}
	x, err := xr.NewCoordinate("x", frame.NewIndex(labels))
	if err != nil {
		panic(err)
	}
	data, err := unpkl.Marshal(&xr.Dataset{Vars: []xr.Named{
		{Name: "t", Variable: t}, {Name: "x", Coord: true, Variable: x},
	}})
	if err != nil {
		panic(err)
	}
	fmt.Println(bytes.Contains(data, []byte("xarray.core.dataset")))
	// Output: true
}

func ExampleDataset_Frame() {
	v, err := unpkl.LoadFile("../testdata/xarray/py313-geo/dataset.p5.pkl")
	if err != nil {
		panic(err)
	}
	ds := v.(*xr.Dataset)
	fmt.Println(ds.Dims())
	f, err := ds.Frame()
	if err != nil {
		panic(err)
	}
	fmt.Println(f.ColumnNames(), f.Rows(), f.Index.At(1))
	// Output:
	// [{x 2} {time 3}]
	// [t n s o lag] 6 [0.5 2021-01-02T00:00:00.000000]
}

func ExampleDataset_DataArray() {
	data, err := os.ReadFile("../testdata/xarray/py313-geo/dataset.p5.pkl")
	if err != nil {
		panic(err)
	}
	var ds xr.Dataset
	if err := unpkl.Unmarshal(data, &ds); err != nil {
		panic(err)
	}
	t := ds.DataArray("t")
	fmt.Println(t.Dims, t.Shape(), t.Attrs["units"])
	for _, c := range t.Coords {
		fmt.Println(c.Name, c.Variable.Dims, c.Variable.At(0))
	}
	values, err := ndarray.Values[float64](t.Data)
	fmt.Println(values, err)
	// Output:
	// [x time] [2 3] K
	// x [x] 0.5
	// time [time] 2021-01-01T00:00:00.000000
	// lag [time] 0 microseconds
	// [0 1 2 3 4 5] <nil>
}
