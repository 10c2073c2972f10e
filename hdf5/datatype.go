package hdf5

import "github.com/unpkl/unpkl/ndarray"

// Class is the class of a datatype.
//
// Reference: HDF5 File Format Specification, IV.A.2.d ("The Datatype Message").
type Class uint8

// The classes.
const (
	ClassInteger   Class = iota // fixed-point number
	ClassFloat                  // floating-point number
	ClassTime                   // an integer of time, without a unit
	ClassString                 // text of fixed width
	ClassBitfield               // bits in an integer
	ClassOpaque                 // bytes with a tag
	ClassCompound               // fields by name
	ClassReference              // to an object or a region of a dataset
	ClassEnum                   // integers with names
	ClassVlen                   // sequence or text of any length
	ClassArray                  // array of fixed shape
	ClassComplex                // two numbers, since HDF5 2.0
)

var classNames = [...]string{
	"integer", "float", "time", "string", "bitfield", "opaque", "compound", "reference",
	"enum", "vlen", "array", "complex",
}

// String returns the class's name in lower case.
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return "unknown"
}

// Padding says how a text of fixed length ends.
type Padding uint8

// The paddings of text.
const (
	PadNullTerm Padding = iota // at the first NUL, which is always there
	PadNull                    // NULs
	PadSpace                   // spaces, as in Fortran
)

// RefKind says what a reference points to.
type RefKind uint8

// The kinds of references.
const (
	RefObject    RefKind = iota // an object
	RefRegion                   // a selection of a dataset
	RefAny                      // HDF5 1.12's object, region or attribute
	RefRegionNew                // HDF5 1.12's region
	RefAttribute                // HDF5 1.12's attribute
)

// Datatype describes elements as a file does, which is more than a dtype can say. It must not be
// changed.
type Datatype struct {
	Class Class
	// Size is the size of an element in the file, in bytes.
	Size int
	// Order is the byte order of numbers; NotApplicable for other classes.
	Order ndarray.ByteOrder
	// Signed is set for signed integers, and for floats.
	Signed bool
	// BitOffset and Precision say which bits of an element hold the number.
	BitOffset, Precision int
	// Float is the bit layout of a float.
	Float FloatLayout
	// Padding is that of a text of fixed length. UTF8 says that a text is UTF-8, not ASCII.
	Padding Padding
	UTF8    bool
	// Text says that a Vlen is a text, not a sequence.
	Text bool
	// Tag is the tag of an opaque type.
	Tag string
	// Members are the fields of a compound, or the names of an enum's values.
	Members []Member
	// Base is the type of the elements of an enum, vlen, array or complex.
	Base *Datatype
	// Dims is the shape of an array.
	Dims []int
	// Ref is the kind of a reference.
	Ref RefKind

	vax bool
}

// Member is a field of a compound datatype, or a named value of an enum.
type Member struct {
	Name string
	// Offset is the offset of a field in the compound, in bytes.
	Offset int
	// Type is the type of a field; nil for an enum.
	Type *Datatype
	// Value is the value of an enum's name, as bytes of the base type.
	Value []byte
}

// FloatLayout says which bits of a floating-point number are which, counted from the lowest bit.
type FloatLayout struct {
	Sign, ExponentAt, ExponentBits, MantissaAt, MantissaBits int
	Bias                                                     int64
	// Implied says that the first bit of the mantissa, which is 1, is not stored.
	Implied bool
}

// Limits of a datatype. They are those of dtypes, and bound the recursion.
const (
	maxTypeDepth = 32
	maxTypeNodes = 1 << 14
)

// typeParser counts the types that were parsed in one datatype message.
type typeParser struct {
	nodes int
}

// parseDatatype parses a datatype message.
func parseDatatype(c *cursor) (*Datatype, error) {
	p := &typeParser{}
	t := p.parse(c, 0)
	return t, c.err
}

