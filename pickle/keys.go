package pickle

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/opcode"
)

// Python compares the keys of dicts and the members of sets by value and across types: 1, 1.0 and
// True are equal, and tuples and frozensets are equal if their items are. A keyer converts a value
// to its comparable form: a Go value that can be a map key, such that two forms are equal with ==
// exactly if the Python values are equal. Go's hashes are seeded, so that an attacker cannot send
// many keys with equal hashes.
//
// The comparable form of a tuple or frozenset is a SHA-256 digest of its items, which is computed
// from the innermost items outwards and only once for each shared tuple. A key that unfolds to
// 2**200 leaves thus costs no more than it takes in the pickle. Keys may be nested as deep as
// Limits.Depth. Long strings have digests too.

// KeyValue is implemented by values of hooks that Python compares by value when they are keys of a
// dict or members of a set. PyKey returns one of these:
//   - a comparable Go value, which is equal for two KeyValues if they are equal in Python
//   - a value of another type of this package's object model that is equal in Python, such as 1.0
//     for numpy.float64(1)
//   - an error of the kind [ErrMalformed] if the value is not hashable
//
// Pointers to other types are compared by identity.
type KeyValue interface {
	PyKey() (any, error)
}

// The types of comparable forms that are not values of the object model.
type (
	noneKey   struct{}
	bigIntKey string // the sign and the bytes of an int
	digestKey struct {
		tag byte // the type of the value
		sum [sha256.Size]byte
	}
	identityKey struct { // of a value that is equal only to itself
		typ uintptr
		p   pointer
	}
)

// The tags of digestKeys.
const (
	tagTuple     = 't'
	tagFrozenSet = 'f'
	tagString    = 's'
	tagBytes     = 'b'
)

// longKey is the length in bytes from which a string or bytes object has a digest.
const longKey = 512

// keyer makes the comparable forms of values. The zero value is ready to use.
type keyer struct {
	digests     map[any]digestKey      // of tuples and frozensets, by their pointers
	longDigests map[objectID]digestKey // of long strings and bytes objects
	maxDepth    int                    // limit on nested tuples, or 0 for DefaultDepth
	level       int                    // number of keyers around this one: see hookKey
	stack       []keyFrame             // memory for compound
	sums        [][sha256.Size]byte    // memory for compound
	scratch     []byte
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
	return k.leafKey(v)
}

// leafKey is key for values other than tuples and frozensets.
func (k *keyer) leafKey(v any) (any, error) {
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
		return k.hookKey(x)
	}
	return opaque(v), nil
}

// hookKey returns the comparable form of a KeyValue. PyKey may return a value of the object model;
// if it returns another KeyValue, that is compared by identity.
func (k *keyer) hookKey(v KeyValue) (any, error) {
	inner, err := v.PyKey()
	if err != nil {
		return nil, err
	}
	if _, again := inner.(KeyValue); again {
		return opaque(inner), nil
	}
	// Another keyer is needed, since this one may be in the middle of a tuple. Their number is
	// limited, since each is a call on Go's stack.
	if k.level == maxNested {
		return nil, &LimitError{Limit: "Depth", Max: maxNested, Want: maxNested + 1}
	}
	own := keyer{maxDepth: k.maxDepth, level: k.level + 1}
	return own.key(inner)
}

// opaque returns the comparable form of a value of a type that this package does not know.
func opaque(v any) any {
	if reflect.ValueOf(v).Comparable() {
		return v
	}
	return identity(v)
}

// identity returns the comparable form of a value that is equal only to itself.
func identity(v any) any {
	return identityKey{typeOfBox(v), boxPointer(v)}
}

// floatKey returns the comparable form of f: that of an int if f is integral. A NaN is equal only
// to itself; v is the interface that contains it.
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

// bigKey returns the comparable form of i, which is an int if i fits one.
func bigKey(i *big.Int) any {
	if v, ok := opcode.PyBigInt(i).(int); ok {
		return v
	}
	sign := "+"
	if i.Sign() < 0 {
		sign = "-"
	}
	return bigIntKey(sign + string(i.Bytes()))
}

