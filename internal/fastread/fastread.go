// Package fastread reads common pickles at once into plain values or Go values, without objects in
// between. Of every other pickle it says so, and package pickle reads it from the beginning.
package fastread

import (
	"encoding/binary"
	"math"
	"reflect"
	"time"
	"unsafe"

	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// NOTE. Lists of numbers, of text and of records, as Python's picklers write them, go straight
// into slices of Go values: no object is made of them. What is read here is a small
// part of the language: scalars, lists, and dicts with text keys, none of them met twice. At the first opcode,
// value or limit that is anything else, nothing is set and the machine
// begins again; so this way has no errors of its own, and where it succeeds, the general way gives
// the same: FuzzFastPaths.
//
// Calls nest as deep as the Go type, which does not contain itself.

// Options are the options that the direct ways depend on.
type Options struct {
	Limits      pickle.Limits
	Encoding    pickle.Encoding
	Off         bool          // neither way may be taken
	Hooked      bool          // a hook is to be asked for classes
	Objects     bool          // instead of plain values
	SharedInput bool          // results may alias the input
	Owner       ndarray.Owner // of the memory of arrays, where it is a mapped file
	// FindClass finds NumPy's dtype.
	FindClass func(module, name string) (any, error)
	// compressed is pickle.Unpickler's.
	Compressed func() int64
}

// direct reads one pickle.
type direct struct {
	c        Options
	buf      []byte
	pos      int
	end      int    // of the frame, or of buf
	memo     []span // of text; of other values with n < 0
	budget   int64
	text     []byte   // room for short strings
	block    block    // see cut
	rows     []string // of the list being read
	slices   []string // room for short lists of strings
	shared   int      // length of the last such room
	one      string   // of them
	most     uint32   // see mostPayload
	framed   bool     // whether pos is in a frame
	inside   bool     // the outermost list
	lines    bool     // the pickle is of protocol 0
	raw      bool     // Python 2's str is read as its bytes
	arrays   bool     // no hook is to be asked for numpy's functions
	numbered bool     // a PUT with a number was met
	fromOne  bool     // the first such number was 1
	sentence sentence
	large    map[uint32]string // strings of the memo that are worth sharing
	got      []gotValue        // what the memo has for plain values
	dtypes   []*ndarray.DType  // that the memo has
	zones    []*time.Location  // that the memo has
	boxes
}

// span is where text is in buf.
type span struct {
	at uint32
	n  int32
}

// gotValue is the value of text of the memo, or what a call gave.
type gotValue struct {
	s span
	v any
}

// start begins to read a pickle, with most set. It takes the PROTO that pickles begin with from protocol 2 on.
func (d *direct) start(c *Options, data []byte) bool {
	d.c, d.buf, d.end = *c, data, len(data)
	d.raw = c.Encoding == pickle.EncodingRaw
	d.budget = c.Limits.WithDefaults().Expansion - 1
	d.arrays = !c.Hooked && c.Limits.Dims == 0 && c.Limits.Elements == 0
	if !d.accept(pickle.OpProto) {
		return true
	}
	b := d.arg(1)
	return b != nil && b[0] <= pickle.HighestProtocol
}

// maxRepeat is the longest string that a GET copies instead of sharing it.
const maxRepeat = 32

// directTarget returns what v points to with the plan for it, which is nil where the options or the type do not allow
// the direct way.
func (c *Options) directTarget(v any) (target reflect.Value, p *directPlan) {
	l := &c.Limits
	if c.Off || l.InputBytes > 0 || l.Objects > 0 || l.Memo > 0 || l.StringBytes > 0 || l.Depth != 0 || l.IntDigits != 0 {
		return target, nil
	}
	target = reflect.ValueOf(v).Elem()
	switch kind := target.Kind(); {
	case kind == reflect.Slice, (kind == reflect.Struct || kind == reflect.Map) && target.IsZero():
		return target, directOf(target.Type())
	}
	return target, nil
}

// unmarshalDirect tries to put the pickle in data into the slice, the nil map or the empty struct that v points to.
func (c *Options) unmarshalDirect(data []byte, v any) bool {
	target, p := c.directTarget(v)
	if p == nil || len(data) > math.MaxInt32 {
		return false
	}
	work := directs.Get().(*plainDirect)
	defer work.release()
	d := &work.direct
	d.most = c.mostPayload(false)
	if !d.start(c, data) {
		return false
	}
	out := reflect.New(target.Type())
	if op, ok := d.next(); !ok || !d.value(p, op, out.UnsafePointer()) {
		return false
	}
	if op, ok := d.next(); !ok || op != pickle.OpStop {
		return false
	}
	target.Set(out.Elem())
	return true
}

// peek returns the next opcode, past frames, and leaves pos at it.
func (d *direct) peek() (pickle.Opcode, bool) {
	if d.pos < d.end {
		if op := pickle.Opcode(d.buf[d.pos]); op != pickle.OpFrame {
			return op, true
		}
	}
	return d.cross()
}

// cross is peek at the end or the beginning of a frame.
func (d *direct) cross() (pickle.Opcode, bool) {
	for {
		if d.pos >= d.end {
			if d.end, d.framed = len(d.buf), false; d.pos >= d.end {
				return 0, false
			}
		}
		op := pickle.Opcode(d.buf[d.pos])
		if op != pickle.OpFrame {
			return op, true
		}
		if d.framed || d.end-d.pos < 9 {
			return 0, false
		}
		n := binary.LittleEndian.Uint64(d.buf[d.pos+1:])
		d.pos += 9
		if n > uint64(len(d.buf)-d.pos) {
			return 0, false
		}
		d.end, d.framed = d.pos+int(n), true
	}
}

// next takes the next opcode.
func (d *direct) next() (pickle.Opcode, bool) {
	op, ok := d.peek()
	d.pos++
	return op, ok
}

// arg takes n bytes.
func (d *direct) arg(n int) []byte {
	if d.end-d.pos < n {
		return nil
	}
	b := d.buf[d.pos : d.pos+n]
	d.pos += n
	return b
}

// put takes the PUT that may follow a value, which s is for the memo.
func (d *direct) put(s span) bool {
	op, ok := d.peek()
	if !ok {
		return false
	}
	var i uint64
	switch op {
	case pickle.OpMemoize:
		d.pos++
		d.memoize(s)
		return !d.fromOne // or it would be another number
	case pickle.OpBinPut:
		if d.end-d.pos < 2 {
			return false
		}
		i = uint64(d.buf[d.pos+1])
		d.pos += 2
	case pickle.OpLongBinPut:
		if d.end-d.pos < 5 {
			return false
		}
		i = uint64(binary.LittleEndian.Uint32(d.buf[d.pos+1:]))
		d.pos += 5
	case pickle.OpPut:
		d.pos++
		i = uint64(d.index())
	default:
		return true
	}
	d.numbered = true
	if i == 1 && len(d.memo) == 0 { // Python 2 counts from 1
		d.memoize(span{n: notKept})
		d.fromOne = true
	}
	d.memoize(s)
	return i == uint64(len(d.memo)-1)
}

// memoize appends to the memo.
func (d *direct) memoize(s span) {
	if len(d.memo) == cap(d.memo) {
		d.memo = append(make([]span, 0, d.room(len(d.memo), 8)), d.memo...)
	}
	d.memo = append(d.memo, s)
}

// room is for what has n values of the given size in bytes and gets another: it returns how many to make room
// for, of many values what the rest of the input will bring if it is like the one behind. New memory
// costs more than copying, and hostile input gets in proportion to its length; but what follows a few small values
// may be a few large ones.
func (d *direct) room(n, size int) int {
	const few, usual, most = 1000, 4 << 20, 16
	if n < few {
		return max(16, 2*n)
	}
	each := max(float64(d.pos)/float64(n), float64(size)/4)
	return n + min(n/16+1+int(float64(len(d.buf)-d.pos)/each*1.02), max(usual, most*n))
}

// str takes the rest of an opcode that pushes a str, or fetches one.
func (d *direct) str(op pickle.Opcode) (span, bool) {
	switch op {
	case pickle.OpShortBinUnicode:
		if b := d.arg(1); b != nil {
			return d.newStr(int(b[0]))
		}
	case pickle.OpBinUnicode:
		if b := d.arg(4); b != nil {
			if u := binary.LittleEndian.Uint32(b); u < math.MaxInt32 {
				return d.newStr(int(u))
			}
		}
	case pickle.OpShortBinString:
		if b := d.arg(1); b != nil {
			return d.newRaw(int(b[0]))
		}
	case pickle.OpBinString:
		if b := d.arg(4); b != nil {
			if u := binary.LittleEndian.Uint32(b); u < math.MaxInt32 {
				return d.newRaw(int(u))
			}
		}
	case pickle.OpUnicode:
		return d.unicodeLine()
	case pickle.OpString:
		return d.stringLine()
	case pickle.OpBinGet, pickle.OpLongBinGet, pickle.OpGet:
		s, ok := d.fetch(op)
		if s.n == keptValue {
			s = d.got[s.at].s
		}
		return s, ok && s.n >= 0
	}
	return span{}, false
}

func (d *direct) newStr(n int) (span, bool) {
	if d.end-d.pos < n || !validText(d.buf[d.pos:d.pos+n]) {
		return span{}, false
	}
	s := span{uint32(d.pos), int32(n)}
	d.pos += n
	if d.pos < d.end && pickle.Opcode(d.buf[d.pos]) == pickle.OpMemoize && !d.fromOne {
		d.pos++
		d.memoize(s)
		return s, true
	}
	return s, d.put(s)
}

// newRaw is newStr for a str of Python 2.
func (d *direct) newRaw(n int) (span, bool) {
	if !d.raw || d.end-d.pos < n {
		return span{}, false
	}
	s := span{uint32(d.pos), int32(n)}
	d.pos += n
	return s, d.put(s)
}

// bytes are those of a string.
func (d *direct) bytes(s span) []byte { return d.buf[s.at : int(s.at)+int(s.n)] }

// string copies a string out of the input.
func (d *direct) string(op pickle.Opcode, s span) string {
	b := d.bytes(s)
	switch {
	case len(b) > maxRepeat && isGet(op):
		if d.large == nil {
			d.large = make(map[uint32]string)
		}
		str, ok := d.large[s.at]
		if !ok {
			str = string(b)
			d.large[s.at] = str
		}
		return str
	}
	return d.copied(b)
}

// copied makes a string of a copy of b.
func (d *direct) copied(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) >= ownMemory {
		return string(b)
	}
	if cap(d.text)-len(d.text) < len(b) {
		d.text = make([]byte, 0, min(textMost, max(2*cap(d.text), 256, len(b))))
	}
	n := len(d.text)
	d.text = append(d.text, b...)
	return stringAt(d.text[n:])
}