// parse parses a datatype and the types in it. After an error, which the cursor keeps, the result
// is not nil, but must not be used.
func (p *typeParser) parse(c *cursor, depth int) *Datatype {
	pos := c.pos()
	head := c.u8()
	bits := uint32(c.uint(3))
	t := &Datatype{Class: Class(head & 15), Size: c.count(), Order: ndarray.NotApplicable}
	version := head >> 4
	p.nodes++
	switch {
	case c.err != nil:
		return t
	case version < 1 || version > 5:
		c.fail(unsupported(pos, "version %d of the datatype", version))
	case depth > maxTypeDepth || p.nodes > maxTypeNodes:
		c.fail(errorAt(pos, ErrLimit, "a datatype of more than %d levels or %d parts",
			maxTypeDepth, maxTypeNodes))
	case t.Size == 0:
		c.fail(malformed(pos, "a datatype of no bytes"))
	}
	if c.err != nil {
		return t
	}
	switch t.Class {
	case ClassInteger, ClassBitfield:
		t.Order = byteOrder(bits & 1)
		t.Signed = t.Class == ClassInteger && bits&8 != 0
		t.BitOffset, t.Precision = int(c.u16()), int(c.u16())
	case ClassFloat:
		p.float(c, t, bits)
	case ClassTime:
		t.Order = byteOrder(bits & 1)
		t.Precision = int(c.u16())
	case ClassString:
		t.Padding, t.UTF8 = Padding(bits&15), bits>>4&15 == 1
		if t.Padding > PadSpace {
			c.fail(unsupported(pos, "text padded in the way %d", t.Padding))
		}
	case ClassOpaque:
		t.Tag = untilNUL(c.take(int(bits & 255)))
	case ClassCompound:
		p.compound(c, t, version, int(bits&0xffff), depth)
	case ClassReference:
		t.Ref = RefKind(bits & 15)
	case ClassEnum:
		p.enum(c, t, version, int(bits&0xffff), depth)
	case ClassVlen:
		t.Text, t.UTF8 = bits&15 == 1, bits>>8&15 == 1
		t.Padding = Padding(bits >> 4 & 15)
		t.Base = p.parse(c, depth+1)
	case ClassArray:
		p.array(c, t, version, depth)
	case ClassComplex:
		if t.Base = p.parse(c, depth+1); c.err == nil && t.Base.Size != t.Size/2 {
			c.fail(malformed(pos, "a complex number of %d bytes of parts of %d", t.Size,
				t.Base.Size))
		}
	default:
		c.fail(unsupported(pos, "a datatype of the class %d", t.Class))
	}
	if c.err == nil {
		t.checkBits(c, pos)
	}
	return t
}

// byteOrder returns the byte order that a bit of the class bits says.
func byteOrder(bit uint32) ndarray.ByteOrder {
	if bit != 0 {
		return ndarray.BigEndian
	}
	return ndarray.LittleEndian
}

// checkBits refuses a number whose bits are outside its bytes.
func (t *Datatype) checkBits(c *cursor, pos int64) {
	switch t.Class {
	case ClassInteger, ClassBitfield, ClassFloat:
	default:
		return
	}
	if t.Precision < 1 || t.BitOffset+t.Precision > 8*t.Size {
		c.fail(malformed(pos, "a number of %d bits at bit %d of %d bytes",
			t.Precision, t.BitOffset, t.Size))
	}
}

func (p *typeParser) float(c *cursor, t *Datatype, bits uint32) {
	pos := c.pos()
	t.Order = byteOrder(bits & 1)
	switch bits & (1<<6 | 1) {
	case 1 << 6:
		c.fail(unsupported(pos, "a float of a byte order that is none"))
	case 1<<6 | 1:
		t.Order, t.vax = ndarray.LittleEndian, true
	}
	t.Signed = true
	f := &t.Float
	f.Sign = int(bits >> 8 & 255)
	norm := bits >> 4 & 3
	f.Implied = norm == 2
	t.BitOffset, t.Precision = int(c.u16()), int(c.u16())
	f.ExponentAt, f.ExponentBits = int(c.u8()), int(c.u8())
	f.MantissaAt, f.MantissaBits = int(c.u8()), int(c.u8())
	f.Bias = int64(c.u32())
	n := 8 * t.Size
	if c.err == nil && (f.Sign >= n || f.ExponentBits == 0 || f.ExponentAt+f.ExponentBits > n ||
		f.MantissaBits == 0 || f.MantissaAt+f.MantissaBits > n || norm == 3) {
		c.fail(malformed(pos, "a float whose bits lie outside its %d bytes", t.Size))
	}
}

