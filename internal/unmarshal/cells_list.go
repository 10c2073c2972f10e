package unmarshal

import (
	"encoding/binary"
	"math"
	"math/big"
	"reflect"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/slab"
	"github.com/unpkl/unpkl/internal/tape"
)

// numbers holds the memory that short slices share.
type numbers struct {
	floats  slab.Slab[float64]
	int64s  slab.Slab[int64]
	ints    slab.Slab[int]
	strings slab.Slab[string]
	bytes   slab.Slab[byte]
}

// readSlice is slicePlan for cells.
func (a *assigner) readSlice(p *plan, kind tape.Kind, id tape.ID, dst place) error {
	switch kind {
	case tape.None:
		dst.value(p.typ).SetZero()
		return nil
	case tape.List, tape.Tuple:
		if p.typ == anySliceType {
			if a.plain.Objects {
				break
			}
			return a.setPlain(id, dst.value(p.typ)) // []any is the plain value itself.
		}
		return a.readItems(p, id, dst)
	case tape.Bytes, tape.ByteArray, tape.Str, tape.Py2Str:
		if p.isBytes {
			a.readBytes(p, id, dst)
			return nil
		}
	case tape.Call:
		if parts, ok := known.Array(a.t, id); ok && a.isOnce(id) && a.isOnce(parts.Data) {
			return a.arrayIntoSlice(p, id, &parts, dst)
		}
	}
	return a.readObject(p, id, dst)
}

// readBytes decodes bytes or text into a slice of bytes.
func (a *assigner) readBytes(p *plan, id tape.ID, dst place) {
	b := a.t.Span(id)
	v := dst.value(p.typ)
	if v.Cap() >= len(b) && v.Cap() > 0 && a.claim(v.Pointer()) {
		v.SetLen(len(b))
		copy(v.Bytes(), b)
		a.setAside(id)
		return
	}
	if !a.t.Owned(id) || !a.isOnce(id) {
		b = append(make([]byte, 0, len(b)), b...)
	}
	v.SetBytes(b)
}

// setAside adds a cell to a.spare, after its payload was copied, unless it may be read again.
func (a *assigner) setAside(id tape.ID) {
	if a.isOnce(id) {
		a.spare = append(a.spare, id)
	}
}

// readItems decodes the items of a list or tuple into a slice.
func (a *assigner) readItems(p *plan, id tape.ID, dst place) error {
	v := dst.value(p.typ)
	if a.recallCell(id, v) {
		return nil
	}
	p.elem.once.Do(p.elem.compile)
	n := a.t.Size(id)
	fast := a.fillsFast(p) && int64(n) <= a.budget
	a.resize(p, v, dst, n, fast)
	a.rememberCell(id, v)
	if n == 0 {
		if !a.isFast(p) {
			// An empty list counts as a level of depth too, as in slicePlan.
			if err := a.enterCell(id); err != nil {
				return err
			}
			a.leaveCell()
		}
		return nil
	}
	if done, err := a.fillSplit(p, id, v, fast); done || err != nil {
		return err
	}
	if fast {
		if a.fillFast(p, a.t.Children(id), v) {
			a.budget -= int64(n)
			return nil
		}
		v.Clear()
	}
	return a.fillCells(p, id, elementsOf(v))
}

// resize makes v, the slice at dst, a slice of n zero elements. It reuses the memory of v if that
// is large enough. If fast is true, the elements need not be zero: fillFast overwrites all of them,
// or else the caller clears them.
func (a *assigner) resize(p *plan, v reflect.Value, dst place, n int, fast bool) {
	if v.Cap() >= n && v.Cap() > 0 && a.claim(v.Pointer()) {
		if v.SetLen(n); !fast {
			v.Clear()
		}
		return
	}
	switch p.elem.form {
	case formFloat:
		if p.elem.size == 8 && newNumberSlice(dst, n, &a.floats, fast) {
			return
		}
	case formInt:
		if p.elem.size == 8 &&
			(newNumberSlice(dst, n, &a.int64s, fast) || newNumberSlice(dst, n, &a.ints, fast)) {
			return
		}
	case formString:
		if newSlice(dst, n, p.elem.size, &a.strings) {
			return
		}
	}
	v.Set(reflect.MakeSlice(p.typ, n, n))
}

