package fastread

import (
	"maps"

	"github.com/unpkl/unpkl/internal/slab"
	"github.com/unpkl/unpkl/pickle"
)

// bulkItems is how many items picklers write at once, if there are more.
const bulkItems = 1000

// appends carries out APPENDS.
func (p *plainDirect) appends() bool {
	m, ok := p.close(pickle.OpEmptyList)
	if !ok || m.at <= p.fence {
		return false
	}
	items := p.stack[m.at:]
	p.stack = p.stack[:m.at]
	if len(items) == 0 {
		if m.opens == pickle.OpEmptyList {
			p.stack[m.at-1] = p.empty(m.opens)
			return p.placed(m.at-1, 1)
		}
		_, ok := p.stack[m.at-1].([]any)
		return ok // CPython does not even look at it
	}
	if m.opens == pickle.OpEmptyList {
		list := p.newList(items, m.heavy)
		p.stack[m.at-1] = list
		return p.placed(m.at-1, m.height+1)
	}
	return p.extend(m.at-1, items, m.height)
}

// newList makes the list whose first items these are.
func (p *plainDirect) newList(items []any, heavy bool) any {
	n := len(items)
	switch {
	case p.isMost(items):
		return p.handOver(items)
	case n >= bulkItems && len(p.stack) == 1:
		return slab.BoxList(listOf(items, p.room(n, 16)))
	case heavy || n >= bulkItems:
		return slab.BoxList(listOf(items, n))
	}
	return p.light(items)
}

// isMost reports whether items, which were taken off the stack, are many and nearly all that it has room for.
func (p *plainDirect) isMost(items []any) bool {
	const many = 1 << 14
	return len(items) >= many && len(items) >= cap(p.stack)/4*3
}

// handOver makes a list of items where they are, and a new stack of what is below them.
func (p *plainDirect) handOver(items []any) any {
	below, heights := p.stack, p.heights
	p.stack, p.heights = nil, nil
	p.stack = append(make([]any, 0, len(below)+16), below...)
	p.heights = append(make([]int32, 0, cap(p.stack)), heights[:len(below)]...)[:cap(p.stack)]
	clear(below) // the list keeps nothing of what is on either side
	clear(items[len(items):cap(items)])
	list := items[:len(items):len(items)]
	return slab.BoxList(&list)
}

// extend appends items, the highest of them of that height, to the list at place i of the stack.
func (p *plainDirect) extend(i int, items []any, height int32) bool {
	v, ok := p.stack[i].([]any)
	if !ok || p.heights[i]&isTuple != 0 {
		return false
	}
	n := len(v) + len(items)
	if cap(v) == 0 {
		p.stack[i] = slab.BoxList(listOf(items, max(4, n)))
		return p.placed(i, max(p.heights[i], height+1))
	}
	l := slab.ListAt(p.stack[i])
	if n > cap(v) {
		*l = append(make([]any, 0, max(n, 2*cap(v))), v...)
	}
	*l = append(*l, items...)
	return p.placed(i, max(p.heights[i], height+1))
}

// append carries out APPEND.
func (p *plainDirect) append() bool {
	n := len(p.stack) - 1
	if n-1 < p.fence {
		return false
	}
	height := p.heightOf(n)
	p.stack = p.stack[:n]
	return p.extend(n-1, p.stack[n:n+1], height)
}

// pyvalue.SetItems carries out SETITEMS.
func (p *plainDirect) setItems() bool {
	m, ok := p.close(pickle.OpEmptyDict)
	if !ok || m.at <= p.fence {
		return false
	}
	items := p.stack[m.at:]
	p.stack = p.stack[:m.at]
	if m.opens == pickle.OpEmptyDict {
		dict, ok := dictOf(items)
		if !ok {
			return false
		}
		p.stack[m.at-1] = dict
		return p.placed(m.at-1, m.height+1)
	}
	if len(items) == 0 { // CPython writes that behind a thousand items
		return p.isDict(m.at - 1)
	}
	return p.setAll(m.at-1, items, m.height)
}

// isDict reports whether a dict is at place i of the stack.
func (p *plainDirect) isDict(i int) bool {
	switch p.stack[i].(type) {
	case map[string]any, map[any]any:
		return true
	}
	return false
}

// setAll sets items, the highest of them of that height, in the dict at place i of the stack.
func (p *plainDirect) setAll(i int, items []any, height int32) bool {
	if len(items)%2 != 0 {
		return false
	}
	ok := false
	p.widen(i, len(items)/2)
	switch m := p.stack[i].(type) {
	case map[string]any:
		empty := len(m) == 0
		if ok = setText(m, items); !ok && empty {
			p.stack[i], ok = dictOf(items)
		}
	case map[any]any:
		ok = setAny(m, items)
	}
	return ok && p.placed(i, max(p.heights[i], height+1))
}

// widen makes room for the many items that will follow the first of the outermost dict: a map that grows step by step
// moves each item several times.
func (p *plainDirect) widen(i, more int) {
	if i > 0 || more < bulkItems {
		return
	}
	switch m := p.stack[0].(type) {
	case map[string]any:
		p.stack[0] = widened(p, m)
	case map[any]any:
		p.stack[0] = widened(p, m)
	}
}

func widened[K comparable](p *plainDirect, m map[K]any) map[K]any {
	if len(m) < p.outermost {
		return m
	}
	p.outermost = p.dictRoom(len(m))
	wide := make(map[K]any, p.outermost)
	maps.Copy(wide, m)
	return wide
}

// setItem carries out SETITEM.
func (p *plainDirect) setItem() bool {
	n := len(p.stack) - 2
	if n-1 < p.fence {
		return false
	}
	height := p.heightOf(n + 1)
	p.stack = p.stack[:n]
	return p.setAll(n-1, p.stack[n:n+2], height)
}

// dictOf makes the dict of keys and values.
func dictOf(items []any) (any, bool) {
	if len(items)%2 != 0 {
		return nil, false
	}
	m := make(map[string]any, len(items)/2)
	if setText(m, items) {
		return m, true
	}
	other := make(map[any]any, len(items)/2)
	return other, setAny(other, items)
}

// setText sets items; where not all keys are text, only some.
func setText(m map[string]any, items []any) bool {
	for i := 0; i < len(items)-1; i += 2 {
		key, ok := items[i].(string)
		if !ok {
			return false
		}
		m[key] = items[i+1]
	}
	return true
}

// setAny sets items whose keys are text and ints: no two of those are equal in Python
// and not in Go.
func setAny(m map[any]any, items []any) bool {
	for i := 0; i < len(items)-1; i += 2 {
		switch key := items[i].(type) {
		case string, int:
			m[key] = items[i+1]
		default:
			return false
		}
	}
	return true
}
