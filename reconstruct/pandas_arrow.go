package reconstruct

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// arrowFixed maps Arrow types of a fixed width to typespecs of NumPy.
var arrowFixed = map[string]string{
	"int8": "i1", "int16": "i2", "int32": "i4", "int64": "i8",
	"uint8": "u1", "uint16": "u2", "uint32": "u4", "uint64": "u8",
	"halffloat": "f2", "float": "f4", "double": "f8",
	"duration[s]": "m8[s]", "duration[ms]": "m8[ms]", "duration[us]": "m8[us]",
	"duration[ns]": "m8[ns]",
	"timestamp[s]": "M8[s]", "timestamp[ms]": "M8[ms]", "timestamp[us]": "M8[us]",
	"timestamp[ns]": "M8[ns]",
}

// arrowArray converts the state of an ArrowExtensionArray or ArrowStringArray.
func (p *Pandas) arrowArray(state any) (*frame.Series, error) {
	m, ok := textKeys(state)
	if !ok {
		return nil, pickle.Malformed("an Arrow array with a state of %s", typeName(state))
	}
	data, _ := first(m, "_pa_array", "_data")
	chunks, typ, err := p.arrowChunks(data)
	if err != nil {
		return nil, err
	}
	var parts []*frame.Series
	for _, c := range chunks {
		s, err := p.arrowData(c)
		if err != nil {
			return nil, err
		}
		// joinChunks reads the elements, which needs valid indices of dictionaries.
		if err := s.Validate(); err != nil {
			return nil, err
		}
		parts = append(parts, s)
	}
	s, err := joinChunks(parts)
	if err != nil {
		return nil, err
	}
	s.DType = arrowDTypeName(m["_dtype"], typ)
	return s, s.Validate()
}

// arrayData is the argument of pyarrow.lib._restore_array: one array in Arrow's layout.
type arrayData struct {
	typ        *arrowType
	length     int      // elements
	offset     int      // elements of the buffers before the first of the array
	buffers    [][]byte // in the order of Arrow's layout of the type; nil if absent
	children   []any    // arguments of nested arrays
	dictionary any      // argument of the dictionary array, or nil
	copyText   bool     // Pandas.CopyText
}

// arrowChunks returns the chunks of an array and its type.
func (p *Pandas) arrowChunks(v any) ([]*arrayData, *arrowType, error) {
	o, ok := v.(*pickle.Object)
	if !ok || len(o.Args) == 0 {
		return nil, nil, pickle.Malformed("an Arrow array that is %s", typeName(v))
	}
	switch o.ClassName() {
	case "pyarrow.lib._restore_array":
		r, err := p.restoredArray(o.Args[0])
		if err != nil {
			return nil, nil, err
		}
		return []*arrayData{r}, r.typ, nil
	case "pyarrow.lib.chunked_array":
		return p.chunkedArray(o.Args)
	}
	return nil, nil, pickle.Unsupported("an Arrow array made by %s", o.ClassName())
}

// chunkedArray reads the arguments of pyarrow.lib.chunked_array. It returns at least one chunk.
func (p *Pandas) chunkedArray(args []any) ([]*arrayData, *arrowType, error) {
	list, ok := items(args[0])
	if !ok {
		return nil, nil, pickle.Malformed("the chunks of an Arrow array are %s", typeName(args[0]))
	}
	typ := &arrowType{name: "null"}
	if len(args) > 1 {
		t, err := p.arrowType(args[1])
		if err != nil {
			return nil, nil, err
		}
		typ = t
	}
	var out []*arrayData
	for _, c := range list {
		o, isObject := c.(*pickle.Object)
		if !isObject || o.ClassName() != "pyarrow.lib._restore_array" || len(o.Args) == 0 {
			return nil, nil, pickle.Malformed("a chunk of an Arrow array is %s", typeName(c))
		}
		r, err := p.restoredArray(o.Args[0])
		if err != nil {
			return nil, nil, err
		}
		if len(args) > 1 && r.typ.String() != typ.String() {
			return nil, nil, pickle.Malformed("a chunk of %s in an Arrow array of %s", r.typ, typ)
		}
		out, typ = append(out, r), r.typ
	}
	if len(out) == 0 {
		out = append(out, &arrayData{typ: typ})
	}
	return out, typ, nil
}

