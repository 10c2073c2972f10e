package unpkl_test

import (
	"bytes"
	"fmt"
	"log"
	"net/url"
	"os"
	"path/filepath"
	"reflect"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/pickle"
)

// A struct becomes a dict; a slice of numbers a NumPy array, or a list where the tag says so.
func ExampleMarshal() {
	type Result struct {
		Name   string    `pickle:"name"`
		Scores []float64 `pickle:"scores"`
		Ranks  []int     `pickle:"ranks,list"`
		Note   string    `pickle:"note,omitempty"`
	}
	data, err := unpkl.Marshal(Result{Name: "run 7", Scores: []float64{0.5, 0.25},
		Ranks: []int{1, 2}})
	if err != nil {
		log.Fatal(err)
	}
	// What Python's pickle.loads gives, as this package reads it.
	v, err := unpkl.LoadBytes(data)
	if err != nil {
		log.Fatal(err)
	}
	m := v.(map[string]any)
	fmt.Printf("%v\n%T %v\n%v\n", m["name"], m["scores"], m["scores"], m["ranks"])
	// Output:
	// run 7
	// *ndarray.Array [0.5  0.25]
	// [1 2]
}

// An Encoder writes several pickles to one stream; Python reads them with as many calls of
// pickle.load.
func ExampleEncoder() {
	var stream bytes.Buffer
	enc := unpkl.NewEncoder(&stream, unpkl.WithProtocol(2))
	for _, v := range []any{1.5, "two", []any{3, nil}} {
		if err := enc.Encode(v); err != nil {
			log.Fatal(err)
		}
	}
	dec := unpkl.NewDecoder(&stream)
	for {
		var v any
		if err := dec.Decode(&v); err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(v)
	}
	// Output:
	// 1.5
	// two
	// [3 <nil>]
	// EOF
}

// Celsius is pickled as an instance of a Python class, which must exist where
// the pickle is loaded.
type Celsius float64

// PickleReduce implements pickle.Reducer.
func (c Celsius) PickleReduce(protocol int) (any, error) {
	return &pickle.Object{Class: pickle.Global{Module: "units", Name: "Celsius"},
		Args: []any{float64(c)}}, nil
}

func ExampleMarshal_customType() {
	data, err := unpkl.Marshal(map[string]any{"inside": Celsius(21.5)})
	if err != nil {
		log.Fatal(err)
	}
	v, err := unpkl.LoadBytes(data)
	if err != nil {
		log.Fatal(err)
	}
	o := v.(map[string]any)["inside"].(*pickle.Object)
	fmt.Println(o.ClassName(), o.Args)
	// Output: units.Celsius [21.5]
}

// WithReduce is for types of other packages, which cannot be given a method.
func ExampleWithReduce() {
	asText := unpkl.WithReduce(func(t reflect.Type) pickle.ReduceFunc {
		if t != reflect.TypeFor[*url.URL]() {
			return nil
		}
		return func(v any, protocol int) (any, error) { return v.(*url.URL).Redacted(), nil }
	})
	data, err := unpkl.Marshal([]any{&url.URL{Scheme: "https", Host: "example.org",
		User: url.UserPassword("me", "secret")}}, asText)
	if err != nil {
		log.Fatal(err)
	}
	v, err := unpkl.LoadBytes(data)
	fmt.Println(v, err)
	// Output: [https://me:xxxxx@example.org] <nil>
}

func ExampleWriteFile() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "result.pkl.gz")
	if err := unpkl.WriteFile(path, map[string]any{"ok": true}); err != nil {
		log.Fatal(err)
	}
	v, err := unpkl.LoadFile(path)
	fmt.Println(v, err)
	// Output: map[ok:true] <nil>
}

// With protocol 5 the memory of arrays can travel beside the pickle, uncopied.
func ExampleWithBufferCallback() {
	var buffers [][]byte
	data, err := unpkl.Marshal(make([]float64, 1000), unpkl.WithProtocol(5),
		unpkl.WithBufferCallback(func(b *pickle.Buffer) (inBand bool, err error) {
			buffers = append(buffers, b.Data)
			return false, nil
		}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(data) < 200, len(buffers), len(buffers[0]))
	var x []float64
	err = unpkl.Unmarshal(data, &x, unpkl.WithBuffers(buffers...))
	fmt.Println(len(x), err)
	// Output:
	// true 1 8000
	// 1000 <nil>
}

// NumPy 2's own names: what is written so does not load under NumPy 1. Without the option, every
// version loads it without a warning.
func ExampleWithNumPy() {
	x := []float64{1, 2}
	for _, opts := range [][]unpkl.Option{nil, {unpkl.WithNumPy(2, 3)}} {
		data, err := unpkl.Marshal(x, opts...)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(bytes.Contains(data, []byte("numpy.core.multiarray")),
			bytes.Contains(data, []byte("numpy._core.multiarray")))
	}
	// Output:
	// true false
	// false true
}

// Lists of Python floats instead of arrays.
func ExampleWithLists() {
	data, err := unpkl.Marshal(map[string]any{"x": []float64{1, 2.5}}, unpkl.WithLists())
	if err != nil {
		log.Fatal(err)
	}
	v, err := unpkl.LoadBytes(data)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%v\n", v)
	// Output: map[x:[1 2.5]]
}

// Connections, which only a program can open, travel as ids.
func ExampleWithPersistentID() {
	type connection struct{ url string }
	db := &connection{"db://orders"}
	data, err := unpkl.Marshal([]any{"main", db}, unpkl.WithPersistentID(func(v any) (any, error) {
		if c, ok := v.(*connection); ok {
			return c.url, nil
		}
		return nil, nil
	}))
	if err != nil {
		log.Fatal(err)
	}
	v, err := unpkl.LoadBytes(data, unpkl.WithPersistentLoad(func(pid any) (any, error) {
		return fmt.Sprint("opened ", pid), nil
	}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v)
	// Output: [main opened db://orders]
}

// A class that both sides have registered with copyreg.add_extension is written as its number.
func ExampleWithExtensionCode() {
	class := pickle.Global{Module: "shop", Name: "Order"}
	data, err := unpkl.Marshal(class, unpkl.WithProtocol(2),
		unpkl.WithExtensionCode(func(g pickle.Global) int {
			if g == class {
				return 7
			}
			return 0
		}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q\n", data)
	// Output: "\x80\x02\x82\a."
}

// Equal strings as one Python object each: the shortest output.
func ExampleWithStrings() {
	words := []any{"monday", "tuesday", "monday", "monday"}
	for _, s := range []pickle.Strings{pickle.StringsAuto, pickle.StringsByValue} {
		data, err := unpkl.Marshal(words, unpkl.WithStrings(s))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(bytes.Count(data, []byte("monday")))
	}
	// Output:
	// 3
	// 1
}

// What joblib.load reads, and maps where the file is not compressed.
func ExampleWithJoblib() {
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	// The name's ending says joblib; WithJoblib would as well.
	path := filepath.Join(folder, "model.joblib")
	if err := unpkl.WriteFile(path, map[string]any{"weights": []float32{1, 2, 3}}); err != nil {
		log.Fatal(err)
	}
	v, err := unpkl.LoadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v.(map[string]any)["weights"])
	// Output: [1. 2. 3.]
}
