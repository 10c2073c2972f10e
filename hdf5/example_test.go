package hdf5_test

import (
	"bytes"
	"fmt"
	"os"

	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/ndarray"
)

// open opens one of the kept files.
func open(name string) *hdf5.File {
	f, err := hdf5.Open("../testdata/hdf5/"+name, nil)
	if err != nil {
		panic(err)
	}
	return f
}

func Example() {
	f, err := hdf5.Open("../testdata/hdf5/scales_latest.h5", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	d, err := f.Dataset("/d")
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := d.Read()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.DType(), a.Shape(), a.At(1, 2))
	// Output: float64 [3 4] 0
}

func ExampleOpen() {
	f, err := hdf5.Open("../testdata/hdf5/committed_latest.h5", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	for o, err := range f.Walk() {
		fmt.Println(o.Path(), err)
	}
	// Output:
	// / <nil>
	// /c <nil>
	// /d <nil>
	// /e <nil>
	// /s <nil>
	// /t <nil>
}

func ExampleNewReader() {
	data, err := os.ReadFile("../testdata/hdf5/committed_latest.h5")
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := hdf5.NewReader(bytes.NewReader(data), int64(len(data)), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := f.Dataset("e")
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := d.Read()
	if err != nil {
		fmt.Println(err)
		return
	}
	texts, err := ndarray.Strings(a)
	fmt.Printf("%q %v\n", texts[1], err)
	// Output: "täxt 1 täxt 1 " <nil>
}

func ExampleNewBytes() {
	_, err := hdf5.NewBytes([]byte("no such file"), nil)
	fmt.Println(err)
	// Output: hdf5: not an HDF5 file: it has no signature "\x89HDF\r\n\x1a\n" (at byte 0)
}

func ExampleFile_Object() {
	f := open("groups_60_0_latest.h5")
	defer f.Close()
	o, err := f.Object("/soft") // leads to /many/sub
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%T %s\n", o, o.Path())
	_, err = f.Object("/outside")
	fmt.Println(err)
	// Output:
	// *hdf5.Group /many/sub
	// hdf5: /outside: data in the file "other.h5", and Options.External is not set
}

func ExampleFile_Dataset() {
	f := open("scales_latest.h5")
	defer f.Close()
	_, err := f.Dataset("/group/data")
	fmt.Println(err)
	// Output: hdf5: /group: not found
}

func ExampleGroup_Links() {
	f := open("groups_60_0_latest.h5")
	defer f.Close()
	g, err := f.Root()
	if err != nil {
		fmt.Println(err)
		return
	}
	for l, err := range g.Links() {
		fmt.Println(l.Name, l.Kind, l.File, l.Target, err)
	}
	// Output:
	// dangling soft  /nowhere <nil>
	// hard hard   <nil>
	// many hard   <nil>
	// outside external other.h5 /x <nil>
	// soft soft  /many/sub <nil>
}

func ExampleDataset_Slice() {
	f := open("masked_chunks_latest.h5")
	defer f.Close()
	d, err := f.Dataset("/d")
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := d.Slice([]int{1, 0}, []int{2, 2}, []int{2, 3}) // d[1:4:2, 0:4:3]
	fmt.Println(a, err)
	_, err = d.Slice([]int{1, 0}, []int{9, 2}, nil)
	fmt.Println(err)
	// Output:
	// [[4 7]
	//  [4 7]] <nil>
	// hdf5: /d: 9 elements from 1 in steps of 1 in dimension 0 of 4 elements
}

func ExampleDataset_Chunks() {
	f := open("masked_chunks_latest.h5")
	defer f.Close()
	d, err := f.Dataset("/d")
	if err != nil {
		fmt.Println(err)
		return
	}
	for c, err := range d.Chunks() {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(c.Start, c.Array.Shape(), c.Array.At(0, 0))
	}
	// Output:
	// [0 0] [2 4] 0
	// [2 0] [2 4] 0
}

func ExampleDataset_Filters() {
	f := open("masked_chunks_latest.h5")
	defer f.Close()
	d, err := f.Dataset("/d")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.ChunkShape(), d.MaxShape())
	for _, x := range d.Filters() {
		fmt.Println(x.ID, x.Params)
	}
	// Output:
	// [2 4] [4 4]
	// 2 [4]
	// 1 [4]
}

func ExampleAttribute_Value() {
	f := open("attrs_12_0_latest.h5")
	defer f.Close()
	g, err := f.Group("/g")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range []string{"text", "int", "complex", "array", "empty"} {
		a, err := g.Attr(name)
		if err != nil {
			fmt.Println(err)
			return
		}
		v, err := a.Value()
		fmt.Println(a.Name(), v, err)
	}
	// Output:
	// text täxt <nil>
	// int 5 <nil>
	// complex (1+2i) <nil>
	// array [[0 1 2]
	//  [3 4 5]] <nil>
	// empty <nil> <nil>
}

func ExampleFile_Dereference() {
	f := open("references_latest.h5")
	defer f.Close()
	d, err := f.Dataset("/refs")
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := d.Read()
	if err != nil {
		fmt.Println(err)
		return
	}
	o, err := f.Dereference(a.At(0).(hdf5.Reference))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(o.(*hdf5.Dataset).Shape())
	// Output: [4 5]
}

func ExampleDir() {
	f, err := hdf5.Open("../testdata/hdf5/external_latest.h5", &hdf5.Options{
		External: hdf5.Dir("../testdata/hdf5"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	d, err := f.Dataset("/d")
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := d.Slice([]int{0, 0}, []int{1, 6}, nil)
	fmt.Println(d.ExternalFiles(), a, err)
	// Output: [external_latest_a.bin external_latest_b.bin] [[2 3 4 5 6 7]] <nil>
}

func ExampleDatatype() {
	f := open("types_latest.h5")
	defer f.Close()
	d, err := f.Dataset("/enum")
	if err != nil {
		fmt.Println(err)
		return
	}
	t := d.Datatype()
	fmt.Println(t.Class, d.DType())
	for _, m := range t.Members {
		fmt.Println(m.Name, m.Value)
	}
	// Output:
	// enum int32
	// BLUE [42 0 0 0]
	// GREEN [1 0 0 0]
	// RED [0 0 0 0]
}
