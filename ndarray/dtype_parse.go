package ndarray

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// typeCodes are the one-letter names of dtypes, numpy.dtype.char, on 64-bit Linux and macOS.
var typeCodes = map[byte]string{
	'?': "b1", 'b': "i1", 'B': "u1", 'h': "i2", 'H': "u2", 'i': "i4", 'I': "u4",
	'l': "i8", 'L': "u8", 'q': "i8", 'Q': "u8", 'p': "i8", 'P': "u8", 'n': "i8", 'N': "u8",
	'e': "f2", 'f': "f4", 'd': "f8", 'g': "f16", 'F': "c8", 'D': "c16", 'G': "c32",
	'S': "S0", 'a': "S0", 'c': "S1", 'U': "U0", 'V': "V0", 'O': "O8", 'M': "M8", 'm': "m8",
	'T': "T16",
}

// typeNames are the names that numpy.dtype(name) accepts in NumPy 1 and 2, on 64-bit Linux and
// macOS.
var typeNames = map[string]string{
	"bool": "b1", "bool_": "b1", "bool8": "b1",
	"int8": "i1", "byte": "i1", "uint8": "u1", "ubyte": "u1",
	"int16": "i2", "short": "i2", "uint16": "u2", "ushort": "u2",
	"int32": "i4", "intc": "i4", "uint32": "u4", "uintc": "u4",
	"int64": "i8", "int": "i8", "int_": "i8", "long": "i8", "longlong": "i8", "intp": "i8",
	"int0":   "i8",
	"uint64": "u8", "uint": "u8", "ulong": "u8", "ulonglong": "u8", "uintp": "u8", "uint0": "u8",
	"float16": "f2", "half": "f2", "float32": "f4", "single": "f4",
	"float64": "f8", "float": "f8", "float_": "f8", "double": "f8",
	"float128": "f16", "longdouble": "f16", "longfloat": "f16", "float96": "f12",
	"complex64": "c8", "csingle": "c8", "singlecomplex": "c8",
	"complex128": "c16", "complex": "c16", "complex_": "c16", "cdouble": "c16", "cfloat": "c16",
	"complex256": "c32", "clongdouble": "c32", "clongfloat": "c32", "longcomplex": "c32",
	"complex192": "c24",
	"bytes":      "S0", "bytes_": "S0", "bytes0": "S0", "string_": "S0",
	"str": "U0", "str_": "U0", "str0": "U0", "unicode": "U0", "unicode_": "U0",
	"void": "V0", "void0": "V0", "object": "O8", "object_": "O8", "object0": "O8",
	"datetime64": "M8", "timedelta64": "m8",
}

// ParseDType returns the dtype that a string names, as numpy.dtype(s) does on 64-bit Linux and
// macOS. It accepts the names of NumPy 1 and 2: array-protocol strings ("<f8", "S3", ">M8[25s]"),
// one-letter codes ("d"), names ("float64"), and several of them, possibly repeated, separated by
// commas ("i4,(2,3)f8"). It also accepts the longdouble of 32-bit programs ("f12", "c24"), and the
// results of Str and String. Longdoubles are X87; see [DType.WithLongDouble].
//
// For any other string the error is of the kind ErrDType. So it is for a datetime unit with the
// multiple 0, which NumPy accepts.
//
// Reference: numpy/_core/src/multiarray/descriptor.c, _convert_from_str; numpy/_core/_internal.py,
// _commastring.
func ParseDType(s string) (*DType, error) {
	if k := smallKinds[s]; k != 0 { // NumPy accepts these names if ml_dtypes is imported.
		size := 1 + boolInt(k == smallBFloat16)
		return NewDType(DTypeSpec{Kind: KindVoid, ItemSize: size, Alignment: size,
			ScalarClass: "ml_dtypes." + s})
	}
	switch {
	case strings.HasPrefix(s, "StringDType("):
		return parseStringDType(s)
	case len(s) > 1 && (s[0] == '[' || s[0] == '{' ||
		s[0] == '(' && strings.IndexByte("'\"[({", s[1]) >= 0):
		return ParseDescr(s)
	}
	return parseFormat(s)
}

