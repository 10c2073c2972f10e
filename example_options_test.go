package unpkl_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/unpkl/unpkl"
)

// two is {"a": 1} and {"b": 2}, one behind the other.
func two() []byte {
	var b bytes.Buffer
	e := unpkl.NewEncoder(&b)
	for _, v := range []any{map[string]any{"a": 1}, map[string]any{"b": 2}} {
		if err := e.Encode(v); err != nil {
			log.Fatal(err)
		}
	}
	return b.Bytes()
}

func ExampleDecoder_More() {
	d := unpkl.NewDecoder(bytes.NewReader(two()))
	for {
		more, err := d.More()
		if err != nil {
			log.Fatal(err)
		}
		if !more {
			break
		}
		var v any
		if err := d.Decode(&v); err != nil {
			log.Fatal(err)
		}
		protocol, _ := d.Protocol()
		fmt.Println(v, "protocol", protocol, "up to byte", d.InputOffset())
	}
	// Output:
	// map[a:1] protocol 4 up to byte 21
	// map[b:2] protocol 4 up to byte 42
}

func ExampleFileDecoder_More() {
	path := filepath.Join(os.TempDir(), fmt.Sprintf("more-%d.pkl", os.Getpid()))
	defer os.Remove(path)
	if err := os.WriteFile(path, two(), 0o600); err != nil {
		log.Fatal(err)
	}
	f, err := unpkl.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	d, err := f.Decoder()
	if err != nil {
		log.Fatal(err)
	}
	var v any
	fmt.Println(d.Decode(&v), v, d.InputOffset())
	fmt.Println(d.More())
	fmt.Println(d.Protocol())
	d.Close()
	fmt.Println(f.Closed(), f.Close(), errors.Is(f.Closed(), unpkl.ErrClosed))
	// Output:
	// <nil> map[a:1] 21
	// true <nil>
	// 4 true
	// <nil> <nil> true
}

func ExampleWithAllow() {
	point := []byte("cmymod\nPoint\n(I1\nI2\ntR.")
	_, err := unpkl.LoadBytes(point, unpkl.WithStrict())
	fmt.Println(err)
	v, err := unpkl.LoadBytes(point, unpkl.WithStrict(), unpkl.WithAllow("mymod.*"))
	fmt.Printf("%T %v\n", v, err)
	// Output:
	// pickle: unknown global "mymod.Point" (GLOBAL at byte 0)
	// *pickle.Object <nil>
}

func ExampleWithConcurrency() {
	v, err := unpkl.LoadBytes(two(), unpkl.WithConcurrency(1)) // on one goroutine only
	fmt.Println(v, err)
	// Output: map[a:1] <nil>
}

func ExampleWithDisallowUnknownFields() {
	var v struct {
		Other int `pickle:"other"`
	}
	err := unpkl.Unmarshal(two(), &v, unpkl.WithDisallowUnknownFields())
	fmt.Println(errors.Is(err, unpkl.ErrUnknownField), err)
	// Output: true unpkl: no field of Go struct { Other int "pickle:\"other\"" } for "a"
}

func ExampleWithRequireFields() {
	type settings struct {
		A, B int
	}
	err := unpkl.Unmarshal(two(), new(settings), unpkl.WithRequireFields())
	fmt.Println(errors.Is(err, unpkl.ErrMissingField), err)
	// Output: true unpkl: nothing for the field "B" of Go unpkl_test.settings
}

func ExampleWithNoTrailing() {
	_, err := unpkl.LoadBytes(two(), unpkl.WithNoTrailing())
	fmt.Println(errors.Is(err, unpkl.ErrTrailing))
	// Output: true
}

func ExampleReadValueFrom() {
	v, err := unpkl.ReadValueFrom(io.LimitReader(strings.NewReader(string(two())), 21))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v.Set("/a", 3), v.Set("/c", "new"))
	fmt.Println(v.Get(""))
	// Output:
	// <nil> <nil>
	// map[a:3 c:new] <nil>
}
