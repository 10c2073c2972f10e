package pickle

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"github.com/unpkl/unpkl/internal/opcode"
	"math"
	"math/big"
	"reflect"
	"slices"

	"github.com/nlpodyssey/gopickle/types"
)

// Python compares the keys of dicts and the members of sets by value and across
// types: 1 == 1.0 == True, tuples and frozensets by what they hold. A keyer
// turns a value into a Go value that can be compared with == and be a map's key,
// such that two of them are equal exactly if the Python values are. Go's maps are
// seeded, so equal hashes cannot be sent in bulk.
//
// What a tuple or a frozenset holds goes into a SHA-256 of it, made from the inside out, once for
// each: a key that unfolds to 2**200 leaves costs what it cost in the pickle. Keys may nest as deep
// as Limits.Depth; CPython recurses on them. Long strings are treated alike.

// KeyValue is implemented by values of hooks that Python compares by value when they are keys of a
// dict or members of a set. PyKey returns a comparable Go value, which is equal for two of them if
// they are equal in Python, or a value of another type of this package's object model which they
// equal (numpy.float64(1) equals 1.0), or an error of the kind [ErrMalformed] if they are not
// hashable. Pointers without it are compared by identity.
type KeyValue interface {
	PyKey() (any, error)
}

// The forms of keys that are not their own.
type (
	noneKey   struct{}
	bigIntKey string
	digestKey struct {
		tag byte
		sum [sha256.Size]byte
	}
	identityKey struct {
		typ uintptr
		p   pointer
	}
)

// The tags of digests.
const (
	tagTuple     = 't'
	tagFrozenSet = 'f'
	tagString    = 's'
	tagBytes     = 'b'
)

// longKey is the length from which a string is hashed once instead of compared.
const longKey = 512

type keyer struct {
	known    map[any]digestKey      // of *types.Tuple and *FrozenSet
	long     map[objectID]digestKey // of long strings and bytes
	maxDepth int                    // Limits.Depth of keys
	level    int                    // of keyers inside keyers, for KeyValues that hold KeyValues
	stack    []keyFrame
	sums     [][sha256.Size]byte
	scratch  []byte
}

func unhashable(v any) error {
	return malformed("unhashable key: %s", typeName(v))
}

// key returns the comparable form of v.
func (k *keyer) key(v any) (any, error) {
	switch v := v.(type) {
	case string:
		if len(v) >= longKey {
			return k.longText(tagString, v), nil
		}
		return v, nil
	case *types.Tuple, *FrozenSet:
		return k.compound(v)
	}
	return k.atom(v)
}

// atom is key for values that hold no others.
func (k *keyer) atom(v any) (any, error) {
	switch x := v.(type) {
	case nil:
		return noneKey{}, nil
	case string:
		return k.key(x)
	case int:
		return v, nil
	case bool:
		if x {
			return 1, nil
		}
		return 0, nil
	case float64:
		return floatKey(x, v), nil
	case complex128:
		if imag(x) == 0 {
			return floatKey(real(x), v), nil
		}
		if math.IsNaN(real(x)) || math.IsNaN(imag(x)) {
			return identity(v), nil
		}
		return v, nil
	case *big.Int:
		return bigKey(x), nil
	case []byte:
		if len(x) >= longKey {
			return k.longBytes(tagBytes, x), nil
		}
		return Bytes(x), nil
	case Bytes:
		if len(x) >= longKey {
			return k.longText(tagBytes, string(x)), nil
		}
		return v, nil
	case Py2String:
		if len(x) < longKey && opcode.IsASCII([]byte(x)) {
			return string(x), nil
		}
		return v, nil
	case Global, *Object:
		return v, nil
	case *types.List, *types.Dict, *types.ByteArray, *Set, *types.Set, *types.OrderedDict:
		return nil, unhashable(v)
	case KeyValue:
		return k.foreign(x)
	}
	return opaque(v), nil
}

