package compress

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"

	"github.com/unpkl/unpkl/pickle"
)

// NewWriter returns a writer that compresses to w at the format's usual level, the same bytes for
// the same content (a gzip header has no time and no name). Close ends the format's stream and
// leaves w open. Plain passes writes on. No encoder for bzip2 in Go is both established and
// maintained, and the archives hold files, not streams (see Create): for those and for the zfile
// that nothing writes any more the error is of the kind pickle.ErrUnsupported.
func NewWriter(w io.Writer, f Format) (io.WriteCloser, error) {
	switch f {
	case Plain:
		return nopCloser{w}, nil
	case Gzip:
		return gzip.NewWriter(w), nil
	case Zlib:
		return zlib.NewWriter(w), nil
	case XZ:
		return xz.NewWriter(w)
	case LZMA:
		return lzma.NewWriter(w)
	case Zstd:
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	case LZ4:
		z := lz4.NewWriter(w)
		if err := z.Apply(lz4.ConcurrencyOption(1)); err != nil {
			return nil, fmt.Errorf("compress: %w", err)
		}
		return z, nil
	}
	return nil, pickle.Unsupported("writing %s", f)
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