// parseFormat parses a string that an .npy header may contain.
func parseFormat(s string) (*DType, error) {
	if isCommaString(s) {
		return parseCommaString(s)
	}
	return parseTypeString(s)
}

// parseStringDType parses repr(StringDType()), with those parameters that can be read from text.
func parseStringDType(s string) (*DType, error) {
	spec := DTypeSpec{Kind: KindString, Coerce: true}
	switch s {
	case "StringDType()":
	case "StringDType(coerce=False)":
		spec.Coerce = false
	case "StringDType(na_object=None)":
		spec.HasNA = true
	case "StringDType(na_object=None, coerce=False)":
		spec.HasNA, spec.Coerce = true, false
	case "StringDType(na_object=nan)":
		spec.HasNA, spec.NA = true, math.NaN()
	case "StringDType(na_object=nan, coerce=False)":
		spec.HasNA, spec.NA, spec.Coerce = true, math.NaN(), false
	default:
		return nil, notUnderstood(s)
	}
	return NewDType(spec)
}

func notUnderstood(s string) error {
	if len(s) > 100 {
		s = s[:100] + "..."
	}
	return errorf(ErrDType, "data type %q not understood", s)
}

// isCommaString reports whether s consists of several formats, or of a repeated one.
func isCommaString(s string) bool {
	t := strings.TrimLeft(s, "<>|=")
	if t != "" && (t[0] >= '0' && t[0] <= '9' || t[0] == '(') {
		return true
	}
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '[':
			depth++
		case ']':
			depth--
		case ',':
			if depth == 0 {
				return true
			}
		}
	}
	return false
}

// parseTypeString parses one format that is not repeated.
func parseTypeString(s string) (*DType, error) {
	order, t := ByteOrder(0), s
	if t != "" && strings.IndexByte("<>|=", t[0]) >= 0 {
		order, t = ByteOrder(t[0]), t[1:]
	}
	if len(t) == 1 {
		if code, ok := typeCodes[t[0]]; ok {
			return parseSized(code, order)
		}
		return nil, notUnderstood(s)
	}
	if name, unit, ok := cutDatetime(t); ok {
		u, err := ParseDatetimeUnit(unit)
		if err != nil {
			return nil, err
		}
		return NewDType(DTypeSpec{Kind: Kind(name[0]), ItemSize: 8, ByteOrder: order, Unit: u})
	}
	if code, ok := typeNames[t]; ok && order == 0 {
		return parseSized(code, 0)
	}
	d, err := parseSized(t, order)
	if err != nil {
		return nil, notUnderstood(s)
	}
	return d, nil
}

// cutDatetime splits strings such as "M8[ns]" and "datetime64[ns]".
func cutDatetime(t string) (kind, unit string, ok bool) {
	for _, p := range [...]string{"M8", "m8", "datetime64", "timedelta64"} {
		if rest, found := strings.CutPrefix(t, p); found && strings.HasPrefix(rest, "[") {
			switch p {
			case "datetime64":
				p = "M8"
			case "timedelta64":
				p = "m8"
			}
			return p, rest, true
		}
	}
	return "", "", false
}

// parseSized parses a kind and a size, which is in bytes, or in code points for U.
func parseSized(t string, order ByteOrder) (*DType, error) {
	if len(t) == 1 && t[0] == 'O' {
		t = "O8"
	}
	if len(t) < 2 {
		return nil, notUnderstood(t)
	}
	kind := Kind(t[0])
	if kind == 'a' {
		kind = KindBytes
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(t[1:], "+"), 10, 32)
	if err != nil || n < 0 || t[1] == '+' && strings.HasPrefix(t[2:], "-") {
		return nil, notUnderstood(t)
	}
	if kind == KindStr {
		n *= 4
	}
	if n > math.MaxInt32 || n == 0 && kind.fixedSize() != 0 {
		return nil, notUnderstood(t)
	}
	return NewDType(DTypeSpec{Kind: kind, ItemSize: int(n), ByteOrder: order, Coerce: true})
}

