package reconstruct

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/pickle"
)

func fillBuiltins(t table) {
	for name, call := range map[string]handler{
		"list": callList, "tuple": callTuple, "dict": callDict,
		"bytes": callBytes, "bytearray": callByteArray, "str": callStr,
		"int": callInt, "float": callFloat, "bool": callBool, "complex": callComplex,
		"range": callRange, "slice": callSlice,
	} {
		t.add("builtins", name, &entry{call: call, construct: call})
	}
	t.add("builtins", "set", &entry{call: callSet, construct: callSet, code: known.ClassSet})
	t.add("builtins", "frozenset",
		&entry{call: callFrozenSet, construct: callFrozenSet, code: known.ClassFrozenSet})
	t.add("builtins", "getattr", &entry{call: callGetattr})
	t.addAll("builtins", inert, "object", "type", "NoneType", "Ellipsis", "NotImplemented",
		"ellipsis",
		"iter", "reversed", "enumerate", "zip", "map", "filter", "memoryview", "property",
		"staticmethod", "classmethod")
	t.addAll("builtins", inert, strings.Fields(exceptionNames)...)
}

// exceptionNames lists the builtin exceptions of CPython 3.14 and of Python 2.
const exceptionNames = `BaseException BaseExceptionGroup Exception ExceptionGroup GeneratorExit KeyboardInterrupt SystemExit
ArithmeticError AssertionError AttributeError BlockingIOError BrokenPipeError BufferError BytesWarning ChildProcessError
ConnectionAbortedError ConnectionError ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError
EncodingWarning EnvironmentError FileExistsError FileNotFoundError FloatingPointError FutureWarning IOError ImportError
ImportWarning IndentationError IndexError InterruptedError IsADirectoryError KeyError LookupError MemoryError
ModuleNotFoundError NameError NotADirectoryError NotImplementedError OSError OverflowError PendingDeprecationWarning
PermissionError ProcessLookupError PythonFinalizationError RecursionError ReferenceError ResourceWarning RuntimeError
RuntimeWarning StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError TabError TimeoutError TypeError
UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning UserWarning
ValueError Warning ZeroDivisionError StandardError WindowsError`

// iterate returns the items of a Python iterable. The items of a list or tuple are not copied.
func (a argReader) iterate(i int, name string) ([]any, error) {
	switch v := a.vals[i].(type) {
	case *types.List:
		return *v, nil
	case *types.Tuple:
		return *v, nil
	case *pickle.Set:
		return v.Items, nil
	case *pickle.FrozenSet:
		return v.Items, nil
	case *types.Dict:
		return v.Keys(), nil
	case string:
		out := make([]any, 0, len(v))
		for len(v) > 0 {
			_, size := utf8.DecodeRuneInString(v)
			out, v = append(out, v[:size]), v[size:]
		}
		return out, nil
	}
	return nil, a.wrong(i, name, "list or another iterable")
}

// only reads the optional iterable that is the only argument of a container's constructor.
func (a argReader) only() ([]any, error) {
	if err := a.count(0, 1); err != nil || len(a.vals) == 0 {
		return nil, err
	}
	return a.iterate(0, "iterable")
}

func callSet(c Class, args []any) (any, error) {
	items, err := c.args(args).only()
	if err != nil {
		return nil, err
	}
	return pickle.NewSet(items...)
}

func callFrozenSet(c Class, args []any) (any, error) {
	items, err := c.args(args).only()
	if err != nil {
		return nil, err
	}
	return pickle.NewFrozenSet(items...)
}

func callList(c Class, args []any) (any, error) {
	items, err := c.args(args).only()
	if err != nil {
		return nil, err
	}
	l := append(types.List{}, items...)
	return &l, nil
}

func callTuple(c Class, args []any) (any, error) {
	if len(args) == 1 {
		if t, ok := args[0].(*types.Tuple); ok {
			return t, nil
		}
	}
	items, err := c.args(args).only()
	if err != nil {
		return nil, err
	}
	t := append(types.Tuple{}, items...)
	return &t, nil
}

func callDict(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(0, 1); err != nil {
		return nil, err
	}
	d, err := a.dictOf(0)
	if err != nil {
		return nil, err
	}
	return &d, nil
}

