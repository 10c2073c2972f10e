package convert

import (
	"math/big"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/pickle"
)

const (
	// reprDepth and reprSize are how deep containers may be, and how many bytes their text may have,
	// for it to be written: what refers to the same again and again has much text.
	reprDepth = 50
	reprSize  = 1 << 20
)

// containerText returns the text of a list, tuple, dict or set of what has a literal, as Python's
// str has it. ok is false for any other value, and for one that holds itself or has too much text.
func containerText(v any) (text string, ok bool) {
	switch v.(type) {
	case *types.List, *types.Tuple, *types.Dict, *pickle.Set, *pickle.FrozenSet, []any:
		b, ok := appendLiteral(nil, v, reprDepth)
		return string(b), ok
	}
	return "", false
}

// appendLiteral appends Python's repr of a value. It calls itself for each level of containers.
func appendLiteral(b []byte, v any, depth int) (out []byte, ok bool) {
	if depth == 0 || len(b) > reprSize {
		return b, false
	}
	switch v := v.(type) {
	case nil, bool, int, *big.Int, float64, complex128, string, []byte:
		return append(b, pending.Repr(v)...), true
	case pickle.Py2String:
		return append(b, pending.Repr(string(v))...), true
	case *types.List:
		return appendItems(b, *v, "[", "]", depth)
	case []any:
		return appendItems(b, v, "[", "]", depth)
	case *types.Tuple:
		if len(*v) == 1 {
			return appendItems(b, *v, "(", ",)", depth)
		}
		return appendItems(b, *v, "(", ")", depth)
	case *pickle.Set:
		if len(v.Items) == 0 {
			return append(b, "set()"...), true
		}
		return appendItems(b, v.Items, "{", "}", depth)
	case *pickle.FrozenSet:
		if len(v.Items) == 0 {
			return append(b, "frozenset()"...), true
		}
		return appendItems(b, v.Items, "frozenset({", "})", depth)
	case *types.Dict:
		b = append(b, '{')
		for i, e := range *v {
			if i > 0 {
				b = append(b, ", "...)
			}
			if b, ok = appendLiteral(b, e.Key, depth-1); !ok {
				return b, false
			}
			b = append(b, ": "...)
			if b, ok = appendLiteral(b, e.Value, depth-1); !ok {
				return b, false
			}
		}
		return append(b, '}'), true
	}
	return b, false
}

func appendItems(b []byte, items []any, open, end string, depth int) (out []byte, ok bool) {
	b = append(b, open...)
	for i, item := range items {
		if i > 0 {
			b = append(b, ", "...)
		}
		if b, ok = appendLiteral(b, item, depth-1); !ok {
			return b, false
		}
	}
	return append(b, end...), true
}
