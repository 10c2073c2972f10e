package filter

import (
	"bytes"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"
)

// maxInflation is more bytes than one byte of a deflate stream can unfold to: a match of 258 bytes
// takes two bits at least.
const maxInflation = 1040

// inflater is a decompressor and what it reads from, which are kept for the next chunk.
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

// inflate undoes deflate: a zlib stream (RFC 1950), whose checksum is checked. What follows the
// stream is ignored, as H5Zdeflate.c does.
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

// readStream reads all of a stream: limit bytes if exact is set, else at most that many.
func readStream(dst []byte, r io.Reader, limit int, exact bool) ([]byte, error) {
	if !exact {
		return readGrowing(dst, r, limit)
	}
	dst = sized(dst, limit)
	if _, err := io.ReadFull(r, dst); err != nil {
		return nil, streamError(err)
	}
	return dst, atEnd(r, limit)
}

// atEnd checks that the stream ends here; reading on also makes it check its checksum.
func atEnd(r io.Reader, limit int) error {
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

// readGrowing takes memory as the stream's bytes arrive.
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
	return dst, atEnd(r, limit)
}

// streamError is an error of a decompressor, all of whose input was in memory.
func streamError(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return truncated("the stream ends too early")
	}
	return malformed("%v", err)
}

// deflaters has compressors by level, which are large.
var deflaters [10]sync.Pool

// defaultLevel is h5py's: 4.
const defaultLevel = 4

// deflate makes a zlib stream of the level that the first parameter gives, 0 to 9.
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
