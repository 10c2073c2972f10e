package convert

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/ndarray"
)

// array returns a value as the array that numpy.asarray makes of it: an array, a number or text,
// nested lists of numbers, a series without its labels. A part of the value that an array cannot
// keep is reported with loss, and a value that is no array is a *HoldError.
func (d *document) array(v any, path string) (*ndarray.Array, error) {
	v, err := d.normalize(v, path)
	if err != nil {
		return nil, err
	}
	switch x := v.(type) {
	case *ndarray.Array:
		if x, err = d.packBools(x); err != nil {
			return nil, err
		}
		return d.plainArray(x, path)
	case *ndarray.Scalar:
		return x.Array(), nil
	case *ndarray.Masked:
		if x.Mask != nil {
			if err := d.loss(path, "the mask of a masked array", KindMasked); err != nil {
				return nil, err
			}
		}
		return d.plainArray(x.Data, path)
	case *frame.Series:
		if x.Index != nil && !isDefaultIndex(x.Index) || x.Name != nil && x.Name != "" {
			if err := d.loss(path, "the labels and name of a series", KindFrame); err != nil {
				return nil, err
			}
		}
		return d.seriesArray(x, path)
	case list:
		if a, ok, err := d.listArray(x); ok || err != nil {
			return a, err
		}
		return nil, d.refuse(path, "a list that is no array of numbers or text", KindList)
	}
	if a, ok := scalarArray(v); ok {
		return a, nil
	}
	return nil, d.refuse(path, describe(v), kindFor(v))
}

// kindFor returns the kind of a value that normalize returned.
func kindFor(v any) Kind {
	switch x := v.(type) {
	case dict:
		return KindDict
	case list:
		return KindList
	case *frame.Frame, *frame.Series, *frame.Index:
		return KindFrame
	case *ndarray.Masked:
		return KindMasked
	case *ndarray.Array:
		if x.HasObject() {
			return KindObject
		}
		return KindArray
	case nil, bool, int64, float64, complex128, string, []byte, *big.Int:
		return KindScalar
	}
	return KindObject
}

// refuse returns the error for a value of which the format can hold nothing, lossy or not.
func (d *document) refuse(path, what string, could Kind) error {
	return &HoldError{Format: d.format.Name, Path: path, What: what, Could: holding(could)}
}