// ParseDatetimeUnit parses a unit as in dtype strings, "[ns]", "[25s]" or "[D/4]", or without the
// brackets. A divisor is resolved: "[D/4]" is 6h.
func ParseDatetimeUnit(s string) (DatetimeUnit, error) {
	bad := func() (DatetimeUnit, error) {
		if len(s) > 40 {
			s = s[:40] + "..."
		}
		return DatetimeUnit{}, errorf(ErrDType, "invalid datetime unit %q", s)
	}
	t := s
	if strings.HasPrefix(t, "[") {
		if !strings.HasSuffix(t, "]") || len(t) < 3 {
			return bad()
		}
		t = t[1 : len(t)-1]
	}
	digits := 0
	for digits < len(t) && t[digits] >= '0' && t[digits] <= '9' {
		digits++
	}
	u := DatetimeUnit{Num: 1}
	if digits > 0 {
		n, err := strconv.ParseInt(t[:digits], 10, 32)
		if err != nil || n == 0 {
			return bad()
		}
		u.Num = int(n)
	}
	base, divisor, divided := strings.Cut(t[digits:], "/")
	if base == "" {
		return bad()
	}
	u.Base = base
	u, err := u.normalized()
	if err != nil {
		return bad()
	}
	if u.Base == "generic" {
		u.Num = 1
	}
	if !divided {
		return u, nil
	}
	den, err := strconv.ParseInt(divisor, 10, 32)
	if err != nil {
		return bad()
	}
	return u.Divide(int(den))
}

// smallerUnits has for each unit the smaller units that NumPy tries when it divides the unit, and
// how many of them the unit has.
var smallerUnits = map[string][]DatetimeUnit{
	"Y": {{"M", 12}, {"W", 52}, {"D", 365}},
	"M": {{"W", 4}, {"D", 30}, {"h", 720}},
	"W": {{"D", 7}, {"h", 168}, {"m", 10080}},
	"D": {{"h", 24}, {"m", 1440}, {"s", 86400}},
	"h": {{"m", 60}, {"s", 3600}},
	"m": {{"s", 60}, {"ms", 60000}},
}

// Divide returns the unit that is one den-th of u, in a smaller base unit: 1 D divided by 4 is 6 h.
// It returns an error if there is none, as NumPy does.
//
// Reference: numpy/_core/src/multiarray/datetime.c, convert_datetime_divisor_to_multiple.
func (u DatetimeUnit) Divide(den int) (DatetimeUnit, error) {
	u, err := u.normalized()
	if err != nil {
		return u, err
	}
	if den < 1 || den > math.MaxInt32 {
		return u, errorf(ErrDType, "datetime unit with the divisor %d", den)
	}
	if den == 1 {
		return u, nil
	}
	smaller := smallerUnits[u.Base]
	if smaller == nil {
		at := len(datetimeUnits)
		for i, name := range datetimeUnits {
			if name == u.Base {
				at = i
			}
		}
		for i, n := 1, 1000; i <= 2 && at+i < len(datetimeUnits); i, n = i+1, n*1000 {
			smaller = append(smaller, DatetimeUnit{datetimeUnits[at+i], n})
		}
	}
	for _, v := range smaller {
		if v.Num%den == 0 {
			v.Num = v.Num / den * u.Num
			return v.normalized()
		}
	}
	return u, errorf(ErrDType, "datetime unit %s cannot be divided by %d", u.text(), den)
}

// text formats the unit as in dtype strings, without brackets: "25s".
func (u DatetimeUnit) text() string {
	if u.Num <= 1 {
		return u.Base
	}
	return strconv.Itoa(u.Num) + u.Base
}

// suffix formats the unit as the end of a dtype string: "[25s]", or "" for generic.
func (u DatetimeUnit) suffix() string {
	if u.Base == "generic" || u.Base == "" {
		return ""
	}
	return "[" + u.text() + "]"
}

