package fastread

import (
	"reflect"
	"unsafe"

	"github.com/unpkl/unpkl/pickle"
)

// list reads a list, whose opcode was taken, into the slice at dst.
func (d *direct) list(p *directPlan, dst unsafe.Pointer) bool {
	top := !d.inside
	if d.inside = true; !d.put(span{n: notKept}) {
		return false
	}
	if p.elem.kind == reflect.String {
		d.rows = d.rows[:0]
		ok := d.items(pickle.OpAppends, pickle.OpAppend, func(op pickle.Opcode) bool {
			d.one = ""
			ok := d.value(p.elem, op, unsafe.Pointer(&d.one))
			d.addRow(d.one, top)
			return ok
		}, func() { d.strings(top) }, func() { d.rows = d.rows[:0] })
		d.finishStrings(d.rows, dst)
		return ok
	}
	s := sliceBuilder{plan: p, top: top}
	ok := d.items(pickle.OpAppends, pickle.OpAppend, func(op pickle.Opcode) bool {
		return d.value(p.elem, op, s.next(d))
	}, s.bulk(d), func() { s.n = 0 })
	s.finish(dst)
	return ok
}

// addRow appends to the strings of the list being read.
func (d *direct) addRow(s string, top bool) {
	if n := len(d.rows); n == cap(d.rows) {
		room := max(16, 2*n)
		if top {
			room = d.room(n, 16)
		}
		d.rows = append(make([]string, 0, room), d.rows...)
	}
	d.rows = append(d.rows, s)
}

// strings reads the strings that follow one another between a MARK and APPENDS.
func (d *direct) strings(top bool) {
	for d.end-d.pos > 2 && d.budget > 0 && pickle.Opcode(d.buf[d.pos]) == pickle.OpShortBinUnicode {
		s := span{uint32(d.pos + 2), int32(d.buf[d.pos+1])}
		end := int(s.at) + int(s.n)
		if end > d.end {
			return
		}
		b := d.buf[s.at:end]
		if !validText(b) {
			return
		}
		d.budget--
		if d.pos = end; end < d.end && pickle.Opcode(d.buf[end]) == pickle.OpMemoize && !d.fromOne {
			d.pos++
			d.memoize(s)
		} else if !d.put(s) {
			d.pos = len(d.buf) // so that what follows fails
			d.end = d.pos
			return
		}
		if top && len(d.rows) >= manyRows {
			d.addRow(d.cut(int(s.at), len(b)), top)
		} else {
			d.addRow(d.copied(b), top)
		}
	}
}

// manyRows is how many strings follow one another where the next ones are copied together.
const manyRows = 256

// block is a copy of a part of the input that is nearly all text.
type block struct {
	text     string
	from, to int
}

// cut returns n bytes of the input as a string, which shares its memory with those behind.
func (d *direct) cut(at, n int) string {
	if n >= ownMemory {
		return string(d.buf[at : at+n])
	}
	b := &d.block
	if at < b.from || at+n > b.to {
		b.from, b.to = at, min(at+textMost, d.end)
		b.text = string(d.buf[b.from:b.to])
	}
	return b.text[at-b.from : at-b.from+n]
}

// items reads the items of a list or dict, which come several between a MARK and the opcode many, or
// alone before the opcode one. Bulk, if not nil, reads those in between that it knows. What was read as the first item and is not is taken back by undo.
func (d *direct) items(many, one pickle.Opcode, item func(op pickle.Opcode) bool, bulk, undo func()) bool {
	if d.lines {
		return d.singles(item, one)
	}
	for some := false; ; some = true {
		op, ok := d.peek()
		if !ok {
			return false
		}
		if op != pickle.OpMark {
			if some || endsValue(op) {
				return true
			}
			found, ok := d.single(item, one)
			if !found {
				undo()
				return ok
			}
			continue
		}
		d.pos++
		for {
			if bulk != nil {
				bulk()
			}
			if op, ok = d.next(); !ok {
				return false
			}
			if op == many {
				break
			}
			if !item(op) {
				return false
			}
		}
	}
}

// singles reads items as protocol 0 writes them, each before the opcode one.
func (d *direct) singles(item func(op pickle.Opcode) bool, one pickle.Opcode) bool {
	for {
		op, ok := d.peek()
		if !ok || endsValue(op) {
			return ok
		}
		d.pos++
		if !item(op) || !d.accept(one) {
			return false
		}
	}
}

// single reads the one item of a list or dict, which ends with the opcode end. Where it proves to be what
// follows an empty one, it is left for later.
func (d *direct) single(item func(op pickle.Opcode) bool, end pickle.Opcode) (one, ok bool) {
	pos, end0, framed, memo, budget := d.pos, d.end, d.framed, len(d.memo), d.budget
	op, _ := d.next()
	read := item(op)
	if read {
		if op, ok := d.peek(); ok && op == end {
			d.pos++
			return true, true
		}
	}
	switch op {
	case pickle.OpEmptyList, pickle.OpEmptyDict:
		if d.pos > pos+1 {
			return false, false // reading it twice could cost any time
		}
	}
	d.pos, d.end, d.framed, d.memo, d.budget = pos, end0, framed, d.memo[:memo], budget
	return false, true
}

// endsValue reports whether op cannot begin a value.
func endsValue(op pickle.Opcode) bool {
	switch op {
	case pickle.OpAppend, pickle.OpAppends, pickle.OpSetItem, pickle.OpSetItems, pickle.OpStop:
		return true
	}
	return false
}
