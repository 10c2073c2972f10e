package filter

import "slices"

// Filter is one filter of a dataset's pipeline, as its filter pipeline message says.
//
// Reference: HDF5 File Format Specification, IV.A.2.l.
type Filter struct {
	// ID is the number that the filter has in HDF5's registry.
	ID uint16
	// Name is what the file calls the filter; it may be empty, and only errors use it.
	Name string
	// Optional tells that a chunk may be stored without the filter where it does not help.
	Optional bool
	// Params are the filter's client data, which each filter lays out for itself.
	Params []uint32
}

// The numbers of the filters that this package knows, or knows the names of.
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

// MaxFilters is the largest number of filters that a pipeline may have.
//
// Reference: HDF5 File Format Specification, IV.A.2.l, "Number of Filters".
const MaxFilters = 32

// codec is what this package knows of a filter.
type codec struct {
	name string
	// decode undoes the filter. Its output has at most limit bytes, and exactly limit if
	// exact is set. It may use dst, which is empty and has any capacity, and never aliases src
	// unless inPlace is set.
	decode func(dst []byte, f *Filter, src []byte, limit int, exact bool) ([]byte, error)
	// encode applies the filter; it returns errNoGain where its output would be no shorter
	// and the filter then stores nothing.
	encode func(dst []byte, f *Filter, src []byte) ([]byte, error)
	// grown is how long the encoded form of n bytes is: exactly, if fixed is set, else at most.
	grown func(n int) int
	fixed bool
	// inPlace tells that decode returns a part of src.
	inPlace bool
}

func same(n int) int { return n }

// Any compressor's output may be longer than its input by headers of its blocks. An eighth and
// 64 KiB is more than any of them adds, so this is only a bound for what comes from outside.
func expanded(n int) int { return n + n/8 + 1<<16 }

func (c *codec) encodedSize(n int) int {
	if c.grown == nil {
		return expanded(n)
	}
	return c.grown(n)
}

// Decode undoes the filters of one chunk, the last one first, and returns the elements. Bit i of
// mask says that filter i was skipped when the chunk was written. size is the length of the decoded
// chunk in bytes, which the caller has checked against its limits: a chunk that decodes to more or
// fewer bytes is an error of the kind ErrMalformed, and no filter takes more memory than a small
// multiple of size and of the chunk's length.
//
// The result lies in the memory of dst, from its start, if that has the capacity, else in new
// memory; where no filter moves bytes it is a part of chunk. chunk is not changed and dst must
// not overlap it. A filter that this package does not decode is an error of the kind
// ErrUnsupported with its number and name.
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
	stages, err := plan(room[:0], filters, mask, size)
	if err != nil {
		return nil, err
	}
	data, err := run(dst, stages, chunk)
	if err != nil {
		return nil, err
	}
	if len(data) != size {
		return nil, malformed("chunk decodes to %d bytes, not %d", len(data), size)
	}
	return data, nil
}

// stage is one filter to undo, with the size that its output may have.
type stage struct {
	*codec
	filter *Filter
	limit  int
	exact  bool
}

// plan lists the filters that the chunk went through, first to last.
func plan(stages []stage, filters []Filter, mask uint32, size int) ([]stage, error) {
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

// run undoes the stages, last to first. The last one that moves bytes writes to dst, those before
// it to scratch memory.
func run(dst []byte, stages []stage, data []byte) ([]byte, error) {
	target := slices.IndexFunc(stages, func(s stage) bool { return !s.inPlace })
	var spare spares
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
			return nil, named(s.filter, err)
		}
	}
	return data, nil
}

// Encode applies the filters, the first one first, and returns the bytes of the chunk and the
// mask of those that were skipped: an optional filter that would make a chunk longer is. The result
// lies in the memory of dst if that has the capacity, else in new memory; where no filter
// applies it is chunk itself. chunk is not changed and dst must not overlap it. A filter that
// this package does not encode is an error of the kind ErrUnsupported.
//
// Reference: HDF5 File Format Specification, IV.A.2.l; H5Z.c, H5Z_pipeline.
func Encode(dst []byte, filters []Filter, chunk []byte) ([]byte, uint32, error) {
	if len(filters) > MaxFilters {
		return nil, 0, malformed("pipeline of %d filters", len(filters))
	}
	var mask uint32
	var spare spares
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
			return nil, 0, named(f, err)
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

// Undo undoes one filter whose output's length is not known before, only that it has at most limit
// bytes; more is an error.
func Undo(f *Filter, src []byte, limit int) ([]byte, error) {
	c := codecs[f.ID]
	if c == nil || c.decode == nil {
		return nil, unknown(f)
	}
	out, err := c.decode(nil, f, src, limit, false)
	if err != nil {
		return nil, named(f, err)
	}
	return out, nil
}
