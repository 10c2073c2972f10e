package jsonval

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/reconstruct"
)

// numpy is the family of package ndarray's types.
func numpy(e *Encoder, v any) (any, bool, error) {
	var j any
	switch v := v.(type) {
	case *ndarray.Array:
		j = e.array(v, nil)
	case maskedData:
		j = e.array(v.data, v.mask)
	case *ndarray.Masked:
		j = e.masked(v)
	case *ndarray.Scalar:
		j = element(v.DType(), v.Value())
	case *ndarray.DType:
		j = short("$dtype", descr(v))
	case ndarray.Record:
		d := make(types.Dict, len(v.Values))
		for i := range d {
			d[i] = types.DictEntry{Key: v.Names[i], Value: v.Values[i]}
		}
		j = textDict(d)
	case ndarray.Float16, ndarray.BFloat16, ndarray.Float8, ndarray.LongDouble, complex64,
		ndarray.CLongDouble, ndarray.Datetime64, ndarray.Timedelta64:
		j = element(ndarray.ObjectDType(), v)
	default:
		return nil, false, nil
	}
	return j, true, nil
}

// maskedData is the data of a masked array, whose statistics exclude masked elements.
type maskedData struct{ data, mask *ndarray.Array }

// array returns the form of an array, with its mask if it has one. The elements are read only if an
// option asks for them, and then when they are written.
func (e *Encoder) array(a, mask *ndarray.Array) any {
	if e.o.Arrays == ArraysNone {
		return nil
	}
	o := object{}
	o.add("dtype", descr(a.DType()))
	o.add("shape", oneLine{ints(a.Shape())})
	o.add("order", a.Order().String())
	o.add("nbytes", a.NBytes())
	// Objects have no bytes, so they are written as their JSON in both cases.
	if e.o.Arrays == ArraysValues || e.o.Arrays == ArraysBase64 && a.HasObject() {
		o.add("data", nested(a))
	} else if e.o.Arrays == ArraysBase64 {
		o.add("base64", arrayBytes{a})
	}
	if e.o.Stats && hasStats(a.DType()) {
		o.add("stats", oneLine{statsOf(a, maskOf(mask, a.Size()))})
	}
	isOwn := addClass(&o, a.Class(), reconstruct.SubclassState(a))
	if e.o.Arrays == ArraysShape && !isOwn {
		return short("$ndarray", o)
	}
	return form("$ndarray", o)
}

// addClass adds the class of an array, and the state of the instance, if the class is a subclass
// that is not NumPy's own. It reports whether it is.
func addClass(o *object, class string, state []any) bool {
	if class == "" || strings.HasPrefix(class, "numpy.") {
		return false
	}
	o.add("class", text(class))
	switch len(state) {
	case 0:
	case 1:
		o.add("state", state[0])
	default:
		o.add("state", list(state))
	}
	return true
}

// masked returns the form of a masked array.
func (e *Encoder) masked(m *ndarray.Masked) any {
	o := object{}
	data := m.Data
	if data == nil {
		data = &ndarray.Array{}
	}
	if m.Mask != nil && e.o.Stats {
		o.add("data", maskedData{data, m.Mask})
	} else {
		o.add("data", data)
	}
	if m.Mask == nil {
		o.add("mask", false)
	} else {
		o.add("mask", m.Mask)
	}
	fill := m.FillValue
	switch v := fill.(type) {
	case *ndarray.Array:
		if v.NDim() == 0 {
			fill = element(v.DType(), v.At())
		}
	case nil:
		fill = defaultFill(data.DType())
	}
	o.add("fill_value", fill)
	return form("$masked", o)
}

// defaultFill returns the fill value of a masked array that was pickled without one.
//
// Reference: numpy/ma/core.py, default_filler.
func defaultFill(dt *ndarray.DType) any {
	if dt.Names() != nil {
		return nil // NumPy always pickles the fill value of a structured array.
	}
	switch dt.Kind() {
	case ndarray.KindBool:
		return true
	case ndarray.KindInt, ndarray.KindUint:
		return 999999
	case ndarray.KindFloat:
		return 1e20
	case ndarray.KindComplex:
		return pair(1e20, 0.0)
	case ndarray.KindBytes, ndarray.KindStr:
		return "N/A"
	case ndarray.KindVoid:
		return "???"
	case ndarray.KindObject:
		return "?"
	case ndarray.KindDatetime, ndarray.KindTimedelta:
		return "NaT"
	}
	return nil
}

// descr returns a dtype as the header of an .npy file has it. A subarray dtype, which no header has
// by itself, is written as in a field: [descr, shape].
func descr(dt *ndarray.DType) any {
	if name, ok := dt.SmallName(); ok {
		return name // In an .npy file such a dtype is void.
	}
	if base, shape := dt.Subarray(); base != nil {
		return oneLine{list{descr(base), ints(shape)}}
	}
	switch d := dt.Descr().(type) {
	case []any:
		return oneLine{list(d)}
	case map[string]any:
		o := object{}
		for _, key := range []string{"names", "formats", "offsets", "itemsize"} {
			o.add(key, d[key])
		}
		return oneLine{o}
	default:
		return d
	}
}

// ints is a JSON array of ints, such as a shape.
type ints []int

func (s ints) len() int                      { return len(s) }
func (s ints) isObject() bool                { return false }
func (s ints) at(i int) (string, any, error) { return "", s[i], nil }

// nested returns the elements of a as nested lists, or the element of a 0-d array.
func nested(a *ndarray.Array) any {
	if a.NDim() == 0 {
		return element(a.DType(), a.At())
	}
	return axis{a, nil}.form()
}

