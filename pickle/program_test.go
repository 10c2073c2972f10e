package pickle

import (
	"fmt"
	"strings"
	"testing"

	gopickle "github.com/nlpodyssey/gopickle/pickle"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/opfuzz"
)

// programSeeds returns inputs of different kinds for the generator of programs.
func programSeeds(f *testing.F) {
	for i := range 48 {
		seed := make([]byte, 24+i*4)
		for k := range seed {
			seed[k] = byte(i*41 + k*k*(i+5) + k*7)
		}
		f.Add(seed)
	}
}

// FuzzProgram loads generated programs, most of which are valid, on all routes. A value that loads
// is written at every protocol and read again.
func FuzzProgram(f *testing.F) {
	programSeeds(f)
	f.Fuzz(func(t *testing.T, choices []byte) {
		data := opfuzz.Program(choices, "m C", "m D", "builtins set", "collections OrderedDict")
		sameOnAllRoutes(t, data)
		checkRewritten(t, data)
	})
}

// FuzzGopickle loads generated programs with gopickle and with our Unpickler. If both accept one,
// they must give the same value. Inputs with a documented defect of gopickle's (see
// TestGopickleDiffers) are left out.
func FuzzGopickle(f *testing.F) {
	programSeeds(f)
	f.Fuzz(func(t *testing.T, choices []byte) {
		compareGopickle(t, opfuzz.Program(choices, "m C", "m D"))
	})
}

// compareGopickle does not pass to gopickle what our Unpickler rejects, since gopickle may allocate
// any amount of memory for it.
func compareGopickle(t *testing.T, data []byte) {
	t.Helper()
	if gopickleMisreads(data) {
		return
	}
	find := func(module, name string) (any, error) { return Global{module, name}, nil }
	u := NewUnpicklerBytes(data)
	u.FindClass = find
	ours, err := u.Load()
	if err != nil {
		return
	}
	theirs, err := func() (v any, err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v", p)
			}
		}()
		g := gopickle.NewUnpickler(strings.NewReader(string(data)))
		g.FindClass = find
		return g.Load()
	}()
	if err != nil {
		return
	}
	budget := 20_000
	if !repair(theirs, map[any]bool{}) {
		return
	}
	want := canonAt(ours, 0, &budget)
	got := canon(theirs)
	if strings.Contains(got, "?*types.") {
		return // gopickle's sets, whose members it compares by address (W8)
	}
	if want != got && !strings.Contains(want, deep) {
		t.Errorf("%q: %s, gopickle %s", data, want, got)
	}
}

// gopickleMisreads reports whether a pickle has opcodes that gopickle reads wrongly: text with
// escapes (W1, W2), and memo keys that are missing (W3) or are text with a sign.
func gopickleMisreads(data []byte) bool {
	for op, err := range OpsBytes(data) {
		if err != nil {
			return false
		}
		if op.Op == OpString || op.Op == OpUnicode {
			if line := data[op.Offset+1 : op.Offset+op.Size]; strings.ContainsFunc(string(line),
				func(r rune) bool {
					return r == '\\' || r > 126
				}) {
				return true
			}
		}
	}
	return false
}

// repair undoes the defects W7 and W8 in a value of gopickle's, which keeps all of several equal
// keys in a dict and of equal tuples in a set. It returns false for a value with an unhashable key
// (W9).
func repair(v any, seen map[any]bool) bool {
	each := func(items []any) bool {
		for _, item := range items {
			if !repair(item, seen) {
				return false
			}
		}
		return true
	}
	switch v := v.(type) {
	case *types.List:
		return seen[v] || mark(seen, v) && each(*v)
	case *types.Tuple:
		return seen[v] || mark(seen, v) && each(*v)
	case *Object: // of Global's own Call
		return seen[v] || mark(seen, v) && repair(v.Class, seen) && each(v.Args) && each(v.Items) &&
			repair(&v.DictItems, seen) && repair(v.State, seen)
	case *types.Dict:
		if seen[v] {
			return true
		}
		seen[v] = true
		var k keyer
		var whole types.Dict
		at := map[any]int{}
		for _, e := range *v {
			key, err := k.key(e.Key)
			if err != nil || !repair(e.Key, seen) || !repair(e.Value, seen) {
				return false
			}
			if i, there := at[key]; there {
				whole[i].Value = e.Value
				continue
			}
			at[key] = len(whole)
			whole = append(whole, e)
		}
		*v = whole
	}
	return true
}

func mark(seen map[any]bool, v any) bool { seen[v] = true; return true }
