package fastread

import (
	"encoding/binary"
	"math"
	"sync"

	"github.com/unpkl/unpkl/internal/slab"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// NOTE. Plain values are made here at once, by a machine of the opcodes that data
// consists of: scalars, text, bytes, lists, tuples, dicts with keys of text or ints, and the sentences of
// array.go. No container is met twice, so every value has one place only. As in
// fastread.go, whatever is anything else makes the general way begin again.
//
// A list or dict is made when its first items are there, at the size they need: between EMPTY_LIST and APPENDS
// it is a nil below the MARK, whose directMark says what it will be. A list on the stack
// may still grow where it is, for nothing else refers to it.
//
// As in package plain, what holds containers or arrays does not lie side by side with others in a slab.

// plainDirect reads one pickle into plain values.
type plainDirect struct {
	direct
	stack     []any
	heights   []int32 // of the containers on the stack, by their places; with isTuple
	marks     []directMark
	fence     int // the last mark, or 0
	maxDepth  int32
	recent    recent
	outermost int // room of the outermost dict, once that is large
	textEnd   int // of the last text that was boxed
	inRow     int // how many were before it with nothing between
}

// directMark is a MARK.
type directMark struct {
	at     int           // length of the stack
	height int32         // of the highest container above it
	heavy  bool          // something above it holds memory of its own
	opens  pickle.Opcode // EMPTY_LIST or EMPTY_DICT of what is below it and not made yet; or 0
}

// isTuple is the bit of a height that tells a tuple from a list.
const isTuple = 1 << 30

// Bytes from where on arrays and bytes are the machine's, which does not copy them again; and from where on
// those of a mapped file are not copied at all.
const (
	maxDirectPayload = 64 << 10
	mappedPayload    = 4 << 10
)

// plainTarget reports whether plain values go into what v points to, and whether there is none yet: what
// is there may say where they go.
func plainTarget(v any) (plain, empty bool) {
	switch target := v.(type) {
	case *any:
		return true, *target == nil
	case *map[string]any:
		return true, *target == nil
	case *[]any:
		return true, *target == nil
	}
	return false, false
}

// Unmarshal tries to put the pickle in data into what v points to in one of the direct ways.
func (c *Options) Unmarshal(data []byte, v any) bool {
	plain, empty := plainTarget(v)
	if !plain {
		return c.unmarshalDirect(data, v)
	}
	return false
	if !empty {
		return false
	}
	value, ok := c.plainDirectly(data)
	if !ok {
		return false
	}
	switch target := v.(type) {
	case *any:
		*target = value
	case *map[string]any:
		*target, ok = value.(map[string]any)
	case *[]any:
		*target, ok = value.([]any)
	}
	return ok
}

// mayDirectly reports whether directly can succeed at all.
func (c *Options) mayDirectly(v any) bool {
	if plain, _ := plainTarget(v); plain {
		return false
	}
	_, p := c.directTarget(v)
	return p != nil
}

// mostPayload is the length in bytes from which arrays and bytes are the machine's, which does not copy them again. Of
// those of a mapped file, plain values are made where they lie.
func (c *Options) mostPayload(plain bool) uint32 {
	switch {
	case c.Owner == nil:
		return maxDirectPayload
	case plain:
		return math.MaxInt32
	}
	return mappedPayload
}

// plainAllowed reports whether the options allow the direct way into plain values.
func (c *Options) plainAllowed() bool {
	l := c.Limits
	l.Expansion, l.DecompressedBytes, l.CompressionRatio, l.WindowBytes, l.OutputBytes = 0, 0, 0, 0, 0
	return !c.Off && !c.Objects && !c.SharedInput && l == (pickle.Limits{})
}

// newPlainDirect returns a machine that has begun to read data, if it can and the options allow it.
func (c *Options) newPlainDirect(data []byte) (*plainDirect, bool) {
	if !c.plainAllowed() || len(data) > math.MaxInt32 {
		return nil, false
	}
	p := directs.Get().(*plainDirect)
	p.maxDepth, p.most = pickle.DefaultDepth, c.mostPayload(true)
	return p, p.start(c, data)
}

// directs keep the working memory of small pickles, without what was read into it.
var directs = sync.Pool{New: func() any { return new(plainDirect) }}

// release ends the use of p.
func (p *plainDirect) release() {
	const few = 128
	if cap(p.stack) > few || cap(p.memo) > few || cap(p.marks) > few || cap(p.rows) > few {
		return
	}
	clear(p.stack[:cap(p.stack)])
	clear(p.rows[:cap(p.rows)])
	*p = plainDirect{stack: p.stack[:0], heights: p.heights, marks: p.marks[:0], direct: direct{memo: p.memo[:0], rows: p.rows[:0]}}
	directs.Put(p)
}

// plainDirectly tries to make the plain value of the pickle in data.
func (c *Options) plainDirectly(data []byte) (any, bool) {
	p, ok := c.newPlainDirect(data)
	if !ok {
		return nil, false
	}
	defer p.release()
	if !p.run() {
		return nil, false
	}
	v := p.stack[0]
	if l, ok := v.([]any); ok && cap(l)-len(l) > len(l)/8+16 { // its length was estimated
		v = append(make([]any, 0, len(l)), l...)
	}
	return v, true
}

// run carries out opcodes up to STOP.
func (p *plainDirect) run() bool {
	for {
		if p.pos >= p.end {
			if _, ok := p.peek(); !ok {
				return false
			}
		}
		if len(p.stack) == cap(p.stack) {
			p.grow()
		}
		op := pickle.Opcode(p.buf[p.pos])
		p.pos++
		ok := true
		switch op {
		case pickle.OpMark:
			p.mark(0)
			ok = len(p.marks) <= pickle.DefaultDepth
		case pickle.OpNone:
			p.push(nil)
		case pickle.OpNewTrue:
			p.push(true)
		case pickle.OpNewFalse:
			p.push(false)
		case pickle.OpBinInt1, pickle.OpBinInt2, pickle.OpBinInt, pickle.OpLong1, pickle.OpLong:
			var i int64
			i, ok = p.int(op)
			p.push(p.boxes.Int(int(i)))
			ok = ok && int64(int(i)) == i
		case pickle.OpBinFloat:
			if p.end-p.pos < 8 {
				return false
			}
			p.push(p.Float(math.Float64frombits(binary.BigEndian.Uint64(p.buf[p.pos:]))))
			p.pos += 8
		case pickle.OpShortBinUnicode, pickle.OpBinUnicode, pickle.OpUnicode, pickle.OpShortBinString, pickle.OpBinString, pickle.OpString:
			var s span
			if s, ok = p.str(op); ok {
				p.push(p.boxed(s))
			}
		case pickle.OpBinGet, pickle.OpLongBinGet, pickle.OpGet:
			ok = p.get(op)
		case pickle.OpMemoize, pickle.OpBinPut, pickle.OpLongBinPut, pickle.OpPut:
			p.pos--
			ok = len(p.stack) > p.fence && p.put(span{n: notKept})
		case pickle.OpEmptyList, pickle.OpEmptyDict:
			ok = p.open(op)
		case pickle.OpStop:
			return len(p.stack) == 1 && len(p.marks) == 0
		default:
			ok = p.step(op)
		}
		if !ok {
			return false
		}
	}
}

// step carries out an opcode that run left.
func (p *plainDirect) step(op pickle.Opcode) bool {
	switch op {
	case pickle.OpAppends:
		return p.appends()
	case pickle.OpSetItems:
		return p.setItems()
	case pickle.OpAppend:
		return p.append()
	case pickle.OpSetItem:
		return p.setItem()
	case pickle.OpTuple, pickle.OpList, pickle.OpDict:
		return p.closed(op)
	case pickle.OpEmptyTuple:
		return p.tuple(0)
	case pickle.OpTuple1, pickle.OpTuple2, pickle.OpTuple3:
		return p.tuple(int(op-pickle.OpTuple1) + 1)
	case pickle.OpInt:
		i, isBool, ok := p.intLine()
		if isBool {
			p.push(i == 1)
		} else {
			p.push(p.boxes.Int(int(i)))
		}
		return ok
	case pickle.OpFloat:
		f, ok := p.floatLine()
		p.push(p.Float(f))
		return ok
	case pickle.OpShortBinBytes, pickle.OpBinBytes, pickle.OpBinBytes8, pickle.OpByteArray8:
		return p.bytesValue()
	case pickle.OpGlobal:
		p.pos--
		return p.global()
	case pickle.OpStackGlobal:
		return p.stackGlobal()
	case pickle.OpFrame:
		p.pos--
		_, ok := p.peek()
		return ok
	}
	return false
}

func (p *plainDirect) push(v any) { p.stack = append(p.stack, v) }

// grow makes room on the stack.
func (p *plainDirect) grow() {
	// No more than what is left could push.
	size := min(max(16, 2*cap(p.stack)), len(p.stack)+len(p.buf)-p.pos+1)
	p.stack = append(make([]any, 0, size), p.stack...)
	p.heights = append(make([]int32, 0, size), p.heights[:cap(p.heights)]...)[:size]
}

// mark begins what is made of opens below it.
func (p *plainDirect) mark(opens pickle.Opcode) {
	p.fence = len(p.stack)
	p.marks = append(p.marks, directMark{at: p.fence, opens: opens})
}

// popMark ends the last mark.
func (p *plainDirect) popMark() (m directMark, ok bool) {
	n := len(p.marks) - 1
	if n < 0 {
		return m, false
	}
	m = p.marks[n]
	p.marks = p.marks[:n]
	p.fence = 0
	if n > 0 {
		p.fence = p.marks[n-1].at
	}
	return m, true
}

// placed notes that a container of some height is at place i of the stack.
func (p *plainDirect) placed(i int, height int32) bool {
	p.heights[i] = height
	if n := len(p.marks); n > 0 {
		m := &p.marks[n-1]
		m.height = max(m.height, height)
		m.heavy = true
	}
	return height <= p.maxDepth
}

// isHeavy reports whether a value that is no container should not be kept by those beside it.
func isHeavy(v any) bool {
	switch v := v.(type) {
	case *ndarray.Array:
		return true
	case string:
		return len(v) >= ownMemory
	case []byte:
		return len(v) >= ownMemory
	}
	return false
}

// heavy notes that the value on the stack should not be kept by those beside it.
func (p *plainDirect) heavy() {
	if n := len(p.marks); n > 0 {
		p.marks[n-1].heavy = true
	}
}

// heightOf returns the height of what is at place i of the stack: 0 if it holds nothing.
func (p *plainDirect) heightOf(i int) int32 {
	switch p.stack[i].(type) {
	case []any, map[string]any, map[any]any:
		return p.heights[i] &^ isTuple
	}
	return 0
}

// get carries out a GET: of text, or of the function that a sentence begins with.
func (p *plainDirect) get(op pickle.Opcode) bool {
	i := p.memoIndex(op)
	if uint(i) >= uint(len(p.memo)) {
		return false
	}
	s := p.memo[i]
	switch {
	case s.n == keptValue:
		p.push(p.got[s.at].v)
		return true
	case s.n == keptBool:
		p.push(s.at == 1)
		return true
	case s.n >= 0:
		v := p.boxed(s)
		p.memo[i] = span{uint32(len(p.got)), keptValue}
		p.got = append(p.got, gotValue{s, v})
		p.push(v)
		return true
	}
	return p.pushCall(s.n)
}

// boxed makes a value of text.
func (p *plainDirect) boxed(s span) any {
	const between = 16 // bytes of opcodes and lengths
	if near := int(s.at) - p.textEnd; near < 0 || near > between {
		p.inRow = 0
	}
	p.inRow++
	p.textEnd = int(s.at) + int(s.n)
	switch b := p.bytes(s); {
	case len(b) == 0:
		return ""
	case len(b) >= ownMemory:
		p.heavy()
		return string(b)
	case len(b) <= recentText && p.recent.use():
		return p.recent.find(b, p)
	case p.inRow >= manyRows:
		return p.boxes.String(p.cut(int(s.at), len(b)))
	default:
		return p.boxes.String(p.copied(b))
	}
}

// pushCall pushes what the function of that kind, which was met, is called for.
func (p *plainDirect) pushCall(kind int32) bool {
	if isCall(kind) {
		v, ok := p.called(kind)
		p.push(v)
		return ok
	}
	a, ok := p.array(kind)
	if !ok {
		return false
	}
	arr, ok := p.newArray(&a)
	p.heavy()
	p.push(arr)
	return ok
}

// global begins a sentence with GLOBAL.
func (p *plainDirect) global() bool {
	op, _ := p.next()
	kind, ok := p.direct.global(op)
	return ok && p.pushCall(kind)
}

// stackGlobal begins a sentence with the two names on the stack.
func (p *plainDirect) stackGlobal() bool {
	n := len(p.stack) - 2
	if n < p.fence {
		return false
	}
	module, ok1 := p.stack[n].(string)
	name, ok2 := p.stack[n+1].(string)
	p.stack = p.stack[:n]
	kind, ok := globalKinds[pickle.Global{Module: module, Name: name}]
	return ok1 && ok2 && ok && p.put(span{n: kind}) && p.pushCall(kind)
}

// bytesValue pushes bytes; bytearrays are plain bytes too.
func (p *plainDirect) bytesValue() bool {
	p.pos--
	var a directArray
	if !p.payload(&a) {
		return false
	}
	a.nbytes = int(a.data.n)
	mem, _ := p.contents(&a)
	if len(mem) >= ownMemory {
		p.heavy()
	}
	p.push(p.boxes.bytes(mem))
	return true
}

// open begins a list or dict.
func (p *plainDirect) open(op pickle.Opcode) bool {
	if !p.put(span{n: notKept}) {
		return false
	}
	if p.pos < p.end && pickle.Opcode(p.buf[p.pos]) == pickle.OpMark {
		p.pos++
		p.push(nil)
		p.mark(op)
		return true
	}
	p.push(p.empty(op))
	return p.placed(len(p.stack)-1, 1)
}

// empty makes an empty container.
func (p *plainDirect) empty(op pickle.Opcode) any {
	if op == pickle.OpEmptyDict {
		return map[string]any{}
	}
	return emptyList
}

// close ends the last mark; what it was to open is left empty, unless the opcode that ends it fills it.
func (p *plainDirect) close(fills pickle.Opcode) (m directMark, ok bool) {
	if m, ok = p.popMark(); ok && m.opens != 0 && m.opens != fills {
		p.stack[m.at-1] = p.empty(m.opens)
		ok = p.placed(m.at-1, 1)
	}
	return m, ok
}

// closed makes a tuple, list or dict of what is above the last mark.
func (p *plainDirect) closed(op pickle.Opcode) bool {
	m, ok := p.close(0)
	if !ok {
		return false
	}
	items := p.stack[m.at:]
	p.stack = p.stack[:m.at]
	switch {
	case op == pickle.OpDict:
		m, ok := dictOf(items)
		if !ok {
			return false
		}
		p.push(m)
	case len(items) == 0:
		p.push(emptyList)
	case p.isMost(items):
		p.push(p.handOver(items))
	case op == pickle.OpList || m.heavy: // a list may grow
		p.push(slab.BoxList(listOf(items, len(items))))
	default:
		p.push(p.light(items))
	}
	if ok = p.placed(m.at, m.height+1); op == pickle.OpTuple {
		p.heights[m.at] |= isTuple
	}
	return ok
}

// tuple makes a tuple of the last n values.
func (p *plainDirect) tuple(n int) bool {
	at := len(p.stack) - n
	if at < p.fence {
		return false
	}
	height, heavy := int32(0), false
	for i := at; i < len(p.stack); i++ {
		height = max(height, p.heightOf(i))
		heavy = heavy || isHeavy(p.stack[i])
	}
	items := p.stack[at:]
	p.stack = p.stack[:at]
	if heavy || height > 0 {
		p.push(slab.BoxList(listOf(items, n)))
	} else {
		p.push(p.light(items))
	}
	ok := p.placed(at, height+1)
	p.heights[at] |= isTuple
	return ok
}
