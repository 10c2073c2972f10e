package pickle

import (
	"math/big"

	"github.com/nlpodyssey/gopickle/types"
)

// A call of a class copies its argument, as in bytearray(b), list(x), set(x) and int(text). A
// pickle can pass the same large value to any number of calls, and each call takes only a few bytes
// of input. So the bytes of a value that is passed for a second time count, and their sum is
// limited to a small multiple of the input.
const (
	recopyBase   = 4 << 20 // bytes that any pickle may copy again
	recopyFactor = 4       // bytes more for each byte of input
	recopySmall  = 64      // bytes up to which a value does not count
)

// recopied has the values that were passed to calls.
type recopied struct {
	seen map[objectID]struct{}
}

// countCall counts the arguments of a call of a class that is not inert. It does nothing as long as
// no value of the pickle is shared.
func (h *host) countCall(class any, args []any) error {
	if h.t.Slots() == 0 {
		return nil
	}
	switch class.(type) {
	case Global, *Object:
		return nil
	}
	for _, v := range args {
		if err := h.countValue(v); err != nil {
			return err
		}
	}
	return nil
}

// countState counts the state that BUILD sets on a value that is not inert. Of a tuple, only lists
// and dicts count, which become elements of an array; bytes are not copied.
func (h *host) countState(inst, state any) error {
	if h.t.Slots() == 0 {
		return nil
	}
	if _, inert := inst.(*Object); inert {
		return nil
	}
	t, ok := state.(*types.Tuple)
	if !ok {
		return h.countValue(state)
	}
	for _, v := range *t {
		switch v.(type) {
		case *types.List, *types.Dict:
			if err := h.countValue(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// countValue counts a value if it was passed before, and returns an error if the limit is exceeded.
func (h *host) countValue(v any) error {
	n, id := copyCost(v)
	if n <= recopySmall {
		return nil
	}
	if h.recopied.seen == nil {
		h.recopied.seen = map[objectID]struct{}{}
	}
	if _, before := h.recopied.seen[id]; !before {
		h.recopied.seen[id] = struct{}{}
		return nil
	}
	u := h.u.usage
	u.Recopied += n
	if limit := recopyBase + recopyFactor*(u.InputBytes+h.u.w.Offset()); u.Recopied > limit {
		return &LimitError{Limit: "Expansion", Max: limit, Want: u.Recopied}
	}
	return nil
}

// copyCost returns the approximate memory in bytes of a copy of a value, and the identity of the
// value.
func copyCost(v any) (n int64, id objectID) {
	switch v := v.(type) {
	case string: // four times its bytes, since it takes time to parse digits
		return 4 * int64(len(v)), stringID(v)
	case Py2String:
		return 4 * int64(len(v)), stringID(string(v))
	case []byte:
		return int64(len(v)), bytesID(v)
	case *types.ByteArray:
		n = int64(len(*v))
	case *big.Int:
		n = int64(v.BitLen() / 8)
	case *types.List:
		n = 48 * int64(len(*v))
	case *types.Tuple:
		n = 48 * int64(len(*v))
	case *types.Dict:
		n = 96 * int64(len(*v))
	case *Set:
		n = 96 * int64(v.Len())
	case *FrozenSet:
		n = 96 * int64(v.Len())
	case DictHolder:
		n = 96 * int64(len(*v.PyDict()))
	}
	return n, boxID(v)
}
