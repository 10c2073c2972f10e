package lookup

import (
	"slices"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/tape"
)

// Tree asks for the first items of nested containers, down to a depth.
type Tree struct {
	// Depth is the number of levels of containers below the root that are expanded.
	Depth int
	// Expand is the number of items of each container that are wanted with their contents. The
	// items behind them, up to Peek items altogether, are wanted without their contents.
	Expand, Peek int
	// Totals is a result: the number of items in the pickle, for each *types.List and *types.Dict
	// that was made with fewer items.
	Totals map[any]int
}

// path returns the path for a partial pass: one step for each level.
func (t *Tree) path() []tape.PathStep {
	steps := make([]tape.PathStep, t.Depth+1)
	for i := range steps {
		selection := &tape.Selection{ContentsBelow: t.Expand, ThroughTuples: true,
			Wanted: []tape.Range{{To: max(t.Expand, t.Peek)}}}
		if i == t.Depth {
			selection.ContentsBelow, selection.Wanted[0].To = 0, t.Peek
		}
		steps[i].Selection = selection
	}
	return steps
}

// makeTree makes the object of the root, and notes in Totals which containers lack items.
func (w *cellWalk) makeTree() error {
	for id := range w.partials {
		w.t.MarkShared(id) // so that Object returns the object inside the root again below
	}
	root, err := w.p.Object(w.t.Root())
	if err != nil {
		return err
	}
	w.part.Tree.Totals = make(map[any]int, len(w.partials))
	for id, l := range w.partials {
		v, err := w.p.Object(id)
		if err != nil {
			return err
		}
		w.part.Tree.Totals[v] = l.N
	}
	w.part.Matches = []Match{{Value: root}}
	return nil
}

// makeRows adds a match with those items of a list, tuple or dict that Part.Rows selects. done is
// false if the items have no cells of their own or a dict may have equal keys: then the whole
// container has to be made.
func (w *cellWalk) makeRows(id tape.ID, at pointer.Pointer) (done bool, err error) {
	kind := w.t.Kind(id)
	if kind != tape.List && kind != tape.Tuple && kind != tape.Dict || w.t.HasRuns(id) {
		return false, nil
	}
	partial := w.partials[id]
	if partial == nil && kind == tape.Dict && !w.t.HasUniqueKeys(id) {
		return false, nil
	}
	n := w.size(id)
	rows := w.part.Rows(n)
	isOmitted := func(row int) bool { return !w.rowSelection.Wants(row) }
	if w.rowSelection != nil && slices.ContainsFunc(rows, isOmitted) {
		w.part.wantedRows = rangesOf(rows)
		return true, errRowsOmitted
	}
	if partial == nil && len(rows) >= n {
		v, err := w.p.Object(id) // all items are wanted, and all are there
		if err != nil {
			return true, err
		}
		return true, w.r.follow(v, at, nil, w.part.addMatch)
	}
	indices := rows
	if partial != nil {
		indices = make([]int, len(rows))
		for i, row := range rows {
			var ok bool
			if indices[i], ok = partial.StoredIndex(row); !ok {
				return true, errOmitted
			}
		}
	}
	m := Match{At: at, Len: n, Index: rows}
	ids := w.t.Items(id)
	if kind == tape.Dict {
		m.Value, err = w.makeEntries(ids, indices)
	} else {
		m.Value, err = w.makeItems(ids, indices)
	}
	w.part.Matches = append(w.part.Matches, m)
	return true, err
}

// makeItems returns the list of those items whose indices in ids are given.
func (w *cellWalk) makeItems(ids []tape.ID, indices []int) (any, error) {
	list := make(types.List, len(indices))
	for i, index := range indices {
		var err error
		if list[i], err = w.p.Object(ids[index]); err != nil {
			return nil, err
		}
	}
	return &list, nil
}

// makeEntries returns the dict of those entries whose indices are given; ids has the keys and
// values in turn.
func (w *cellWalk) makeEntries(ids []tape.ID, indices []int) (any, error) {
	d := make(types.Dict, len(indices))
	for i, index := range indices {
		key, err := w.p.Object(ids[2*index])
		if err != nil {
			return nil, err
		}
		v, err := w.p.Object(ids[2*index+1])
		if err != nil {
			return nil, err
		}
		d[i] = types.DictEntry{Key: key, Value: v}
	}
	return &d, nil
}

// rangesOf returns the ranges that hold exactly the given ascending numbers.
func rangesOf(rows []int) []tape.Range {
	all := []tape.Range{}
	for _, row := range rows {
		if last := len(all) - 1; last >= 0 && all[last].To == row {
			all[last].To++
		} else {
			all = append(all, tape.Range{From: row, To: row + 1})
		}
	}
	return all
}
