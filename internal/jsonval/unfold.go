package jsonval

import (
	"errors"
	"math"

	"github.com/unpkl/unpkl/pickle"
)

// unfoldAt is the size of a document, in bytes, at which its total size is estimated before more is
// written.
const unfoldAt = 32 << 20

// ErrUnfolds is returned for a document that reaches Options.RefsAt mainly because containers that
// occur several times are written several times. With Refs it is small.
var ErrUnfolds = errors.New("containers that are met again are most of the document")

// unfolds is the ratio, of the size of a document to its size with Refs, from which ErrUnfolds is
// returned.
const unfolds = 4

// checkSize is called when total bytes were written, including the document so far. It returns an
// error if the document will exceed the limit of the output, or for ErrUnfolds.
func (e *Encoder) checkSize(total int64) error {
	size := total - e.docStart
	if e.o.MeasureAt > 0 {
		return e.predict(size)
	}
	tooLarge := !e.measured && size >= unfoldAt
	refs := !e.o.Refs && e.o.RefsAt > 0 && size >= e.o.RefsAt && !e.compared
	if !tooLarge && !refs {
		return nil
	}
	budget := e.limits.OutputBytes - e.docStart
	m := measure{e: e, known: make(map[any]int64), budget: budget}
	if err := m.walk(e.doc); err != nil {
		return err
	}
	e.measured = e.measured || tooLarge
	e.compared = e.compared || refs
	if refs && m.tree/unfolds > m.graph {
		return ErrUnfolds
	}
	if tooLarge && (m.tree > budget || m.overflow) {
		return &pickle.LimitError{Limit: "OutputBytes", Max: e.limits.OutputBytes, Want: m.tree}
	}
	return nil
}

// predict is checkSize for Options.MeasureAt.
func (e *Encoder) predict(size int64) error {
	if size < e.o.MeasureAt || e.compared {
		return nil
	}
	e.measured, e.compared = true, true
	budget := e.limits.OutputBytes - e.docStart
	m := measure{e: e, known: make(map[any]int64), budget: budget}
	if err := m.walk(e.doc); err != nil {
		return err
	}
	large := m.overflow || m.tree >= e.o.RefsAt
	if !e.o.Refs && e.o.RefsAt > 0 && large && m.tree/unfolds > m.graph {
		return ErrUnfolds
	}
	if m.tree > budget || m.overflow {
		return &pickle.LimitError{Limit: "OutputBytes", Max: e.limits.OutputBytes, Want: m.tree}
	}
	return nil
}

// measure estimates the size of a document without writing it. It visits each container once, so it
// takes time linear in the size of the input, while writing takes time linear in the size of the
// output.
type measure struct {
	e     *Encoder
	stack []unfolding
	known map[any]int64 // size of each container, by identity; 0 while it is on the stack
	// tree is a lower bound of the size of the document, in bytes, and graph a lower bound of its
	// size if each container is written once.
	tree, graph int64
	overflow    bool  // whether tree overflowed
	budget      int64 // the largest permitted graph
}

// unfolding is a container whose size is being added up.
type unfolding struct {
	members
	next int
	sum  int64
	id   any
}

// walk measures v with everything in it.
func (m *measure) walk(v any) error {
	if err := m.enter(v); err != nil {
		return err
	}
	for len(m.stack) > 0 {
		top := &m.stack[len(m.stack)-1]
		if top.next < top.len() {
			_, v, err := top.at(top.next)
			if err != nil {
				return err
			}
			top.next++
			if err := m.enter(v); err != nil {
				return err
			}
			continue
		}
		sum := top.sum
		if top.id != nil {
			m.known[top.id] = sum
		}
		m.stack = m.stack[:len(m.stack)-1]
		m.add(sum)
	}
	return nil
}

// add adds n to the size of the innermost container.
func (m *measure) add(n int64) {
	sum := &m.tree
	if top := len(m.stack) - 1; top >= 0 {
		sum = &m.stack[top].sum
	}
	if n > math.MaxInt64-*sum {
		n, m.overflow = math.MaxInt64-*sum, true
	}
	*sum += n
}

// addOwn adds n bytes that the innermost container has itself, without the containers in it.
func (m *measure) addOwn(n int64) error {
	if m.graph += n; m.graph > m.budget {
		max := m.e.limits.OutputBytes
		return &pickle.LimitError{Limit: "OutputBytes", Max: max, Want: m.graph + m.e.docStart}
	}
	m.add(n)
	return nil
}

// enter adds the size of v if it is known or v is a leaf, and pushes v otherwise.
func (m *measure) enter(v any) error {
	id := identity(v)
	if id != nil && m.e.isOnce(v) {
		id = nil
	}
	if id != nil {
		if n, ok := m.known[id]; ok {
			m.add(n)
			return nil
		}
	}
	j, err := m.e.expand(v)
	if err != nil {
		return err
	}
	inner, ok := j.(members)
	_, isStreamed := j.(streamed)
	switch depth := m.e.limits.Depth; {
	case !ok || isStreamed:
		return m.addOwn(leafSize(j))
	case len(m.stack) >= depth:
		return &pickle.LimitError{Limit: "Depth", Max: int64(depth), Want: int64(len(m.stack)) + 1}
	}
	if id != nil {
		m.known[id] = 0
	}
	m.stack = append(m.stack, unfolding{members: inner, id: id})
	return m.addOwn(1 + int64(inner.len()))
}

// leafSize returns a lower bound of the size of a leaf in JSON, in bytes.
func leafSize(v any) int64 {
	switch v := v.(type) {
	case string:
		return int64(len(v))
	case base64Bytes:
		return int64(len(v))
	case streamed:
		return v.minSize()
	}
	return 1
}
