package unpkl_test

import (
	"github.com/unpkl/unpkl/internal/cases"

	"bytes"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// pickleOf returns the pickle of a case of testdata/plain/cases.json.
func pickleOf(name string) []byte { return cases.All()[name].Pickles["4"] }

// fileOf writes a pickle to a temporary file.
func fileOf(name string) (path string, remove func()) {
	dir, err := os.MkdirTemp("", "unpkl")
	if err != nil {
		log.Fatal(err)
	}
	path = filepath.Join(dir, name+".pkl")
	if err := os.WriteFile(path, pickleOf(name), 0o600); err != nil {
		log.Fatal(err)
	}
	return path, func() { os.RemoveAll(dir) }
}

func ExampleLoad() {
	// pickle.dumps({'b': [1, (2, 3)], 'a': 1.5})
	r := strings.NewReader("\x80\x04}(\x8c\x01b](K\x01K\x02K\x03\x86e\x8c\x01aG?\xf8\x00\x00\x00\x00\x00\x00u.")
	v, err := unpkl.Load(r)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v)
	// Output: map[a:1.5 b:[1 [2 3]]]
}

func ExampleLoadBytes() {
	v, err := unpkl.LoadBytes(pickleOf("arrays")) // {'f8': np.arange(6.0).reshape(2, 3), ...}
	if err != nil {
		log.Fatal(err)
	}
	a := v.(map[string]any)["f8"].(*ndarray.Array)
	values, err := ndarray.Slice[float64](a)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(a.DType(), a.Shape(), values)
	// Output: float64 [2 3] [0 1 2 3 4 5]
}

func ExampleLoadFile() {
	path, remove := fileOf("regions")
	defer remove()
	v, err := unpkl.LoadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	left := v.(map[string]any)["left"].(map[string]any)
	fmt.Println(left["created"], left["values"].(*ndarray.Array).Shape())
	// Output: 2024-01-02 03:04:05 +0000 UTC [3]
}

func ExampleOpen() {
	path, remove := fileOf("arrays")
	defer remove()
	f, err := unpkl.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	var data struct {
		Values [][]float64 `pickle:"f8"`
	}
	if err := f.Decode(&data); err != nil {
		log.Fatal(err)
	}
	fmt.Println(data.Values)
	// Output: [[0 1 2] [3 4 5]]
}

func ExampleFile_Load() {
	path, remove := fileOf("arrays")
	defer remove()
	f, err := unpkl.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	v, err := f.Load()
	if err != nil {
		log.Fatal(err)
	}
	a := v.(map[string]any)["i8"].(*ndarray.Array)
	fmt.Println(a.At(3))
	f.Close()
	_, err = a.Bytes()
	fmt.Println(errors.Is(err, unpkl.ErrClosed))
	// Output:
	// 3
	// true
}

func ExampleFile_Decoder() {
	path, remove := fileOf("rows")
	defer remove()
	f, err := unpkl.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	d, err := f.Decoder()
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	var v any
	for d.Decode(&v) == nil {
		fmt.Println(v)
	}
	// Output: [[1 a 2.5] [2 b <nil>]]
}

func ExampleUnmarshal() {
	type person struct {
		Name   string    `pickle:"name"`
		Scores []float64 `pickle:"scores"`
		Active bool      `pickle:"active"`
	}
	var people []person
	if err := unpkl.Unmarshal(pickleOf("people"), &people); err != nil {
		log.Fatal(err)
	}
	fmt.Println(people)
	// Output: [{Ada [1.5 2.5] true} {Émilie [] false}]
}

// A structured array becomes a slice of structs.
func ExampleUnmarshal_records() {
	// np.array([(1, 2.5, 'a', [1, 2]), ...], dtype=[('id', 'i8'), ('x', 'f8'), ('name', 'U4'),
	// ('pair', 'i4', (2,))])
	var records []struct {
		ID   int64    `pickle:"id"`
		X    float64  `pickle:"x"`
		Name string   `pickle:"name"`
		Pair [2]int32 `pickle:"pair"`
	}
	if err := unpkl.Unmarshal(pickleOf("records"), &records); err != nil {
		log.Fatal(err)
	}
	fmt.Println(records)
	// Output: [{1 2.5 a [1 2]} {3 4.5 bc [3 4]}]
}

func ExampleUnmarshalTypeError() {
	var v struct {
		V []int `pickle:"fraction"` // np.array([1.0, 1.5])
	}
	err := unpkl.Unmarshal(pickleOf("lossy"), &v)
	var typeErr *unpkl.UnmarshalTypeError
	if errors.As(err, &typeErr) {
		fmt.Println(typeErr.Path, "is", typeErr.Value)
	}
	// Output: fraction is ndarray of dtype float64, shape (2,)
}

func ExampleNewDecoder() {
	d := unpkl.NewDecoder(strings.NewReader("K\x01.K\x02.K\x03."))
	for v, err := range d.All() {
		fmt.Println(v, err)
	}
	// Output:
	// 1 <nil>
	// 2 <nil>
	// 3 <nil>
}

func ExampleDecoder_Decode() {
	d := unpkl.NewDecoder(strings.NewReader("K\x01.K\x02."))
	for {
		var n int
		err := d.Decode(&n)
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(n)
	}
	// Output:
	// 1
	// 2
	// EOF
}

