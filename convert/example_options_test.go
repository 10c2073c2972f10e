package convert_test

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/ndarray"
)

// twoRows returns an array of two rows.
func twoRows() *ndarray.Array {
	a, err := ndarray.FromSlice([]float64{1, 0.5, 3, 4}, 2, 2)
	if err != nil {
		log.Fatal(err)
	}
	return a
}

func ExampleWithText() {
	var b bytes.Buffer
	err := convert.Encode(&b, twoRows(), convert.WithTo("csv"),
		convert.WithText(convert.Text{Delimiter: ";"}))
	fmt.Print(b.String(), err)
	// Output:
	// 1.0;0.5
	// 3.0;4.0
	// <nil>
}

func ExampleWithJSON() {
	var b bytes.Buffer
	err := convert.Encode(&b, map[string]any{"a": twoRows()}, convert.WithTo("json"),
		convert.WithJSON(convert.JSON{Form: convert.FormPlain}))
	fmt.Print(b.String(), err)
	// Output:
	// {"a":[[1.0,0.5],[3.0,4.0]]}
	// <nil>
}

func ExampleWithRaw() {
	dir, _ := os.MkdirTemp("", "convert")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "x.bin")
	raw := convert.WithRaw(convert.Raw{DType: ndarray.DTypeOf[float32](), Shape: []int{-1, 2}})
	fmt.Println(convert.Write(path, twoRows(), raw))
	v, err := convert.Read(path, raw, convert.WithFrom("raw"))
	fmt.Println(v, err)
	// Output:
	// <nil>
	// [[1.  0.5]
	//  [3.  4. ]] <nil>
}

func ExampleWithSelect() {
	dir, _ := os.MkdirTemp("", "convert")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "x.pkl")
	err := convert.Write(path, map[string]any{"a": []int{1, 2}},
		convert.WithPickle(unpkl.WithProtocol(5), unpkl.WithLists()))
	if err != nil {
		log.Fatal(err)
	}
	v, err := convert.Read(path, convert.WithSelect("/a/1"),
		convert.WithLimits(unpkl.Limits{InputBytes: 1 << 20}),
		convert.WithUnpickle(unpkl.WithStrict()))
	fmt.Println(v, err)
	// Output: 2 <nil>
}

func ExampleWithBLOB() {
	dir, _ := os.MkdirTemp("", "convert")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "x.sqlite")
	xdr := convert.WithBLOB(convert.BLOB{Encoding: "xdr", Shape: []int{-1, 2}})
	fmt.Println(convert.Write(path, map[string]any{"a": twoRows()}, xdr))
	v, err := convert.Read(path, xdr)
	fmt.Println(v.(map[string]any)["a"], err)
	// Output:
	// <nil>
	// [[1.  0.5]
	//  [3.  4. ]] <nil>
}

func ExampleWithPackBits() {
	dir, _ := os.MkdirTemp("", "convert")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "x.npz")
	mask, err := ndarray.FromSlice([]bool{true, false, true})
	if err != nil {
		log.Fatal(err)
	}
	err = convert.Write(path, map[string]any{"mask": mask}, convert.WithPackBits(),
		convert.WithCompress())
	if err != nil {
		log.Fatal(err)
	}
	v, err := convert.Read(path)
	fmt.Println(v.(map[string]any)["mask"], err)
	// Output: [160] <nil>
}
