package known

import (
	"math/big"

	"github.com/unpkl/unpkl/internal/tape"
)

// NewUUID makes the object of a uuid.UUID. Package reconstruct sets it, since it has the type.
var NewUUID = func(id [16]byte) any { return nil }

// matchUUID recognises the NEWOBJ of a UUID. The value of the UUID comes with its state.
func matchUUID(form tape.Form, a []tape.ID) uint16 {
	if form == tape.FormNewObj && len(a) == 0 {
		return CallPendingUUID
	}
	return 0
}

// matchUUIDState recognises the state {'int': n} of a UUID, and replaces the call by the object.
func matchUUIDState(t *tape.Tape, target, state tape.ID) bool {
	if t.Kind(state) != tape.Dict || t.Size(state) != 2 {
		return false
	}
	pair := t.Items(state)
	if t.Kind(pair[0]) != tape.Str || string(t.Span(pair[0])) != "int" {
		return false
	}
	var n *big.Int
	switch t.Kind(pair[1]) {
	case tape.Int:
		n = big.NewInt(t.Int(pair[1]))
	case tape.BigInt:
		n = t.Value(pair[1]).(*big.Int)
	default:
		return false
	}
	var id [16]byte
	if n.Sign() < 0 || n.BitLen() > 8*len(id) {
		return false
	}
	n.FillBytes(id[:])
	t.Replace(target, NewUUID(id))
	return true
}
