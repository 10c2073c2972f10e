package ndarray

import (
	"sync"
	"sync/atomic"

	"github.com/unpkl/unpkl/internal/texts"
)

// elements are those of an array of a dtype with objects and of its views: a list, or until
// somebody wants one, a column of text.
type elements struct {
	own    []any
	list   atomic.Pointer[[]any] // own, or nil while there is only the column
	column *texts.Column
	making sync.Mutex
}

func elementsOf(list []any) *elements {
	e := &elements{own: list}
	e.list.Store(&e.own)
	return e
}

// arrange puts elements given in C order where the strides say.
func (e *elements) arrange(shape, strides []int, itemsize int) {
	var s stepper
	next := func() (i int) {
		i = s.pos / itemsize
		s.next()
		return i
	}
	if e.column != nil {
		s.reset(shape, strides, 0, e.column.Len())
		e.column.Arrange(next)
		return
	}
	out := make([]any, len(e.own))
	s.reset(shape, strides, 0, len(out))
	for _, v := range e.own {
		out[next()] = v
	}
	e.own = out
}

// at returns the i-th element.
func (e *elements) at(i int) any {
	if list := e.list.Load(); list != nil {
		return (*list)[i]
	}
	return e.column.At(i)
}

// text returns the i-th element if it is text.
func (e *elements) text(i int) (string, bool) {
	if list := e.list.Load(); list != nil {
		s, ok := (*list)[i].(string)
		return s, ok
	}
	return e.column.Text(i)
}

// all returns the list, which the elements are kept in from now on.
func (e *elements) all() []any {
	if list := e.list.Load(); list != nil {
		return *list
	}
	e.making.Lock()
	defer e.making.Unlock()
	if list := e.list.Load(); list != nil {
		return *list
	}
	e.own = e.column.Values(0, e.column.Len())
	e.list.Store(&e.own)
	return e.own
}

// setTexts is SetTexts of package internal/pending.
func (a *Array) setTexts(dt *DType, shape []int, order Order, column *texts.Column) error {
	if column == nil {
		return errorf(ErrState, "no column of text")
	}
	if dt == nil || dt.kind != KindObject {
		list := column.Values(0, column.Len())
		return a.setObjects(dt, shape, order, elementsOf(list), len(list))
	}
	return a.setObjects(dt, shape, order, &elements{column: column}, column.Len())
}

// nonText is NonText of package internal/pending.
func (a *Array) nonText(yield func(any) bool) {
	if a.DType().kind != KindObject || a.ext.elems.list.Load() == nil &&
		a.ext.elems.column.AllText() {
		return
	}
	for pos := range a.positions() {
		i := pos / a.DType().itemsize
		if _, ok := a.ext.elems.text(i); !ok && !yield(a.ext.elems.at(i)) {
			return
		}
	}
}

// Strings returns the elements of an array of dtype object in C order if all of them are str, else
// false. The strings share the array's memory, the slice is the caller's.
func (a *Array) Strings() ([]string, bool) {
	if a.DType().kind != KindObject {
		return nil, false
	}
	out := make([]string, 0, a.Size())
	for pos := range a.positions() {
		s, ok := a.ext.elems.text(pos / a.DType().itemsize)
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}
