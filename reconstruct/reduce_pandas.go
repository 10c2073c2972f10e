package reconstruct

import (
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// What is written of pandas' objects loads in the widest range of versions; 1.5 to 3.x are tested.
// A block manager is created without arguments and gets the state of 0.14.1, which every later
// version accepts; extension arrays have a dict as their state; indexes are calls of functions that
// all versions have. Where the class of a value depends on the version, a name that all versions
// know lets pandas choose it: 'str' is object before 3.0, and "Europe/Paris" is a zone of pytz
// before 3.0 and of zoneinfo since.
//
// Reference: pandas/_libs/internals.pyx (BlockManager.__setstate__), pandas/core/generic.py
// (NDFrame.__setstate__), pandas/_libs/arrays.pyx (NDArrayBacked.__setstate__),
// pandas/core/indexes/base.py (_new_Index).

// pandasReducers maps Go types of package frame and of pandas' scalars to the functions that write
// them.
var pandasReducers map[reflect.Type]func(r *Reducers, v any, protocol int) (any, error)

func init() { // not an initializer, because the functions use the map
	pandasReducers = map[reflect.Type]func(r *Reducers, v any, protocol int) (any, error){
		reflect.TypeFor[*frame.Frame](): func(r *Reducers, v any, p int) (any, error) {
			return r.frame(v.(*frame.Frame), p)
		},
		reflect.TypeFor[*frame.Series](): func(r *Reducers, v any, p int) (any, error) {
			return r.series(v.(*frame.Series), p)
		},
		reflect.TypeFor[*frame.Index](): func(r *Reducers, v any, p int) (any, error) {
			return r.index(v.(*frame.Index), p)
		},
		reflect.TypeFor[frame.Frame](): func(r *Reducers, v any, p int) (any, error) {
			f := v.(frame.Frame)
			return r.frame(&f, p)
		},
		reflect.TypeFor[frame.Series](): func(r *Reducers, v any, p int) (any, error) {
			s := v.(frame.Series)
			return r.series(&s, p)
		},
		reflect.TypeFor[frame.Index](): func(r *Reducers, v any, p int) (any, error) {
			x := v.(frame.Index)
			return r.index(&x, p)
		},
		reflect.TypeFor[Timestamp]():           reduceTimestamp,
		reflect.TypeFor[PandasTimedelta]():     reducePandasTimedelta,
		reflect.TypeFor[PandasNull]():          reducePandasNull,
		reflect.TypeFor[frame.PeriodValue]():   reducePeriod,
		reflect.TypeFor[frame.IntervalValue](): reduceInterval,
	}
}

// newInstance returns an object that is pickled by NEWOBJ without arguments, and by its state.
func newInstance(class any, state any) *pickle.Object {
	return &pickle.Object{Class: class, Form: pickle.FormNewObj, State: state, HasState: true}
}

// dictOf returns a dict of alternating keys, which are text, and values.
func dictOf(pairs ...any) *types.Dict {
	d := make(types.Dict, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		d = append(d, types.DictEntry{Key: written.Interned(pairs[i].(string)), Value: pairs[i+1]})
	}
	return &d
}

// frame writes a DataFrame.
func (r *Reducers) frame(f *frame.Frame, protocol int) (any, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	if isPolars(className(f.Class)) {
		if o := polarsForm(f.Class, f); o != nil {
			return o, nil
		}
	}
	if isPyarrow(className(f.Class)) {
		if o := pyarrowForm(f); o != nil {
			return o, nil
		}
	}
	blocks, err := r.blocks(f, protocol)
	if err != nil {
		return nil, err
	}
	class, isPandas := pandasContainer(f.Class, pyName("pandas.core.frame", "DataFrame"))
	state := dictOf("_data", r.manager("BlockManager", types.List{f.Labels, f.Index}, blocks),
		"_typ", "dataframe")
	addAttrs(state, f.Attrs, f.UniqueLabels)
	if !isPandas {
		addExtra(state, f.Extra)
	}
	return newInstance(class, state), nil
}

// series writes a Series, or the extension array that s was read from.
func (r *Reducers) series(s *frame.Series, protocol int) (any, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if name, ok := pandasClass(s.Class); ok && s.Index == nil &&
		(isArrayName(name) || isIndexName(name)) {
		return r.standalone(s, protocol)
	}
	if s.Class == geometryArrayClass.String() && s.Index == nil {
		return r.values(s, protocol)
	}
	if isPolars(className(s.Class)) {
		if f, err := frame.New(s); err == nil {
			if o := polarsForm(s.Class, f); o != nil {
				return o, nil
			}
		}
	}
	if isPyarrow(className(s.Class)) && s.Index == nil {
		if o := pyarrowForm(s); o != nil {
			return o, nil
		}
	}
	index := s.Index
	if index == nil {
		index = frame.NewRangeIndex(s.Len())
	}
	if index.Len() != s.Len() {
		return nil, pickle.Unsupported("a Series of %d elements with an index of %d", s.Len(),
			index.Len())
	}
	values, err := r.values(s, protocol)
	if err != nil {
		return nil, err
	}
	block := dictOf("values", values, "mgr_locs", &Slice{Start: 0, Stop: s.Len(), Step: 1})
	state := dictOf(
		"_data", r.manager("SingleBlockManager", types.List{index}, types.List{block}),
		"_typ", "series", "name", label(s.Name),
	)
	addAttrs(state, s.Attrs, s.UniqueLabels)
	class, isPandas := pandasContainer(s.Class, pyName("pandas.core.series", "Series"))
	if !isPandas {
		addExtra(state, s.Extra)
	}
	return newInstance(class, state), nil
}

// extractArray is a function that returns the array of an index.
var extractArray = pyName("pandas.core.construction", "extract_array")

// standalone writes an extension array that is outside of a frame.
func (r *Reducers) standalone(s *frame.Series, protocol int) (any, error) {
	values, err := r.values(s, protocol)
	if o, ok := values.(*pickle.Object); ok && err == nil &&
		(s.Kind == frame.Interval || chosenDType(s) != "") {
		return call(extractArray, o), nil
	}
	return values, err
}

// pandasContainer returns the class to write. For a class of pandas, and for a table of pyarrow or
// polars, that is known, and the result is true. A subclass of pandas' class keeps its name, and
// the result is false.
func pandasContainer(class string, known pickle.Named) (any, bool) {
	g := className(class)
	if _, isPandas := pandasClass(class); isPandas || class == "" || isPyarrow(g) || isPolars(g) {
		return known, true
	}
	return g, false
}

// addAttrs adds what all versions of pandas keep in the state beside the data.
func addAttrs(state *types.Dict, attrs map[string]any, uniqueLabels bool) {
	if len(attrs) > 0 {
		*state = append(*state, *dictOf("attrs", attrs)...)
	}
	if uniqueLabels {
		*state = append(*state, *dictOf("_flags", dictOf("allows_duplicate_labels", false))...)
	}
}

// addExtra adds the attributes of a subclass in the order of their names.
func addExtra(state *types.Dict, extra map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		*state = append(*state, types.DictEntry{Key: name, Value: extra[name]})
	}
}

