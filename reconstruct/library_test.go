package reconstruct_test

import (
	"encoding/json"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// said is what the library itself says of an object, by the names that a case of
// scripts/fixtures/objects_cases.py gives them.
type said map[string]any

// eachObject calls f for the objects of a case, as a plain load has them, in every environment and
// protocol.
func eachObject(t *testing.T, name string, f func(t *testing.T, v any, want said)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(fixture.Root(), "objects", "*", name+".p*.pkl"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures of %s: %v", name, err)
	}
	for _, path := range paths {
		rel := strings.TrimPrefix(path, fixture.Root())
		data, err := os.ReadFile(path[:strings.Index(path, ".p")] + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var want []said
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		v, err := unpkl.LoadFile(path)
		if err != nil {
			t.Fatalf("%s: %v", rel, err)
		}
		list := v.([]any)
		if len(list) != len(want) {
			t.Fatalf("%s: %d objects, want %d", rel, len(list), len(want))
		}
		for i, v := range list {
			t.Run(fmt.Sprintf("%s/%d", rel, i), func(t *testing.T) { f(t, v, want[i]) })
		}
	}
}

// jsonOf is a value as encoding/json reads its JSON.
func jsonOf(t *testing.T, v any) any {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// elements is the nested list of an array's elements, or a number as JSON has it.
func elements(t *testing.T, v any) any {
	t.Helper()
	switch j := jsonOf(t, v).(type) {
	case map[string]any:
		if a, ok := j["$ndarray"].(map[string]any); ok {
			return a["data"]
		}
		if m, ok := j["$masked"].(map[string]any); ok {
			return m["data"].(map[string]any)["$ndarray"].(map[string]any)["data"]
		}
		return j
	default:
		return j
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", what, diff)
	}
}

func TestQuantities(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, v any, want said) {
		q, ok := v.(*reconstruct.Quantity)
		if !ok {
			t.Fatalf("a %T", v)
		}
		unit := want["unit"].(string)
		if strings.Contains(t.Name(), "py36") { // whose astropy sorts the factors
			same(t, "unit", sortedFactors(q.Unit), sortedFactors(unit))
		} else {
			same(t, "unit", q.Unit, unit)
		}
		same(t, "value", elements(t, q.Value), want["value"])
		form := jsonOf(t, q).(map[string]any)["$quantity"].(map[string]any)
		same(t, "the form's unit", form["unit"], any(q.Unit))
	}
	eachObject(t, "quantity", check)
	eachObject(t, "pint_quantity", check)
}

// sortedFactors sorts the factors of a unit before and behind the slash.
func sortedFactors(unit string) string {
	above, below, _ := strings.Cut(unit, " / ")
	for _, side := range []*string{&above, &below} {
		factors := strings.Fields(strings.Trim(*side, "()"))
		slices.Sort(factors)
		*side = strings.Join(factors, " ")
	}
	return above + " / " + below
}

func TestTables(t *testing.T) {
	t.Parallel()
	eachObject(t, "table", func(t *testing.T, v any, want said) {
		table, ok := v.(*reconstruct.Table)
		if !ok {
			t.Fatalf("a %T", v)
		}
		columns := want["columns"].([]any)
		if len(columns) != len(table.Columns) {
			t.Fatalf("%d columns, want %d", len(table.Columns), len(columns))
		}
		for i, c := range table.Columns {
			w := columns[i].(map[string]any)
			unit, values := c.Unit, c.Values
			if q, ok := values.(*reconstruct.Quantity); ok {
				unit, values = q.Unit, q.Value
			}
			same(t, "name", c.Name, w["name"])
			same(t, "unit", unit, w["unit"])
			same(t, "description", c.Description, w["description"])
			same(t, "values", elements(t, values), w["values"])
			if m, ok := values.(*ndarray.Masked); ok {
				same(t, "mask", elements(t, m.Mask), w["mask"])
			} else if w["mask"] != nil {
				t.Errorf("%s is not masked", c.Name)
			}
		}
	})
}

func TestAstroTimes(t *testing.T) {
	t.Parallel()
	eachObject(t, "time", func(t *testing.T, v any, want said) {
		times, ok := v.(*reconstruct.AstroTime)
		if !ok {
			t.Fatalf("a %T", v)
		}
		same(t, "scale", times.Scale, want["scale"])
		same(t, "format", times.Format, want["format"])
		instants, err := times.Times()
		if want["scale"] != "utc" {
			if err == nil {
				t.Error("no error for another scale than UTC")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		isot, ok := want["isot"].([]any)
		if !ok {
			isot = []any{want["isot"]}
		}
		for i, instant := range instants {
			same(t, "instant", instant.Format("2006-01-02T15:04:05.000000000"), isot[i])
		}
	})
}

func TestSkyCoords(t *testing.T) {
	t.Parallel()
	eachObject(t, "skycoord", func(t *testing.T, v any, want said) {
		c, ok := v.(*reconstruct.SkyCoord)
		if !ok {
			t.Fatalf("a %T", v)
		}
		same(t, "frame", c.Frame, want["frame"])
		same(t, "representation", c.Representation, want["representation"])
		got := []any{}
		for _, x := range c.Components {
			got = append(got, []any{x.Name, x.Quantity.Unit, elements(t, x.Quantity.Value)})
		}
		same(t, "components", got, want["components"])
	})
}

func TestSparseND(t *testing.T) {
	t.Parallel()
	eachObject(t, "sparse", func(t *testing.T, v any, want said) {
		s, ok := v.(*reconstruct.SparseND)
		if !ok {
			t.Fatalf("a %T", v)
		}
		dense, err := s.ToDense(1 << 20)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "elements", elements(t, dense), want["dense"])
		same(t, "dtype", dense.DType().Str(), want["dtype"])
		if n := float64(s.Data.Size()); n != want["nnz"] {
			t.Errorf("%v stored, want %v", n, want["nnz"])
		}
		if dense.Size() > 0 {
			if _, err := s.ToDense(dense.Size() - 1); err == nil {
				t.Error("no error for too many elements")
			}
		}
	})
}

func TestAwkward(t *testing.T) {
	t.Parallel()
	eachObject(t, "awkward", func(t *testing.T, v any, want said) {
		a, ok := v.(*reconstruct.Awkward)
		if !ok {
			t.Fatalf("a %T", v)
		}
		list, err := a.List(1 << 20)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "items", jsonOf(t, textOfBytes(list)), want["list"])
		if _, err := a.List(a.Len - 1); a.Len > 0 && err == nil {
			t.Error("no error for too many values")
		}
	})
}

// textOfBytes makes strings of bytes, which the fixture has so.
func textOfBytes(v any) any {
	switch v := v.(type) {
	case []byte:
		return string(v)
	case []any:
		for i := range v {
			v[i] = textOfBytes(v[i])
		}
	}
	return v
}

func TestImages(t *testing.T) {
	t.Parallel()
	eachObject(t, "pillow", func(t *testing.T, v any, want said) {
		m, ok := v.(*reconstruct.Image)
		if !ok {
			t.Fatalf("a %T", v)
		}
		same(t, "mode", m.Mode, want["mode"])
		same(t, "size", []any{float64(m.Width), float64(m.Height)}, want["size"])
		same(t, "pixels", elements(t, m.Pixels), want["pixels"])
		picture, err := m.Image()
		if rgb := want["rgb"]; rgb != nil {
			if err != nil {
				t.Fatal(err)
			}
			same(t, "colours", colours(picture), rgb)
		}
	})
}

// colours are red, green and blue of each pixel.
func colours(m image.Image) any {
	rows := []any{}
	for y := range m.Bounds().Dy() {
		row := []any{}
		for x := range m.Bounds().Dx() {
			r, g, b, _ := m.At(x, y).RGBA()
			row = append(row, []any{float64(r >> 8), float64(g >> 8), float64(b >> 8)})
		}
		rows = append(rows, row)
	}
	return rows
}

func TestGraphs(t *testing.T) {
	t.Parallel()
	eachObject(t, "networkx", func(t *testing.T, v any, want said) {
		g, ok := v.(*reconstruct.Graph)
		if !ok {
			t.Fatalf("a %T", v)
		}
		same(t, "directed", g.Directed, want["directed"])
		same(t, "multigraph", g.Multi, want["multigraph"])
		same(t, "attributes", jsonOf(t, g.Attrs), want["graph"])
		nodes, edges := want["nodes"].([]any), []any{}
		if len(nodes) != len(g.Nodes) {
			t.Fatalf("%d nodes, want %d", len(g.Nodes), len(nodes))
		}
		for i, n := range g.Nodes {
			w := nodes[i].([]any)
			same(t, "attributes of a node", jsonOf(t, n.Attrs), w[1])
			if s, ok := n.ID.(string); ok {
				same(t, "node", any(s), w[0])
			}
		}
		for _, e := range g.Edges {
			edge := []any{float64(e.From), float64(e.To)}
			if g.Multi {
				edge = append(edge, jsonOf(t, e.Key))
			}
			edges = append(edges, append(edge, jsonOf(t, e.Attrs)))
		}
		same(t, "edges", edges, want["edges"])
	})
}

func TestWordVectors(t *testing.T) {
	t.Parallel()
	eachObject(t, "gensim", func(t *testing.T, v any, want said) {
		w, ok := v.(*reconstruct.WordVectors)
		if !ok {
			t.Fatalf("a %T", v)
		}
		same(t, "words", jsonOf(t, w.Words), want["words"])
		same(t, "vectors", elements(t, w.Vectors), want["vectors"])
		row, ok := w.Vector("b")
		if !ok {
			t.Fatal("no vector of b")
		}
		same(t, "vector", elements(t, row), want["vectors"].([]any)[1])
		if _, ok := w.Vector("c"); ok {
			t.Error("a vector of c")
		}
	})
}

func TestFreqDist(t *testing.T) {
	t.Parallel()
	eachObject(t, "nltk", func(t *testing.T, v any, want said) {
		same(t, "counts", jsonOf(t, v), any(map[string]any(want)))
		if o, isObject := v.(*pickle.Object); isObject && o.ClassName() !=
			"nltk.probability.ConditionalFreqDist" {
			t.Errorf("a %T", v)
		}
	})
}

func TestPendulum(t *testing.T) {
	t.Parallel()
	eachObject(t, "pendulum", func(t *testing.T, v any, want said) {
		var text string
		switch v := v.(type) {
		case time.Duration:
			same(t, "seconds", any(v.Seconds()), want["seconds"])
			return
		case time.Time:
			text = v.Format(time.RFC3339Nano)
		case interface{ ISOFormat() string }:
			text = v.ISOFormat()
		}
		same(t, "text", strings.Replace(text, "Z", "+00:00", 1),
			strings.Replace(want["iso"].(string), "Z", "+00:00", 1))
	})
}

func TestFreezegun(t *testing.T) {
	t.Parallel()
	eachObject(t, "freezegun", func(t *testing.T, v any, want said) {
		text := ""
		switch v := v.(type) {
		case time.Time:
			text = v.Format("2006-01-02T15:04:05.999999-07:00")
			if !strings.Contains(want["iso"].(string), "+") { // a time without a zone is UTC in Go
				text = strings.TrimSuffix(text, "+00:00")
			}
		case interface{ ISOFormat() string }:
			text = v.ISOFormat()
		}
		same(t, "text", any(text), want["iso"])
	})
}

func TestUnits(t *testing.T) {
	t.Parallel()
	eachObject(t, "units", func(t *testing.T, v any, want said) {
		u, ok := v.(*reconstruct.Unit)
		if !ok {
			t.Fatalf("a %T of %v", v, want["name"])
		}
		same(t, "name", any(u.Name), want["name"])
	})
}

// TestJAX: arrays of JAX are arrays, which typed values take, and say what class they were.
func TestJAX(t *testing.T) {
	t.Parallel()
	eachObject(t, "jax", func(t *testing.T, v any, want said) {
		a, ok := v.(*ndarray.Array)
		if !ok {
			t.Fatalf("a %T", v)
		}
		same(t, "class", a.Class(), "jax.Array")
		same(t, "dtype", any(a.DType().Name()), want["dtype"])
		same(t, "shape", floats(a.Shape()), want["shape"])
		if a.DType().Kind() == ndarray.KindComplex {
			same(t, "elements", complexParts(t, a), want["values"])
			return
		}
		values, err := ndarray.Values[float64](a)
		if a.DType().Kind() == ndarray.KindBool {
			values, err = nil, nil
			for x := range a.Elements() {
				values = append(values, map[bool]float64{true: 1}[x.(bool)])
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if a.NDim() == 0 {
			same(t, "element", any(values[0]), want["values"])
			return
		}
		shaped, err := ndarray.FromSlice(values, a.Shape()...)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "elements", elements(t, shaped), want["values"])
	})
}

// complexParts are the real and imaginary parts, in turn.
func complexParts(t *testing.T, a *ndarray.Array) any {
	t.Helper()
	out := []any{}
	for x := range a.Elements() {
		out = append(out, float64(real(x.(complex64))), float64(imag(x.(complex64))))
	}
	return out
}

// TestJAXKeys: keys of JAX's random numbers are their generator and numbers.
func TestJAXKeys(t *testing.T) {
	t.Parallel()
	eachObject(t, "jax_keys", func(t *testing.T, v any, want said) {
		k, ok := v.(*reconstruct.PRNGKeys)
		if !ok {
			t.Fatalf("a %T", v)
		}
		same(t, "impl", any(k.Impl), want["impl"])
		same(t, "shape", floats(k.Shape), want["shape"])
		same(t, "data", elements(t, k.Data), want["data"])
		form := jsonOf(t, k).(map[string]any)["$prng_keys"].(map[string]any)
		same(t, "the form's impl", form["impl"], want["impl"])
		same(t, "the form's shape", form["shape"], want["shape"])
	})
}
