package plain

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"time"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// maxKeyTuple is the largest number of items of a tuple that is a key. Each length is a Go type of
// its own, which the runtime never frees.
const maxKeyTuple = 1024

// Key returns the key of a plain map for a dict key. If two keys that are distinct in Python are
// equal in Go, putKey returns an error.
func (p *Converter) Key(v any) (any, error) {
	switch k := v.(type) {
	case string, int, bool, float64, nil:
		return v, nil
	case *types.Tuple:
		return p.tupleKey(k)
	}
	return p.simpleKey(v)
}

// simpleKey is Key for everything but tuples.
func (p *Converter) simpleKey(v any) (any, error) {
	switch k := v.(type) {
	case string, int, bool, float64, nil, complex128,
		pickle.Py2String, *pickle.FrozenSet, reconstruct.Decimal:
		return v, nil
	case pickle.Global, *pickle.Object:
		return p.libraryKey(v)
	case []byte:
		return pickle.Bytes(k), nil
	case *big.Int:
		return p.bigKey(k)
	case *ndarray.Scalar:
		value := k.Value()
		if b, ok := value.([]byte); ok {
			return pickle.Bytes(b), nil
		}
		return comparableKey(v, value)
	}
	if pyvalue.IsContainer(v) {
		return nil, pyvalue.KeyError("a dict key of type %s has no Go map key", pyvalue.Describe(v))
	}
	switch plain := pyvalue.PlainLeaf(v).(type) {
	case nil:
		return nil, nil
	case time.Time:
		// Datetimes of the same instant are equal in Python, but a time.Time with another zone is
		// not equal in Go.
		return plain.UTC(), nil
	case []any: // a torch.Size is a tuple
		return p.tupleKey((*types.Tuple)(&plain))
	default:
		if reflect.TypeOf(plain).Kind() == reflect.Pointer {
			// The plain value would be a new pointer each time. The object is at least the same
			// pointer wherever the pickle refers to it.
			return comparableKey(v, v)
		}
		return comparableKey(v, plain)
	}
}

// libraryKey returns the key for a scalar of pandas: the instant in UTC for a Timestamp, a
// reconstruct.PandasNull for NaT and NA, or else the plain value. Any other object is its own key.
func (p *Converter) libraryKey(v any) (any, error) {
	c, _, err := p.Pandas.Convert(v)
	if err != nil {
		return nil, fmt.Errorf("unpkl: %w", err)
	}
	switch c := c.(type) {
	case reconstruct.PandasNull:
		return c, nil
	case reconstruct.Timestamp:
		if t, ok := c.Plain().(time.Time); ok {
			return t.UTC(), nil
		}
	case reconstruct.PandasTimedelta:
		return c.Plain(), nil
	case frame.PeriodValue, frame.IntervalValue:
		plain, err := p.scalar(c)
		if err != nil {
			return nil, err
		}
		return comparableKey(v, plain)
	}
	return v, nil
}

// comparableKey returns key if Go can compare it. v is the Python key, for the error.
func comparableKey(v, key any) (any, error) {
	if !reflect.ValueOf(key).Comparable() {
		return nil, pyvalue.KeyError("a dict key of type %s has no Go map key", pyvalue.Describe(v))
	}
	return key, nil
}

func (p *Converter) bigKey(k *big.Int) (any, error) {
	// A decimal digit has more than 3 bits, so this is at least the number of digits.
	if digits := k.BitLen() / 3; digits > p.maxDigits {
		return nil, pyvalue.LimitError("IntDigits", int64(p.maxDigits), int64(digits))
	}
	return p.bigInt(k.String()), nil
}

// longKeyCost is the cost of each value in a key of more than maxKeyTuple values. No real data has
// such keys, and a map hashes a key again whenever it grows or is looked up.
const longKeyCost = 16

// saturated returns n*by, or the largest int64 if that overflows.
func saturated(n, by int64) int64 {
	if n > math.MaxInt64/by {
		return math.MaxInt64
	}
	return n * by
}

// tupleNode is the key for a tuple. To hash it, Go visits size values, which are nested height
// levels deep.
type tupleNode struct {
	key    any
	size   int64
	height int
}

// keyFrame is a tuple that is being converted; out holds the keys for its first items.
type keyFrame struct {
	tuple  *types.Tuple
	out    []any
	size   int64
	height int
}