func ExampleWithLimits() {
	_, err := unpkl.LoadBytes([]byte("]]]aa."), unpkl.WithLimits(unpkl.Limits{Depth: 2}))
	fmt.Println(errors.Is(err, unpkl.ErrLimit), err)
	// Output: true unpkl: Depth limit exceeded: 3, at most 2 allowed
}

func ExampleWithStrict() {
	_, err := unpkl.LoadBytes([]byte("cos\nsystem\n(Vecho hello\ntR."), unpkl.WithStrict())
	fmt.Println(errors.Is(err, unpkl.ErrUnknownGlobal))

	// Without it the call is recorded and nothing is run.
	v, err := unpkl.LoadBytes([]byte("cos\nsystem\n(Vecho hello\ntR."))
	o := v.(*pickle.Object)
	fmt.Println(o.ClassName(), o.Args, err)
	// Output:
	// true
	// os.system [echo hello] <nil>
}

func ExampleWithObjects() {
	v, err := unpkl.LoadBytes([]byte("](K\x01K\x02\x85\x86e."), unpkl.WithObjects())
	fmt.Printf("%T %v %v\n", v, v, err)
	// Output: *types.List [(1, (2,))] <nil>
}

func ExampleWithAllowCycles() {
	data := []byte("]q\x00h\x00a.") // a list in itself
	_, err := unpkl.LoadBytes(data)
	fmt.Println(errors.Is(err, unpkl.ErrCycle))
	v, _ := unpkl.LoadBytes(data, unpkl.WithAllowCycles())
	list := v.([]any)
	fmt.Println(len(list[0].([]any)[0].([]any)))
	// Output:
	// true
	// 1
}

func ExampleWithSharedInput() {
	data := pickleOf("arrays")
	v, err := unpkl.LoadBytes(data, unpkl.WithSharedInput()) // data must not change from here on
	fmt.Println(v.(map[string]any)["i8"].(*ndarray.Array).At(2), err)
	// Output: 2 <nil>
}

func ExampleWithEncoding() {
	data := []byte("U\x02\xe9t.") // a str of Python 2
	v, _ := unpkl.LoadBytes(data, unpkl.WithEncoding(pickle.EncodingLatin1))
	fmt.Println(v)
	// Output: ét
}

// money is a class of the program's own.
type money struct{ Cents int }

type moneyClass struct{}

func (moneyClass) PyNew(args ...any) (any, error) { return &money{}, nil }

func (m *money) PyDictSet(key, value any) error {
	if key == "cents" {
		m.Cents, _ = value.(int)
	}
	return nil
}

var (
	_ types.PyNewable      = moneyClass{}
	_ types.PyDictSettable = (*money)(nil)
)

func ExampleWithFindClass() {
	hook := func(module, name string) (any, error) {
		if module == "shop" && name == "Money" {
			return moneyClass{}, nil
		}
		return nil, unpkl.ErrSkipClass
	}
	data := []byte("\x80\x02cshop\nMoney\n)\x81}X\x05\x00\x00\x00centsM\xf4\x01sb.")
	v, err := unpkl.LoadBytes(data, unpkl.WithFindClass(hook))
	fmt.Println(v.(*money).Cents, err)
	// Output: 500 <nil>
}

func ExampleWithPersistentLoad() {
	hook := func(pid any) (any, error) { return fmt.Sprintf("object %v", pid), nil }
	v, err := unpkl.LoadBytes([]byte("K\x07Q."), unpkl.WithPersistentLoad(hook))
	fmt.Println(v, err)
	// Output: object 7 <nil>
}

func ExampleWithExtension() {
	hook := func(code int) (any, error) { return pickle.Global{Module: "shop", Name: "Item"}, nil }
	v, err := unpkl.LoadBytes([]byte("\x82\x01."), unpkl.WithExtension(hook))
	fmt.Println(v, err)
	// Output: shop.Item <nil>
}

func ExampleWithBuffers() {
	v, err := unpkl.LoadBytes([]byte("\x80\x05\x97."), unpkl.WithBuffers([]byte("out of band")))
	fmt.Printf("%s %v\n", v, err)
	// Output: out of band <nil>
}

func ExampleWithLongDouble() {
	// For a pickle that was written on aarch64.
	_, err := unpkl.Load(bytes.NewReader([]byte("N.")), unpkl.WithLongDouble(ndarray.Binary128))
	fmt.Println(err)
	// Output: <nil>
}

// level is a type that reads itself.
type level int

func (l *level) UnmarshalPickle(v any) error {
	switch v {
	case "low":
		*l = 1
	case "high":
		*l = 2
	default:
		return fmt.Errorf("no level %v", v)
	}
	return nil
}

func ExampleUnmarshaler() {
	var levels []level
	err := unpkl.Unmarshal([]byte("](X\x03\x00\x00\x00lowX\x04\x00\x00\x00highe."), &levels)
	fmt.Println(levels, err)
	// Output: [1 2] <nil>
}

// One value of a file, without making the others.
func ExampleFile_Lookup() {
	f, err := unpkl.Open("testdata/command/mix.pkl")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	for _, pointer := range []string{"/records/-1/name", "/x/:2,1", "/nested/a~1b", "/model/coef"} {
		v, err := f.Lookup(pointer)
		fmt.Println(v, err)
	}
	// Output:
	// n19 <nil>
	// [1. 5.] <nil>
	// map[m~n:5] <nil>
	// <nil> unpkl: nothing at /model/coef: /model is a __main__.Model of 3 names without it; the nearest: /model/coef_
}
