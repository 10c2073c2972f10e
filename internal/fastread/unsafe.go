package fastread

import (
	"encoding/binary"
	"math"
	"reflect"
	"slices"
	"sync"
	"unsafe"

	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// This file holds the plans of fastread.go, which write into fields and elements by their
// address.
//
// unsafe: reflection finds a field anew for each value, which costs several times what
// reading the value does. An address here is that of memory that reflect.New or
// reflect.MakeSlice made of the plan's own type, plus the offset that reflect gives
// for the field or a multiple of the element's size below the length; it is
// written to as a pointer to a type of the same kind and size. Slices and strings are written as such, so that
// the collector sees their pointers.

// setArray puts an array into a slice of the same numbers, or into the field of an array.
func (d *direct) setArray(p *directPlan, a *directArray, dst unsafe.Pointer) bool {
	if p.typ == arrayType {
		arr, ok := d.newArray(a)
		*(**ndarray.Array)(dst) = arr
		return ok
	}
	if a.ndim != 1 || !p.elem.isElement(a.dtype) {
		return false
	}
	if d.budget -= int64(a.dims[0]); d.budget < 0 {
		return false
	}
	mem := d.memory(a.nbytes)
	*(*sliceHeader)(dst) = sliceHeader{unsafe.Pointer(unsafe.SliceData(mem)), a.dims[0], a.dims[0]}
	return d.elements(a, mem)
}

var bytesType = reflect.TypeFor[[]byte]()

// isBytes reports whether op pushes bytes.
func isBytes(op pickle.Opcode) bool {
	return op == pickle.OpShortBinBytes || op == pickle.OpBinBytes || op == pickle.OpBinBytes8 || op == pickle.OpByteArray8
}

// setBytes puts a copy of the bytes whose opcode was taken into the []byte at dst.
func (d *direct) setBytes(dst unsafe.Pointer) bool {
	d.pos--
	var a directArray
	if !d.payload(&a) {
		return false
	}
	mem := d.memory(int(a.data.n))
	copy(mem, d.bytes(a.data))
	*(*[]byte)(dst) = mem
	return true
}

// pointer reads the value that begins with op into a new one, and makes dst point to it.
func (d *direct) pointer(p *directPlan, op pickle.Opcode, dst unsafe.Pointer) bool {
	v := reflect.New(p.elem.typ).UnsafePointer()
	*(*unsafe.Pointer)(dst) = v
	return d.value(p.elem, op, v)
}

// isElement reports whether elements of a dtype are values of the plan's type in memory.
func (p *directPlan) isElement(dt *ndarray.DType) bool {
	if dt.ItemSize() != int(p.size) || dt.ByteOrder() != ndarray.NotApplicable && dt.ByteOrder() != ndarray.NativeEndian {
		return false
	}
	switch p.kind {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return dt.Kind() == ndarray.KindInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return dt.Kind() == ndarray.KindUint
	case reflect.Float32, reflect.Float64:
		return dt.Kind() == ndarray.KindFloat
	}
	return false
}

// directPlan is how values go into one Go type.
type directPlan struct {
	typ    reflect.Type
	kind   reflect.Kind
	size   uintptr
	key    *directPlan   // of maps
	elem   *directPlan   // of slices, pointers and maps
	fields []directField // of structs
	byName map[string]int
}

type directField struct {
	name   string
	offset uintptr
	plan   *directPlan
}

var arrayType = reflect.TypeFor[*ndarray.Array]()

var directPlans sync.Map // reflect.Type -> *directPlan, nil where there is none

const (
	directDepth     = 32 // of types
	maxDirectFields = 64 // of a struct
)

// directOf returns the plan of t, or nil if t takes more than direct reads.
func directOf(t reflect.Type) *directPlan {
	if p, ok := directPlans.Load(t); ok {
		return p.(*directPlan)
	}
	p, _ := directPlans.LoadOrStore(t, compileDirect(t, nil))
	return p.(*directPlan)
}

// compileDirect makes the plan of t, which stands in the types of within.
func compileDirect(t reflect.Type, within []reflect.Type) *directPlan {
	if t == pyvalue.TimeType {
		return &directPlan{typ: t, kind: t.Kind(), size: t.Size()}
	}
	if len(within) > directDepth || slices.Contains(within, t) || pyvalue.IsLeafStruct(t) || t == pyvalue.DurationType || t != arrayType &&
		(reflect.PointerTo(t).Implements(pyvalue.UnmarshalerType) || reflect.PointerTo(t).Implements(pyvalue.TextUnmarshalerType)) {
		return nil
	}
	p := &directPlan{typ: t, kind: t.Kind(), size: t.Size()}
	if t == arrayType {
		return p
	}
	within = append(within, t)
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return p
	case reflect.Slice:
		if p.elem = compileDirect(t.Elem(), within); p.elem != nil && p.elem.size > 0 {
			return p
		}
	case reflect.Pointer:
		if p.elem = compileDirect(t.Elem(), within); p.elem != nil && p.elem.size > 0 {
			return p
		}
	case reflect.Map:
		p.key, p.elem = compileDirect(t.Key(), within), compileDirect(t.Elem(), within)
		if p.key != nil && p.elem != nil && isMapKey(p.key.kind) {
			return p
		}
	case reflect.Struct:
		if p.compileFields(within) {
			return p
		}
	}
	return nil
}

