package jsonval

import "github.com/unpkl/unpkl/pickle"

// unfoldAt is the size of a document, in bytes, at which the rest is measured
// before more is written.
const unfoldAt = 32 << 20

// unfolding is a container whose size is being summed up.
type unfolding struct {
	members
	next int
	sum  int64
	id   any
}

// unfold returns the error of a document that cannot stay within max bytes,
// because containers that are met many times multiply. It looks at each
// container once, so it takes time linear in the input, where writing would
// take time linear in max.
func (e *Encoder) unfold(v any, max int64) error {
	var stack []unfolding
	known := make(map[any]int64) // by identity; 0 while the container is on the stack
	add := func(n int64) error {
		if len(stack) == 0 {
			return nil
		}
		top := &stack[len(stack)-1]
		if n > max-top.sum {
			return &pickle.LimitError{Limit: "OutputBytes", Max: e.limits.OutputBytes, Want: max}
		}
		top.sum += n
		return nil
	}
	enter := func(v any) error {
		id := identity(v)
		if id != nil {
			if n, ok := known[id]; ok {
				return add(n)
			}
		}
		j, err := e.expand(v)
		if err != nil {
			return err
		}
		m, ok := j.(members)
		_, whole := j.(streamed)
		switch {
		case !ok || whole:
			return add(leafSize(j))
		case len(stack) >= e.limits.Depth:
			return &pickle.LimitError{Limit: "Depth", Max: int64(e.limits.Depth), Want: int64(len(stack)) + 1}
		}
		if id != nil {
			known[id] = 0
		}
		stack = append(stack, unfolding{members: m, id: id})
		return add(1 + int64(m.len()))
	}
	if err := enter(v); err != nil {
		return err
	}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.next < top.len() {
			_, v, err := top.at(top.next)
			if err != nil {
				return err
			}
			top.next++
			if err := enter(v); err != nil {
				return err
			}
			continue
		}
		sum := top.sum
		if top.id != nil {
			known[top.id] = sum
		}
		stack = stack[:len(stack)-1]
		if err := add(sum); err != nil {
			return err
		}
	}
	return nil
}

// leafSize returns a lower bound of the length of a leaf in JSON.
func leafSize(v any) int64 {
	switch v := v.(type) {
	case string:
		return int64(len(v))
	case base64Bytes:
		return int64(len(v))
	case streamed:
		return v.atLeast()
	}
	return 1
}
