package describe

import (
	"fmt"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
	"github.com/unpkl/unpkl/xr"
)

// name fills in the kind, dtype, shape, sizes and preview of v in n.
func (d *describer) name(n *Node, v any) {
	switch v := v.(type) {
	case *ndarray.Array:
		nameArray(n, v)
		n.Value = preview(arrayElements(v, nil))
		return
	case *ndarray.Masked:
		nameArray(n, v.Data)
		n.Kind = "masked_array"
		n.Value = preview(arrayElements(v.Data, v.Mask))
		return
	case *ndarray.Scalar:
		n.Kind, n.DType, n.Value = "numpy."+v.DType().Name(), v.DType().String(), Text(v)
		return
	case *frame.Frame:
		n.Kind = shortClass(v.Class, "DataFrame")
		rows, columns := v.Shape()
		n.Shape = []int{rows, columns}
		n.NBytes = number(frameBytes(v))
		return
	case *frame.Series:
		nameSeries(n, v)
		return
	case *frame.Index:
		n.Kind, n.Len = v.Class, count(v.Len())
		n.Value = preview(v.Len(), func(i int) any { return v.At(i) })
		if v.Values != nil {
			n.DType = v.Values.DType
		}
		return
	case *reconstruct.Sparse:
		n.Kind, n.Shape = shortClass(v.Class, "sparse"), v.Shape
		n.DType = v.Data.DType().String()
		n.Value = fmt.Sprintf("%s, %d stored", v.Format, v.NNZ())
		n.NBytes = number(sparseBytes(v))
		return
	case reconstruct.LibraryValue:
		nameLibrary(n, v)
		return
	case *xr.Variable, *xr.DataArray, *xr.Dataset, *xr.DataTree:
		nameXarray(n, v)
		return
	case *reconstruct.TypedArray:
		n.Kind = "array.array"
	case *pickle.Object:
		nameObject(n, v)
		return
	default:
		n.Kind = KindOf(v)
	}
	d.nameContent(n, v)
}

// nameContent fills in the sizes and preview of an array, container or leaf in n. n.Kind is set.
func (d *describer) nameContent(n *Node, v any) {
	if a, ok := pyvalue.ArrayOf(v); ok {
		kind := n.Kind
		nameArray(n, a)
		n.Kind, n.Value = kind, preview(arrayElements(a, nil))
		return
	}
	if entries, ok := pyvalue.EntriesOf(v); ok {
		n.Len = count(d.total(v, len(entries)))
		return
	}
	if items, ok := pyvalue.ItemsOf(v); ok {
		n.Len = count(d.total(v, len(items)))
		if leafItems(items) {
			n.Value = preview(*n.Len, func(i int) any { return items[i] })
		}
		return
	}
	nameLeaf(n, v)
}

func nameLeaf(n *Node, v any) {
	switch v := v.(type) {
	case nil:
		n.Kind = "None"
		return
	case string:
		n.Len = count(len([]rune(v)))
	case pickle.Py2String:
		n.Len = count(len(v))
	}
	if b, ok := v.([]byte); ok {
		n.Len, n.NBytes = count(len(b)), number(int64(len(b)))
	}
	n.Value = Text(v)
}

func nameArray(n *Node, a *ndarray.Array) {
	n.Kind = "ndarray"
	if class := a.Class(); class != "" {
		n.Kind = shortClass(class, n.Kind)
	}
	n.DType = a.DType().String()
	n.Shape = append([]int{}, a.Shape()...)
	n.NBytes = number(int64(a.NBytes()))
	if a.NDim() > 1 && a.Order() == ndarray.OrderF {
		n.Order = "F"
	}
}

func nameSeries(n *Node, s *frame.Series) {
	n.Kind, n.DType, n.Shape = "Series", s.DType, []int{s.Len()}
	n.NBytes = number(seriesBytes(s))
	if s.Kind == frame.Opaque {
		return
	}
	n.Value = preview(s.Len(), func(i int) any {
		if s.IsNull(i) {
			return missing
		}
		return s.At(i)
	})
}

