package npy

import (
	"io"

	"github.com/unpkl/unpkl/ndarray"
)

// NoLimit as a limit of [Options] means that there is none.
const NoLimit = -1

// Options say how to read. The zero value, and a nil *Options, are the safe defaults;
// of each limit zero is the default and NoLimit is none. Options are copied and may be
// shared.
type Options struct {
	// Objects reads the pickle that stands for the data of an array with objects, from r's first
	// byte to its STOP and not beyond, and returns the array. r has the methods Peek, Discard and
	// Buffered of a bufio.Reader; from such a reader pickle.Unpickler takes no byte too many.
	// Without the hook such an array is an error of the kind ErrUnsupported: numpy.load's
	// allow_pickle=False.
	Objects func(r io.Reader) (*ndarray.Array, error)
	// HeaderBytes bounds the header, in bytes. Default 1 MiB. (NumPy's is 10,000
	// characters, as it evaluates them.)
	HeaderBytes int64
	// Dims bounds the number of dimensions. Default and at most ndarray.MaxDims.
	Dims int
	// Elements bounds the number of elements of one array. Default: none, an
	// array's elements are in the input.
	Elements int64
	// DecompressedBytes bounds what one member of an .npz unfolds to. Default 4 GiB.
	DecompressedBytes int64
	// CompressionRatio bounds decompressed bytes per compressed byte of a member
	// of more than 16 MiB. Default 1,000.
	CompressionRatio int64
}

// The defaults of [Options].
const (
	DefaultHeaderBytes       = 1 << 20
	DefaultDecompressedBytes = 4 << 30
	DefaultCompressionRatio  = 1000
)

// options are Options with the defaults filled in.
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
