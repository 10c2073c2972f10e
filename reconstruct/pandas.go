package reconstruct

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/xr"
)

// maxPandasDepth limits how deep pandas objects nest, such as categories of categories or intervals
// of intervals. pandas itself writes only a few levels.
const maxPandasDepth = 16

// Pandas converts the pandas objects of one pickle. Where objects share parts, their conversions
// share them too. A Pandas is not safe for concurrent use; its zero value is ready to use.
type Pandas struct {
	// CopyText copies the text of Arrow columns, for a pickle whose bytes are not kept, such as a
	// mapped file.
	CopyText bool

	depth int // how deep the object being converted is nested
	// foreign is the last class that isForeign did not know; foreignLibrary is the last class that
	// IsLibrary did not know. They answer for runs of objects of one class.
	foreign, foreignLibrary pickle.Global
	shared                  int // columns created over blocks that an earlier frame used
	// Conversions so far, by the object, array or key type (sparseOf, libraryOf) converted.
	results  map[any]result
	managers map[*pickle.Object]*manager
	axes     map[*pickle.Object]*frame.Index
	values   map[any][]*frame.Series
	// restored has the argument tuples of the Arrow arrays read, each of which may occur once.
	restored map[*types.Tuple]bool
	// treeDepth is the depth in its DataTree of the node being read.
	treeDepth int
}

// result is the outcome of a conversion, kept so that each object is converted once.
type result struct {
	value any
	err   error
}

// Convert returns the Go form of an object that pandas wrote: *frame.Frame, *frame.Series (also for
// an extension array outside of a frame), *frame.Index, [Timestamp], [PandasTimedelta],
// frame.PeriodValue, frame.IntervalValue, or [PandasNull] for NaT and NA. It also converts objects
// of xarray to *xr.Variable, *xr.DataArray, *xr.Dataset or *xr.DataTree; objects of pyarrow to
// *frame.Frame, *frame.Series or the value of a scalar; and of GeoPandas and Shapely a
// GeometryArray to *frame.Series, a geometry to [*Geometry] and a coordinate reference system to
// [CRS]. ok is false for any other value.
//
// An error of the kind pickle.ErrMalformed reports contents that contradict the class of v,
// pickle.ErrUnsupported a form that is not read, and pickle.ErrLimit shared parts that would expand
// too far. The same object gives the same result.
//
// The object is not changed, so it can be written again. The arrays of the result alias its arrays.
// Pickles of every pandas version are read, from the 0.x block managers of Python 2 to 3.x.
func (p *Pandas) Convert(v any) (value any, ok bool, err error) {
	switch o := v.(type) {
	case pickle.Named:
		if n, isNull := pandasNull(v); isNull {
			return n, true, nil
		}
		return nil, false, nil
	case *ndarray.Array:
		if _, isPandas := pandasClass(o.Class()); !isPandas {
			return nil, false, nil
		}
	case *pickle.Object:
		if p.isForeign(o) {
			if _, typed := stateText(o.State, "_typ"); !typed {
				return nil, false, nil
			}
		}
	default:
		return nil, false, nil
	}
	r, done := p.results[v]
	if !done {
		r = p.convert(v)
		switch r.value.(type) {
		case *frame.Frame, *frame.Series, *frame.Index,
			*xr.Variable, *xr.DataArray, *xr.Dataset, *xr.DataTree:
			p.keep(v, r)
		}
		if r.err != nil {
			p.keep(v, r)
		}
	}
	return r.value, r.value != nil, r.err
}

// sparseOf is the key under which Pandas.results keeps a result of [ReadSparse].
type sparseOf struct{ o *pickle.Object }

// Sparse is like [ReadSparse], but returns the same result for the same object.
func (p *Pandas) Sparse(v any) (s *Sparse, ok bool, err error) {
	o, isObject := v.(*pickle.Object)
	if !isObject || p.isForeign(o) {
		return nil, false, nil
	}
	if r, done := p.results[sparseOf{o}]; done {
		s, ok = r.value.(*Sparse)
		return s, ok, r.err
	}
	if s, ok, err = ReadSparse(v); ok || err != nil {
		r := result{err: err}
		if ok {
			r.value = s
		}
		p.keep(sparseOf{o}, r)
	}
	return s, ok, err
}