// foreign is the key of a hook's value; what PyKey returns may be one of the
// object model's values, but not another KeyValue.
func (k *keyer) foreign(v KeyValue) (any, error) {
	inner, err := v.PyKey()
	if err != nil {
		return nil, err
	}
	if _, again := inner.(KeyValue); again {
		return opaque(inner), nil
	}
	// A keyer of its own, as this one may be in the middle of a tuple; each is a
	// call on Go's stack.
	if k.level == maxNested {
		return nil, &LimitError{Limit: "Depth", Max: maxNested, Want: maxNested + 1}
	}
	own := keyer{maxDepth: k.maxDepth, level: k.level + 1}
	return own.key(inner)
}

// opaque is the key of a value of a type that is not known.
func opaque(v any) any {
	if reflect.ValueOf(v).Comparable() {
		return v
	}
	return identity(v)
}

func identity(v any) any {
	return identityKey{typeOfBox(v), boxPointer(v)}
}

// floatKey is the key of f, which v holds: an int where f is one, and itself alone
// where it is not a number.
func floatKey(f float64, v any) any {
	switch {
	case f != f:
		return identity(v)
	case f != math.Trunc(f) || math.IsInf(f, 0):
		return f
	case f >= math.MinInt32 && f <= math.MaxInt32:
		return int(f)
	}
	i, _ := big.NewFloat(f).Int(nil)
	return bigKey(i)
}

// bigKey is the key of i; where it fits an int, that of the int.
func bigKey(i *big.Int) any {
	if v, ok := opcode.IntValue(i).(int); ok {
		return v
	}
	sign := "+"
	if i.Sign() < 0 {
		sign = "-"
	}
	return bigIntKey(sign + string(i.Bytes()))
}

// longText is the key of a long string, or of bytes that are kept as one.
func (k *keyer) longText(tag byte, s string) any {
	id := stringID(s)
	if d, ok := k.long[id]; ok && d.tag == tag {
		return d
	}
	return k.digestLong(tag, []byte(s), id)
}

// longBytes is the key of long bytes.
func (k *keyer) longBytes(tag byte, b []byte) any {
	id := bytesID(b)
	if d, ok := k.long[id]; ok {
		return d
	}
	return k.digestLong(tag, b, id)
}

// digestLong is the key of what has the identity id, which keeps its memory from being used again.
func (k *keyer) digestLong(tag byte, b []byte, id objectID) any {
	d := digestKey{tag: tag, sum: sha256.Sum256(b)}
	if k.long == nil {
		k.long = make(map[objectID]digestKey)
	}
	k.long[id] = d
	return d
}

// keyFrame is a tuple or frozenset whose digest is being made.
type keyFrame struct {
	v     any
	next  int // item
	sums  int // where its items' sums begin
	costs int // items looked at for it
}

func compoundItems(v any) (items []any, ok bool) {
	switch v := v.(type) {
	case *types.Tuple:
		return *v, true
	case *FrozenSet:
		return v.Items, true
	}
	return nil, false
}

// cheapKey is the number of items below which a digest is made again rather than
// remembered: what is remembered takes more memory than a small tuple in the
// pickle may cost.
const cheapKey = 16

// compound makes the digest of a tuple or frozenset, on a stack of its own: the
// nesting is the input's.
func (k *keyer) compound(v any) (any, error) {
	if d, ok := k.known[v]; ok {
		return d, nil
	}
	stack, sums := append(k.stack[:0], keyFrame{v: v}), k.sums[:0]
	defer func() { k.stack, k.sums = stack[:0], sums[:0] }()
	for {
		f := &stack[len(stack)-1]
		items, _ := compoundItems(f.v)
		if f.next == len(items) {
			d := k.digestOf(f.v, sums[f.sums:])
			sums = sums[:f.sums]
			cost := f.costs + len(items)
			if cost >= cheapKey {
				k.remember(f.v, d)
				cost = 1
			}
			if stack = stack[:len(stack)-1]; len(stack) == 0 {
				return d, nil
			}
			stack[len(stack)-1].costs += cost
			sums = append(sums, d.sumAsItem())
			continue
		}
		item := items[f.next]
		f.next++
		if _, nested := compoundItems(item); nested {
			if d, ok := k.known[item]; ok {
				sums = append(sums, d.sumAsItem())
				continue
			}
			if limit := k.depth(); len(stack) >= limit {
				return nil, &LimitError{Limit: "Depth", Max: int64(limit), Want: int64(limit) + 1}
			}
			stack = append(stack, keyFrame{v: item, sums: len(sums)})
			continue
		}
		key, err := k.atom(item)
		if err != nil {
			return nil, err
		}
		sums = append(sums, k.sumOf(key))
	}
}

