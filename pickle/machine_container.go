package pickle

import "github.com/nlpodyssey/gopickle/types"

// loadMarked carries out the opcodes that take all values down to the topmost
// MARK.
func (m *machine) loadMarked(op Opcode) error {
	mark, ok := m.popMark()
	if !ok {
		return errNoMark
	}
	switch op {
	case OpAppends:
		return m.loadAppends(mark)
	case OpSetItems:
		return m.loadSetItems(mark)
	case OpAddItems:
		return m.loadAddItems(mark)
	case OpObj:
		return m.loadObj(mark)
	case OpInst:
		return m.loadInst(mark)
	}
	items := m.stack[mark:]
	m.stack = m.stack[:mark]
	switch op {
	case OpList:
		if own, ok := m.giveAway(mark, items); ok {
			m.push((*types.List)(&own))
			break
		}
		m.push(m.slabs.list(items))
	case OpDict:
		d := m.slabs.emptyDict()
		if err := m.setItems(d, items); err != nil {
			return err
		}
		m.push(d)
	case OpFrozenSet:
		s := new(FrozenSet)
		if err := s.index.addAll(&m.keys, &s.Items, items); err != nil {
			return err
		}
		m.push(s)
	}
	return nil
}

// target returns the value below mark that opcodes add to, and what they add. It
// is nil where there is nothing to add: then CPython does not look at the target.
func (m *machine) target(mark int) (target any, items []any, err error) {
	if mark > len(m.stack) || mark <= m.fence {
		return nil, nil, m.underflow()
	}
	items = m.stack[mark:]
	m.stack = m.stack[:mark]
	return m.stack[mark-1], items, nil
}

// loadAppends appends what is above mark to the value below it.
func (m *machine) loadAppends(mark int) error {
	target, items, err := m.target(mark)
	if err != nil || len(items) == 0 {
		return err
	}
	switch t := target.(type) {
	case *types.List:
		if len(*t) == 0 {
			if own, ok := m.giveAway(len(m.stack), items); ok {
				*t = own
				break
			}
		}
		m.slabs.extend(t, items)
	case *types.ByteArray:
		for _, item := range items {
			b, err := byteOf(item)
			if err != nil {
				return err
			}
			*t = append(*t, b)
		}
	case types.ListAppender:
		for _, item := range items {
			t.Append(item)
		}
	default:
		return malformed("cannot append to %s", typeName(target))
	}
	return nil
}

// bigItems is how many items are a big stack.
const bigItems = 1 << 16

// loadTuple makes a big tuple; run makes the others.
func (m *machine) loadTuple() error {
	mark, ok := m.popMark()
	if !ok {
		return errNoMark
	}
	items := m.stack[mark:]
	m.stack = m.stack[:mark]
	if own, ok := m.giveAway(mark, items); ok {
		m.push((*types.Tuple)(&own))
		return nil
	}
	m.push(m.slabs.tuple(items))
	return nil
}

// giveAway returns items, what was above mark on the stack, as memory of their own: where
// they are most of a big stack, they keep its memory and the stack gets another. Copied, they
// would for a while take twice what they take.
func (m *machine) giveAway(mark int, items []any) (own []any, ok bool) {
	if len(items) < bigItems || mark > len(items)/16 || cap(items)-len(items) > len(items)/8 {
		return nil, false
	}
	m.stack = append(make([]any, 0, mark+64), m.stack[:mark]...)
	return items[:len(items):len(items)], true
}

// byteOf is an item of a bytearray.
func byteOf(v any) (byte, error) {
	switch i := v.(type) {
	case int:
		if i >= 0 && i < 256 {
			return byte(i), nil
		}
	case bool:
		if i {
			return 1, nil
		}
		return 0, nil
	}
	return 0, malformed("not an item of a bytearray: %s", typeName(v))
}