// isForeign reports whether the class of o is of no library that Convert reads. It is false for
// calls of copyreg, which create instances of other classes. The last such class is remembered
// because a pickle has many objects of few classes.
func (p *Pandas) isForeign(o *pickle.Object) bool {
	class, ok := o.Class.(pickle.Global)
	if !ok || class == p.foreign {
		return ok
	}
	_, isPandas := pandasName(class)
	if isPandas || strings.HasPrefix(class.Module, "scipy") || p.readerOf(class) != nil ||
		normalName(class).Module == "copyreg" {
		return false
	}
	p.foreign = class
	return true
}

// keep records the result for v.
func (p *Pandas) keep(v any, r result) {
	if p.results == nil {
		p.results = map[any]result{}
	}
	p.results[v] = r
}

// convert converts v without looking at earlier results. It counts as a level of nesting, because
// an object can be a part of itself.
func (p *Pandas) convert(v any) result {
	if err := p.enter(); err != nil {
		return result{err: err}
	}
	defer p.leave()
	if a, isArray := v.(*ndarray.Array); isArray {
		value, err := p.subclass(a)
		return checked(value, a.Class(), err)
	}
	if n, isNull := pandasNull(v); isNull {
		return result{value: n}
	}
	o, _ := v.(*pickle.Object)
	inst, isInst := named(o)
	if !isInst {
		return result{}
	}
	if read := p.readerOf(inst.Class); read != nil {
		value, err := read(o, inst)
		return lenient(checked(value, inst.Class.String(), err))
	}
	value, err := p.read(o, inst)
	return checked(value, inst.Class.String(), err)
}

// checked gives errors of packages frame and ndarray a kind of package pickle.
func checked(value any, class string, err error) result {
	switch {
	case err == nil:
		return result{value: value}
	case errors.Is(err, pickle.ErrMalformed), errors.Is(err, pickle.ErrUnsupported),
		errors.Is(err, pickle.ErrLimit):
		return result{err: fmt.Errorf("%s: %w", class, err)}
	}
	return result{err: pickle.Malformed("%s: %v", class, err)}
}

// readerOf returns the reader for objects of a library other than pandas, or nil.
func (p *Pandas) readerOf(g pickle.Global) func(*pickle.Object, namedInstance) (any, error) {
	switch {
	case isXarray(g):
		return p.xarray
	case isPyarrow(g):
		return p.pyarrow
	case isPolars(g):
		return func(_ *pickle.Object, inst namedInstance) (any, error) { return p.polars(inst) }
	case isGeo(g):
		if typ := g.Name; typ == "GeoDataFrame" || typ == "GeoSeries" {
			return nil // pandas reads these
		}
		return func(_ *pickle.Object, inst namedInstance) (any, error) { return p.geo(inst) }
	}
	return nil
}

// lenient drops the error of a form that is not read: such an object stays as it is.
func lenient(r result) result {
	if errors.Is(r.err, pickle.ErrUnsupported) {
		return result{}
	}
	return r
}

// enter counts a level of nesting; every successful call is paired with leave.
func (p *Pandas) enter() error {
	if p.depth++; p.depth > maxPandasDepth {
		return pickle.Malformed("pandas objects nested more than %d deep", maxPandasDepth)
	}
	return nil
}

func (p *Pandas) leave() { p.depth-- }

// pandasName returns the name of a global of pandas without its module. pandas has moved classes
// between modules but has kept their names.
func pandasName(g pickle.Global) (string, bool) {
	if g.Module == "pandas" || strings.HasPrefix(g.Module, "pandas.") {
		return g.Name, true
	}
	return "", false
}

