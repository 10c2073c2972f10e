package filter

import "encoding/binary"

// checksumSize is the number of bytes that Fletcher-32 adds to a chunk.
const checksumSize = 4

func checksummedSize(n int) int { return n + checksumSize }

// unfletcher verifies the checksum after the chunk, and removes it.
//
// On little-endian machines HDF5 before 1.6.3 swapped the two bytes of each half of the checksum.
// H5Zfletcher32.c accepts both forms, and so does unfletcher.
func unfletcher(_ []byte, _ *Filter, src []byte, _ int, _ bool) ([]byte, error) {
	n := len(src) - checksumSize
	if n < 0 {
		return nil, truncated("%d bytes are too few for a checksum", len(src))
	}
	want := binary.LittleEndian.Uint32(src[n:])
	got := fletcherSum(src[:n])
	if got != want && got != want>>8&0x00ff00ff|want<<8&0xff00ff00 {
		return nil, malformed("checksum %08x, stored is %08x", got, want)
	}
	return src[:n:n], nil
}

func fletcher(dst []byte, _ *Filter, src []byte) ([]byte, error) {
	dst = append(dst[:0], src...)
	return binary.LittleEndian.AppendUint32(dst, fletcherSum(src)), nil
}

// fletcherBlock is the number of words that are added before the sums are reduced, so that the sum
// of sums fits 64 bits.
const fletcherBlock = 1 << 20

// fletcherSum returns Fletcher's checksum over big-endian words of 16 bits, modulo 65535. An odd
// last byte is the high half of a word. In ones' complement a sum is 0 only if all words are zero.
//
// Reference: H5checksum.c, H5_checksum_fletcher32; J. Fletcher, "An Arithmetic Checksum for
// Serial Transmissions", 1982.
func fletcherSum(p []byte) uint32 {
	var a, b uint64
	for len(p) >= 2 {
		block := p[:min(len(p), 2*fletcherBlock)&^1]
		p = p[len(block):]
		for len(block) >= 8 {
			w := binary.BigEndian.Uint64(block)
			w0, w1, w2, w3 := w>>48, w>>32&0xffff, w>>16&0xffff, w&0xffff
			b += 4*a + 4*w0 + 3*w1 + 2*w2 + w3
			a += w0 + w1 + w2 + w3
			block = block[8:]
		}
		for ; len(block) >= 2; block = block[2:] {
			a += uint64(binary.BigEndian.Uint16(block))
			b += a
		}
		a, b = onesFold(a), onesFold(b)
	}
	if len(p) == 1 {
		a += uint64(p[0]) << 8
		b += a
	}
	return uint32(onesFold(b)<<16 | onesFold(a))
}

// onesFold reduces a positive number to 1 to 65535 modulo 65535, and returns 0 for 0.
func onesFold(x uint64) uint64 {
	if x == 0 {
		return 0
	}
	return (x-1)%0xffff + 1
}
