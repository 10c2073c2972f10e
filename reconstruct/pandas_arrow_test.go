package reconstruct_test

import (
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

func arrowCall(name string, args ...any) *pickle.Object {
	return &pickle.Object{Class: pickle.Global{Module: "pyarrow.lib", Name: name}, Args: args}
}

// Chunks are read to be joined, so an index outside its dictionary must be found before.
func TestArrowChunksOutsideDictionary(t *testing.T) {
	chunk := func(index byte) any {
		typ := arrowCall("dictionary", arrowCall("type_for_alias", "int8"),
			arrowCall("type_for_alias", "string"), false)
		words := tupleOf(arrowCall("type_for_alias", "string"), 1, 0, 0,
			types.NewListFromSlice([]any{nil, []byte{0, 0, 0, 0, 1, 0, 0, 0}, []byte("a")}),
			types.NewList(), nil)
		return arrowCall("_restore_array", tupleOf(typ, 1, 0, 0,
			types.NewListFromSlice([]any{nil, []byte{index}}), types.NewList(), words))
	}
	read := func(index byte) error {
		state := dictOf("_pa_array", arrowCall("chunked_array",
			types.NewListFromSlice([]any{chunk(0), chunk(index)})))
		_, _, err := new(reconstruct.Pandas).Convert(&pickle.Object{
			Class: pickle.Global{Module: "pandas.arrays", Name: "ArrowExtensionArray"},
			Form:  pickle.FormNewObj, State: state, HasState: true})
		return err
	}
	if err := read(0); err != nil {
		t.Errorf("honest chunks: %v", err)
	}
	if err := read(5); err == nil {
		t.Error("an index of 5 into a dictionary of one word is accepted")
	}
}