// read converts an object of pandas. It returns nil for an object that is not data.
func (p *Pandas) read(o *pickle.Object, inst namedInstance) (any, error) {
	name, isPandas := pandasName(inst.Class)
	typ, _ := stateText(inst.State, "_typ")
	switch {
	case isPandas && name == "SparseDataFrame" && isOldSparseFrame(inst.State):
		return orNil(p.oldSparseFrame(inst))
	case typ == "dataframe" || isPandas && (name == "DataFrame" || name == "SparseDataFrame"):
		return orNil(p.frame(inst))
	case typ == "series" || isPandas && seriesClasses[name]:
		return orNil(p.series(inst))
	case !isPandas:
		return nil, nil
	}
	if isIndexName(name) {
		return orNil(p.index(inst))
	}
	if name == extractArray.Global().Name && len(inst.Args) > 0 {
		return orNil(p.extracted(inst))
	}
	if v, err := p.scalar(name, inst); v != nil || err != nil {
		return v, err
	}
	if isArrayName(name) {
		columns, err := p.extension(o, inst)
		if err != nil {
			return nil, err
		}
		if len(columns) != 1 {
			return nil, pickle.Unsupported("a two-dimensional %s by itself", name)
		}
		if columns[0].Kind == frame.Opaque {
			return nil, nil // the object itself tells more than an opaque series
		}
		class := inst.Class
		if strings.HasPrefix(name, "__pyx_unpickle_") && len(inst.Args) > 0 {
			if g, isNamed := inst.Args[0].(pickle.Named); isNamed {
				class = g.Global()
			}
		}
		columns[0].Class = class.String()
		return columns[0], nil
	}
	return nil, nil
}

// extracted reads extract_array(index), the form in which this package writes an extension array
// outside of a frame.
func (p *Pandas) extracted(inst namedInstance) (*frame.Series, error) {
	x, err := p.axis(inst.Args[0])
	if err != nil {
		return nil, err
	}
	if x.Values == nil {
		return nil, pickle.Malformed("the array of a %s", x.Class)
	}
	own := *x.Values
	own.Class = "pandas.core.arrays." + own.Kind.String() + "Array"
	return &own, nil
}

// subclass converts an array of a class that was a subclass of ndarray in old pandas: an index up
// to 0.14, a Series up to 0.12, a SparseArray up to 0.23. It returns nil for any other array.
func (p *Pandas) subclass(a *ndarray.Array) (any, error) {
	name, ok := pandasClass(a.Class())
	switch {
	case !ok:
		return nil, nil
	case indexClasses[name]:
		return orNil(p.arrayIndex(name, a))
	case name == "SparseArray":
		return orNil(oldSparse(a))
	case seriesClasses[name]:
		return orNil(p.arraySeries(name, a))
	}
	return nil, nil
}

// pandasClass returns the name of a class of pandas without its module.
func pandasClass(class string) (name string, ok bool) {
	i := strings.LastIndexByte(class, '.')
	if i < 0 {
		return "", false
	}
	return pandasName(pickle.Global{Module: class[:i], Name: class[i+1:]})
}

// orNil returns an untyped nil for a nil pointer.
func orNil[T any](v *T, err error) (any, error) {
	if v == nil {
		return nil, err
	}
	return v, err
}

// textKeys returns a dict as a map. It drops keys that are not text, which states of pandas do not
// have.
func textKeys(v any) (map[string]any, bool) {
	d, ok := v.(*types.Dict)
	if !ok || d == nil {
		return nil, false
	}
	m := make(map[string]any, len(*d))
	for _, e := range *d {
		if k, isText := asText(e.Key); isText {
			m[k] = e.Value
		}
	}
	return m, true
}

// stateText returns the text under a key of a state that is a dict.
func stateText(state any, key string) (string, bool) {
	d, ok := state.(*types.Dict)
	if !ok || d == nil {
		return "", false
	}
	for _, e := range *d {
		if k, isText := asText(e.Key); isText && k == key {
			return asText(e.Value)
		}
	}
	return "", false
}

// first returns the value of the first of keys that is in m.
func first(m map[string]any, keys ...string) (any, bool) {
	for _, k := range keys {
		if v, ok := m[k]; ok {
			return v, true
		}
	}
	return nil, false
}

// items returns the items of a tuple or list, or of pandas' FrozenList.
func items(v any) ([]any, bool) {
	switch v := v.(type) {
	case *types.Tuple:
		return *v, v != nil
	case *types.List:
		return *v, v != nil
	case *pickle.Object:
		// FrozenList([...]) has the list as its argument or as its items.
		if inst, ok := named(v); ok && inst.Class.Name == "FrozenList" {
			if len(inst.Args) == 1 {
				return items(inst.Args[0])
			}
			return inst.Items, true
		}
	}
	return nil, false
}

