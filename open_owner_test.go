package unpkl_test

import (
	"github.com/unpkl/unpkl/internal/cases"

	"errors"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// TestOpenOwner: wherever an array of a mapped file stands, it is an error and no fault to read it
// after Close; and a scalar is a copy.
func TestOpenOwner(t *testing.T) {
	payload := "B\x00\x20\x00\x00" + strings.Repeat("\x00", 8192)
	float := "cnumpy\ndtype\n(U\x02f8K\x00K\x01tR(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
	state := "(K\x01M\x00\x04\x85" + float + "\x89" + payload + "tb"
	array := "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR" + state
	object := func(v any) *pickle.Object { return v.(*pickle.Object) }
	for _, tt := range []struct {
		name, in string
		get      func(v any) any
	}{
		{"alone", array, func(v any) any { return v }},
		{"of a subclass", "cnumpy.core.multiarray\n_reconstruct\n(cm\nA\nK\x00\x85C\x01btR" + state,
			func(v any) any {
				return v
			}},
		{"over a buffer", "cnumpy.core.numeric\n_frombuffer\n(" + payload + float +
			"M\x00\x04\x85\x8c\x01CtR", func(v any) any {
			return v
		}},
		{"of Numeric", "cNumeric\narray_constructor\n(M\x00\x04\x85\x8c\x01d" + payload + "K\x01tR",
			func(v any) any {
				return v
			}},
		{"in a list of lists", "](](" + array + "ee", func(v any) any {
			return (*(*v.(*types.List))[0].(*types.List))[0]
		}},
		{"as attributes of an OrderedDict", "ccollections\nOrderedDict\n)R" + array + "b",
			func(v any) any {
				return v.(*reconstruct.OrderedDict).Attrs
			}},
		{"as attributes of a deque", "ccollections\ndeque\n)R" + array + "b", func(v any) any {
			return v.(*reconstruct.Deque).Attrs
		}},
		{"in the factory of a defaultdict", "ccollections\ndefaultdict\n(cfunctools\npartial\n" +
			array + "\x85RtR", func(v any) any {
			return object(v.(*reconstruct.DefaultDict).Factory).Args[0]
		}},
		{"in a slice", "cbuiltins\nslice\n" + array + "NN\x87R", func(v any) any {
			return v.(*reconstruct.Slice).Start
		}},
		{"in a dtype's metadata",
			"cnumpy\ndtype\n(U\x02f8K\x00K\x01tR(K\x04U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00}U\x01a" + array + "stb", func(v any) any {
				return (*v.(*ndarray.DType).Metadata().(*types.Dict))[0].Value
			}},
		{"in a persistent id", array + "\x85Q", func(v any) any {
			return (*v.(*pickle.PersistentRef).ID.(*types.Tuple))[0]
		}},
		{"in an object's state", "cm\nC\n)\x81" + array + "b", func(v any) any {
			return object(v).State
		}},
		{"in an object's class", "cm\nC\n" + array + "\x85R)R", func(v any) any {
			return object(object(v).Class).Args[0]
		}},
		{"by a hook", strings.ReplaceAll(array, "numpy.core", "hooked.core"), func(v any) any {
			return v
		}},
		{"scalar",
			"cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\n(U\x05V8192K\x00K\x01tR(K\x03U\x01|NNNM\x00\x20K\x01K\x00tb" + payload + "\x86R", func(v any) any {
				return v
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := cases.WriteTemp(t, []byte("\x80\x03"+tt.in+"."))
			for _, hooks := range [][]unpkl.Option{
				{unpkl.WithPersistentLoad(func(pid any) (any, error) {
					return &pickle.PersistentRef{ID: pid}, nil
				})},
				{unpkl.WithFindClass(func(module, name string) (any, error) {
					if name == "C" || name == "A" {
						return nil, unpkl.ErrSkipClass
					}
					return reconstruct.FindClass(strings.Replace(module, "hooked", "numpy", 1),
						name)
				})},
			} {
				opts := append(hooks, unpkl.WithObjects())
				f, err := unpkl.Open(path, opts...)
				if err != nil {
					t.Fatal(err)
				}
				v, err := f.Load()
				if err != nil && strings.Contains(tt.name, "persistent") &&
					errors.Is(err, pickle.ErrUnsupported) {
					f.Close()
					continue // without its hook
				}
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(tt.name, "hook") && isObject(v) {
					f.Close()
					continue // likewise
				}
				got := tt.get(v)
				if err := f.Close(); err != nil {
					t.Fatal(err)
				}
				switch got := got.(type) {
				case *ndarray.Array:
					if _, err := ndarray.Values[float64](got); !errors.Is(err, unpkl.ErrClosed) {
						t.Errorf("after Close: %v", err)
					}
				case *ndarray.Scalar:
					if b := got.Bytes(); len(b) != 8192 || b[8191] != 0 {
						t.Errorf("%d bytes", len(b))
					}
				default:
					t.Errorf("%T is no array", got)
				}
			}
		})
	}
}

func isObject(v any) bool {
	_, ok := v.(*pickle.Object)
	return ok
}