// loadSetItems sets the pairs above mark in the value below it.
func (m *machine) loadSetItems(mark int) error {
	target, items, err := m.target(mark)
	if err != nil || len(items) == 0 {
		return err
	}
	if len(items)%2 != 0 {
		return errOddItems
	}
	switch t := target.(type) {
	case *types.Dict:
		return m.setItems(t, items)
	case *types.List:
		return setIndexed(*t, items)
	case *types.ByteArray:
		return setBytes(*t, items)
	case DictHolder:
		return m.setItems(t.PyDict(), items)
	case types.DictSetter:
		for i := 0; i < len(items); i += 2 {
			t.Set(items[i], items[i+1])
		}
		return nil
	}
	return malformed("cannot set items of %s", typeName(target))
}

// indexOf is a Python index into a sequence of n items.
func indexOf(v any, n int) (int, error) {
	i, ok := v.(int)
	if b, isBool := v.(bool); isBool {
		ok = true
		if b {
			i = 1
		}
	}
	if !ok {
		return 0, malformed("not an index: %s", typeName(v))
	}
	if i < 0 {
		i += n
	}
	if i < 0 || i >= n {
		return 0, malformed("index out of range")
	}
	return i, nil
}

func setIndexed(l types.List, items []any) error {
	for i := 0; i < len(items); i += 2 {
		at, err := indexOf(items[i], len(l))
		if err != nil {
			return err
		}
		l[at] = items[i+1]
	}
	return nil
}

func setBytes(b types.ByteArray, items []any) error {
	for i := 0; i < len(items); i += 2 {
		at, err := indexOf(items[i], len(b))
		if err != nil {
			return err
		}
		if b[at], err = byteOf(items[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// loadAddItems adds what is above mark to the set below it.
func (m *machine) loadAddItems(mark int) error {
	target, items, err := m.target(mark)
	if err != nil || len(items) == 0 {
		return err
	}
	switch t := target.(type) {
	case *Set:
		return t.index.addAll(&m.keys, &t.Items, items)
	case types.SetAdder:
		for _, item := range items {
			t.Add(item)
		}
		return nil
	}
	return malformed("cannot add to %s", typeName(target))
}

func (m *machine) loadPop() error {
	n := len(m.stack)
	if k := len(m.marks); k > 0 && m.marks[k-1] == n {
		m.popMark()
		return nil
	}
	_, err := m.pop()
	return err
}

func (m *machine) loadDup() error {
	v, err := m.top()
	if err == nil {
		m.again(v)
		m.push(v)
	}
	return err
}

// memoIndex reads the argument of a memo opcode.
func (m *machine) memoIndex(op Opcode) (uint64, error) {
	switch op {
	case OpBinGet, OpBinPut:
		return m.count(1)
	case OpLongBinGet, OpLongBinPut:
		return m.count(4)
	case OpMemoize:
		return uint64(m.memo.count), nil
	}
	line, err := m.w.line()
	if err != nil {
		return 0, err
	}
	if len(line) == 0 {
		return 0, errNoArgument
	}
	v, err := m.parseInt(cString(line), 10)
	if err != nil {
		return 0, err
	}
	i, ok := v.(int)
	if !ok || i < 0 {
		return 0, malformed("memo index %s", quoteShort(line))
	}
	return uint64(i), nil
}

func (m *machine) loadGet(op Opcode) error {
	i, err := m.memoIndex(op)
	if err != nil {
		return err
	}
	v, ok := m.memo.get(i)
	if !ok {
		return malformed("nothing in the memo at %d", i)
	}
	m.again(v)
	m.push(v)
	return nil
}

func (m *machine) loadPut(op Opcode) error {
	i, err := m.memoIndex(op)
	if err != nil {
		return err
	}
	v, err := m.top()
	if err != nil {
		return err
	}
	if limit := m.u.limits.Memo; int64(m.memo.count) >= limit {
		if _, there := m.memo.get(i); !there {
			return &LimitError{Limit: "Memo", Max: limit, Want: int64(m.memo.count) + 1}
		}
	}
	m.memo.put(i, v)
	if m.builders != nil {
		m.noteBuilder(i, v)
	}
	return nil
}
