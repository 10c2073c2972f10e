package reconstruct

import (
	"strings"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// Tree is a fitted tree of scikit-learn: the attribute tree_ of a DecisionTree and of each of the
// estimators_ of a forest. The index of every child is greater than that of its parent, so that
// every descent ends. A Tree is safe for concurrent reads.
type Tree struct {
	// Nodes is a structured array with one row for each node: left_child, right_child, feature,
	// threshold, impurity, n_node_samples, weighted_n_node_samples, and since scikit-learn 1.3
	// missing_go_to_left. The children of a leaf are -1.
	Nodes *ndarray.Array
	// Values has shape (nodes, outputs, classes). It has the number of training samples of each
	// class in a node (since 1.3 their fraction), or for a regression their mean.
	Values *ndarray.Array
	// Features is the number of features of a sample. Classes is the number of classes of each
	// output, 1 for a regression. MaxDepth is the number of levels below the root.
	Features int
	Classes  []int
	MaxDepth int

	left, right, feature []int64
	threshold            []float64
	missingLeft          []uint8 // nil before scikit-learn 1.3
}

// ReadTree returns the Go form of an object of the class sklearn.tree._tree.Tree. ok is false for
// any other value. An error reports an inconsistent tree: a child that is not a node, a feature
// that samples do not have, a wrong number of values. The arrays are those of the object.
//
// Reference: sklearn/tree/_tree.pyx, Tree.__reduce__ and __getstate__.
func ReadTree(v any) (t *Tree, ok bool, err error) {
	o, isObject := v.(*pickle.Object)
	if !isObject {
		return nil, false, nil
	}
	inst, isNamed := named(o)
	if !isNamed || inst.Class.Name != "Tree" || !strings.HasPrefix(inst.Class.Module, "sklearn.") {
		return nil, false, nil
	}
	t = &Tree{}
	if err := t.read(inst); err != nil {
		return nil, false, pickle.Malformed("%s: %v", inst.Class, err)
	}
	return t, true, nil
}

// read sets the fields from an object and checks them.
func (t *Tree) read(inst namedInstance) error {
	args := argReader{fn: "Tree", vals: inst.Args}
	if err := args.count(3, 3); err != nil {
		return err
	}
	var ok bool
	if t.Features, ok = asInt(plainScalar(inst.Args[0])); !ok {
		return args.wrong(0, "n_features", "int")
	}
	classes, isArray := inst.Args[1].(*ndarray.Array)
	if !isArray || classes.NDim() != 1 {
		return args.wrong(1, "n_classes", "an array")
	}
	counts, err := indexValues(classes)
	if err != nil {
		return err
	}
	for _, n := range counts {
		t.Classes = append(t.Classes, int(n))
	}
	state, err := stateOf(inst)
	if err != nil {
		return err
	}
	if t.MaxDepth, ok = asInt(plainScalar(state["max_depth"])); !ok {
		return pickle.Malformed("max_depth is %s", shown(state["max_depth"]))
	}
	if t.Nodes, err = arrayOf(state, "nodes", 1); err != nil {
		return err
	}
	if t.Values, err = arrayOf(state, "values", 3); err != nil {
		return err
	}
	n, ok := asInt(plainScalar(state["node_count"]))
	shape := t.Values.Shape()
	if !ok || n != t.Nodes.Size() || shape[0] != n || shape[1] != len(t.Classes) {
		return pickle.Malformed("%s nodes, in arrays of %d nodes and values of shape %v",
			shown(state["node_count"]), t.Nodes.Size(), shape)
	}
	return t.readNodes()
}

// readNodes reads the columns of Nodes that Leaf needs.
func (t *Tree) readNodes() (err error) {
	if t.left, err = nodeColumn[int64](t.Nodes, "left_child"); err != nil {
		return err
	}
	if t.right, err = nodeColumn[int64](t.Nodes, "right_child"); err != nil {
		return err
	}
	if t.feature, err = nodeColumn[int64](t.Nodes, "feature"); err != nil {
		return err
	}
	if t.threshold, err = nodeColumn[float64](t.Nodes, "threshold"); err != nil {
		return err
	}
	if _, ok := t.Nodes.DType().Field("missing_go_to_left"); ok {
		t.missingLeft, err = nodeColumn[uint8](t.Nodes, "missing_go_to_left")
	}
	if err != nil {
		return err
	}
	n := int64(len(t.left))
	for i := range t.left {
		l, r := t.left[i], t.right[i]
		switch {
		case l == -1 && r == -1:
			continue
		case l <= int64(i) || r <= int64(i) || l >= n || r >= n || l == r:
			return pickle.Malformed("node %d of %d has the children %d and %d", i, n, l, r)
		case t.feature[i] < 0 || t.feature[i] >= int64(t.Features):
			return pickle.Malformed("node %d splits by feature %d of %d", i, t.feature[i],
				t.Features)
		}
	}
	return nil
}

// nodeColumn returns the values of a field of the nodes.
func nodeColumn[T ndarray.Element](nodes *ndarray.Array, name string) ([]T, error) {
	field, err := nodes.Field(name)
	if err != nil {
		return nil, err
	}
	return ndarray.Values[T](field)
}

// Leaf returns the index of the leaf that a sample reaches, as the method apply of scikit-learn
// does. A sample goes left if its feature is at most the threshold. It is an error if the length of
// sample is not Features.
func (t *Tree) Leaf(sample []float32) (int, error) {
	if len(t.left) == 0 || len(sample) != t.Features {
		return 0,
			pickle.Malformed("a sample of %d features for a tree of %d nodes with %d features",
				len(sample), len(t.left), t.Features)
	}
	i := int64(0)
	for t.left[i] != -1 {
		x := float64(sample[t.feature[i]])
		goLeft := x <= t.threshold[i]
		if x != x && t.missingLeft != nil {
			goLeft = t.missingLeft[i] != 0
		}
		if goLeft {
			i = t.left[i]
		} else {
			i = t.right[i]
		}
	}
	return int(i), nil
}