// longText returns the digest of a long string, or of a bytes object that is kept as a string.
func (k *keyer) longText(tag byte, s string) any {
	id := stringID(s)
	if d, ok := k.longDigests[id]; ok && d.tag == tag {
		return d
	}
	return k.digestLong(tag, []byte(s), id)
}

// longBytes returns the digest of a long bytes object.
func (k *keyer) longBytes(tag byte, b []byte) any {
	id := bytesID(b)
	if d, ok := k.longDigests[id]; ok {
		return d
	}
	return k.digestLong(tag, b, id)
}

// digestLong computes the digest of b and remembers it by the identity id. Since id refers to the
// memory, that cannot be used for another value.
func (k *keyer) digestLong(tag byte, b []byte, id objectID) any {
	d := digestKey{tag: tag, sum: sha256.Sum256(b)}
	if k.longDigests == nil {
		k.longDigests = make(map[objectID]digestKey)
	}
	k.longDigests[id] = d
	return d
}

// keyFrame is a tuple or frozenset whose digest is being computed.
type keyFrame struct {
	v     any
	next  int // index of the next item
	sums  int // index in the keyer's sums of the first item's sum
	costs int // number of items in tuples below it that had no digest yet
}

// compoundItems returns the items of a tuple or frozenset.
func compoundItems(v any) (items []any, ok bool) {
	switch v := v.(type) {
	case *types.Tuple:
		return *v, true
	case *FrozenSet:
		return v.Items, true
	}
	return nil, false
}

// cheapItems is the number of items below which the digest of a tuple is not remembered but
// computed again, since a remembered digest takes more memory than a small tuple.
const cheapItems = 16

// compound returns the digest of a tuple or frozenset. It uses a stack of its own, since the input
// decides how deep tuples are nested.
func (k *keyer) compound(v any) (any, error) {
	if d, ok := k.digests[v]; ok {
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
			if cost >= cheapItems {
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
			if d, ok := k.digests[item]; ok {
				sums = append(sums, d.sumAsItem())
				continue
			}
			if limit := k.depth(); len(stack) >= limit {
				return nil, &LimitError{Limit: "Depth", Max: int64(limit), Want: int64(limit) + 1}
			}
			stack = append(stack, keyFrame{v: item, sums: len(sums)})
			continue
		}
		key, err := k.leafKey(item)
		if err != nil {
			return nil, err
		}
		sums = append(sums, k.sumOf(key))
	}
}

// depth returns the limit on nested tuples.
func (k *keyer) depth() int {
	if k.maxDepth == 0 {
		return DefaultDepth
	}
	return k.maxDepth
}

func (k *keyer) remember(v any, d digestKey) {
	if k.digests == nil {
		k.digests = make(map[any]digestKey)
	}
	k.digests[v] = d
}

// sumAsItem returns the sum that a digest contributes to the digest of the tuple around it.
func (d digestKey) sumAsItem() [sha256.Size]byte {
	d.sum[0] ^= d.tag
	return d.sum
}

// sumOf returns the sum that the comparable form of an item which is not a tuple contributes.
func (k *keyer) sumOf(key any) [sha256.Size]byte {
	if d, ok := key.(digestKey); ok {
		return d.sumAsItem()
	}
	k.scratch = appendKey(k.scratch[:0], key)
	return sha256.Sum256(k.scratch)
}

// digestOf returns the digest of v, whose items have the given sums. It may reorder these.
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

// appendKey appends a comparable form that is not a digest. Different forms give different bytes.
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
	// A pointer is its own identity. Other comparable values of hooks differ by type and content.
	if v := reflect.ValueOf(key); v.Kind() == reflect.Pointer {
		return fmt.Appendf(append(b, 'p'), "%x", v.Pointer())
	}
	return fmt.Appendf(append(b, 'o'), "%T %#v", key, key)
}

// EqualKeys reports whether a and b are equal as keys of a Python dict. Numbers of different types
// may be equal, and tuples and frozensets are equal if their items are. A NaN or an object is equal
// only to itself. It returns false if a or b is unhashable.
func EqualKeys(a, b any) bool {
	var k keyer
	ka, err := k.key(a)
	if err != nil {
		return false
	}
	kb, err := k.key(b)
	return err == nil && ka == kb
}

// typeName returns the name of v's Python type, for error texts.
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
