package describe

import (
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
)

// Place is a value inside a file together with the pointer to it. It lets a caller walk through the
// file one step at a time and list the values of a container page by page.
type Place struct {
	// At is the pointer to the value.
	At pointer.Pointer
	// Value is the value as lookup.Reader.Resolve returns it.
	Value any

	// around maps the containers on the way to this place to their pointers. All places that were
	// reached from one Root share the map.
	around map[any]string
}

// Root returns the place of v, which is the value of a whole file.
func Root(r *lookup.Reader, v any) (Place, error) {
	p := Place{around: map[any]string{}}
	return p.enter(r, v)
}

// enter returns p with v as its value, and records v as one of the containers on the way.
func (p Place) enter(r *lookup.Reader, v any) (Place, error) {
	if id := identity(v); id != nil {
		p.around[id] = p.At.String()
	}
	var err error
	p.Value, err = r.Resolve(v)
	return p, err
}

// Step returns the place of the value inside p that a token of a pointer names.
func (p Place) Step(r *lookup.Reader, token string) (Place, error) {
	v, err := r.Step(p.Value, token)
	if err != nil {
		return Place{}, err
	}
	next := Place{At: p.At.Child(token), around: p.around}
	return next.enter(r, v)
}

// Node describes the value without its children. Node.More is the number of values inside it.
func (p Place) Node(r *lookup.Reader) *Node {
	d := &describer{r: r, shown: map[any]string{}}
	token := ""
	if len(p.At) > 0 {
		token = p.At[len(p.At)-1]
	}
	return d.node(token, p.Value, p.At, 0)
}

// Children describes at most count of the values inside p, starting at position first, and returns
// the number of all of them. The node of a value that contains p, which a cycle makes possible,
// gives that value's pointer as Node.Same.
func (p Place) Children(r *lookup.Reader, first, count int) (nodes []*Node, all int) {
	parts, ok := r.Parts(p.Value)
	if fields, isStruct := fieldParts(p.Value); isStruct {
		parts = fields
	} else if !ok || !hasChildren(p.Value) {
		return nil, 0
	}
	d := &describer{r: r, shown: p.around}
	_, isTable := p.Value.(*frame.Frame)
	for i := first; i < parts.Len && i-first < count; i++ {
		token, child := parts.At(i)
		id := identity(child)
		_, isAround := p.around[id]
		n := d.node(token, child, p.At.Child(token), 0)
		if id != nil && !isAround {
			delete(p.around, id) // node recorded it, but it contains none of its siblings
		}
		if isTable {
			n.Kind = "column"
		}
		nodes = append(nodes, n)
	}
	return nodes, parts.Len
}

// Line returns the type and the size of a node as Write shows them; size is empty for a value that
// is no array or table.
func (n *Node) Line() (kind, size string) { return typeText(n), sizeText(n) }
