package torch_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/torch"
)

// A state dict that Go wrote, which torch.load(path, weights_only=True) reads, and read again.
func ExampleSave() {
	weight, err := ndarray.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	err = torch.Save(&file, map[string]any{"fc.weight": weight, "fc.weight.t": weight.T(),
		"epoch": 3})
	if err != nil {
		log.Fatal(err)
	}
	var state struct {
		Weight     [][]float32    `pickle:"fc.weight"`
		Transposed *ndarray.Array `pickle:"fc.weight.t"`
		Epoch      int            `pickle:"epoch"`
	}
	if err := unpkl.Unmarshal(file.Bytes(), &state); err != nil {
		log.Fatal(err)
	}
	fmt.Println(state.Epoch, state.Weight)
	fmt.Println(state.Transposed)
	// Output:
	// 3 [[1 2 3] [4 5 6]]
	// [[1. 4.]
	//  [2. 5.]
	//  [3. 6.]]
}

func ExampleNewTensor() {
	a, err := ndarray.FromSlice([]float64{0.5})
	if err != nil {
		log.Fatal(err)
	}
	t, err := torch.NewTensor(a)
	if err != nil {
		log.Fatal(err)
	}
	t.IsParameter, t.RequiresGrad = true, true
	fmt.Println(t.DType, t.Shape, t.Device)
	// Output: float64 [1] cpu
}
