package lookup

import (
	"fmt"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/reconstruct"
)

// walkFrame is a container that is being walked through.
type walkFrame struct {
	at   pointer.Pointer
	p    Parts
	next int
}

// Walk visits a value and all that is inside it, in the order of the file. visit gets what Resolve
// returns, and says whether to go on into it; into a container that is met again Walk does not go.
func (r *Reader) Walk(v any, at pointer.Pointer, visit func(at pointer.Pointer, v any) (into bool,
	err error)) error {
	met := map[any]bool{}
	var stack []walkFrame
	enter := func(v any, at pointer.Pointer) error {
		again := false
		if id := identity(v); id != nil {
			again = met[id]
			met[id] = true
		}
		c, err := r.Resolve(v)
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		into, err := visit(at, c)
		if err != nil || !into || again {
			return err
		}
		if p, ok := r.Parts(c); ok {
			stack = append(stack, walkFrame{at: at, p: p})
		}
		return nil
	}
	if err := enter(v, at); err != nil {
		return err
	}
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		if f.next == f.p.Len {
			stack = stack[:len(stack)-1]
			continue
		}
		token, child := f.p.At(f.next)
		f.next++
		if err := enter(child, f.at.Child(token)); err != nil {
			return err
		}
	}
	return nil
}

// identity returns what tells a container from others that are equal, nil for anything else.
func identity(v any) any {
	switch v := v.(type) {
	case *ndarray.Array, *ndarray.Masked, *frame.Frame:
		return v
	}
	if items, ok := pyvalue.ItemsOf(v); ok && len(items) == 0 {
		return nil
	}
	if pyvalue.IsContainer(v) {
		return v
	}
	return nil
}

// Elements returns an array or column that a value is, as Walk visits it: *ndarray.Array,
// *ndarray.Masked or *frame.Series.
func Elements(v any) (any, bool) {
	switch v := v.(type) {
	case *ndarray.Array, *ndarray.Masked, *frame.Series:
		return v, true
	case *reconstruct.TypedArray:
		return pyvalue.ArrayOf(v)
	}
	return nil, false
}
