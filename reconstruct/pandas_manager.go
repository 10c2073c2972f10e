package reconstruct

import (
	"math"
	"time"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// manager is a BlockManager of any version. For a frame axes[0] labels the columns and axes[1] the
// rows; a Series has only axes[0].
type manager struct {
	axes    []*frame.Index
	blocks  []*block
	columns []*frame.Series // of a frame, after the first conversion
}

// block is one block of a manager: columns that are stored together.
type block struct {
	values    any
	placement any             // a slice or integers; nil for the block of a Series
	labels    *frame.Index    // of the columns, if the state has no placement
	columns   []*frame.Series // values converted
}

// managerOf returns the manager in the state of a DataFrame or Series, and the state as a map. The
// manager is nil if the state has none, as that of a subclass may.
func (p *Pandas) managerOf(inst namedInstance) (*manager, map[string]any, error) {
	state, ok := textKeys(inst.State)
	v := inst.State // the manager itself in pandas up to 0.12
	if ok {
		if v, ok = first(state, "_mgr", "_data"); !ok {
			return nil, state, nil
		}
	}
	o, ok := v.(*pickle.Object)
	if !ok {
		return nil, state, nil
	}
	m, ok := named(o)
	if !ok {
		return nil, state, nil
	}
	if mgr, done := p.managers[o]; done {
		return mgr, state, nil
	}
	name, _ := pandasName(m.Class)
	mgr, err := p.manager(name, m)
	if err != nil {
		return nil, nil, err
	}
	if p.managers == nil {
		p.managers = map[*pickle.Object]*manager{}
	}
	p.managers[o] = mgr
	return mgr, state, nil
}

// manager reads the manager m of the class name.
func (p *Pandas) manager(name string, m namedInstance) (*manager, error) {
	switch name {
	case "BlockManager", "SingleBlockManager":
		if !m.HasState {
			return p.reducedManager(m.Args)
		}
		state, ok := items(m.State)
		switch {
		case ok && len(state) >= 4:
			return p.manager0141(state[3])
		case ok && len(state) == 3:
			return p.labelledManager(state)
		}
		return nil, pickle.Malformed("a %s with a state of %s", name, typeName(m.State))
	case "ArrayManager", "SingleArrayManager":
		return p.arrayManager(m)
	}
	return nil, pickle.Unsupported("a pandas object held by a %s", m.Class)
}

// manager0141 reads the dict that pandas has written since 0.14.1: for frames until 1.2, for Series
// still.
func (p *Pandas) manager0141(v any) (*manager, error) {
	versions, _ := textKeys(v)
	state, ok := textKeys(versions["0.14.1"])
	if !ok {
		return nil, pickle.Malformed("a BlockManager state without '0.14.1'")
	}
	mgr, err := p.withAxes(state["axes"])
	if err != nil {
		return nil, err
	}
	blocks, ok := items(state["blocks"])
	if !ok {
		return nil, pickle.Malformed("the blocks of a BlockManager are %s",
			typeName(state["blocks"]))
	}
	for _, b := range blocks {
		d, ok := textKeys(b)
		if !ok {
			return nil, pickle.Malformed("a block is %s", typeName(b))
		}
		mgr.blocks = append(mgr.blocks, &block{values: d["values"], placement: d["mgr_locs"]})
	}
	return mgr, nil
}

// withAxes returns a manager that has only axes.
func (p *Pandas) withAxes(v any) (*manager, error) {
	axes, ok := items(v)
	if !ok || len(axes) > 2 {
		return nil, pickle.Malformed("the axes of a BlockManager are %s", typeName(v))
	}
	mgr := &manager{}
	for _, a := range axes {
		x, err := p.axis(a)
		if err != nil {
			return nil, err
		}
		mgr.axes = append(mgr.axes, x)
	}
	return mgr, nil
}

// labelledManager reads the state of pandas up to 0.14.0, in which each block has the labels of its
// columns instead of their positions.
func (p *Pandas) labelledManager(state []any) (*manager, error) {
	mgr, err := p.withAxes(state[0])
	if err != nil {
		return nil, err
	}
	values, ok1 := items(state[1])
	labels, ok2 := items(state[2])
	if !ok1 || !ok2 || len(values) != len(labels) {
		return nil, pickle.Malformed("a BlockManager with %d blocks and %d block items",
			len(values), len(labels))
	}
	if len(mgr.axes) == 1 {
		for _, v := range values {
			mgr.blocks = append(mgr.blocks, &block{values: v})
		}
		return mgr, nil
	}
	if len(mgr.axes) != 2 {
		return nil, pickle.Malformed("a BlockManager with %d axes", len(mgr.axes))
	}
	for i, v := range values {
		x, err := p.axis(labels[i])
		if err != nil {
			return nil, err
		}
		mgr.blocks = append(mgr.blocks, &block{values: v, labels: x})
	}
	return mgr, mgr.placeByLabel()
}

// placeByLabel finds the positions of the blocks' columns, as BlockManager.__setstate__ of pandas
// 0.14.1 and later does. Duplicate labels are unambiguous only if a single block has all columns.
func (m *manager) placeByLabel() error {
	if len(m.blocks) == 1 && sameLabels(m.axes[0], m.blocks[0].labels) {
		m.blocks[0].placement = &Slice{Start: 0, Stop: m.axes[0].Len(), Step: 1}
		return nil
	}
	byKey := map[any]int{}
	for i := range m.axes[0].Len() {
		key, ok := labelKey(m.axes[0].At(i))
		if _, twice := byKey[key]; !ok || twice {
			return pickle.Unsupported(
				"a BlockManager older than 0.14.1 whose labels are not unique text or numbers")
		}
		byKey[key] = i
	}
	for _, b := range m.blocks {
		places := make(types.List, b.labels.Len())
		for j := range places {
			key, _ := labelKey(b.labels.At(j))
			pos, ok := byKey[key]
			if !ok {
				return pickle.Malformed("a block with a label that the frame has not")
			}
			places[j] = pos
		}
		b.placement = &places
	}
	return nil
}

// sameLabels reports whether two indexes have equal labels that labelKey can compare.
func sameLabels(x, y *frame.Index) bool {
	if x == y {
		return true
	}
	if x.Len() != y.Len() {
		return false
	}
	for i := range x.Len() {
		kx, ok1 := labelKey(x.At(i))
		ky, ok2 := labelKey(y.At(i))
		if !ok1 || !ok2 || kx != ky {
			return false
		}
	}
	return true
}

// labelKey returns a label as the key of a Go map; ok is false for a label of another type.
func labelKey(v any) (key any, ok bool) {
	switch v := v.(type) {
	case string, int, bool, float64, ndarray.Datetime64:
		return v, true
	case time.Time:
		return v.UTC(), true
	case int64:
		return int(v), true
	case pickle.Py2String:
		return string(v), true
	}
	return nil, false
}

// reducedManager reads BlockManager(blocks, axes), the form since pandas 1.3, or
// SingleBlockManager(block, axis).
func (p *Pandas) reducedManager(args []any) (*manager, error) {
	if len(args) < 2 {
		return nil, pickle.Malformed("a BlockManager with %d arguments", len(args))
	}
	axes, ok := items(args[1])
	if !ok {
		axes = []any{args[1]}
	}
	list := types.List(axes)
	mgr, err := p.withAxes(&list)
	if err != nil {
		return nil, err
	}
	blocks, ok := items(args[0])
	if !ok {
		blocks = []any{args[0]}
	}
	for _, v := range blocks {
		b, err := readBlock(v)
		if err != nil {
			return nil, err
		}
		mgr.blocks = append(mgr.blocks, b)
	}
	return mgr, nil
}

// readBlock reads _unpickle_block(values, placement, ndim), new_block with the same arguments, or a
// functools.partial of new_block as pandas 1.3 wrote it.
func readBlock(v any) (*block, error) {
	o, ok := v.(*pickle.Object)
	if !ok {
		return nil, pickle.Malformed("a block is %s", typeName(v))
	}
	callee := o.ClassName()
	if inner, isCall := o.Class.(*pickle.Object); isCall &&
		inner.ClassName() == "functools.partial" && len(inner.Args) > 0 {
		if g, isNamed := inner.Args[0].(pickle.Named); isNamed {
			callee = g.Global().String()
		}
	}
	if n := len(callee); n < len("new_block") || callee[n-len("_block"):] != "_block" ||
		len(o.Args) < 2 {
		return nil, pickle.Unsupported("a block made by %s with %d arguments", callee, len(o.Args))
	}
	return &block{values: o.Args[0], placement: o.Args[1]}, nil
}

// arrayManager reads the state ([one array for each column], [rows, columns]).
func (p *Pandas) arrayManager(m namedInstance) (*manager, error) {
	state, ok := items(m.State)
	if !ok || len(state) < 2 {
		return nil, pickle.Malformed("an ArrayManager with a state of %s", typeName(m.State))
	}
	mgr, err := p.withAxes(state[1])
	if err != nil {
		return nil, err
	}
	arrays, ok := items(state[0])
	if !ok {
		return nil, pickle.Malformed("the arrays of an ArrayManager are %s", typeName(state[0]))
	}
	if len(mgr.axes) == 2 {
		mgr.axes[0], mgr.axes[1] = mgr.axes[1], mgr.axes[0]
	}
	for i, a := range arrays {
		mgr.blocks = append(mgr.blocks, &block{values: a, placement: &types.List{i}})
	}
	return mgr, nil
}

// positions returns the position in the frame of each of the block's columns. The stop of a slice
// may lie beyond the last column, so the number of columns decides.
func (b *block) positions() ([]int, error) {
	n := len(b.columns)
	out := make([]int, n)
	switch v := b.placement.(type) {
	case *Slice:
		start, ok1 := asInt(v.Start)
		step, ok2 := 1, true
		if v.Step != nil {
			step, ok2 = asInt(v.Step)
		}
		if !ok1 || !ok2 || step == 0 || start < 0 {
			return nil, pickle.Malformed("a block at a slice from %T in steps of %T",
				v.Start, v.Step)
		}
		for i, pos := 0, start; i < n; i, pos = i+1, pos+step {
			if out[i] = pos; pos < 0 || step > 0 && pos > math.MaxInt-step {
				return nil, pickle.Malformed("a block at %T to %T", v.Start, v.Step)
			}
		}
		return out, nil
	case *ndarray.Array:
		places, err := ndarray.Values[int64](v)
		if err != nil {
			return nil, err
		}
		if len(places) != n {
			return nil, pickle.Malformed("%d positions for a block of %d columns", len(places), n)
		}
		for i, pos := range places {
			if int64(int(pos)) != pos {
				return nil, pickle.Malformed("a block at position %d", pos)
			}
			out[i] = int(pos)
		}
		return out, nil
	case *types.List:
		if len(*v) != n {
			return nil, pickle.Malformed("%d positions for a block of %d columns", len(*v), n)
		}
		for i, e := range *v {
			pos, ok := asInt(e)
			if !ok {
				return nil, pickle.Malformed("a block at position %s", typeName(e))
			}
			out[i] = pos
		}
		return out, nil
	}
	return nil, pickle.Malformed("a block's placement is %s", typeName(b.placement))
}
