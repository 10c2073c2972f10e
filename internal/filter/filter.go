package filter

import "slices"

// Filter is one filter of a dataset's pipeline, as in the filter pipeline message.
//
// Reference: HDF5 File Format Specification, IV.A.2.l.
type Filter struct {
	// ID is the number of the filter in HDF5's registry.
	ID uint16
	// Name is the name in the file. It may be empty, and is used in errors only.
	Name string
	// Optional says that a chunk may be stored without the filter if the filter does not help.
	Optional bool
	// Params are the filter's client data; their meaning depends on the filter.
	Params []uint32
}

// The numbers of filters that this package decodes or names.
const (
	Deflate     = 1
	Shuffle     = 2
	Fletcher32  = 3
	Szip        = 4
	NBit        = 5
	ScaleOffset = 6
	Bzip2       = 307
	LZF         = 32000
	Blosc       = 32001
	LZ4         = 32004
	Bitshuffle  = 32008
	Zstd        = 32015
	Blosc2      = 32026
)

// MaxFilters is the largest number of filters in a pipeline.
//
// Reference: HDF5 File Format Specification, IV.A.2.l, "Number of Filters".
const MaxFilters = 32

// codec describes a filter.
type codec struct {
	name string
	// decode decodes the filter. Its output has at most limit bytes, and exactly limit if exact is
	// set. It may use the memory of dst, which is empty with any capacity. The output does not
	// alias src unless inPlace is set.
	decode func(dst []byte, f *Filter, src []byte, limit int, exact bool) ([]byte, error)
	// encode applies the filter. It returns errNoGain if its output would not be shorter than the
	// input.
	encode func(dst []byte, f *Filter, src []byte) ([]byte, error)
	// maxEncoded returns the length of the encoded form of n bytes: the exact length if fixed is
	// set, else an upper bound.
	maxEncoded func(n int) int
	fixed      bool
	// inPlace says that decode returns a part of src.
	inPlace bool
}

func sameSize(n int) int { return n }

// maxExpanded is an upper bound of the output of any compressor, which may be longer than the input
// because of the headers of its blocks. No compressor adds an eighth and 64 KiB.
func maxExpanded(n int) int { return n + n/8 + 1<<16 }

func (c *codec) encodedSize(n int) int {
	if c.maxEncoded == nil {
		return maxExpanded(n)
	}
	return c.maxEncoded(n)
}

// Decode decodes the filters of a chunk, the last filter first, and returns the elements. Bit i of
// mask says that filter i was skipped when the chunk was written. size is the length of the decoded
// chunk in bytes, which the caller has checked against its limits: a chunk of another length is an
// error of the kind ErrMalformed. No filter takes more memory than a small multiple of size and of
// the chunk's length.
//
// The result is in the memory of dst, from its start, if its capacity suffices, else in new memory.
// If no filter moves bytes, the result is a part of chunk. chunk is not changed, and dst must not
// overlap it. A filter that this package does not decode is an error of the kind ErrUnsupported
// with the number and name of the filter.
//
// Reference: HDF5 File Format Specification, IV.A.2.l; H5Z.c, H5Z_pipeline.
func Decode(dst []byte, filters []Filter, mask uint32, chunk []byte, size int) ([]byte, error) {
	if size < 0 {
		return nil, malformed("chunk of %d bytes", size)
	}
	if len(filters) > MaxFilters {
		return nil, malformed("pipeline of %d filters", len(filters))
	}
	var room [4]stage
	stages, err := planStages(room[:0], filters, mask, size)
	if err != nil {
		return nil, err
	}
	data, err := runStages(dst, stages, chunk)
	if err != nil {
		return nil, err
	}
	if len(data) != size {
		return nil, malformed("chunk decodes to %d bytes, not %d", len(data), size)
	}
	return data, nil
}

// stage is one filter to decode, with the size of its output.
type stage struct {
	*codec
	filter *Filter
	limit  int
	exact  bool
}

// planStages returns the filters that the chunk went through, the first one first.
func planStages(stages []stage, filters []Filter, mask uint32, size int) ([]stage, error) {
	limit, exact := size, true
	for i := range filters {
		if mask>>i&1 != 0 {
			continue
		}
		f := &filters[i]
		c := codecs[f.ID]
		if c == nil || c.decode == nil {
			return nil, unknown(f)
		}
		stages = append(stages, stage{c, f, limit, exact})
		n := c.encodedSize(limit)
		if n < limit {
			return nil, malformed("chunk of %d bytes", size)
		}
		limit, exact = n, exact && c.fixed
	}
	return stages, nil
}

// runStages decodes the stages, the last one first. The last decoder that moves bytes writes to
// dst, and those before it to scratch memory.
func runStages(dst []byte, stages []stage, data []byte) ([]byte, error) {
	target := slices.IndexFunc(stages, func(s stage) bool { return !s.inPlace })
	var spare scratchPair
	defer spare.release()
	for i := len(stages) - 1; i >= 0; i-- {
		s := &stages[i]
		var err error
		switch {
		case s.inPlace:
			data, err = s.decode(nil, s.filter, data, s.limit, s.exact)
		case i == target:
			data, err = s.decode(dst[:0], s.filter, data, s.limit, s.exact)
		default:
			data, err = s.decode(spare.next(), s.filter, data, s.limit, s.exact)
			spare.keep(data)
		}
		if err != nil {
			return nil, withFilter(s.filter, err)
		}
	}
	return data, nil
}

// Encode applies the filters, the first one first. It returns the encoded chunk, and a mask of the
// filters that were skipped: optional filters that would not make the chunk shorter. The result is
// in the memory of dst if its capacity suffices, else in new memory; if all filters were skipped,
// it is chunk itself. chunk is not changed, and dst must not overlap it. A filter that this package
// does not encode is an error of the kind ErrUnsupported.
//
// Reference: HDF5 File Format Specification, IV.A.2.l; H5Z.c, H5Z_pipeline.
func Encode(dst []byte, filters []Filter, chunk []byte) ([]byte, uint32, error) {
	if len(filters) > MaxFilters {
		return nil, 0, malformed("pipeline of %d filters", len(filters))
	}
	var mask uint32
	var spare scratchPair
	defer spare.release()
	data, inDst := chunk, false
	for i := range filters {
		f := &filters[i]
		c := codecs[f.ID]
		if c == nil || c.encode == nil {
			return nil, 0, unknown(f)
		}
		out := dst[:0]
		if inDst = i == len(filters)-1; !inDst {
			out = spare.next()
		}
		next, err := c.encode(out, f, data)
		if err == errNoGain && f.Optional {
			mask |= 1 << i
			inDst = false
			continue
		}
		if err != nil {
			return nil, 0, withFilter(f, err)
		}
		if !inDst {
			spare.keep(next)
		}
		data = next
	}
	if inDst || mask == 1<<len(filters)-1 {
		return data, mask, nil
	}
	return append(dst[:0], data...), mask, nil
}

// DecodeUpTo decodes one filter whose output length is not known, except that it is at most limit
// bytes. More bytes are an error.
func DecodeUpTo(f *Filter, src []byte, limit int) ([]byte, error) {
	c := codecs[f.ID]
	if c == nil || c.decode == nil {
		return nil, unknown(f)
	}
	out, err := c.decode(nil, f, src, limit, false)
	if err != nil {
		return nil, withFilter(f, err)
	}
	return out, nil
}