// manager returns a BlockManager with the state of 0.14.1. The items before it in the tuple are the
// state for older versions.
func (r *Reducers) manager(class string, axes, blocks types.List) *pickle.Object {
	state := dictOf("axes", &axes, "blocks", &blocks)
	return newInstance(pyName("pandas.core.internals.managers", class),
		written.Tuple{&types.List{}, &types.List{}, &types.List{}, dictOf("0.14.1", state)})
}

// columnGroup is the columns that share one block of a DataFrame.
type columnGroup struct {
	dt      *ndarray.DType // of all columns; nil for a single column of any kind
	columns []*frame.Series
	places  []int // positions of the columns in the frame
}

// blocks writes the columns of a frame. As in pandas, columns of the same NumPy dtype share a block
// and every other column has its own. If the memory of arrays goes out of band, each column has its
// own block, because a shared one would copy the columns together.
func (r *Reducers) blocks(f *frame.Frame, protocol int) (types.List, error) {
	apart := protocol >= 5 && (r.opts.Buffers || r.opts.NumPy.atLeast(1, 16))
	var groups []*columnGroup
	byDType := map[string]*columnGroup{}
	for i, s := range f.Columns {
		dt := blockDType(s)
		if dt == nil || apart {
			groups = append(groups, &columnGroup{columns: []*frame.Series{s}, places: []int{i}})
			continue
		}
		g := byDType[dt.Str()]
		if g == nil {
			g = &columnGroup{dt: dt}
			byDType[dt.Str()] = g
			groups = append(groups, g)
		}
		g.columns, g.places = append(g.columns, s), append(g.places, i)
	}
	blocks := make(types.List, 0, len(groups))
	for _, g := range groups {
		var values any
		var err error
		if g.dt != nil {
			values, err = r.groupValues(g, f.Rows())
		} else {
			values, err = r.columnBlock(g.columns[0], protocol)
		}
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, dictOf("values", values, "mgr_locs", placement(g.places)))
	}
	return blocks, nil
}

