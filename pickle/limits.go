package pickle

// NoLimit as a field of [Limits] means that there is no limit.
const NoLimit = -1

// Limits bound what an input may cost. A field that is 0 means its default, and [NoLimit] means no
// limit. With the defaults, memory stays within a small multiple of the input, and time is linear
// in the input.
type Limits struct {
	// InputBytes is the greatest length in bytes of the input, before decompression. Default: no
	// limit, since the caller has the input in memory or reads it as a stream.
	InputBytes int64
	// DecompressedBytes is the greatest length in bytes of decompressed input. Default 4 GiB.
	DecompressedBytes int64
	// CompressionRatio is the greatest number of decompressed bytes for each compressed byte, from
	// the first 16 MiB on. It also limits the memory of the values in compressed input, from the
	// first 32 MiB on; there an opcode counts 16 bytes, a container 64 and a call 128. Default
	// 1,000.
	CompressionRatio int64
	// WindowBytes is the greatest size in bytes of the window or dictionary that a compressed input
	// needs for its decompression (xz, lzma, zstd). Default 128 MiB, which is enough for every
	// preset of those tools.
	WindowBytes int64
	// Depth is the greatest nesting of plain values, JSON output and Go values, which most programs
	// process by recursion. Default 10,000, as in encoding/json.
	Depth int
	// Objects is the greatest number of values that the opcodes of one pickle build. Default: no
	// limit, since each takes at least one byte of input.
	Objects int64
	// Memo is the greatest number of memo entries. Default: no limit, for the same reason.
	Memo int64
	// Dims is the greatest number of dimensions of an array. Default 64, as in NumPy 2.
	Dims int
	// Elements is the greatest number of elements of one array. Default: no limit, since the
	// elements are in the input.
	Elements int64
	// IntDigits is the greatest number of decimal digits of an int that is written as text in the
	// input or is printed. Default 100,000.
	IntDigits int
	// StringBytes is the greatest length in bytes of one str, bytes or bytearray. Default: no
	// limit.
	StringBytes int64
	// Expansion is the greatest number of values to which shared structure expands where Go cannot
	// share it: in tuples that are keys of maps, which Go walks to hash them (if one has more than
	// 1,024 values, each counts 16 times), in the copies that Unmarshal makes for structs and
	// arrays, and in the files that package convert writes in formats which cannot share values
	// either. Plain values are shared as in the pickle and do not count. Default 100,000,000.
	Expansion int64
	// OutputBytes is the greatest length in bytes of the JSON output of one pickle. Default 1 GiB.
	OutputBytes int64
}

// The defaults of [Limits].
const (
	DefaultDecompressedBytes = 4 << 30
	DefaultCompressionRatio  = 1000
	DefaultWindowBytes       = 128 << 20
	DefaultDepth             = 10_000
	DefaultDims              = 64
	DefaultIntDigits         = 100_000
	DefaultExpansion         = 100_000_000
	DefaultOutputBytes       = 1 << 30
)

const unlimited = 1<<63 - 1

// WithDefaults returns l with every 0 replaced by the default and every [NoLimit] by the largest
// number of the field's type, so that code only has to compare.
func (l Limits) WithDefaults() Limits {
	def := func(p *int64, d int64) {
		switch {
		case *p < 0:
			*p = unlimited
		case *p == 0:
			*p = d
		}
	}
	defInt := func(p *int, d int) {
		switch {
		case *p < 0:
			*p = int(^uint(0) >> 1)
		case *p == 0:
			*p = d
		}
	}
	def(&l.InputBytes, unlimited)
	def(&l.DecompressedBytes, DefaultDecompressedBytes)
	def(&l.CompressionRatio, DefaultCompressionRatio)
	def(&l.WindowBytes, DefaultWindowBytes)
	defInt(&l.Depth, DefaultDepth)
	def(&l.Objects, unlimited)
	def(&l.Memo, unlimited)
	defInt(&l.Dims, DefaultDims)
	def(&l.Elements, unlimited)
	defInt(&l.IntDigits, DefaultIntDigits)
	def(&l.StringBytes, unlimited)
	def(&l.Expansion, DefaultExpansion)
	def(&l.OutputBytes, DefaultOutputBytes)
	return l
}
