package plain

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/unpkl/unpkl/internal/tape"
)

// NOTE. Several goroutines, each with a maker that is a helper, convert the children of a large
// list or dict, one part of it at a time. A helper leaves a child to the goroutine that called it
// if the child contains a shared cell without a value, or needs an object. That goroutine converts
// those children afterwards, in the order of the pickle. If many children were left because of
// shared cells, it converts the shared cells alone, and then the helpers run once more.
//
// Invariant: while helpers run, the slots and the tape are only read.

// Sizes from which several goroutines are worthwhile. They are variables for tests.
var (
	splitCells = 1 << 15 // smallest number of cells in a container
	minPart    = 1 << 6  // smallest number of children in a part
	muchLeft   = 1 << 6  // number of children left for which the helpers run once more
)

const maxHelpers = 16

// splitJob is a container whose children several goroutines convert.
type splitJob struct {
	ids    []tape.ID  // the children, of a dict the values
	values []any      // the plain values of the children
	starts []int      // index of each child in values; nil if there are no runs
	dict   *splitKeys // nil for a list
	later  []uint32   // indexes of the children that the helpers left
	needs  []tape.ID  // shared cells that those children contain
	stage  splitStage
}

// splitKeys is what a splitJob has for a dict.
type splitKeys struct {
	pairs []tape.ID // keys and values in turn
	byStr map[string]any
	byAny map[any]any
}

// splitStage says which cells the frame of a splitJob converts.
type splitStage uint8

const (
	stageShared splitStage = iota // the shared cells in needs
	stageRest                     // the children in later
)

// workers returns how many goroutines may convert one container.
func (m *maker) workers() int {
	return Workers(m.c.workers)
}

// Workers returns the number of goroutines for an option of n; 0 means the default.
func Workers(n int) int {
	if n > 0 {
		return n
	}
	return min(runtime.GOMAXPROCS(0), maxHelpers)
}

// maySplit reports whether several goroutines should convert a container.
func (m *maker) maySplit(id tape.ID) bool {
	if m.helper || m.careful {
		return false
	}
	n := m.t.SubtreeSize(id)
	if n < splitCells || m.t.Kind(id) == tape.Dict && n < 2*m.t.Size(id) {
		return false // Most of the cells are keys, which one goroutine handles.
	}
	return m.workers() > 1 && !m.mostlyLeft(id)
}

// mostlyLeft reports whether helpers would leave most children of a container, judging by a sample
// of the first ones.
func (m *maker) mostlyLeft(id tape.ID) bool {
	const sample = 64 // children
	from, to, _ := m.t.Cursor(id).Next(m.t)
	ids := m.t.ChildrenIn(from, to)
	step, first := 1, 0
	if m.t.Kind(id) == tape.Dict {
		step, first = 2, 1
	}
	tested, left := 0, 0
	for i := first; i < len(ids) && tested < sample; i += step {
		tested++
		switch m.t.Kind(ids[i]) {
		case tape.Call:
			if m.t.IsInert(ids[i]) || m.t.IsShared(ids[i]) {
				left++
			}
		case tape.Tuple, tape.List, tape.Dict, tape.Set, tape.FrozenSet:
			if m.t.IsShared(ids[i]) {
				left++
			}
		}
	}
	return left > tested/2
}

// splitList is beginList for a large list or tuple.
func (m *maker) splitList(id tape.ID, at int) (any, error) {
	list := make([]any, m.t.Size(id))
	j := &splitJob{ids: m.t.Items(id), values: list}
	if m.t.HasRuns(id) {
		j.starts = make([]int, len(j.ids))
		start := 0
		for i, id := range j.ids {
			j.starts[i] = start
			start += m.t.ItemCount(id)
		}
	}
	return list, m.split(list, j, at)
}

// splitDict is beginDict and beginAnyDict for a large dict.
func (m *maker) splitDict(id tape.ID, at int) (any, error) {
	pairs := m.t.Items(id)
	n := len(pairs) / 2
	j := &splitJob{ids: make([]tape.ID, n), values: make([]any, n), dict: &splitKeys{pairs: pairs}}
	for i := range j.ids {
		j.ids[i] = pairs[2*i+1]
	}
	if m.t.OnlyStrKeys(id) {
		j.dict.byStr = make(map[string]any, n)
		return j.dict.byStr, m.split(j.dict.byStr, j, at)
	}
	j.dict.byAny = make(map[any]any, n)
	return j.dict.byAny, m.split(j.dict.byAny, j, at)
}

