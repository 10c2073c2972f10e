package opfuzz

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
)

// leaves are the opcodes that push a value without parts, or one from the memo.
const leaves = "N\x88\x89IKMJL\x8a\x8bFGSTUVX\x8c\x8dCBhjg"

// open are the opcodes whose value can be filled after it is memoized, so that it can come to hold
// itself.
const open = "]}\x8fdlR\x81\x92bio"

// Graft replaces a value in a pickle by a reference to the memo: to a container or an object which
// is read before it, and may be the one that the value is in. ops are the opcodes of the pickle
// with their arguments, without frames. at chooses the value, and back the container, 0 for the
// last one before the value. Graft returns nil if there is none.
func Graft(ops [][]byte, at, back int) []byte {
	var places []int
	for i, op := range ops {
		if strings.IndexByte(leaves, op[0]) >= 0 {
			places = append(places, i)
		}
	}
	if len(places) == 0 {
		return nil
	}
	place := places[at%len(places)]
	var entries []int // the numbers in the memo of what is open
	memoized := 0
	for i, op := range ops[:place] {
		entry := memoEntry(op, memoized)
		if entry < 0 {
			continue
		}
		memoized++
		if i > 0 && strings.IndexByte(open, ops[i-1][0]) >= 0 {
			entries = append(entries, entry)
		}
	}
	if len(entries) == 0 {
		return nil
	}
	entry := entries[len(entries)-1-back%len(entries)]
	ops = slices.Clone(ops)
	ops[place] = binary.LittleEndian.AppendUint32([]byte{'j'}, uint32(entry))
	return slices.Concat(ops...)
}

// memoEntry returns the number under which an opcode puts the top of the stack into the memo, of
// which next is the number that MEMOIZE uses, or -1 if it does not.
func memoEntry(op []byte, next int) int {
	switch op[0] {
	case '\x94':
		return next
	case 'q':
		return int(op[1])
	case 'r':
		return int(binary.LittleEndian.Uint32(op[1:]))
	case 'p':
		if n, err := strconv.Atoi(strings.TrimSpace(string(op[1:]))); err == nil {
			return n
		}
	}
	return -1
}
