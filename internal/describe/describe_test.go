package describe_test

import (
	"bytes"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// TestText checks how values look on one line.
func TestText(t *testing.T) {
	long := new(big.Int).Lsh(big.NewInt(1), 600)
	for _, c := range []struct {
		value any
		want  string
	}{
		{nil, "None"}, {true, "True"}, {1, "1"}, {1.0, "1.0"}, {1e16, "1e+16"}, {1e-5, "1e-05"},
		{0.1, "0.1"}, {float32(0.1), "0.1"}, {math.NaN(), "nan"}, {math.Inf(-1), "-inf"},
		{complex(1, -2.5), "(1-2.5j)"}, {"a\nb\x1b", `'a\nb\x1b'`}, {"\u202e", `'\u202e'`},
		{[]byte("ab"), "b'ab'"}, {[]byte{0, 255}, "0x00ff"}, {long, "an int of 601 bits"},
		{[]any{1, "x"}, "[1, 'x']"}, {pickle.Global{Module: "os", Name: "system"}, "os.system"},
	} {
		if got := describe.Text(c.value); got != c.want {
			t.Errorf("%v: got %q, want %q", c.value, got, c.want)
		}
	}
	if got := describe.Text(strings.Repeat("é", 1000)); len(got) > 200 ||
		!strings.HasSuffix(got, "...'") {
		t.Errorf("a long text is %q", got)
	}
}

func list(items ...any) *types.List { return types.NewListFromSlice(items) }

// TestDescribe checks that a shared value is shown once, and the limits of depth, items and nodes.
func TestDescribe(t *testing.T) {
	shared := list(1, list(2))
	v := &types.Dict{{Key: "a", Value: shared}, {Key: "b", Value: shared},
		{Key: "many", Value: list(list(list(1)), list(), list(), list(), list())}}
	root, python2 := describe.Describe(v, describe.Options{Depth: 5, Names: 10, Items: 2,
		Nodes: 100})
	if python2 || len(root.Children) != 3 || root.More != 0 {
		t.Fatalf("the root has %d children, %d more", len(root.Children), root.More)
	}
	if b := root.Children[1]; b.Same == nil || *b.Same != "/a" || len(b.Children) > 0 {
		t.Errorf("what is shared is %+v", b)
	}
	if many := root.Children[2]; len(many.Children) != 2 || many.More != 3 {
		t.Errorf("of five items %d are shown, %d more", len(many.Children), many.More)
	}
	root, _ = describe.Describe(v, describe.Options{Depth: 1, Names: 2, Items: 2, Nodes: 100})
	if root.More != 0 && len(root.Children) != 2 {
		t.Errorf("of three keys %d are shown, %d more", len(root.Children), root.More)
	}
	root, _ = describe.Describe(v, describe.Options{Depth: 9, Names: 9, Items: 9, Nodes: 2})
	if len(root.Children) != 1 || root.More != 2 {
		t.Errorf("of two nodes %d are children, %d more", len(root.Children), root.More)
	}
	if _, python2 := describe.Describe(list(pickle.Py2String("x"), list()),
		describe.Options{Depth: 2, Items: 9, Nodes: 9}); !python2 {
		t.Error("a str of Python 2 is not noticed")
	}
}

// TestWrite checks that no line is wider than the terminal or contains control characters.
func TestWrite(t *testing.T) {
	a, err := ndarray.FromSlice(make([]float64, 100), 10, 10)
	if err != nil {
		t.Fatal(err)
	}
	v := &types.Dict{{Key: "a\x1b[31m\n", Value: strings.Repeat("x", 500)}, {Key: "b", Value: a}}
	root, _ := describe.Describe(v, describe.Options{Depth: 3, Names: 9, Items: 9, Nodes: 99})
	var out bytes.Buffer
	if err := describe.Write(&out, root, "title", describe.Style{Width: 40}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 40 {
			t.Errorf("%d cells: %q", n, line)
		}
	}
	if strings.Contains(out.String(), "\x1b") || strings.Count(out.String(), "\n") != 4 {
		t.Errorf("got %q", out.String())
	}
}

// TestPlaces steps into values and lists their children page by page.
func TestPlaces(t *testing.T) {
	d := types.Dict{}
	for i := range 50 {
		d = append(d, types.DictEntry{Key: i, Value: list(i, list(i))})
	}
	inside := list()
	inside.Append(inside)
	d = append(d, types.DictEntry{Key: "cycle", Value: inside})
	r := lookup.NewReader(true)
	p, err := describe.Root(r, &d)
	if err != nil {
		t.Fatal(err)
	}
	if n := p.Node(r); n.More != 51 || n.Kind != "dict" {
		t.Errorf("the root is %+v", n)
	}
	nodes, all := p.Children(r, 40, 20)
	if all != 51 || len(nodes) != 11 || nodes[0].Token != "40" || nodes[0].More != 2 {
		t.Errorf("%d of %d: %+v", len(nodes), all, nodes[0])
	}
	p, err = p.Step(r, "cycle")
	if err != nil {
		t.Fatal(err)
	}
	if nodes, _ = p.Children(r, 0, 9); len(nodes) != 1 || nodes[0].Same == nil ||
		*nodes[0].Same != "/cycle" {
		t.Errorf("inside of what is in itself is %+v", nodes)
	}
	if _, err := p.Step(r, "nosuch"); err == nil {
		t.Error("no error")
	}
}

// TestProducer tells NumPy's versions by the modules of the names.
func TestProducer(t *testing.T) {
	for names, want := range map[string]string{
		"numpy.core.multiarray._reconstruct numpy.ndarray":              "NumPy 1",
		"numpy._core.multiarray._reconstruct numpy.dtype pandas.core.X": "NumPy 2 pandas",
		"numpy.dtype": "NumPy",
		"builtins.set sklearn.linear_model.Ridge": "scikit-learn",
		"": "",
	} {
		var p describe.Producer
		for _, name := range strings.Fields(names) {
			p.Add(name)
		}
		if got := strings.Join(p.Libraries(), " "); got != want {
			t.Errorf("%s: got %q, want %q", names, got, want)
		}
	}
}
