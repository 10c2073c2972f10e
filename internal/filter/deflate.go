package filter

import (
	"bytes"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"
)

// maxInflation is an upper bound of the bytes that one byte of a deflate stream decompresses to: a
// match of 258 bytes takes at least two bits.
const maxInflation = 1040

// inflater is a decompressor and its input, which are reused for other chunks.
type inflater struct {
	src bytes.Reader
	z   io.ReadCloser
}

var inflaters = sync.Pool{New: func() any { return new(inflater) }}

func (d *inflater) reset(src []byte) error {
	d.src.Reset(src)
	if d.z == nil {
		z, err := zlib.NewReader(&d.src)
		d.z = z
		return err
	}
	return d.z.(zlib.Resetter).Reset(&d.src, nil)
}

// inflate decodes deflate: a zlib stream (RFC 1950), whose checksum is verified. Like H5Zdeflate.c
// it ignores bytes after the stream.
func inflate(dst []byte, _ *Filter, src []byte, limit int, exact bool) ([]byte, error) {
	if exact && limit/maxInflation > len(src) {
		return nil, malformed("%d bytes cannot unfold to %d", len(src), limit)
	}
	d := inflaters.Get().(*inflater)
	defer inflaters.Put(d)
	if err := d.reset(src); err != nil {
		return nil, streamError(err)
	}
	return readStream(dst, d.z, limit, exact)
}

// readStream reads a whole stream: exactly limit bytes if exact is set, else at most limit.
func readStream(dst []byte, r io.Reader, limit int, exact bool) ([]byte, error) {
	if !exact {
		return readGrowing(dst, r, limit)
	}
	dst = resized(dst, limit)
	if _, err := io.ReadFull(r, dst); err != nil {
		return nil, streamError(err)
	}
	return dst, expectEnd(r, limit)
}

// expectEnd checks that the stream ends here. The read also makes the stream verify its checksum.
func expectEnd(r io.Reader, limit int) error {
	var one [1]byte
	for {
		n, err := r.Read(one[:])
		switch {
		case n > 0:
			return malformed("stream unfolds to more than %d bytes", limit)
		case err == io.EOF:
			return nil
		case err != nil:
			return streamError(err)
		}
	}
}

// readGrowing reads a stream into memory that grows as the bytes arrive.
func readGrowing(dst []byte, r io.Reader, limit int) ([]byte, error) {
	dst = dst[:0]
	for len(dst) < limit {
		if len(dst) == cap(dst) {
			grown := make([]byte, len(dst), min(limit, max(64<<10, 2*cap(dst))))
			copy(grown, dst)
			dst = grown
		}
		n, err := r.Read(dst[len(dst):min(cap(dst), limit)])
		dst = dst[:len(dst)+n]
		if err == io.EOF {
			return dst, nil
		}
		if err != nil {
			return nil, streamError(err)
		}
	}
	return dst, expectEnd(r, limit)
}

// streamError gives an error of a decompressor, whose input is all in memory, its kind.
func streamError(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return truncated("the stream ends too early")
	}
	return malformed("%v", err)
}

// deflaters pools compressors, which are large, by level.
var deflaters [10]sync.Pool

// defaultLevel is that of h5py.
const defaultLevel = 4

// deflate encodes a zlib stream. The first parameter is the level, 0 to 9.
func deflate(dst []byte, f *Filter, src []byte) ([]byte, error) {
	level := defaultLevel
	if len(f.Params) > 0 {
		level = int(min(f.Params[0], 9))
	}
	out := bytes.NewBuffer(dst[:0])
	z, _ := deflaters[level].Get().(*zlib.Writer)
	if z == nil {
		var err error
		if z, err = zlib.NewWriterLevel(out, level); err != nil {
			return nil, err
		}
	} else {
		z.Reset(out)
	}
	defer deflaters[level].Put(z)
	if _, err := z.Write(src); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
