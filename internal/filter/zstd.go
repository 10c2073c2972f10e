package filter

import (
	"sync"

	"github.com/klauspost/compress/zstd"
)

// zstdDecoder decodes whole frames, for any number of callers at once, each into memory that the
// caller provides.
var zstdDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true),
		zstd.WithDecoderLowmem(true))
})

// unzstd decodes the Zstandard filter, whose chunk is one frame.
//
// Reference: RFC 8878; aparamon/HDF5Plugin-Zstandard, zstd_h5plugin.c.
func unzstd(dst []byte, _ *Filter, src []byte, limit int, exact bool) ([]byte, error) {
	if !exact {
		var head zstd.Header
		if err := head.Decode(src); err != nil {
			return nil, streamError(err)
		}
		if head.FrameContentSize > uint64(limit) {
			return nil, malformed("frame of %d bytes, at most %d expected",
				head.FrameContentSize, limit)
		}
		if head.HasFCS {
			limit = int(head.FrameContentSize)
		}
	}
	return unzstdInto(resized(dst, limit), src)
}

// unzstdInto decodes into dst, and fails if the output does not fit its length.
func unzstdInto(dst, src []byte) ([]byte, error) {
	d, err := zstdDecoder()
	if err != nil {
		return nil, err
	}
	out, err := d.DecodeAll(src, dst[:0:len(dst)])
	if err != nil {
		return nil, streamError(err)
	}
	return out, nil
}

// zstdEncoders pools encoders by the levels of klauspost/compress.
var zstdEncoders [zstd.SpeedBestCompression + 1]sync.Pool

// zstdDefaultLevel is the default level of the filter.
const zstdDefaultLevel = 3

// zstdFrame encodes a frame. The first parameter is about its level, 1 to 22. The frame is a single
// segment, because only then a short frame includes its size, which the C filter needs.
func zstdFrame(dst []byte, f *Filter, src []byte) ([]byte, error) {
	n := zstdDefaultLevel
	if len(f.Params) > 0 {
		n = int(min(f.Params[0], 22))
	}
	level := zstd.EncoderLevelFromZstd(n)
	e, _ := zstdEncoders[level].Get().(*zstd.Encoder)
	if e == nil {
		var err error
		e, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1),
			zstd.WithEncoderCRC(false), zstd.WithZeroFrames(true), zstd.WithSingleSegment(true))
		if err != nil {
			return nil, err
		}
	}
	defer zstdEncoders[level].Put(e)
	return e.EncodeAll(src, dst[:0]), nil
}
