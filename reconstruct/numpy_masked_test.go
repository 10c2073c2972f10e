package reconstruct

import (
	"reflect"
	"slices"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// maskedColumn is pickle.dumps(astropy.table.MaskedColumn([1, 2], mask=[0, 1], name='depth',
// description='m'), 4) of astropy 8.0.2, NumPy 2.5.5 and CPython 3.13.
const maskedColumn = "\x80\x04\x951\x01\x00\x00\x00\x00\x00\x00\x8c\x0dnumpy.ma.core\x94\x8c\x0e_mareconstruct\x94\x93" +
	"\x94(\x8c\x14astropy.table.column\x94\x8c\x0cMaskedColumn\x94\x93\x94h\x03\x8c\x0aBaseColumn\x94" +
	"\x93\x94K\x00\x85\x94\x8c\x01b\x94t\x94R\x94(K\x01K\x02\x85\x94\x8c\x05numpy\x94\x8c\x05dtype\x94" +
	"\x93\x94\x8c\x02i8\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff" +
	"K\x00t\x94b\x89C\x10\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x94C\x02\x00" +
	"\x01\x94\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\x94h\x0d\x8c\x07ndarray\x94" +
	"\x93\x94K\x00\x85\x94C\x01b\x94\x87\x94R\x94(K\x01)h\x12\x89C\x08?B\x0f\x00\x00\x00\x00\x00\x94t" +
	"\x94b(\x8c\x05depth\x94NN\x8c\x01m\x94}\x94]\x94t\x94t\x94b."

// A subclass may keep more in its state than numpy.ma does.
func TestMaskedArrayWithMoreState(t *testing.T) {
	m := loadMasked(t, []byte(maskedColumn))
	if m.Class != "astropy.table.column.MaskedColumn" ||
		m.BaseClass != "astropy.table.column.BaseColumn" {
		t.Errorf("class %s of %s", m.Class, m.BaseClass)
	}
	again, err := write([]any{m}, NewReducers(producerOptions["py313-np2"]), 4, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*ndarray.Masked{m, loadMasked(t, again)} {
		data, err := ndarray.Slice[int64](m.Data)
		if err != nil || !slices.Equal(data, []int64{1, 2}) || m.Mask.At(0) != false ||
			m.Mask.At(1) != true {
			t.Errorf("data %v, mask %v, %v", m.Data, m.Mask, err)
		}
		state, ok := m.Extra.(*types.Tuple)
		if !ok || len(*state) != 8 {
			t.Fatalf("Extra is %v, want the state of 8 items", m.Extra)
		}
		own := &types.Tuple{"depth", nil, nil, "m", types.NewDict(), types.NewList()}
		if !reflect.DeepEqual((*state)[7], own) {
			t.Errorf("the last item of the state is %v, want %v", (*state)[7], own)
		}
	}
}

func loadMasked(t *testing.T, data []byte) *ndarray.Masked {
	t.Helper()
	u := pickle.NewUnpicklerBytes(data)
	u.FindClass = FindClass
	v, err := u.Load()
	m, ok := v.(*ndarray.Masked)
	if !ok {
		t.Fatalf("loaded a %T, %v", v, err)
	}
	return m
}
