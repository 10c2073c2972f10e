package filter

import "math/bits"

// The indices of the parameters of the szip filter.
//
// Reference: HDF5 File Format Specification, IV.A.2.l, "Szip Filter Client Data"; the masks are
// those of szlib.h.
const (
	szipOptions = iota
	szipBlock
	szipBits
	szipScanline
	szipParams
)

const (
	szipBigEndian = 16
	szipNearest   = 32 // each sample is coded as the difference from the sample before it

	szipMaxBlock    = 32
	szipMaxScanline = 4096
	// szipSegment is the number of blocks in a segment, which a run of zero blocks may not leave.
	szipSegment = 64
	// szipRest is the code of a run of zero blocks up to the end of its segment.
	szipRest = 5
	// szipMaxPair bounds the sum of two samples that are coded together.
	szipMaxPair = 12
)

// szipDecoder decodes a stream of the lossless code of CCSDS 121.0.
type szipDecoder struct {
	bitReader
	block, blocks int // number of samples in a block, and of blocks in a scanline
	width         int // bits of a sample
	idBits        int // bits of the number that says how a block is coded
	nearest       bool
	samples       []uint32 // of one scanline
}

// unszip decodes szip: the decoded length in bytes (32 bits, little-endian), followed by the
// extended-Rice code of CCSDS 121.0. A scanline begins with a sample that is stored unchanged, and
// is padded to whole blocks. Samples of 32 and 64 bits are coded as bytes: the first bytes of all
// samples, then the second bytes, and so on.
//
// Reference: CCSDS 121.0-B-3, "Lossless Data Compression", 3 and 5; H5Zszip.c; for the padding of
// scanlines libaec's sz_compat.c.
func unszip(dst []byte, f *Filter, src []byte, limit int, exact bool) ([]byte, error) {
	p := f.Params
	if len(p) < szipParams || p[szipBlock] == 0 || p[szipBlock]%2 != 0 ||
		p[szipBits] == 0 || p[szipBits] > 32 && p[szipBits] != 64 || p[szipScanline] == 0 {
		return nil, malformed("parameters %v", p)
	}
	if p[szipBlock] > szipMaxBlock || p[szipScanline] > szipMaxScanline {
		return nil, unsupported("parameters %v", p)
	}
	if len(src) < 4 {
		return nil, truncated("%d bytes in the place of a length", len(src))
	}
	size := uint64(le.Uint32(src))
	if size > uint64(limit) || exact && size != uint64(limit) {
		return nil, malformed("header says %d bytes, expected %d", size, limit)
	}
	dst = resized(dst, int(size))
	planes, width := 1, int(p[szipBits])
	if width == 32 || width == 64 {
		planes, width = width/8, 8
	}
	out, spare := dst, scratchPair{}
	if planes > 1 {
		defer spare.release()
		out = resized(spare.next(), len(dst))
		spare.keep(out)
	}
	s := newSzipDecoder(src[4:], int(p[szipBlock]), int(p[szipScanline]), width)
	s.nearest = p[szipOptions]&szipNearest != 0
	if err := s.decode(out, int(p[szipScanline]), p[szipOptions]&szipBigEndian != 0); err != nil {
		return nil, err
	}
	if planes > 1 {
		interleave(dst, out, planes)
	}
	return dst, nil
}

func newSzipDecoder(src []byte, block, scanline, width int) *szipDecoder {
	s := &szipDecoder{bitReader: bitReader{src: src}, block: block, width: width}
	s.blocks = (scanline + block - 1) / block
	s.samples = make([]uint32, s.blocks*block)
	switch {
	case width > 16:
		s.idBits = 5
	case width > 8:
		s.idBits = 4
	default:
		s.idBits = 3
	}
	return s
}

// decode fills dst with scanlines, of which the last may be incomplete.
func (s *szipDecoder) decode(dst []byte, scanline int, big bool) error {
	size := 1
	if s.width > 16 {
		size = 4
	} else if s.width > 8 {
		size = 2
	}
	if len(dst)%size != 0 {
		return malformed("%d bytes of samples of %d", len(dst), size)
	}
	for len(dst) > 0 {
		n := min(scanline, len(dst)/size)
		if err := s.line(n); err != nil {
			return err
		}
		samples := s.samples[:n]
		if s.nearest {
			s.undoDifferences(samples)
		}
		putSamples(dst, samples, size, big)
		dst = dst[n*size:]
	}
	return nil
}

