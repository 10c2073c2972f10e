package reconstruct_test

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	gopickle "github.com/nlpodyssey/gopickle/pickle"
	"github.com/nlpodyssey/gopickle/pytorch"
	"github.com/nlpodyssey/gopickle/types"
	"github.com/sbinet/npyio/npy"

	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// Hooks that were written for gopickle drive our Unpickler.

// TestNpyioClassLoader reads arrays of numbers with npyio's hook and with ours.
func TestNpyioClassLoader(t *testing.T) {
	for _, name := range []string{"example_dict", "example_records", "example_nested",
		"example_cifar"} {
		t.Run(name, func(t *testing.T) {
			f, err := fixture.Find("py311-np126", name, 4)
			if err != nil {
				t.Fatal(err)
			}
			data, err := f.Data()
			if err != nil {
				t.Fatal(err)
			}
			u := pickle.NewUnpicklerBytes(data)
			u.FindClass = npy.ClassLoader
			theirs, err := u.Load()
			if err != nil {
				t.Fatal(err)
			}
			ours, err := load(f)
			if err != nil {
				t.Fatal(err)
			}
			compareNpyio(t, theirs, ours)
		})
	}
}

func compareNpyio(t *testing.T, theirs, ours any) {
	t.Helper()
	var a []*npy.Array
	var b []*ndarray.Array
	walk(theirs, func(v any) {
		if v, ok := v.(*npy.Array); ok {
			a = append(a, v)
		}
	})
	walk(ours, func(v any) {
		if v, ok := v.(*ndarray.Array); ok {
			b = append(b, v)
		}
	})
	if len(a) == 0 || len(a) != len(b) {
		t.Fatalf("npyio made %d arrays, we %d", len(a), len(b))
	}
	for i := range a {
		got := fmt.Sprint(a[i].Shape(), a[i].Data())
		want := fmt.Sprint(b[i].Shape(), slices.Collect(b[i].Elements()))
		if got != want {
			t.Errorf("array %d: npyio has %s, we %s", i, got, want)
		}
	}
}

// walk calls f for v and what it contains, each pointer once.
func walk(v any, f func(any)) {
	seen := map[any]bool{}
	todo := []any{v}
	for len(todo) > 0 {
		v, todo = todo[0], todo[1:]
		switch c := v.(type) {
		case *types.List, *types.Tuple, *types.Dict, *ndarray.Array, *npy.Array:
			if seen[v] {
				continue
			}
			seen[v] = true
			switch c := c.(type) {
			case *types.List:
				todo = append(todo, *c...)
			case *types.Tuple:
				todo = append(todo, *c...)
			case *types.Dict:
				for _, e := range *c {
					todo = append(todo, e.Value)
				}
			}
		}
		f(v)
	}
}

// tensorPickle is the data.pkl that torch.save writes for
// {'w': torch.tensor([[1., 2., 3.], [4., 5., 6.]])} at protocol 2.
const tensorPickle = "\x80\x02}q\x00X\x01\x00\x00\x00wq\x01ctorch._utils\n_rebuild_tensor_v2\nq\x02((X\x07\x00\x00\x00storageq\x03" +
	"ctorch\nFloatStorage\nq\x04X\x01\x00\x00\x000q\x05X\x03\x00\x00\x00cpuq\x06K\x06tq\x07QK\x00K\x02K\x03\x86q\x08K\x03K\x01\x86q\x09\x89" +
	"ccollections\nOrderedDict\nq\x0a)Rq\x0btq\x0cRq\x0ds."

// TestPytorchHook uses the classes of gopickle's pytorch package as a hook of our
// Unpickler. The package's own hook is not exported, so the test puts one
// together, and compares with what pytorch.Load makes of the same file.
func TestPytorchHook(t *testing.T) {
	values := []float32{1, 2, 3, 4, 5, 6}
	file := filepath.Join(t.TempDir(), "model.pt")
	writeTorchFile(t, file, tensorPickle, values)
	theirs, err := pytorch.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	u := pickle.NewUnpicklerBytes([]byte(tensorPickle))
	u.FindClass = func(module, name string) (any, error) {
		switch module + "." + name {
		case "torch._utils._rebuild_tensor_v2":
			return &pytorch.RebuildTensorV2{}, nil
		case "torch.FloatStorage":
			return &pytorch.FloatStorageClass{}, nil
		}
		return nil, errors.New("class not found: " + module + "." + name)
	}
	u.PersistentLoad = func(pid any) (any, error) {
		storage := (*pid.(*types.Tuple))[1].(pytorch.StorageClassInterface).New(6,
			"cpu").(*pytorch.FloatStorage)
		storage.Data = values
		return storage, nil
	}
	ours, err := u.Load()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(theirs, ours); diff != "" {
		t.Errorf("-pytorch.Load +ours:\n%s", diff)
	}
}

func writeTorchFile(t *testing.T, file, data string, values []float32) {
	t.Helper()
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	z := zip.NewWriter(out)
	raw := []byte{}
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	for name, content := range map[string]string{"archive/data.pkl": data,
		"archive/data/0": string(raw)} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestPytorchFallback: gopickle's pytorch reader takes our FindClass for the classes
// that it does not know itself.
func TestPytorchFallback(t *testing.T) {
	f, err := fixture.Find("py311-np126", "shared_arrays", 2)
	if err != nil {
		t.Fatal(err)
	}
	data, err := f.Data()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "checkpoint.pt")
	writeTorchFile(t, file, string(data), nil)
	theirs, err := pytorch.LoadWithUnpickler(file, func(r io.Reader) gopickle.Unpickler {
		u := gopickle.NewUnpickler(r)
		u.FindClass = reconstruct.FindClass
		return u
	})
	if err != nil {
		t.Fatal(err)
	}
	ours, err := load(f)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ours, adapt(theirs, map[any]any{}), comparers); diff != "" {
		t.Errorf("-ours +pytorch:\n%s", diff)
	}
}