// restoredArray reads an argument of _restore_array, (type, length, nulls, offset, buffers,
// children[, dictionary]). Each may be read once, so that shared arrays cannot expand.
func (p *Pandas) restoredArray(v any) (*arrayData, error) {
	t, ok := v.(*types.Tuple)
	if !ok || len(*t) < 6 {
		return nil, pickle.Malformed("an Arrow array restored from %s", typeName(v))
	}
	if p.restored[t] {
		return nil, pickle.Unsupported("an Arrow array that two arrays share")
	}
	if p.restored == nil {
		p.restored = map[*types.Tuple]bool{}
	}
	p.restored[t] = true
	a := *t
	typ, err := p.arrowType(a[0])
	if err != nil {
		return nil, err
	}
	r := &arrayData{typ: typ, copyText: p.CopyText}
	var ok1, ok2 bool
	r.length, ok1 = asInt(a[1])
	r.offset, ok2 = asInt(a[3])
	if !ok1 || !ok2 || r.length < 0 || r.offset < 0 || r.length > math.MaxInt/64 ||
		r.offset > math.MaxInt/64 {
		return nil, pickle.Malformed("an Arrow array of length %s at offset %s", shown(a[1]),
			shown(a[3]))
	}
	buffers, ok := items(a[4])
	if !ok {
		return nil, pickle.Malformed("the buffers of an Arrow array are %s", typeName(a[4]))
	}
	for _, b := range buffers {
		data, err := arrowBuffer(b)
		if err != nil {
			return nil, err
		}
		r.buffers = append(r.buffers, data)
	}
	r.children, _ = items(a[5])
	if len(a) > 6 {
		r.dictionary = a[6]
	}
	return r, r.checkNulls(a[2])
}

// checkNulls compares the number of nulls that an array claims with its bitmap. -1 means that the
// nulls were not counted.
func (r *arrayData) checkNulls(v any) error {
	claimed, ok := asInt(v)
	if !ok || claimed < -1 {
		return pickle.Malformed("an Arrow array of %s nulls", shown(v))
	}
	bitmap, err := r.bitmap()
	if err != nil || claimed == -1 || r.typ.name == "null" {
		return err
	}
	nulls := 0
	if bitmap != nil {
		nulls = r.length - countOnes(bitmap, r.offset, r.offset+r.length)
	}
	if nulls != claimed {
		return pickle.Malformed("an Arrow %s of %d nulls that claims %d", r.typ, nulls, claimed)
	}
	return nil
}

// countOnes counts the bits that are set from bit from up to bit to. Bit 0 is the lowest of the
// first byte.
func countOnes(b []byte, from, to int) int {
	n := 0
	for ; from < to && from&63 != 0; from++ {
		n += int(b[from>>3] >> (from & 7) & 1)
	}
	for ; to-from >= 64; from += 64 {
		n += bits.OnesCount64(binary.LittleEndian.Uint64(b[from>>3:]))
	}
	for ; from < to; from++ {
		n += int(b[from>>3] >> (from & 7) & 1)
	}
	return n
}

// arrowBuffer reads None or py_buffer(data).
func arrowBuffer(v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	if o, ok := v.(*pickle.Object); ok && o.ClassName() == "pyarrow.lib.py_buffer" &&
		len(o.Args) == 1 {
		v = o.Args[0]
	}
	switch b := v.(type) {
	case []byte:
		return b, nil
	case *types.ByteArray:
		return *b, nil
	}
	return nil, pickle.Malformed("an Arrow buffer is %s", typeName(v))
}

// buffer returns buffer i, which must have at least n bytes. An absent buffer counts as empty.
func (r *arrayData) buffer(i, n int) ([]byte, error) {
	var b []byte
	if i < len(r.buffers) {
		b = r.buffers[i]
	}
	if len(b) < n {
		return nil, pickle.Malformed("an Arrow buffer of %d bytes where %s of %d elements needs %d",
			len(b), r.typ, r.length, n)
	}
	return b, nil
}

// valid expands the validity bitmap; it returns nil if there is none.
func (r *arrayData) valid() ([]bool, error) {
	bitmap, err := r.bitmap()
	if bitmap == nil || err != nil {
		return nil, err
	}
	out := make([]bool, r.length)
	for i := range out {
		bit := r.offset + i
		out[i] = bitmap[bit>>3]>>(bit&7)&1 != 0
	}
	return out, nil
}

// bitmap returns the validity bitmap, or nil if there is none.
func (r *arrayData) bitmap() ([]byte, error) {
	if len(r.buffers) == 0 || r.buffers[0] == nil {
		return nil, nil
	}
	return r.buffer(0, (r.offset+r.length+7)/8)
}

