package ndarray

import (
	"fmt"
	"strconv"
	"strings"
)

// Str returns the array-protocol string, dtype.str: "<f8", "|S3", "<M8[ns]". For a structured
// dtype or a subarray it is "|V" and the itemsize, for a StringDType "|T16".
func (d *DType) Str() string {
	if _, ok := d.SmallName(); ok {
		return "<V" + strconv.Itoa(d.itemsize)
	}
	switch d.kind {
	case KindObject:
		return "|O"
	case KindStr:
		return d.order.String() + "U" + strconv.Itoa(d.itemsize/4)
	case KindDatetime, KindTimedelta:
		return d.order.String() + d.kind.String() + "8" + d.more.unit.suffix()
	}
	return d.order.String() + d.kind.String() + strconv.Itoa(d.itemsize)
}

// Name returns dtype.name: "float64", "str96", "datetime64[ns]", "void64".
func (d *DType) Name() string {
	if name, ok := d.SmallName(); ok {
		return name
	}
	bits := strconv.Itoa(d.itemsize * 8)
	switch d.kind {
	case KindBool:
		return "bool"
	case KindObject:
		return "object"
	case KindString:
		return "StringDType128"
	case KindDatetime:
		return "datetime64" + d.more.unit.suffix()
	case KindTimedelta:
		return "timedelta64" + d.more.unit.suffix()
	}
	name := kindNames[d.kind]
	if d.ScalarClass() != "" && d.kind == KindVoid {
		name = d.ScalarClass()[strings.LastIndexByte(d.ScalarClass(), '.')+1:]
	}
	if d.itemsize == 0 {
		return name
	}
	return name + bits
}

var kindNames = map[Kind]string{
	KindInt: "int", KindUint: "uint", KindFloat: "float", KindComplex: "complex",
	KindBytes: "bytes", KindStr: "str", KindVoid: "void",
}

// String returns str(dtype): "float64", ">f8", "<U3", "[('x', '<i4'), ('y', '<f8')]",
// "('<f8', (2, 3))".
//
// Reference: numpy/_core/_dtype.py, __str__.
func (d *DType) String() string {
	if name, ok := d.SmallName(); ok {
		return name
	}
	switch base, _ := d.Subarray(); {
	case d.isStruct() || base != nil:
		return string(d.appendConstruction(nil, true, true))
	case d.kind == KindString:
		return string(d.appendStringDType(nil))
	case d.kind == KindBytes || d.kind == KindStr || d.kind == KindVoid || !d.IsNative():
		return d.Str()
	}
	return d.Name()
}

// Repr returns repr(dtype), without metadata: "dtype('<f8')".
func (d *DType) Repr() string {
	if d.kind == KindString {
		return d.String()
	}
	b := d.appendConstruction([]byte("dtype("), false, false)
	if d.aligned {
		b = append(b, ", align=True"...)
	}
	return string(append(b, ')'))
}

// brief is String for errors, truncated to a readable length.
func (d *DType) brief() string {
	if d.nodes > 64 {
		return fmt.Sprintf("V%d (%d fields)", d.itemsize, len(d.Fields()))
	}
	s := d.String()
	if len(s) > 200 {
		s = s[:200] + "..."
	}
	return s
}

// appendConstruction appends the arguments with which numpy.dtype would create d.
func (d *DType) appendConstruction(b []byte, includeAlign, short bool) []byte {
	if d.isStruct() {
		return d.appendStruct(b, includeAlign)
	}
	if base, shape := d.Subarray(); base != nil {
		b = append(b, '(')
		b = base.appendConstruction(b, false, true)
		b = append(b, ", "...)
		return append(appendShape(b, shape), ')')
	}
	order := ""
	if d.order != NotApplicable {
		order = d.order.String()
	}
	switch d.kind {
	case KindBool:
		if short {
			return append(b, "'?'"...)
		}
		return append(b, "'bool'"...)
	case KindObject, KindString:
		return append(append(append(b, '\''), byte(d.kind)), '\'')
	case KindBytes, KindStr, KindVoid:
		s := "'" + order + d.kind.String()
		if n := d.itemsize; n > 0 {
			if d.kind == KindStr {
				n /= 4
			}
			s += strconv.Itoa(n)
		}
		return append(append(b, s...), '\'')
	case KindDatetime, KindTimedelta:
		return append(b, "'"+order+d.kind.String()+"8"+d.more.unit.suffix()+"'"...)
	}
	if short || d.order != NotApplicable && d.order != NativeEndian {
		return append(b, "'"+order+d.kind.String()+strconv.Itoa(d.itemsize)+"'"...)
	}
	return append(b, "'"+d.Name()+"'"...)
}