func nameObject(n *Node, o *pickle.Object) {
	if name, ok := pyvalue.GlobalName(o); ok {
		n.Kind, n.Value = "class or function", Printable(cut(name))
		return
	}
	if n.Kind = o.ClassName(); n.Kind == "" {
		norm := reconstruct.Normalize(o)
		if n.Kind = norm.ClassName(); n.Kind == "" {
			n.Kind = "object"
		}
	}
	if e, ok := reconstruct.ReadEstimator(o); ok && e.Version != "" {
		n.Detail = "scikit-learn " + e.Version
	}
	if text, ok := pyvalue.TextOf(o); ok {
		n.Value = Printable(cut(text))
	}
}

// KindOf returns the name of a value's Python type. It knows the types of the standard library and
// pandas' scalars.
func KindOf(v any) string {
	switch v := v.(type) {
	case *reconstruct.OrderedDict:
		return "OrderedDict"
	case *reconstruct.DefaultDict:
		return "defaultdict"
	case *reconstruct.Deque:
		return "deque"
	case *reconstruct.Datetime:
		return "datetime"
	case *reconstruct.Date:
		return "date"
	case *reconstruct.Time:
		return "time"
	case reconstruct.Timedelta, *reconstruct.Timedelta:
		return "timedelta"
	case reconstruct.PandasTimedelta:
		return "Timedelta"
	case frame.PeriodValue:
		return "Period"
	case frame.IntervalValue:
		return "Interval"
	case reconstruct.PandasNull:
		return string(v)
	case *reconstruct.Range:
		return "range"
	case *ndarray.DType:
		return "dtype"
	case *pickle.PersistentRef:
		return "persistent id"
	case pickle.Named:
		return "class or function"
	}
	return pyvalue.Describe(v)
}

// shortClass returns the class name without its module if the module belongs to one of the known
// libraries, the full name if it does not, and plain if class is empty.
func shortClass(class, plain string) string {
	if class == "" {
		return plain
	}
	for i := len(class) - 1; i > 0; i-- {
		if class[i] == '.' {
			switch module := class[:i]; {
			case inLibrary(module, "numpy"), inLibrary(module, "pandas"),
				inLibrary(module, "scipy"), inLibrary(module, "xarray"),
				inLibrary(module, "pyarrow"), inLibrary(module, "polars"),
				inLibrary(module, "geopandas"):
				return class[i+1:]
			}
			break
		}
	}
	return class
}

// inLibrary reports whether a module's name begins with that of a library.
func inLibrary(module, library string) bool {
	return len(module) >= len(library) && module[:len(library)] == library
}

func count(n int) *int      { return &n }
func number(n int64) *int64 { return &n }
func sum(a ...*ndarray.Array) (n int64) {
	for _, a := range a {
		if a != nil {
			n += int64(a.NBytes())
		}
	}
	return n
}

func sparseBytes(s *reconstruct.Sparse) int64 {
	return sum(s.Data, s.Indices, s.Indptr, s.Offsets) + sum(s.Coords...)
}

func frameBytes(f *frame.Frame) (n int64) {
	for _, c := range f.Columns {
		n += seriesBytes(c)
	}
	return n
}

// seriesBytes returns the size in bytes of a column's elements. An object counts as the 8 bytes of
// the reference to it, as in pandas' memory_usage.
func seriesBytes(s *frame.Series) int64 {
	n := sum(s.Values) + int64(len(s.Valid)) + 4*int64(len(s.Positions)) + 8*int64(len(s.Items))
	if s.Text != nil {
		n += int64(len(s.Text.Data)+len(s.Text.Validity)) + 4*int64(len(s.Text.Offsets32)) +
			8*int64(len(s.Text.Offsets64))
	}
	if s.Kind == frame.Interval {
		n += seriesBytes(s.Left) + seriesBytes(s.Right)
	}
	return n
}
