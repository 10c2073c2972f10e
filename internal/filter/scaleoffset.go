package filter

import "math"

// The indices of the parameters of the scale-offset filter. From scaleFill on the parameters hold
// the bytes of the fill value.
//
// Reference: HDF5 File Format Specification, IV.A.2.l, "Scale-offset Filter Client Data".
const (
	scaleType = iota
	scaleFactor
	scaleElements
	scaleClass
	scaleSize
	scaleSign
	scaleOrder
	scaleHasFill
	scaleFill
	scaleParams
)

const (
	scaleDecimal  = 0 // floats, times a power of ten
	scaleInteger  = 2
	scaleIsFloat  = 1
	scaleIsBig    = 1
	scaleFillGood = 1

	// scaleHeader is the number of bytes before the packed numbers: the width in bits, the length
	// of the minimum in bytes, and the minimum, padded to 16 bytes.
	scaleHeader = 21
)

// scaled has the parameters of the filter and the header of a chunk.
type scaled struct {
	n, size, bits int // number of elements, bytes of an element, bits of a packed number
	float, big    bool
	hasFill       bool
	fill, minimum uint64
	decimal       int     // exponent of the power of ten
	allOnes       uint64  // the packed form of the fill value
	power64       float64 // the power of ten
	power32       float32
}

// unscale decodes the scale-offset filter. A number is stored as the difference from the smallest
// number of the chunk, in as many bits as the largest difference needs, the highest bit first; all
// bits set is the fill value. Floats were multiplied by a power of ten and rounded before.
//
// Reference: H5Zscaleoffset.c. If the differences need as many bits as the type has, the numbers
// are stored in the byte order of the machine that wrote them. The file does not say which, and
// little-endian is assumed.
func unscale(dst []byte, f *Filter, src []byte, limit int, exact bool) ([]byte, error) {
	s, err := parseScale(f)
	if err != nil {
		return nil, err
	}
	if s.n > limit/s.size || exact && s.n*s.size != limit {
		return nil, malformed("%d numbers of %d bytes, expected %d bytes", s.n, s.size, limit)
	}
	if f.Params[scaleType] == scaleInteger && f.Params[scaleFactor] == uint32(8*s.size) {
		// As many bits as the type has: the filter did nothing.
		if len(src) != s.n*s.size {
			return nil, malformed("%d bytes, expected %d", len(src), s.n*s.size)
		}
		return append(dst[:0], src...), nil
	}
	if err := s.header(src); err != nil {
		return nil, err
	}
	dst = resized(dst, s.n*s.size)
	if src = src[scaleHeader:]; s.bits == 8*s.size {
		if len(src) < len(dst) {
			return nil, truncated("%d bytes of numbers, expected %d", len(src), len(dst))
		}
		copy(dst, src)
		s.order(dst)
		return dst, nil
	}
	if int64(s.n)*int64(s.bits) > int64(len(src))*8 {
		return nil, truncated("%d bytes for %d numbers of %d bits", len(src), s.n, s.bits)
	}
	s.unpack(dst, src)
	s.order(dst)
	return dst, nil
}

func parseScale(f *Filter) (*scaled, error) {
	p := f.Params
	if len(p) < scaleParams {
		return nil, malformed("parameters %v", p)
	}
	s := &scaled{
		n: int(p[scaleElements] & math.MaxInt32), size: int(p[scaleSize]),
		float: p[scaleClass] == scaleIsFloat, big: p[scaleOrder] == scaleIsBig,
		hasFill: p[scaleHasFill] == scaleFillGood, fill: uint64(p[scaleFill]),
		decimal: int(int32(p[scaleFactor])),
	}
	switch s.size {
	case 4:
	case 1, 2:
		s.fill &= 1<<(8*s.size) - 1
	case 8:
		if len(p) > scaleParams {
			s.fill |= uint64(p[scaleParams]) << 32
		}
	default:
		return nil, unsupported("numbers of %d bytes", s.size)
	}
	want := uint32(scaleInteger)
	if s.float {
		want = scaleDecimal
	}
	if p[scaleElements] > math.MaxInt32 || p[scaleClass] > scaleIsFloat || s.float && s.size < 4 {
		return nil, malformed("parameters %v", p)
	}
	if p[scaleType] != want {
		return nil, unsupported("scaling of type %d", p[scaleType])
	}
	return s, nil
}

func (s *scaled) header(src []byte) error {
	if len(src) < scaleHeader {
		return truncated("%d bytes, a header has %d", len(src), scaleHeader)
	}
	bits := le.Uint32(src)
	if bits > uint32(8*s.size) {
		return malformed("numbers of %d bits in %d bytes", bits, s.size)
	}
	s.bits = int(bits)
	for i := range min(int(src[4]), 8) {
		s.minimum |= uint64(src[5+i]) << (8 * i)
	}
	s.allOnes = 1<<s.bits - 1
	s.power64 = math.Pow10(s.decimal)
	s.power32 = float32(s.power64)
	return nil
}

// unpack writes the numbers in little-endian order.
func (s *scaled) unpack(dst, src []byte) {
	r := bitReader{src: src}
	for i := 0; i < len(dst); i += s.size {
		var x uint64
		if s.bits > 0 {
			x = r.read(s.bits)
		}
		switch {
		case s.hasFill && x == s.allOnes:
			x = s.fill
		case !s.float:
			x += s.minimum
		case s.size == 4:
			// Each conversion rounds to float32, as C does.
			y := float32(int32(x)) / s.power32
			x = uint64(math.Float32bits(float32(y) + math.Float32frombits(uint32(s.minimum))))
		default:
			y := float64(int64(x)) / s.power64
			x = math.Float64bits(float64(y) + math.Float64frombits(s.minimum))
		}
		switch s.size {
		case 1:
			dst[i] = byte(x)
		case 2:
			le.PutUint16(dst[i:], uint16(x))
		case 4:
			le.PutUint32(dst[i:], uint32(x))
		default:
			le.PutUint64(dst[i:], x)
		}
	}
}

// order converts the numbers to the byte order of the dataset's type.
func (s *scaled) order(dst []byte) {
	if !s.big {
		return
	}
	for ; len(dst) >= s.size; dst = dst[s.size:] {
		for i, j := 0, s.size-1; i < j; i, j = i+1, j-1 {
			dst[i], dst[j] = dst[j], dst[i]
		}
	}
}
