package reconstruct

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"unicode/utf8"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// argReader gives typed access to the arguments of a Python call, or to the items of a state tuple.
// Its errors name the callable, the argument and the type found instead.
type argReader struct {
	fn   string // the callable
	vals []any
}

func (a argReader) errorf(format string, args ...any) error {
	return pickle.Malformed("%s: %s", a.fn, fmt.Sprintf(format, args...))
}

// count checks that the number of arguments is between least and most.
func (a argReader) count(least, most int) error {
	if n := len(a.vals); n < least || n > most {
		if least == most {
			return a.errorf("%d arguments, want %d", n, least)
		}
		return a.errorf("%d arguments, want %d to %d", n, least, most)
	}
	return nil
}

// wrong returns the error for an argument whose type is not the wanted one.
func (a argReader) wrong(i int, name, want string) error {
	return a.errorf("%s is %s, want %s", name, typeName(a.vals[i]), want)
}

func (a argReader) integer(i int, name string) (int, error) {
	n, ok := asInt(a.vals[i])
	if !ok {
		if b, isBig := a.vals[i].(*big.Int); isBig {
			return 0, a.errorf("%s is an int of %d bits, which is out of range", name, b.BitLen())
		}
		return 0, a.wrong(i, name, "int")
	}
	return n, nil
}

func (a argReader) bigInt(i int, name string) (*big.Int, error) {
	n, ok := asBigInt(a.vals[i])
	if !ok {
		return nil, a.wrong(i, name, "int")
	}
	return n, nil
}

// truth reads a bool, or an int that stands for one.
func (a argReader) truth(i int, name string) (bool, error) {
	switch v := a.vals[i].(type) {
	case bool:
		return v, nil
	case int:
		return v != 0, nil
	case *big.Int:
		return v.Sign() != 0, nil
	}
	return false, a.wrong(i, name, "bool or int")
}

func (a argReader) number(i int, name string) (float64, error) {
	switch v := a.vals[i].(type) {
	case float64:
		return v, nil
	case int:
		return float64(v), nil
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f, nil
	}
	return 0, a.wrong(i, name, "float")
}

func (a argReader) text(i int, name string) (string, error) {
	s, ok := asText(a.vals[i])
	if !ok {
		return "", a.wrong(i, name, "str")
	}
	return s, nil
}

func (a argReader) tuple(i int, name string) ([]any, error) {
	t, ok := a.vals[i].(*types.Tuple)
	if !ok || t == nil {
		return nil, a.wrong(i, name, "tuple")
	}
	return *t, nil
}

func (a argReader) dict(i int, name string) (*types.Dict, error) {
	d, ok := a.vals[i].(*types.Dict)
	if !ok || d == nil {
		return nil, a.wrong(i, name, "dict")
	}
	return d, nil
}

func (a argReader) dtype(i int, name string) (*ndarray.DType, error) {
	d, ok := a.vals[i].(*ndarray.DType)
	if !ok || d == nil {
		return nil, a.wrong(i, name, "numpy.dtype")
	}
	return d, nil
}

// sized reads bytes of which n are expected; the result aliases a bytes object. The caller checks
// the length: see [payload].
func (a argReader) sized(i int, name string, n int) ([]byte, error) {
	b, ok := payload(a.vals[i], n)
	if !ok {
		return nil, a.wrong(i, name, "bytes")
	}
	return b, nil
}

// optional returns argument i, or def if the call has fewer arguments.
func (a argReader) optional(i int, def any) any {
	if i < len(a.vals) {
		return a.vals[i]
	}
	return def
}

// asInt accepts what Python accepts as an index: an int, a bool, and an integer of NumPy, which is
// met wherever a program computed the number, as pandas does for the places of columns.
func asInt(v any) (int, bool) {
	switch v := v.(type) {
	case int:
		return v, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case *big.Int:
		if v != nil && v.IsInt64() && int64(int(v.Int64())) == v.Int64() {
			return int(v.Int64()), true
		}
	case *ndarray.Scalar:
		return scalarInt(v)
	}
	return 0, false
}

