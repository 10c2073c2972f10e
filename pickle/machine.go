package pickle

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/nlpodyssey/gopickle/types"
	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/slab"
)

// machine runs one pickle over the window.
type machine struct {
	u     *Unpickler
	w     *window
	slabs *slabs

	stack []any
	marks []int // lengths of the stack at the MARKs
	fence int   // the last of marks, or 0: nothing below it can be popped
	memo  memo
	keys  keyer
	unit  *types.Tuple // the empty tuple, of which Python has one
	dicts map[*types.Dict]*keyIndex
	// builders has the memo indices of values that a Builder may replace.
	builders map[any][]uint64

	op      Opcode
	start   int64 // offset of op
	fresh   int64 // offset of the last EMPTY_LIST
	proto   int   // of PROTO, or -1
	newest  int   // protocol among the opcodes, while there was no PROTO
	tally   *Tally
	shared  bool // see Unpickler.Shared
	sharing      // of what shared says
	heavy   bool // a GET or DUP has fetched text or bytes that count for reuse
	reuse   reuse
	allowed int64
}

var (
	errUnderflow = malformed("the stack is empty")
	errMark      = malformed("a MARK where a value is needed")
	errNoMark    = malformed("there is no MARK")
)

// underflow is the error for a pop below the fence.
func (m *machine) underflow() error {
	if len(m.marks) > 0 {
		return errMark
	}
	return errUnderflow
}

// maxFixed is the most bytes that an opcode and its fixed argument have.
const maxFixed = 9

// fail makes the error of the current opcode.
func (m *machine) fail(err error) error {
	var inner *DecodeError
	if errors.As(err, &inner) {
		return err // of a nested pickle, with its own offset
	}
	return &DecodeError{Op: m.op, Offset: m.start, Err: err}
}

// prepare makes the next opcode and its fixed argument available.
func (m *machine) prepare() error {
	w := m.w
	if len(w.buf)-w.pos < 1 {
		if err := w.more(1); err != nil {
			if errors.Is(err, ErrTruncated) {
				err = errkind.New(ErrTruncated, "truncated: no STOP")
			}
			return err
		}
	}
	op := Opcode(w.buf[w.pos])
	n := 1 + int(opcodeTable[op].fixed)
	if len(w.buf)-w.pos >= n {
		return nil
	}
	m.op, m.start = op, w.offset()
	if w.frameEnd == w.offset()+1 {
		// The frame ends between opcode and argument, which is allowed.
		w.leaveFrame()
	}
	return w.more(n)
}

// watch does what not every pickle needs at each opcode.
func (m *machine) watch(op Opcode) error {
	if m.proto < 0 {
		m.newest = max(m.newest, int(opcodeTable[op].proto))
	}
	if opcodeTable[op].builds {
		m.tally.objects++
		if limit := m.u.limits.Objects; m.tally.objects > limit {
			return &LimitError{Limit: "Objects", Max: limit, Want: m.tally.objects}
		}
	}
	if m.u.Compressed != nil {
		return m.weigh(op)
	}
	return nil
}

// popMark returns the stack's length at the topmost MARK, which it takes off.
func (m *machine) popMark() (int, bool) {
	n := len(m.marks)
	if n == 0 {
		return 0, false
	}
	mark := m.marks[n-1]
	m.marks = m.marks[:n-1]
	m.fence = 0
	if n > 1 {
		m.fence = m.marks[n-2]
	}
	return mark, true
}

// plainPut reports that a PUT at i is what picklers write: it goes behind what is
// there, and needs no attention.
func (m *machine) plainPut(i uint64) bool {
	return i == m.memo.dense && m.memo.sparse == nil && int64(m.memo.count) < m.u.limits.Memo && m.builders == nil
}

