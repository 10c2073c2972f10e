package ndarray

import (
	"encoding/binary"
	"math"
	"slices"
)

// At returns the element at the index, which has one number for each axis. Negative numbers count
// from the end, as in Python. Like the index of a slice, an index that is out of range or has
// another length than the shape panics, because it is an error of the program and not of the data.
//
// The Go type follows the dtype:
//
//	bool                    bool (any byte but 0 is true)
//	int8 ... uint64         int8 ... uint64
//	float16, 32, 64         Float16, float32, float64
//	longdouble              LongDouble
//	complex64, 128          complex64, complex128
//	clongdouble             CLongDouble
//	S                       []byte, a copy without the trailing NULs
//	U                       string without the trailing NULs; lone surrogates as three
//	                        bytes (WTF-8), impossible code points as U+FFFD, see Validate
//	V                       []byte, a copy
//	ml_dtypes' bfloat16     BFloat16; its floats of 8 bits and less Float8, int4, int2 int8,
//	                        uint4, uint2 uint8
//	datetime64, timedelta64 Datetime64, Timedelta64
//	structured              Record; its subarray fields are *Array views
//	object                  the element as it is
//	StringDType             string, or the NA object
func (a *Array) At(index ...int) any {
	if err := a.alive(); err != nil {
		panic(err)
	}
	return a.atPos(a.position(index))
}

// position returns the byte position of an element.
func (a *Array) position(index []int) int {
	shape, strides := a.Shape(), a.Strides()
	if len(index) != len(shape) {
		panic(errorf(ErrBounds, "%d indexes for shape %s", len(index), shapeText(shape)))
	}
	pos := a.pos
	for axis, i := range index {
		if i < 0 {
			i += shape[axis]
		}
		if uint(i) >= uint(shape[axis]) {
			panic(errorf(ErrBounds, "index %d is out of range for axis %d of shape %s", index[axis],
				axis, shapeText(shape)))
		}
		pos += i * strides[axis]
	}
	return pos
}

// atPos returns the element at a byte position.
func (a *Array) atPos(pos int) any {
	if a.DType().object {
		return objectElement(a.DType(), a.ext.elems.at(pos/a.DType().itemsize))
	}
	return element(a.DType(), a.data[pos:pos+a.DType().itemsize:pos+a.DType().itemsize],
		a.flags&flagReadOnly != 0)
}