// emptyMarked takes the opcode that makes an empty list or dict of the MARK that was taken, as
// protocol 0 does, and returns the one of later protocols.
func (d *direct) emptyMarked() (pickle.Opcode, bool) {
	op, ok := d.next()
	d.lines = true
	switch op {
	case pickle.OpList:
		return pickle.OpEmptyList, ok
	case pickle.OpDict:
		return pickle.OpEmptyDict, ok
	}
	return op, false // a MARK for anything else
}

// value reads the value that begins with op into dst.
func (d *direct) value(p *directPlan, op pickle.Opcode, dst unsafe.Pointer) bool {
	if d.budget--; d.budget < 0 {
		return false
	}
	switch op {
	case pickle.OpNone:
		return true // leaves what is there, which is zero
	case pickle.OpMark:
		var ok bool
		if op, ok = d.emptyMarked(); !ok {
			return false
		}
	}
	switch {
	case p.kind == reflect.Pointer && p.elem != nil:
		return d.pointer(p, op, dst)
	case p.typ == pyvalue.TimeType:
		t, ok := d.timeValue(op)
		*(*time.Time)(dst) = t
		return ok
	}
	switch op {
	case pickle.OpEmptyList:
		return p.kind == reflect.Slice && d.list(p, dst)
	case pickle.OpEmptyDict:
		if p.kind == reflect.Map {
			return d.mapping(p, dst)
		}
		return p.kind == reflect.Struct && d.record(p, dst)
	case pickle.OpNewTrue, pickle.OpNewFalse:
		if p.kind != reflect.Bool {
			return false
		}
		*(*bool)(dst) = op == pickle.OpNewTrue
		return true
	case pickle.OpBinFloat:
		b := d.arg(8)
		return b != nil && p.setFloat(dst, math.Float64frombits(binary.BigEndian.Uint64(b)))
	case pickle.OpFloat:
		f, ok := d.floatLine()
		return ok && p.setFloat(dst, f)
	case pickle.OpInt:
		i, isBool, ok := d.intLine()
		if !isBool {
			return ok && p.setInt(dst, i)
		}
		if p.kind == reflect.Bool {
			*(*bool)(dst) = i == 1
		}
		return p.kind == reflect.Bool
	}
	switch p.kind {
	case reflect.String:
		s, ok := d.str(op)
		if ok {
			*(*string)(dst) = d.string(op, s)
		}
		return ok
	case reflect.Slice, reflect.Pointer:
		if p.typ == bytesType && isBytes(op) {
			return d.setBytes(dst)
		}
		kind, ok := d.global(op)
		if !ok {
			return false
		}
		a, ok := d.array(kind)
		return ok && d.setArray(p, &a, dst)
	}
	if i, ok := d.int(op); ok {
		return p.setInt(dst, i)
	}
	s, ok := d.scalarValue(op)
	return ok && p.setScalar(dst, s)
}

