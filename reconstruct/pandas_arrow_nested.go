package reconstruct

import (
	"math"
	"math/big"
	"reflect"
	"slices"

	"github.com/cockroachdb/apd/v3"
	"github.com/google/uuid"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// This file converts Arrow types whose elements are not numbers, times or text. Each element
// becomes one Go value.

// child converts child i of an array, which must be of the type that the parent's type names.
func (p *Pandas) child(r *arrayData, i int) (*frame.Series, error) {
	if i >= len(r.children) {
		return nil, pickle.Malformed("an Arrow %s without child %d", r.typ, i)
	}
	c, err := p.restoredArray(r.children[i])
	if err != nil {
		return nil, err
	}
	if r.typ.name == "map" {
		if c.typ.name != "struct" || len(c.typ.fields) != 2 {
			return nil, pickle.Malformed("an Arrow map of %s", c.typ)
		}
		c.typ.pairs = true
	} else if i < len(r.typ.fields) && c.typ.String() != r.typ.fields[i].typ.String() {
		return nil, pickle.Malformed("child %d of an Arrow %s is of %s", i, r.typ, c.typ)
	}
	s, err := p.arrowData(c)
	if err != nil {
		return nil, err
	}
	return s, s.Validate()
}

// nestedAt returns element i of a nested column. A datetime becomes a time.Time in its zone,
// because the outer element has no column that would name the zone.
func nestedAt(s *frame.Series, i int) any {
	if s.TZ != "" {
		if t, ok := s.Time(i); ok {
			return t
		}
	}
	return s.At(i)
}

// list converts lists, and maps, which Arrow stores as lists of structs with two fields.
func (p *Pandas) list(r *arrayData) (*frame.Series, error) {
	o32, o64, err := r.offsets(r.typ.name == "large_list")
	if err != nil {
		return nil, err
	}
	child, err := p.child(r, 0)
	if err != nil {
		return nil, err
	}
	valid, err := r.valid()
	if err != nil {
		return nil, err
	}
	at := func(i int) int64 {
		if o64 != nil {
			return o64[i]
		}
		return int64(o32[i])
	}
	out := make([]any, r.length)
	last := int64(0)
	for i := range out {
		from, to := at(i), at(i+1)
		if from < last || to < from || to > int64(child.Len()) {
			return nil, pickle.Malformed("Arrow list offsets %d to %d of %d elements", from, to,
				child.Len())
		}
		last = to
		if valid == nil || valid[i] {
			out[i] = nestedRange(child, int(from), int(to))
		}
	}
	return &frame.Series{Kind: frame.Object, Items: out}, nil
}

// nestedRange returns the elements of a nested column from index from up to to.
func nestedRange(s *frame.Series, from, to int) []any {
	out := make([]any, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, nestedAt(s, i))
	}
	return out
}

// fixedList converts lists of equal length, which need no offsets.
func (p *Pandas) fixedList(r *arrayData) (*frame.Series, error) {
	child, err := p.child(r, 0)
	if err != nil {
		return nil, err
	}
	valid, err := r.valid()
	if err != nil {
		return nil, err
	}
	n := r.typ.size
	if n == 0 {
		return r.empties(func() any { return []any{} })
	}
	if n < 0 || n > child.Len() && r.length > 0 || r.offset+r.length > child.Len()/n {
		return nil, pickle.Malformed("%d Arrow lists of %d elements each over %d",
			r.offset+r.length, n, child.Len())
	}
	out := make([]any, r.length)
	for i := range out {
		if valid == nil || valid[i] {
			out[i] = nestedRange(child, (r.offset+i)*n, (r.offset+i+1)*n)
		}
	}
	return &frame.Series{Kind: frame.Object, Items: out}, nil
}

// empties converts elements that take no bytes: lists or bytes of length 0, which newEmpty creates.
func (r *arrayData) empties(newEmpty func() any) (*frame.Series, error) {
	if err := r.checkUnproven(); err != nil {
		return nil, err
	}
	valid, err := r.valid()
	if err != nil {
		return nil, err
	}
	out := make([]any, r.length)
	for i := range out {
		if valid == nil || valid[i] {
			out[i] = newEmpty()
		}
	}
	return &frame.Series{Kind: frame.Object, Items: out}, nil
}

