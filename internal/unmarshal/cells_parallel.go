package unmarshal

import (
	"errors"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/unpkl/unpkl/internal/tape"
)

// NOTE. The elements of a large slice are read by several goroutines at once, a part at a time. A
// helper reads what cells alone say, into elements that are zero. What may be met again, what an
// object is needed for and what does not fit, it leaves to the goroutine that called it, which
// reads that in the order of the pickle. So errors, and which value is part of which others, are as
// with one goroutine.
//
// Invariant: while helpers run, the tape is only read.

// What is worth several goroutines; variables for tests.
var (
	splitCells = 1 << 15 // cells
	minPart    = 1 << 6  // children that a helper takes at once
)

// errLater is that of a helper for what it leaves to another goroutine.
var errLater = errors.New("unmarshal: not for a helper")

// splitJob is a slice whose elements several goroutines read.
type splitJob struct {
	elem   *plan
	slice  *plan
	v      reflect.Value // the slice
	to     elements      // its elements
	ids    []tape.ID     // the children of the list
	places []int         // of each child its first element, if some are runs; and the length
	fast   bool          // by fillFast
}

// place returns the first element of a child.
func (j *splitJob) place(child int) int {
	if j.places != nil {
		return j.places[child]
	}
	return child
}

// fillSplit fills v, the slice for the list or tuple id, by several goroutines. done is false where
// that is not worth it, or not possible, and then nothing was set. fast says that the fast path may
// fill it.
func (a *assigner) fillSplit(p *plan, id tape.ID, v reflect.Value, fast bool) (done bool,
	err error) {
	if a.helper || a.workers < 2 || a.t.SubtreeSize(id) < splitCells || !a.isOnce(id) ||
		!p.elem.isOfCells(nil) {
		return false, nil
	}
	j := &splitJob{elem: p.elem, slice: p, v: v, to: elementsOf(v), ids: a.t.Items(id)}
	if a.t.HasRuns(id) {
		j.setPlaces(a.t)
	}
	if j.fast = fast; fast {
		if _, ok := a.help(j); ok {
			a.budget -= int64(v.Len())
			return true, nil
		}
		j.fast = false
		v.Clear()
	}
	if err := a.enterCell(id); err != nil {
		return true, err
	}
	later, _ := a.help(j)
	if a.budget < 0 {
		return true, a.overExpansion()
	}
	for _, child := range later {
		c := j.ids[child]
		if err := a.fillChild(p.elem, a.t.Kind(c), c, j.to, j.place(int(child))); err != nil {
			return true, err
		}
	}
	a.leaveCell()
	return true, nil
}

// setPlaces finds the first element of each child.
func (j *splitJob) setPlaces(t *tape.Tape) {
	j.places = make([]int, len(j.ids)+1)
	for i, id := range j.ids {
		j.places[i+1] = j.places[i] + t.ItemCount(id)
	}
}

// isOfCells reports whether values of a plan's type are mostly made of cells alone: none of the
// types inside needs objects or plain values.
func (p *plan) isOfCells(around []*plan) bool {
	for _, outer := range around {
		if outer == p {
			return true // what else is in it is looked at already
		}
	}
	p.once.Do(p.compile)
	switch around = append(around, p); p.form {
	case formObject, formAny:
		return false
	case formSlice:
		return p.isBytes || p.elem.isOfCells(around)
	case formPointer, formArray, formMap:
		return p.elem.isOfCells(around)
	case formStruct:
		for i := range p.fields.fields {
			if !p.fields.fields[i].plan.isOfCells(around) {
				return false
			}
		}
	}
	return true
}

// help has several goroutines read the children of j. It returns those that were left, in their
// order; ok is false where fillFast did not do for all.
func (a *assigner) help(j *splitJob) (later []uint32, ok bool) {
	count, n := len(j.ids), a.workers
	size := max(count/(8*n), minPart)
	if j.places != nil {
		size = max(count/(8*n), 1) // of runs each child is many
	}
	parts := (count + size - 1) / size
	left := make([][]uint32, parts)
	helpers := make([]*assigner, min(n, parts))
	var next atomic.Int64
	var failed atomic.Bool
	var wg sync.WaitGroup
	for i := range helpers {
		h := a.newHelper()
		helpers[i] = h
		work := func() {
			for !failed.Load() {
				part := int(next.Add(1)) - 1
				if part >= parts {
					return
				}
				var ok bool
				from := part * size
				if left[part], ok = h.part(j, from, min(from+size, count)); !ok {
					failed.Store(true)
				}
			}
		}
		if i < len(helpers)-1 {
			wg.Go(work)
		} else {
			work()
		}
	}
	wg.Wait()
	start := a.budget
	for _, h := range helpers {
		a.budget -= start - h.budget
		h.release()
	}
	for _, l := range left {
		later = append(later, l...)
	}
	return later, !failed.Load()
}

// newHelper returns an assigner for elements of the slice that a fills.
func (a *assigner) newHelper() *assigner {
	h := assigners.Get().(*assigner)
	h.assigning = assigning{
		helper: true, stray: noStray, depth: a.depth, maxDepth: a.maxDepth,
		budget: a.budget, expansion: a.expansion,
		noUnknown: a.noUnknown, noMissing: a.noMissing,
		cellReader: cellReader{t: a.t, p: a.p},
	}
	return h
}

// part reads the children from one to another, and returns those that it leaves.
func (a *assigner) part(j *splitJob, from, to int) (later []uint32, ok bool) {
	if j.fast {
		part := j.v.Slice(j.place(from), j.place(to))
		return nil, a.fillFast(j.slice, a.t.WalkIDs(j.ids[from:to]), part)
	}
	depth := a.depth
	for i := from; i < to; i++ {
		c, budget := j.ids[i], a.budget
		if a.fillChild(j.elem, a.t.Kind(c), c, j.to, j.place(i)) == nil {
			continue
		}
		// As if it had not been tried.
		a.depth, a.within, a.budget, a.spare = depth, 0, budget, a.spare[:0]
		for _, l := range a.layouts {
			l.users = 0
		}
		for k := j.place(i); k < j.place(i)+a.t.ItemCount(c); k++ {
			j.v.Index(k).SetZero()
		}
		later = append(later, uint32(i))
		const few = 32
		if done := i - from; done < few || len(later) <= done/2 {
			continue
		}
		for i++; i < to; i++ { // the rest is likely to be like that
			later = append(later, uint32(i))
		}
	}
	return later, true
}
