package fastread

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/unpkl/unpkl/pickle"
)

// NOTE. The direct ways want a pickle as a whole. Where it ends in a stream is found by the lengths of its
// opcodes, which are looked at as they come: so no byte is waited for that the pickle does not have, what is large
// goes to the machine before much of it was read, and so does a pickle with opcodes that no direct way takes.

// extent finds out how long a pickle is.
type extent struct {
	pos       int    // of the next opcode
	most      uint64 // see mostPayload
	frame     int    // end of the last frame
	line      int    // what was searched for the newlines of an argument
	lines     int    // how many were found
	opcodes   int64
	withProto bool
	proto     int // of PROTO, or the newest among the opcodes
}

// extentStep is what came of looking.
type extentStep uint8

const (
	extentMore  extentStep = iota // there is more of the pickle
	extentEnd                     // it ends here
	extentOther                   // it is none for the direct ways
)

const (
	// maxFrameAhead is the longest frame that is waited for as a whole, as the machine does.
	maxFrameAhead = 1 << 20
	// maxHead is the most bytes that an opcode and what its argument's length depends on have.
	maxHead = 9
)

// find goes on where it stopped, in the beginning of a pickle, which is longer now. With extentMore n is how long it must
// be at least, with extentEnd how long it is.
func (e *extent) find(data []byte) (n int, step extentStep) {
	var short [maxHead]byte
	for {
		rest := data[e.pos:]
		var head *[maxHead]byte
		if len(rest) >= maxHead {
			head = (*[maxHead]byte)(rest)
		} else {
			if len(rest) == 0 {
				return e.pos + 1, extentMore
			}
			clear(short[copy(short[:], rest):])
			head = &short // a length of which a part is there is not less
		}
		op := pickle.Opcode(head[0])
		if !e.withProto {
			p, _ := op.Protocol()
			e.proto = max(e.proto, p)
		}
		n = 1
		switch op {
		case pickle.OpMark, pickle.OpNone, pickle.OpNewTrue, pickle.OpNewFalse, pickle.OpMemoize,
			pickle.OpEmptyList, pickle.OpEmptyDict, pickle.OpEmptyTuple, pickle.OpTuple, pickle.OpTuple1, pickle.OpTuple2, pickle.OpTuple3,
			pickle.OpAppend, pickle.OpAppends, pickle.OpSetItem, pickle.OpSetItems, pickle.OpList, pickle.OpDict,
			pickle.OpStackGlobal, pickle.OpReduce, pickle.OpBuild:
		case pickle.OpBinInt1, pickle.OpBinGet, pickle.OpBinPut:
			n = 2
		case pickle.OpBinInt2:
			n = 3
		case pickle.OpBinInt, pickle.OpLongBinGet, pickle.OpLongBinPut:
			n = 5
		case pickle.OpBinFloat:
			n = 9
		case pickle.OpShortBinUnicode, pickle.OpShortBinBytes, pickle.OpShortBinString, pickle.OpLong1:
			n = 2 + int(head[1])
		case pickle.OpStop:
			if e.frame > len(data) {
				return e.frame, extentMore
			}
			return e.pos + 1, extentEnd
		default:
			if n = e.other(op, head, data); n == 0 {
				return 0, extentOther
			}
		}
		if n > len(rest) {
			return e.pos + n, extentMore
		}
		e.pos += n
		e.opcodes++
	}
}

// other returns how long an opcode that find left is with its argument, or at least; 0 if it is the machine's.
func (e *extent) other(op pickle.Opcode, head *[maxHead]byte, data []byte) int {
	switch op {
	case pickle.OpProto:
		if e.pos > 0 {
			return 0
		}
		e.withProto, e.proto = true, int(head[1])
		return 2
	case pickle.OpFrame:
		n := binary.LittleEndian.Uint64(head[1:])
		if n > math.MaxInt32 {
			return 0
		}
		e.frame = e.pos + maxHead + int(n)
		if n <= maxFrameAhead && e.frame > len(data) {
			return maxHead + int(n)
		}
		return maxHead
	case pickle.OpBinUnicode, pickle.OpBinString:
		n := uint64(binary.LittleEndian.Uint32(head[1:]))
		if n > math.MaxInt32 || e.proto <= 2 && n >= 2*e.most { // an array perhaps, as text
			return 0
		}
		return 5 + int(n)
	case pickle.OpBinBytes:
		return e.payload(5, uint64(binary.LittleEndian.Uint32(head[1:])))
	case pickle.OpBinBytes8, pickle.OpByteArray8:
		return e.payload(9, binary.LittleEndian.Uint64(head[1:]))
	case pickle.OpInt, pickle.OpLong, pickle.OpFloat, pickle.OpString, pickle.OpUnicode, pickle.OpGet, pickle.OpPut:
		return e.ofLines(1, data)
	case pickle.OpGlobal:
		return e.ofLines(2, data)
	}
	return 0
}

func (e *extent) payload(head int, n uint64) int {
	if n >= e.most {
		return 0
	}
	return head + int(n)
}

// ofLines is other for an argument of so many lines.
func (e *extent) ofLines(lines int, data []byte) int {
	if e.line <= e.pos {
		e.line, e.lines = e.pos+1, 0
	}
	for ; e.lines < lines; e.lines++ {
		i := bytes.IndexByte(data[e.line:], '\n')
		if i < 0 {
			e.line = len(data)
			return e.line - e.pos + 1
		}
		e.line += i + 1
	}
	return e.line - e.pos
}
