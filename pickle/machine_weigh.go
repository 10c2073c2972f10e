package pickle

// A megabyte of opcodes that each make a container takes some 100 MB, in Python too, and
// compresses to a kilobyte. So where the input is compressed, it is what comes of it that is held against
// the compressed bytes.

// About what values take, in bytes, with their place on the stack and in a container.
const (
	weightAny       = 16
	weightContainer = 64
	weightCall      = 128
	weightFloor     = 32 << 20 // may always be
)

// weigh counts what an opcode of compressed input makes.
func (m *machine) weigh(op Opcode) error {
	switch op {
	case OpEmptyList, OpEmptyDict, OpEmptySet, OpList, OpDict, OpTuple, OpTuple1, OpTuple2, OpTuple3, OpFrozenSet, OpGlobal, OpStackGlobal:
		m.tally.weight += weightContainer
	case OpReduce, OpNewObj, OpNewObjEx, OpInst, OpObj:
		m.tally.weight += weightCall
	default:
		m.tally.weight += weightAny
	}
	if m.tally.weight <= m.allowed {
		return nil
	}
	ratio := m.u.limits.CompressionRatio
	n := max(m.u.Compressed(), 1)
	if m.allowed = weightFloor; n > weightFloor/ratio {
		m.allowed = unlimited
		if n < unlimited/ratio {
			m.allowed = n * ratio
		}
	}
	if m.tally.weight > m.allowed {
		return &LimitError{Limit: "CompressionRatio", Max: ratio, Want: m.tally.weight / n}
	}
	return nil
}
