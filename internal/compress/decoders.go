package compress

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	xzdec "github.com/mikelolasagasti/xz"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz/lzma"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/pickle"
)

// openDecoder returns a decoder of one format, and what has to be closed after use, or nil.
func openDecoder(f Format, in io.Reader, src *source, limits pickle.Limits) (io.Reader, io.Closer,
	error) {
	var r io.Reader
	var err error
	switch f {
	case Gzip:
		r, err = newGzip(in)
	case Zlib:
		r, err = zlib.NewReader(buffered(in))
	case Bzip2:
		r = bzip2.NewReader(buffered(in))
	case XZ:
		r, err = newXZ(in, limits.WindowBytes)
	case LZMA:
		r, err = newLZMA(in, limits.WindowBytes)
	case Zstd:
		return newZstd(in, limits.WindowBytes)
	case LZ4:
		r = lz4.NewReader(in)
	case ZFile:
		r, err = newZFile(in)
	case Tar:
		r, err = newTar(in)
	default:
		return openZip(src)
	}
	return r, nil, err
}

// gzipReader reads the members of a gzip one after another. Like Python's gzip it skips NULs that
// pad the end.
type gzipReader struct {
	in *bufio.Reader
	z  *gzip.Reader
}

func newGzip(in io.Reader) (io.Reader, error) {
	br := buffered(in)
	z, err := gzip.NewReader(br)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &gzipReader{br, z}, nil
}

func (g *gzipReader) Read(p []byte) (int, error) {
	for {
		n, err := g.z.Read(p)
		if n > 0 || err != io.EOF {
			if err == io.EOF {
				err = nil
			}
			return n, err
		}
		for {
			c, err := g.in.ReadByte()
			if err != nil {
				return 0, err
			}
			if c != 0 {
				break
			}
		}
		if err := g.in.UnreadByte(); err != nil {
			return 0, err
		}
		if err := g.z.Reset(g.in); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return 0, err
		}
		g.z.Multistream(false)
	}
}

// newXZ uses a decoder that allocates its dictionary once for all blocks and streams. With another
// one, many small blocks could each make it clear a large dictionary.
func newXZ(in io.Reader, window int64) (io.Reader, error) {
	r, err := xzdec.NewReader(in, uint32(min(window, 1<<32-1)))
	return xzReader{r, window}, xzError(err, window)
}

type xzReader struct {
	r      *xzdec.Reader
	window int64
}

func (x xzReader) Read(p []byte) (int, error) {
	n, err := x.r.Read(p)
	return n, xzError(err, x.window)
}

func xzError(err error, window int64) error {
	switch {
	case errors.Is(err, xzdec.ErrMemlimit):
		// The decoder does not tell which size was asked for.
		return &pickle.LimitError{Limit: "WindowBytes", Max: window, Want: window + 1}
	case errors.Is(err, xzdec.ErrOptions), errors.Is(err, xzdec.ErrUnsupportedCheck):
		return errkind.New(errkind.ErrUnsupported, "%v", err)
	}
	return err
}

// truncatedText recognises the errors of decoders which mean, if the source is at its end, that
// bytes are missing. These decoders have no better way to say so.
func truncatedText(err error) bool {
	return errors.Is(err, xzdec.ErrBuf) || strings.Contains(err.Error(), "unexpected EOF")
}

func newLZMA(in io.Reader, window int64) (io.Reader, error) {
	br := buffered(in)
	head, err := br.Peek(lzma.HeaderLen)
	if err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	if dict := int64(le32(head[1:])); dict > window {
		return nil, &pickle.LimitError{Limit: "WindowBytes", Max: window, Want: dict}
	}
	return lzma.ReaderConfig{DictCap: int(min(max(window, lzma.MinDictCap), 1<<31-1))}.NewReader(br)
}

func le32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

func newZstd(in io.Reader, window int64) (io.Reader, io.Closer, error) {
	d, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxWindow(uint64(min(max(window, zstd.MinWindowSize), zstd.MaxWindowSize))))
	if err != nil {
		return nil, nil, err
	}
	return zstdReader{d, window}, d.IOReadCloser(), nil
}

type zstdReader struct {
	d      *zstd.Decoder
	window int64
}

func (r zstdReader) Read(p []byte) (int, error) {
	n, err := r.d.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		err = &pickle.LimitError{Limit: "WindowBytes", Max: r.window, Want: r.window + 1}
	}
	return n, err
}