// tupleKey returns the [n]any for a tuple. Like the tuple it may share its parts. But Go visits
// each part as often as it is referred to when it hashes or compares the key. So each time the
// tuple is a key, the number of values that it expands to counts against Limits.Expansion, and
// several times if the key is longer than any in real data.
func (p *Converter) tupleKey(t *types.Tuple) (any, error) {
	n, ok := p.flatTuple(*t)
	if !ok {
		n, ok = p.tuples[t]
	}
	if !ok {
		var err error
		if n, err = p.buildTuple(t); err != nil {
			return nil, err
		}
	}
	cost := n.size
	if cost > maxKeyTuple {
		cost = saturated(cost, longKeyCost)
	}
	return n.key, p.charge(cost)
}

// flatTuple returns the node of a short tuple of scalars. Such a node is not kept in p.tuples,
// because it takes no more memory than an entry there. ok is false for other tuples.
func (p *Converter) flatTuple(items []any) (n tupleNode, ok bool) {
	n.size = int64(1 + len(items))
	if n.size > p.expansion {
		return n, false
	}
	for _, v := range items {
		switch v.(type) {
		case nil, bool, int, float64, string:
		default:
			return n, false
		}
	}
	switch len(items) {
	case 1:
		n.key = [1]any(items)
	case 2:
		n.key = [2]any(items)
	case 3:
		n.key = [3]any(items)
	}
	return n, n.key != nil
}

// buildTuple returns the node of a tuple. It adds the nodes of that tuple and of the tuples inside
// it to p.tuples.
func (p *Converter) buildTuple(t *types.Tuple) (tupleNode, error) {
	if p.tuples == nil {
		p.tuples = make(map[*types.Tuple]tupleNode)
	}
	stack := []keyFrame{{tuple: t, size: 1}}
	for {
		f := &stack[len(stack)-1]
		if len(f.out) == len(*f.tuple) {
			key, err := arrayKey(f.out)
			if err != nil {
				return tupleNode{}, err
			}
			n := tupleNode{key, f.size, f.height}
			p.tuples[f.tuple] = n
			if stack = stack[:len(stack)-1]; len(stack) == 0 {
				return n, nil
			}
			stack[len(stack)-1].add(n)
			continue
		}
		if f.size > p.expansion {
			return tupleNode{}, pyvalue.LimitError("Expansion", p.expansion, f.size)
		}
		switch item := (*f.tuple)[len(f.out)].(type) {
		case *types.Tuple:
			n, ok := p.tuples[item]
			if depth := len(stack) + 1 + n.height; depth > p.maxDepth {
				return tupleNode{}, pyvalue.LimitError("Depth", int64(p.maxDepth), int64(depth))
			}
			if ok {
				f.add(n)
			} else {
				stack = append(stack, keyFrame{tuple: item, size: 1})
			}
		default:
			key, err := p.simpleKey(item)
			if err != nil {
				return tupleNode{}, err
			}
			f.out = append(f.out, key)
			f.size++
		}
	}
}

// add appends the key of an item that is a tuple.
func (f *keyFrame) add(n tupleNode) {
	f.out = append(f.out, n.key)
	if f.size += n.size; f.size < 0 { // overflow
		f.size = math.MaxInt64
	}
	f.height = max(f.height, n.height+1)
}

// arrayKey returns the items of s as an array, which Go can compare.
func arrayKey(s []any) (any, error) {
	switch len(s) {
	case 0:
		return [0]any{}, nil
	case 1:
		return [1]any(s), nil
	case 2:
		return [2]any(s), nil
	case 3:
		return [3]any(s), nil
	}
	if len(s) > maxKeyTuple {
		return nil, pyvalue.KeyError("a dict key is a tuple of %d, at most %d are a Go map key",
			len(s), maxKeyTuple)
	}
	return reflect.ValueOf(s).Convert(reflect.ArrayOf(len(s), pyvalue.AnyType)).Interface(), nil
}

// ShownKey formats the key of a map for an error. A key that holds others may be as large as the
// input, so only its type is shown.
func ShownKey(k any) string {
	switch k := k.(type) {
	case nil, bool, int, float64, complex128:
		return fmt.Sprint(k)
	case string:
		return fmt.Sprintf("%.40q", k)
	}
	return fmt.Sprintf("of type %T", k)
}
