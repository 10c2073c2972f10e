package fastread

import (
	"encoding/binary"
	"math"
	"sync"
	"time"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// NOTE. Scalars of NumPy, datetimes and decimals are a call of a class with a few scalars. Such a call is read as one
// sentence too, as those of array.go are; where its value takes more than its bytes, package reconstruct makes it.
//
// References: numpy/_core/src/multiarray/scalartypes.c.src (gentype_reduce), CPython's
// Modules/_datetimemodule.c (datetime_reduce), Modules/_decimal/_decimal.c (dec_reduce).

// isCall reports whether kind is a class whose call is a value.
func isCall(kind int32) bool { return kind <= keptScalar && kind >= keptDecimal }

// maxKept is how many values of calls a GET may fetch: programs have few that they use again and again.
const maxKept = 1000

// called reads what follows a class and returns the value of its call.
func (d *direct) called(kind int32) (v any, ok bool) {
	kept := span{n: notKept}
	if len(d.got) < maxKept {
		kept = span{uint32(len(d.got)), keptValue}
		d.got = append(d.got, gotValue{s: span{n: notKept}})
	}
	switch kind {
	case keptScalar:
		var s directScalar
		s, ok = d.scalar(kept)
		v = d.boxScalar(s)
	case keptDate:
		var t time.Time
		t, ok = d.datetime(kind, kept)
		year, month, day := t.Date()
		v = reconstruct.Date{Year: year, Month: int(month), Day: day}
	case keptDatetime:
		var t time.Time
		t, ok = d.datetime(kind, kept)
		v = d.Time(t)
	case keptTimedelta, keptDecimal:
		if v, ok = d.object(kind, kept); ok {
			v = pyvalue.PlainLeaf(v)
		}
	}
	if kept.n == keptValue {
		d.got[kept.at].v = v
	}
	return v, ok
}

// directScalar is a scalar of NumPy: an element of its dtype.
type directScalar struct {
	kind ndarray.Kind
	size int // in bytes
	bits uint64
}

// scalar reads what follows numpy's scalar: a dtype and the bytes of an element. The memo gets kept.
func (d *direct) scalar(kept span) (s directScalar, ok bool) {
	var a directArray
	marked := d.accept(pickle.OpMark)
	if !d.arrays || !d.dtype(&a) || !d.payload(&a) || !a.measure() || !d.element(&a, &s) {
		return s, false
	}
	if s.kind == ndarray.KindBool { // of which NumPy has one each
		kept = span{uint32(s.bits), keptBool}
	}
	return s, d.call(marked, 2, kept)
}

// element makes the scalar of an array that is one.
func (d *direct) element(a *directArray, s *directScalar) bool {
	s.kind, s.size = a.dtype.Kind(), a.nbytes
	var mem [8]byte
	if s.size > len(mem) || s.size > 1 && a.dtype.ByteOrder() != ndarray.LittleEndian || !d.elements(a, mem[:s.size]) {
		return false
	}
	s.bits = binary.LittleEndian.Uint64(mem[:])
	switch s.kind {
	case ndarray.KindBool:
		return s.bits <= 1
	case ndarray.KindInt:
		shift := 64 - 8*s.size
		s.bits = uint64(int64(s.bits<<shift) >> shift)
		return true
	case ndarray.KindFloat:
		return s.size >= 4
	}
	return s.kind == ndarray.KindUint
}

// scalarValue reads the scalar that begins with op.
func (d *direct) scalarValue(op pickle.Opcode) (s directScalar, ok bool) {
	if isGet(op) {
		pos := d.pos
		if kept, ok := d.fetch(op); ok && kept.n == keptBool {
			return directScalar{ndarray.KindBool, 1, uint64(kept.at)}, true
		}
		d.pos = pos
	}
	if kind, ok := d.global(op); !ok || kind != keptScalar {
		return s, false
	}
	return d.scalar(span{n: notKept})
}

// float is the value of a floating-point scalar.
func (s directScalar) float() float64 {
	if s.size == 4 {
		return float64(math.Float32frombits(uint32(s.bits)))
	}
	return math.Float64frombits(s.bits)
}

// boxScalar makes a value of the Go type that is the scalar's dtype.
func (b *boxes) boxScalar(s directScalar) any {
	switch s.kind {
	case ndarray.KindBool:
		return s.bits == 1
	case ndarray.KindFloat:
		if s.size == 4 {
			return math.Float32frombits(uint32(s.bits))
		}
		return b.Float(s.float())
	case ndarray.KindInt:
		switch s.size {
		case 1:
			return int8(s.bits)
		case 2:
			return int16(s.bits)
		case 4:
			return int32(s.bits)
		}
		return b.Int64(int64(s.bits))
	}
	switch s.size {
	case 1:
		return uint8(s.bits)
	case 2:
		return uint16(s.bits)
	case 4:
		return uint32(s.bits)
	}
	return s.bits
}

// datetime reads what follows datetime.date or datetime.datetime: the bytes of its fields, and its time zone. A date is
// midnight in UTC, and so is a datetime without a zone in UTC.
func (d *direct) datetime(kind int32, kept span) (t time.Time, ok bool) {
	marked, n := d.accept(pickle.OpMark), 1
	var b [10]byte
	loc := time.UTC
	if kind == keptDate {
		ok = d.state(b[:4])
	} else {
		ok = d.state(b[:])
		b[2] &^= 0x80 // the fold, which in these zones means nothing
		if op, more := d.peek(); ok && more && op != pickle.OpTuple && op != pickle.OpTuple1 {
			loc, ok = d.zone()
			n++
		}
	}
	if !ok || !d.call(marked, n, kept) {
		return t, false
	}
	year, month, day := int(b[0])<<8|int(b[1]), time.Month(b[2]), int(b[3])
	hour, minute, second, micro := int(b[4]), int(b[5]), int(b[6]), int(b[7])<<16|int(b[8])<<8|int(b[9])
	t = time.Date(year, month, day, hour, minute, second, micro*1000, loc)
	// What is out of range came out as something else.
	y, mon, dd := t.Date()
	h, m, s := t.Clock()
	return t, 1 <= y && y <= 9999 && y == year && mon == month && dd == day &&
		h == hour && m == minute && s == second && t.Nanosecond() == micro*1000
}

// timeValue reads the datetime that begins with op. For a date, a time.Time is midnight.
func (d *direct) timeValue(op pickle.Opcode) (t time.Time, ok bool) {
	kind, ok := d.global(op)
	if !ok || kind != keptDatetime && kind != keptDate {
		return t, false
	}
	return d.datetime(kind, span{n: notKept})
}

// state takes bytes, exactly as many as mem has.
func (d *direct) state(mem []byte) bool {
	var a directArray
	if !d.arrays || !d.payload(&a) || int(a.data.n) < len(mem) || a.coding == codingBytes && int(a.data.n) != len(mem) {
		return false
	}
	return d.elements(&a, mem)
}

// zone takes a time zone of a fixed difference, or one of the memo.
func (d *direct) zone() (*time.Location, bool) {
	op, ok := d.next()
	if !ok {
		return nil, false
	}
	if isGet(op) {
		pos := d.pos
		if s, ok := d.fetch(op); ok && s.n == keptZone {
			return d.zones[s.at], d.zones[s.at] != nil
		}
		d.pos = pos
	}
	if kind, ok := d.global(op); !ok || kind != keptTimezone {
		return nil, false
	}
	i := len(d.zones)
	d.zones = append(d.zones, nil)
	v, ok := d.object(keptTimezone, span{uint32(i), keptZone})
	if !ok {
		return nil, false
	}
	loc, err := reconstruct.Location(v)
	d.zones[i] = loc
	return loc, err == nil
}

// object reads what follows a class: its arguments and the end of the call, whose result it makes.
func (d *direct) object(kind int32, kept span) (any, bool) {
	marked := d.accept(pickle.OpMark)
	args, ok := d.arguments(kind)
	if !ok || !d.arrays || !d.call(marked, len(args), kept) {
		return nil, false
	}
	class := callClasses()[kind]
	if class == nil {
		return nil, false
	}
	v, err := class.Call(args...)
	return v, err == nil
}

// arguments reads those of a class.
func (d *direct) arguments(kind int32) (args []any, ok bool) {
	args = make([]any, 1, 3)
	switch kind {
	case keptTimedelta:
		args = args[:3]
		for i := range args {
			if args[i], ok = d.integer(); !ok {
				break
			}
		}
	case keptTimezone:
		if ok = d.wants(keptTimedelta); ok {
			args[0], ok = d.object(keptTimedelta, span{n: notKept})
		}
	case keptDecimal:
		const most = 64 // bytes; a longer one could be fetched from the memo for many calls
		var s span
		if ok = d.name(&s) && s.n <= most; ok {
			args[0] = string(d.bytes(s))
		}
	}
	return args, ok
}

// integer takes an int that is no bool.
func (d *direct) integer() (any, bool) {
	op, ok := d.next()
	if !ok {
		return nil, false
	}
	var i int64
	isBool := false
	if op == pickle.OpInt {
		i, isBool, ok = d.intLine()
	} else {
		i, ok = d.int(op)
	}
	return int(i), ok && !isBool && int64(int(i)) == i
}

// callClasses are the classes of the calls that package reconstruct makes.
var callClasses = sync.OnceValue(func() map[int32]types.Callable {
	classes := make(map[int32]types.Callable)
	for g, kind := range globalKinds {
		switch kind {
		case keptTimedelta, keptTimezone, keptDecimal:
			if class, err := reconstruct.FindClass(g.Module, g.Name); err == nil {
				classes[kind], _ = class.(types.Callable)
			}
		}
	}
	return classes
})
