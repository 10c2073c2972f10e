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

// maxPandasDepth bounds categories of categories, intervals of intervals and
// whatever else a pandas file nests only if somebody made it by hand.
const maxPandasDepth = 16

// Pandas converts the pandas objects of one pickle. What the objects share, their
// conversions share too. A Pandas is for one goroutine; its zero value is ready.
type Pandas struct {
	// CopyText gives the text of Arrow columns memory of its own, where the
	// bytes of the pickle are not to be kept, as those of a mapped file.
	CopyText bool

	depth   int
	foreign pickle.Global // see isForeign
	// foreignLibrary is the last class that no library has.
	foreignLibrary pickle.Global
	shared         int // columns made again of blocks that were met before
	results        map[any]result
	managers       map[*pickle.Object]*manager
	axes           map[*pickle.Object]*frame.Index
	values         map[any][]*frame.Series
	restored       map[*types.Tuple]bool
	// treeDepth is how deep in a DataTree the node is that is being read.
	treeDepth int
}

// result is what an object became, which is kept so that it becomes that once.
type result struct {
	value any
	err   error
}

// Convert turns an object that pandas wrote into its Go form: *frame.Frame, *frame.Series (also of
// an extension array that stands by itself), *frame.Index, [Timestamp], [PandasTimedelta],
// frame.PeriodValue, frame.IntervalValue, or [PandasNull] for NaT and NA; and one of xarray's into
// an *xr.Variable, *xr.DataArray, *xr.Dataset or *xr.DataTree; one of pyarrow's into a
// *frame.Frame, *frame.Series or the value of a scalar; a GeometryArray of GeoPandas into a
// *frame.Series, a geometry into a [*Geometry] and a coordinate reference system into a [CRS]. ok
// is false where v is nothing of the kind. An error of the kind pickle.ErrMalformed says that v
// claims to be but lies, one of pickle.ErrUnsupported that it is of a form that is not read, one of
// pickle.ErrLimit that what v shares with others would unfold too far. The same object gives the
// same result.
//
// The object is left as it is, so that it can be written again; the result's
// arrays alias its arrays. Every version of pandas' pickles is read, from the
// 0.x block managers of Python 2 to 3.x.
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

// sparseOf is the key of a Sparse in results.
type sparseOf struct{ o *pickle.Object }

// Sparse is [ReadSparse] that gives the same result for the same object.
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

// isForeign reports whether o is of a class that is neither of pandas nor of SciPy, nor a call that
// makes an instance of another class. The last such class is remembered: a pickle has many objects
// of few classes.
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

func (p *Pandas) keep(v any, r result) {
	if p.results == nil {
		p.results = map[any]result{}
	}
	p.results[v] = r
}

func (p *Pandas) convert(v any) result {
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

// checked gives an error of packages frame and ndarray the kind that it has here.
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

// readerOf returns what reads the objects of another library than pandas, or nil.
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
			return nil // which pandas reads
		}
		return func(_ *pickle.Object, inst namedInstance) (any, error) { return p.geo(inst) }
	}
	return nil
}

// lenient makes what is of a form that is not read no error: it stays the object that it is.
func lenient(r result) result {
	if errors.Is(r.err, pickle.ErrUnsupported) {
		return result{}
	}
	return r
}

func (p *Pandas) enter() error {
	if p.depth++; p.depth > maxPandasDepth {
		return pickle.Malformed("pandas objects nested more than %d deep", maxPandasDepth)
	}
	return nil
}

func (p *Pandas) leave() { p.depth-- }

// pandasName returns the last component of a name of pandas, whose modules moved from
// version to version while the names stayed.
func pandasName(g pickle.Global) (string, bool) {
	if g.Module == "pandas" || strings.HasPrefix(g.Module, "pandas.") {
		return g.Name, true
	}
	return "", false
}

// read converts the object itself; nil where it is not one of pandas' data.
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
			return nil, nil // the object itself says more
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

// extracted reads extract_array(index), as this package writes an extension array that
// stands by itself.
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

// subclass converts what was a subclass of ndarray in old versions: indexes up
// to 0.14, Series up to 0.12, SparseArray up to 0.23; nil for any other array.
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

// pandasClass splits the name of a class of pandas off its module.
func pandasClass(class string) (name string, ok bool) {
	i := strings.LastIndexByte(class, '.')
	if i < 0 {
		return "", false
	}
	return pandasName(pickle.Global{Module: class[:i], Name: class[i+1:]})
}

// orNil keeps a typed nil out of an interface.
func orNil[T any](v *T, err error) (any, error) {
	if v == nil {
		return nil, err
	}
	return v, err
}

// textKeys returns a dict with text keys as a map; entries with other keys,
// which no pandas state has, are left out.
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

// first returns the value of the first of the keys that m has.
func first(m map[string]any, keys ...string) (any, bool) {
	for _, k := range keys {
		if v, ok := m[k]; ok {
			return v, true
		}
	}
	return nil, false
}

func items(v any) ([]any, bool) {
	switch v := v.(type) {
	case *types.Tuple:
		return *v, v != nil
	case *types.List:
		return *v, v != nil
	case *pickle.Object:
		// FrozenList([...]): a list in all but name
		if inst, ok := named(v); ok && inst.Class.Name == "FrozenList" {
			if len(inst.Args) == 1 {
				return items(inst.Args[0])
			}
			return inst.Items, true
		}
	}
	return nil, false
}

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
	own := *columns[0] // the name and the index are this Series' own
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

// maxSharedColumns bounds the columns that frames of one pickle make of blocks that
// are other frames' too: each frame has Series of its own over them.
const maxSharedColumns = 1 << 20

// maxEmptyColumns bounds the columns of a block without rows, which has no bytes that
// show their number.
const maxEmptyColumns = 1 << 16

// columns puts the blocks' columns at their positions.
func (p *Pandas) columns(mgr *manager) ([]*frame.Series, error) {
	if mgr.columns != nil {
		return mgr.columns, nil
	}
	n := mgr.axes[0].Len()
	total := 0
	used := map[any]bool{}
	for _, b := range mgr.blocks {
		if used[b.values] {
			return nil, pickle.Malformed("two blocks over the same values")
		}
		used[b.values] = true
		_, again := p.values[b.values]
		columns, err := p.convertValues(b.values)
		if err != nil {
			return nil, err
		}
		if again {
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
			own := *b.columns[i] // the name is this column's own
			own.Name = mgr.axes[0].At(pos)
			out[pos] = &own
		}
	}
	mgr.columns = out
	return out, nil
}

// convertValues converts a block's values: one Series for each of its columns.
// The same object gives the same result.
func (p *Pandas) convertValues(v any) ([]*frame.Series, error) {
	switch v.(type) {
	case *ndarray.Array, *pickle.Object:
	default:
		return nil, pickle.Malformed("%s as pandas values", typeName(v))
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

// arrayColumns splits a block's (columns, rows) array into its rows, which are
// views; an array of one dimension is one column.
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

// A namedInstance is an Instance of a class that has a name.
type namedInstance struct {
	Instance
	Class pickle.Global
}

func named(o *pickle.Object) (namedInstance, bool) {
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

// opaque keeps an array of a class that no rule is known for; its length is
// that of the axis it stands at.
func opaque(o *pickle.Object) *frame.Series {
	return &frame.Series{Kind: frame.Opaque, DType: Normalize(o).ClassName(), Raw: o}
}
