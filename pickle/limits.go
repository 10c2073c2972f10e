package pickle

// NoLimit as a field of [Limits] means that there is none.
const NoLimit = -1

// Limits bound what an input may cost. The zero value of each field means its
// default; [NoLimit] means none. All defaults can be left alone: with them, memory
// stays within a small multiple of the input and time is linear in it.
type Limits struct {
	// InputBytes bounds the input, in bytes as read (before decompression).
	// Default: none, the caller holds or streams the input.
	InputBytes int64
	// DecompressedBytes bounds what compressed input unfolds to. Default 4 GiB.
	DecompressedBytes int64
	// CompressionRatio bounds decompressed bytes per compressed byte, from the
	// first 16 MiB on; and the memory of the values that compressed input describes, from the first
	// 32 MiB on: 16 bytes for each opcode, 64 for a container, 128 for a call. Default 1,000.
	CompressionRatio int64
	// WindowBytes bounds the window or dictionary that a compressed input asks
	// its decoder to keep (xz, lzma, zstd). Default 128 MiB, which every preset of
	// those tools stays within.
	WindowBytes int64
	// Depth bounds the nesting of plain values, JSON output and Go values: what
	// most consumers walk with recursion. Default 10,000, as encoding/json.
	Depth int
	// Objects bounds the values that opcodes build in one pickle. Default: none,
	// an opcode is at least one byte of input.
	Objects int64
	// Memo bounds the number of memo entries. Default: none, as Objects.
	Memo int64
	// Dims bounds the number of dimensions of an array. Default 64, as NumPy 2.
	Dims int
	// Elements bounds the number of elements of one array. Default: none, an
	// array's elements are in the input.
	Elements int64
	// IntDigits bounds the decimal digits of an int written as text or to
	// be printed. Default 100,000.
	IntDigits int
	// StringBytes bounds one str, bytes or bytearray. Default: none.
	StringBytes int64
	// Expansion bounds, in values, what shared structure expands to where Go cannot
	// share it: the tuples among the keys of maps, which Go hashes by walking them (each value
	// of one that expands to more than 1,024 counts 16 times), and the copies that
	// Unmarshal makes for structs and arrays. Plain values share as the pickle does, and
	// do not count. Default 100,000,000.
	Expansion int64
	// OutputBytes bounds the JSON output of one pickle. Default 1 GiB.
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

// WithDefaults returns l with every zero replaced by its default and every
// [NoLimit] by the largest number of its type, so that consumers compare only.
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