func callBytes(c Class, args []any) (any, error) {
	b, err := bytesArgs(c.args(args))
	if b == nil && err == nil {
		b = []byte{}
	}
	return b, err
}

func callByteArray(c Class, args []any) (any, error) {
	b, err := bytesArgs(c.args(args))
	if err != nil {
		return nil, err
	}
	// A bytearray is mutable, so it must not share the memory of the bytes.
	return types.NewByteArrayFromSlice(append([]byte{}, b...)), nil
}

// bytesArgs reads the arguments of bytes and bytearray: none, bytes, a list of ints, or text and
// its encoding. The result may alias an argument.
func bytesArgs(a argReader) ([]byte, error) {
	if err := a.count(0, 2); err != nil {
		return nil, err
	}
	switch len(a.vals) {
	case 0:
		return nil, nil
	case 2:
		return encodeText(a)
	}
	switch v := a.vals[0].(type) {
	case []byte:
		return v, nil
	case *types.ByteArray:
		return *v, nil
	case string, pickle.Py2String:
		s, _ := asText(v)
		return []byte(s), nil
	case *types.List, *types.Tuple:
		items, err := a.iterate(0, "iterable")
		if err != nil {
			return nil, err
		}
		out := make([]byte, len(items))
		for i, item := range items {
			n, ok := asInt(item)
			if !ok || n < 0 || n > 255 {
				return nil, a.errorf("item %d is %s, want an int from 0 to 255", i, typeName(item))
			}
			out[i] = byte(n)
		}
		return out, nil
	}
	return nil, a.wrong(0, "source", "bytes")
}

// codecsEncode implements _codecs.encode(text, encoding), which Python 3 writes for bytes at
// protocols 0 to 2.
func codecsEncode(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(1, 3); err != nil {
		return nil, err
	}
	b, err := encodeText(a)
	if err != nil {
		return nil, err
	}
	return b, nil
}

// encodeText reads text and the name of an encoding, and returns the encoded text.
func encodeText(a argReader) ([]byte, error) {
	text, ok := a.vals[0].(string)
	if !ok {
		if raw, ok := a.vals[0].(pickle.Py2String); ok {
			text = string(raw)
		} else {
			return nil, a.wrong(0, "text", "str")
		}
	}
	encoding := "utf-8"
	if len(a.vals) > 1 {
		var err error
		if encoding, err = a.text(1, "encoding"); err != nil {
			return nil, err
		}
	}
	switch strings.ReplaceAll(strings.ToLower(encoding), "_", "-") {
	case "latin1", "latin-1", "iso-8859-1", "iso8859-1", "8859", "l1":
		b, err := latin1(text)
		if err != nil {
			return nil, a.errorf("%v", err)
		}
		return b, nil
	case "utf-8", "utf8":
		if !utf8.ValidString(text) {
			return nil, a.errorf("text is not valid UTF-8")
		}
		return []byte(text), nil
	case "ascii", "us-ascii":
		for i := range len(text) {
			if text[i] >= utf8.RuneSelf {
				return nil, a.errorf("text is not ASCII at byte %d", i)
			}
		}
		return []byte(text), nil
	}
	return nil, pickle.Unsupported("%s: encoding %q", a.fn, encoding)
}

func callStr(c Class, args []any) (any, error) {
	a := c.args(args)
	if len(args) == 0 {
		return "", nil
	}
	if err := a.count(1, 1); err != nil {
		return nil, err
	}
	return a.text(0, "object")
}

func callInt(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(0, 1); err != nil || len(args) == 0 {
		return 0, err
	}
	switch v := args[0].(type) {
	case string, pickle.Py2String:
		text, _ := asText(v)
		if len(text) > c.resolver.limits.IntDigits {
			return nil, &pickle.LimitError{Limit: "IntDigits",
				Max: int64(c.resolver.limits.IntDigits), Want: int64(len(text))}
		}
		n, ok := new(big.Int).SetString(strings.TrimSpace(text), 10)
		if !ok {
			return nil, a.errorf("%.40q is not a decimal int", text)
		}
		return canonicalInt(n), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, a.errorf("cannot convert %v to an int", v)
		}
		n, _ := big.NewFloat(v).Int(nil)
		return canonicalInt(n), nil
	}
	n, err := a.bigInt(0, "value")
	if err != nil {
		return nil, err
	}
	return canonicalInt(n), nil
}

