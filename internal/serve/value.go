package serve

import (
	"net/http"
	"strings"
	"unicode"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/table"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// node is a describe.Node in the form that the page needs.
type node struct {
	Key   string `json:"key"`
	Type  string `json:"type"`
	Size  string `json:"size,omitempty"`
	Value string `json:"value,omitempty"`
	// Inside is the number of values inside this one.
	Inside int     `json:"inside,omitempty"`
	Same   *string `json:"same,omitempty"` // in a cycle, the pointer to this value above
	Error  string  `json:"error,omitempty"`
}

func nodeOf(n *describe.Node) node {
	out := node{Key: n.Token, Value: n.Value, Inside: n.More, Same: n.Same, Error: n.Error}
	out.Type, out.Size = n.Line()
	if n.Detail != "" {
		out.Value = strings.TrimSpace(out.Value + " " + n.Detail)
	}
	if n.Same != nil {
		out.Inside = 0
	}
	return out
}

// about answers with the root, size and protocol of a file.
func (s *Server) about(r *http.Request) (out any, err error) {
	err = s.at(r, func(f *file, p describe.Place) error {
		out = map[string]any{"root": nodeOf(p.Node(f.reader)), "size": f.size,
			"protocol": f.opened.Protocol}
		return nil
	})
	return out, err
}

// children answers with some of the values inside a value.
func (s *Server) children(r *http.Request) (out any, err error) {
	first, count, err := pageArgs(r, 100)
	if err != nil {
		return nil, err
	}
	err = s.at(r, func(f *file, p describe.Place) error {
		nodes, all := p.Children(f.reader, first, count)
		list := make([]node, len(nodes))
		for i, n := range nodes {
			list[i] = nodeOf(n)
		}
		out = map[string]any{"nodes": list, "all": all}
		return nil
	})
	return out, err
}

// valueAnswer describes a value and says which views the page can show.
type valueAnswer struct {
	Node    node   `json:"node"`
	Pointer string `json:"pointer"`
	// Text is the text of a str, bytes or other value without parts. Cut says that the text is
	// longer.
	Text string `json:"text,omitempty"`
	Cut  bool   `json:"cut,omitempty"`
	// Shape is the shape of an array.
	Shape []int `json:"shape,omitempty"`
	// Fixed is the number of leading axes of an array for which the page has to choose an index,
	// because a table or heat map has two axes and a picture has three.
	Fixed   int      `json:"fixed"`
	Table   bool     `json:"table"`
	Plots   []string `json:"plots,omitempty"` // the kinds of plots
	Stats   bool     `json:"stats"`
	Formats []string `json:"formats"` // the endings of downloads
}

// maxText is the greatest number of bytes of a text in an answer.
const maxText = 64 << 10

func (s *Server) value(r *http.Request) (out any, err error) {
	err = s.at(r, func(f *file, p describe.Place) error {
		a := valueAnswer{Node: nodeOf(p.Node(f.reader)), Pointer: p.At.String(),
			Formats: formatsOf(p.Value)}
		a.Text, a.Cut = textOf(p.Value)
		if array, ok := arrayOf(p.Value); ok {
			a.array(array)
		} else {
			_, a.Table = rowsOf(p.Value)
			a.plots(p.Value)
		}
		out = a
		return nil
	})
	return out, err
}

// arrayOf returns the array that a value is or holds.
func arrayOf(v any) (*ndarray.Array, bool) {
	if m, ok := v.(*ndarray.Masked); ok {
		return m.Data, true
	}
	return pyvalue.ArrayOf(v)
}

// array adds the views of an array.
func (a *valueAnswer) array(array *ndarray.Array) {
	a.Shape = array.Shape()
	n := array.NDim()
	a.Table = n > 0
	if !isReal(array.DType()) || n == 0 || array.Size() == 0 {
		a.Fixed = max(0, n-2)
		return
	}
	a.Stats = true
	switch {
	case n == 1:
		a.Plots = []string{"line", "histogram"}
	case isPicture(array):
		a.Plots, a.Fixed = []string{"picture", "histogram"}, n-3
	default:
		a.Plots, a.Fixed = []string{"heat map", "histogram"}, n-2
	}
}

// isPicture reports whether the last three axes are the height, width and channels of a picture.
func isPicture(a *ndarray.Array) bool {
	n := a.NDim()
	return n >= 3 && a.DType().Equal(ndarray.DTypeOf[uint8]()) && (a.Shape()[n-1] == 3 ||
		a.Shape()[n-1] == 4)
}

// isReal reports whether elements of a dtype can be drawn.
func isReal(dt *ndarray.DType) bool {
	switch dt.Kind() {
	case ndarray.KindBool, ndarray.KindInt, ndarray.KindUint, ndarray.KindFloat,
		ndarray.KindDatetime, ndarray.KindTimedelta:
		return true
	}
	return false
}

// plots adds the views of a column or a list of numbers.
func (a *valueAnswer) plots(v any) {
	t, ok := table.Of(v)
	if !ok || !t.Single || t.Rows == 0 || !t.Columns[0].Number {
		return
	}
	a.Plots, a.Stats = []string{"line", "histogram"}, true
}

// rowsOf returns the table of a value for which the page has a view as a table.
func rowsOf(v any) (*table.Table, bool) {
	switch v.(type) {
	case string, []byte, pickle.Py2String, *ndarray.Scalar:
		return nil, false
	}
	t, ok := table.Of(v)
	if !ok || t.Rows == 0 {
		return nil, false
	}
	return t, true
}

// textOf returns the text of a value that has no parts, and whether it is cut off.
func textOf(v any) (text string, cut bool) {
	switch v := v.(type) {
	case string:
		text = v
	case pickle.Py2String:
		text = string(v)
	case *frame.Frame, *frame.Series, *frame.Index, *ndarray.Array, *ndarray.Masked:
		return "", false
	default:
		if _, ok := pyvalue.EntriesOf(v); ok || pyvalue.IsContainer(v) {
			return "", false
		}
		text = describe.Text(v)
	}
	if len(text) > maxText {
		text, cut = strings.ToValidUTF8(text[:maxText], ""), true
	}
	return visible(text), cut
}

// visible replaces invisible characters that could change how the rest is read: control characters
// and marks that turn the direction of text.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r == ' ' || unicode.IsGraphic(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// formatsOf returns the endings of the formats that the page offers for download. Writing one of
// them may still fail, depending on what is inside the value.
func formatsOf(v any) []string {
	switch v.(type) {
	case *frame.Frame, *frame.Series, *frame.Index:
		return []string{".csv", ".parquet", ".json", ".pkl"}
	}
	if _, ok := arrayOf(v); ok {
		return []string{".npy", ".csv", ".json", ".pkl"}
	}
	if _, isDict := pyvalue.EntriesOf(v); isDict {
		return []string{".json", ".npz", ".h5", ".pkl"}
	}
	return []string{".json", ".csv", ".pkl"}
}

// part returns the part of an array at the index of the first axes that a request names. It returns
// any value as it is if the request names no index.
func (f *file) part(r *http.Request, v any) (any, error) {
	index := r.FormValue("index")
	if index == "" {
		return v, nil
	}
	array, ok := arrayOf(v)
	subs, isIndex := pointer.ParseSubscripts(index)
	if !ok || !isIndex || len(subs) > array.NDim() {
		return nil, badRequestf("index=%q is no index of it", index)
	}
	return f.reader.Step(v, index)
}