func (k *keyer) depth() int {
	if k.maxDepth == 0 {
		return DefaultDepth
	}
	return k.maxDepth
}

func (k *keyer) remember(v any, d digestKey) {
	if k.known == nil {
		k.known = make(map[any]digestKey)
	}
	k.known[v] = d
}

// sumAsItem is what a digest contributes to that of the tuple around it.
func (d digestKey) sumAsItem() [sha256.Size]byte {
	d.sum[0] ^= d.tag
	return d.sum
}

// sumOf is what the key of an item that is no tuple contributes.
func (k *keyer) sumOf(key any) [sha256.Size]byte {
	if d, ok := key.(digestKey); ok {
		return d.sumAsItem()
	}
	k.scratch = appendKey(k.scratch[:0], key)
	return sha256.Sum256(k.scratch)
}

// digestOf is the digest of v, whose items have the sums, which it may reorder.
func (k *keyer) digestOf(v any, sums [][sha256.Size]byte) digestKey {
	d := digestKey{tag: tagTuple}
	if _, set := v.(*FrozenSet); set {
		d.tag = tagFrozenSet
		slices.SortFunc(sums, func(a, b [sha256.Size]byte) int { return bytes.Compare(a[:], b[:]) })
	}
	k.scratch = k.scratch[:0]
	for i := range sums {
		k.scratch = append(k.scratch, sums[i][:]...)
	}
	d.sum = sha256.Sum256(k.scratch)
	return d
}

// appendKey writes a key that is not a digest, unlike keys as unlike bytes.
func appendKey(b []byte, key any) []byte {
	switch k := key.(type) {
	case string:
		return append(append(b, 's'), k...)
	case int:
		return binary.LittleEndian.AppendUint64(append(b, 'i'), uint64(k))
	case float64:
		return binary.LittleEndian.AppendUint64(append(b, 'f'), math.Float64bits(k))
	case complex128:
		b = binary.LittleEndian.AppendUint64(append(b, 'c'), math.Float64bits(real(k)+0))
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(imag(k)+0))
	case bigIntKey:
		return append(append(b, 'I'), k...)
	case Bytes:
		return append(append(b, 'b'), k...)
	case Py2String:
		return append(append(b, '2'), k...)
	case noneKey:
		return append(b, 'n')
	case Global:
		return fmt.Appendf(append(b, 'g'), "%q %q", k.Module, k.Name)
	case identityKey:
		return fmt.Appendf(append(b, '@'), "%x %x", k.typ, addressWord(k.p))
	}
	// Pointers are their own identity; other comparable values of hooks are told
	// apart by type and contents.
	if v := reflect.ValueOf(key); v.Kind() == reflect.Pointer {
		return fmt.Appendf(append(b, 'p'), "%x", v.Pointer())
	}
	return fmt.Appendf(append(b, 'o'), "%T %#v", key, key)
}

// EqualKeys reports whether a and b are the same key of a Python dict: equal
// numbers of whatever type, equal strings, tuples and frozensets of equal
// items; a NaN or an object only if it is itself. It is false where either is
// unhashable.
func EqualKeys(a, b any) bool {
	var k keyer
	ka, err := k.key(a)
	if err != nil {
		return false
	}
	kb, err := k.key(b)
	return err == nil && ka == kb
}

// typeName names the Python type of v for error messages.
func typeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "bool"
	case int, *big.Int:
		return "int"
	case float64:
		return "float"
	case complex128:
		return "complex"
	case string, Py2String:
		return "str"
	case []byte, Bytes:
		return "bytes"
	case *types.ByteArray:
		return "bytearray"
	case *types.List:
		return "list"
	case *types.Tuple:
		return "tuple"
	case *types.Dict:
		return "dict"
	case *Set:
		return "set"
	case *FrozenSet:
		return "frozenset"
	case Named:
		return "class " + opcode.Quote([]byte(v.Global().String()))
	case *Object:
		return opcode.Quote([]byte(v.describe()))
	}
	return fmt.Sprintf("%T", v)
}
