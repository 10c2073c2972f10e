package npy_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
)

func matrix() *ndarray.Array {
	a, err := ndarray.New(ndarray.DTypeOf[uint8](), []int{2, 3}, ndarray.OrderC, []byte{1, 2, 3, 4,
		5, 6})
	if err != nil {
		panic(err)
	}
	return a
}

func Example() {
	var file bytes.Buffer
	if err := npy.Write(&file, matrix(), nil); err != nil {
		fmt.Println(err)
		return
	}
	a, err := npy.Read(&file, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.DType(), a.Shape(), a.At(1, 2))
	// Output: uint8 [2 3] 6
}

func ExampleWrite() {
	var file bytes.Buffer
	if err := npy.Write(&file, matrix(), nil); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%q\n", bytes.Fields(file.Bytes()[10:])[0:2])
	fmt.Println(file.Len(), "bytes")
	// Output:
	// ["{'descr':" "'|u1',"]
	// 134 bytes
}

func ExampleRead_error() {
	header := "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }\n"
	file := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), 0)
	file = append(file, header...)
	_, err := npy.Read(bytes.NewReader(file), nil)
	fmt.Println(err)
	// Output: npy: 0 bytes of data, the header says 8000000000000
}

func ExampleReadHeader() {
	var file bytes.Buffer
	if err := npy.Write(&file, matrix(), nil); err != nil {
		fmt.Println(err)
		return
	}
	h, err := npy.ReadHeader(&file, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(h.DType, h.Shape, h.Order, "data from byte", h.Len, "on,", h.NBytes(), "bytes")
	// Output: uint8 [2 3] C data from byte 128 on, 6 bytes
}

func ExampleDecoder() {
	var file bytes.Buffer
	for range 3 {
		if err := npy.Write(&file, matrix(), nil); err != nil {
			fmt.Println(err)
			return
		}
	}
	d := npy.NewDecoder(&file, nil)
	for {
		a, err := d.Decode()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(a.Shape())
	}
	// Output:
	// [2 3]
	// [2 3]
	// [2 3]
}

func ExampleMap() {
	var file bytes.Buffer
	if err := npy.Write(&file, matrix(), nil); err != nil {
		fmt.Println(err)
		return
	}
	window := file.Bytes() // of a file: unix.Mmap(...)
	a, n, err := npy.Map(window, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	window[n-1] = 60
	fmt.Println(a.At(1, 2))
	// Output: 60
}

func ExampleArchiveWriter() {
	var file bytes.Buffer
	w := npy.NewArchiveWriter(&file, &npy.WriteOptions{Compress: true})
	if err := w.Add("weights", matrix()); err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
		return
	}
	z, err := npy.MapArchive(file.Bytes(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(z.Names())
	// Output: [weights]
}

func ExampleOpenArchive() {
	var file bytes.Buffer
	w := npy.NewArchiveWriter(&file, nil)
	if err := w.Add("arr_0", matrix()); err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
		return
	}
	z, err := npy.OpenArchive(bytes.NewReader(file.Bytes()), int64(file.Len()), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range z.Names() {
		a, err := z.Array(name)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(name, a.Shape(), a.DType())
	}
	// Output: arr_0 [2 3] uint8
}

func ExampleArchive_Deflated() {
	var file bytes.Buffer
	w := npy.NewArchiveWriter(&file, &npy.WriteOptions{Compress: true})
	if err := w.Add("weights", matrix()); err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
		return
	}
	z, err := npy.MapArchive(file.Bytes(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(z.Deflated("weights"), z.Deflated("biases"))
	// Output: 134 0
}

func ExampleWriteHeader() {
	var b bytes.Buffer
	h := &npy.Header{DType: ndarray.DTypeOf[uint8](), Shape: []int{3}, Order: ndarray.OrderC}
	if err := npy.WriteHeader(&b, h); err != nil {
		log.Fatal(err)
	}
	b.Write([]byte{7, 8, 9}) // h.NBytes() of them
	d := npy.NewDecoder(&b, nil)
	a, err := d.Decode()
	fmt.Println(a, err, d.InputOffset())
	// Output: [7 8 9] <nil> 131
}

func ExampleArchive_IsArray() {
	var b bytes.Buffer
	w := npy.NewArchiveWriter(&b, nil)
	a, _ := ndarray.FromSlice([]int64{1})
	if err := w.Add("a", a); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	z, err := npy.OpenArchive(bytes.NewReader(b.Bytes()), int64(b.Len()), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(z.IsArray("a"), z.IsArray("b"))
	// Output: true false
}

func ExampleArchiveWriter_AddFrom() {
	f, err := os.CreateTemp("", "*.npz")
	if err != nil {
		panic(err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	w := npy.NewArchiveWriter(f, nil)
	elements := bytes.NewReader([]byte{1, 2, 3, 4, 5, 6})
	h := npy.Header{DType: ndarray.DTypeOf[uint8](), Shape: []int{2, 3}, Order: ndarray.OrderC}
	if err := errors.Join(w.AddFrom("x", &h, elements), w.Close()); err != nil {
		panic(err)
	}
	data, err := os.ReadFile(f.Name())
	if err != nil {
		panic(err)
	}
	z, err := npy.OpenArchive(bytes.NewReader(data), int64(len(data)), nil)
	if err != nil {
		panic(err)
	}
	a, err := z.Array("x")
	fmt.Println(a, err)
	// Output: [[1 2 3]
	//  [4 5 6]] <nil>
}

func ExampleArchive_Open() {
	var file bytes.Buffer
	w := npy.NewArchiveWriter(&file, nil)
	a, err := ndarray.FromSlice([]uint8{1, 2, 3})
	if err := errors.Join(err, w.Add("x", a), w.Close()); err != nil {
		panic(err)
	}
	z, err := npy.OpenArchive(bytes.NewReader(file.Bytes()), int64(file.Len()), nil)
	if err != nil {
		panic(err)
	}
	r, err := z.Open("x")
	if err != nil {
		panic(err)
	}
	defer r.Close()
	h, err := npy.ReadHeader(r, nil)
	if err != nil {
		panic(err)
	}
	elements, err := io.ReadAll(r)
	fmt.Println(h.Shape, elements, err)
	// Output: [3] [1 2 3] <nil>
}