func (p *directPlan) compileFields(within []reflect.Type) bool {
	s := pyvalue.FieldsOf(p.typ)
	if len(s.List) > maxDirectFields {
		return false
	}
	p.byName = s.ByName
	for _, f := range s.List {
		var offset uintptr
		t := p.typ
		for _, i := range f.Index {
			if t.Kind() != reflect.Struct {
				return false // an embedded pointer
			}
			offset += t.Field(i).Offset
			t = t.Field(i).Type
		}
		plan := compileDirect(f.Type, within)
		if plan == nil {
			return false
		}
		p.fields = append(p.fields, directField{f.Name, offset, plan})
	}
	return true
}

// find returns the index of the field that a key names, or -1.
func (p *directPlan) find(d *direct, key span, next int) int {
	name := d.bytes(key)
	if next < len(p.fields) && p.fields[next].name == string(name) {
		return next
	}
	if i, ok := p.byName[string(name)]; ok {
		return i
	}
	return -1
}

// setInt puts i at dst if the type holds it exactly.
func (p *directPlan) setInt(dst unsafe.Pointer, i int64) bool {
	switch p.kind {
	case reflect.Int:
		*(*int)(dst) = int(i)
		return int64(int(i)) == i
	case reflect.Int64:
		*(*int64)(dst) = i
		return true
	case reflect.Int32:
		*(*int32)(dst) = int32(i)
		return int64(int32(i)) == i
	case reflect.Int16:
		*(*int16)(dst) = int16(i)
		return int64(int16(i)) == i
	case reflect.Int8:
		*(*int8)(dst) = int8(i)
		return int64(int8(i)) == i
	case reflect.Uint:
		*(*uint)(dst) = uint(i)
		return i >= 0 && int64(uint(i)) == i
	case reflect.Uint64:
		*(*uint64)(dst) = uint64(i)
		return i >= 0
	case reflect.Uint32:
		*(*uint32)(dst) = uint32(i)
		return int64(uint32(i)) == i
	case reflect.Uint16:
		*(*uint16)(dst) = uint16(i)
		return int64(uint16(i)) == i
	case reflect.Uint8:
		*(*uint8)(dst) = uint8(i)
		return int64(uint8(i)) == i
	case reflect.Float64:
		*(*float64)(dst) = float64(i)
		return -1<<53 <= i && i <= 1<<53
	case reflect.Float32:
		*(*float32)(dst) = float32(i)
		return -1<<24 <= i && i <= 1<<24
	}
	return false
}

// setFloat puts f at dst.
func (p *directPlan) setFloat(dst unsafe.Pointer, f float64) bool {
	switch p.kind {
	case reflect.Float64:
		*(*float64)(dst) = f
		return true
	case reflect.Float32:
		*(*float32)(dst) = float32(f)
		return math.IsInf(f, 0) || !math.IsInf(float64(float32(f)), 0)
	}
	return false
}

// setScalar puts a scalar of NumPy at dst if the type is of its kind and holds it.
func (p *directPlan) setScalar(dst unsafe.Pointer, s directScalar) bool {
	switch {
	case s.kind == ndarray.KindBool && p.kind == reflect.Bool:
		*(*bool)(dst) = s.bits == 1
		return true
	case s.kind == ndarray.KindFloat && (p.kind == reflect.Float64 || p.kind == reflect.Float32):
		return p.setFloat(dst, s.float())
	case s.kind == ndarray.KindInt || s.kind == ndarray.KindUint && s.bits <= math.MaxInt64:
		return reflect.Int <= p.kind && p.kind <= reflect.Uint64 && p.setInt(dst, int64(s.bits))
	}
	return false
}

