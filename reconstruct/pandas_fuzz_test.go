package reconstruct_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// walkObject calls f for the objects in v, each once.
func walkObject(v any, f func(any)) {
	seen := map[any]bool{}
	for stack := []any{v}; len(stack) > 0; {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		switch v.(type) {
		case *pickle.Object, *types.List, *types.Tuple, *types.Dict:
		default:
			continue
		}
		if seen[v] {
			continue
		}
		seen[v] = true
		items, entries := partsOf(v)
		stack = append(stack, items...)
		for _, e := range entries {
			stack = append(stack, e.Key, e.Value)
		}
		o, ok := v.(*pickle.Object)
		if !ok {
			continue
		}
		f(o)
		stack = append(append(append(stack, o.Class, o.State), o.Args...), o.Items...)
	}
}

// readAll reads every element, which panics if something was not checked.
func readAll(s *frame.Series) {
	for i := range min(s.Len(), 1000) {
		s.IsNull(i)
		s.At(i)
	}
	_, _ = frame.Values[float64](shortened(s))
	_, _ = frame.Values[*string](shortened(s))
}

// shortened leaves out series whose length is only claimed.
func shortened(s *frame.Series) *frame.Series {
	if s.Len() > 1000 {
		return &frame.Series{Kind: frame.Object}
	}
	return s
}

func readIndex(x *frame.Index) {
	for i := range min(x.Len(), 1000) {
		x.IsNull(i)
		x.At(i)
	}
}

// FuzzPandas converts the objects in whatever loads; what Convert returns is valid and can be
// read to the end.
func FuzzPandas(f *testing.F) {
	for _, pattern := range []string{"pandas/*/*.pkl", "scipy/*/*.pkl"} {
		files, err := filepath.Glob("../testdata/" + pattern)
		if err != nil || len(files) == 0 {
			f.Fatal("no fixtures", pattern, err)
		}
		for _, path := range files {
			if data, err := os.ReadFile(path); err == nil && len(data) < 6000 {
				f.Add(data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		u := pickle.NewUnpicklerBytes(data)
		u.FindClass = reconstruct.FindClass
		v, err := u.Load()
		if err != nil {
			return
		}
		var p reconstruct.Pandas
		walkObject(v, func(v any) {
			c, ok, err := p.Convert(v)
			if ok != (c != nil) || ok && err != nil {
				t.Fatalf("%T, %v, %v", c, ok, err)
			}
			switch c := c.(type) {
			case *frame.Frame:
				if err := c.Validate(); err != nil {
					t.Fatal(err)
				}
				readIndex(c.Labels)
				readIndex(c.Index)
				for _, s := range c.Columns {
					readAll(s)
				}
			case *frame.Series:
				if err := c.Validate(); err != nil {
					t.Fatal(err)
				}
				readAll(c)
			case *frame.Index:
				if err := c.Validate(); err != nil {
					t.Fatal(err)
				}
				readIndex(c)
			}
			if s, ok, _ := p.Sparse(v); ok {
				_, _ = s.ToDense(10_000)
				s.NNZ()
			}
		})
	})
}

// partsOf returns what lists, tuples and dicts hold.
func partsOf(v any) ([]any, types.Dict) {
	switch v := v.(type) {
	case *types.List:
		return *v, nil
	case *types.Tuple:
		return *v, nil
	case *types.Dict:
		return nil, *v
	}
	return nil, nil
}
