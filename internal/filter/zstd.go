package filter

import (
	"sync"

	"github.com/klauspost/compress/zstd"
)

// zstdDecoder decodes whole frames, for any number of callers at once, each into memory that it
// has to do with.
var zstdDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true),
		zstd.WithDecoderLowmem(true))
})

// unzstd undoes the Zstandard filter, whose chunk is one frame.
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
	return unzstdInto(sized(dst, limit), src)
}

// unzstdInto decodes into dst, and no further than its end.
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

// zstdEncoders has an encoder for each of the levels of klauspost/compress.
var zstdEncoders [zstd.SpeedBestCompression + 1]sync.Pool

// zstdDefaultLevel is that of the filter: 3.
const zstdDefaultLevel = 3

// zstdFrame makes a frame of about the level that the first parameter gives, 1 to 22. It is one
// segment, as only then a short frame has its size, which the C filter asks for.
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
