package pickle

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
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
// What a tuple or a frozenset holds goes into a SHA-256 of it, made from the inside
// out, once for each: a key that unfolds to 2**200 leaves costs what it cost
// in the pickle. Long strings are treated alike.

// KeyValue is implemented by values of hooks that Python compares by value when they
// are keys of a dict or members of a set. PyKey returns a comparable Go value, which
// is equal for two of them if they are equal in Python, or a value of another
// type of this package's object model which they equal (numpy.float64(1) equals 1.0), or an error
// of the kind [ErrMalformed] if they are not hashable. Pointers without it are compared by identity.
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
		typ, data uintptr
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

type stringRef struct {
	addr uintptr
	size int
}

type keyer struct {
	tuples map[any]digestKey // *types.Tuple, *FrozenSet
	long   map[stringRef]digestKey
	// held keeps the memory of long's addresses from being used again.
	held []any
}

func unhashable(v any) error {
	return malformed("unhashable key: %s", typeName(v))
}

// key returns the comparable form of v.
func (k *keyer) key(v any) (any, error) {
	switch v := v.(type) {
	case string:
		if len(v) >= longKey {
			return k.longString(tagString, v, v), nil
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
		if x != x {
			return identity(v), nil
		}
		return v, nil
	case *big.Int:
		return bigKey(x), nil
	case []byte:
		if len(x) >= longKey {
			return k.longString(tagBytes, stringOf(x), v), nil
		}
		return Bytes(x), nil
	case Bytes:
		if len(x) >= longKey {
			return k.longString(tagBytes, string(x), v), nil
		}
		return v, nil
	case Py2String:
		if len(x) < longKey && isASCII([]byte(x)) {
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
	return k.key(inner)
}

// opaque is the key of a value of a type that is not known.
func opaque(v any) any {
	if reflect.ValueOf(v).Comparable() {
		return v
	}
	return identity(v)
}

func identity(v any) any {
	return identityKey{uintptr(typeWord(v)), uintptr(dataWord(v))}
}

// floatKey is the key of f, which v holds: an int where f is one, and itself alone
// where it is not a number.
func floatKey(f float64, v any) any {
	switch {
	case f != f:
		return identity(v)
	case f != math.Trunc(f) || math.IsInf(f, 0):
		return f
	case f >= -(1<<62) && f <= 1<<62:
		return intValue(big.NewInt(int64(f)))
	}
	i, _ := big.NewFloat(f).Int(nil)
	return bigKey(i)
}

// bigKey is the key of i; where it fits an int, that of the int.
func bigKey(i *big.Int) any {
	if v, ok := intValue(i).(int); ok {
		return v
	}
	sign := "+"
	if i.Sign() < 0 {
		sign = "-"
	}
	return bigIntKey(sign + string(i.Bytes()))
}

// longString is the key of s, whose memory v holds.
func (k *keyer) longString(tag byte, s string, v any) any {
	ref := stringRef{stringAddr(s), len(s)}
	if d, ok := k.long[ref]; ok && d.tag == tag {
		return d
	}
	h := sha256.New()
	h.Write([]byte(s))
	d := digestKey{tag: tag}
	h.Sum(d.sum[:0])
	if k.long == nil {
		k.long = make(map[stringRef]digestKey)
	}
	k.long[ref] = d
	k.held = append(k.held, v)
	return d
}

// keyFrame is a tuple or frozenset whose digest is being made.
type keyFrame struct {
	v     any
	items []any
	next  int
	sums  [][sha256.Size]byte
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

// compound makes the digest of a tuple or frozenset, on a stack of its own: the
// nesting is the input's.
func (k *keyer) compound(v any) (any, error) {
	if d, ok := k.tuples[v]; ok {
		return d, nil
	}
	items, _ := compoundItems(v)
	stack := []keyFrame{{v: v, items: items}}
	for {
		f := &stack[len(stack)-1]
		if f.next == len(f.items) {
			d := f.digest()
			if k.tuples == nil {
				k.tuples = make(map[any]digestKey)
			}
			k.tuples[f.v] = d
			if len(stack) == 1 {
				return d, nil
			}
			stack = stack[:len(stack)-1]
			continue
		}
		item := f.items[f.next]
		if inner, ok := compoundItems(item); ok {
			if d, done := k.tuples[item]; done {
				f.add(d)
				continue
			}
			if onStack(stack, item) {
				return nil, malformed("a key that holds itself")
			}
			stack = append(stack, keyFrame{v: item, items: inner})
			continue
		}
		key, err := k.atom(item)
		if err != nil {
			return nil, err
		}
		f.add(key)
	}
}

// onStack reports that v is being digested already. A machine cannot build a
// tuple inside itself, but a caller's own code can; its check is cheap for the
// few levels that occur, and left out where there are more.
func onStack(stack []keyFrame, v any) bool {
	if len(stack) > 1<<20 {
		return true
	}
	for i := len(stack) - 1; i >= max(0, len(stack)-16); i-- {
		if stack[i].v == v {
			return true
		}
	}
	return false
}

// add adds the key of the item next.
func (f *keyFrame) add(key any) {
	var sum [sha256.Size]byte
	if d, ok := key.(digestKey); ok {
		sum = d.sum
		sum[0] ^= d.tag
	} else {
		sum = sha256.Sum256(appendKey(nil, key))
	}
	f.sums = append(f.sums, sum)
	f.next++
}

// digest is that of all items.
func (f *keyFrame) digest() digestKey {
	d := digestKey{tag: tagTuple}
	if _, set := f.v.(*FrozenSet); set {
		d.tag = tagFrozenSet
		slices.SortFunc(f.sums, func(a, b [sha256.Size]byte) int { return slices.Compare(a[:], b[:]) })
	}
	h := sha256.New()
	for i := range f.sums {
		h.Write(f.sums[i][:])
	}
	h.Sum(d.sum[:0])
	f.sums = nil
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
		return fmt.Appendf(append(b, '@'), "%x %x", k.typ, k.data)
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
		return "class " + quoteShort([]byte(v.Global().String()))
	case *Object:
		return quoteShort([]byte(v.describe()))
	}
	return fmt.Sprintf("%T", v)
}