// split runs the helpers, and pushes a frame for what they leave.
func (m *maker) split(plain any, j *splitJob, at int) error {
	m.push(plain, cellFrame{kind: splitFrame, slot: at, split: j})
	f := &m.stack[len(m.stack)-1]
	f.height = m.help(j, nil)
	if len(j.later) >= muchLeft && len(j.needs) > 0 {
		f.ids = j.needs
		return nil
	}
	j.stage = stageRest
	f.ids = j.leftIDs()
	return nil
}

// leftIDs returns the cells of the children in j.later.
func (j *splitJob) leftIDs() []tape.ID {
	ids := make([]tape.ID, len(j.later))
	for i, child := range j.later {
		ids[i] = j.ids[child]
	}
	return ids
}

// start returns the index of a child in values.
func (j *splitJob) start(child int) int {
	if j.starts != nil {
		return j.starts[child]
	}
	return child
}

// putSplit stores v as the next child of a splitFrame.
func (f *cellFrame) putSplit(v any) {
	if j := f.split; j.stage == stageRest {
		j.values[j.start(int(j.later[f.next]))] = v
	}
	f.next++
}

// closeSplit ends a stage, and reports whether it was the last one.
func (m *maker) closeSplit(f *cellFrame) (done bool, err error) {
	j := f.split
	if j.stage == stageShared {
		later := j.later
		j.later, j.needs, j.stage = nil, nil, stageRest
		f.height = max(f.height, m.help(j, later))
		f.ids, f.next = j.leftIDs(), 0
		return false, nil
	}
	if j.dict == nil {
		return true, nil
	}
	return true, m.putPairs(j)
}

// putPairs stores the values of a dict, all of which are converted, in the map.
func (m *maker) putPairs(j *splitJob) error {
	d := j.dict
	if d.byStr != nil {
		for i, v := range j.values {
			d.byStr[m.key(d.pairs[2*i])] = v
		}
		return nil
	}
	f := cellFrame{ids: d.pairs, byAny: d.byAny}
	for _, v := range j.values {
		if err := m.putAny(&f, v); err != nil {
			return err
		}
	}
	return nil
}

// help runs the helpers on the given children, or on all if children is nil. It adds to j.later and
// j.needs, and returns the largest number of levels of a child.
func (m *maker) help(j *splitJob, children []uint32) (height int32) {
	n, count := m.workers(), len(children)
	if children == nil {
		count = len(j.ids)
	}
	size := max(count/(8*n), minPart)
	if j.starts != nil {
		size = max(count/(8*n), 1) // Each run is a single child but many values.
	}
	parts := (count + size - 1) / size
	n = min(n, parts)
	later := make([][]uint32, parts)
	makers := make([]*maker, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for i := range makers {
		makers[i] = m.newHelper()
		work := func() {
			for {
				part := int(next.Add(1)) - 1
				if part >= parts {
					return
				}
				from := part * size
				later[part] = makers[i].part(j, children, from, min(from+size, count))
			}
		}
		if i < n-1 {
			wg.Go(work)
		} else {
			work()
		}
	}
	wg.Wait()
	for _, l := range later {
		j.later = append(j.later, l...)
	}
	seen := map[tape.ID]bool{}
	for _, h := range makers {
		height = max(height, h.height)
		for _, id := range h.needs {
			if !seen[id] {
				seen[id] = true
				j.needs = append(j.needs, id)
			}
		}
	}
	return height
}

// newHelper returns a helper for children of the container that m has just pushed.
func (m *maker) newHelper() *maker {
	return &maker{shared: m.shared, making: making{
		c: m.c, p: m.p, t: m.t, owner: m.owner, base: m.base + len(m.stack), helper: true,
	}}
}

// part converts children[from:to], or the children from <= i < to if children is nil. It returns
// those that it leaves.
func (m *maker) part(j *splitJob, children []uint32, from, to int) (later []uint32) {
	for i := from; i < to; i++ {
		child := i
		if children != nil {
			child = int(children[i])
		}
		id := j.ids[child]
		start := j.start(child)
		if kind := m.t.Kind(id); kind.IsRun() {
			m.run(kind, id, j.values[start:])
			continue
		}
		v, err := m.make(id)
		if err == nil {
			j.values[start] = v
			continue
		}
		m.stack = m.stack[:0]
		later = append(later, uint32(child))
		const minTried = 32
		if tried := i - from; tried < minTried || len(later) <= tried/2 {
			continue
		}
		for i++; i < to; i++ { // Most attempts fail, so leave the remaining children too.
			child := i
			if children != nil {
				child = int(children[i])
			}
			later = append(later, uint32(child))
		}
	}
	return later
}

// addNeed adds a shared cell to m.needs.
func (m *maker) addNeed(id tape.ID) {
	const maxNeeds = 1 << 12
	if n := len(m.needs); n < maxNeeds && (n == 0 || m.needs[n-1] != id) {
		m.needs = append(m.needs, id)
	}
}
