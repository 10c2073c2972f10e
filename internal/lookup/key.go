package lookup

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// A key may be nested deeply, or hold one tuple thousands of times, although its pickle is short.
const (
	maxKeyDepth = 8    // levels of nested tuples that the token of a key shows
	maxKeyParts = 1000 // values that it shows in all
)

// KeyToken returns the pointer token for a key of a dict. A str and a bytes object is its text;
// None, True, False and numbers are as json.dumps writes them; a tuple or frozenset is the tokens
// of its items in parentheses. An object is its text if it has one, such as an address of
// ipaddress, or else its class and arguments: "mod.Color(1)".
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
	case fmt.Stringer:
		return texts.Sprint(k) // which returns for a container that holds itself
	}
	return numberToken(key)
}

// numberToken returns the token for a number of another width, such as an element of an array that
// is a label of a column. It returns "?" for any other value.
func numberToken(key any) string {
	switch v := reflect.ValueOf(key); {
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10)
	case v.Kind() == reflect.Float32:
		f, _ := strconv.ParseFloat(strconv.FormatFloat(v.Float(), 'g', -1, 32), 64)
		return floatToken(f)
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