func putSamples(dst []byte, samples []uint32, size int, big bool) {
	for i, x := range samples {
		switch {
		case size == 1:
			dst[i] = byte(x)
		case size == 2 && big:
			dst[2*i], dst[2*i+1] = byte(x>>8), byte(x)
		case size == 2:
			le.PutUint16(dst[2*i:], uint16(x))
		case big:
			le.PutUint32(dst[4*i:], bits.ReverseBytes32(x))
		default:
			le.PutUint32(dst[4*i:], x)
		}
	}
}

// line reads the blocks of a scanline up to the block with sample n-1.
func (s *szipDecoder) line(n int) error {
	for b := 0; b*s.block < n; {
		done, err := s.blockAt(b)
		if err != nil {
			return err
		}
		if s.pastEnd() {
			return truncated("the bits end too early")
		}
		b += done
	}
	return nil
}

// blockAt reads block b of a scanline, or a run of zero blocks from there, and returns the number
// of blocks. A block begins with a number that says how it is coded. In the first block the
// reference sample follows that number.
func (s *szipDecoder) blockAt(b int) (int, error) {
	out := s.samples[b*s.block : (b+1)*s.block]
	id := int(s.read(s.idBits))
	low := 0
	if id == 0 {
		low = 1 + int(s.read(1))
	}
	if id == 1<<s.idBits-1 {
		for i := range out {
			out[i] = uint32(s.read(s.width))
		}
		return 1, nil
	}
	first := 0
	if s.nearest && b == 0 {
		out[0] = uint32(s.read(s.width))
		first = 1
	}
	switch low {
	case 1:
		return s.zeros(b, first)
	case 2:
		return 1, s.pairs(out, first)
	}
	return 1, s.split(out[first:], id-1)
}

// unary reads a number that is coded as that many zero bits and a one.
func (s *szipDecoder) unary() uint32 {
	for n := 0; ; {
		// peek returns at least 56 valid bits.
		zeros := bits.LeadingZeros64(s.peek() | 1<<7)
		if zeros < 56 {
			s.pos += zeros + 1
			return uint32(n + zeros)
		}
		n += 56
		s.pos += 56
		if s.pastEnd() {
			return 0
		}
	}
}

// split reads samples: first the upper bits of all, as unary numbers, then the k lower bits of all.
func (s *szipDecoder) split(out []uint32, k int) error {
	for i := range out {
		out[i] = s.unary() << k
	}
	if k > 0 {
		for i := range out {
			out[i] += uint32(s.read(k))
		}
	}
	return nil
}

// zeros sets a run of blocks from b on to zero, except for the first samples, which are set
// already.
func (s *szipDecoder) zeros(b, first int) (int, error) {
	n := int(min(s.unary(), uint32(s.blocks))) + 1
	switch {
	case n == szipRest:
		n = min(s.blocks-b, szipSegment-b%szipSegment)
	case n > szipRest:
		n--
	}
	if n > s.blocks-b {
		return 0, malformed("run of %d zero blocks at %d of %d", n, b, s.blocks)
	}
	clear(s.samples[b*s.block+first : (b+n)*s.block])
	return n, nil
}

// pairs reads samples in pairs. A pair with the sum s and the second sample y is coded as the s-th
// triangular number plus y. If the first sample is the reference sample, only the second one of its
// pair is used.
func (s *szipDecoder) pairs(out []uint32, first int) error {
	for i := 0; i < len(out); i += 2 {
		m := s.unary()
		sum := uint32(0)
		for m > sum {
			sum++
			m -= sum
			if sum > szipMaxPair {
				return malformed("pair of samples of more than %d", szipMaxPair)
			}
		}
		if i > 0 || first == 0 {
			out[i] = sum - m
		}
		out[i+1] = m
	}
	return nil
}

// undoDifferences replaces the differences from the sample before by the samples. A difference is
// mapped to a number without a sign: 0, -1, 1, -2, 2 and so on as long as both directions are
// possible, and beyond that in the only direction that is left.
//
// Reference: CCSDS 121.0-B-3, 4.4, "Mapper".
func (s *szipDecoder) undoDifferences(samples []uint32) {
	most := uint32(1<<s.width - 1)
	x := samples[0]
	for i, d := range samples[1:] {
		theta := min(x, most-x)
		switch half := d>>1 + d&1; {
		case half <= theta && d&1 == 0:
			x += half
		case half <= theta:
			x -= half
		case x > most/2:
			x = most - d
		default:
			x = d
		}
		x &= most
		samples[1+i] = x
	}
}