// newSlice sets the slice at dst to n new elements from a slab, and reports whether that was done:
// dst must be a slice of T. size is that of a T, in bytes.
func newSlice[T any](dst place, n int, size uintptr, from *slab.Slab[T]) bool {
	to, ok := as[[]T](dst)
	if !ok {
		return false
	}
	if n == 0 {
		*to = []T{}
	} else {
		*to = from.Many(n, int(size))
	}
	return true
}

// newNumberSlice is newSlice for numbers of 8 bytes. If fast is true, a slice of many elements is
// not cleared.
func newNumberSlice[T number](dst place, n int, from *slab.Slab[T], fast bool) bool {
	const many = 8 << 10
	if to, ok := as[[]T](dst); ok && fast && n >= many {
		*to = uncleared[T](n)
		return true
	}
	return newSlice(dst, n, 8, from)
}

// isFast reports whether slicePlan has a fast path for the type, which does not count a level of
// depth.
func (a *assigner) isFast(p *plan) bool { return fastSlice(p.typ) != nil }

// fillsFast reports whether fillFast supports slices of a type.
func (a *assigner) fillsFast(p *plan) bool {
	switch p.elem.form {
	case formFloat, formInt:
		return p.elem.size == 8
	case formString, formBool:
		return true
	}
	return false
}

// fillFast fills v, a slice of one of the commonest types, with the items of w. It returns false if
// an item is of another kind; then v is filled in part.
func (a *assigner) fillFast(p *plan, w tape.Children, v reflect.Value) bool {
	switch p.elem.form {
	case formFloat:
		return fillBatches(a, w, v, fillFloats)
	case formInt:
		if _, ok := items[int64](v); ok {
			return fillBatches(a, w, v, fillInts[int64])
		}
		return fillBatches(a, w, v, fillInts[int])
	case formString:
		return fillBatches(a, w, v, fillStrings)
	}
	return fillBatches(a, w, v, fillBools)
}

// fillBatches is fillFast for elements of type T. It calls fill with each batch of items; fill
// returns the elements of out that it did not fill.
func fillBatches[T any](a *assigner, w tape.Children, v reflect.Value,
	fill func(a *assigner, out []T, b []tape.ID) (unfilled []T, ok bool)) bool {
	out, ok := items[T](v)
	for b := w.Batch(); ok && b != nil; b = w.Batch() {
		out, ok = fill(a, out, b)
	}
	return ok
}

func fillFloats(a *assigner, out []float64, b []tape.ID) (unfilled []float64, ok bool) {
	t := a.t
	for _, c := range b {
		switch t.Kind(c) {
		case tape.Floats:
			n := t.Size(c)
			run := t.Run(c)[:n*tape.FloatSize]
			part := out[:n]
			for i := range part {
				part[i] = math.Float64frombits(binary.BigEndian.Uint64(run[1:9]))
				run = run[tape.FloatSize:]
			}
			out = out[n:]
		case tape.Float:
			out[0] = math.Float64frombits(t.FloatBits(c))
			out = out[1:]
		default:
			return nil, false
		}
	}
	return out, true
}

func fillInts[T int | int64](a *assigner, out []T, b []tape.ID) (unfilled []T, ok bool) {
	t := a.t
	for _, c := range b {
		switch t.Kind(c) {
		case tape.Ints:
			run, part := t.Run(c), out[:t.Size(c)]
			for i := range part {
				v, size := tape.NextInt(run)
				part[i] = T(v)
				run = run[size:]
			}
			out = out[len(part):]
		case tape.Int:
			out[0] = T(t.Int(c))
			out = out[1:]
		default:
			return nil, false
		}
	}
	return out, true
}

func fillStrings(a *assigner, out []string, b []tape.ID) (unfilled []string, ok bool) {
	for i, c := range b {
		if a.t.Kind(c) != tape.Str {
			return nil, false
		}
		out[i] = a.text(c)
	}
	return out[len(b):], true
}

