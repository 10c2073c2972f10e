package pickle

import (
	"encoding/binary"
	"math"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/texts"
)

// NOTE. An array of objects, a column of a DataFrame say, often is a million pieces of text. NumPy
// writes its state as (1, shape, dtype, is_fortran, [the elements]): between the MARK of the list's items and
// the BUILD nothing but text needs to stand on the stack, so the elements go into a
// texts.Column at once. Whatever else comes puts everything where it would be without, and the general way goes on.

// maxFresh is the most bytes between an EMPTY_LIST and the MARK of its items, with one PUT.
const maxFresh = 6

// minTexts is the number of elements from which that pays.
const minTexts = 64

// textList reads the items of a list that may become the elements of an array.
type textList struct {
	m         *machine
	list      *types.List
	place     int64 // of the list in the memo, or -1
	column    *texts.Column
	batch     int  // elements before the MARK, or -1 outside
	single    bool // one item waits for its APPEND
	memoizing bool // the last opcode pushed text, which a PUT may store
}

// lateList is a list that went into a column, or the state that it is part of: it is made of the column
// if the pickle fetches it after all.
type lateList struct {
	v      any
	list   *types.List
	column *texts.Column
}

func (l *lateList) value() any {
	if len(*l.list) == 0 {
		*l.list = l.column.Values(0, l.column.Len())
	}
	return l.v
}

// texts is called behind a MARK that is not yet in marks. If it carried out what follows up to a BUILD,
// it returns true. Otherwise it leaves all as the opcodes that it took would have, which is more than
// the MARK if taken is true.
func (m *machine) texts() (taken bool, err error) {
	t, ok := m.textList()
	if !ok {
		return false, nil
	}
	for {
		w := m.w
		if len(w.buf)-w.pos < maxFixed {
			if err := m.prepare(); err != nil {
				t.leave()
				return true, err
			}
		}
		op := Opcode(w.buf[w.pos])
		m.op, m.start = op, w.offset()
		switch op {
		case OpShortBinUnicode:
			if t.shorts() || t.step(op) {
				continue
			}
		case OpTuple:
			if t.batch < 0 && !t.single {
				if done, err := t.build(); done {
					return true, err
				}
			}
		case OpFrame:
			w.pos++
			if err := m.step(op); err != nil {
				t.leave()
				return true, err
			}
			continue
		default:
			if t.step(op) {
				continue
			}
		}
		t.leave()
		return true, nil
	}
}

// textList recognises the beginning of a state whose list can become a column: on the stack, with a
// MARK below it, are the version, shape, dtype, order and the list, which was made just now and is nowhere else.
func (m *machine) textList() (*textList, bool) {
	f, marks := m.fence, len(m.marks)
	if len(m.stack)-f != 5 || f == 0 || marks > 1 && m.marks[marks-2] == f || m.proto < 2 || m.u.Compressed != nil || m.u.limits.Objects != unlimited || m.builders != nil {
		return nil, false
	}
	state := m.stack[f:]
	l, ok := state[4].(*types.List)
	if !ok || len(*l) > 0 || !isTextOp(m.w) {
		return nil, false
	}
	n := elementsOf(state[1])
	if _, ok := state[3].(bool); !ok || n < minTexts {
		return nil, false
	}
	if taker, ok := m.stack[f-1].(texts.Taker); !ok || !taker.TakesTexts(state[2]) {
		return nil, false
	}
	place, ok := m.freshPlace(l)
	if !ok {
		return nil, false
	}
	return &textList{m: m, list: l, place: place, column: texts.NewColumn(n)}, true
}

// isTextOp reports whether text comes next.
func isTextOp(w *window) bool {
	if w.pos == len(w.buf) {
		return false
	}
	op := Opcode(w.buf[w.pos])
	return op == OpShortBinUnicode || op == OpBinUnicode
}

