package unmarshal

import (
	"math/big"
	"strings"

	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// scalarOf is pyvalue.Bare for targets that hold one value. An object that is built from one value,
// such as a member of an enum or an instance of a subclass of int or str, counts as that value.
func scalarOf(src any) any {
	v := pyvalue.Bare(src)
	if o, ok := v.(*pickle.Object); ok {
		if value, ok := soleValue(o); ok {
			return value
		}
	}
	return v
}

// soleValue returns the one value that an object is built from. A function of Python's module
// operator has an argument too, but is not a value.
func soleValue(o *pickle.Object) (any, bool) {
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

// membersOf returns the items of an instance of a subclass of tuple, such as a namedtuple. Such an
// object may be ambiguous: if it is built by NEWOBJ, more than one argument is needed to tell it
// from an object that is built from one value.
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

// rangeItems returns the numbers of a range. They count against the budget, because a range of any
// length takes only a few bytes in the pickle.
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

// sequenceOf returns the items of any object whose items a slice or array takes one by one.
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
