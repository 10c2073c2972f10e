package reconstruct_test

import (
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// eachPickle calls f for the pickles in a file of scripts/fixtures/code_cases.py, as objects and as
// plain values, with what Python says of them.
func eachPickle(t *testing.T, name string, f func(t *testing.T, v any, want said)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(fixture.Root(), "code", "*", name+".pkl"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures of %s: %v", name, err)
	}
	for _, path := range paths {
		var pickles [][]byte
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := unpkl.Unmarshal(data, &pickles); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path[:len(path)-4] + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var want []said
		if err := json.Unmarshal(text, &want); err != nil || len(want) != len(pickles) {
			t.Fatal(len(want), len(pickles), err)
		}
		for i, p := range pickles {
			checkTyped(t, p, want[i])
			for _, opts := range [][]unpkl.Option{nil, {unpkl.WithObjects()}} {
				v, err := unpkl.LoadBytes(p, opts...)
				if err != nil {
					t.Fatalf("%s, pickle %d: %v", path, i, err)
				}
				f(t, v, want[i])
			}
		}
	}
}

// checkTyped fills fields of Go's own types for what has one: patterns, addresses and mappings.
func checkTyped(t *testing.T, data []byte, want said) {
	t.Helper()
	var err error
	switch text, isAddress := want["address"].(string); {
	case isAddress && strings.Contains(text, "/"):
		var network netip.Prefix
		err = unpkl.Unmarshal(data, &network)
		same(t, "network", network.String(), text)
	case isAddress:
		var address netip.Addr
		err = unpkl.Unmarshal(data, &address)
		same(t, "address", address.String(), text)
	case want["pattern"] != nil:
		var pattern *regexp.Regexp
		if err = unpkl.Unmarshal(data, &pattern); err == nil {
			match := strings.Repeat(strings.TrimSuffix(want["pattern"].(string), "+"), 3)
			if !pattern.MatchString(match) || pattern.MatchString("-") {
				t.Errorf("%s for the pattern %v", pattern, want["pattern"])
			}
		}
	case want["mapping"] != nil:
		var mapping map[string]any
		err = unpkl.Unmarshal(data, &mapping)
		same(t, "mapping", jsonOf(t, mapping), want["mapping"])
		var fields struct {
			A int   `pickle:"a"`
			B []any `pickle:"b"`
		}
		if e := unpkl.Unmarshal(data, &fields); e != nil || fields.A != 1 || len(fields.B) != 2 {
			t.Errorf("%v: %v", fields, e)
		}
	}
	if err != nil {
		t.Errorf("%v: %v", want, err)
	}
}

// textsOf are the values as Python's str gives them, as far as tests have such.
func textsOf(t *testing.T, values []any) []any {
	t.Helper()
	out := []any{}
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			out = append(out, "None")
		case string:
			out = append(out, v)
		case *types.Tuple:
			out = append(out, "("+textsOf(t, *v)[0].(string)+",)")
		default:
			data, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, string(data))
		}
	}
	return out
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	eachPickle(t, "functions", func(t *testing.T, v any, want said) {
		if name, isClass := want["class"]; isClass {
			checkClass(t, v, name.(string), want)
			return
		}
		f, ok := reconstruct.ReadFunction(v)
		if !ok {
			t.Fatalf("%v is no function", v)
		}
		same(t, "name", f.Name, want["name"])
		if f.Module != "" {
			same(t, "module", f.Module, want["module"])
		}
		if f.QualName != "" {
			same(t, "qualname", f.QualName, want["qualname"])
		}
		same(t, "parameters", jsonOf(t, f.Params), want["params"])
		same(t, "documentation", f.Doc, want["doc"])
		same(t, "names", jsonOf(t, f.Names), want["names"])
		same(t, "free variables", jsonOf(t, f.FreeVars), want["free"])
		same(t, "code", hex.EncodeToString(f.Code), want["code"])
		same(t, "line", float64(f.FirstLine), want["line"])
		same(t, "constants", textsOf(t, f.Constants), want["constants"])
		same(t, "defaults", jsonOf(t, append([]any{}, f.Defaults...)), want["defaults"])
		if n := len(want["kwdefaults"].(map[string]any)); len(f.KwDefaults) != n {
			t.Errorf("%s: %v, want %d values of parameters by name", f, f.KwDefaults, n)
		}
		for i, c := range want["closure"].([]any) {
			list, ok := f.Closure[i].(*types.List)
			if f.Closure[i] == nil && strings.HasPrefix(v.(*pickle.Object).ClassName(), "dill") {
				continue // which dill's newest versions fill by a call of a call
			}
			if !ok {
				t.Fatalf("%s: the closure has %v", f, f.Closure[i])
			}
			same(t, "closure", jsonOf(t, textless(*list)), c)
		}
		if f.Name == "function" {
			hasFactor := slices.ContainsFunc(f.Globals, func(e types.DictEntry) bool {
				return e.Key == "FACTOR" && e.Value == 3
			})
			if !hasFactor {
				t.Errorf("%s: globals %v", f, f.Globals)
			}
		}
	})
}

