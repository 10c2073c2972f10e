package convert

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"io"
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/ndarray"
)

// objectList returns values as the list object of package pickle.
func objectList(items []any) *types.List {
	l := types.List(items)
	return &l
}

// lossless returns a value in the form that the encoder of to-json takes.
func (d *document) lossless(v any) any {
	switch x := v.(type) {
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = d.lossless(e)
		}
		return objectList(out)
	case map[string]any, map[any]any, dict, list:
		if l, ok := x.(list); ok {
			return d.lossless([]any(l))
		}
		entries, err := d.normalize(v, "")
		m, ok := entries.(dict)
		if err != nil || !ok {
			return v
		}
		out := make(types.Dict, len(m))
		for i, e := range m {
			out[i] = types.DictEntry{Key: e.name, Value: d.lossless(e.value)}
		}
		return &out
	}
	if a, ok := sliceArray(v); ok {
		return a
	}
	switch v.(type) {
	case *frame.Frame, *frame.Series, *frame.Index:
		// The JSON is that of the objects which a pickle of the table holds.
		if data, err := unpkl.Marshal(v); err == nil {
			if o, err := unpkl.LoadBytes(data, unpkl.WithObjects()); err == nil {
				return o
			}
		}
	}
	return v
}

// plainWriter writes JSON without the conventions of this module: no "$ndarray" and the like.
type plainWriter struct {
	*document
	w   *bufio.Writer
	buf []byte
}

// plainJSON writes a value as one line: arrays as nested lists, tables as lists of records.
func (d *document) plainJSON(w io.Writer, v any, path string) error {
	p := &plainWriter{document: d, w: bufio.NewWriterSize(w, 1<<16)}
	if err := p.value(v, path, 0); err != nil {
		return err
	}
	p.w.WriteByte('\n')
	return p.w.Flush()
}

// maxDepth bounds the nesting of containers in plain JSON.
const maxDepth = 1000

// value writes a value; depth is the number of containers around it.
func (p *plainWriter) value(v any, path string, depth int) error {
	if depth > maxDepth {
		return &HoldError{Format: p.format.Name, Path: path[:min(len(path), 80)],
			What: "containers that deep, or in themselves"}
	}
	v, err := p.normalize(v, path)
	if err != nil {
		return err
	}
	switch x := v.(type) {
	case dict:
		return p.members(x, path, depth)
	case list:
		return p.sequence(len(x), func(i int) error {
			return p.value(x[i], path+"/"+strconv.Itoa(i), depth+1)
		})
	case *ndarray.Array:
		return p.array(x, path, depth)
	case *ndarray.Scalar:
		return p.value(x.Value(), path, depth)
	case *ndarray.Masked:
		if err := p.loss(path, "the mask of a masked array", KindMasked); err != nil {
			return err
		}
		return p.array(x.Data, path, depth)
	case *frame.Frame:
		if !isDefaultIndex(x.Index) {
			if err := p.loss(path, "the index of a table", KindFrame); err != nil {
				return err
			}
		}
		return p.sequence(x.Rows(), func(i int) error { return p.record(x, i, path) })
	case *frame.Series:
		return p.sequence(x.Len(), func(i int) error { return p.element(x, i, path) })
	case *frame.Index:
		return p.sequence(x.Len(), func(i int) error { return p.value(x.At(i), path, depth+1) })
	}
	return p.scalar(v, path)
}

// members writes a dict as an object.
func (p *plainWriter) members(x dict, path string, depth int) error {
	p.w.WriteByte('{')
	for i, e := range x {
		if i > 0 {
			p.w.WriteByte(',')
		}
		p.text(e.name)
		p.w.WriteByte(':')
		if err := p.value(e.value, child(path, e.name), depth+1); err != nil {
			return err
		}
	}
	return p.w.WriteByte('}')
}

// sequence writes a JSON array of n items.
func (p *plainWriter) sequence(n int, item func(i int) error) error {
	p.w.WriteByte('[')
	for i := range n {
		if i > 0 {
			p.w.WriteByte(',')
		}
		if err := item(i); err != nil {
			return err
		}
	}
	return p.w.WriteByte(']')
}

// array writes an array as nested lists, as ndarray.tolist returns them.
func (p *plainWriter) array(a *ndarray.Array, path string, depth int) error {
	if a.NDim() == 0 {
		return p.value(a.At(), path, depth+1)
	}
	return p.sequence(a.Shape()[0], func(i int) error {
		if a.NDim() == 1 {
			return p.value(a.At(i), path, depth+1)
		}
		part, err := a.Index(i)
		if err != nil {
			return err
		}
		return p.array(part, path, depth)
	})
}

// record writes a row of a table as an object.
func (p *plainWriter) record(f *frame.Frame, row int, path string) error {
	p.w.WriteByte('{')
	for i, s := range f.Columns {
		if i > 0 {
			p.w.WriteByte(',')
		}
		p.text(texts.Sprint(s.Name))
		p.w.WriteByte(':')
		if err := p.element(s, row, path); err != nil {
			return err
		}
	}
	return p.w.WriteByte('}')
}

// element writes an element of a column; a missing one is null, as in pandas.
func (p *plainWriter) element(s *frame.Series, i int, path string) error {
	if s.IsNull(i) {
		_, err := p.w.WriteString("null")
		return err
	}
	if td, ok := s.At(i).(ndarray.Timedelta64); ok {
		if d, err := td.Duration(); err == nil {
			p.text(string(appendTimedelta(nil, d, false)))
			return nil
		}
	}
	return p.value(s.At(i), path, 1)
}

// text writes a string.
func (p *plainWriter) text(s string) {
	b, _ := json.Marshal(s)
	p.w.Write(b)
}

// scalar writes a value without members. NaN and the infinities are written as text.
func (p *plainWriter) scalar(v any, path string) error {
	b := p.buf[:0]
	switch x := v.(type) {
	case nil:
		b = append(b, "null"...)
	case bool:
		b = strconv.AppendBool(b, x)
	case int64:
		b = strconv.AppendInt(b, x, 10)
	case *big.Int:
		b = x.Append(b, 10)
	case float64:
		b = appendJSONFloat(b, x, 64)
	case string:
		p.text(x)
		return nil
	case complex128:
		b = append(appendJSONFloat(append(b, '['), real(x), 64), ',')
		b = append(appendJSONFloat(b, imag(x), 64), ']')
	case time.Time:
		p.text(x.Format("2006-01-02T15:04:05.999999999Z07:00"))
		return nil
	case ndarray.Record:
		members := make(dict, len(x.Names))
		for i, name := range x.Names {
			members[i] = entry{name, x.Values[i]}
		}
		return p.members(members, path, 1)
	case []byte:
		if err := p.loss(path, "bytes, but as base64", kindAny); err != nil {
			return err
		}
		p.text(base64.StdEncoding.EncodeToString(x))
		return nil
	default:
		text, ok := cellText(v)
		if !ok {
			return p.refuse(path, describe(v), kindAny)
		}
		p.text(text)
		return nil
	}
	p.buf = b
	_, err := p.w.Write(b)
	return err
}

// appendJSONFloat appends a float so that it reads back exactly; NaN and the infinities are text.
func appendJSONFloat(b []byte, x float64, bits int) []byte {
	switch {
	case math.IsNaN(x):
		return append(b, `"NaN"`...)
	case math.IsInf(x, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(x, -1):
		return append(b, `"-Infinity"`...)
	}
	return appendRepr(b, x, bits)
}