// columnBlock writes one column as a block of a DataFrame. An array of NumPy is made
// two-dimensional because pandas 1.0 does not do so itself.
func (r *Reducers) columnBlock(s *frame.Series, protocol int) (any, error) {
	values, err := r.values(s, protocol)
	switch a := values.(type) {
	case *ndarray.Array:
		return a.Reshape(1, a.Size())
	case *written.Constructed:
		if a.By == r.arrays {
			a.State[1] = shapeTuple([]int{1, s.Len()})
		}
	}
	return values, err
}

// placement returns the positions of a block's columns: a slice if they are evenly spaced.
func placement(places []int) any {
	step := 1
	if len(places) > 1 {
		step = places[1] - places[0]
	}
	for i, pos := range places {
		if pos != places[0]+i*step {
			return int64Array(places)
		}
	}
	return &Slice{Start: places[0], Stop: places[0] + len(places)*step, Step: step}
}

// int64Array returns an array of int64.
func int64Array(values []int) any {
	out := make([]int64, len(values))
	for i, v := range values {
		out[i] = int64(v)
	}
	a, err := ndarray.FromSlice(out)
	if err != nil {
		return nil // cannot happen: a slice always has a shape of one dimension
	}
	return a
}

// blockDType returns the dtype of a column that may share a block, or nil.
func blockDType(s *frame.Series) *ndarray.DType {
	switch s.Kind {
	case frame.Numpy:
		if s.Valid != nil || isTextDType(s.DType) || !holdable(s.Values.DType()) {
			return nil
		}
	case frame.Datetime, frame.Timedelta:
		if s.TZ != "" || s.Valid != nil || pandasUnit(s.Values.DType()) == "" {
			return nil
		}
	default:
		return nil
	}
	return s.Values.DType()
}

// holdable reports whether pandas keeps arrays of the dtype unchanged.
func holdable(dt *ndarray.DType) bool {
	if base, _ := dt.Subarray(); base != nil {
		return false
	}
	return strings.IndexByte("biufcO", byte(dt.Kind())) >= 0
}

// isTextDType reports whether a name is that of pandas' dtypes for text. An array of objects may
// hold the text of such a column.
func isTextDType(name string) bool {
	return name == "str" || name == "string" || strings.HasSuffix(name, "string[pyarrow]")
}

// groupValues writes the values of a group as an array of shape (columns, rows), column by column.
func (r *Reducers) groupValues(g *columnGroup, rows int) (any, error) {
	if g.dt.HasObject() {
		list := make(types.List, 0, len(g.columns)*rows)
		for _, s := range g.columns {
			elems, err := s.Values.Objects()
			if err != nil {
				return nil, err
			}
			for _, e := range elems {
				list = append(list, pandasObject(e))
			}
		}
		return r.plainArray(g.dt, []int{len(g.columns), rows}, &list), nil
	}
	size := int64(len(g.columns)) * int64(rows) * int64(g.dt.ItemSize())
	if size < largeSize {
		var b []byte
		for _, s := range g.columns {
			var err error
			if b, err = s.Values.AppendBytes(b, ndarray.OrderC); err != nil {
				return nil, err
			}
		}
		return r.plainArray(g.dt, []int{len(g.columns), rows}, written.Bytes(b)), nil
	}
	content := &written.LargeBytes{Size: size, Write: func(w io.Writer) error {
		for _, s := range g.columns {
			if _, err := s.Values.WriteTo(w, ndarray.OrderC); err != nil {
				return err
			}
		}
		return nil
	}}
	return r.plainArray(g.dt, []int{len(g.columns), rows}, content), nil
}

// plainArray writes a writeable array in C order with the given content, bytes or a list.
func (r *Reducers) plainArray(dt *ndarray.DType, shape []int, content any) *written.Constructed {
	return &written.Constructed{By: r.arrays, State: written.Tuple{1, shapeTuple(shape), dt, false,
		content}}
}
