package filter

import "encoding/binary"

// The third and later parameters of the bitshuffle filter; the first two are its version.
const (
	bitshuffleElement = 2 + iota
	bitshuffleBlock
	bitshuffleCodec
)

// The codecs that bitshuffle may be combined with.
const (
	bitshuffleNone = 0
	bitshuffleLZ4  = 2
	bitshuffleZstd = 3
)

// unbitshuffle decodes the bitshuffle filter. In each block the lowest bits of all elements are
// stored first, then the next bits, and so on; the block may then be compressed. Elements at the
// end that do not fill a group of eight are stored unchanged. A compressed chunk begins with its
// decoded size (64 bits) and the size of a block in bytes (32 bits), both big-endian.
//
// Reference: kiyo-masui/bitshuffle, bshuf_h5filter.c and bitshuffle.c.
func unbitshuffle(dst []byte, f *Filter, src []byte, limit int, exact bool) ([]byte, error) {
	if len(f.Params) <= bitshuffleElement || f.Params[bitshuffleElement] == 0 ||
		f.Params[bitshuffleElement] > 1<<24 {
		return nil, malformed("parameters %v", f.Params)
	}
	b := bitshuffled{element: int(f.Params[bitshuffleElement]), decode: copyStored}
	if len(f.Params) > bitshuffleCodec {
		b.codec = f.Params[bitshuffleCodec]
	}
	if b.codec == bitshuffleNone {
		var elements uint32
		if len(f.Params) > bitshuffleBlock {
			elements = f.Params[bitshuffleBlock]
		}
		if len(src) > limit {
			return nil, malformed("%d bytes, expected %d", len(src), limit)
		}
		b.setBlock(elements)
		return b.undo(resized(dst, len(src)), src)
	}
	if len(src) < 12 {
		return nil, truncated("%d bytes, a header has 12", len(src))
	}
	total, block := binary.BigEndian.Uint64(src), binary.BigEndian.Uint32(src[8:])
	if total > uint64(limit) || exact && total != uint64(limit) {
		return nil, malformed("header says %d bytes, expected %d", total, limit)
	}
	if int(block)%b.element != 0 {
		return nil, malformed("block of %d bytes, elements of %d", block, b.element)
	}
	switch b.codec {
	case bitshuffleLZ4:
		b.decode = decodeLZ4
		if total/lz4Ratio > uint64(len(src)) {
			return nil, malformed("%d bytes cannot unfold to %d", len(src), total)
		}
	case bitshuffleZstd:
		b.decode = decodeZstd
	default:
		return nil, unsupported("codec %d behind it", b.codec)
	}
	b.setBlock(block / uint32(b.element))
	return b.undo(resized(dst, int(total)), src[12:])
}

// bitshuffled describes how a chunk is stored.
type bitshuffled struct {
	element, block int // bytes of an element, and number of elements in a block
	codec          uint32
	// decode fills dst from the stored bytes of a block.
	decode func(dst, packed []byte) error
}

func copyStored(dst, packed []byte) error {
	copy(dst, packed)
	return nil
}

func decodeZstd(dst, packed []byte) error {
	out, err := unzstdInto(dst, packed)
	if err == nil && len(out) != len(dst) {
		err = malformed("block of %d bytes, expected %d", len(out), len(dst))
	}
	return err
}

// setBlock sets the number of elements in a block, a multiple of eight. Zero selects the library's
// default: 8 KiB, and at least 128 elements.
func (b *bitshuffled) setBlock(elements uint32) {
	if elements == 0 {
		elements = uint32(max(8192/b.element/8*8, 128))
	}
	b.block = int(min(elements, 1<<28))
}

func (b *bitshuffled) undo(dst, src []byte) ([]byte, error) {
	if b.block%8 != 0 {
		return nil, malformed("blocks of %d elements", b.block)
	}
	var packed []byte
	bits := make([]byte, min(int64(len(dst)), int64(b.block)*int64(b.element)))
	for at, n := 0, 0; ; at += n {
		// The last block has the rest, down to a multiple of eight elements.
		n = int(min(int64(b.block), int64((len(dst)-at)/b.element/8*8))) * b.element
		if n == 0 {
			if len(src) < len(dst)-at {
				return nil, truncated("%d bytes at the end, expected %d", len(src), len(dst)-at)
			}
			copy(dst[at:], src)
			return dst, nil
		}
		var err error
		if b.codec != bitshuffleNone {
			packed, src, err = lengthPrefixed(src)
		} else {
			packed, src = src[:n], src[n:]
		}
		if err == nil {
			err = b.decode(bits[:n], packed)
		}
		if err != nil {
			return nil, err
		}
		unshuffleBits(dst[at:at+n], bits[:n], b.element)
	}
}

// unshuffleBits restores elements, whose number is a multiple of eight. For each byte of an element
// and each bit of that byte, from the lowest, src has that bit of all elements: eight elements to a
// byte, the first in the lowest bit.
func unshuffleBits(dst, src []byte, element int) {
	groups := len(dst) / element / 8
	for j := range element {
		rows := src[j*8*groups : (j+1)*8*groups]
		for g := range groups {
			var x uint64
			for k := range 8 {
				x |= uint64(rows[k*groups+g]) << (8 * k)
			}
			x = transposeBits(x)
			out := dst[g*8*element+j:]
			for e := range 8 {
				out[e*element] = byte(x >> (8 * e))
			}
		}
	}
}

// transposeBits transposes a matrix of 8 by 8 bits; each byte is a row.
func transposeBits(x uint64) uint64 {
	t := (x ^ x>>7) & 0x00aa00aa00aa00aa
	x ^= t ^ t<<7
	t = (x ^ x>>14) & 0x0000cccc0000cccc
	x ^= t ^ t<<14
	t = (x ^ x>>28) & 0x00000000f0f0f0f0
	return x ^ t ^ t<<28
}
