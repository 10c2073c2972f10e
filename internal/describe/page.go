package describe

import (
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
)

// Place is a value inside of another, with what leads to it.
type Place struct {
	// At is the pointer to the value.
	At pointer.Pointer
	// Value is what lookup.Reader.Resolve returned.
	Value any

	// met are the containers on the way, with their pointers.
	met map[any]string
}

// Root returns the place of the first value of a file.
func Root(r *lookup.Reader, v any) (Place, error) {
	p := Place{met: map[any]string{}}
	return p.enter(r, v)
}

// enter adds the value of a place.
func (p Place) enter(r *lookup.Reader, v any) (Place, error) {
	if id := identity(v); id != nil {
		p.met[id] = p.At.String()
	}
	var err error
	p.Value, err = r.Resolve(v)
	return p, err
}

// Step returns the place that a token leads to.
func (p Place) Step(r *lookup.Reader, token string) (Place, error) {
	v, err := r.Step(p.Value, token)
	if err != nil {
		return Place{}, err
	}
	next := Place{At: p.At.Child(token), met: p.met}
	return next.enter(r, v)
}

// Node describes the value without what is inside it; Node.More is how many values that is.
func (p Place) Node(r *lookup.Reader) *Node {
	d := &describer{r: r, met: map[any]string{}}
	token := ""
	if len(p.At) > 0 {
		token = p.At[len(p.At)-1]
	}
	return d.node(token, p.Value, p.At, 0)
}

// Children describes at most count of the values inside, from the first on, and returns how many
// there are. A value that is one of those around it says so.
func (p Place) Children(r *lookup.Reader, first, count int) (nodes []*Node, all int) {
	parts, ok := r.Parts(p.Value)
	if fields, isStruct := fieldParts(p.Value); isStruct {
		parts = fields
	} else if !ok || !opens(p.Value) {
		return nil, 0
	}
	d := &describer{r: r, met: p.met}
	_, isTable := p.Value.(*frame.Frame)
	for i := first; i < parts.Len && i-first < count; i++ {
		token, child := parts.At(i)
		id := identity(child)
		_, around := p.met[id]
		n := d.node(token, child, p.At.Child(token), 0)
		if id != nil && !around {
			delete(p.met, id) // a sibling is no container of the next one
		}
		if isTable {
			n.Kind = "column"
		}
		nodes = append(nodes, n)
	}
	return nodes, parts.Len
}

// Line says what a node is in the words of the tree: its type, and its memory if it is an array.
func (n *Node) Line() (kind, size string) { return typeText(n), sizeText(n) }