func fillBools(a *assigner, out []bool, b []tape.ID) (unfilled []bool, ok bool) {
	for _, c := range b {
		switch a.t.Kind(c) {
		case tape.Consts:
			n := a.t.Size(c)
			for i, op := range a.t.Run(c)[:n] {
				v := tape.Const(op)
				if v == tape.IDNone {
					return nil, false
				}
				out[i] = v == tape.IDTrue
			}
			out = out[n:]
		case tape.True, tape.False:
			out[0] = c == tape.IDTrue
			out = out[1:]
		default:
			return nil, false
		}
	}
	return out, true
}

// fillCells decodes the items of a list or tuple into elements; their numbers must be equal.
func (a *assigner) fillCells(p *plan, id tape.ID, to elements) error {
	if err := a.enterCell(id); err != nil {
		return err
	}
	at := 0
	w := a.t.Children(id)
	for b := w.Batch(); b != nil; b = w.Batch() {
		for _, c := range b {
			if err := a.fillChild(p.elem, a.t.Kind(c), c, to, at); err != nil {
				return err
			}
			at += a.t.ItemCount(c)
		}
	}
	a.leaveCell()
	return nil
}

// fillChild decodes the child c of a list or tuple into the element at index at. A run, which
// stands for several items, is decoded into the elements from at on.
func (a *assigner) fillChild(elem *plan, kind tape.Kind, c tape.ID, to elements, at int) error {
	if kind.IsRun() {
		return a.fillRun(elem, kind, c, to, at)
	}
	depth := a.depth
	if err := a.read(elem, c, to.at(at)); err != nil {
		return err
	}
	if a.stray >= depth {
		a.placed(depth, pathElem{index: at})
	}
	return nil
}

// fillRun decodes the items of a run into the elements from at on.
func (a *assigner) fillRun(elem *plan, kind tape.Kind, id tape.ID, to elements, at int) error {
	elem.once.Do(elem.compile)
	run, depth := a.t.Run(id), a.depth
	for i := at; i < at+a.t.Size(id); i++ {
		var err error
		switch kind {
		case tape.Floats:
			f := math.Float64frombits(binary.BigEndian.Uint64(run[1:]))
			run = run[tape.FloatSize:]
			if !elem.setFloat(to.at(i), f) {
				err = a.assignInner(elem, f, to.at(i))
			}
			a.budget--
		case tape.Ints:
			v, size := tape.NextInt(run)
			run = run[size:]
			if !elem.setInt(to.at(i), v) {
				err = a.assignInner(elem, intOf(v), to.at(i))
			}
			a.budget--
		default:
			err = a.read(elem, tape.Const(run[0]), to.at(i)) // read reduces the budget itself.
			run = run[1:]
		}
		if a.budget < 0 {
			err = a.overExpansion()
		}
		if err != nil {
			return err
		}
		if a.stray >= depth {
			a.placed(depth, pathElem{index: i})
		}
	}
	return nil
}

// readArray is arrayPlan for cells.
func (a *assigner) readArray(p *plan, kind tape.Kind, id tape.ID, dst place) error {
	n := p.typ.Len()
	switch kind {
	case tape.None:
		return nil
	case tape.List, tape.Tuple:
		if a.t.Size(id) == n {
			return a.fillCells(p, id, elementsOf(dst.value(p.typ)))
		}
	case tape.Call:
		if parts, ok := known.Array(a.t, id); ok {
			if done := a.arrayIntoArray(p, &parts, dst); done {
				return nil
			}
		}
	}
	return a.readObject(p, id, dst)
}

// intOf returns the object of an int.
func intOf(i int64) any {
	if int64(int(i)) == i {
		return int(i)
	}
	return big.NewInt(i)
}

// overExpansion returns the error of a budget that was exceeded.
func (a *assigner) overExpansion() error {
	return pyvalue.LimitError("Expansion", a.expansion, a.expansion+1)
}
