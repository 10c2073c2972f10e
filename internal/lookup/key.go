package lookup

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// maxKeyDepth is the number of levels of nested tuples that the token of a key shows.
const maxKeyDepth = 8

// KeyToken returns the pointer token for a key of a dict. A str and a bytes object is its text;
// None, True, False and numbers are as json.dumps writes them; a tuple is the tokens of its items
// in parentheses.
func KeyToken(key any) string { return keyToken(key, 0) }

func keyToken(key any, depth int) string {
	switch k := key.(type) {
	case string:
		return k
	case pickle.Py2String:
		return string(k)
	case pickle.Bytes:
		return string(k)
	case []byte:
		return string(k)
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(k)
	case int:
		return strconv.Itoa(k)
	case *big.Int:
		if k.BitLen() < 1<<12 {
			return k.String()
		}
	case float64:
		return floatToken(k)
	case *types.Tuple:
		return tupleToken(*k, depth)
	case []any:
		return tupleToken(k, depth)
	case pickle.Named:
		return k.Global().String()
	case interface{ String() string }:
		return k.String()
	}
	return "?"
}

func tupleToken(items []any, depth int) string {
	if depth == maxKeyDepth {
		return "(...)"
	}
	parts := make([]string, len(items))
	for i, item := range items {
		parts[i] = keyToken(item, depth+1)
	}
	if len(parts) == 1 {
		parts[0] += ","
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// floatToken formats a float as json.dumps does.
func floatToken(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		format = 'e'
	}
	s := strconv.FormatFloat(f, format, -1, 64)
	if format == 'f' && !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// FindKey returns the index of the entry to which a token leads: the entry whose key is that str,
// or else the first one for whose key KeyToken returns the token.
func FindKey(d types.Dict, token string) (int, bool) {
	for i := len(d) - 1; i >= 0; i-- { // the last of equal keys has the value
		if s, ok := d[i].Key.(string); ok && s == token {
			return i, true
		}
	}
	for i := range d {
		if _, ok := d[i].Key.(string); !ok && KeyToken(d[i].Key) == token {
			return i, true
		}
	}
	return 0, false
}
