package reconstruct_test

import (
	"fmt"
	"log"
	"path/filepath"
	"time"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// objectsOf loads a pickle of ../testdata with its objects.
func objectsOf(path string) any {
	v, err := unpkl.LoadFile(filepath.Join("../testdata", path), unpkl.WithObjects())
	if err != nil {
		log.Fatal(err)
	}
	return v
}

func ExampleIsLibrary() {
	fmt.Println(reconstruct.IsLibrary(pickle.Global{Module: "PIL.Image", Name: "Image"}),
		reconstruct.IsLibrary(pickle.Global{Module: "os", Name: "system"}))
	// Output: true false
}

// A mappingproxy is an object with the dict as its argument.
func ExampleReadMapping() {
	v := &pickle.Object{
		Class: pickle.Global{Module: "types", Name: "MappingProxyType"},
		Args:  []any{&types.Dict{{Key: "a", Value: 1}}},
	}
	d, ok := reconstruct.ReadMapping(v)
	if !ok {
		log.Fatal("no mapping")
	}
	a, _ := d.Get("a")
	fmt.Println(d.Len(), a)
	// Output: 1 1
}

func ExampleReadPandasScalar() {
	v := objectsOf("pandas/3.1.1/scalars.p5.pkl")
	for _, e := range (*v.(*types.List))[:3] {
		scalar, ok, err := reconstruct.ReadPandasScalar(e)
		if err != nil {
			log.Fatal(err)
		}
		if ok {
			fmt.Printf("%T %v\n", scalar, scalar)
		}
	}
	// Output:
	// reconstruct.Timestamp 2020-01-02T03:04:05.678901234
	// reconstruct.Timestamp 2020-01-02T00:00:00-05:00
	// reconstruct.PandasNull NaT
}

func ExampleRebuilt() {
	fmt.Println(reconstruct.Rebuilt("pandas.core.frame", "DataFrame"),
		reconstruct.Rebuilt("numpy", "dtype"), reconstruct.Rebuilt("os", "system"))
	// Output: true true false
}

// A Quantity of astropy is an array with a unit beside what NumPy itself keeps.
func ExampleSubclassState() {
	v := objectsOf("objects/py313-objects/quantity.p4.pkl")
	a := (*v.(*types.List))[0].(*ndarray.Array)
	for _, more := range reconstruct.SubclassState(a) {
		d := more.(*types.Dict)
		fmt.Println(a.Class(), (*d)[0].Key)
	}
	// Output: astropy.units.quantity.Quantity _unit
}

func ExampleNewDatetime() {
	zone := time.FixedZone("", 2*3600)
	d := reconstruct.NewDatetime(time.Date(2024, 7, 1, 12, 30, 0, 1500, zone))
	fmt.Println(d.ISOFormat(), d.Microsecond)
	// Output: 2024-07-01T12:30:00.000001+02:00 1
}

func ExampleNewTimedelta() {
	d := reconstruct.NewTimedelta(-90 * time.Second)
	fmt.Println(d, d.Days, d.Seconds)
	// Output: -1 day, 23:58:30 -1 86310
}

func ExampleReadSparse() {
	s, ok, err := reconstruct.ReadSparse(objectsOf("scipy/py313-sklearn/bsr.p5.pkl"))
	if !ok || err != nil {
		log.Fatal(ok, err)
	}
	fmt.Println(s.Format, s.Shape, s.Data.Shape(), s.Indptr.Shape())
	// Output: bsr [4 6] [4 1 1] [5]
}

func ExampleTimestampAt() {
	times, err := frame.NewSeries("t", []time.Time{time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC)})
	if err != nil {
		log.Fatal(err)
	}
	t, ok := reconstruct.TimestampAt(times, 0)
	fmt.Println(t, t.Unit, ok)
	// Output: 2024-07-01T12:00:00+00:00 ns true
}

func ExampleTimestampOf() {
	unit := ndarray.DatetimeUnit{Base: "s", Num: 1}
	t, ok := reconstruct.TimestampOf(ndarray.Datetime64{Value: 86400, Unit: unit})
	fmt.Println(t, t.Value, t.Unit, ok)
	// Output: 1970-01-02T00:00:00 86400 s true
}
