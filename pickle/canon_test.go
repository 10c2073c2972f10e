package pickle

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"
)

const deep = "!!deep"

// canon returns v in the text form of testdata/canon.py.
func canon(v any) string {
	budget := 20_000
	if s := canonAt(v, 0, &budget); !strings.Contains(s, deep) {
		return s
	}
	return deep
}

// canonAt is canon for a value at a depth. It gives up if v is nested too deeply, or if its shared
// values unfold to more than budget.
func canonAt(v any, depth int, budget *int) string {
	if *budget--; depth > 200 || *budget < 0 {
		*budget = -1 // all that is around it is too deep as well, and need not be written
		return deep
	}
	canon := func(v any) string { return canonAt(v, depth+1, budget) }
	hexOf := func(s string) string { return hex.EncodeToString([]byte(s)) }
	list := func(items []any, open, end string, sorted bool) string {
		parts := make([]string, len(items))
		for i, item := range items {
			if parts[i] = canon(item); *budget < 0 {
				return deep
			}
		}
		if sorted {
			slices.Sort(parts)
		}
		return open + strings.Join(parts, ",") + end
	}
	pairs := func(d types.Dict) string {
		parts := make([]string, len(d))
		for i, e := range d {
			if parts[i] = canon(e.Key) + ":" + canon(e.Value); *budget < 0 {
				return deep
			}
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int:
		return canon(big.NewInt(int64(v)))
	case *big.Int:
		if v.Sign() < 0 {
			return "-0x" + v.Text(16)[1:]
		}
		return "0x" + v.Text(16)
	case float64:
		return fmt.Sprintf("f%016x", math.Float64bits(v))
	case string:
		return "s" + hexOf(v)
	case []byte:
		return "b" + hex.EncodeToString(v)
	case *types.ByteArray:
		return "B" + hex.EncodeToString(*v)
	case *types.List:
		return list(*v, "[", "]", false)
	case *types.Tuple:
		return list(*v, "(", ")", false)
	case *types.Dict:
		return pairs(*v)
	case *Set:
		return list(v.Items, "<", ">", true)
	case *FrozenSet:
		return list(v.Items, "<<", ">>", true)
	case Global:
		return "global " + hexOf(v.Module+" "+v.Name)
	case *Object:
		kwargs, state := types.Dict{}, []any{}
		if v.Kwargs != nil {
			kwargs = *v.Kwargs
		}
		if v.HasState {
			state = append(state, v.State)
		}
		set := make([]any, len(v.DictItems))
		for i, e := range v.DictItems {
			set[i] = (*types.Tuple)(&[]any{e.Key, e.Value})
		}
		return fmt.Sprintf("object(%s %s %s %s %s %s)", canon(v.Class),
			list(v.Args, "(", ")", false),
			pairs(kwargs), list(state, "[", "]", false), list(v.Items, "[", "]", false),
			list(set, "[", "]", false))
	}
	return fmt.Sprintf("?%T", v)
}

type pyCase struct{ name, data, want string }

// pyCases returns the pickles of testdata/cases.txt with the results of CPython.
func pyCases(t testing.TB) []pyCase {
	t.Helper()
	text, err := os.ReadFile("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	var cases []pyCase
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 3 {
			t.Fatalf("bad line %q", line)
		}
		data, err := strconv.Unquote(f[1])
		if err != nil {
			t.Fatalf("%s: %v", f[0], err)
		}
		cases = append(cases, pyCase{f[0], data, f[2]})
	}
	return cases
}
