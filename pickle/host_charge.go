package pickle

import (
	"math/big"

	"github.com/nlpodyssey/gopickle/types"
)

// A call of a class copies what it is given: bytearray(b), list(x), set(x), int(text). A pickle can
// give the same large value to any number of calls at a few bytes each, so what is given a second
// time counts, and may not pass a small multiple of the input.
const (
	reuseBase   = 4 << 20 // bytes that may always be copied again
	reuseFactor = 4       // and so many for each byte of input
	reuseSmall  = 64      // bytes that do not count
)

// reuse has the values that were given to calls.
type reuse struct {
	seen map[objectID]struct{}
}

// charge counts the arguments of a call of a class that is not inert. It does
// nothing while no GET or DUP has fetched a value that counts.
func (h *host) charge(class any, args []any) error {
	if h.t.Slots() == 0 {
		return nil
	}
	switch class.(type) {
	case Global, *Object:
		return nil
	}
	for _, v := range args {
		if err := h.chargeValue(v); err != nil {
			return err
		}
	}
	return nil
}

// chargeState counts what a BUILD of a value that is not inert gets: the lists and
// dicts in its state, which become elements; bytes are not copied.
func (h *host) chargeState(inst, state any) error {
	if h.t.Slots() == 0 {
		return nil
	}
	if _, inert := inst.(*Object); inert {
		return nil
	}
	t, ok := state.(*types.Tuple)
	if !ok {
		return h.chargeValue(state)
	}
	for _, v := range *t {
		switch v.(type) {
		case *types.List, *types.Dict:
			if err := h.chargeValue(v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *host) chargeValue(v any) error {
	n, id := cost(v)
	if n <= reuseSmall {
		return nil
	}
	if h.reuse.seen == nil {
		h.reuse.seen = map[objectID]struct{}{}
	}
	if _, before := h.reuse.seen[id]; !before {
		h.reuse.seen[id] = struct{}{}
		return nil
	}
	u := h.u.usage
	u.Reused += n
	if most := reuseBase + reuseFactor*(u.Read+h.u.w.Offset()); u.Reused > most {
		return &LimitError{Limit: "Expansion", Max: most, Want: u.Reused}
	}
	return nil
}

// cost is about what a copy of a value takes, in bytes, and what tells the value
// from others.
func cost(v any) (n int64, id objectID) {
	switch v := v.(type) {
	case string: // more than its bytes, for digits are slow to read
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
