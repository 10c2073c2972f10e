package unmarshal

import (
	"math/big"
	"strings"

	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// scalarOf is bare for targets that hold one value: an object that is nothing but one value, as the
// member of an enum and an instance of a subclass of int or str are, is that value.
func scalarOf(src any) any {
	v := pyvalue.Bare(src)
	if o, ok := v.(*pickle.Object); ok {
		if value, ok := madeOf(o); ok {
			return value
		}
	}
	return v
}

// madeOf returns the one value that an object is made of. A function of module operator has an
// argument too, and is no value.
func madeOf(o *pickle.Object) (any, bool) {
	n := reconstruct.Normalize(o)
	class, ok := n.Class.(pickle.Named)
	if !ok || len(n.Args) != 1 || n.Kwargs != nil || n.HasState || len(n.Items) > 0 ||
		len(n.DictItems) > 0 ||
		strings.HasSuffix(class.Global().Module, "operator") {
		return nil, false
	}
	switch v := n.Args[0].(type) {
	case bool, int, float64, string, []byte, complex128, *big.Int, pickle.Py2String:
		return v, true
	}
	return nil, false
}

// membersOf returns the items of a namedtuple, or another subclass of tuple: what it is made of,
// which is one value where protocols 0 and 1 say that it is a tuple, else two at least.
func membersOf(src any) ([]any, bool) {
	o, ok := src.(*pickle.Object)
	if !ok {
		return nil, false
	}
	n := reconstruct.Normalize(o)
	if n.HasState || n.Kwargs != nil || len(n.DictItems) > 0 {
		return nil, false
	}
	if t, ok := pyvalue.BaseTuple(&n); ok {
		return t, true
	}
	return n.Args, o.Form == pickle.FormNewObj && len(n.Args) > 1
}

// rangeItems returns the numbers of a range, against the budget, as nothing in the pickle shows
// that there are so many.
func (a *assigner) rangeItems(r *reconstruct.Range) ([]any, bool, error) {
	start, ok1 := r.Start.(int)
	step, ok2 := r.Step.(int)
	n, ok3 := r.Len()
	if !ok1 || !ok2 || !ok3 {
		return nil, false, nil
	}
	if int64(n) > a.budget {
		return nil, false, pyvalue.LimitError("Expansion", a.expansion,
			a.expansion-a.budget+int64(n))
	}
	a.budget -= int64(n)
	out := make([]any, n)
	for i := range out {
		out[i] = start + i*step
	}
	return out, true, nil
}

// sequenceOf returns the items of everything that a slice or an array takes one by one.
func (a *assigner) sequenceOf(src any) ([]any, bool, error) {
	if items, ok := pyvalue.ItemsOf(src); ok {
		return items, true, nil
	}
	if r, ok := src.(*reconstruct.Range); ok {
		return a.rangeItems(r)
	}
	items, ok := membersOf(src)
	return items, ok, nil
}
