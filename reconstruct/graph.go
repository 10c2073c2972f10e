package reconstruct

import (
	"fmt"
	"math"
	"math/big"
	"reflect"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/jsonhook"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// Graph is a graph of NetworkX: nodes, and edges between them, each with attributes.
type Graph struct {
	origin
	// Directed is true for DiGraph and MultiDiGraph. Multi is true for MultiGraph and MultiDiGraph,
	// in which two nodes may have several edges.
	Directed, Multi bool
	// Attrs is the dict of the graph's own attributes.
	Attrs any
	// Nodes and Edges are in the order in which NetworkX iterates them. An undirected edge occurs
	// once.
	Nodes []GraphNode
	Edges []GraphEdge
}

// GraphNode is a node of a [Graph].
type GraphNode struct {
	ID    any // the node as NetworkX identifies it: any hashable value
	Attrs any // a dict
}

// GraphEdge is an edge of a [Graph].
type GraphEdge struct {
	From, To int // indices of nodes
	// Key distinguishes the edges between the same two nodes of a multigraph; else it is nil.
	Key   any
	Attrs any // a dict
}

// readNetworkX reads NetworkX's four graph classes and their subclasses.
//
// Reference: networkx/classes/graph.py. Before 2.0 the attributes were named node, adj and edge.
func readNetworkX(inst namedInstance) (any, error) {
	planar := inst.Class.Name == "PlanarEmbedding" // a DiGraph
	if !planar && !hasSuffix(inst.Class.Name, "Graph") {
		return nil, nil
	}
	state, ok := textKeys(inst.State)
	if !ok {
		return nil, nil
	}
	nodes, hasNodes := first(state, "_node", "node")
	adjacency, hasEdges := first(state, "_adj", "adj")
	if !hasNodes || !hasEdges {
		return nil, nil // a view of another graph
	}
	g := &Graph{Attrs: state["graph"]}
	g.Directed = planar || hasSuffix(inst.Class.Name, "DiGraph")
	g.Multi = hasPrefix(inst.Class.Name, "Multi")
	if isView(nodes) || isView(adjacency) {
		return nil, nil // a view that shows part of another graph
	}
	entries, ok := dictEntries(nodes)
	if !ok {
		return nil, pickle.Malformed("nodes of %s", typeName(nodes))
	}
	r := graphReader{g: g, index: make(map[any]int, len(entries)), seen: map[*types.Dict]bool{}}
	for i, e := range entries {
		g.Nodes = append(g.Nodes, GraphNode{e.Key, e.Value})
		r.index[nodeKey(e.Key, 0)] = i
	}
	if entries, ok = dictEntries(adjacency); !ok {
		return nil, pickle.Malformed("edges of %s", typeName(adjacency))
	}
	return g, r.adjacency(entries)
}

// isView reports whether nodes or edges are an object of NetworkX rather than a dict.
func isView(v any) bool {
	o, ok := v.(*pickle.Object)
	if !ok {
		return false
	}
	inst, ok := named(o)
	return ok && hasPrefix(inst.Class.Module, "networkx.")
}

// graphReader reads the edges of a graph.
type graphReader struct {
	g     *Graph
	index map[any]int // index of each node, by nodeKey
	// seen has the attribute dicts of undirected edges already added. NetworkX stores the same dict
	// (for a multigraph, a dict of dicts) at both ends of an edge.
	seen map[*types.Dict]bool
}

func (r *graphReader) adjacency(outer types.Dict) error {
	for _, from := range outer {
		u, err := r.node(from.Key)
		if err != nil {
			return err
		}
		inner, ok := dictEntries(from.Value)
		if !ok {
			return pickle.Malformed("edges of a node of %s", typeName(from.Value))
		}
		for _, to := range inner {
			v, err := r.node(to.Key)
			if err != nil {
				return err
			}
			if err := r.edge(u, v, to.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// edge adds the edge or edges from u to v.
func (r *graphReader) edge(u, v int, data any) error {
	d, isDict := data.(*types.Dict)
	if isDict && !r.g.Directed {
		if r.seen[d] {
			return nil
		}
		r.seen[d] = true
	}
	if !r.g.Multi {
		r.g.Edges = append(r.g.Edges, GraphEdge{From: u, To: v, Attrs: data})
		return nil
	}
	keys, ok := dictEntries(data)
	if !ok {
		return pickle.Malformed("the edges between two nodes are %s, want a dict", typeName(data))
	}
	for _, e := range keys {
		r.g.Edges = append(r.g.Edges, GraphEdge{From: u, To: v, Key: e.Key, Attrs: e.Value})
	}
	return nil
}

// node returns the index of a node.
func (r *graphReader) node(id any) (int, error) {
	i, ok := r.index[nodeKey(id, 0)]
	if !ok {
		return 0, pickle.Malformed("an edge at %s, which is no node", shown(id))
	}
	return i, nil
}

// noneNode is the key of None, and of unhashable values, which cannot be nodes.
type noneNode struct{}

// nodeKey returns a Go map key for a node. Numbers, text and tuples of those are compared by value,
// as Python does; other values by identity, because a pickle holds one object for each node.
func nodeKey(v any, depth int) any {
	if s, ok := v.(*ndarray.Scalar); ok {
		v = s.Value()
	}
	switch x := v.(type) {
	case nil:
		return noneNode{}
	case bool:
		if x {
			return 1
		}
		return 0
	case int8, int16, int32, int64, uint8, uint16, uint32, float32:
		return nodeKey(toNumber(x), depth)
	case float64:
		if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
			return int(x)
		}
	case []byte:
		return pickle.Bytes(x)
	case *types.Tuple:
		const deepest, longest = 8, 64
		if depth == deepest || len(*x) > longest {
			return v
		}
		key := "("
		for _, item := range *x {
			key += nodeText(nodeKey(item, depth+1)) + ","
		}
		return tupleNode(key + ")")
	}
	if _, err := pickle.NewSet(v); err != nil {
		return noneNode{} // an unhashable value cannot be a key of a dict
	}
	if k, ok := v.(pickle.KeyValue); ok {
		if key, err := k.PyKey(); err == nil {
			return key
		}
	}
	return v
}

// nodeText returns the part of a tuple's key for a node key k. It never prints what k points to,
// which may hold itself.
func nodeText(k any) string {
	text := fmt.Sprintf("%p", k)
	if kind := reflect.ValueOf(k).Kind(); kind != reflect.Pointer {
		text = fmt.Sprint(k)
	} else if n, ok := k.(*big.Int); ok {
		text = n.String()
	}
	return fmt.Sprintf("%T:%d:%s", k, len(text), text)
}

// tupleNode is the node key of a tuple.
type tupleNode string

// toNumber converts a sized Go number to int or float64.
func toNumber(v any) any {
	switch x := v.(type) {
	case int8:
		return int(x)
	case int16:
		return int(x)
	case int32:
		return int(x)
	case int64:
		return int(x)
	case uint8:
		return int(x)
	case uint16:
		return int(x)
	case uint32:
		return float64(x)
	case float32:
		return float64(x)
	}
	return v
}

// MarshalJSON returns the form of to-json --arrays=values.
func (g *Graph) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(g) }

// Form implements [LibraryValue].
func (g *Graph) Form() string { return "$graph" }

// Parts implements [LibraryValue]. A node is the pair (ID, attributes); an edge is (from, to,
// attributes), or (from, to, key, attributes) in a multigraph, where from and to are IDs.
func (g *Graph) Parts() []Part {
	nodes := make([]any, len(g.Nodes))
	for i, n := range g.Nodes {
		nodes[i] = types.NewTupleFromSlice([]any{n.ID, n.Attrs})
	}
	edges := make([]any, 0, len(g.Edges))
	for _, e := range g.Edges {
		edge := []any{g.id(e.From), g.id(e.To)}
		if g.Multi {
			edge = append(edge, e.Key)
		}
		edges = append(edges, types.NewTupleFromSlice(append(edge, e.Attrs)))
	}
	parts := []Part{{Name: "directed", Value: g.Directed}, {Name: "multigraph", Value: g.Multi},
		Part{Name: "graph", Value: g.Attrs}, {Name: "nodes", Value: nodes},
		{Name: "edges", Value: edges}}
	return parts
}

// id returns the ID of node i, or nil if a program has added an edge with an invalid index.
func (g *Graph) id(i int) any {
	if i < 0 || i >= len(g.Nodes) {
		return nil
	}
	return g.Nodes[i].ID
}

// Places implements [LibraryValue].
func (g *Graph) Places() []*any {
	out := []*any{&g.Attrs}
	for i := range g.Nodes {
		out = append(out, &g.Nodes[i].ID, &g.Nodes[i].Attrs)
	}
	for i := range g.Edges {
		out = append(out, &g.Edges[i].Key, &g.Edges[i].Attrs)
	}
	return out
}

// String returns the numbers of nodes and edges.
func (g *Graph) String() string {
	return fmt.Sprintf("%d nodes, %d edges", len(g.Nodes), len(g.Edges))
}

// hasPrefix reports whether a name begins with a prefix.
func hasPrefix(name, prefix string) bool {
	return len(name) >= len(prefix) && name[:len(prefix)] == prefix
}
