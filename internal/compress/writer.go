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

// NewWriter returns a writer that compresses to w at the usual level of the format. Equal content
// gives equal bytes: a gzip header has no time and no name. Close ends the format's stream and
// leaves w open. Plain passes writes on. Formats that cannot be written are an error of the kind
// pickle.ErrUnsupported: bzip2, of which Go has no established and maintained encoder; archives,
// which Create writes; and zfile, which is obsolete.
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
