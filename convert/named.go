package convert

import (
	"strconv"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
)

// namedArray is an array of a document and its name.
type namedArray struct {
	name  string
	array *ndarray.Array
}

// named returns a document as named arrays, as numpy.savez does: the items of a dict, or the
// members of a list as arr_0, arr_1...; a single value is arr_0.
func (d *document) named(v any) ([]namedArray, error) {
	v, err := d.normalize(v, "")
	if err != nil {
		return nil, err
	}
	var entries dict
	switch x := v.(type) {
	case dict:
		entries = x
	case list:
		if a, ok, err := d.listArray(x); err != nil {
			return nil, err
		} else if ok {
			entries = dict{{"arr_0", a}}
			break
		}
		for i, item := range x {
			entries = append(entries, entry{"arr_" + strconv.Itoa(i), item})
		}
	case *frame.Frame:
		if err := d.loss("", "the index and the dtypes of a table", KindFrame); err != nil {
			return nil, err
		}
		for i, name := range x.ColumnNames() {
			entries = append(entries, entry{name, x.Columns[i]})
		}
	default:
		entries = dict{{"arr_0", v}}
	}
	return d.namedEntries(entries)
}

func (d *document) namedEntries(entries dict) ([]namedArray, error) {
	var out []namedArray
	for _, e := range entries {
		a, err := d.array(e.value, child("", e.name))
		if err != nil {
			if d.lossy && isHoldError(err) {
				d.warning(err.Error()[len("convert: "):] + ": left out")
				continue
			}
			return nil, err
		}
		out = append(out, namedArray{e.name, a})
	}
	return out, nil
}
