package convert

import (
	"fmt"

	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// pageCodec decodes pages of Parquet into the memory that is there for them. The codecs of Arrow's
// library allocate whatever the compressed bytes claim to unfold to, gigabytes for a few bytes,
// although the header of the page has said its size before.
type pageCodec struct {
	compress.Codec
	compress.StreamingCodec
	// claims is the size in bytes that compressed bytes say of themselves, 0 where they do not.
	claims func(src []byte) (uint64, error)
}

// The library has one table of codecs for a process, which it lets packages replace as they are
// initialised: for those who import this package pages that lie are an error everywhere.
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
		n, err := c.claims(src)
		if err != nil {
			return nil, err
		}
		if n > uint64(cap(dst)) {
			return nil, fmt.Errorf("a page of %d bytes that unfolds to %d", cap(dst), n)
		}
	}
	return compress.Decode(c.Codec, dst, src)
}
