package npy

import (
	"io"

	"github.com/unpkl/unpkl/ndarray"
)

// NoLimit as a limit of [Options] removes that limit.
const NoLimit = -1

// Options are the options for reading. The zero value, or a nil *Options, is the safe default. A
// limit of zero means its default, and NoLimit means none. Functions copy the Options, so they may
// be shared.
type Options struct {
	// Objects reads the pickle that is the data of an array of objects, from the first byte of r to
	// the opcode STOP and no further, and returns the array. r has the methods Peek, Discard and
	// Buffered of a bufio.Reader, with which pickle.Unpickler takes no byte after the pickle.
	// Without the hook, such an array is an error of the kind ErrUnsupported, as with
	// allow_pickle=False in numpy.load.
	Objects func(r io.Reader) (*ndarray.Array, error)
	// HeaderBytes bounds the header, in bytes. The default is 1 MiB. (NumPy's is 10,000 characters,
	// because it evaluates them.)
	HeaderBytes int64
	// Dims bounds the number of dimensions. The default, and the maximum, is ndarray.MaxDims.
	Dims int
	// Elements bounds the number of elements of one array. By default there is no limit, because
	// the input has all of them.
	Elements int64
	// DecompressedBytes bounds the decompressed size of one member of an .npz. The default is 4
	// GiB.
	DecompressedBytes int64
	// CompressionRatio bounds the ratio of decompressed to compressed bytes in a member of more
	// than 16 MiB. The default is 1,000.
	CompressionRatio int64
}

// The defaults of [Options].
const (
	DefaultHeaderBytes       = 1 << 20
	DefaultDecompressedBytes = 4 << 30
	DefaultCompressionRatio  = 1000
)

// options are Options in which the defaults are filled in.
type options struct {
	objects                             func(r io.Reader) (*ndarray.Array, error)
	headerBytes, elements, bytes, ratio int64
	dims                                int
}

func (o *Options) withDefaults() options {
	if o == nil {
		o = &Options{}
	}
	limit := func(n, def int64) int64 {
		switch {
		case n < 0:
			return 1<<63 - 1
		case n == 0:
			return def
		}
		return n
	}
	return options{
		objects:     o.Objects,
		headerBytes: min(limit(o.HeaderBytes, DefaultHeaderBytes), maxInt),
		elements:    limit(o.Elements, 1<<63-1),
		bytes:       limit(o.DecompressedBytes, DefaultDecompressedBytes),
		ratio:       limit(o.CompressionRatio, DefaultCompressionRatio),
		dims:        int(min(limit(int64(o.Dims), ndarray.MaxDims), ndarray.MaxDims)),
	}
}
