// Package cases gives tests of several packages the pickles of testdata/plain, and functions to
// compare the values read from them.
package cases

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/ndarray"
)

// A Case is one of the cases of testdata/plain/cases.json, which scripts/gen_plain_cases.py writes.
type Case struct {
	Python  string            // the expression of the value
	Pickles map[string][]byte // by protocol
}

// All returns the cases by name.
var All = sync.OnceValue(func() map[string]Case {
	data, err := os.ReadFile(filepath.Join(fixture.Root(), "plain", "cases.json"))
	if err != nil {
		panic(err)
	}
	var m map[string]Case
	if err := json.Unmarshal(data, &m); err != nil {
		panic(err)
	}
	return m
})

// Each runs f on the pickle of a case at each protocol.
func Each(t *testing.T, name string, f func(t *testing.T, data []byte)) {
	t.Helper()
	c, ok := All()[name]
	if !ok || len(c.Pickles) == 0 {
		t.Fatalf("no case %q", name)
	}
	for protocol, data := range c.Pickles {
		t.Run(name+"/"+protocol, func(t *testing.T) { f(t, data) })
	}
}

// Newest returns the pickle of a case at its highest protocol.
func Newest(t testing.TB, name string) []byte {
	t.Helper()
	for _, protocol := range []string{"5", "4", "2", "0"} {
		if data, ok := All()[name].Pickles[protocol]; ok {
			return data
		}
	}
	t.Fatalf("no case %q", name)
	return nil
}

// Diff returns the difference between two values as text, or "". It compares arrays by dtype, shape
// and elements.
func Diff(want, got any) string {
	return cmp.Diff(want, got,
		cmp.Exporter(func(t reflect.Type) bool { return strings.HasSuffix(t.PkgPath(), "_test") }),
		cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 }),
		cmp.Comparer(func(a, b *big.Rat) bool { return a.Cmp(b) == 0 }),
		cmp.Comparer(func(a, b *apd.Decimal) bool { return a.String() == b.String() }),
		cmp.Comparer(func(a, b *ndarray.DType) bool { return a.Equal(b) }),
		cmp.Transformer("elements", func(a *ndarray.Array) arrayText {
			return arrayText{a.DType().Str(), append([]int{}, a.Shape()...),
				slices.Collect(a.Elements())}
		}))
}

// arrayText has the properties of an array by which Diff compares it.
type arrayText struct {
	DType  string
	Shape  []int
	Values []any
}

// FastPaths returns pickles for which the decoder has fast paths, as scripts/gen_fast_path_cases.py
// writes them.
var FastPaths = sync.OnceValue(func() (pickles [][]byte) {
	for _, name := range []string{"fast-paths-py3.json.gz", "fast-paths-py2.json.gz"} {
		f, err := os.Open(filepath.Join(fixture.Root(), "plain", name))
		if err != nil {
			panic(err)
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			panic(err)
		}
		var list [][]byte
		if err := json.NewDecoder(z).Decode(&list); err != nil {
			panic(err)
		}
		pickles = append(pickles, list...)
	}
	return pickles
})