// frame converts a DataFrame, or returns nil if its state has no manager.
func (p *Pandas) frame(inst namedInstance) (*frame.Frame, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	f := &frame.Frame{Class: inst.Class.String()}
	mgr, state, err := p.managerOf(inst)
	if err != nil {
		return nil, err
	}
	if mgr == nil {
		return nil, nil
	}
	if len(mgr.axes) != 2 {
		return nil, pickle.Malformed("a DataFrame with %d axes", len(mgr.axes))
	}
	f.Labels, f.Index = mgr.axes[0], mgr.axes[1]
	if f.Columns, err = p.columns(mgr); err != nil {
		return nil, err
	}
	for _, c := range f.Columns {
		if c.Kind == frame.Opaque {
			c.Length = f.Index.Len()
		}
		if c.Len() != f.Index.Len() {
			return nil, pickle.Malformed("a column of %d elements in a frame of %d rows", c.Len(),
				f.Index.Len())
		}
	}
	f.Attrs, f.Extra, f.UniqueLabels = attrs(state), extras(state), uniqueLabels(state)
	return f, nil
}

// series converts a Series, or returns nil if its state has no manager.
func (p *Pandas) series(inst namedInstance) (*frame.Series, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	mgr, state, err := p.managerOf(inst)
	if err != nil || mgr == nil {
		return nil, err
	}
	if len(mgr.axes) != 1 || len(mgr.blocks) != 1 {
		return nil, pickle.Malformed("a Series with %d axes and %d blocks", len(mgr.axes),
			len(mgr.blocks))
	}
	columns, err := p.convertValues(mgr.blocks[0].values)
	if err != nil {
		return nil, err
	}
	if len(columns) != 1 {
		return nil, pickle.Malformed("a Series with %d columns", len(columns))
	}
	own := *columns[0] // a copy, because the name and index belong to this Series only
	s := &own
	s.Class, s.Index, s.Attrs = inst.Class.String(), mgr.axes[0], attrs(state)
	s.Extra, s.UniqueLabels = extras(state), uniqueLabels(state)
	if name, ok := first(state, "_name", "name"); ok {
		s.Name = name
	}
	if s.Kind == frame.Opaque {
		s.Length = s.Index.Len()
	}
	if s.Len() != s.Index.Len() {
		return nil, pickle.Malformed("a Series of %d values with an index of %d labels", s.Len(),
			s.Index.Len())
	}
	return s, nil
}

// attrs returns the dict attrs of a DataFrame or Series, or nil if it is empty.
func attrs(state map[string]any) map[string]any {
	m, _ := textKeys(state["attrs"])
	if len(m) == 0 {
		return nil
	}
	return m
}

// uniqueLabels reports whether the flags forbid duplicate labels.
func uniqueLabels(state map[string]any) bool {
	flags, _ := textKeys(state["_flags"])
	allowed, ok := flags["allows_duplicate_labels"].(bool)
	return ok && !allowed
}

// extras returns the attributes that a subclass lists in _metadata.
func extras(state map[string]any) map[string]any {
	names, _ := items(state["_metadata"])
	var m map[string]any
	for _, n := range names {
		name, ok := asText(n)
		if !ok || name == "name" || name == "_name" {
			continue
		}
		if v, ok := state[name]; ok {
			if m == nil {
				m = map[string]any{}
			}
			m[name] = v
		}
	}
	return m
}

// maxSharedColumns limits the columns that the frames of one pickle have over blocks of other
// frames, because each frame needs a Series of its own for each.
const maxSharedColumns = 1 << 20

// maxEmptyColumns limits the columns of a block without rows. Such a block has no bytes that prove
// the number of its columns.
const maxEmptyColumns = 1 << 16

// columns converts the blocks and puts their columns at their positions in the frame.
func (p *Pandas) columns(mgr *manager) ([]*frame.Series, error) {
	if mgr.columns != nil {
		return mgr.columns, nil
	}
	n := mgr.axes[0].Len()
	total := 0
	used := map[any]bool{}
	for _, b := range mgr.blocks {
		if err := checkValues(b.values); err != nil {
			return nil, err
		}
		if used[b.values] {
			return nil, pickle.Malformed("two blocks over the same values")
		}
		used[b.values] = true
		_, isShared := p.values[b.values]
		columns, err := p.convertValues(b.values)
		if err != nil {
			return nil, err
		}
		if isShared {
			if p.shared += len(columns); p.shared > maxSharedColumns {
				return nil, &pickle.LimitError{Limit: "shared columns of frames",
					Max: maxSharedColumns, Want: int64(p.shared)}
			}
		}
		b.columns = columns
		total += len(columns)
	}
	if n != total {
		return nil, pickle.Malformed("%d columns for %d labels", total, n)
	}
	out := make([]*frame.Series, n)
	for _, b := range mgr.blocks {
		positions, err := b.positions()
		if err != nil {
			return nil, err
		}
		for i, pos := range positions {
			if pos < 0 || pos >= n {
				return nil, pickle.Malformed("a block at position %d of %d columns", pos, n)
			}
			if out[pos] != nil {
				return nil, pickle.Malformed("two blocks at position %d", pos)
			}
			own := *b.columns[i] // a copy, because the name belongs to this column only
			own.Name = mgr.axes[0].At(pos)
			out[pos] = &own
		}
	}
	mgr.columns = out
	return out, nil
}

