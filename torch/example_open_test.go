package torch_test

import (
	"bytes"
	"fmt"
	"io"
	"log"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/torch"
)

// saved is a file of a tensor, as torch.save writes it.
func saved() []byte {
	a, err := ndarray.FromSlice([]float32{1, 2})
	if err != nil {
		log.Fatal(err)
	}
	var b bytes.Buffer
	if err := torch.Save(&b, a); err != nil {
		log.Fatal(err)
	}
	return b.Bytes()
}

func ExampleOpenArchive() {
	file := saved()
	z, err := torch.OpenArchive(bytes.NewReader(file), int64(len(file)), torch.Options{})
	if err != nil {
		log.Fatal(err)
	}
	v, err := z.Load(z.Pickles()[0])
	fmt.Println(v.(*torch.Tensor).Array, err)
	// Output: [1. 2.] <nil>
}

func ExampleMapArchive() {
	z, err := torch.MapArchive(saved(), torch.Options{}) // the tensors lie in these bytes
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(z.Pickles())
	// Output: [data.pkl]
}

func ExampleNewLegacy() {
	file := []byte("\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}q\x00." +
		"\x80\x02K\x07.\x80\x02]q\x00.")
	fmt.Println(torch.IsLegacy(file))
	r := torch.NewLegacy(pickle.NewUnpicklerBytes(file), torch.Options{})
	v, err := r.Load()
	fmt.Println(v, err, r.InputOffset() == int64(len(file)))
	_, err = r.Load()
	fmt.Println(err == io.EOF)
	// Output:
	// true
	// 7 <nil> true
	// true
}

func ExampleClasses() {
	f, ok := torch.Classes()[pickle.Global{Module: "torch._utils", Name: "_rebuild_tensor_v2"}]
	fmt.Println(f != nil, ok)
	// Output: true true
}
