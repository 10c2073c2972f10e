package pickle

import (
	"iter"
	"reflect"

	"github.com/nlpodyssey/gopickle/types"
)

// taskKind is the kind of a task.
type taskKind uint8

const (
	taskOp        taskKind = iota // write op n times
	taskItems                     // write items in batches: of a list, set or object
	taskAnys                      // write the elements of a Go []any as the items of a list
	taskPairs                     // write pairs in batches: of a dict or object
	taskTuple                     // write the items of a tuple, then the opcode that makes it
	taskTuple1                    // write the opcodes that make n nested tuples of one item
	taskFrozenSet                 // write the items of a frozenset, then the opcode that makes it
	taskReduce                    // write an object in several phases
	taskGoSlice                   // write the elements of a Go slice or array as items of a list
	taskGoTuple                   // write the elements of a Go array as a tuple
	taskGoMap                     // write the sorted pairs of a Go map
	taskAnyMap                    // write the sorted pairs of a map[string]any
	taskGoStruct                  // write the fields of a Go struct
)

// task is the rest of a value that is being written. The Pickler has a stack of tasks where
// Python's pickler recurses. The stack is as deep as the data, so tasks are small: what only some
// kinds need is on other stacks of taskStack.
type task struct {
	kind taskKind
	// phase is the phase of an object. For items and pairs it says what was written of the current
	// one.
	phase uint8
	op    Opcode // the opcode that ends a batch, or that makes the object
	// exact says that the container is a list or dict itself. CPython writes the items that an
	// object adds, which come from an iterator, in other batches.
	exact  bool
	noMemo bool // the tuple, or the tuple of an object's arguments, has no identity
	i      int  // number of items that were begun
	n      int  // number of items
}

// reduceTask is the object of a taskReduce.
type reduceTask struct {
	obj    *Object
	id     objectID
	pooled bool // obj is from pooledObject
	// dropped says that the result of the call is popped. Neither the result nor the tuple of
	// arguments is then memoized.
	dropped bool
}

// goTask is the value of a task for a typed Go value.
type goTask struct {
	plan  *plan
	val   reflect.Value
	pairs []goPair // of a map

	// The other fields are for structs.
	addr address  // the address of the struct, or none if it is not known
	keys []uint32 // memo index plus 1 of each field name, or 0
	// If fields may be left out, last is the index of the field written last. If addr is known
	// too, present has a bit for each field that is still to be written.
	last    int
	present uint64
}

// taskStack has the tasks and, by their kinds, the values that they write.
type taskStack struct {
	tasks       chunks[task]
	items       chunks[[]any]      // for taskItems, taskAnys, taskTuple and taskFrozenSet
	ids         chunks[objectID]   // for taskFrozenSet
	tuple1Items chunks[*any]       // for taskTuple1: the item of each tuple, or nil with noMemo
	dicts       chunks[types.Dict] // for taskPairs
	objects     chunks[reduceTask] // for taskReduce
	pool        []*Object          // objects for pooledObject
	values      chunks[goTask]     // for taskGoSlice, taskGoTuple, taskGoMap and taskGoStruct
	maps        chunks[anyMapTask] // for taskAnyMap
	// mapValues has the values of the maps in maps. The values of the topmost map are the last
	// ones.
	mapValues []any
}

// release drops large memory of an empty stack.
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

// pooledObject returns an empty Object for a reduceTask. Nothing else may keep it, since pop
// returns it to the pool.
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

// pop removes the topmost task and its value.
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

// popMapValues removes the values from index first on.
func (s *taskStack) popMapValues(first int) {
	clear(s.mapValues[first:])
	s.mapValues = s.mapValues[:first]
}

// pushOp pushes a task that writes op. If the topmost task writes op too, as in nested lists of one
// item, it increases its count instead.
func (s *taskStack) pushOp(op Opcode) {
	if s.tasks.n > 0 {
		if t := s.tasks.top(); t.kind == taskOp && t.op == op {
			t.n++
			return
		}
	}
	s.tasks.push(task{kind: taskOp, op: op, n: 1})
}

// pushTuple1 pushes a task for the tuple of one item that is written next. Nested tuples of one
// item have one task.
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

// chunks is a stack that grows by chunks, so that its elements are never moved. The zero value is
// empty.
type chunks[T any] struct {
	last  []T   // the topmost chunk, which is empty only if the stack is
	below [][]T // the chunks below it, all of them full
	spare []T   // memory for the next chunk
	n     int   // number of elements
}

// The capacities of the first chunk and of all others.
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

// top returns the topmost element of a stack that is not empty. The pointer is valid until the
// element is popped.
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

// release drops the memory of an empty stack, except the first chunk.
func (c *chunks[T]) release() {
	if c.below != nil {
		*c = chunks[T]{last: c.last}
	}
}

// at returns the i-th element, counted from the bottom.
func (c *chunks[T]) at(i int) *T {
	for _, chunk := range c.below {
		if i < len(chunk) {
			return &chunk[i]
		}
		i -= len(chunk)
	}
	return &c.last[i]
}

// all yields the elements, beginning at the bottom.
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
