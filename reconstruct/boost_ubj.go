package reconstruct

import (
	"encoding/binary"
	"math"
	"math/big"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// readUBJ decodes Universal Binary JSON, draft 12, as XGBoost writes models. Objects become dicts
// in the order of the bytes. Arrays with one type of number become arrays over the bytes, other
// arrays lists.
//
// Reference: https://ubjson.org/type-reference/, xgboost/src/common/json.cc.
func readUBJ(data []byte) (any, error) {
	r := &ubjReader{data: data, size: len(data)}
	v, err := r.value(0)
	if err == nil && len(r.data) > 0 {
		err = r.fail("%d bytes behind the end", len(r.data))
	}
	return v, err
}

// ubjReader decodes values from data, the bytes that are not yet read.
type ubjReader struct {
	data []byte
	size int // bytes of the whole input, for the offsets in errors
}

// fail returns an error at the current offset.
func (r *ubjReader) fail(format string, args ...any) error {
	return pickle.Malformed("the model's UBJ at byte %d: "+format,
		append([]any{r.size - len(r.data)}, args...)...)
}

// ubjNumbers maps the markers of number types to dtypes.
var ubjNumbers = map[byte]*ndarray.DType{
	'i': ndarray.DTypeOf[int8](), 'U': ndarray.DTypeOf[uint8](),
	'I': ndarray.DTypeOf[int16]().NewByteOrder(ndarray.BigEndian),
	'l': ndarray.DTypeOf[int32]().NewByteOrder(ndarray.BigEndian),
	'L': ndarray.DTypeOf[int64]().NewByteOrder(ndarray.BigEndian),
	'd': ndarray.DTypeOf[float32]().NewByteOrder(ndarray.BigEndian),
	'D': ndarray.DTypeOf[float64]().NewByteOrder(ndarray.BigEndian),
}

// take returns the next n bytes.
func (r *ubjReader) take(n int) ([]byte, error) {
	if n < 0 || n > len(r.data) {
		return nil, r.fail("%d bytes, of which %d are there", n, len(r.data))
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b, nil
}

// marker reads the type marker of the next value.
func (r *ubjReader) marker() (byte, error) {
	for {
		b, err := r.take(1)
		if err != nil {
			return 0, err
		}
		if b[0] != 'N' { // no-op
			return b[0], nil
		}
	}
}

// value reads a marker and its value.
func (r *ubjReader) value(depth int) (any, error) {
	m, err := r.marker()
	if err != nil {
		return nil, err
	}
	return r.typed(m, depth)
}

// typed reads a value whose marker was read.
func (r *ubjReader) typed(m byte, depth int) (any, error) {
	switch m {
	case 'Z':
		return nil, nil
	case 'T', 'F':
		return m == 'T', nil
	case 'S', 'H':
		return r.text()
	case 'C':
		b, err := r.take(1)
		return string(b), err
	case '[', '{':
		if depth == maxModelDepth {
			return nil, &pickle.LimitError{Limit: "Depth", Max: maxModelDepth,
				Want: int64(depth + 1)}
		}
		if m == '[' {
			return r.list(depth + 1)
		}
		return r.dict(depth + 1)
	}
	d := ubjNumbers[m]
	if d == nil {
		return nil, r.fail("no type %q", m)
	}
	b, err := r.take(d.ItemSize())
	if err != nil {
		return nil, err
	}
	switch m {
	case 'i':
		return int(int8(b[0])), nil
	case 'U':
		return int(b[0]), nil
	case 'I':
		return int(int16(binary.BigEndian.Uint16(b))), nil
	case 'l':
		return int(int32(binary.BigEndian.Uint32(b))), nil
	case 'd':
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b))), nil
	case 'D':
		return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
	}
	return canonicalInt(big.NewInt(int64(binary.BigEndian.Uint64(b)))), nil
}

// length reads a number of bytes or items.
func (r *ubjReader) length() (int, error) {
	m, err := r.marker()
	if err != nil {
		return 0, err
	}
	if m == 'd' || m == 'D' || ubjNumbers[m] == nil {
		return 0, r.fail("a length of type %q", m)
	}
	v, err := r.typed(m, 0)
	if err != nil {
		return 0, err
	}
	n, ok := v.(int)
	if !ok || n < 0 {
		return 0, r.fail("a length of %s", shown(v))
	}
	return n, nil
}

// text reads a length and that many bytes.
func (r *ubjReader) text() (string, error) {
	n, err := r.length()
	if err != nil {
		return "", err
	}
	b, err := r.take(n)
	return string(b), err
}

// header reads the item type and count of a container. count is -1 if the container has an end
// marker.
func (r *ubjReader) header() (item byte, count int, err error) {
	count = -1
	if len(r.data) > 0 && r.data[0] == '$' {
		b, err := r.take(2)
		if err != nil {
			return 0, 0, err
		}
		item = b[1]
		if len(r.data) == 0 || r.data[0] != '#' {
			return 0, 0, r.fail("a type without a count")
		}
	}
	if len(r.data) > 0 && r.data[0] == '#' {
		r.data = r.data[1:]
		count, err = r.length()
	}
	return item, count, err
}

// ends reports whether a container is complete after i items, and consumes its end marker.
func (r *ubjReader) ends(i, count int, mark byte) bool {
	if count >= 0 {
		return i == count
	}
	for len(r.data) > 0 && r.data[0] == 'N' {
		r.data = r.data[1:]
	}
	if len(r.data) > 0 && r.data[0] == mark {
		r.data = r.data[1:]
		return true
	}
	return false
}

// list reads an array.
func (r *ubjReader) list(depth int) (any, error) {
	item, count, err := r.header()
	if err != nil {
		return nil, err
	}
	if d := ubjNumbers[item]; d != nil {
		if count > len(r.data)/d.ItemSize() {
			return nil, r.fail("%d numbers in %d bytes", count, len(r.data))
		}
		b, err := r.take(count * d.ItemSize())
		if err != nil {
			return nil, err
		}
		return ndarray.New(d, []int{count}, ndarray.OrderC, b)
	}
	list := types.List{}
	for i := 0; !r.ends(i, count, ']'); i++ {
		v, err := r.item(item, depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return &list, nil
}

// item reads an item of a container. Its marker m is 0 if each item has its own. Items that take no
// bytes are refused because a count could claim any number of them.
func (r *ubjReader) item(m byte, depth int) (any, error) {
	switch m {
	case 0:
		return r.value(depth)
	case 'Z', 'T', 'F', 'N':
		return nil, r.fail("items of type %q, which take no bytes", m)
	}
	return r.typed(m, depth)
}

// dict reads an object.
func (r *ubjReader) dict(depth int) (any, error) {
	item, count, err := r.header()
	if err != nil {
		return nil, err
	}
	dict := types.Dict{}
	for i := 0; !r.ends(i, count, '}'); i++ {
		key, err := r.text()
		if err != nil {
			return nil, err
		}
		v, err := r.item(item, depth)
		if err != nil {
			return nil, err
		}
		dict = append(dict, types.DictEntry{Key: key, Value: v})
	}
	return &dict, nil
}