// arrowData converts one array of Arrow's layout to a Series without DType.
func (p *Pandas) arrowData(r *arrayData) (*frame.Series, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	if r.length == 0 && r.children == nil && r.dictionary == nil && r.buffers == nil &&
		len(r.typ.fields) > 0 {
		// an array without any chunks
		return &frame.Series{Kind: frame.Object, Items: []any{}}, nil
	}
	name := r.typ.name
	if name == "timestamp" {
		name = "timestamp[" + r.typ.unit + "]"
	}
	if typestr, ok := arrowFixed[name]; ok {
		return r.fixed(typestr)
	}
	switch name {
	case "null":
		return &frame.Series{Kind: frame.Object, Items: make([]any, min(r.length, maxUnproven)),
			Length: r.length}, r.checkUnproven()
	case "bool":
		return r.bools()
	case "date32[day]":
		return r.widened(4, "M8[D]", 1)
	case "date64[ms]":
		return r.widened(8, "M8[D]", 86_400_000)
	case "time32[s]", "time32[ms]":
		return r.widened(4, "m8"+name[len("time32"):], 1)
	case "time64[us]", "time64[ns]":
		return r.widened(8, "m8"+name[len("time64"):], 1)
	case "string", "large_string":
		return r.text(name == "large_string")
	case "binary", "large_binary":
		return r.binary(name == "large_binary")
	case "fixed_size_binary":
		return r.fixedBinary()
	case "dictionary":
		return p.dictionary(r)
	case "list", "large_list":
		return p.list(r)
	case "fixed_size_list":
		return p.fixedList(r)
	case "map":
		return p.list(r)
	case "struct":
		return p.structs(r)
	case "decimal32", "decimal64", "decimal128", "decimal256":
		return r.decimals()
	case "extension":
		return p.arrowExtension(r)
	}
	return nil, pickle.Unsupported("the Arrow type %s", r.typ)
}

// maxUnproven limits the length of an array whose elements take no bytes, such as nulls: nothing in
// the pickle proves its length.
const maxUnproven = 1 << 16

// checkUnproven refuses an array longer than maxUnproven.
func (r *arrayData) checkUnproven() error {
	if r.length > maxUnproven {
		return pickle.Unsupported("an Arrow array of %d elements of %s", r.length, r.typ)
	}
	return nil
}

// fixed converts elements of a fixed width that NumPy has too, over the same memory.
func (r *arrayData) fixed(typestr string) (*frame.Series, error) {
	dt, err := ndarray.ParseDType("<" + typestr)
	if err != nil {
		return nil, err
	}
	size := dt.ItemSize()
	data, err := r.buffer(1, (r.offset+r.length)*size)
	if err != nil {
		return nil, err
	}
	a, err := ndarray.New(dt, []int{r.length}, 'C', data[r.offset*size:(r.offset+r.length)*size])
	if err != nil {
		return nil, err
	}
	s := plainSeries(a)
	if s.Kind == frame.Numpy {
		s.Kind = frame.Masked
	}
	s.TZ = r.typ.tz
	s.Valid, err = r.valid()
	return s, err
}

// bools converts packed bits.
func (r *arrayData) bools() (*frame.Series, error) {
	data, err := r.buffer(1, (r.offset+r.length+7)/8)
	if err != nil {
		return nil, err
	}
	values := make([]bool, r.length)
	for i := range values {
		bit := r.offset + i
		values[i] = data[bit>>3]>>(bit&7)&1 != 0
	}
	a, err := ndarray.FromSlice(values)
	if err != nil {
		return nil, err
	}
	s := &frame.Series{Kind: frame.Masked, Values: a}
	s.Valid, err = r.valid()
	return s, err
}

// widened converts integers of size bytes to the int64 of a datetime64 or timedelta64: dates, and
// times of day, which count from midnight. One unit of the result is per units of the integers.
func (r *arrayData) widened(size int, typestr string, per int64) (*frame.Series, error) {
	data, err := r.buffer(1, (r.offset+r.length)*size)
	if err != nil {
		return nil, err
	}
	raw := make([]byte, 8*r.length)
	for i := range r.length {
		b := data[(r.offset+i)*size:]
		n := int64(int32(binary.LittleEndian.Uint32(b)))
		if size == 8 {
			n = int64(binary.LittleEndian.Uint64(b))
		}
		binary.LittleEndian.PutUint64(raw[8*i:], uint64(floorDiv(n, per)))
	}
	dt, err := ndarray.ParseDType("<" + typestr)
	if err != nil {
		return nil, err
	}
	a, err := ndarray.New(dt, []int{r.length}, 'C', raw)
	if err != nil {
		return nil, err
	}
	s := plainSeries(a)
	s.Valid, err = r.valid()
	return s, err
}

