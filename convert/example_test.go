package convert_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/ndarray"
)

func Example() {
	dir, _ := os.MkdirTemp("", "convert")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "x.npz")
	a, _ := ndarray.FromSlice([]float64{1, 2.5, 3, 4}, 2, 2)
	fmt.Println(convert.Write(path, map[string]any{"a": a}))
	v, err := convert.Read(path)
	fmt.Println(v.(map[string]any)["a"], err)
	// Output:
	// <nil>
	// [[1.  2.5]
	//  [3.  4. ]] <nil>
}

func ExampleRead() {
	// After the # the path says which part of the file to read.
	v, err := convert.Read("../testdata/command/arrays.npz#/i")
	fmt.Println(v, err)
	// Output:
	// [0 1 2 3 4 5 6 7 8 9] <nil>
}

func ExampleFile() {
	dir, _ := os.MkdirTemp("", "convert")
	defer os.RemoveAll(dir)
	csv, parquet := filepath.Join(dir, "x.csv"), filepath.Join(dir, "x.parquet")
	os.WriteFile(csv, []byte("name,n\na,1\nb,2\n"), 0o600)
	fmt.Println(convert.File(csv, parquet))
	v, err := convert.Read(parquet, convert.WithObjects())
	fmt.Println(v.(interface{ ColumnNames() []string }).ColumnNames(), err)
	// Output:
	// <nil>
	// [name n] <nil>
}

func ExampleWrite_hold() {
	dir, _ := os.MkdirTemp("", "convert")
	defer os.RemoveAll(dir)
	v := map[string]any{"a": []float64{1}, "b": map[string]any{"c": "text"}}
	err := convert.Write(filepath.Join(dir, "x.npz"), v)
	fmt.Println(err)
	fmt.Println(errors.Is(err, convert.ErrHold))
	lost := func(w string) { fmt.Println("warning:", w) }
	fmt.Println(convert.Write(filepath.Join(dir, "x.npz"), v, convert.WithLossy(),
		convert.WithWarnings(lost)))
	// Output:
	// convert: npz cannot hold a dict at /b; pickle, joblib, json, jsonl, hdf5 and torch can
	// true
	// warning: npz cannot hold a dict at /b; pickle, joblib, json, jsonl, hdf5 and torch can: left out
	// <nil>
}

func ExampleFormats() {
	for _, f := range convert.Formats() {
		fmt.Println(f.Name, f.Endings)
	}
	// Output:
	// pickle [.pkl .pickle .p .pk]
	// joblib [.joblib]
	// npy [.npy]
	// npz [.npz]
	// raw [.raw .bin .memmap .mmap]
	// csv [.csv]
	// tsv [.tsv .tab]
	// text [.txt .dat .asc]
	// json [.json]
	// jsonl [.jsonl .ndjson]
	// hdf5 [.h5 .hdf5 .hdf .he5 .nc .mat]
	// safetensors [.safetensors]
	// feather [.feather .arrow .ipc]
	// parquet [.parquet .pq]
	// sqlite [.db .sqlite .sqlite3 .db3]
	// torch [.pt .pth]
	// folder []
}

func ExampleVerify() {
	dir, _ := os.MkdirTemp("", "convert")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "x.csv")
	v := []float64{0.1, 2e-308}
	fmt.Println(convert.Write(path, v), convert.Verify(path, v))
	os.WriteFile(path, []byte("0.1\n2e-307\n"), 0o600)
	fmt.Println(convert.Verify(path, v))
	// Output:
	// <nil> <nil>
	// convert: what was read back differs: the document: element 1: 2e-308 became 2e-307
}

func ExampleEncode() {
	fmt.Println(convert.Encode(os.Stdout, []float64{1, 2.5}, convert.WithTo("csv")))
	// Output:
	// 1.0
	// 2.5
	// <nil>
}
