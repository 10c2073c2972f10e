package opfuzz

import (
	"bytes"
	"slices"
)

// Edit changes a pickle at the level of opcodes. ops are its opcodes with their arguments, and
// spare are opcodes of other pickles to insert. Every four bytes of edits are one change: an opcode
// is deleted, doubled, swapped, replaced or inserted, or a byte of an argument changes. The caller
// leaves out the frames of the original, whose lengths would no longer be right.
func Edit(ops, spare [][]byte, edits []byte) []byte {
	ops = slices.Clone(ops)
	for ; len(edits) >= 4 && len(ops) > 0; edits = edits[4:] {
		at := (int(edits[1])<<8 | int(edits[2])) % len(ops)
		arg := int(edits[3])
		switch edits[0] % 8 {
		case 0:
			ops = slices.Delete(ops, at, at+1)
		case 1:
			ops = slices.Insert(ops, at, ops[at])
		case 2:
			other := (at + arg) % len(ops)
			ops[at], ops[other] = ops[other], ops[at]
		case 3:
			ops[at] = ops[(at+arg)%len(ops)]
		case 4, 5:
			if op := ops[at]; len(op) > 1 {
				op = bytes.Clone(op)
				op[1+arg%(len(op)-1)] += edits[0]>>3 | 1
				ops[at] = op
			}
		case 6:
			ops = slices.Insert(ops, at, []byte(atoms[arg%len(atoms)]))
		case 7:
			if len(spare) > 0 {
				ops[at] = spare[(arg<<5|int(edits[0]>>3))%len(spare)]
			}
		}
	}
	return slices.Concat(ops...)
}