// compound parses the fields. The message gives their number, which needs no limit because each
// field takes bytes of the message.
func (p *typeParser) compound(c *cursor, t *Datatype, version uint8, n, depth int) {
	for range n {
		pos, start := c.pos(), c.i
		m := Member{Name: c.text()}
		if version < 3 {
			c.align(start, 8)
			m.Offset = c.count()
		} else {
			m.Offset = int(c.uint(encodedSize(uint64(t.Size))) & (1<<31 - 1))
		}
		var dims []int
		if version == 1 {
			rank := int(c.u8())
			c.skip(3 + 4 + 4) // permutation
			for i := range 4 {
				if d := c.count(); i < rank {
					dims = append(dims, d)
				}
			}
			if rank > 4 {
				c.fail(malformed(pos, "a field of %d dimensions", rank))
			}
		}
		m.Type = p.parse(c, depth+1)
		if c.err != nil {
			return
		}
		if len(dims) > 0 {
			m.Type = arrayOf(c, pos, m.Type, dims)
		}
		if m.Offset > t.Size || m.Type.Size > t.Size-m.Offset {
			c.fail(malformed(pos, "the field %q of %d bytes at %d leaves a compound of %d",
				m.Name, m.Type.Size, m.Offset, t.Size))
			return
		}
		t.Members = append(t.Members, m)
	}
}

func (p *typeParser) enum(c *cursor, t *Datatype, version uint8, n, depth int) {
	pos := c.pos()
	t.Base = p.parse(c, depth+1)
	if c.err != nil {
		return
	}
	if t.Base.Class != ClassInteger || t.Base.Size != t.Size {
		c.fail(malformed(pos, "an enum of %d bytes over the class %s", t.Size, t.Base.Class))
		return
	}
	for range n {
		start := c.i
		t.Members = append(t.Members, Member{Name: c.text()})
		if version < 3 {
			c.align(start, 8)
		}
		if c.err != nil {
			return
		}
	}
	for i := range t.Members {
		t.Members[i].Value = c.take(t.Size)
	}
}

func (p *typeParser) array(c *cursor, t *Datatype, version uint8, depth int) {
	pos := c.pos()
	rank := int(c.u8())
	if version < 3 {
		c.skip(3)
	}
	if rank > maxRank {
		c.fail(malformed(pos, "an array type of %d dimensions", rank))
	}
	for range rank {
		t.Dims = append(t.Dims, c.count())
	}
	if version < 3 {
		c.skip(4 * rank)
	}
	t.Base = p.parse(c, depth+1)
	if c.err != nil {
		return
	}
	if n := arrayOf(c, pos, t.Base, t.Dims).Size; c.err == nil && n != t.Size {
		c.fail(malformed(pos, "an array type of %d bytes whose elements take %d", t.Size, n))
	}
}

// arrayOf returns an array type with the given base type.
func arrayOf(c *cursor, pos int64, base *Datatype, dims []int) *Datatype {
	t := &Datatype{Class: ClassArray, Base: base, Dims: dims, Order: ndarray.NotApplicable}
	size := uint64(base.Size)
	for _, d := range dims {
		if d == 0 || size > 1<<31/uint64(d) {
			c.fail(malformed(pos, "an array type of the shape %v", dims))
			return t
		}
		size *= uint64(d)
	}
	t.Size = int(size)
	return t
}

// untilNUL returns the text before the first NUL.
func untilNUL(b []byte) string {
	for i, x := range b {
		if x == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}