// checkValues refuses values that no block or extension array can have, such as bytes. What it
// accepts may be the key of a map.
func checkValues(v any) error {
	switch v.(type) {
	case *ndarray.Array, *pickle.Object:
		return nil
	}
	return pickle.Malformed("%s as pandas values", typeName(v))
}

// convertValues converts the values of a block: one Series for each of its columns. The same object
// gives the same result.
func (p *Pandas) convertValues(v any) ([]*frame.Series, error) {
	if err := checkValues(v); err != nil {
		return nil, err
	}
	if done, ok := p.values[v]; ok {
		return done, nil
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	out, err := p.newValues(v)
	if err != nil {
		return nil, err
	}
	if p.values == nil {
		p.values = map[any][]*frame.Series{}
	}
	p.values[v] = out
	return out, nil
}

// newValues is convertValues for values that were not converted before.
func (p *Pandas) newValues(v any) ([]*frame.Series, error) {
	if a, ok := v.(*ndarray.Array); ok {
		if name, isPandas := pandasClass(a.Class()); isPandas && name == "SparseArray" {
			return one(oldSparse(a))
		}
		return arrayColumns(a)
	}
	o, _ := v.(*pickle.Object)
	inst, ok := named(o)
	if !ok {
		return nil, pickle.Unsupported("%s as pandas values", typeName(v))
	}
	if name, isPandas := pandasName(inst.Class); isPandas && isIndexName(name) {
		x, err := p.axis(o)
		if err != nil {
			return nil, err
		}
		if x.Values == nil {
			return nil, pickle.Unsupported("a %s as values", x.Class)
		}
		return []*frame.Series{x.Values}, nil
	}
	return p.extension(o, inst)
}

// arrayColumns splits an array of shape (columns, rows) into its columns, which are views. A
// one-dimensional array is one column.
func arrayColumns(a *ndarray.Array) ([]*frame.Series, error) {
	switch a.NDim() {
	case 1:
		return []*frame.Series{plainSeries(a)}, nil
	case 2:
		if a.Size() == 0 && a.Shape()[0] > maxEmptyColumns {
			return nil, pickle.Unsupported("a block of %d columns without rows", a.Shape()[0])
		}
		out := make([]*frame.Series, a.Shape()[0])
		for i := range out {
			row, err := a.Index(i)
			if err != nil {
				return nil, err
			}
			out[i] = plainSeries(row)
		}
		return out, nil
	}
	return nil, pickle.Malformed("pandas values with %d dimensions", a.NDim())
}

// plainSeries returns a Series over an array, of the kind that the dtype implies.
func plainSeries(a *ndarray.Array) *frame.Series {
	s := &frame.Series{Values: a, DType: a.DType().String()}
	switch a.DType().Kind() {
	case 'M':
		s.Kind = frame.Datetime
	case 'm':
		s.Kind = frame.Timedelta
	}
	return s
}

// namedInstance is an Instance whose class has a name.
type namedInstance struct {
	Instance
	Class pickle.Global
}

// named normalizes an object; ok is false if its class has no name.
func named(o *pickle.Object) (inst namedInstance, ok bool) {
	if o == nil {
		return namedInstance{}, false
	}
	n := Normalize(o)
	class, ok := n.Class.(pickle.Named)
	if !ok {
		return namedInstance{}, false
	}
	return namedInstance{n, class.Global()}, true
}

// opaque returns a Series for an array of an unknown class. The caller sets its length, which is
// that of the axis.
func opaque(o *pickle.Object) *frame.Series {
	return &frame.Series{Kind: frame.Opaque, DType: Normalize(o).ClassName(), Raw: o}
}