// scalarInt returns an integer of NumPy that fits in an int.
func scalarInt(s *ndarray.Scalar) (int, bool) {
	v := reflect.ValueOf(s.Value())
	switch s.DType().Kind() {
	case ndarray.KindInt:
		n := v.Int()
		return int(n), int64(int(n)) == n
	case ndarray.KindUint:
		n := v.Uint()
		return int(n), n <= math.MaxInt
	}
	return 0, false
}

func asBigInt(v any) (*big.Int, bool) {
	if b, ok := v.(*big.Int); ok && b != nil {
		return b, true
	}
	n, ok := asInt(v)
	return big.NewInt(int64(n)), ok
}

// canonicalInt returns b in the form that unpickled ints have: an int, or a *big.Int if it does not
// fit.
func canonicalInt(b *big.Int) any {
	if n, ok := asInt(b); ok {
		return n
	}
	return b
}

// asText returns the text of a str of Python 2 or 3. A Python 2 str may have any of the forms that
// pickle.Encoding gives it.
func asText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case pickle.Py2String:
		return string(v), true
	case []byte:
		return string(v), true
	}
	return "", false
}

// payload returns the bytes of a value that Python accepts as a buffer of n bytes: a bytes object,
// which the result aliases, or a str. The bytes of a Python 2 str arrive either unchanged or
// decoded from latin-1 to text, by an Encoding option or by a Python program that re-pickled them;
// NumPy and datetime encode such text to latin-1 again. The length decides: n bytes are taken
// unchanged, and text of n characters up to U+00FF is encoded. The caller checks the length of the
// result.
func payload(v any, n int) ([]byte, bool) {
	switch v := v.(type) {
	case []byte:
		return v, true
	case *types.ByteArray:
		if v == nil {
			return nil, false
		}
		return *v, true
	case pickle.Py2String:
		return []byte(v), true
	case string:
		if len(v) != n {
			if b, err := latin1(v); err == nil && len(b) == n {
				return b, true
			}
		}
		return []byte(v), true
	}
	return nil, false
}

// latin1 encodes text as ISO 8859-1.
func latin1(s string) ([]byte, error) {
	out, n := texts.AppendLatin1(make([]byte, 0, len(s)), s)
	if n == len(s) {
		return out, nil
	}
	if r, size := utf8.DecodeRuneInString(s[n:]); r != utf8.RuneError || size > 1 {
		return nil, pickle.Malformed("character U+%04X has no latin-1 encoding", r)
	}
	return nil, pickle.Malformed("text is not valid UTF-8 at byte %d", n)
}

// shown formats v for an error text: the value itself if it is a small scalar, else its type. It
// never prints containers, because a pickle can nest them deeper than the stack allows.
func shown(v any) string {
	switch v := v.(type) {
	case nil, bool, int, float64:
		return fmt.Sprint(v)
	case string:
		return fmt.Sprintf("%.40q", v)
	}
	return typeName(v)
}

// typeName returns the Python name of the type of an unpickled value, for error texts.
func typeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "a bool"
	case int, *big.Int:
		return "an int"
	case float64:
		return "a float"
	case complex128:
		return "a complex"
	case string, pickle.Py2String:
		return "a str"
	case []byte:
		return "a bytes"
	case *types.ByteArray:
		return "a bytearray"
	case *types.List:
		return "a list"
	case *types.Tuple:
		return "a tuple"
	case *types.Dict:
		return "a dict"
	case *pickle.Set, *types.Set:
		return "a set"
	case *pickle.FrozenSet, *types.FrozenSet:
		return "a frozenset"
	case *ndarray.Array:
		return "a numpy.ndarray"
	case *ndarray.DType:
		return "a numpy.dtype"
	case *ndarray.Scalar:
		return "a numpy scalar"
	case *pickle.Object:
		if name := v.ClassName(); name != "" {
			return "an instance of " + name
		}
		return "an object"
	case pickle.Named:
		return "the global " + v.Global().String()
	}
	return fmt.Sprintf("a %T", v)
}
