package reconstruct

import (
	"slices"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// dillCases are dill.dumps([np.arange(2, dtype='i2'), np.float32(1.5), slice(1, 2)], 2) by several
// versions, those of Python 3 after pickletools.optimize.
var dillCases = []struct{ by, data string }{
	{"dill 0.4.1, NumPy 2.5.5, Python 3.13",
		"\x80\x02](cdill._dill\n_create_array\n(cnumpy._core.multiarray\n_reconstruct\ncnumpy\nndarray\nK" +
			"\x00\x85c_codecs\nencode\nq\x00X\x01\x00\x00\x00bX\x06\x00\x00\x00latin1q\x01\x86R\x87(K\x01K\x02" +
			"\x85cnumpy\ndtype\nq\x02X\x02\x00\x00\x00i2\x89\x88\x87R(K\x03X\x01\x00\x00\x00<q\x03NNNJ\xff\xff" +
			"\xff\xffJ\xff\xff\xff\xffK\x00tb\x89h\x00X\x04\x00\x00\x00\x00\x00\x01\x00h\x01\x86RtNtRcnumpy._" +
			"core.multiarray\nscalar\nh\x02X\x02\x00\x00\x00f4\x89\x88\x87R(K\x03h\x03NNNJ\xff\xff\xff\xffJ\xff" +
			"\xff\xff\xffK\x00tbh\x00X\x05\x00\x00\x00\x00\x00\xc3\x80?h\x01\x86R\x86Rcdill._dill\n_load_type" +
			"\nX\x05\x00\x00\x00slice\x85RK\x01K\x02N\x87Re."},
	{"dill 0.3.3, NumPy 1.19.5, Python 3.8",
		"\x80\x02](cdill._dill\n_get_attr\nq\x00cdill._dill\n_import_module\nq\x01X\x1c\x00\x00\x00numpy." +
			"core._multiarray_umath\x85Rq\x02X\x0c\x00\x00\x00_reconstruct\x86Rcnumpy\nndarray\nK\x00\x85h\x00" +
			"h\x01X\x07\x00\x00\x00_codecs\x85RX\x06\x00\x00\x00encode\x86Rq\x03X\x01\x00\x00\x00bX\x06\x00\x00" +
			"\x00latin1q\x04\x86R\x87R(K\x01K\x02\x85cnumpy\ndtype\nq\x05X\x02\x00\x00\x00i2\x89\x88\x87R(K\x03" +
			"X\x01\x00\x00\x00<q\x06NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89h\x03X\x04\x00\x00\x00\x00" +
			"\x00\x01\x00h\x04\x86Rtbh\x00h\x02X\x06\x00\x00\x00scalar\x86Rh\x05X\x02\x00\x00\x00f4\x89\x88\x87" +
			"R(K\x03h\x06NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tbh\x03X\x05\x00\x00\x00\x00\x00\xc3\x80?h" +
			"\x04\x86R\x86Rcdill._dill\n_load_type\nX\x05\x00\x00\x00slice\x85RK\x01K\x02N\x87Re."},
	{"dill 0.3.0, NumPy 1.16.6, Python 2.7",
		"\x80\x02]q\x00(cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85q\x03U\x01" +
			"bq\x04\x87q\x05Rq\x06(K\x01K\x02\x85q\x07cnumpy\ndtype\nq\x08U\x02i2q\x09K\x00K\x01\x87q\nRq\x0b" +
			"(K\x03U\x01<q\x0cNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x0db\x89U\x04\x00\x00\x01\x00q\x0e" +
			"tq\x0fbcnumpy.core.multiarray\nscalar\nq\x10h\x08U\x02f4q\x11K\x00K\x01\x87q\x12Rq\x13(K\x03U\x01" +
			"<q\x14NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x15bU\x04\x00\x00\xc0?q\x16\x86q\x17Rq\x18cdi" +
			"ll._dill\n_load_type\nq\x19U\x09SliceTypeq\x1a\x85q\x1bRq\x1cK\x01K\x02N\x87q\x1dRq\x1ee."},
}

func TestDill(t *testing.T) {
	for _, c := range dillCases {
		again, err := write([]any{loadText(t, c.by, c.data)}, NewReducers(ReduceOptions{}), 2,
			false)
		if err != nil {
			t.Fatalf("%s: %v", c.by, err)
		}
		for _, data := range []string{c.data, string(again)} {
			l := *loadText(t, c.by, data).(*types.List)
			a, _ := l[0].(*ndarray.Array)
			if a == nil {
				t.Fatalf("%s: an array is a %T", c.by, l[0])
			}
			if got, err := ndarray.Slice[int16](a); err != nil ||
				!slices.Equal(got, []int16{0, 1}) {
				t.Errorf("%s: the array is %v, %v", c.by, a, err)
			}
			if s, ok := l[1].(*ndarray.Scalar); !ok || s.Value() != float32(1.5) {
				t.Errorf("%s: the scalar is %v", c.by, l[1])
			}
			if s, ok := l[2].(*Slice); !ok || s.Start != any(1) || s.Stop != any(2) {
				t.Errorf("%s: the slice is %v", c.by, l[2])
			}
		}
	}
}

// An array of a class that the pickle makes stays a call, as does an object of dill's with a base
// that is none of the builtins.
func TestArrayOfMadeClass(t *testing.T) {
	for _, data := range []string{cloudArray, madeBase} {
		o, ok := loadText(t, "cloudpickle", data).(*pickle.Object)
		if !ok {
			t.Fatal("not an Object")
		}
		again, err := write([]any{o}, NewReducers(ReduceOptions{}), 4, false)
		if err != nil {
			t.Fatal(err)
		}
		if p, ok := loadText(t, "written again", string(again)).(*pickle.Object); !ok ||
			Normalize(p).ClassName() != Normalize(o).ClassName() || len(p.Args) != 3 {
			t.Errorf("written again: %v, want %v", p, o)
		}
	}
	a := loadText(t, "cloudpickle", cloudArray).(*pickle.Object)
	if state, ok := a.State.(*types.Tuple); !ok || len(*state) != 5 ||
		string((*state)[4].([]byte)) != "\x00\x00\x01\x00" {
		t.Errorf("state %v", a.State)
	}
}

const (
	// cloudArray is cloudpickle.dumps(np.arange(2, dtype='i2').view(Sub), 4), without FRAME and
	// after pickletools.optimize, of class Sub(np.ndarray): pass in __main__, by cloudpickle 3.1.2.
	cloudArray = "\x80\x04\x8c\x16numpy._core.multiarray\x8c\x0c_reconstruct\x93\x8c\x17cloudpickle.cloudpickle\x94" +
		"\x8c\x14_make_skeleton_class\x93(\x8c\x08builtins\x8c\x04type\x93\x8c\x03Sub\x8c\x05numpy\x94\x8c" +
		"\x07ndarray\x93\x85}\x8c\n__module__\x8c\x08__main__\x94s\x8c b80cdaaef8e84a7c8d79eb739f739d61Nt" +
		"R\x94h\x00\x8c\x0f_class_setstate\x93h\x03}(\x8c\x07__doc__N\x8c\x0f__firstlineno__K\x03\x8c\n__" +
		"module__h\x02\x8c\x15__static_attributes__)u}\x86\x86R0K\x00\x85C\x01b\x87R(K\x01K\x02\x85h\x01\x8c" +
		"\x05dtype\x93\x8c\x02i2\x89\x88\x87R(K\x03\x8c\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89" +
		"C\x04\x00\x00\x01\x00tb."
	// madeBase is copyreg._reconstructor(C, dill._dill._load_type('LambdaType'), None).
	madeBase = "ccopy_reg\n_reconstructor\n(cm\nC\ncdill._dill\n_load_type\n(S'LambdaType'\ntRNtR."
)

func loadText(t *testing.T, what, data string) any {
	t.Helper()
	u := pickle.NewUnpicklerBytes([]byte(data))
	u.FindClass = FindClass
	v, err := u.Load()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return v
}