// int takes the rest of an opcode that pushes an int of at most 64 bits.
func (d *direct) int(op pickle.Opcode) (int64, bool) {
	if d.end-d.pos >= 9 {
		if i, n := shortInt(d.buf[d.pos-1 : d.end]); n > 0 {
			d.pos += n - 1
			return i, true
		}
	}
	switch op {
	case pickle.OpBinInt1:
		if b := d.arg(1); b != nil {
			return int64(b[0]), true
		}
	case pickle.OpBinInt2:
		if b := d.arg(2); b != nil {
			return int64(binary.LittleEndian.Uint16(b)), true
		}
	case pickle.OpBinInt:
		if b := d.arg(4); b != nil {
			return int64(int32(binary.LittleEndian.Uint32(b))), true
		}
	case pickle.OpLong1:
		if b := d.arg(1); b != nil && b[0] > 0 && b[0] <= 8 {
			var long [8]byte
			n := int(b[0])
			b = d.arg(n)
			copy(long[:], b)
			shift := 64 - 8*n
			return int64(binary.LittleEndian.Uint64(long[:])<<shift) >> shift, b != nil
		}
	case pickle.OpLong:
		return d.longLine()
	}
	return 0, false
}

// shortInt returns the int that the opcode at the start of b pushes, and how long both are; 0 if that is no
// such opcode. b has 10 bytes at least.
func shortInt(b []byte) (i int64, n int) {
	switch pickle.Opcode(b[0]) {
	case pickle.OpBinInt1:
		return int64(b[1]), 2
	case pickle.OpBinInt2:
		return int64(binary.LittleEndian.Uint16(b[1:])), 3
	case pickle.OpBinInt:
		return int64(int32(binary.LittleEndian.Uint32(b[1:]))), 5
	case pickle.OpLong1:
		if n = int(b[1]); n == 0 || n > 8 {
			return 0, 0
		}
		shift := 64 - 8*n
		return int64(binary.LittleEndian.Uint64(b[2:])<<shift) >> shift, 2 + n
	}
	return 0, 0
}