// plainArray returns an array without its class and the metadata of its dtype, unless the format
// holds objects.
func (d *document) plainArray(a *ndarray.Array, path string) (*ndarray.Array, error) {
	if d.format.Holds&KindObject != 0 {
		return a, nil
	}
	if class := a.Class(); class != "" && class != "numpy.memmap" && class != "numpy.recarray" &&
		class != "numpy.rec.recarray" {
		if err := d.loss(path, "the class "+class+" of an array", KindObject); err != nil {
			return nil, err
		}
	}
	if a.DType().Metadata() != nil {
		if err := d.loss(path, "the metadata of a dtype", KindObject); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// isDefaultIndex reports whether the labels are 0, 1, 2... without a name.
func isDefaultIndex(x *frame.Index) bool {
	return x == nil || x.IsRange() && x.Start == 0 && x.Step == 1 && x.Name() == nil
}

// seriesArray returns the elements of a series, as Series.to_numpy does for columns that have a
// dtype of NumPy.
func (d *document) seriesArray(s *frame.Series, path string) (*ndarray.Array, error) {
	switch {
	case s.Kind == frame.Numpy, s.Kind == frame.Timedelta, s.Kind == frame.Datetime && s.TZ == "",
		s.Kind == frame.Masked && !slices.Contains(s.Valid, false):
		if !s.Values.HasObject() {
			return s.Values, nil
		}
	case s.Kind == frame.Datetime:
		err := d.loss(path, "the time zone of a column", KindFrame)
		return s.Values, err
	}
	items := make(list, s.Len())
	for i := range items {
		items[i] = s.At(i)
		if items[i] == nil {
			return nil, d.refuse(path, "a column with missing values of dtype "+s.DType, KindFrame)
		}
	}
	a, ok, err := d.listArray(items)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, d.refuse(path, "a column of dtype "+s.DType, KindFrame)
	}
	if s.Kind == frame.Categorical {
		return a, d.loss(path, "the categories of a column", KindFrame)
	}
	return a, nil
}

// scalarArray returns a number or text as the 0-d array that numpy.asarray makes of it; ok is false
// for other values.
func scalarArray(v any) (*ndarray.Array, bool) { return arrayOfItems([]any{v}, nil) }

// listArray returns nested lists of numbers or text as the array that numpy.asarray makes of them;
// ok is false if they have no common shape or dtype.
func (d *document) listArray(items list) (a *ndarray.Array, ok bool, err error) {
	if !d.endsAtDepth(items, ndarray.MaxDims) {
		return nil, false, nil
	}
	shape := []int{}
	level := []any{items}
	for {
		next, n, err := d.flattenLevel(level)
		if err != nil {
			return nil, false, err
		}
		if n == notLists {
			break
		}
		if n == unequal || len(shape) == ndarray.MaxDims {
			return nil, false, nil
		}
		shape = append(shape, n)
		if level = next; len(level) == 0 {
			break
		}
	}
	if err := d.expansion.texts(level); err != nil {
		return nil, false, err
	}
	kind, size, ok := commonKind(level)
	if !ok {
		return nil, false, nil
	}
	if kind == textElement || kind == bytesElement {
		if err := d.expansion.pad(level, size); err != nil {
			return nil, false, err
		}
	}
	a, ok = arrayOfKind(level, shape, kind, size)
	return a, ok, nil
}

// endsAtDepth reports whether the first members of nested lists end in something that is not a
// list, or in an empty list, at a depth of at most n. They may not end in a list that holds itself.
func (d *document) endsAtDepth(items []any, n int) bool {
	for ; n >= 0; n-- {
		if len(items) == 0 {
			return true
		}
		next, ok, err := d.listItems(items[0])
		if !ok || err != nil {
			return true
		}
		items = next
	}
	return false
}

// What flattenLevel returns in the place of a length.
const (
	notLists = -1 // the first value of the level is not a list
	unequal  = -2 // not all values are lists of one length
)

// flattenLevel returns the members of a level of nested lists in one slice, and the length n that
// all these lists share.
func (d *document) flattenLevel(level []any) (next []any, n int, err error) {
	lists := make([][]any, len(level))
	for i, v := range level {
		items, ok, err := d.listItems(v)
		switch {
		case err != nil:
			return nil, 0, err
		case i == 0 && !ok:
			return nil, notLists, nil
		case i == 0:
			n = len(items)
		case !ok || len(items) != n:
			return nil, unequal, nil
		}
		if err := d.expansion.visit(identity(items), n); err != nil {
			return nil, 0, err
		}
		lists[i] = items
	}
	return slices.Concat(lists...), n, nil
}

// listItems returns the members of a list in any of its forms.
func (d *document) listItems(v any) (items []any, ok bool, err error) {
	switch x := v.(type) {
	case list:
		return x, true, nil
	case []any:
		return x, true, nil
	case *types.List:
		return *x, true, nil
	case *types.Tuple:
		return *x, true, nil
	}
	// The format holds nothing: a value that would need a loss is not a list.
	strict := document{output: &output{config: new(config), format: new(Format)},
		expansion: d.expansion}
	out, err := strict.normalize(v, "")
	if errors.Is(err, errkind.ErrLimit) {
		return nil, false, err
	}
	x, ok := out.(list)
	return x, ok && err == nil, nil
}

// elementKind is the kind of the elements of a list, in the order in which numbers widen.
type elementKind uint8

const (
	noneElement elementKind = iota
	boolElement
	intElement
	uintElement
	floatElement
	complexElement
	textElement
	bytesElement
	mixedElement
)

// arrayOfItems returns numbers or texts as an array of the shape; ok is false if they have no
// common dtype. It replaces the items by what elementOf returns for them.
func arrayOfItems(items []any, shape []int) (*ndarray.Array, bool) {
	kind, size, ok := commonKind(items)
	if !ok {
		return nil, false
	}
	return arrayOfKind(items, shape, kind, size)
}

// commonKind returns the kind that can hold all items, and the length of the longest text, in
// characters or bytes. It replaces the items by what elementOf returns for them.
func commonKind(items []any) (kind elementKind, size int, ok bool) {
	size = 1
	for i, v := range items {
		s, ok := elementOf(v)
		if !ok {
			return 0, 0, false
		}
		items[i] = s
		kind, size = widen(kind, kindOfElement(s)), max(size, textSize(s))
	}
	return kind, size, true
}

// arrayOfKind returns items of a kind as an array; size is that of the longest text.
func arrayOfKind(items []any, shape []int, kind elementKind, size int) (*ndarray.Array, bool) {
	switch kind {
	case noneElement, floatElement:
		return fillNumbers(items, shape, func(v any) (float64, bool) { return floatOf(v) })
	case boolElement:
		return fillNumbers(items, shape, func(v any) (bool, bool) {
			b, ok := v.(bool)
			return b, ok
		})
	case intElement:
		return fillNumbers(items, shape, func(v any) (int64, bool) {
			n, ok := v.(int64)
			return n, ok
		})
	case uintElement:
		return fillNumbers(items, shape, uintOf)
	case complexElement:
		return fillNumbers(items, shape, complexOf)
	case textElement, bytesElement:
		return fillTexts(items, shape, kind, size)
	}
	return nil, false
}

// elementOf returns a member of a list in the form that scalarOf has for it.
func elementOf(v any) (any, bool) {
	if s, ok := v.(*ndarray.Scalar); ok {
		v = s.Value()
	}
	return scalarOf(v)
}

// kindOfElement returns the kind of a scalar.
func kindOfElement(v any) elementKind {
	switch x := v.(type) {
	case bool:
		return boolElement
	case int64:
		return intElement
	case *big.Int:
		if x.IsUint64() {
			return uintElement
		}
	case float64:
		return floatElement
	case complex128:
		return complexElement
	case string:
		return textElement
	case []byte:
		return bytesElement
	}
	return mixedElement
}

// textSize returns the length of a text, in characters or bytes, and 0 for other scalars.
func textSize(v any) int {
	switch x := v.(type) {
	case string:
		return utf8.RuneCountInString(x)
	case []byte:
		return len(x)
	}
	return 0
}

// widen returns the kind that can hold elements of both kinds.
func widen(a, b elementKind) elementKind {
	switch {
	case a == noneElement || a == b:
		return b
	case a >= intElement && a <= complexElement && b >= intElement && b <= complexElement:
		return max(a, b)
	}
	return mixedElement
}

// fillNumbers makes an array of what get returns for each item; ok is false if get refuses one.
func fillNumbers[T ndarray.Element](items []any, shape []int,
	get func(v any) (T, bool)) (*ndarray.Array, bool) {
	data := make([]T, len(items))
	for i, v := range items {
		x, ok := get(v)
		if !ok {
			return nil, false
		}
		data[i] = x
	}
	if shape == nil {
		shape = []int{}
	}
	a, err := ndarray.FromSlice(data, shape...)
	return a, err == nil
}

// floatOf returns the value of a real number if a float64 holds it exactly.
func floatOf(v any) (float64, bool) {
	switch x := v.(type) {
	case float64:
		return x, true
	case int64:
		f := float64(x)
		return f, f < math.MaxInt64 && int64(f) == x
	case *big.Int:
		f, accuracy := x.Float64()
		return f, accuracy == big.Exact
	}
	return 0, false
}

func uintOf(v any) (uint64, bool) {
	switch x := v.(type) {
	case int64:
		return uint64(x), x >= 0
	case *big.Int:
		return x.Uint64(), x.IsUint64()
	}
	return 0, false
}

func complexOf(v any) (complex128, bool) {
	if c, ok := v.(complex128); ok {
		return c, true
	}
	f, ok := floatOf(v)
	return complex(f, 0), ok
}

// fillTexts makes an array of dtype U or S whose elements have the given size, in characters or
// bytes.
func fillTexts(items []any, shape []int, kind elementKind, size int) (*ndarray.Array, bool) {
	name := "U"
	if kind == bytesElement {
		name = "S"
	}
	dt, err := ndarray.ParseDType(name + strconv.Itoa(size))
	if err != nil {
		return nil, false
	}
	a, err := ndarray.Zeros(dt, len(items))
	if err != nil {
		return nil, false
	}
	for i, v := range items {
		if err := a.SetAt(v, i); err != nil {
			return nil, false
		}
	}
	if shape == nil {
		shape = []int{}
	}
	a, err = a.Reshape(shape...)
	return a, err == nil
}

// convertArray returns the elements of an array in another dtype. It is an error if an element
// would change its value.
func convertArray(a *ndarray.Array, dt *ndarray.DType) (*ndarray.Array, error) {
	if a.DType().Equal(dt) {
		return a, nil
	}
	out, err := ndarray.Zeros(dt, a.Shape()...)
	if err != nil {
		return nil, err
	}
	if !dt.HasObject() && sameKind(a.DType(), dt) {
		if data, err := swapped(a, dt); err == nil {
			return data, nil
		}
	}
	for index, v := range a.Indexed() {
		if err := out.SetAt(v, index...); err != nil {
			return nil, fmt.Errorf("convert: element %v: %w", index, err)
		}
	}
	return out, nil
}

// sameKind reports whether two dtypes are equal apart from their byte order.
func sameKind(a, b *ndarray.DType) bool {
	return a.Names() == nil && a.NewByteOrder(b.ByteOrder()).Equal(b)
}

// swapped returns an array with the bytes of each number reversed, as an array of dtype dt.
func swapped(a *ndarray.Array, dt *ndarray.DType) (*ndarray.Array, error) {
	width := dt.ItemSize()
	switch dt.Kind() {
	case ndarray.KindComplex:
		width /= 2
	case ndarray.KindStr:
		width = 4
	}
	if width < 1 {
		return nil, unsupported("no swap of dtype %s", dt)
	}
	data, err := a.AppendBytes(nil, ndarray.OrderC)
	if err != nil {
		return nil, err
	}
	for i := 0; i+width <= len(data); i += width {
		slices.Reverse(data[i : i+width])
	}
	return ndarray.New(dt, a.Shape(), ndarray.OrderC, data)
}
