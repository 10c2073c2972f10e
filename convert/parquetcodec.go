package convert

import (
	"fmt"

	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// pageCodec decodes pages of Parquet into memory of the size that the page's header declares. The
// codecs of Arrow's library allocate the size that the compressed bytes claim instead, which may be
// gigabytes for a few bytes.
type pageCodec struct {
	compress.Codec
	compress.StreamingCodec
	// claimedSize returns the size in bytes that the compressed bytes claim, or 0 if they claim
	// none.
	claimedSize func(src []byte) (uint64, error)
}

// The library has one table of codecs for the process, which packages may change while they are
// initialised. So in a program that imports this package, every reader of Parquet gets these
// codecs.
func init() {
	register := func(c compress.Compression, claims func([]byte) (uint64, error)) {
		codec, err := compress.GetCodec(c)
		if err != nil {
			return
		}
		if streams, ok := codec.(compress.StreamingCodec); ok {
			compress.RegisterCodec(c, pageCodec{codec, streams, claims})
		}
	}
	register(compress.Codecs.Snappy, func(src []byte) (uint64, error) {
		n, err := snappy.DecodedLen(src)
		return uint64(n), err
	})
	register(compress.Codecs.Zstd, func(src []byte) (uint64, error) {
		var h zstd.Header
		err := h.Decode(src)
		return h.FrameContentSize, err
	})
}

// DecodeWithError implements compress.ErrorCodec.
func (c pageCodec) DecodeWithError(dst, src []byte) ([]byte, error) {
	if dst != nil {
		n, err := c.claimedSize(src)
		if err != nil {
			return nil, err
		}
		if n > uint64(cap(dst)) {
			return nil, fmt.Errorf("a page of %d bytes that unfolds to %d", cap(dst), n)
		}
	}
	return compress.Decode(c.Codec, dst, src)
}
