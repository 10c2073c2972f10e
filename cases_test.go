package unpkl_test

import (
	"encoding/json"
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

	"github.com/unpkl/unpkl/ndarray"
)

// pickled is one of testdata/plain/cases.json, written by scripts/gen_plain_cases.py.
type pickled struct {
	Python  string            // the expression
	Pickles map[string][]byte // by protocol
}

var cases = sync.OnceValue(func() map[string]pickled {
	data, err := os.ReadFile(filepath.Join("testdata", "plain", "cases.json"))
	if err != nil {
		panic(err)
	}
	var m map[string]pickled
	if err := json.Unmarshal(data, &m); err != nil {
		panic(err)
	}
	return m
})

// eachPickle runs f on a case at every protocol that it was written with.
func eachPickle(t *testing.T, name string, f func(t *testing.T, data []byte)) {
	t.Helper()
	c, ok := cases()[name]
	if !ok || len(c.Pickles) == 0 {
		t.Fatalf("no case %q", name)
	}
	for protocol, data := range c.Pickles {
		t.Run(name+"/"+protocol, func(t *testing.T) { f(t, data) })
	}
}

// newest returns the pickle of a case at the newest protocol it was written with.
func newest(t testing.TB, name string) []byte {
	t.Helper()
	for _, protocol := range []string{"5", "4", "2", "0"} {
		if data, ok := cases()[name].Pickles[protocol]; ok {
			return data
		}
	}
	t.Fatalf("no case %q", name)
	return nil
}

// diff compares values; arrays by dtype, shape and elements.
func diff(want, got any) string {
	return cmp.Diff(want, got,
		cmp.Exporter(func(t reflect.Type) bool { return strings.HasPrefix(t.PkgPath(), "github.com/unpkl/unpkl_test") }),
		cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 }),
		cmp.Comparer(func(a, b *big.Rat) bool { return a.Cmp(b) == 0 }),
		cmp.Comparer(func(a, b *apd.Decimal) bool { return a.String() == b.String() }),
		cmp.Comparer(func(a, b *ndarray.DType) bool { return a.Equal(b) }),
		cmp.Transformer("elements", func(a *ndarray.Array) arrayText {
			return arrayText{a.DType().Str(), append([]int{}, a.Shape()...), slices.Collect(a.Elements())}
		}))
}

// arrayText is what two equal arrays have in common.
type arrayText struct {
	DType  string
	Shape  []int
	Values []any
}

func mustBig(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 10)
	if !ok {
		panic(s)
	}
	return n
}