func (d *DType) appendStruct(b []byte, includeAlign bool) []byte {
	class := d.structClass()
	if class != "" {
		b = append(append(append(b, '('), class...), ", "...)
	}
	if !(includeAlign && d.aligned) && d.isPacked() {
		b = d.appendFieldList(b)
	} else {
		b = d.appendFieldDict(b, includeAlign)
	}
	if class != "" {
		b = append(b, ')')
	}
	return b
}

// structClass returns the class that repr shows beside the fields, or "".
func (d *DType) structClass() string {
	if c := d.ScalarClass(); c != "" {
		return c
	}
	if d.kind == KindVoid {
		return ""
	}
	switch d.kind {
	case KindBytes, KindStr:
		return "numpy." + kindNames[d.kind] + "_"
	case KindDatetime:
		return "numpy.datetime64"
	case KindTimedelta:
		return "numpy.timedelta64"
	}
	return "numpy." + d.Name()
}

// isPacked reports whether a list of the fields, without offsets, describes the layout.
func (d *DType) isPacked() bool {
	end, largest := 0, 1
	for _, f := range d.more.fields {
		if d.aligned {
			end = roundUp(end, f.DType.align)
			largest = max(largest, f.DType.align)
		}
		if f.Offset != end {
			return false
		}
		end += f.DType.itemsize
	}
	if d.aligned {
		end = roundUp(end, largest)
	}
	return end == d.itemsize
}

func (d *DType) appendFieldList(b []byte) []byte {
	b = append(b, '[')
	for i, f := range d.more.fields {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, '(')
		if f.Title != nil {
			b = append(appendTitle(append(b, '('), f.Title), ", "...)
			b = append(appendQuoted(b, f.Name), ')')
		} else {
			b = appendQuoted(b, f.Name)
		}
		b = append(b, ", "...)
		if base, shape := f.DType.Subarray(); base != nil {
			b = append(base.appendConstruction(b, false, true), ", "...)
			b = appendShape(b, shape)
		} else {
			b = f.DType.appendConstruction(b, false, true)
		}
		b = append(b, ')')
	}
	return append(b, ']')
}

func (d *DType) appendFieldDict(b []byte, includeAlign bool) []byte {
	list := func(b []byte, key string, item func(b []byte, f Field) []byte) []byte {
		b = append(append(b, key...), '[')
		for i, f := range d.more.fields {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = item(b, f)
		}
		return append(b, ']')
	}
	b = list(b, "{'names': ", func(b []byte, f Field) []byte { return appendQuoted(b, f.Name) })
	b = list(b, ", 'formats': ", func(b []byte, f Field) []byte {
		return f.DType.appendConstruction(b, false, true)
	})
	b = list(b, ", 'offsets': ", func(b []byte, f Field) []byte {
		return strconv.AppendInt(b, int64(f.Offset), 10)
	})
	for _, f := range d.more.fields {
		if f.Title != nil {
			b = list(b, ", 'titles': ", func(b []byte, f Field) []byte {
				return appendTitle(b, f.Title)
			})
			break
		}
	}
	b = strconv.AppendInt(append(b, ", 'itemsize': "...), int64(d.itemsize), 10)
	if includeAlign && d.aligned {
		b = append(b, ", 'aligned': True"...)
	}
	return append(b, '}')
}

func (d *DType) appendStringDType(b []byte) []byte {
	b = append(b, "StringDType("...)
	sep := ""
	if na, ok := d.NA(); ok {
		b = appendTitle(append(b, "na_object="...), na)
		sep = ", "
	}
	if !d.Coerce() {
		b = append(append(b, sep...), "coerce=False"...)
	}
	return append(b, ')')
}

// appendTitle appends the repr of a title or NA object, if it is a simple value.
func appendTitle(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "None"...)
	case string:
		return appendQuoted(b, v)
	case bool:
		if v {
			return append(b, "True"...)
		}
		return append(b, "False"...)
	case int, int64, float64:
		if f, ok := v.(float64); ok && f != f {
			return append(b, "nan"...)
		}
		return fmt.Append(b, v)
	}
	return fmt.Appendf(b, "<%T>", v)
}
