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
	at    pointer.Pointer
	parts Parts
	next  int // index of the next part to visit
}

// Walk visits a value and everything inside it, in the order of the file. visit receives what
// Resolve returns and says whether to visit the parts of that value too. The parts of a container
// are visited once, also if the file refers to it several times.
func (r *Reader) Walk(v any, at pointer.Pointer, visit func(at pointer.Pointer, v any) (into bool,
	err error)) error {
	seen := map[any]bool{}
	var stack []walkFrame
	enter := func(v any, at pointer.Pointer) error {
		again := false
		if id := identity(v); id != nil {
			again = seen[id]
			seen[id] = true
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
			stack = append(stack, walkFrame{at: at, parts: p})
		}
		return nil
	}
	if err := enter(v, at); err != nil {
		return err
	}
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		if f.next == f.parts.Len {
			stack = stack[:len(stack)-1]
			continue
		}
		token, child := f.parts.At(f.next)
		f.next++
		if err := enter(child, f.at.Child(token)); err != nil {
			return err
		}
	}
	return nil
}

// identity returns a map key that identifies a container, or nil for any other value. Empty
// containers need no identity, since there is nothing inside them.
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

// Elements returns the array or column of a value that Walk visits: an *ndarray.Array,
// *ndarray.Masked or *frame.Series. ok is false for any other value.
func Elements(v any) (array any, ok bool) {

	switch v := v.(type) {
	case *ndarray.Array, *ndarray.Masked, *frame.Series:
		return v, true
	case *reconstruct.TypedArray:
		return pyvalue.ArrayOf(v)
	}
	return nil, false
}
