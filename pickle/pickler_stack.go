package pickle

import (
	"iter"
	"reflect"

	"github.com/nlpodyssey/gopickle/types"
)

// taskKind says what a task does.
type taskKind uint8

const (
	taskOp        taskKind = iota // write op, n times
	taskItems                     // items in batches: list, set, items of an object
	taskAnys                      // elements of a Go []any as list items
	taskPairs                     // pairs of a dict in batches
	taskTuple                     // items of a tuple, then the tuple
	taskTuple1                    // the tuple of the one item written, n of them around each other
	taskFrozenSet                 // items of a frozenset, then the frozenset
	taskReduce                    // an object, step by step
	taskGoSlice                   // elements of a Go slice or array as list items
	taskGoTuple                   // elements of a Go array as a tuple
	taskGoMap                     // sorted pairs of a Go map
	taskAnyMap                    // the same of a map[string]any
	taskGoStruct                  // fields of a Go struct
)

// task is something half written. Tasks stack up where Python's pickler recurses; they are as
// deep as the data, so they are small, and what only some kinds have lies on stacks beside
// theirs.
type task struct {
	kind taskKind
	// phase counts the steps of an object; for items and pairs it says what was
	// done of one.
	phase uint8
	op    Opcode
	// exact: an exact list or dict, whose last batch of one item CPython
	// writes differently from that of an iterator.
	exact  bool
	noMemo bool // a tuple without identity
	i      int  // items begun
	n      int  // items in all
}

// reduceTask is the object of a taskReduce.
type reduceTask struct {
	obj    *Object
	id     objectID
	pooled bool // obj was made by madeObject
	// dropped says that the result is popped: neither it nor the tuple of its arguments goes into
	// the memo.
	dropped bool
}

// goTask is the value of a task for a typed Go value.
type goTask struct {
	plan  *plan
	val   reflect.Value
	pairs []goPair
	// Of a struct:
	addr address  // where it is, if that is known
	keys []uint32 // memo index plus 1 of each field name
	// If the plan is not whole, last is the index of the field written last, and present
	// has, where at is known, a bit for each that is still to be written.
	last    int
	present uint64
}

// taskStack holds the tasks, and for each, by its kind, what it works on.
type taskStack struct {
	tasks       chunks[task]
	items       chunks[[]any]      // taskItems, taskAnys, taskTuple, taskFrozenSet
	ids         chunks[objectID]   // taskFrozenSet
	tuple1Items chunks[*any]       // taskTuple1: the item of each, nil for a fresh tuple
	dicts       chunks[types.Dict] // taskPairs
	objects     chunks[reduceTask] // taskReduce
	pool        []*Object          // that were made and are not used any more
	values      chunks[goTask]     // taskGoSlice, taskGoTuple, taskGoMap, taskGoStruct
	maps        chunks[anyMapTask] // taskAnyMap
	// mapValues are the values of maps, those of the map on top last.
	mapValues []any
}

// release makes a stack that is empty ready for another Dump.
func (s *taskStack) release() {
	s.tasks.release()
	s.items.release()
	s.ids.release()
	s.tuple1Items.release()
	s.dicts.release()
	s.objects.release()
	s.values.release()
	s.maps.release()
	if cap(s.mapValues) > maxKeptItems {
		s.mapValues = nil
	}
	if cap(s.pool) > maxKeptItems {
		s.pool = nil
	}
}

// madeObject returns an empty Object, for a task that nothing else gets it from.
func (s *taskStack) pooledObject() *Object {
	n := len(s.pool)
	if n == 0 {
		return new(Object)
	}
	o := s.pool[n-1]
	s.pool = s.pool[:n-1]
	return o
}

// depth returns the number of tasks.
func (s *taskStack) depth() int { return s.tasks.n }

