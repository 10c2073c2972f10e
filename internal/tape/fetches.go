package tape

import (
	"bytes"
	"encoding/binary"

	"github.com/unpkl/unpkl/internal/opcode"
)

// memoFetches says which indices of the memo a pickle fetches, and where it does so for the last
// time. A scan of the opcodes finds this out before a partial pass.
//
// Invariant: the pickle stores at the indices 0, 1, 2, ... in turn, and fetches only what it has
// stored.
type memoFetches struct {
	// last has for each index the offset behind the last opcode that fetches it, in units of
	// fetchUnit bytes and rounded up, or 0 if there is none. It is in pages of fetchPageSize
	// indices; a page without fetches may be nil or missing.
	last [][]uint32
	puts int // number of indices
	end  int // offset in bytes of the end of the STOP
}

const (
	fetchPageSize = 1 << 12 // indices
	fetchUnit     = 1 << 8  // bytes
)

// scanFetches scans the opcodes of the pickle at b[start:]. ok is false if the invariant does not
// hold or the opcodes do not end in a STOP.
func scanFetches(b []byte, start int) (f memoFetches, ok bool) {
	if uint64(len(b))/fetchUnit >= 1<<32-2 {
		return f, false
	}
	for at := start; at < len(b); {
		op := opcode.Code(b[at])
		info := &opcode.Table[op]
		at++
		if len(b)-at < int(info.Fixed) {
			return f, false
		}
		switch op {
		case opcode.Stop:
			f.end = at
			return f, true
		case opcode.Memoize:
			f.puts++
			continue
		case opcode.BinPut, opcode.LongBinPut, opcode.BinGet, opcode.LongBinGet:
			i := uint64(b[at])
			if info.Fixed == 4 {
				i = uint64(binary.LittleEndian.Uint32(b[at:]))
			}
			at += int(info.Fixed)
			if !f.note(op == opcode.BinPut || op == opcode.LongBinPut, i, at) {
				return f, false
			}
			continue
		case opcode.Put, opcode.Get:
			i, size := lineNumber(b[at:], lineDigits)
			if at += size; size == 0 || !f.note(op == opcode.Put, i, at) {
				return f, false
			}
			continue
		}
		size, known := argumentSize(b[at:], info)
		if !known {
			return f, false
		}
		at += size
	}
	return f, false
}

// argumentSize returns the length in bytes of the opcode's argument at the start of b. ok is false
// if there is no such opcode or b ends within the argument.
func argumentSize(b []byte, info *opcode.Info) (size int, ok bool) {
	switch info.Layout {
	case opcode.Counted:
		var word [8]byte
		copy(word[:], b[:info.Fixed])
		n := binary.LittleEndian.Uint64(word[:])
		if n > uint64(len(b)-int(info.Fixed)) {
			return 0, false
		}
		return int(info.Fixed) + int(n), true
	case opcode.Line, opcode.TwoLines:
		size = bytes.IndexByte(b, '\n') + 1
		if size > 0 && info.Layout == opcode.TwoLines {
			second := bytes.IndexByte(b[size:], '\n') + 1
			return size + second, second > 0
		}
		return size, size > 0
	}
	return int(info.Fixed), info.Name != ""
}

// note records a PUT or GET of index i that ends at an offset. It returns false if the invariant
// does not hold.
func (f *memoFetches) note(isPut bool, i uint64, end int) bool {
	if isPut {
		f.puts++
		return i == uint64(f.puts-1)
	}
	if i >= uint64(f.puts) {
		return false
	}
	page := int(i / fetchPageSize)
	for len(f.last) <= page {
		f.last = append(f.last, nil)
	}
	if f.last[page] == nil {
		f.last[page] = make([]uint32, fetchPageSize)
	}
	f.last[page][i%fetchPageSize] = uint32(end/fetchUnit) + 1
	return true
}

// anyAfter reports whether any of the indices from i to j-1 is fetched behind an offset. It may
// return true also for a fetch that is up to fetchUnit bytes before the offset.
func (f *memoFetches) anyAfter(i, j, offset int) bool {
	for i < j {
		page, next := i/fetchPageSize, min(j, (i/fetchPageSize+1)*fetchPageSize)
		if page >= len(f.last) {
			return false
		}
		if p := f.last[page]; p != nil {
			for ; i < next; i++ {
				if int64(p[i%fetchPageSize])*fetchUnit > int64(offset) {
					return true
				}
			}
		}
		i = next
	}
	return false
}
