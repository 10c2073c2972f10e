package hdf5

import (
	"io"
	"math"

	"github.com/unpkl/unpkl/ndarray"
)

// NoLimit as a limit of [Options] means that there is none.
const NoLimit = -1

// Options say how to read. The zero value, and a nil *Options, are the safe defaults;
// of each limit zero is the default and NoLimit is none. Options are copied and may be
// shared.
type Options struct {
	// External opens a file that this one names: where the data of a dataset lies
	// in external files, where a virtual dataset takes its parts from, and for
	// [Group.Follow]. The name is as the file has it: it may be absolute or lead out
	// of the folder, and it is the function's task to allow only what it means to. A
	// result that is an io.Closer is closed with the File. Without the function such
	// data is an error of the kind ErrUnsupported that has the name. [Dir] returns such
	// a function.
	External func(name string) (r io.ReaderAt, size int64, err error)
	// Bytes bounds what one Read or Slice decodes and allocates, in bytes: data that
	// lies in the file as it is, and is mapped, does not count. Default 4 GiB.
	Bytes int64
	// ChunkBytes bounds one chunk of a dataset when it is decoded, in bytes. Default
	// 1 GiB.
	ChunkBytes int64
	// Members bounds the links of one group and the attributes of one object.
	// Default 16 Mi.
	Members int64
	// Depth bounds how many files virtual datasets and external links may lead
	// through, one behind the other. Default 8.
	Depth int
	// Workers is how many goroutines decode the chunks of one read. Default
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

// maxRank is the largest number of dimensions: HDF5's is 32.
const maxRank = 32

var _ [ndarray.MaxDims - maxRank]struct{} // arrays have room for them
