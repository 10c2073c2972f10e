package filter

import (
	"encoding/binary"

	"github.com/pierrec/lz4/v4"
)

// lz4Ratio is an upper bound of the bytes that one byte of an LZ4 block decompresses to.
const lz4Ratio = 256

// unlz4 decodes the LZ4 filter. The chunk begins with its decoded size (64 bits) and the size of a
// block (32 bits). Each block follows its encoded size (32 bits), and is not compressed if that
// equals its decoded size. All numbers are big-endian.
//
// Reference: HDF Group's plugins, H5Zlz4.c and "HDF5 LZ4 Filter Format".
func unlz4(dst []byte, _ *Filter, src []byte, limit int, exact bool) ([]byte, error) {
	if len(src) < 12 {
		return nil, truncated("%d bytes, a header has 12", len(src))
	}
	total, block := binary.BigEndian.Uint64(src), binary.BigEndian.Uint32(src[8:])
	src = src[12:]
	if total > uint64(limit) || exact && total != uint64(limit) {
		return nil, malformed("header says %d bytes, expected %d", total, limit)
	}
	if block == 0 || total/lz4Ratio > uint64(len(src)) {
		return nil, malformed("%d bytes in blocks of %d cannot unfold to %d",
			len(src), block, total)
	}
	dst = resized(dst, int(total))
	for at := 0; at < len(dst); {
		n := int(min(uint64(block), uint64(len(dst)-at)))
		packed, rest, err := lengthPrefixed(src)
		if err != nil {
			return nil, err
		}
		if err := lz4Block(dst[at:at+n], packed); err != nil {
			return nil, err
		}
		src = rest
		at += n
	}
	return dst, nil
}

// lengthPrefixed splits off a block that follows its length (32 bits, big-endian).
func lengthPrefixed(src []byte) (block, rest []byte, err error) {
	if len(src) < 4 {
		return nil, nil, truncated("%d bytes in the place of a block", len(src))
	}
	n := binary.BigEndian.Uint32(src)
	src = src[4:]
	if uint64(n) > uint64(len(src)) {
		return nil, nil, truncated("block of %d bytes, %d are left", n, len(src))
	}
	return src[:n], src[n:], nil
}

// lz4Block fills dst from a block, which is not compressed if it has the length of dst.
func lz4Block(dst, packed []byte) error {
	if len(packed) == len(dst) {
		copy(dst, packed)
		return nil
	}
	return decodeLZ4(dst, packed)
}

func decodeLZ4(dst, packed []byte) error {
	n, err := lz4.UncompressBlock(packed, dst)
	if err != nil {
		return malformed("%v", err)
	}
	if n != len(dst) {
		return malformed("block of %d bytes, expected %d", n, len(dst))
	}
	return nil
}