// elementsOf returns the number of elements of a shape, 0 where it is none.
func elementsOf(shape any) int {
	t, ok := shape.(*types.Tuple)
	if !ok || len(*t) == 0 {
		return 0
	}
	n := int64(1)
	for _, v := range *t {
		d, ok := v.(int)
		if !ok || d <= 0 || int64(d) > math.MaxInt32 {
			return 0
		}
		n = min(n*int64(d), math.MaxInt32)
	}
	return int(n)
}

// freshPlace returns the index that the empty list l has in the memo, or -1, where nothing but a PUT
// came between the EMPTY_LIST and the MARK.
func (m *machine) freshPlace(l *types.List) (int64, bool) {
	switch m.start - m.fresh {
	case 1:
		return -1, true
	case 2, 3, 6: // MEMOIZE, BINPUT, LONG_BINPUT
	default:
		return 0, false
	}
	is := func(i uint64) bool {
		v, ok := (*m.memo.at(i)).(*types.List)
		return ok && v == l
	}
	n := m.memo.dense
	if n == 0 || !is(n-1) || n > 1 && is(n-2) || m.memo.sparse != nil {
		return 0, false
	}
	return int64(n - 1), true
}

// shorts takes the commonest items in a row: short text of ASCII with a MEMOIZE. It returns false if there was none.
func (t *textList) shorts() bool {
	m, w := t.m, t.m.w
	if t.batch < 0 || !m.plainPut(uint64(m.memo.count)) {
		return false
	}
	buf, pos := w.buf, w.pos
	room := min(m.u.limits.Memo-int64(m.memo.count), int64(len(buf)))
	for room > 0 && len(buf)-pos > 2 && Opcode(buf[pos]) == OpShortBinUnicode {
		n := int(buf[pos+1])
		end := pos + 2 + n
		if end >= len(buf) || Opcode(buf[end]) != OpMemoize || int64(n) > m.u.limits.StringBytes {
			break
		}
		if b := buf[pos+2 : end]; !texts.IsASCII(b) || !t.column.AddText(b) {
			break
		}
		m.memo.count++
		m.memo.addText(t.column, t.column.Len()-1)
		pos = end + 1
		room--
	}
	taken := pos > w.pos
	if taken {
		w.pos = pos
		t.memoizing = false
	}
	return taken
}

// step takes an opcode, except TUPLE and FRAME. It returns false and takes nothing where the general way must go on.
func (t *textList) step(op Opcode) bool {
	m, w := t.m, t.m.w
	arg := w.buf[w.pos+1:]
	after := t.memoizing
	t.memoizing = false
	switch op {
	case OpShortBinUnicode:
		return t.text(2, int64(arg[0]))
	case OpBinUnicode:
		return t.text(5, int64(binary.LittleEndian.Uint32(arg)))
	case OpMemoize:
		return after && t.put(1, uint64(m.memo.count))
	case OpBinPut:
		return after && t.put(2, uint64(arg[0]))
	case OpLongBinPut:
		return after && t.put(5, uint64(binary.LittleEndian.Uint32(arg)))
	case OpBinGet:
		return t.get(2, uint64(arg[0]))
	case OpLongBinGet:
		return t.get(5, uint64(binary.LittleEndian.Uint32(arg)))
	case OpNone:
		return t.other(1, nil)
	case OpBinFloat:
		return t.pushes() && t.other(9, m.slabs.Float(math.Float64frombits(binary.BigEndian.Uint64(arg))))
	case OpAppends:
		if t.batch < 0 {
			return false
		}
		t.batch = -1
	case OpAppend:
		if !t.single {
			return false
		}
		t.single = false
	case OpMark:
		if t.batch >= 0 || t.single {
			return false
		}
		t.batch = t.column.Len()
	default:
		return false
	}
	w.pos++
	return true
}

// pushes reports whether an item may come: between MARK and APPENDS, or one before an APPEND.
func (t *textList) pushes() bool { return t.batch >= 0 || !t.single }

