package fastread

import (
	"encoding/binary"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// NOTE. An array of plain numbers is always the same few calls, which picklers write in the same
// order: from protocol 5 on _frombuffer(buffer, dtype, shape, order), before it
// _reconstruct(ndarray, (0,), b'b') and a BUILD with (1, shape, dtype, is_fortran, data). These calls are read as
// one sentence, without the objects in between. Their dtype is made once, by package reconstruct,
// where the pickle calls for it; afterwards it is in the memo.
//
// References: numpy/_core/src/multiarray/methods.c (array_reduce_ex), descriptor.c (arraydescr_reduce).

// What may be in the memo that is no text: span.n.
const (
	notKept         = -1 - iota // a value that no GET may fetch
	keptValue                   // text that was fetched before, or what a call gave: span.at is its place in direct.got
	keptReconstruct             // numpy's functions and classes
	keptFromBuffer
	keptNDArray
	keptDType
	keptEncode // _codecs.encode
	keptLetter // b'b'
	keptByte   // bytes, of which there is one: span.at is its place. Python has each of these once
	keptOfType // a dtype: span.at is its place in direct.dtypes
	keptBool   // a scalar of NumPy: span.at is 0 or 1
	keptZone   // a time zone: span.at is its place in direct.zones
	keptScalar // the classes of call.go
	keptDate
	keptDatetime
	keptTimedelta
	keptTimezone
	keptDecimal
)

// maxDirectDims is the most dimensions of an array that is read directly.
const maxDirectDims = 4

// directArray is an array as it is in the input.
type directArray struct {
	dtype     *ndarray.DType
	dims      [maxDirectDims]int
	ndim      int
	order     ndarray.Order
	data      span
	coding    textCoding
	nbytes    int
	writeable bool
}

// textCoding says how bytes are in the input.
type textCoding uint8

const (
	codingBytes  textCoding = iota
	codingUTF8              // as text in UTF-8, each character one of Latin-1
	codingEscape            // as such text in raw-unicode-escape
)

// globalKinds are the globals that sentences consist of.
var globalKinds = map[pickle.Global]int32{
	{Module: "numpy._core.multiarray", Name: "_reconstruct"}: keptReconstruct,
	{Module: "numpy.core.multiarray", Name: "_reconstruct"}:  keptReconstruct,
	{Module: "numpy._core.numeric", Name: "_frombuffer"}:     keptFromBuffer,
	{Module: "numpy.core.numeric", Name: "_frombuffer"}:      keptFromBuffer,
	{Module: "numpy", Name: "ndarray"}:                       keptNDArray,
	{Module: "numpy", Name: "dtype"}:                         keptDType,
	{Module: "_codecs", Name: "encode"}:                      keptEncode,
	{Module: "numpy._core.multiarray", Name: "scalar"}:       keptScalar,
	{Module: "numpy.core.multiarray", Name: "scalar"}:        keptScalar,
	{Module: "datetime", Name: "date"}:                       keptDate,
	{Module: "datetime", Name: "datetime"}:                   keptDatetime,
	{Module: "datetime", Name: "timedelta"}:                  keptTimedelta,
	{Module: "datetime", Name: "timezone"}:                   keptTimezone,
	{Module: "decimal", Name: "Decimal"}:                     keptDecimal,
}

// accept takes the next opcode if it is op.
func (d *direct) accept(op pickle.Opcode) bool {
	next, ok := d.peek()
	if !ok || next != op {
		return false
	}
	d.pos++
	return true
}

// memoIndex takes the index of a GET, whose opcode was taken; -1 where there is none.
func (d *direct) memoIndex(op pickle.Opcode) int {
	switch op {
	case pickle.OpBinGet:
		if b := d.arg(1); b != nil {
			return int(b[0])
		}
	case pickle.OpLongBinGet:
		if b := d.arg(4); b != nil {
			return int(binary.LittleEndian.Uint32(b))
		}
	case pickle.OpGet:
		return d.index()
	}
	return -1
}

// fetch takes a GET, whose opcode was taken, and returns what is in the memo.
func (d *direct) fetch(op pickle.Opcode) (span, bool) {
	i := d.memoIndex(op)
	if uint(i) >= uint(len(d.memo)) {
		return span{}, false
	}
	return d.memo[i], true
}

// isGet reports whether op fetches a value from the memo.
func isGet(op pickle.Opcode) bool {
	return op == pickle.OpBinGet || op == pickle.OpLongBinGet || op == pickle.OpGet
}

// global takes the opcodes from op on that push a global, and returns which.
func (d *direct) global(op pickle.Opcode) (kind int32, ok bool) {
	var g pickle.Global
	switch {
	case isGet(op):
		pos := d.pos
		s, ok := d.fetch(op)
		if !ok {
			return 0, false
		}
		if s.n <= keptReconstruct {
			return s.n, true
		}
		d.pos = pos
		fallthrough
	default:
		module, ok1 := d.str(op)
		next, ok2 := d.next()
		if !ok1 || !ok2 {
			return 0, false
		}
		name, ok := d.str(next)
		if !ok || !d.accept(pickle.OpStackGlobal) {
			return 0, false
		}
		g = pickle.Global{Module: string(d.bytes(module)), Name: string(d.bytes(name))}
	case op == pickle.OpGlobal:
		module, ok1 := d.line()
		name, ok2 := d.line()
		if !ok1 || !ok2 {
			return 0, false
		}
		g = pickle.Global{Module: string(module), Name: string(name)}
	}
	if kind, ok = globalKinds[g]; !ok {
		return 0, false
	}
	return kind, d.put(span{n: kind})
}

// wants takes a global, which must be the one of that kind.
func (d *direct) wants(kind int32) bool {
	op, ok := d.next()
	if !ok {
		return false
	}
	got, ok := d.global(op)
	return ok && got == kind
}

// endTuple takes the end of a tuple of n values, which began with a MARK or not.
func (d *direct) endTuple(marked bool, n int) bool {
	op := pickle.OpTuple
	if !marked {
		op = pickle.OpTuple1 + pickle.Opcode(n-1)
	}
	return d.accept(op) && d.put(span{n: notKept})
}

// call takes the end of a call: its tuple of n arguments and REDUCE.
func (d *direct) call(marked bool, n int, result span) bool {
	return d.endTuple(marked, n) && d.accept(pickle.OpReduce) && d.put(result)
}

// array takes the rest of the sentence that begins with the function of that kind.
func (d *direct) array(kind int32) (a directArray, ok bool) {
	if !d.arrays {
		return a, false
	}
	if d.sentence.kind == kind && d.again(&a) {
		return a, true
	}
	pos, end, framed, puts := d.pos, d.end, d.framed, len(d.memo)
	d.numbered = false
	switch kind {
	case keptReconstruct:
		ok = d.reconstructed(&a)
	case keptFromBuffer:
		ok = d.fromBuffer(&a)
	}
	if ok = ok && a.measure(); ok && end == d.end && framed == d.framed && !d.numbered {
		d.learn(kind, &a, pos, puts)
	}
	return a, ok
}

// sentence is what was around the last array's bytes. The next array has very often the same
// there, opcode for opcode, which need not be read one by one.
type sentence struct {
	kind       int32
	array      directArray // but for its data
	head, tail []byte      // of the input
	puts       int         // in both
}

// learn keeps the sentence that began at pos, with so many values in the memo. None of what it added to the memo may be
// wanted later, and its PUTs must be without numbers, as from protocol 4 on.
func (d *direct) learn(kind int32, a *directArray, pos, puts int) {
	for _, s := range d.memo[puts:] {
		if s.n != notKept {
			return
		}
	}
	if at := int(a.data.at); a.coding == codingBytes && at > pos {
		d.sentence = sentence{kind, *a, d.buf[pos:at], d.buf[at+a.nbytes : d.pos], len(d.memo) - puts}
	}
}

// again takes a sentence that is like the one before.
func (d *direct) again(a *directArray) bool {
	s := &d.sentence
	rest := d.buf[d.pos:d.end]
	n := len(s.head) + s.array.nbytes
	if len(rest) < n+len(s.tail) || string(rest[:len(s.head)]) != string(s.head) || string(rest[n:n+len(s.tail)]) != string(s.tail) {
		return false
	}
	*a = s.array
	a.data.at = uint32(d.pos + len(s.head))
	d.pos += n + len(s.tail)
	for range s.puts {
		d.memoize(span{n: notKept})
	}
	return true
}

// measure sets nbytes, which must be what there is.
func (a *directArray) measure() bool {
	n := uint64(a.dtype.ItemSize())
	for _, dim := range a.dims[:a.ndim] {
		if n *= uint64(dim); n > math.MaxInt32 {
			return false
		}
	}
	a.nbytes = int(n)
	if a.coding == codingBytes {
		return int(a.data.n) == a.nbytes
	}
	return int(a.data.n) >= a.nbytes
}

// reconstructed reads what follows _reconstruct.
func (d *direct) reconstructed(a *directArray) bool {
	marked := d.accept(pickle.OpMark)
	if !d.wants(keptNDArray) || !d.zeroShape() || !d.letter() || !d.call(marked, 3, span{n: notKept}) {
		return false
	}
	if !d.accept(pickle.OpMark) {
		return false
	}
	if version, ok := d.number(); !ok || version != 1 {
		return false
	}
	if !d.shape(a) || !d.dtype(a) {
		return false
	}
	fortran, ok := d.number()
	if !ok || fortran != 0 {
		return false
	}
	a.order, a.writeable = ndarray.OrderC, true
	return d.payload(a) && d.endTuple(true, 5) && d.accept(pickle.OpBuild)
}

// zeroShape takes the tuple (0,).
func (d *direct) zeroShape() bool {
	marked := d.accept(pickle.OpMark)
	n, ok := d.number()
	return ok && n == 0 && d.endTuple(marked, 1)
}

// letter takes b'b', a value that nothing depends on.
func (d *direct) letter() bool {
	op, ok := d.next()
	if !ok {
		return false
	}
	if op == pickle.OpShortBinBytes {
		b := d.arg(2)
		return b != nil && b[0] == 1 && d.put(span{uint32(d.pos - 1), keptByte})
	}
	if isGet(op) {
		s, ok := d.fetch(op)
		if !ok || s.n == keptLetter || s.n == keptByte {
			return ok
		}
		return s.n == keptEncode && d.encoded(new(directArray), keptLetter)
	}
	kind, ok := d.global(op)
	return ok && kind == keptEncode && d.encoded(new(directArray), keptLetter)
}

// fromBuffer reads what follows _frombuffer.
func (d *direct) fromBuffer(a *directArray) bool {
	if !d.accept(pickle.OpMark) || !d.payload(a) || a.coding != codingBytes || !d.dtype(a) || a.dtype.ItemSize() == 0 || !d.shape(a) {
		return false
	}
	op, ok := d.next()
	if !ok {
		return false
	}
	order, ok := d.str(op)
	if !ok || string(d.bytes(order)) != "C" {
		return false
	}
	a.order = ndarray.OrderC
	return d.call(true, 4, span{n: notKept})
}

// shape takes a tuple of dimensions.
func (d *direct) shape(a *directArray) bool {
	if d.accept(pickle.OpEmptyTuple) {
		return true
	}
	marked := d.accept(pickle.OpMark)
	for {
		op, ok := d.peek()
		switch {
		case !ok:
			return false
		case op == pickle.OpTuple || op >= pickle.OpTuple1 && op <= pickle.OpTuple3:
			return d.endTuple(marked, a.ndim)
		case a.ndim == maxDirectDims:
			return false
		}
		n, ok := d.number()
		if !ok || n < 0 || n > math.MaxInt32 {
			return false
		}
		a.dims[a.ndim] = int(n)
		a.ndim++
	}
}

// payload takes bytes, which may be those of a text.
func (d *direct) payload(a *directArray) bool {
	op, ok := d.next()
	if !ok {
		return false
	}
	n := uint64(math.MaxUint64)
	kept := span{n: notKept}
	switch op {
	case pickle.OpBinGet, pickle.OpLongBinGet, pickle.OpGet:
		pos := d.pos
		if s, ok := d.fetch(op); ok && s.n == keptByte {
			a.data = span{s.at, 1}
			return true
		}
		d.pos = pos
		kind, ok := d.global(op)
		return ok && kind == keptEncode && d.encoded(a, notKept)
	case pickle.OpShortBinBytes:
		if b := d.arg(1); b != nil {
			n = uint64(b[0])
		}
		if n == 1 {
			kept = span{uint32(d.pos), keptByte}
		}
	case pickle.OpBinBytes:
		if b := d.arg(4); b != nil {
			n = uint64(binary.LittleEndian.Uint32(b))
		}
	case pickle.OpBinBytes8, pickle.OpByteArray8:
		if b := d.arg(8); b != nil {
			n = binary.LittleEndian.Uint64(b)
		}
		a.writeable = op == pickle.OpByteArray8
	default:
		kind, ok := d.global(op)
		return ok && kind == keptEncode && d.encoded(a, notKept)
	}
	if n > uint64(d.end-d.pos) || n >= uint64(d.most) {
		return false
	}
	a.data = span{uint32(d.pos), int32(n)}
	d.pos += int(n)
	return d.put(kept)
}

// encoded takes the call of _codecs.encode with a text and "latin1", and what it is for the memo.
func (d *direct) encoded(a *directArray, kind int32) bool {
	marked := d.accept(pickle.OpMark)
	op, ok := d.next()
	if !ok {
		return false
	}
	if !d.text8(a, op) {
		return false
	}
	if op, ok = d.next(); !ok {
		return false
	}
	kept := span{n: kind}
	if a.coding == codingUTF8 && a.data.n == 1 {
		kept = span{a.data.at, keptByte}
	}
	name, ok := d.str(op)
	return ok && string(d.bytes(name)) == "latin1" && d.call(marked, 2, kept)
}

// text8 takes a text of characters of Latin-1, which elements looks at.
func (d *direct) text8(a *directArray, op pickle.Opcode) bool {
	switch op {
	case pickle.OpUnicode:
		at := d.pos
		line, ok := d.line()
		a.coding, a.data = codingEscape, span{uint32(at), int32(len(line))}
		return ok && d.put(d.keptName(a.data))
	case pickle.OpBinUnicode:
		b := d.arg(4)
		if b == nil {
			return false
		}
		n := binary.LittleEndian.Uint32(b)
		if n > uint32(d.end-d.pos) || n >= 2*d.most {
			return false
		}
		a.coding, a.data = codingUTF8, span{uint32(d.pos), int32(n)}
		d.pos += int(n)
		return d.put(d.keptName(a.data))
	}
	return false
}

// keptName is for the memo: s if it is a letter, which other values may share, for Python has one
// of each.
func (d *direct) keptName(s span) span {
	if s.n == 1 && d.buf[s.at] < utf8.RuneSelf && d.buf[s.at] != '\\' {
		return s
	}
	return span{n: notKept}
}

// number takes an int or a bool.
func (d *direct) number() (int64, bool) {
	op, ok := d.next()
	if !ok {
		return 0, false
	}
	switch op {
	case pickle.OpNewFalse:
		return 0, true
	case pickle.OpNewTrue:
		return 1, true
	case pickle.OpInt:
		n, _, ok := d.intLine()
		return n, ok
	}
	return d.int(op)
}

// newArray makes the array.
func (d *direct) newArray(a *directArray) (arr *ndarray.Array, ok bool) {
	mem, ok := d.contents(a)
	if !ok {
		return nil, false
	}
	var err error
	if len(mem) < ownMemory {
		arr, err = d.headers.New(a.dtype, a.dims[:a.ndim], a.order, mem)
	} else {
		arr, err = ndarray.New(a.dtype, a.dims[:a.ndim], a.order, mem)
	}
	if err != nil {
		return nil, false
	}
	if !a.writeable {
		arr.SetWriteable(false)
	}
	if d.c.Owner != nil { // so that small arrays end with the file as big ones do
		arr.SetOwner(d.c.Owner)
	}
	return arr, true
}

// contents returns the bytes of an array: their place in a mapped file, if there are many, or a copy.
func (d *direct) contents(a *directArray) ([]byte, bool) {
	if a.coding == codingBytes && d.c.Owner != nil && a.nbytes >= mappedPayload {
		return slices.Clip(d.bytes(a.data)), true
	}
	mem := d.memory(a.nbytes)
	return mem, d.elements(a, mem)
}

// elements writes the bytes of an array to mem, which has exactly room for them.
func (d *direct) elements(a *directArray, mem []byte) bool {
	b := d.bytes(a.data)
	switch a.coding {
	case codingUTF8:
		return fromUTF8(mem, b)
	case codingEscape:
		return fromEscapes(mem, b)
	}
	copy(mem, b)
	return true
}

// fromUTF8 encodes text in Latin-1, if it is UTF-8 of such characters, as many as mem has bytes. Numbers are as
// good as random, so it does without branches.
func fromUTF8(mem, text []byte) bool {
	var bad byte
	n, i := 0, 0
	for ; n < len(mem) && i+1 < len(text); n++ {
		c, next := text[i], text[i+1]
		two := -(c >> 7) // all ones if c begins a character of two bytes
		bad |= two & ((c^0xc2)&^1 | (next^0x80)&0xc0)
		mem[n] = c ^ two&(c^(c<<6|next&0x3f))
		i += 1 + int(c>>7)
	}
	if n < len(mem) && i < len(text) {
		bad |= text[i] & 0x80
		mem[n] = text[i]
		n++
		i++
	}
	return bad == 0 && n == len(mem) && i == len(text)
}
