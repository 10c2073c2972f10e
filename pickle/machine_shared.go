package pickle

import (
	"math/big"

	"github.com/nlpodyssey/gopickle/types"
)

// NOTE. What may be met twice in a value is told from what a pickle does: a GET or DUP fetches it a second
// time, or a call copies what is in one container, which the memo may still have, into another. Where no
// call did that to containers, the values that were fetched are all that repeat. An inert call copies only what is in
// its tuple of arguments, so there that holds as long as no tuple was fetched.

// sharing is what is known of containers that are met more than once.
type sharing struct {
	anyRepeats bool             // any of them may be
	moved      bool             // there were calls like that
	movedArgs  bool             // there were inert ones
	tuples     bool             // tuples were fetched
	repeats    map[any]struct{} // those that were fetched
	repeated   any              // the last of them
}

// again notes that a value is on the stack for a second time.
func (m *machine) again(v any) {
	switch v := v.(type) {
	case string:
		m.heavy = m.heavy || len(v) > reuseSmall
	case []byte:
		m.heavy = m.heavy || len(v) > reuseSmall
	case *big.Int, Py2String, *types.ByteArray:
		m.heavy = true
	case nil, bool, int, float64, Global:
	case *types.Tuple:
		if len(*v) > 0 {
			m.repeat(v)
		}
	case *types.List, *types.Dict, *Object:
		m.repeat(v)
	default:
		if isContainer(v) {
			m.repeat(v)
		} else {
			m.hooked(v)
		}
	}
}

// repeat notes a container that is met more than once.
func (m *machine) repeat(v any) {
	m.shared = true
	if v == m.repeated {
		return
	}
	_, isTuple := v.(*types.Tuple)
	m.tuples = m.tuples || isTuple
	if m.moved || isTuple && m.movedArgs {
		m.anyRepeats = true
		return
	}
	if m.repeats == nil {
		m.repeats = make(map[any]struct{})
	}
	m.repeats[v] = struct{}{}
	m.repeated = v
}

// move notes that a call copied what is in one container into another.
func (m *machine) move(items []any) {
	if !m.moved && m.holdContainers(items) {
		m.moved = true
		m.anyRepeats = m.anyRepeats || m.shared
	}
}

// moveArgs is move for the arguments of an inert call.
func (m *machine) moveArgs(args []any) {
	if !m.movedArgs && m.holdContainers(args) {
		m.movedArgs = true
		m.anyRepeats = m.anyRepeats || m.tuples
	}
}

// holdContainers reports whether any of the values is more than a leaf.
func (m *machine) holdContainers(items []any) bool {
	for _, v := range items {
		switch v := v.(type) {
		case nil, bool, int, float64, string, []byte, *big.Int, *types.ByteArray, Global, Py2String:
		case *types.Tuple:
			if len(*v) > 0 {
				return true
			}
		case *types.List, *types.Dict, *Object:
			return true
		default:
			if isContainer(v) || m.u.Atomic == nil || !m.u.Atomic(v) {
				return true
			}
		}
	}
	return false
}

// isContainer reports whether a value, if it is none of the commonest containers, is one that opcodes can fill.
func isContainer(v any) bool {
	switch v.(type) {
	case *Set, *FrozenSet, DictHolder, types.ListAppender, types.SetAdder, types.DictSetter:
		return true
	}
	return false
}

// hooked notes a value that a hook made or changed. What the hook was given may be in it
// any number of times, unless the value is atomic.
func (m *machine) hooked(v any, given ...any) {
	if m.anyRepeats {
		return
	}
	switch v.(type) {
	case nil, bool, int, float64, string, []byte, *big.Int, *types.ByteArray:
		return
	}
	if !m.u.Atomic(v) {
		m.shared, m.anyRepeats = true, true
	} else if isContainer(v) {
		m.move(given)
	}
}
