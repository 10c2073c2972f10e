package ndarray

import (
	"sync"
	"sync/atomic"

	"github.com/unpkl/unpkl/internal/texts"
)

// elements has the elements of an array of a dtype with objects, which its views share. They are a
// list, or until a list is needed, a column of text.
type elements struct {
	own    []any                 // the list itself
	list   atomic.Pointer[[]any] // points to own, or is nil while there is only the column
	column *texts.Column
	making sync.Mutex // held while the list is created from the column
}

func elementsOf(list []any) *elements {
	e := &elements{own: list}
	e.list.Store(&e.own)
	return e
}

// arrange moves elements, which are in C order, to the places that the strides give.
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

// at returns the element at index i.
func (e *elements) at(i int) any {
	if list := e.list.Load(); list != nil {
		return (*list)[i]
	}
	return e.column.At(i)
}

// text returns the element at index i if it is text.
func (e *elements) text(i int) (string, bool) {
	if list := e.list.Load(); list != nil {
		s, ok := (*list)[i].(string)
		return s, ok
	}
	return e.column.Text(i)
}

// all returns the list. If there is only a column, the elements are stored in a list from now on.
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

// setTexts implements SetTexts of package internal/pending.
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

// nonText implements NonText of package internal/pending.
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

// Strings returns the elements of an array of dtype object, in C order, if all of them are str, and
// false otherwise. The caller owns the slice; the strings share the memory of the array.
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