// run carries out opcodes up to STOP. The frequent ones are here, over local
// copies of the window and the stack; step has the others.
func (m *machine) run() (any, error) {
	w := m.w
	m.proto, m.newest = -1, 0
	m.fresh = -1 - maxFresh
	limits := &m.u.limits
	limited := limits.Objects != unlimited || m.u.Compressed != nil
	watch := true
	buf, pos := w.buf, w.pos
	stack := m.stack
	var err error
	for {
		if len(buf)-pos < maxFixed {
			w.pos = pos
			if err = m.prepare(); err != nil {
				break
			}
			buf, pos = w.buf, w.pos
		}
		if len(stack) == cap(stack) {
			stack = m.growStack(stack, len(buf)-pos)
		}
		op := Opcode(buf[pos])
		m.op, m.start = op, w.base+int64(pos)
		pos++
		if watch {
			if err = m.watch(op); err != nil {
				break
			}
		}
		switch op {
		case OpMark:
			if m.start-m.fresh <= maxFresh {
				w.pos, m.stack = pos, stack
				taken, err := m.texts()
				if err != nil {
					return nil, m.fail(err)
				}
				if buf, pos, stack = w.buf, w.pos, m.stack; taken {
					continue
				}
			}
			m.marks = append(m.marks, len(stack))
			m.fence = len(stack)
			continue

		case OpNone:
			stack = append(stack, nil)
			continue
		case OpNewTrue:
			stack = append(stack, true)
			continue
		case OpNewFalse:
			stack = append(stack, false)
			continue
		case OpBinInt1:
			stack = append(stack, slab.Uint8(buf[pos]))
			pos++
			continue
		case OpBinInt2:
			stack = append(stack, m.slabs.Int(int(binary.LittleEndian.Uint16(buf[pos:]))))
			pos += 2
			continue
		case OpBinInt:
			stack = append(stack, m.slabs.Int(int(int32(binary.LittleEndian.Uint32(buf[pos:])))))
			pos += 4
			continue
		case OpBinFloat:
			stack = append(stack, m.slabs.Float(math.Float64frombits(binary.BigEndian.Uint64(buf[pos:]))))
			pos += 8
			continue

		case OpShortBinUnicode:
			if n := int(buf[pos]); len(buf)-pos-1 >= n {
				b := buf[pos+1 : pos+1+n]
				if !validText(b) || int64(n) > limits.StringBytes {
					break
				}
				pos += 1 + n
				stack = append(stack, m.slabs.string(b))
				continue
			}
		case OpBinUnicode:
			if n := int64(binary.LittleEndian.Uint32(buf[pos:])); int64(len(buf)-pos-4) >= n {
				b := buf[pos+4 : pos+4+int(n)]
				if !validText(b) || n > limits.StringBytes {
					break
				}
				pos += 4 + int(n)
				stack = append(stack, m.slabs.string(b))
				continue
			}

		case OpMemoize:
			if i := uint64(m.memo.count); len(stack) > m.fence && m.plainPut(i) {
				m.memo.count++
				m.memo.add(stack[len(stack)-1])
				continue
			}
		case OpBinPut:
			if i := uint64(buf[pos]); len(stack) > m.fence && m.plainPut(i) {
				pos++
				m.memo.count++
				m.memo.add(stack[len(stack)-1])
				continue
			}
		case OpLongBinPut:
			if i := uint64(binary.LittleEndian.Uint32(buf[pos:])); len(stack) > m.fence && m.plainPut(i) {
				pos += 4
				m.memo.count++
				m.memo.add(stack[len(stack)-1])
				continue
			}
		case OpBinGet:
			if v, ok := m.memo.get(uint64(buf[pos])); ok {
				pos++
				if !m.anyRepeats {
					m.again(v)
				}
				stack = append(stack, v)
				continue
			}
		case OpLongBinGet:
			if v, ok := m.memo.get(uint64(binary.LittleEndian.Uint32(buf[pos:]))); ok {
				pos += 4
				if !m.anyRepeats {
					m.again(v)
				}
				stack = append(stack, v)
				continue
			}

		case OpEmptyList:
			l := m.slabs.lists.One(headerSize)
			*l = noItems
			stack = append(stack, l)
			m.fresh = m.start
			continue
		case OpEmptyDict:
			stack = append(stack, m.slabs.emptyDict())
			continue
		case OpEmptyTuple:
			if m.unit == nil {
				m.unit = m.slabs.tuple(nil)
			}
			stack = append(stack, m.unit)
			continue
		case OpTuple1, OpTuple2, OpTuple3:
			if n := len(stack) - int(op-OpTuple1) - 1; n >= m.fence {
				t := m.slabs.tuple(stack[n:])
				stack = append(stack[:n], t)
				continue
			}
		case OpTuple:
			if len(stack)-m.fence >= bigItems {
				break // which may give its memory away
			}
			if mark, ok := m.popMark(); ok {
				t := m.slabs.tuple(stack[mark:])
				stack = append(stack[:mark], t)
				continue
			}

		case OpAppend:
			if n := len(stack) - 1; n > m.fence {
				if l, ok := stack[n-1].(*types.List); ok {
					m.slabs.extend(l, stack[n:])
					stack = stack[:n]
					continue
				}
			}
		}

		w.pos, m.stack = pos, stack
		if op == OpStop {
			if len(stack) <= m.fence {
				err = m.underflow()
				break
			}
			return m.stop()
		}
		if err = m.step(op); err != nil {
			break
		}
		buf, pos, stack = w.buf, w.pos, m.stack
		watch = limited || m.proto < 0
	}
	m.stack = stack
	return nil, m.fail(err)
}