// sliceHeader is the layout of every slice.
type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

// sliceBuilder makes a slice whose length is not known.
type sliceBuilder struct {
	plan *directPlan
	mem  reflect.Value
	data unsafe.Pointer
	n    int
	room int
	top  bool // it is most of the pickle
}

// next returns the address of another element.
func (s *sliceBuilder) next(d *direct) unsafe.Pointer {
	if s.n == s.room {
		s.grow(d)
	}
	s.n++
	return unsafe.Add(s.data, uintptr(s.n-1)*s.plan.elem.size)
}

func (s *sliceBuilder) grow(d *direct) {
	room := max(4, 2*s.room)
	if s.top {
		room = d.room(s.n, int(s.plan.elem.size))
	}
	s.resize(room)
}

func (s *sliceBuilder) resize(room int) {
	mem := reflect.MakeSlice(s.plan.typ, room, room)
	if s.n > 0 {
		reflect.Copy(mem, s.mem)
	}
	s.mem, s.data, s.room = mem, mem.UnsafePointer(), room
}

// bulk returns the function that reads the commonest numbers in a row, or nil.
func (s *sliceBuilder) bulk(d *direct) func() {
	switch kind := s.plan.elem.kind; {
	case kind == reflect.Float64:
		return func() { s.floats(d) }
	case kind == reflect.Int64, kind == reflect.Int && s.plan.elem.size == 8:
		return func() { s.ints(d) }
	}
	return nil
}

// floats reads floats into a []float64.
func (s *sliceBuilder) floats(d *direct) {
	const size = 9
	for d.end-d.pos >= size && pickle.Opcode(d.buf[d.pos]) == pickle.OpBinFloat {
		if s.n == s.room {
			s.grow(d)
		}
		out := unsafe.Slice((*float64)(s.data), s.room)
		n, most := s.n, min(int64(s.room), int64(s.n)+d.budget)
		buf := d.buf[d.pos:d.end]
		for int64(n) < most && len(buf) >= size && pickle.Opcode(buf[0]) == pickle.OpBinFloat {
			out[n] = math.Float64frombits(binary.BigEndian.Uint64(buf[1:]))
			n++
			buf = buf[size:]
		}
		if n == s.n {
			return
		}
		d.budget -= int64(n - s.n)
		s.n, d.pos = n, d.end-len(buf)
	}
}

// ints reads ints into a slice of such of 64 bits.
func (s *sliceBuilder) ints(d *direct) {
	const size = 10 // of the longest
	for d.end-d.pos >= size {
		if s.n == s.room {
			s.grow(d)
		}
		out := unsafe.Slice((*int64)(s.data), s.room)
		n, most := s.n, min(int64(s.room), int64(s.n)+d.budget)
		buf := d.buf[d.pos:d.end]
		for int64(n) < most && len(buf) >= size {
			v, length := shortInt(buf)
			if length == 0 {
				break
			}
			out[n] = v
			n++
			buf = buf[length:]
		}
		if n == s.n {
			return
		}
		d.budget -= int64(n - s.n)
		s.n, d.pos = n, d.end-len(buf)
	}
}

// finish writes the slice to dst.
func (s *sliceBuilder) finish(dst unsafe.Pointer) {
	if s.top && s.n > 0 && s.room-s.n > s.room/8 {
		s.resize(s.n)
	}
	if s.n == 0 {
		s.data = reflect.MakeSlice(s.plan.typ, 0, 0).UnsafePointer()
	}
	*(*sliceHeader)(dst) = sliceHeader{s.data, s.n, s.n}
}

// finishStrings writes the strings to dst, many of them as they are, few as a copy.
func (d *direct) finishStrings(strs []string, dst unsafe.Pointer) {
	const most, own, slab = 16, 1024, 128 // short slices share one of up to 2 KiB
	var out []string
	switch n := len(strs); {
	case n >= own && n > cap(strs)/4*3:
		*(*[]string)(dst) = strs[:n:n]
		d.rows = nil
		return
	case n > most || n == 0:
		out = make([]string, n)
	default:
		if len(d.slices) < n {
			d.shared = min(2*d.shared+most, slab)
			d.slices = make([]string, d.shared)
		}
		out, d.slices = d.slices[:n:n], d.slices[n:]
	}
	copy(out, strs)
	*(*[]string)(dst) = out
}

// stringAt makes a string of bytes that nothing writes to afterwards.
func stringAt(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