// pop removes the task on top and what it works on.
func (s *taskStack) pop() {
	switch s.tasks.top().kind {
	case taskFrozenSet:
		s.ids.pop()
		s.items.pop()
	case taskItems, taskAnys, taskTuple:
		s.items.pop()
	case taskPairs:
		s.dicts.pop()
	case taskReduce:
		if r := s.objects.top(); r.pooled {
			*r.obj = Object{}
			s.pool = append(s.pool, r.obj)
		}
		s.objects.pop()
	case taskGoSlice, taskGoTuple, taskGoMap, taskGoStruct:
		s.values.pop()
	case taskAnyMap:
		m := s.maps.top()
		m.set.users--
		s.popMapValues(m.first)
		s.maps.pop()
	}
	s.tasks.pop()
}

// popMapValues removes the values from first on.
func (s *taskStack) popMapValues(first int) {
	clear(s.mapValues[first:])
	s.mapValues = s.mapValues[:first]
}

// pushOp adds a task that writes op. Of equal ones on top of each other, as lists of one item
// inside of each other leave them, there is one.
func (s *taskStack) pushOp(op Opcode) {
	if s.tasks.n > 0 {
		if t := s.tasks.top(); t.kind == taskOp && t.op == op {
			t.n++
			return
		}
	}
	s.tasks.push(task{kind: taskOp, op: op, n: 1})
}

// pushTuple1 adds the tuple of an item that is about to be written, with those around it in one
// task.
func (s *taskStack) pushTuple1(item *any) {
	s.tuple1Items.push(item)
	if s.tasks.n > 0 {
		if t := s.tasks.top(); t.kind == taskTuple1 {
			t.n++
			return
		}
	}
	s.tasks.push(task{kind: taskTuple1, n: 1})
}

func (s *taskStack) pushItems(t task, items []any) {
	t.n = len(items)
	s.tasks.push(t)
	s.items.push(items)
}

func (s *taskStack) pushPairs(t task, pairs types.Dict) {
	t.n = len(pairs)
	s.tasks.push(t)
	s.dicts.push(pairs)
}

func (s *taskStack) pushValue(t task, v goTask) {
	s.tasks.push(t)
	s.values.push(v)
}

// chunks is a stack whose elements stay where they are: it grows by chunks, without a
// copy. The zero value is empty.
type chunks[T any] struct {
	last  []T   // the chunk on top, empty only if the stack is
	below [][]T // those under it, all full
	spare []T   // one kept for the next push
	n     int
}

const (
	firstChunk = 16
	chunkItems = 512
)

func (c *chunks[T]) push(v T) {
	if len(c.last) == cap(c.last) {
		c.grow()
	}
	c.last = append(c.last, v)
	c.n++
}

func (c *chunks[T]) grow() {
	next := c.spare
	c.spare = nil
	if c.last == nil {
		c.last = make([]T, 0, firstChunk)
		return
	}
	if next == nil {
		next = make([]T, 0, chunkItems)
	}
	c.below = append(c.below, c.last)
	c.last = next
}

// top returns the element on top of a stack that is not empty. It is valid until that is popped.
func (c *chunks[T]) top() *T { return &c.last[len(c.last)-1] }

func (c *chunks[T]) pop() {
	var zero T
	end := len(c.last) - 1
	c.last[end] = zero
	c.last = c.last[:end]
	c.n--
	if end == 0 && len(c.below) > 0 {
		c.spare = c.last
		c.last = c.below[len(c.below)-1]
		c.below = c.below[:len(c.below)-1]
	}
}

// release gives up the memory of an empty stack but for a small piece.
func (c *chunks[T]) release() {
	if c.below != nil {
		*c = chunks[T]{last: c.last}
	}
}

// at returns the i-th element from the bottom.
func (c *chunks[T]) at(i int) *T {
	for _, chunk := range c.below {
		if i < len(chunk) {
			return &chunk[i]
		}
		i -= len(chunk)
	}
	return &c.last[i]
}

// all yields the elements from the bottom.
func (c *chunks[T]) all() iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for _, chunk := range c.below {
			for i := range chunk {
				if !yield(&chunk[i]) {
					return
				}
			}
		}
		for i := range c.last {
			if !yield(&c.last[i]) {
				return
			}
		}
	}
}