// parseCommaString parses formats separated by commas, each with an optional count or shape before
// it. One format alone is not a structure unless a comma follows it.
func parseCommaString(s string) (*DType, error) {
	var fields []Field
	comma := false
	for rest := s; rest != ""; {
		d, tail, err := parseRepeated(rest)
		if err != nil {
			return nil, notUnderstood(s)
		}
		if len(fields) == MaxDTypeNodes {
			return nil, errorf(ErrLimit, "a dtype of more than %d parts", MaxDTypeNodes)
		}
		fields = append(fields, Field{Name: "f" + strconv.Itoa(len(fields)), DType: d})
		tail = strings.TrimLeftFunc(tail, unicode.IsSpace)
		if tail != "" {
			if tail[0] != ',' {
				return nil, notUnderstood(s)
			}
			comma = true
			tail = strings.TrimLeftFunc(tail[1:], unicode.IsSpace)
		}
		rest = tail
	}
	if len(fields) == 0 {
		return nil, notUnderstood(s)
	}
	if !comma {
		return fields[0].DType, nil
	}
	return NewStruct(fields, false)
}

// parseRepeated parses one format and what may precede it: a byte order, a count or shape, a byte
// order.
func parseRepeated(s string) (d *DType, rest string, err error) {
	order, s := cutOrder(s)
	shape, rest, err := cutRepeats(s)
	if err != nil {
		return nil, "", err
	}
	order2, rest := cutOrder(rest)
	n := 0
	for n < len(rest) && (isAlnum(rest[n]) || rest[n] == '.' || rest[n] == '?') {
		n++
	}
	if n < len(rest) && rest[n] == '[' {
		if i := strings.IndexByte(rest[n:], ']'); i > 0 {
			n += i + 1
		}
	}
	if order != "" && order2 != "" && nativeLetter(order) != nativeLetter(order2) {
		return nil, "", notUnderstood(s)
	}
	if order == "" {
		order = order2
	}
	if order = nativeLetter(order); order == "|" || order == NativeEndian.String() {
		order = ""
	}
	if d, err = parseTypeString(order + rest[:n]); err != nil {
		return nil, "", err
	}
	if shape != nil {
		d, err = NewSubarray(d, shape...)
	}
	return d, rest[n:], err
}

func nativeLetter(order string) string {
	if order == "=" {
		return NativeEndian.String()
	}
	return order
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func cutOrder(s string) (order, rest string) {
	if s != "" && strings.IndexByte("<>|=", s[0]) >= 0 {
		return s[:1], s[1:]
	}
	return "", s
}

// cutRepeats cuts a count or shape such as "3" or "(2, 3)" from the front of s. "1" is a subarray
// of one element, as in NumPy since 2.0; earlier versions ignored it. "()" is ignored.
func cutRepeats(s string) (shape []int, rest string, err error) {
	t := strings.TrimLeft(s, " ")
	if t == "" || t[0] != '(' {
		n := 0
		for n < len(t) && t[n] >= '0' && t[n] <= '9' {
			n++
		}
		if n == 0 {
			return nil, s, nil
		}
		v, err := strconv.ParseInt(t[:n], 10, 32)
		return []int{int(v)}, strings.TrimLeft(t[n:], " "), err
	}
	inner, rest, ok := strings.Cut(t[1:], ")")
	if !ok {
		return nil, "", notUnderstood(s)
	}
	rest = strings.TrimLeft(rest, " ")
	if strings.Trim(inner, " ") == "" {
		return nil, rest, nil
	}
	inner = strings.TrimSuffix(strings.TrimRight(inner, " "), ",")
	for part := range strings.SplitSeq(inner, ",") {
		v, err := strconv.ParseInt(strings.Trim(part, " "), 10, 32)
		if err != nil || v < 0 || len(shape) == MaxDims {
			return nil, "", notUnderstood(s)
		}
		shape = append(shape, int(v))
	}
	return shape, rest, nil
}
