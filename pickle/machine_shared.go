package pickle

import (
	"math/big"

	"github.com/nlpodyssey/gopickle/types"
)

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
		m.shared = m.shared || len(*v) > 0
	case *types.List, *types.Dict, *Set, *FrozenSet, *Object:
		m.shared = true
	default:
		m.hooked(v)
	}
}

// hooked notes a value that a hook made or changed. What the hook was given may be in it
// any number of times, unless the value is atomic.
func (m *machine) hooked(v any) {
	if m.shared || m.u.Atomic(v) {
		return
	}
	switch v.(type) {
	case nil, bool, int, float64, string, []byte, *big.Int, *types.ByteArray:
	default:
		m.shared = true
	}
}
