package reconstruct

import (
	"fmt"
	"math"
	"strconv"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/jsonhook"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// Graph is a graph of NetworkX: nodes, and edges between them, each with attributes.
type Graph struct {
	origin
	// Directed is true of DiGraph and MultiDiGraph; Multi of MultiGraph and MultiDiGraph, in which
	// two nodes may have several edges.
	Directed, Multi bool
	// Attrs is the dict of the graph's own attributes.
	Attrs any
	// Nodes and Edges are in the order of NetworkX's nodes and edges; an edge of a graph that is
	// not directed stands there once.
	Nodes []GraphNode
	Edges []GraphEdge
}

// GraphNode is a node of a [Graph].
type GraphNode struct {
	ID    any // what NetworkX calls the node: any value that can be the key of a dict
	Attrs any // a dict
}

// GraphEdge is an edge of a [Graph].
type GraphEdge struct {
	From, To int // indices of nodes
	// Key tells edges of a multigraph between the same nodes apart; nil in any other graph.
	Key   any
	Attrs any // a dict
}

// readNetworkX reads the four classes of graphs and their subclasses in NetworkX.
//
// Reference: networkx/classes/graph.py; before 2.0 the attributes were node, adj and edge.
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
		return nil, nil // a view, which holds another graph
	}
	g := &Graph{Attrs: state["graph"]}
	g.Directed = planar || hasSuffix(inst.Class.Name, "DiGraph")
	g.Multi = hasPrefix(inst.Class.Name, "Multi")
	if isView(nodes) || isView(adjacency) {
		return nil, nil // which shows another graph in part
	}
	entries, ok := dictEntries(nodes)
	if !ok {
		return nil, pickle.Malformed("nodes of %s", typeName(nodes))
	}
	r := graphReader{g: g, index: make(map[any]int, len(entries)), met: map[*types.Dict]bool{}}
	for i, e := range entries {
		g.Nodes = append(g.Nodes, GraphNode{e.Key, e.Value})
		r.index[nodeKey(e.Key, 0)] = i
	}
	if entries, ok = dictEntries(adjacency); !ok {
		return nil, pickle.Malformed("edges of %s", typeName(adjacency))
	}
	return g, r.adjacency(entries)
}

// isView reports whether nodes or edges are an object of NetworkX's rather than a dict.
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
	index map[any]int // of the nodes, by nodeKey
	// met are the attributes of edges that were met from their other end: NetworkX keeps one dict,
	// for a multigraph one dict of dicts, at both.
	met map[*types.Dict]bool
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
		if r.met[d] {
			return nil
		}
		r.met[d] = true
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

func (r *graphReader) node(id any) (int, error) {
	i, ok := r.index[nodeKey(id, 0)]
	if !ok {
		return 0, pickle.Malformed("an edge at %s, which is no node", shown(id))
	}
	return i, nil
}

type noneNode struct{}

// nodeKey returns what tells a node from others, by Python's equality of numbers, text and tuples
// of such; of other values by identity, as one pickle has one object for one node.
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
			k := nodeKey(item, depth+1)
			key += fmt.Sprintf("%T:", k)
			if s, ok := k.(string); ok {
				key += strconv.Itoa(len(s)) + ":"
			}
			key += fmt.Sprint(k) + ","
		}
		return tupleNode(key + ")")
	}
	if _, err := pickle.NewSet(v); err != nil {
		return noneNode{} // unhashable, which no key of a dict is
	}
	return v
}

// tupleNode is the key of a tuple.
type tupleNode string

// toNumber returns one of Go's numbers as an int or float64.
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

// Parts implements [LibraryValue]: nodes are pairs of ID and attributes, edges (from, to,
// attributes) or (from, to, key, attributes) by IDs.
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

// id is the ID of node i, nil where a program has put an edge in that has no node.
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

// String returns how many nodes and edges there are.
func (g *Graph) String() string {
	return fmt.Sprintf("%d nodes, %d edges", len(g.Nodes), len(g.Edges))
}

// hasPrefix reports whether a name begins with a prefix.
func hasPrefix(name, prefix string) bool {
	return len(name) >= len(prefix) && name[:len(prefix)] == prefix
}