// pushed notes that one came, of n bytes.
func (t *textList) pushed(n int) {
	t.single = t.batch < 0
	t.m.w.pos += n
}

// text takes text of n bytes behind an opcode and argument of head bytes.
func (t *textList) text(head int, n int64) bool {
	w := t.m.w
	if n > texts.MaxText || n > t.m.u.limits.StringBytes || !t.pushes() {
		return false
	}
	if len(w.buf)-w.pos < head+int(n) && w.more(head+int(n)) != nil {
		return false
	}
	b := w.buf[w.pos+head : w.pos+head+int(n)]
	if !validText(b) || !t.column.AddText(b) {
		return false
	}
	t.memoizing = true
	t.pushed(head + int(n))
	return true
}

// put takes a PUT of the text before it.
func (t *textList) put(n int, i uint64) bool {
	m := t.m
	if !m.plainPut(i) {
		return false
	}
	m.memo.count++
	m.memo.addText(t.column, t.column.Len()-1)
	m.w.pos += n
	return true
}

// get takes a GET, of text of this column or of another value, which is not copied.
func (t *textList) get(n int, i uint64) bool {
	if !t.pushes() {
		return false
	}
	if c, k, ok := t.m.memo.text(i); ok && c == t.column {
		t.column.AddAgain(k)
		t.pushed(n)
		return true
	}
	v, ok := t.m.memo.get(i)
	if l, isList := v.(*types.List); !ok || isList && l == t.list {
		return false // the list in itself
	}
	t.m.again(v)
	return t.other(n, v)
}

func (t *textList) other(n int, v any) bool {
	if !t.pushes() {
		return false
	}
	t.column.AddOther(v)
	t.pushed(n)
	return true
}

// leave makes the list and the stack what the opcodes so far make of them.
func (t *textList) leave() {
	m, n := t.m, t.column.Len()
	inList := n
	if t.batch >= 0 {
		inList = t.batch
	} else if t.single {
		inList--
	}
	if inList > 0 {
		*t.list = t.column.Values(0, inList)
	}
	if t.batch >= 0 {
		m.fence = len(m.stack)
		m.marks = append(m.marks, m.fence)
	}
	m.stack = append(m.stack, t.column.Values(inList, n)...)
}

// build takes the TUPLE that ends the state, its PUT and the BUILD, if that is what comes.
func (t *textList) build() (done bool, err error) {
	m, w := t.m, t.m.w
	n, i := 0, uint64(m.memo.count)
	if !w.has(2) {
		return false, nil
	}
	switch op := Opcode(w.buf[w.pos+1]); op {
	case OpMemoize, OpBinPut, OpLongBinPut:
		n = 1 + int(opcodeTable[op].fixed)
		if !w.has(2 + n) {
			return false, nil
		}
		switch arg := w.buf[w.pos+2:]; op {
		case OpBinPut:
			i = uint64(arg[0])
		case OpLongBinPut:
			i = uint64(binary.LittleEndian.Uint32(arg))
		}
	}
	if n > 0 && !m.plainPut(i) || Opcode(w.buf[w.pos+1+n]) != OpBuild {
		return false, nil
	}
	state := m.slabs.tuple(m.stack[m.fence:])
	if n > 0 {
		m.memo.count++
		m.memo.add(special{&lateList{state, t.list, t.column}})
	}
	if t.place >= 0 {
		*m.memo.at(uint64(t.place)) = special{&lateList{t.list, t.list, t.column}}
	}
	w.pos += 1 + n
	m.op, m.start = OpBuild, w.offset()
	w.pos++
	mark, _ := m.popMark()
	m.stack = m.stack[:mark]
	array := m.stack[mark-1].(texts.Taker)
	given := append(types.Tuple(nil), (*state)...)
	given[4] = t.column
	if err := array.PySetState(&given); err != nil {
		return true, err
	}
	m.hooked(array)
	return true, nil
}
