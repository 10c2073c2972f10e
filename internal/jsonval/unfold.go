package jsonval

import (
	"errors"
	"math"

	"github.com/unpkl/unpkl/pickle"
)

// unfoldAt is the size of a document, in bytes, at which the rest is measured
// before more is written.
const unfoldAt = 32 << 20

// ErrUnfolds is the error of a document that has passed Options.RefsAt and is so large because
// containers that are met again are written again: with Refs it is small.
var ErrUnfolds = errors.New("containers that are met again are most of the document")

// unfolds is how many times as large as each container once a document is for ErrUnfolds.
const unfolds = 4

// checkSize looks at a document of which total bytes are written: it is an error if it cannot stay
// within the limit of the output, or if it is large for what is met again alone.
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
	most := e.limits.OutputBytes - e.docStart
	m := measure{e: e, known: make(map[any]int64), most: most}
	if err := m.walk(e.doc); err != nil {
		return err
	}
	e.measured = e.measured || tooLarge
	e.compared = e.compared || refs
	if refs && m.tree/unfolds > m.graph {
		return ErrUnfolds
	}
	if tooLarge && (m.tree > most || m.endless) {
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
	most := e.limits.OutputBytes - e.docStart
	m := measure{e: e, known: make(map[any]int64), most: most}
	if err := m.walk(e.doc); err != nil {
		return err
	}
	large := m.endless || m.tree >= e.o.RefsAt
	if !e.o.Refs && e.o.RefsAt > 0 && large && m.tree/unfolds > m.graph {
		return ErrUnfolds
	}
	if m.tree > most || m.endless {
		return &pickle.LimitError{Limit: "OutputBytes", Max: e.limits.OutputBytes, Want: m.tree}
	}
	return nil
}

// measure is a walk over a document that looks at each container once, so that it takes time
// linear in the input, where writing takes time linear in the output.
type measure struct {
	e     *Encoder
	stack []unfolding
	known map[any]int64 // by identity; 0 while the container is on the stack
	// tree is a lower bound of the size of the document, in bytes, and graph of that in which
	// each container is written once.
	tree, graph int64
	endless     bool  // tree is more than fits
	most        int64 // what graph may be, which ends the walk
}

// unfolding is a container whose size is being summed up.
type unfolding struct {
	members
	next int
	sum  int64
	id   any
}

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

// add adds to the size of what the innermost container holds.
func (m *measure) add(n int64) {
	sum := &m.tree
	if top := len(m.stack) - 1; top >= 0 {
		sum = &m.stack[top].sum
	}
	if n > math.MaxInt64-*sum {
		n, m.endless = math.MaxInt64-*sum, true
	}
	*sum += n
}

// once adds to the innermost container what it holds itself.
func (m *measure) once(n int64) error {
	if m.graph += n; m.graph > m.most {
		max := m.e.limits.OutputBytes
		return &pickle.LimitError{Limit: "OutputBytes", Max: max, Want: m.graph + m.e.docStart}
	}
	m.add(n)
	return nil
}

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
	_, whole := j.(streamed)
	switch depth := m.e.limits.Depth; {
	case !ok || whole:
		return m.once(leafSize(j))
	case len(m.stack) >= depth:
		return &pickle.LimitError{Limit: "Depth", Max: int64(depth), Want: int64(len(m.stack)) + 1}
	}
	if id != nil {
		m.known[id] = 0
	}
	m.stack = append(m.stack, unfolding{members: inner, id: id})
	return m.once(1 + int64(inner.len()))
}

// leafSize returns a lower bound of the length of a leaf in JSON.
func leafSize(v any) int64 {
	switch v := v.(type) {
	case string:
		return int64(len(v))
	case base64Bytes:
		return int64(len(v))
	case streamed:
		return v.atLeast()
	}
	return 1
}
