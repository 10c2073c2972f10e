package reconstruct_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

func keys(d types.Dict) []string {
	out := []string{}
	for _, e := range d {
		out = append(out, e.Key.(string))
	}
	slices.Sort(out)
	return out
}

func TestEstimatorFixtures(t *testing.T) {
	files, err := filepath.Glob("../testdata/sklearn/*/*.pkl")
	if err != nil || len(files) == 0 {
		t.Fatal("no scikit-learn fixtures", err)
	}
	for _, path := range files {
		t.Run(strings.TrimPrefix(path, "../testdata/sklearn/"), func(t *testing.T) {
			raw, err := os.ReadFile(path[:strings.LastIndex(path[:len(path)-4], ".")] + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want struct {
				Class, Version string
				Params, Fitted []string
				Samples        [][]float32
				Leaves         [][]int
			}
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatal(err)
			}
			v := loadObject(t, path)
			e, ok := reconstruct.ReadEstimator(v)
			if !ok {
				t.Fatalf("%T is no estimator", v)
			}
			if e.Class.String() != want.Class || e.Version != want.Version {
				t.Errorf("%s %s, want %s %s", e.Class, e.Version, want.Class, want.Version)
			}
			loaded, err := unpkl.LoadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			plain, ok := reconstruct.ReadEstimator(loaded)
			if !ok || plain.Class != e.Class || plain.Version != e.Version ||
				!slices.Equal(keys(plain.Fitted), keys(e.Fitted)) ||
				!slices.Equal(keys(plain.Params), keys(e.Params)) {
				t.Errorf("after a plain Load: %t %+v", ok, plain)
			}
			if diff := cmp.Diff(want.Fitted, keys(e.Fitted)); diff != "" {
				t.Errorf("fitted (-want +got)\n%s", diff)
			}
			trees := []any{plain}
			if list, ok := plain.Attr("estimators_"); ok && len(want.Leaves) > 0 {
				trees = *list.(*types.List)
			}
			for i, leaves := range want.Leaves {
				checkLeaves(t, trees[i], want.Samples, leaves)
			}
			for _, p := range want.Params {
				if !slices.Contains(keys(e.Params), p) {
					t.Errorf("parameter %s is not among %v", p, keys(e.Params))
				}
			}
		})
	}
	if _, ok := reconstruct.ReadEstimator(&pickle.Object{Class: pickle.Global{Module: "sklearnish",
		Name: "X"}}); ok {
		t.Error("an object of another module")
	}
}

// checkLeaves compares the leaves that samples end in with what scikit-learn's apply gives.
func checkLeaves(t *testing.T, estimator any, samples [][]float32, leaves []int) {
	t.Helper()
	e, ok := estimator.(*reconstruct.Estimator)
	if !ok {
		if e, ok = reconstruct.ReadEstimator(estimator); !ok {
			t.Fatalf("%T is no estimator", estimator)
		}
	}
	v, _ := e.Attr("tree_")
	tree, ok, err := reconstruct.ReadTree(v)
	if err != nil || !ok {
		t.Fatalf("%T is no tree: %v", v, err)
	}
	for i, sample := range samples {
		if leaf, err := tree.Leaf(sample); err != nil || leaf != leaves[i] {
			t.Errorf("sample %d ends in leaf %d, want %d (%v)", i, leaf, leaves[i], err)
		}
	}
	if _, err := tree.Leaf(samples[0][1:]); err == nil {
		t.Error("no error for a sample that is too short")
	}
	tree.Nodes.SetWriteable(true)
	left, err := tree.Nodes.Field("left_child")
	if err != nil {
		t.Fatal(err)
	}
	for _, lie := range []any{0, 1 << 20, -7} {
		if err := left.SetAt(lie, 0); err != nil {
			t.Fatal(err)
		}
		if _, _, err := reconstruct.ReadTree(v); !errors.Is(err, pickle.ErrMalformed) {
			t.Errorf("the left child %d of the root: %v", lie, err)
		}
	}
}

// The nodes of a decision tree are a structured array.
func ExampleReadEstimator() {
	f, err := os.Open("../testdata/sklearn/py313-sklearn/tree.p5.pkl")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	u := pickle.NewUnpickler(f)
	u.FindClass = reconstruct.FindClass
	v, err := u.Load()
	if err != nil {
		fmt.Println(err)
		return
	}
	e, _ := reconstruct.ReadEstimator(v)
	depth, _ := e.Attr("max_depth")
	fmt.Println(e.Class.Name, "max_depth:", depth)
	tree, _ := e.Attr("tree_")
	nodes, _ := reconstruct.Normalize(tree.(*pickle.Object)).Attr("nodes")
	feature, err := nodes.(*ndarray.Array).Field("feature")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("nodes:", feature.Size(), "split at the root by feature", feature.At(0))
	// Output:
	// DecisionTreeRegressor max_depth: 2
	// nodes: 7 split at the root by feature 0
}