// floorDiv divides by a positive d and rounds down.
func floorDiv(n, d int64) int64 {
	q := n / d
	if n%d < 0 {
		q--
	}
	return q
}

// offsets reads length+1 offsets, as int32 or int64. An array without elements may have none.
func (r *arrayData) offsets(large bool) (o32 []int32, o64 []int64, err error) {
	size := 4
	if large {
		size = 8
	}
	if r.length == 0 {
		return []int32{0}, nil, nil
	}
	data, err := r.buffer(1, (r.offset+r.length+1)*size)
	if err != nil {
		return nil, nil, err
	}
	data = data[r.offset*size:]
	dt := ndarray.DTypeOf[int32]()
	if large {
		dt = ndarray.DTypeOf[int64]()
	}
	a, err := ndarray.New(dt.NewByteOrder('<'), []int{r.length + 1}, 'C', data[:(r.length+1)*size])
	if err != nil {
		return nil, nil, err
	}
	if large {
		o64, err = ndarray.Values[int64](a)
	} else {
		o32, err = ndarray.Values[int32](a)
	}
	return o32, o64, err
}

// strings returns a column of text or bytes over the buffers.
func (r *arrayData) strings(large bool) (*frame.Strings, error) {
	o32, o64, err := r.offsets(large)
	if err != nil {
		return nil, err
	}
	data, err := r.buffer(2, 0)
	if err != nil {
		return nil, err
	}
	t := &frame.Strings{Offsets32: o32, Offsets64: o64, Data: data, BitOffset: r.offset}
	if t.Validity, err = r.bitmap(); err != nil {
		return nil, err
	}
	if r.copyText {
		t.Data, t.Validity = bytes.Clone(t.Data), bytes.Clone(t.Validity)
	}
	return t, t.Validate()
}

// text converts text.
func (r *arrayData) text(large bool) (*frame.Series, error) {
	t, err := r.strings(large)
	if err != nil {
		return nil, err
	}
	return &frame.Series{Kind: frame.Text, Text: t}, nil
}

// binary converts bytes of any length, as one slice for each element.
func (r *arrayData) binary(large bool) (*frame.Series, error) {
	t, err := r.strings(large)
	if err != nil {
		return nil, err
	}
	out := make([]any, t.Len())
	for i := range out {
		if !t.IsNull(i) {
			out[i] = t.Bytes(i)
		}
	}
	return &frame.Series{Kind: frame.Object, Items: out}, nil
}

// dictionary converts a dictionary-encoded array to a categorical Series.
func (p *Pandas) dictionary(r *arrayData) (*frame.Series, error) {
	index := *r
	index.typ = r.typ.fields[0].typ
	codes, err := p.arrowData(&index)
	if err != nil {
		return nil, err
	}
	d, err := p.restoredArray(r.dictionary)
	if err != nil {
		return nil, err
	}
	if d.typ.String() != r.typ.value.String() {
		return nil, pickle.Malformed("an Arrow dictionary of %s in an array of %s", d.typ, r.typ)
	}
	values, err := p.arrowData(d)
	if err != nil {
		return nil, err
	}
	values.DType = d.typ.String() + "[pyarrow]"
	signed, err := signedCodes(codes)
	if err != nil {
		return nil, err
	}
	return &frame.Series{
		Kind: frame.Categorical, Values: signed, Ordered: r.typ.ordered,
		Categories: &frame.Index{Class: "Index", Names: []any{nil}, Values: values},
	}, nil
}

// signedCodes returns the indices of a dictionary as a Categorical has them: -1 for a missing one.
func signedCodes(s *frame.Series) (*ndarray.Array, error) {
	if s.Values == nil {
		return nil, pickle.Malformed("a dictionary with indices of %s", s.DType)
	}
	codes, err := ndarray.Values[int64](s.Values)
	if err != nil {
		return nil, err
	}
	codes = append([]int64(nil), codes...)
	for i := range codes {
		if s.Valid != nil && !s.Valid[i] {
			codes[i] = -1
		}
	}
	return ndarray.FromSlice(codes)
}