// structs converts structs to maps, and the entries of a map, whose order matters, to pairs.
func (p *Pandas) structs(r *arrayData) (*frame.Series, error) {
	valid, err := r.valid()
	if err != nil {
		return nil, err
	}
	children := make([]*frame.Series, len(r.typ.fields))
	for k := range children {
		if children[k], err = p.child(r, k); err != nil {
			return nil, err
		}
		if children[k].Len() < r.offset+r.length {
			return nil, pickle.Malformed("an Arrow struct of %d elements with a field of %d",
				r.length, children[k].Len())
		}
	}
	if len(children) == 0 {
		return nil, pickle.Unsupported("an Arrow struct without fields")
	}
	out := make([]any, r.length)
	for i := range out {
		switch {
		case valid != nil && !valid[i]:
		case r.typ.pairs:
			out[i] = [2]any{nestedAt(children[0], r.offset+i), nestedAt(children[1], r.offset+i)}
		default:
			m := make(map[string]any, len(children))
			for k, c := range children {
				m[r.typ.fields[k].name] = nestedAt(c, r.offset+i)
			}
			out[i] = m
		}
	}
	return &frame.Series{Kind: frame.Object, Items: out}, nil
}

// elements converts elements of size bytes each by calling at with the bytes of each valid one.
func (r *arrayData) elements(size int, at func(b []byte) (any, error)) (*frame.Series, error) {
	data, err := r.buffer(1, (r.offset+r.length)*size)
	if err != nil {
		return nil, err
	}
	valid, err := r.valid()
	if err != nil {
		return nil, err
	}
	out := make([]any, r.length)
	for i := range out {
		if valid != nil && !valid[i] {
			continue
		}
		from := (r.offset + i) * size
		if out[i], err = at(data[from : from+size : from+size]); err != nil {
			return nil, err
		}
	}
	return &frame.Series{Kind: frame.Object, Items: out}, nil
}

// maxFixedBinary limits the bytes of an element and maxFixedLength the elements of a column, so
// that their product does not overflow.
const (
	maxFixedBinary = 1 << 20
	maxFixedLength = math.MaxInt / maxFixedBinary / 2
)

// fixedBinary converts bytes of equal length.
func (r *arrayData) fixedBinary() (*frame.Series, error) {
	n := r.typ.size
	if n == 0 {
		return r.empties(func() any { return []byte{} })
	}
	if n < 0 || n > maxFixedBinary || r.length > maxFixedLength || r.offset > maxFixedLength {
		return nil, pickle.Unsupported("%d Arrow elements of %d bytes each", r.length, n)
	}
	return r.elements(n, func(b []byte) (any, error) {
		if r.copyText {
			b = slices.Clone(b)
		}
		return b, nil
	})
}

// decimalSizes is the size of each decimal type in bytes.
var decimalSizes = map[string]int{"decimal32": 4, "decimal64": 8, "decimal128": 16,
	"decimal256": 32}

// maxScale is far above the 76 digits of the widest decimal.
const maxScale = 1000

// decimals converts decimals of any width.
func (r *arrayData) decimals() (*frame.Series, error) {
	if r.typ.scale < -maxScale || r.typ.scale > maxScale {
		return nil, pickle.Malformed("the Arrow type %s", r.typ)
	}
	return r.elements(decimalSizes[r.typ.name], func(b []byte) (any, error) {
		return decimalOf(b, r.typ.scale), nil
	})
}

