package convert

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/ndarray"
)

// Verify reads the file at path, with the options with which it was written, and compares the
// result with v. It returns an error that says where they differ. If the format keeps no dtypes,
// numbers are compared by their values.
func Verify(path string, v any, opts ...Option) error {
	c := newConfig(opts)
	own := *c
	own.from, own.selects = c.to, ""
	format, err := c.formatToWrite(path)
	if err != nil {
		return err
	}
	got, err := own.read(path)
	if err != nil {
		return fmt.Errorf("convert: reading back: %w", err)
	}
	quiet := own
	quiet.lossy, quiet.warn = true, nil
	out := &output{config: &quiet, format: format, path: path}
	k := &comparison{document: out.document()}
	return k.values(v, got, "", 0)
}

// comparison compares the value that was written with the value that was read.
type comparison struct{ *document }

// differ returns the error for a difference at path.
func (k *comparison) differ(path, format string, args ...any) error {
	if path == "" {
		path = "the document"
	}
	return fmt.Errorf("convert: what was read back differs: %s: "+format,
		append([]any{path}, args...)...)
}

func (k *comparison) values(want, got any, path string, depth int) error {
	if depth > maxDepth {
		return k.differ(path, "containers that deep, or in themselves")
	}
	a, err := k.normalize(want, path)
	if err != nil {
		return err
	}
	b, err := k.normalize(got, path)
	if err != nil {
		return err
	}
	switch x := a.(type) {
	case dict:
		if y, ok := b.(dict); ok {
			return k.dicts(x, y, path, depth)
		}
	case list:
		if y, ok := b.(list); ok {
			if len(x) != len(y) {
				return k.differ(path, "%d members became %d", len(x), len(y))
			}
			for i := range x {
				if err := k.values(x[i], y[i], path+"/"+strconv.Itoa(i), depth+1); err != nil {
					return err
				}
			}
			return nil
		}
	case *frame.Frame:
		if y, err := k.table(b, path); err == nil {
			return k.frames(x, y, path)
		}
	}
	return k.arrays(a, b, path)
}

// dicts compares dicts by their keys.
func (k *comparison) dicts(a, b dict, path string, depth int) error {
	if len(a) != len(b) {
		return k.differ(path, "%d items became %d", len(a), len(b))
	}
	byName := map[string]any{}
	for _, e := range b {
		byName[e.name] = e.value
	}
	for _, e := range a {
		v, ok := byName[e.name]
		if !ok {
			return k.differ(child(path, e.name), "it is not there")
		}
		if err := k.values(e.value, v, child(path, e.name), depth+1); err != nil {
			return err
		}
	}
	return nil
}

// arrays compares values that are arrays or can be made arrays. A single value may have got a name,
// such as arr_0 in an .npz, so a dict of one item is compared as that item.
func (k *comparison) arrays(a, b any, path string) error {
	if m, ok := b.(dict); ok && len(m) == 1 {
		if _, isDict := a.(dict); !isDict {
			b, _ = k.normalize(m[0].value, path)
		}
	}
	if f, ok := b.(*frame.Frame); ok {
		x, err := k.table(a, path)
		if err != nil {
			return k.differ(path, "%s became %s", describe(a), describe(b))
		}
		return k.frames(x, f, path)
	}
	x, err1 := k.array(a, path)
	y, err2 := k.array(b, path)
	if err1 != nil || err2 != nil {
		return k.compareText(a, b, path)
	}
	if x.Equal(y) {
		return nil
	}
	if fmt.Sprint(x.Shape()) != fmt.Sprint(y.Shape()) &&
		(x.Size() != y.Size() || k.format.Holds&KindNamed != 0) {
		return k.differ(path, "shape %v became %v", x.Shape(), y.Shape())
	}
	if k.format.Name != "csv" && k.format.Name != "tsv" && k.format.Name != "text" &&
		!sameKind(x.DType(), y.DType()) && k.raw.DType == nil {
		return k.differ(path, "dtype %s became %s", x.DType(), y.DType())
	}
	return k.elements(x, y, path)
}

// elements compares elements by their numeric values, or else by their texts, which are exact.
func (k *comparison) elements(x, y *ndarray.Array, path string) error {
	values := make([]any, 0, y.Size())
	for v := range y.Elements() {
		values = append(values, v)
	}
	i := 0
	for v := range x.Elements() {
		if !sameNumber(v, values[i]) {
			return k.differ(path, "element %d: %s became %s", i, texts.Sprint(v),
				texts.Sprint(values[i]))
		}
		i++
	}
	return nil
}

// sameNumber reports whether two elements have the same value, even if their types differ.
func sameNumber(a, b any) bool {
	x, ok1 := elementOf(a)
	y, ok2 := elementOf(b)
	if ok1 && ok2 {
		f, ok1 := floatOf(x)
		g, ok2 := floatOf(y)
		if ok1 && ok2 && (f == g || f != f && g != g) {
			return true
		}
	}
	s, ok1 := cellText(a)
	t, ok2 := cellText(b)
	return ok1 && ok2 && s == t
}

// compareText compares values for which there is no other comparison, by their texts.
func (k *comparison) compareText(a, b any, path string) error {
	if reflect.TypeOf(a) != reflect.TypeOf(b) || texts.Sprint(a) != texts.Sprint(b) {
		return k.differ(path, "%s became %s", describe(a), describe(b))
	}
	return nil
}

func (k *comparison) frames(a, b *frame.Frame, path string) error {
	if a.Rows() != b.Rows() || len(a.Columns) != len(b.Columns) {
		return k.differ(path, "a table of %d rows and %d columns became one of %d and %d", a.Rows(),
			len(a.Columns), b.Rows(), len(b.Columns))
	}
	names := a.ColumnNames()
	for c, s := range a.Columns {
		t := b.Columns[c]
		for i := range s.Len() {
			if s.IsNull(i) && t.IsNull(i) {
				continue
			}
			x, y := s.At(i), t.At(i)
			if s.IsNull(i) != t.IsNull(i) || !sameNumber(x, y) && !k.sameText(s, t, i) {
				return k.differ(child(path, names[c]), "row %d: %s became %s", i, texts.Sprint(x),
					texts.Sprint(y))
			}
		}
	}
	for i := range a.Rows() {
		if x, y := texts.Sprint(a.Index.At(i)), texts.Sprint(b.Index.At(i)); x != y &&
			!isDefaultIndex(b.Index) {
			return k.differ(path, "the label of row %d: %s became %s", i, x, y)
		}
	}
	return nil
}

// sameText reports whether two elements are written as the same text, as a date and its text in
// CSV.
func (k *comparison) sameText(s, t *frame.Series, i int) bool {
	write, err := k.text.tableColumn(k.document, s, "", ',')
	if err != nil {
		return texts.Sprint(s.At(i)) == texts.Sprint(t.At(i))
	}
	text, _ := cellText(t.At(i))
	return string(write(nil, i)) == text || texts.Sprint(s.At(i)) == texts.Sprint(t.At(i))
}
