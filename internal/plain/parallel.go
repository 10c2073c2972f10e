package plain

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/unpkl/unpkl/internal/tape"
)

// NOTE. What a large list or dict holds is made by several goroutines at once, a part at a time. A
// helper makes what can be made alone. What may be met again, and what an object is needed for, it
// leaves to the goroutine that called it, which does that in the order of the pickle. Where much
// was left because of values that are shared, those are made first, and then the helpers once more.
//
// Invariant: while helpers run, slots are only read, and so is the tape.

// What is worth several goroutines; variables for tests.
var (
	splitCells = 1 << 15 // cells
	minPart    = 1 << 6  // children that a helper takes at once
	muchLeft   = 1 << 6  // children that were left because of values that are shared
)

const maxHelpers = 16

// splitJob is a container whose children several goroutines make.
type splitJob struct {
	ids    []tape.ID // children, of a dict the values
	values []any     // where they go
	places []int     // where in values, if there are runs among the children
	dict   *splitKeys
	later  []uint32 // children that the helpers left
	needs  []tape.ID
	stage  splitStage
}

// splitKeys are those of a dict.
type splitKeys struct {
	pairs []tape.ID
	byStr map[string]any
	byAny map[any]any
}

type splitStage uint8

const (
	sharedFirst splitStage = iota // what is shared is being made
	inOrder                       // what the helpers left is being made
)

// workers returns how many goroutines may take part.
func (m *maker) workers() int {
	return Workers(m.c.workers)
}

// Workers returns how many goroutines may take part where the options say n.
func Workers(n int) int {
	if n > 0 {
		return n
	}
	return min(runtime.GOMAXPROCS(0), maxHelpers)
}

// maySplit reports whether a container is for several goroutines.
func (m *maker) maySplit(id tape.ID) bool {
	if m.helper || m.careful {
		return false
	}
	n := m.t.SubtreeSize(id)
	if n < splitCells || m.t.Kind(id) == tape.Dict && n < 2*m.t.Size(id) {
		return false // the keys of a dict are for one goroutine
	}
	return m.workers() > 1 && !m.mostlyLeft(id)
}

// mostlyLeft reports whether helpers would leave most of what a container holds, as far as a sample
// of its first children shows.
func (m *maker) mostlyLeft(id tape.ID) bool {
	const sample = 64 // children
	from, to, _ := m.t.Cursor(id).Next(m.t)
	ids := m.t.ChildrenIn(from, to)
	step, first := 1, 0
	if m.t.Kind(id) == tape.Dict {
		step, first = 2, 1
	}
	looked, left := 0, 0
	for i := first; i < len(ids) && looked < sample; i += step {
		looked++
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
	return left > looked/2
}

// splitList is beginList for a large one.
func (m *maker) splitList(id tape.ID, at int) (any, error) {
	list := make([]any, m.t.Size(id))
	j := &splitJob{ids: m.t.Items(id), values: list}
	if m.t.HasRuns(id) {
		j.places = make([]int, len(j.ids))
		place := 0
		for i, id := range j.ids {
			j.places[i] = place
			place += m.t.ItemCount(id)
		}
	}
	return list, m.split(list, j, at)
}

// splitDict is beginDict and beginOther for a large one.
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

// split has helpers make the children, and puts a frame for the rest on the stack.
func (m *maker) split(plain any, j *splitJob, at int) error {
	m.push(plain, cellFrame{kind: splitFrame, slot: at, split: j})
	f := &m.stack[len(m.stack)-1]
	f.height = m.help(j, nil)
	if len(j.later) >= muchLeft && len(j.needs) > 0 {
		f.ids = j.needs
		return nil
	}
	j.stage = inOrder
	f.ids = j.left()
	return nil
}

// left returns the cells of what the helpers left.
func (j *splitJob) left() []tape.ID {
	ids := make([]tape.ID, len(j.later))
	for i, child := range j.later {
		ids[i] = j.ids[child]
	}
	return ids
}

// place returns where a child goes.
func (j *splitJob) place(child int) int {
	if j.places != nil {
		return j.places[child]
	}
	return child
}

// putSplit stores the next child of a frame.
func (f *cellFrame) putSplit(v any) {
	if j := f.split; j.stage == inOrder {
		j.values[j.place(int(j.later[f.next]))] = v
	}
	f.next++
}

// closeSplit ends a stage, and reports whether it was the last one.
func (m *maker) closeSplit(f *cellFrame) (done bool, err error) {
	j := f.split
	if j.stage == sharedFirst {
		later := j.later
		j.later, j.needs, j.stage = nil, nil, inOrder
		f.height = max(f.height, m.help(j, later))
		f.ids, f.next = j.left(), 0
		return false, nil
	}
	if j.dict == nil {
		return true, nil
	}
	return true, m.putPairs(j)
}

// putPairs stores the values of a dict, all of which are there.
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

// help has several goroutines make children, all of them for nil. It returns how many levels those
// hold.
func (m *maker) help(j *splitJob, children []uint32) (height int32) {
	n, count := m.workers(), len(children)
	if children == nil {
		count = len(j.ids)
	}
	size := max(count/(8*n), minPart)
	if j.places != nil {
		size = max(count/(8*n), 1) // of runs each child is many
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
	met := map[tape.ID]bool{}
	for _, h := range makers {
		height = max(height, h.height)
		for _, id := range h.needs {
			if !met[id] {
				met[id] = true
				j.needs = append(j.needs, id)
			}
		}
	}
	return height
}

// newHelper returns a maker of values inside the container that m begins.
func (m *maker) newHelper() *maker {
	return &maker{shared: m.shared, making: making{
		c: m.c, p: m.p, t: m.t, owner: m.owner, base: m.base + len(m.stack), helper: true,
	}}
}

// part makes the children from one to another, which for nil are all, and returns those that it
// leaves.
func (m *maker) part(j *splitJob, children []uint32, from, to int) (later []uint32) {
	for i := from; i < to; i++ {
		child := i
		if children != nil {
			child = int(children[i])
		}
		id := j.ids[child]
		place := j.place(child)
		if kind := m.t.Kind(id); kind.IsRun() {
			m.run(kind, id, j.values[place:])
			continue
		}
		v, err := m.make(id)
		if err == nil {
			j.values[place] = v
			continue
		}
		m.stack = m.stack[:0]
		later = append(later, uint32(child))
		const few = 32
		if done := i - from; done < few || len(later) <= done/2 {
			continue
		}
		for i++; i < to; i++ { // the rest is likely to be like that
			child := i
			if children != nil {
				child = int(children[i])
			}
			later = append(later, uint32(child))
		}
	}
	return later
}

// need notes a cell that has to be made before a helper can go on.
func (m *maker) need(id tape.ID) {
	const most = 1 << 12
	if n := len(m.needs); n < most && (n == 0 || m.needs[n-1] != id) {
		m.needs = append(m.needs, id)
	}
}