// Same reports whether two values are equal. It differs from reflect.DeepEqual in that arrays are
// compared by their text, that NaNs are equal by their bits, and that map keys are ignored that Go
// compares by address or never finds equal.
func Same(a, b reflect.Value) bool {
	if a.IsValid() != b.IsValid() || a.IsValid() && a.Type() != b.Type() {
		return false
	}
	if !a.IsValid() {
		return true
	}
	if x, ok := a.Interface().(*ndarray.Array); ok && x != nil {
		y := b.Interface().(*ndarray.Array)
		if x.DType() == nil { // the zero Array, of a value that did not fit
			return y != nil && y.DType() == nil
		}
		return y != nil && x.DType().String() == y.DType().String() &&
			slices.Equal(x.Shape(), y.Shape()) &&
			slices.Equal(x.Strides(), y.Strides()) && x.Writeable() == y.Writeable() &&
			x.Class() == y.Class() &&
			(x.DType().Kind() == ndarray.KindObject && x.Size() < 1<<12 && sameElements(x, y) ||
				x.String() == y.String())
	}
	// DeepEqual fails for a DType without a state, since that holds a function.
	if x, ok := a.Interface().(*ndarray.DType); ok && x != nil {
		y := b.Interface().(*ndarray.DType)
		return y != nil && x.String() == y.String()
	}
	switch a.Kind() {
	case reflect.Float64, reflect.Float32:
		return math.Float64bits(a.Float()) == math.Float64bits(b.Float())
	case reflect.Complex128, reflect.Complex64:
		x, y := a.Complex(), b.Complex()
		return Same(reflect.ValueOf(real(x)), reflect.ValueOf(real(y))) &&
			Same(reflect.ValueOf(imag(x)), reflect.ValueOf(imag(y)))
	case reflect.Interface:
		return Same(a.Elem(), b.Elem())
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() || !a.Elem().CanInterface() {
			return a.IsNil() == b.IsNil()
		}
		if a.Elem().Kind() == reflect.Struct && a.Elem().NumField() > 0 &&
			!a.Elem().Type().Field(0).IsExported() {
			return reflect.DeepEqual(a.Interface(), b.Interface())
		}
		return Same(a.Elem(), b.Elem())
	case reflect.Slice, reflect.Array:
		if a.Len() != b.Len() || a.Kind() == reflect.Slice && a.IsNil() != b.IsNil() {
			return false
		}
		for i := range a.Len() {
			if !Same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		return a.Len() == b.Len() && a.IsNil() == b.IsNil() && sameMap(a, b)
	case reflect.Struct:
		for i := range a.NumField() {
			if a.Type().Field(i).IsExported() && !Same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

func sameElements(x, y *ndarray.Array) bool {
	next, stop := iter.Pull(y.Elements())
	defer stop()
	for v := range x.Elements() {
		if w, _ := next(); !Same(reflect.ValueOf(&v), reflect.ValueOf(&w)) {
			return false
		}
	}
	return true
}

func sameMap(a, b reflect.Value) bool {
	for it := a.MapRange(); it.Next(); {
		other := b.MapIndex(it.Key())
		if !other.IsValid() {
			k := it.Key()
			for k.Kind() == reflect.Interface {
				k = k.Elem()
			}
			if k.Kind() == reflect.Pointer || strings.Contains(fmt.Sprint(k), "NaN") ||
				k.Kind() == reflect.Array {
				continue
			}
			return false
		}
		if !Same(it.Value(), other) {
			return false
		}
	}
	return true
}

// Long reports whether tests shall run all their cases. Without UNPKL_LONG in the environment,
// tests that cut or change files byte by byte try only a part of the positions, which keeps the
// daily run short. .ci/run sets it.
func Long() bool { return os.Getenv("UNPKL_LONG") != "" }

// WriteTemp writes data to a temporary file of the test.
func WriteTemp(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data.pkl")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A FewReader has only a Read method, which returns at most 3 bytes at a time.
type FewReader struct{ R io.Reader }

func (r FewReader) Read(p []byte) (int, error) { return r.R.Read(p[:min(len(p), 3)]) }

// Connection is a reader that gives Data in pieces of at most Size bytes and then stays open, as a
// network connection does: asking it for more than there is would wait for ever, and fails the
// test.
type Connection struct {
	T    testing.TB
	Data []byte
	Size int
}

func (c *Connection) Read(p []byte) (int, error) {
	if len(c.Data) == 0 {
		c.T.Error("a byte behind the pickle is waited for")
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p[:min(len(p), c.Size)], c.Data)
	c.Data = c.Data[n:]
	return n, nil
}

// BigInt returns the int with the given digits.
func BigInt(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 10)
	if !ok {
		panic(s)
	}
	return n
}

// Repeated returns a list that holds v n times, as a small pickle can.
func Repeated(v any, n int) *types.List {
	l := make(types.List, n)
	for i := range l {
		l[i] = v
	}
	return &l
}
