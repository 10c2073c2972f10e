package lookup

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// maxKeyDepth is how many levels of tuples the token of a key shows, and maxKeyParts how many
// values in all: a tuple that holds one a thousand times, which holds another so, is short in a file.
const (
	maxKeyDepth = 8
	maxKeyParts = 1000
)

// KeyToken returns the token of a pointer that stands for a key of a dict: a str and bytes as their
// text, None, True, False and numbers as json.dumps writes them, a tuple as the tokens of its items
// in parentheses, a frozenset too, an object as its text where it has one, such as an address of
// ipaddress, else as its class and arguments: "mod.Color(1)".
func KeyToken(key any) string {
	w := keyWriter{left: maxKeyParts}
	return w.token(key, 0)
}

// keyWriter writes one token.
type keyWriter struct {
	left int // how many values may be shown
}

func (w *keyWriter) token(key any, depth int) string {
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
	case complex128:
		return "(" + floatToken(real(k)) + ", " + floatToken(imag(k)) + ")"
	case *types.Tuple:
		return w.tuple(*k, depth)
	case []any:
		return w.tuple(k, depth)
	case *pickle.FrozenSet:
		return "frozenset" + w.tuple(k.Items, depth)
	case *pickle.Object:
		return w.object(k, depth)
	case pickle.Named:
		return k.Global().String()
	case interface{ String() string }:
		return k.String()
	}
	return "?"
}

func (w *keyWriter) tuple(items []any, depth int) string {
	if len(items) == 1 && depth < maxKeyDepth {
		return "(" + w.tokens(items, depth) + ",)"
	}
	return "(" + w.tokens(items, depth) + ")"
}

// tokens are the tokens of items, with commas between them.
func (w *keyWriter) tokens(items []any, depth int) string {
	if depth == maxKeyDepth && len(items) > 0 {
		return "..."
	}
	parts := make([]string, 0, min(len(items), w.left+1))
	for _, item := range items {
		if w.left == 0 {
			parts = append(parts, "...")
			break
		}
		w.left--
		parts = append(parts, w.token(item, depth+1))
	}
	return strings.Join(parts, ", ")
}

// object is the token of an object: its text, or the call that makes it with its attributes.
func (w *keyWriter) object(o *pickle.Object, depth int) string {
	if text, ok := pyvalue.TextOf(o); ok {
		return text
	}
	if name, ok := pyvalue.GlobalName(o); ok {
		return name
	}
	n := reconstruct.Normalize(o)
	name := n.ClassName()
	if name == "" {
		return "?"
	}
	parts := make([]string, 0, 2)
	if len(n.Args) > 0 {
		parts = append(parts, w.tokens(n.Args, depth))
	}
	attrs, _ := pyvalue.AttributesOf(&n)
	for _, a := range attrs {
		if w.left == 0 || depth == maxKeyDepth {
			parts = append(parts, "...")
			break
		}
		w.left--
		parts = append(parts, w.token(a.Key, depth+1)+"="+w.token(a.Value, depth+1))
	}
	return name + "(" + strings.Join(parts, ", ") + ")"
}

// floatToken writes a float as json.dumps does.
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

// findKey returns the entry of a token: the key that is that str, else the first whose token it is.
func findKey(d types.Dict, token string) (int, bool) {
	for i := len(d) - 1; i >= 0; i-- { // of equal keys of an object the last has the value
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

// FindKey returns the place of the entry that a token leads to.
func FindKey(d types.Dict, token string) (int, bool) { return findKey(d, token) }
