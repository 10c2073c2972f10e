package filter

import "github.com/klauspost/compress/snappy"

// A Blosc chunk has a header of 16 bytes, the offsets of the blocks from the start of the chunk,
// and the blocks. A block is one stream, or one stream for each byte of an element. A stream
// follows its length; if that equals the decoded length, the stream is not compressed. All numbers
// are little-endian.
//
// Reference: Blosc/c-blosc, README_CHUNK_FORMAT.rst; blosc.c, blosc_d.
const (
	bloscHeader  = 16
	bloscVersion = 2

	bloscShuffle    = 1 << 0
	bloscCopied     = 1 << 1
	bloscBitshuffle = 1 << 2
	bloscReserved   = 1 << 3
	bloscWhole      = 1 << 4

	// Blocks are split if an element has at most bloscMaxSplits bytes and a block at least
	// bloscMinSplit elements.
	bloscMaxSplits = 16
	bloscMinSplit  = 128
)

// bloscCodecs are the codecs by their numbers in the header. Each fills dst, whose length is the
// decoded length of the stream.
var bloscCodecs = [...]func(dst, src []byte) error{
	blosclz,
	decodeLZ4,
	func(dst, src []byte) error {
		if n, err := snappy.DecodedLen(src); err != nil || n != len(dst) {
			return malformed("snappy stream of %d bytes, expected %d", n, len(dst))
		}
		return checkLength(snappy.Decode(dst, src))(dst)
	},
	func(dst, src []byte) error {
		return checkLength(inflate(dst[:0:len(dst)], nil, src, len(dst), true))(dst)
	},
	func(dst, src []byte) error { return checkLength(unzstdInto(dst, src))(dst) },
}

// checkLength returns a function that checks that a codec has filled dst.
func checkLength(out []byte, err error) func(dst []byte) error {
	return func(dst []byte) error {
		if err != nil {
			return streamError(err)
		}
		if len(out) != len(dst) {
			return malformed("stream of %d bytes, expected %d", len(out), len(dst))
		}
		return nil
	}
}

// bloscChunk is the content of a chunk's header.
type bloscChunk struct {
	flags         byte
	element, size int    // bytes of an element and of the decoded chunk
	block         int    // bytes of a decoded block
	data          []byte // the chunk, of the length in the header
	codec         func(dst, src []byte) error
	shuffled      []byte // scratch memory for a block before it is unshuffled
}

// unblosc decodes the Blosc filter. The chunk repeats the parameters of the filter, which are
// ignored.
func unblosc(dst []byte, _ *Filter, src []byte, limit int, exact bool) ([]byte, error) {
	c, err := parseBlosc(src)
	if err != nil {
		return nil, err
	}
	if c.size > limit || exact && c.size != limit {
		return nil, malformed("header says %d bytes, expected %d", c.size, limit)
	}
	if c.flags&bloscCopied != 0 {
		if len(c.data)-bloscHeader < c.size {
			return nil, truncated("%d bytes after the header, expected %d",
				len(c.data)-bloscHeader, c.size)
		}
		dst = resized(dst, c.size)
		copy(dst, c.data[bloscHeader:])
		return dst, nil
	}
	if c.size == 0 {
		return dst[:0], nil
	}
	if c.block == 0 || (c.size-1)/c.block >= (len(c.data)-bloscHeader)/4 {
		return nil, malformed("blocks of %d bytes", c.block)
	}
	dst = resized(dst, c.size)
	for i, at := 0, 0; at < c.size; i++ {
		start := int64(le.Uint32(c.data[bloscHeader+4*i:]))
		if start > int64(len(c.data)) {
			return nil, malformed("block %d begins at %d of %d", i, start, len(c.data))
		}
		out := dst[at:][:min(c.block, c.size-at)]
		at += len(out)
		if err := c.decodeBlock(out, c.data[start:]); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

func parseBlosc(src []byte) (*bloscChunk, error) {
	if len(src) < bloscHeader {
		return nil, truncated("%d bytes, a header has %d", len(src), bloscHeader)
	}
	c := &bloscChunk{flags: src[2], element: max(1, int(src[3]))}
	size, block, packed := le.Uint32(src[4:]), le.Uint32(src[8:]), le.Uint32(src[12:])
	switch {
	case src[0] == 0 || src[0] > bloscVersion || c.flags&bloscReserved != 0:
		return nil, unsupported("format version %d with flags %#02x", src[0], c.flags)
	case packed < bloscHeader || uint64(packed) > uint64(len(src)):
		return nil, truncated("header says %d bytes, %d are there", packed, len(src))
	case size > 1<<31-1 || block > 1<<31-1:
		return nil, malformed("header says %d bytes in blocks of %d", size, block)
	}
	codec := int(c.flags >> 5)
	if codec >= len(bloscCodecs) {
		return nil, unsupported("codec %d", codec)
	}
	c.codec = bloscCodecs[codec]
	c.size, c.block, c.data = int(size), int(min(block, size)), src[:packed]
	return c, nil
}

// decodeBlock fills dst from the streams at the beginning of src.
func (c *bloscChunk) decodeBlock(dst, src []byte) error {
	shuffled := c.flags&bloscShuffle != 0 && c.element > 1
	bits := !shuffled && c.flags&bloscBitshuffle != 0 && len(dst) >= c.element
	out := dst
	if shuffled || bits {
		c.shuffled = resized(c.shuffled, c.block)
		out = c.shuffled[:len(dst)]
	}
	splits := 1
	if c.flags&bloscWhole == 0 && c.element <= bloscMaxSplits && len(dst) == c.block &&
		len(dst)/c.element >= bloscMinSplit {
		splits = c.element
	}
	// Blosc does not split a block whose length is not a multiple of the element size.
	if len(dst)%splits != 0 {
		return malformed("blocks of %d bytes, elements of %d", len(dst), c.element)
	}
	n := len(dst) / splits
	for i := range splits {
		var err error
		if src, err = c.decodeStream(out[i*n:(i+1)*n], src); err != nil {
			return err
		}
	}
	switch {
	case shuffled:
		interleave(dst, out, c.element)
	case bits:
		// If the number of elements is not a multiple of eight, none of them is shuffled.
		whole := 0
		if n := len(dst) / c.element; n%8 == 0 {
			whole = n * c.element
			unshuffleBits(dst[:whole], out[:whole], c.element)
		}
		copy(dst[whole:], out[whole:])
	}
	return nil
}

// decodeStream fills dst from the stream at the beginning of src, and returns what follows it.
func (c *bloscChunk) decodeStream(dst, src []byte) ([]byte, error) {
	if len(src) < 4 {
		return nil, truncated("%d bytes in the place of a stream", len(src))
	}
	n := le.Uint32(src)
	src = src[4:]
	if uint64(n) > uint64(len(src)) {
		return nil, truncated("stream of %d bytes, %d are left", n, len(src))
	}
	if int(n) == len(dst) {
		copy(dst, src)
		return src[n:], nil
	}
	return src[n:], c.codec(dst, src[:n])
}