func textless(l types.List) []any { return l }

func checkClass(t *testing.T, v any, name string, want said) {
	t.Helper()
	c, ok := reconstruct.ReadClass(v)
	if !ok {
		t.Fatalf("%v is no class", v)
	}
	same(t, "name", c.Name, name)
	if c.Module != "" {
		same(t, "module", c.Module, want["module"])
	}
	methods := []string{}
	for _, e := range c.Attrs {
		if f, ok := reconstruct.ReadFunction(e.Value); ok {
			methods = append(methods, f.Name)
		}
	}
	slices.Sort(methods)
	same(t, "methods", jsonOf(t, methods), want["methods"])
}

func TestViews(t *testing.T) {
	t.Parallel()
	eachPickle(t, "views", func(t *testing.T, v any, want said) {
		switch {
		case want["error"] != nil:
			e, ok := reconstruct.ReadException(v, nil)
			if !ok {
				t.Fatalf("%v is no exception", v)
			}
			same(t, "text", e.Error(), want["error"])
		case want["func"] != nil:
			p, ok := reconstruct.ReadPartial(v)
			if !ok {
				t.Fatalf("%v is no partial", v)
			}
			same(t, "function", p.Func.(pickle.Named).Global().Python3().String(), want["func"])
			same(t, "arguments", jsonOf(t, p.Args), want["args"])
			if len(p.Keywords) != 1 || p.Keywords[0].Value != 8 {
				t.Errorf("keywords %v", p.Keywords)
			}
		case want["enum"] != nil:
			m, ok := reconstruct.ReadEnum(v)
			if !ok {
				t.Fatalf("%v is no member", v)
			}
			same(t, "class", m.Class, want["enum"])
			same(t, "name", m.Name, want["name"])
			same(t, "value", jsonOf(t, m.Value), want["value"])
		case want["pattern"] != nil:
			p, ok := reconstruct.ReadPattern(v)
			if !ok {
				t.Fatalf("%v is no pattern", v)
			}
			same(t, "pattern", p.Pattern, want["pattern"])
			same(t, "flags", float64(p.Flags), want["flags"])
			same(t, "bytes", p.Bytes, want["bytes"])
		case want["mapping"] != nil:
			if _, isObject := v.(*pickle.Object); !isObject { // as it is with WithObjects
				same(t, "mapping", jsonOf(t, v), want["mapping"])
			}
		}
	})
	for _, v := range []any{nil, 1, &pickle.Object{}, &pickle.Object{Class: pickle.Global{
		Module: "builtins", Name: "object"}}} {
		_, isException := reconstruct.ReadException(v, nil)
		_, isPartial := reconstruct.ReadPartial(v)
		_, isMember := reconstruct.ReadEnum(v)
		_, isPattern := reconstruct.ReadPattern(v)
		_, isFunction := reconstruct.ReadFunction(v)
		_, isClass := reconstruct.ReadClass(v)
		if isException || isPartial || isMember || isPattern || isFunction || isClass {
			t.Errorf("%v is something", v)
		}
	}
}