// axis is the part of an array that an index leads to. The index has less than NDim entries.
type axis struct {
	a     *ndarray.Array
	index []int
}

// form returns the elements of x as members. The last axis is on one line, and streamed if
// possible.
func (x axis) form() members {
	if len(x.index) < x.a.NDim()-1 {
		return x
	}
	switch x.a.DType().Kind() {
	case ndarray.KindBool, ndarray.KindInt, ndarray.KindUint, ndarray.KindFloat:
		return row{x}
	case ndarray.KindVoid, ndarray.KindObject:
		if _, ok := x.a.DType().SmallName(); ok {
			return oneLine{x}
		}
		return x
	}
	return oneLine{x}
}

func (x axis) len() int       { return x.a.Shape()[len(x.index)] }
func (x axis) isObject() bool { return false }

func (x axis) at(i int) (string, any, error) {
	index := make([]int, len(x.index)+1)
	copy(index, x.index)
	index[len(x.index)] = i
	if len(index) == x.a.NDim() {
		return "", element(x.a.DType(), x.a.At(index...)), nil
	}
	return "", axis{x.a, index}.form(), nil
}

// row is the last axis of an array of numbers.
type row struct{ axis }

func (r row) stream(e *Encoder) error {
	index := make([]int, len(r.index)+1)
	copy(index, r.index)
	last := len(index) - 1
	e.buf = append(e.buf, '[')
	for i := range r.len() {
		if i > 0 {
			e.buf = append(e.buf, ',')
			if e.o.Indent > 0 {
				e.buf = append(e.buf, ' ')
			}
		}
		index[last] = i
		if err := e.leaf(element(r.a.DType(), r.a.At(index...))); err != nil {
			return err
		}
		if len(e.buf) >= flushAt {
			if err := e.flush(); err != nil {
				return err
			}
		}
	}
	e.buf = append(e.buf, ']')
	return nil
}

func (r row) minSize() int64 { return 2 * int64(r.len()) }

// arrayBytes is a string of base64 with the bytes of an array in C order.
type arrayBytes struct{ a *ndarray.Array }

func (b arrayBytes) minSize() int64 { return int64(b.a.NBytes()) }

func (b arrayBytes) stream(e *Encoder) error {
	e.buf = append(e.buf, '"')
	enc := base64.NewEncoder(base64.StdEncoding, bufferWriter{e})
	if _, err := b.a.WriteTo(enc, ndarray.OrderC); err != nil {
		return err
	}
	err := enc.Close()
	e.buf = append(e.buf, '"')
	return err
}

// bufferWriter writes to the buffer of an Encoder.
type bufferWriter struct{ e *Encoder }

func (w bufferWriter) Write(p []byte) (int, error) {
	w.e.buf = append(w.e.buf, p...)
	if len(w.e.buf) < flushAt {
		return len(p), nil
	}
	return len(p), w.e.flush()
}

// element returns the JSON of v, an element of dtype dt as Array.At returns it. An element of an
// array of objects is a value like any other.
func element(dt *ndarray.DType, v any) any {
	if base, _ := dt.Subarray(); base != nil {
		return subarray(base, v)
	}
	switch v := v.(type) {
	case ndarray.Record:
		if dt.Names() != nil {
			return record(dt, v)
		}
	case []byte:
		switch dt.Kind() {
		case ndarray.KindBytes:
			return textOrBytes(string(v))
		case ndarray.KindVoid:
			return short("$bytes", base64Bytes(v))
		}
	case ndarray.Float16:
		return shortestHalf(v)
	case ndarray.BFloat16:
		return v.Float64()
	case ndarray.Float8:
		return v.Float64()
	case ndarray.LongDouble:
		return longDouble(v)
	case complex64:
		return pair(real(v), imag(v))
	case complex128:
		if dt.Kind() == ndarray.KindComplex {
			return pair(real(v), imag(v))
		}
	case ndarray.CLongDouble:
		return pair(longDouble(v.Real), longDouble(v.Imag))
	case ndarray.Datetime64:
		return v.String()
	case ndarray.Timedelta64:
		if v.IsNaT() {
			return "NaT"
		}
		return number(strconv.FormatInt(v.Value, 10))
	}
	return v
}

func pair(re, im any) members { return oneLine{list{re, im}} }

// subarray returns a field whose dtype is a subarray as nested lists.
func subarray(base *ndarray.DType, v any) any {
	switch v := v.(type) {
	case *ndarray.Array:
		return nested(v)
	case []any:
		j := make(list, len(v))
		for i := range v {
			j[i] = subarray(base, v[i])
		}
		return j
	}
	return element(base, v)
}

// record returns an element of a structured dtype as an object with the names of its fields.
func record(dt *ndarray.DType, r ndarray.Record) any {
	o := object{make([]member, len(r.Values))}
	for i, f := range dt.Fields() {
		if !isText(f.Name) {
			return fieldPairs(dt, r)
		}
		o.member[i] = member{f.Name, element(f.DType, r.Values[i])}
	}
	return oneLine{o}
}

// fieldPairs is record for field names that are not text, which Python 2 may write.
func fieldPairs(dt *ndarray.DType, r ndarray.Record) any {
	d := make(types.Dict, len(r.Values))
	for i, f := range dt.Fields() {
		d[i] = types.DictEntry{Key: f.Name, Value: element(f.DType, r.Values[i])}
	}
	return pairsForm(d)
}

// longDouble returns the shortest digits that read back as l.
func longDouble(l ndarray.LongDouble) any {
	switch {
	case l.IsNaN():
		return math.NaN()
	case l.IsInf() && l.Signbit():
		return math.Inf(-1)
	case l.IsInf():
		return math.Inf(1)
	}
	return number(l.String())
}
