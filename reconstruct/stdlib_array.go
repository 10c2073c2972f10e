package reconstruct

import (
	"encoding/binary"
	"math"
	"strings"
	"unicode/utf16"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// TypedArray is a Python array.array.
type TypedArray struct {
	// TypeCode is the typecode: one of bBuwhHiIlLqQfd, or c (Python 2).
	TypeCode byte
	// Format is the machine format code with which Python 3 wrote the array, or -1 if the items
	// were pickled one by one.
	Format int
	// Values holds the items: []int8, []uint8, []int16, []uint16, []int32, []uint32, []int64,
	// []uint64, []float32 or []float64, of the size that they have in the pickle. It is a string
	// for the typecodes u and w, and a []byte for c.
	Values any
}

// Plain returns Values.
func (t *TypedArray) Plain() any { return t.Values }

func fillTypedArray(t table) {
	t.add("array", "_array_reconstructor", &entry{call: readTypedArray})
	t.add("array", "array", &entry{call: readTypedItems})
}

// machineFormat is an item format of enum machine_format_code in Modules/arraymodule.c.
type machineFormat struct {
	size int  // bytes of an item
	kind byte // i, u, f, or c for text
	big  bool // big-endian
}

// machineFormats lists the formats by their codes.
var machineFormats = []machineFormat{
	{1, 'u', false}, {1, 'i', false},
	{2, 'u', false}, {2, 'u', true}, {2, 'i', false}, {2, 'i', true},
	{4, 'u', false}, {4, 'u', true}, {4, 'i', false}, {4, 'i', true},
	{8, 'u', false}, {8, 'u', true}, {8, 'i', false}, {8, 'i', true},
	{4, 'f', false}, {4, 'f', true}, {8, 'f', false}, {8, 'f', true},
	{2, 'c', false}, {2, 'c', true}, {4, 'c', false}, {4, 'c', true},
}

// formatKinds is the kind of items of each typecode of Python 3.
var formatKinds = map[byte]byte{
	'b': 'i', 'B': 'u', 'u': 'c', 'w': 'c', 'h': 'i', 'H': 'u', 'i': 'i', 'I': 'u',
	'l': 'i', 'L': 'u', 'q': 'i', 'Q': 'u', 'f': 'f', 'd': 'f',
}

func (a argReader) typeCode(i int) (byte, error) {
	code, err := a.text(i, "typecode")
	if err != nil {
		return 0, err
	}
	if len(code) != 1 || formatKinds[code[0]] == 0 && code != "c" {
		return 0, a.errorf("typecode %.20q is not known", code)
	}
	return code[0], nil
}

// readTypedArray implements array._array_reconstructor(class, typecode, format, bytes), which
// Python 3 writes at protocol 3 and above.
func readTypedArray(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(4, 4); err != nil {
		return nil, err
	}
	if g, ok := args[0].(pickle.Named); !ok || g.Global().String() != "array.array" {
		return record(c, args) // a subclass
	}
	code, err := a.typeCode(1)
	if err != nil {
		return nil, err
	}
	format, err := a.integer(2, "format")
	if err != nil {
		return nil, err
	}
	if err := checkRange(a, "format", format, 0, len(machineFormats)-1); err != nil {
		return nil, err
	}
	f := machineFormats[format]
	if formatKinds[code] != f.kind {
		return nil, a.errorf("typecode %q does not have the machine format %d", code, format)
	}
	data, ok := args[3].([]byte)
	if !ok {
		return nil, a.wrong(3, "items", "bytes")
	}
	if len(data)%f.size != 0 {
		return nil, a.errorf("%d bytes of items of %d bytes", len(data), f.size)
	}
	t := &TypedArray{TypeCode: code, Format: format, Values: f.decode(data)}
	return t, nil
}

// decodeEach decodes items of size bytes each.
func decodeEach[T any](data []byte, size int, item func([]byte) T) []T {
	out := make([]T, len(data)/size)
	for i := range out {
		out[i] = item(data[i*size:])
	}
	return out
}

// decode returns the items of an array as TypedArray.Values has them.
func (f machineFormat) decode(data []byte) any {
	var order binary.ByteOrder = binary.LittleEndian
	if f.big {
		order = binary.BigEndian
	}
	switch {
	case f.kind == 'c' && f.size == 2:
		return string(utf16.Decode(decodeEach(data, 2, order.Uint16)))
	case f.kind == 'c':
		var b strings.Builder
		for _, r := range decodeEach(data, 4, order.Uint32) {
			b.WriteRune(rune(min(r, math.MaxInt32)))
		}
		return b.String()
	case f.kind == 'f' && f.size == 4:
		return decodeEach(data, 4, func(b []byte) float32 {
			return math.Float32frombits(order.Uint32(b))
		})
	case f.kind == 'f':
		return decodeEach(data, 8, func(b []byte) float64 {
			return math.Float64frombits(order.Uint64(b))
		})
	}
	switch f.size * int(f.kind) {
	case 1 * 'u':
		return append([]uint8{}, data...)
	case 2 * 'u':
		return decodeEach(data, 2, order.Uint16)
	case 4 * 'u':
		return decodeEach(data, 4, order.Uint32)
	case 8 * 'u':
		return decodeEach(data, 8, order.Uint64)
	case 1 * 'i':
		return decodeEach(data, 1, func(b []byte) int8 { return int8(b[0]) })
	case 2 * 'i':
		return decodeEach(data, 2, func(b []byte) int16 { return int16(order.Uint16(b)) })
	case 4 * 'i':
		return decodeEach(data, 4, func(b []byte) int32 { return int32(order.Uint32(b)) })
	}
	return decodeEach(data, 8, func(b []byte) int64 { return int64(order.Uint64(b)) })
}

// readTypedItems implements array.array(typecode[, items]), which Python 2 writes, and Python 3 at
// protocols 0 to 2.
func readTypedItems(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(1, 2); err != nil {
		return nil, err
	}
	code, err := a.typeCode(0)
	if err != nil {
		return nil, err
	}
	if len(args) == 1 {
		a.vals = []any{args[0], &types.List{}}
	}
	t := &TypedArray{TypeCode: code, Format: -1}
	if code == 'u' || code == 'w' || code == 'c' {
		t.Values, err = a.textItems(code)
		return t, err
	}
	list, ok := a.vals[1].(*types.List)
	if !ok {
		return nil, a.wrong(1, "items", "list")
	}
	t.Values, err = typedItems(a, code, *list)
	return t, err
}

// textItems reads the items of an array of characters, given as a list of them or as text.
func (a argReader) textItems(code byte) (any, error) {
	var b strings.Builder
	items, ok := a.vals[1].(*types.List)
	if !ok {
		items = &types.List{a.vals[1]}
	}
	for _, item := range *items {
		s, ok := asText(item)
		if !ok {
			return nil, a.errorf("an item is %s, want a str", typeName(item))
		}
		b.WriteString(s)
	}
	if code == 'c' {
		return []byte(b.String()), nil
	}
	return b.String(), nil
}

func typedItems(a argReader, code byte, items []any) (any, error) {
	switch code {
	case 'b':
		return intItems[int8](a, items)
	case 'B':
		return intItems[uint8](a, items)
	case 'h':
		return intItems[int16](a, items)
	case 'H':
		return intItems[uint16](a, items)
	case 'i':
		return intItems[int32](a, items)
	case 'I':
		return intItems[uint32](a, items)
	case 'l', 'q':
		return intItems[int64](a, items)
	case 'L', 'Q':
		return intItems[uint64](a, items)
	case 'f':
		return floatItems[float32](a, items)
	}
	return floatItems[float64](a, items)
}

func intItems[T int8 | uint8 | int16 | uint16 | int32 | uint32 | int64 | uint64](a argReader,
	items []any) ([]T, error) {
	out := make([]T, len(items))
	for i, item := range items {
		n, ok := asBigInt(item)
		switch {
		case !ok:
			return nil, a.errorf("item %d is %s, want an int", i, typeName(item))
		case n.IsInt64():
			out[i] = T(n.Int64())
			ok = int64(out[i]) == n.Int64() && (out[i] < 0) == (n.Sign() < 0)
		case n.IsUint64():
			out[i] = T(n.Uint64())
			ok = out[i] > 0 && uint64(out[i]) == n.Uint64()
		default:
			ok = false
		}
		if !ok {
			return nil, a.errorf("item %d is out of range for the typecode", i)
		}
	}
	return out, nil
}

func floatItems[T float32 | float64](a argReader, items []any) ([]T, error) {
	out := make([]T, len(items))
	for i := range items {
		f, err := argReader{fn: a.fn, vals: items}.number(i, "item")
		if err != nil {
			return nil, err
		}
		out[i] = T(f)
	}
	return out, nil
}
