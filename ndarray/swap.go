package ndarray

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// gatherChunks yields the bytes of strided elements in C order, copied to a buffer.
func (a *Array) gatherChunks(yield func([]byte) bool) {
	itemsize := a.DType().itemsize
	shape, strides := a.Shape(), a.Strides()
	inner := len(shape) - 1
	n, step := shape[inner], strides[inner]
	rows := a.Size() / n
	buf := make([]byte, 0, min(max(chunkSize, itemsize), a.NBytes()))
	var s stepper
	for s.reset(shape[:inner], strides[:inner], a.pos, rows); rows > 0; rows-- {
		for pos, left := s.pos, n; left > 0; {
			room := (cap(buf) - len(buf)) / itemsize
			if room == 0 {
				if !yield(buf) {
					return
				}
				buf = buf[:0]
				continue
			}
			k := min(left, room)
			end := len(buf)
			buf = buf[:end+k*itemsize]
			gather(buf[end:], a.data, pos, step, itemsize)
			pos += k * step
			left -= k
		}
		s.next()
	}
	if len(buf) > 0 {
		yield(buf)
	}
}

// gather copies len(dst)/itemsize elements from src. The first one is at position pos, and each
// next one step bytes further.
func gather(dst, src []byte, pos, step, itemsize int) {
	switch {
	case step == itemsize:
		copy(dst, src[pos:pos+len(dst)])
		return
	case itemsize == 1:
		for i := range dst {
			dst[i] = src[pos]
			pos += step
		}
		return
	}
	le := binary.LittleEndian // For loads and stores of one size, the order does not matter.
	switch itemsize {
	case 2:
		for ; len(dst) >= 2; dst, pos = dst[2:], pos+step {
			le.PutUint16(dst, le.Uint16(src[pos:]))
		}
	case 4:
		for ; len(dst) >= 4; dst, pos = dst[4:], pos+step {
			le.PutUint32(dst, le.Uint32(src[pos:]))
		}
	case 8:
		for ; len(dst) >= 8; dst, pos = dst[8:], pos+step {
			le.PutUint64(dst, le.Uint64(src[pos:]))
		}
	case 16:
		for ; len(dst) >= 16; dst, pos = dst[16:], pos+step {
			le.PutUint64(dst, le.Uint64(src[pos:]))
			le.PutUint64(dst[8:], le.Uint64(src[pos+8:]))
		}
	default:
		for ; len(dst) >= itemsize; dst, pos = dst[itemsize:], pos+step {
			copy(dst[:itemsize], src[pos:])
		}
	}
}

// swapBytes reverses the bytes of each unit of b in place.
func swapBytes(b []byte, unit int) {
	switch unit {
	case 2:
		for ; len(b) >= 2; b = b[2:] {
			b[0], b[1] = b[1], b[0]
		}
	case 4:
		for ; len(b) >= 4; b = b[4:] {
			binary.LittleEndian.PutUint32(b, bits.ReverseBytes32(binary.LittleEndian.Uint32(b)))
		}
	case 8:
		for ; len(b) >= 8; b = b[8:] {
			binary.LittleEndian.PutUint64(b, bits.ReverseBytes64(binary.LittleEndian.Uint64(b)))
		}
	case 0, 1:
	default:
		for ; len(b) >= unit; b = b[unit:] {
			slices.Reverse(b[:unit])
		}
	}
}