// record reads a dict, whose opcode was taken, into the struct at dst.
func (d *direct) record(p *directPlan, dst unsafe.Pointer) bool {
	if !d.put(span{n: notKept}) {
		return false
	}
	var seen uint64
	next := 0
	item := func(op pickle.Opcode) bool {
		key, ok := d.str(op)
		if !ok {
			return false
		}
		i := p.find(d, key, next)
		if op, ok = d.next(); !ok {
			return false
		}
		if i < 0 {
			return d.skip(op)
		}
		if seen&(1<<i) != 0 {
			return false // the last value of a key counts
		}
		seen |= 1 << i
		next = i + 1
		f := &p.fields[i]
		return d.value(f.plan, op, unsafe.Add(dst, f.offset))
	}
	dirty := false
	ok := d.items(pickle.OpSetItems, pickle.OpSetItem, item, nil, func() { dirty = seen != 0 })
	return ok && !dirty
}

// skip passes over a scalar that no field takes.
func (d *direct) skip(op pickle.Opcode) bool {
	switch op {
	case pickle.OpNone, pickle.OpNewTrue, pickle.OpNewFalse:
		return true
	case pickle.OpBinFloat:
		return d.arg(8) != nil
	case pickle.OpShortBinUnicode, pickle.OpBinUnicode, pickle.OpUnicode, pickle.OpBinGet, pickle.OpLongBinGet, pickle.OpGet:
		_, ok := d.str(op)
		return ok
	case pickle.OpInt:
		_, _, ok := d.intLine()
		return ok
	case pickle.OpFloat:
		_, ok := d.floatLine()
		return ok
	}
	_, ok := d.int(op)
	return ok
}
