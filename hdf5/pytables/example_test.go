package pytables_test

import (
	"fmt"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/hdf5/pytables"
)

func open(name string) *hdf5.File {
	f, err := hdf5.Open("../../testdata/hdf5/pandas/"+name, nil)
	if err != nil {
		panic(err)
	}
	return f
}

func ExampleFrame() {
	f := open("pd_all_zlib.h5")
	defer f.Close()
	df, err := pytables.Frame(f, "/a/df", &pytables.Options{
		Unpickle: func(b []byte) (any, error) { return unpkl.LoadBytes(b) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(df.ColumnNames())
	fmt.Println(df.Column("s").At(1), df.Column("tz").DType)
	// Output:
	// [i8 i4 u1 f8 f4 b c16 s t tz td]
	// bä datetime64[us, Europe/Paris]
}

func ExampleKeys() {
	f := open("pd_all_zlib.h5")
	defer f.Close()
	fmt.Println(pytables.Keys(f))
	// Output: [/a/df] <nil>
}

func ExampleSeries() {
	f := open("pd_series_period_fixed.h5")
	defer f.Close()
	s, err := pytables.Series(f, "a/df", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Name, s.At(4), s.Index.At(0))
	// Output: nm 4 2020-01
}

func ExampleArray() {
	f := open("pytables.h5")
	defer f.Close()
	d, err := f.Dataset("/bools")
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := pytables.Array(d)
	fmt.Println(a, err)
	// Output: [ True False  True] <nil>
}

func ExampleList() {
	f := open("pytables.h5")
	defer f.Close()
	d, err := f.Dataset("/unicode")
	if err != nil {
		fmt.Println(err)
		return
	}
	list, err := pytables.List(d, nil)
	fmt.Println(list[0], err)
	d, err = f.Dataset("/objects")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = pytables.List(d, nil)
	fmt.Println(err)
	// Output:
	// täxt <nil>
	// hdf5: /objects: a pickle, and Options.Unpickle is not set
}

func ExampleParts() {
	f := open("pd_all_zlib.h5")
	defer f.Close()
	opts := &pytables.Options{
		Unpickle: func(b []byte) (any, error) { return unpkl.LoadBytes(b) },
	}
	for part, err := range pytables.Parts(f, "/a/df", 100_000, opts) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(part.Rows(), part.Column("s").At(1))
	}
	// Output: 5 bä
}