func callFloat(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(0, 1); err != nil || len(args) == 0 {
		return 0.0, err
	}
	text, ok := asText(args[0])
	if !ok {
		return a.number(0, "value")
	}
	f, err := parseFloat(text)
	if err != nil {
		return nil, a.errorf("%v", err)
	}
	return f, nil
}

// parseFloat parses a float as Python's constructor does, except that it refuses underscores.
func parseFloat(text string) (float64, error) {
	text = strings.TrimSpace(text)
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) || strings.ContainsAny(text, "xX_") {
		return 0, pickle.Malformed("%.40q is not a float", text)
	}
	return f, nil
}

func callBool(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(0, 1); err != nil || len(args) == 0 {
		return false, err
	}
	return a.truth(0, "value")
}

func callComplex(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(0, 2); err != nil {
		return nil, err
	}
	var parts [2]float64
	for i := range args {
		var err error
		if parts[i], err = a.number(i, []string{"real", "imag"}[i]); err != nil {
			return nil, err
		}
	}
	return complex(parts[0], parts[1]), nil
}

// Range is a Python range. Start, Stop and Step are int, or *big.Int where an int is too small.
// Step is not zero.
type Range struct {
	Start, Stop, Step any
}

// String returns Python's repr: "range(0, 10)" or "range(0, 10, 2)".
func (r *Range) String() string {
	if r.Step == any(1) {
		return fmt.Sprintf("range(%v, %v)", r.Start, r.Stop)
	}
	return fmt.Sprintf("range(%v, %v, %v)", r.Start, r.Stop, r.Step)
}

// Len returns the number of elements; ok is false if it does not fit an int.
func (r *Range) Len() (n int, ok bool) {
	start, _ := asBigInt(r.Start)
	stop, _ := asBigInt(r.Stop)
	step, _ := asBigInt(r.Step)
	if step.Sign() == 0 {
		return 0, true
	}
	length := new(big.Int).Sub(stop, start)
	if length.Sign() != step.Sign() {
		return 0, true
	}
	length.Abs(length).Add(length, new(big.Int).Abs(step)).Sub(length, big.NewInt(1))
	length.Quo(length, new(big.Int).Abs(step))
	return asInt(length)
}

func callRange(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(1, 3); err != nil {
		return nil, err
	}
	vals := make([]any, len(args))
	for i := range args {
		n, err := a.bigInt(i, "argument "+strconv.Itoa(i+1))
		if err != nil {
			return nil, err
		}
		vals[i] = canonicalInt(n)
	}
	r := &Range{Start: 0, Stop: vals[0], Step: 1}
	if len(vals) > 1 {
		r.Start, r.Stop = vals[0], vals[1]
	}
	if len(vals) > 2 {
		if r.Step = vals[2]; r.Step == any(0) {
			return nil, a.errorf("step is zero")
		}
	}
	return r, nil
}

// Slice is a Python slice. Start, Stop and Step may be any object; one that is None is nil.
type Slice struct {
	Start, Stop, Step any
}

// String returns Python's repr of a slice of ints: "slice(None, 10, 2)".
func (s *Slice) String() string {
	part := func(v any) string {
		if v == nil {
			return "None"
		}
		if n, ok := asBigInt(v); ok {
			return n.String()
		}
		return typeName(v)
	}
	return "slice(" + part(s.Start) + ", " + part(s.Stop) + ", " + part(s.Step) + ")"
}

func callSlice(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(1, 3); err != nil {
		return nil, err
	}
	if len(args) == 1 {
		return &Slice{Stop: args[0]}, nil
	}
	return &Slice{Start: args[0], Stop: args[1], Step: a.optional(2, nil)}, nil
}

// callGetattr implements getattr(obj, name) without ever looking up an attribute. The call is
// recorded as a reference, unless obj is a class whose entry resolves the name.
func callGetattr(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(2, 3); err != nil {
		return nil, err
	}
	name, err := a.text(1, "name")
	if err != nil {
		return nil, err
	}
	if known, ok := args[0].(Class); ok && known.entry.attr != nil {
		if v, ok := known.entry.attr(known, name); ok {
			return v, nil
		}
	}
	return record(c, args)
}