// decimalOf returns a little-endian integer in two's complement, times 10 to the power -scale.
func decimalOf(b []byte, scale int) *apd.Decimal {
	digits := slices.Clone(b)
	slices.Reverse(digits)
	n := new(big.Int).SetBytes(digits)
	if digits[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return apd.NewWithBigInt(new(apd.BigInt).SetMathBigInt(n), int32(-scale))
}

// arrowExtension converts the extension types that Arrow itself defines from their storage:
// arrow.json to text, arrow.bool8 to bools, arrow.uuid to uuid.UUID.
func (p *Pandas) arrowExtension(r *arrayData) (*frame.Series, error) {
	storage := *r
	storage.typ = r.typ.value
	switch r.typ.extension {
	case "arrow.json":
		return p.arrowData(&storage)
	case "arrow.uuid":
		return r.elements(16, func(b []byte) (any, error) { return uuid.FromBytes(b) })
	case "arrow.bool8":
		s, err := p.arrowData(&storage)
		if err != nil {
			return nil, err
		}
		counts, err := ndarray.Values[int8](s.Values)
		if err != nil {
			return nil, err
		}
		bools := make([]bool, len(counts))
		for i, n := range counts {
			bools[i] = n != 0
		}
		s.Values, err = ndarray.FromSlice(bools)
		return s, err
	}
	return nil, pickle.Unsupported("the Arrow type %s", r.typ)
}

// joinChunks joins the chunks of an array. pandas up to 2 writes several after a concat.
func joinChunks(parts []*frame.Series) (*frame.Series, error) {
	if len(parts) == 1 {
		return parts[0], nil
	}
	switch parts[0].Kind {
	case frame.Text:
		return joinText(parts)
	case frame.Masked, frame.Datetime, frame.Timedelta:
		return joinArrays(parts)
	case frame.Categorical:
		if sameCategories(parts) {
			return joinArrays(parts)
		}
	}
	out := &frame.Series{Kind: frame.Object}
	for _, s := range parts {
		for i := range s.Len() {
			if s.IsNull(i) {
				out.Items = append(out.Items, nil)
				continue
			}
			out.Items = append(out.Items, s.At(i))
		}
	}
	return out, nil
}

// sameCategories reports whether all chunks have equal categories.
func sameCategories(parts []*frame.Series) bool {
	first := parts[0].Categories
	for _, s := range parts[1:] {
		x := s.Categories
		if s.Kind != frame.Categorical || x.Len() != first.Len() ||
			s.Ordered != parts[0].Ordered {
			return false
		}
		for i := range x.Len() {
			a, b := x.At(i), first.At(i)
			if a != nil && !reflect.TypeOf(a).Comparable() || !reflect.DeepEqual(a, b) {
				return false
			}
		}
	}
	return true
}

// joinArrays joins chunks whose values are NumPy arrays.
func joinArrays(parts []*frame.Series) (*frame.Series, error) {
	out := *parts[0]
	var data []byte
	var valid []bool
	n, masked := 0, false
	for _, s := range parts {
		if s.Kind != out.Kind || !s.Values.DType().Equal(out.Values.DType()) {
			return nil, pickle.Malformed("Arrow chunks of %s and %s", out.Values.DType(),
				s.Values.DType())
		}
		var err error
		if data, err = s.Values.AppendBytes(data, ndarray.OrderC); err != nil {
			return nil, err
		}
		n += s.Len()
		masked = masked || s.Valid != nil
		valid = append(valid, s.Valid...)
		for len(valid) < n {
			valid = append(valid, true)
		}
	}
	if out.Valid = nil; masked {
		out.Valid = valid
	}
	var err error
	out.Values, err = ndarray.New(out.Values.DType(), []int{n}, ndarray.OrderC, data)
	return &out, err
}

// joinText joins chunks of text.
func joinText(parts []*frame.Series) (*frame.Series, error) {
	t := &frame.Strings{Offsets64: []int64{0}}
	n := 0
	for _, s := range parts {
		if s.Kind != frame.Text {
			return nil, pickle.Malformed("Arrow chunks of text and of %s", s.Kind)
		}
		for i := range s.Len() {
			if n%8 == 0 {
				t.Validity = append(t.Validity, 0)
			}
			if !s.Text.IsNull(i) {
				t.Data = append(t.Data, s.Text.Bytes(i)...)
				t.Validity[n/8] |= 1 << (n % 8)
			}
			t.Offsets64 = append(t.Offsets64, int64(len(t.Data)))
			n++
		}
	}
	return &frame.Series{Kind: frame.Text, Text: t}, nil
}