// binary returns the byte order as one of encoding/binary.
func (o ByteOrder) binary() binary.ByteOrder {
	if o == BigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// element decodes one element from b, which has exactly its bytes.
func element(dt *DType, b []byte, readOnly bool) any {
	if dt.more != nil && dt.kind == KindVoid {
		if dt.more.base != nil {
			return subarrayView(dt, b, readOnly)
		}
		if dt.more.names != nil {
			return record(dt, b, readOnly)
		}
		if dt.more.small != 0 {
			return smallElement(dt.more.small, b)
		}
	}
	switch dt.kind {
	case KindBool:
		return b[0] != 0
	case KindInt:
		return intElement(dt, b)
	case KindUint:
		return uintElement(dt, b)
	case KindFloat:
		return floatElement(dt, b)
	case KindComplex:
		return complexElement(dt, b)
	case KindDatetime:
		return Datetime64{int64(dt.order.binary().Uint64(b)), dt.more.unit}
	case KindTimedelta:
		return Timedelta64{int64(dt.order.binary().Uint64(b)), dt.more.unit}
	case KindBytes:
		return slices.Clone(trimNUL(b))
	case KindStr:
		s, _ := decodeUCS4(b, dt.order)
		return s
	}
	return slices.Clone(b)
}

func intElement(dt *DType, b []byte) any {
	o := dt.order.binary()
	switch dt.itemsize {
	case 1:
		return int8(b[0])
	case 2:
		return int16(o.Uint16(b))
	case 4:
		return int32(o.Uint32(b))
	}
	return int64(o.Uint64(b))
}

func uintElement(dt *DType, b []byte) any {
	o := dt.order.binary()
	switch dt.itemsize {
	case 1:
		return b[0]
	case 2:
		return o.Uint16(b)
	case 4:
		return o.Uint32(b)
	}
	return o.Uint64(b)
}

func floatElement(dt *DType, b []byte) any {
	o := dt.order.binary()
	switch dt.itemsize {
	case 2:
		return Float16(o.Uint16(b))
	case 4:
		return math.Float32frombits(o.Uint32(b))
	case 8:
		return math.Float64frombits(o.Uint64(b))
	}
	return decodeLongDouble(b, dt.order, dt.ldFormat)
}

func complexElement(dt *DType, b []byte) any {
	o := dt.order.binary()
	switch dt.itemsize {
	case 8:
		return complex(math.Float32frombits(o.Uint32(b)), math.Float32frombits(o.Uint32(b[4:])))
	case 16:
		return complex(math.Float64frombits(o.Uint64(b)), math.Float64frombits(o.Uint64(b[8:])))
	}
	half := dt.itemsize / 2
	return CLongDouble{decodeLongDouble(b[:half], dt.order, dt.ldFormat),
		decodeLongDouble(b[half:], dt.order, dt.ldFormat)}
}

func record(dt *DType, b []byte, readOnly bool) Record {
	r := Record{Names: dt.more.names, Values: make([]any, len(dt.more.fields))}
	for i, f := range dt.more.fields {
		r.Values[i] = element(f.DType, b[f.Offset:f.Offset+f.DType.itemsize:f.Offset+
			f.DType.itemsize], readOnly)
	}
	return r
}

func subarrayView(dt *DType, b []byte, readOnly bool) *Array {
	a := &Array{dt: dt.more.base, data: b}
	if readOnly {
		a.flags = flagReadOnly
	}
	shape, strides := a.makeDims(len(dt.more.subShape))
	copy(shape, dt.more.subShape)
	fillStrides(strides, shape, a.DType().itemsize, OrderC)
	a.setFlags()
	return a
}

// checkElement returns an error for an element that does not have the structure of dt, a dtype with
// objects other than object itself.
func checkElement(dt *DType, elem any) error {
	if base, shape := dt.Subarray(); base != nil {
		return checkSubarray(base, shape, elem)
	}
	if !dt.isStruct() {
		return checkLeaf(dt, elem)
	}
	values, ok := elem.([]any)
	if !ok {
		return errorf(ErrValue, "%T where dtype %s needs a tuple", elem, dt.brief())
	}
	if len(values) != len(dt.more.fields) {
		return errorf(ErrValue, "a tuple of %d where dtype %s has %d fields", len(values),
			dt.brief(), len(dt.more.fields))
	}
	for i, f := range dt.more.fields {
		if err := checkElement(f.DType, values[i]); err != nil {
			return errorf(err.(*Error).Kind, "field %q: %s", f.Name, err.(*Error).Text)
		}
	}
	return nil
}

func checkSubarray(base *DType, shape []int, elem any) error {
	if a, ok := elem.(*Array); ok {
		if !sameShape(a.Shape(), shape) || !a.DType().Equal(base) {
			return errorf(ErrShape,
				"an array of shape %s, dtype %s in a subarray of shape %s, dtype %s",
				shapeText(a.Shape()), a.DType().brief(), shapeText(shape), base.brief())
		}
		return nil
	}
	if len(shape) == 0 {
		return checkElement(base, elem)
	}
	list, ok := elem.([]any)
	if !ok || len(list) != shape[0] {
		return errorf(ErrShape, "%T where a subarray of shape %s belongs", elem, shapeText(shape))
	}
	for _, e := range list {
		if err := checkSubarray(base, shape[1:], e); err != nil {
			return err
		}
	}
	return nil
}

// checkLeaf returns an error for a value that objectElement cannot convert to the dtype.
func checkLeaf(dt *DType, elem any) error {
	if dt.kind != KindString {
		return nil
	}
	if _, ok := elem.(string); ok {
		return nil
	}
	if _, ok := dt.NA(); ok {
		return nil
	}
	return errorf(ErrValue, "%T where a str belongs", elem)
}

// objectElement returns elem, an element of a dtype with objects, as At does.
func objectElement(dt *DType, elem any) any {
	if values, ok := elem.([]any); ok && dt.isStruct() && len(values) == len(dt.more.fields) {
		r := Record{Names: dt.more.names, Values: make([]any, len(values))}
		for i, f := range dt.more.fields {
			r.Values[i] = objectElement(f.DType, values[i])
		}
		return r
	}
	if dt.object || dt.isStruct() {
		return elem
	}
	if base, _ := dt.Subarray(); base != nil {
		return elem
	}
	return coerce(dt, elem)
}

// zeroElement returns the element with which numpy.zeros fills an array of a dtype with objects.
func zeroElement(dt *DType) any {
	switch {
	case dt.isStruct():
		values := make([]any, len(dt.more.fields))
		for i, f := range dt.more.fields {
			values[i] = zeroElement(f.DType)
		}
		return values
	case dt.kind == KindObject:
		return nil
	case dt.kind == KindString:
		return ""
	}
	if a, err := Zeros(dt); err == nil {
		if base, _ := dt.Subarray(); base != nil {
			return a
		}
		return a.At()
	}
	return nil
}

// SetAt sets the element at the index to v. v may have the type that At returns, or be any number
// that the dtype can hold: an integer must fit, a float is rounded to the dtype's precision, a
// string must not be longer than the element. A record is a Record or []any. The error is of the
// kind ErrValue for any other value, and of the kind ErrReadOnly if the array is not writeable. A
// bad index panics, as it does for At.
func (a *Array) SetAt(v any, index ...int) error {
	if err := a.alive(); err != nil {
		return err
	}
	pos := a.position(index)
	if !a.Writeable() {
		return errorf(ErrReadOnly, "the array is read-only")
	}
	if !a.DType().object {
		return encode(a.DType(), a.data[pos:pos+a.DType().itemsize], v)
	}
	if r, ok := v.(Record); ok && a.DType().isStruct() {
		v = r.Values
	}
	if err := checkElement(a.DType(), v); err != nil {
		return err
	}
	a.ext.elems.all()[pos/a.DType().itemsize] = v
	return nil
}
