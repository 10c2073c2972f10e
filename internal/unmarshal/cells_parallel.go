package unmarshal

import (
	"errors"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/unpkl/unpkl/internal/tape"
)

// NOTE. Several goroutines, each with an assigner that is a helper, decode the elements of a large
// slice, one part of it at a time. A helper decodes only what needs no object, into elements that
// are zero. It leaves elements to the goroutine that called it if they contain a shared container,
// need an object, or do not fit. That goroutine decodes those elements afterwards, in the order of
// the pickle. So errors and sharing are the same as with one goroutine.
//
// Invariant: while helpers run, the tape is only read.

// Sizes from which several goroutines are worthwhile. They are variables for tests.
var (
	splitCells = 1 << 15 // smallest number of cells in a list
	minPart    = 1 << 6  // smallest number of children in a part
)

// errLater is returned by a helper for an element that it leaves to the calling goroutine.
var errLater = errors.New("unmarshal: not for a helper")

// splitJob is a slice whose elements several goroutines decode.
type splitJob struct {
	elem   *plan
	slice  *plan
	v      reflect.Value // the slice
	to     elements      // its elements
	ids    []tape.ID     // the children of the list
	starts []int         // index of each child's first element, and the length; nil without runs
	fast   bool          // whether to use fillFast
}

// start returns the index of the first element of a child.
func (j *splitJob) start(child int) int {
	if j.starts != nil {
		return j.starts[child]
	}
	return child
}

// fillSplit fills v, the slice for the list or tuple id, by several goroutines. done is false, and
// nothing was set, if that is not worthwhile or not possible. fast says whether fillFast may be
// used.
func (a *assigner) fillSplit(p *plan, id tape.ID, v reflect.Value, fast bool) (done bool,
	err error) {
	if a.helper || a.workers < 2 || a.t.SubtreeSize(id) < splitCells || !a.isOnce(id) ||
		!p.elem.isOfCells(nil) {
		return false, nil
	}
	j := &splitJob{elem: p.elem, slice: p, v: v, to: elementsOf(v), ids: a.t.Items(id)}
	if a.t.HasRuns(id) {
		j.setStarts(a.t)
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
		if err := a.fillChild(p.elem, a.t.Kind(c), c, j.to, j.start(int(child))); err != nil {
			return true, err
		}
	}
	a.leaveCell()
	return true, nil
}

// setStarts sets j.starts.
func (j *splitJob) setStarts(t *tape.Tape) {
	j.starts = make([]int, len(j.ids)+1)
	for i, id := range j.ids {
		j.starts[i+1] = j.starts[i] + t.ItemCount(id)
	}
}

// isOfCells reports whether values of a plan's type are mostly decoded from cells alone: no type
// inside it needs objects or plain values. around lists the plans whose types contain this one.
func (p *plan) isOfCells(around []*plan) bool {
	for _, outer := range around {
		if outer == p {
			return true // The type contains itself; its other parts are being checked.
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

// help decodes the children of j with several goroutines. It returns the children that the helpers
// left, in order. ok is false if j.fast and some part was not suitable for fillFast.
func (a *assigner) help(j *splitJob) (later []uint32, ok bool) {
	count, n := len(j.ids), a.workers
	size := max(count/(8*n), minPart)
	if j.starts != nil {
		size = max(count/(8*n), 1) // Each run is a single child but many elements.
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

// newHelper returns an assigner for elements of a slice that a fills.
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

// part decodes the children with from <= index < to, and returns those that it leaves.
func (a *assigner) part(j *splitJob, from, to int) (later []uint32, ok bool) {
	if j.fast {
		part := j.v.Slice(j.start(from), j.start(to))
		return nil, a.fillFast(j.slice, a.t.WalkIDs(j.ids[from:to]), part)
	}
	depth := a.depth
	for i := from; i < to; i++ {
		c, budget := j.ids[i], a.budget
		if a.fillChild(j.elem, a.t.Kind(c), c, j.to, j.start(i)) == nil {
			continue
		}
		// Undo the attempt.
		a.depth, a.within, a.budget, a.spare = depth, 0, budget, a.spare[:0]
		for _, l := range a.layouts {
			l.users = 0
		}
		for k := j.start(i); k < j.start(i)+a.t.ItemCount(c); k++ {
			j.v.Index(k).SetZero()
		}
		later = append(later, uint32(i))
		const minTried = 32
		if tried := i - from; tried < minTried || len(later) <= tried/2 {
			continue
		}
		for i++; i < to; i++ { // Most attempts fail, so leave the remaining children too.
			later = append(later, uint32(i))
		}
	}
	return later, true
}
