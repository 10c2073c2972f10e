package hdf5

import (
	"io"
	"math"

	"github.com/unpkl/unpkl/ndarray"
)

// NoLimit is the value of a field of [Options] that sets no limit.
const NoLimit = -1

// Options are options for reading. The zero value, and a nil *Options, are the safe defaults. For
// each limit, zero is the default and NoLimit is no limit. Options are copied and may be shared.
type Options struct {
	// External opens another file that this file names: one with the data of a dataset, one with
	// the sources of a virtual dataset, or one to which an external link leads ([Group.Follow]).
	// The name is as in the file: it may be absolute or lead out of the folder, and the function
	// has to decide which names it allows. A result that is an io.Closer is closed with the File.
	// If the function is nil, such data is an error of the kind ErrUnsupported that has the name.
	// [Dir] returns such a function.
	External func(name string) (r io.ReaderAt, size int64, err error)
	// Bytes bounds what one Read or Slice decodes and allocates, in bytes. Data in a mapping that
	// is used as it is does not count. Default 4 GiB.
	Bytes int64
	// ChunkBytes bounds the size of a decoded chunk, in bytes. Default 1 GiB.
	ChunkBytes int64
	// Members bounds the number of links in a group, and of attributes of an object.
	// Default 16 Mi.
	Members int64
	// Depth bounds the number of files that virtual datasets and external links may lead through,
	// one after another. Default 8.
	Depth int
	// Workers is the number of goroutines that decode the chunks of one read. Default
	// GOMAXPROCS.
	Workers int
}

// The defaults of [Options].
const (
	DefaultBytes      = 4 << 30
	DefaultChunkBytes = 1 << 30
	DefaultMembers    = 16 << 20
	DefaultDepth      = 8
)

// options are Options with the defaults filled in.
type options struct {
	external                   func(name string) (io.ReaderAt, int64, error)
	bytes, chunkBytes, members int64
	depth, workers             int
}

func (o *Options) withDefaults() options {
	if o == nil {
		o = &Options{}
	}
	limit := func(n, def int64) int64 {
		switch {
		case n < 0:
			return math.MaxInt64
		case n == 0:
			return def
		}
		return n
	}
	return options{
		external:   o.External,
		bytes:      min(limit(o.Bytes, DefaultBytes), math.MaxInt),
		chunkBytes: min(limit(o.ChunkBytes, DefaultChunkBytes), math.MaxInt),
		members:    limit(o.Members, DefaultMembers),
		depth:      int(min(limit(int64(o.Depth), DefaultDepth), math.MaxInt32)),
		workers:    max(o.Workers, 0),
	}
}

// maxRank is the largest number of dimensions in HDF5.
const maxRank = 32

var _ [ndarray.MaxDims - maxRank]struct{} // ndarray.MaxDims is at least maxRank
