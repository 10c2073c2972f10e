package pickle

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/tape"
)

// Append implements [tape.Host].
func (h *host) Append(target tape.ID, ids []tape.ID) error {
	v, items, err := h.targetAndItems(target, ids)
	if err != nil {
		return err
	}
	switch t := v.(type) {
	case *types.List:
		*t = append(*t, items...)
	case *types.ByteArray:
		for _, item := range items {
			b, err := byteOf(item)
			if err != nil {
				return err
			}
			*t = append(*t, b)
		}
	case types.ListAppender:
		for _, item := range items {
			t.Append(item)
		}
	default:
		return malformed("cannot append to %s", typeName(v))
	}
	return nil
}

// targetAndItems returns the objects of a target and of the items that are added to it.
func (h *host) targetAndItems(target tape.ID, ids []tape.ID) (v any, items []any, err error) {
	if v, err = h.object(target); err != nil {
		return nil, nil, err
	}
	items = make([]any, len(ids))
	for i, id := range ids {
		if items[i], err = h.object(id); err != nil {
			return nil, nil, err
		}
	}
	return v, items, nil
}

// byteOf returns v as an item of a bytearray.
func byteOf(v any) (byte, error) {
	switch i := v.(type) {
	case int:
		if i >= 0 && i < 256 {
			return byte(i), nil
		}
	case bool:
		if i {
			return 1, nil
		}
		return 0, nil
	}
	return 0, malformed("not an item of a bytearray: %s", typeName(v))
}

// SetItems implements [tape.Host].
func (h *host) SetItems(target tape.ID, ids []tape.ID) error {
	if done, err := known.SetItems(h.t, target, ids); done {
		return err
	}
	v, items, err := h.targetAndItems(target, ids)
	if err != nil {
		return err
	}
	switch t := v.(type) {
	case *types.Dict:
		return h.setItems(t, items, true)
	case *types.List:
		return setIndexed(*t, items)
	case *types.ByteArray:
		return setBytes(*t, items)
	case DictHolder:
		return h.setItems(t.PyDict(), items, true)
	case types.DictSetter:
		for i := 0; i < len(items); i += 2 {
			t.Set(items[i], items[i+1])
		}
		return nil
	}
	return malformed("cannot set items of %s", typeName(v))
}

// indexOf returns v as an index of a sequence of n items, where a negative one counts from the end.
func indexOf(v any, n int) (int, error) {
	i, ok := v.(int)
	if b, isBool := v.(bool); isBool {
		ok = true
		if b {
			i = 1
		}
	}
	if !ok {
		return 0, malformed("not an index: %s", typeName(v))
	}
	if i < 0 {
		i += n
	}
	if i < 0 || i >= n {
		return 0, malformed("index out of range")
	}
	return i, nil
}

// setIndexed sets items of a list; items has indices and values by turns.
func setIndexed(l types.List, items []any) error {
	for i := 0; i < len(items); i += 2 {
		at, err := indexOf(items[i], len(l))
		if err != nil {
			return err
		}
		l[at] = items[i+1]
	}
	return nil
}

// setBytes sets items of a bytearray; items has indices and values by turns.
func setBytes(b types.ByteArray, items []any) error {
	for i := 0; i < len(items); i += 2 {
		at, err := indexOf(items[i], len(b))
		if err != nil {
			return err
		}
		if b[at], err = byteOf(items[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// Add implements [tape.Host].
func (h *host) Add(target tape.ID, ids []tape.ID) error {
	v, items, err := h.targetAndItems(target, ids)
	if err != nil {
		return err
	}
	switch t := v.(type) {
	case *Set:
		return t.index.addAll(&h.keys, &t.Items, items)
	case types.SetAdder:
		for _, item := range items {
			t.Add(item)
		}
		return nil
	}
	return malformed("cannot add to %s", typeName(v))
}