// growStack doubles the stack, but not past what the rest of a slice could push.
func (m *machine) growStack(stack []any, left int) []any {
	size := max(2*cap(stack), 64)
	if m.w.r == nil {
		size = min(size, len(stack)+max(left, len(m.w.all)-m.w.pos)+1)
	}
	bigger := make([]any, len(stack), size)
	copy(bigger, stack)
	return bigger
}

// stop ends the pickle with the value on top of the stack.
func (m *machine) stop() (any, error) {
	if err := m.w.endFrame(); err != nil {
		return nil, m.fail(err)
	}
	m.u.shared, m.u.sharing = m.shared, m.sharing
	m.u.proto = m.proto
	if m.proto < 0 {
		m.u.proto = m.newest
	}
	return m.stack[len(m.stack)-1], nil
}

// step carries out an opcode that run left.
func (m *machine) step(op Opcode) error {
	switch op {
	case OpProto:
		return m.loadProto()
	case OpFrame:
		return m.loadFrame()

	case OpInt, OpLong, OpFloat, OpString, OpUnicode:
		return m.loadText(op)
	case OpLong1, OpLong4:
		return m.loadLong(op)
	case OpShortBinUnicode, OpBinUnicode, OpBinUnicode8:
		return m.loadUnicode(op)
	case OpBinString, OpShortBinString:
		return m.loadPy2String(op)
	case OpShortBinBytes, OpBinBytes, OpBinBytes8, OpByteArray8:
		return m.loadBytes(op)

	case OpAppend:
		return m.loadAppends(len(m.stack) - 1)
	case OpSetItem:
		return m.loadSetItems(len(m.stack) - 2)
	case OpAppends, OpSetItems, OpAddItems, OpList, OpDict, OpFrozenSet, OpPopMark, OpObj, OpInst:
		return m.loadMarked(op)
	case OpEmptySet:
		m.push(new(Set))
		return nil
	case OpTuple:
		return m.loadTuple()
	case OpTuple1, OpTuple2, OpTuple3:
		return m.underflow()
	case OpPop:
		return m.loadPop()
	case OpDup:
		return m.loadDup()

	case OpGet, OpBinGet, OpLongBinGet:
		return m.loadGet(op)
	case OpPut, OpBinPut, OpLongBinPut, OpMemoize:
		return m.loadPut(op)

	case OpGlobal, OpStackGlobal, OpExt1, OpExt2, OpExt4, OpReduce, OpNewObj, OpNewObjEx, OpBuild,
		OpPersID, OpBinPersID, OpNextBuffer, OpReadonlyBuffer:
		return m.loadObject(op)
	}
	return malformed("unknown opcode")
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

// pop takes the top of the stack off.
func (m *machine) pop() (any, error) {
	n := len(m.stack) - 1
	if n < m.fence {
		return nil, m.underflow()
	}
	v := m.stack[n]
	m.stack = m.stack[:n]
	return v, nil
}

// top returns the top of the stack.
func (m *machine) top() (any, error) {
	n := len(m.stack) - 1
	if n < m.fence {
		return nil, m.underflow()
	}
	return m.stack[n], nil
}

func (m *machine) loadProto() error {
	b, err := m.w.take(1)
	if err != nil {
		return err
	}
	if b[0] > HighestProtocol {
		return malformed("protocol %d", b[0])
	}
	m.proto = int(b[0])
	return nil
}

func (m *machine) loadFrame() error {
	b, err := m.w.take(8)
	if err != nil {
		return err
	}
	return m.w.enterFrame(binary.LittleEndian.Uint64(b))
}
