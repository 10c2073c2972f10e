package lookup

import (
	"slices"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/tape"
)

// Tree says how much of containers inside each other is wanted.
type Tree struct {
	// Depth is how many levels are looked into.
	Depth int
	// First is how many of the first items of a container are looked into, and Look how many are
	// looked at beside them.
	Expand, Peek int
	// Totals are the numbers of items of those objects, *types.List and *types.Dict, that have
	// fewer than the pickle gives them.
	Totals map[any]int
}

// steps are what a pass looks for.
func (t *Tree) path() []tape.PathStep {
	steps := make([]tape.PathStep, t.Depth+1)
	for i := range steps {
		some := &tape.Selection{ContentsBelow: t.Expand, ThroughTuples: true,
			Wanted: []tape.Range{{To: max(t.Expand, t.Peek)}}}
		if i == t.Depth {
			some.ContentsBelow, some.Wanted[0].To = 0, t.Peek
		}
		steps[i].Selection = some
	}
	return steps
}

// tree makes the objects of a tree.
func (w *cellWalk) makeTree() error {
	for id := range w.partials {
		w.t.MarkShared(id) // so that it is the same object below
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

// someItems makes the items of a list, tuple or dict that Part.Rows wants; done is false where all
// of it has to be made.
func (w *cellWalk) makeRows(id tape.ID, at pointer.Pointer) (done bool, err error) {
	kind := w.t.Kind(id)
	if kind != tape.List && kind != tape.Tuple && kind != tape.Dict || w.t.HasRuns(id) {
		return false, nil
	}
	lack := w.partials[id]
	if lack == nil && kind == tape.Dict && !w.t.HasUniqueKeys(id) {
		return false, nil
	}
	n := w.size(id)
	rows := w.part.Rows(n)
	if w.rowSelection != nil && slices.ContainsFunc(rows, func(i int) bool { return !w.rowSelection.Wants(i) }) {
		w.part.wantedRows = rangesOf(rows)
		return true, errRowsOmitted
	}
	if lack == nil && len(rows) >= n {
		v, err := w.p.Object(id) // which lacks nothing that is wanted
		if err != nil {
			return true, err
		}
		return true, w.r.follow(v, at, nil, w.part.addMatch)
	}
	places := rows
	if lack != nil {
		places = make([]int, len(rows))
		for i, row := range rows {
			var ok bool
			if places[i], ok = lack.StoredIndex(row); !ok {
				return true, errOmitted
			}
		}
	}
	m := Match{At: at, Len: n, Index: rows}
	ids := w.t.Items(id)
	if kind == tape.Dict {
		m.Value, err = w.makeEntries(ids, places)
	} else {
		m.Value, err = w.makeItems(ids, places)
	}
	w.part.Matches = append(w.part.Matches, m)
	return true, err
}

// list makes some of the items of a list.
func (w *cellWalk) makeItems(ids []tape.ID, places []int) (any, error) {
	list := make(types.List, len(places))
	for i, place := range places {
		var err error
		if list[i], err = w.p.Object(ids[place]); err != nil {
			return nil, err
		}
	}
	return &list, nil
}

// entries makes some of the entries of a dict.
func (w *cellWalk) makeEntries(ids []tape.ID, places []int) (any, error) {
	d := make(types.Dict, len(places))
	for i, place := range places {
		key, err := w.p.Object(ids[2*place])
		if err != nil {
			return nil, err
		}
		v, err := w.p.Object(ids[2*place+1])
		if err != nil {
			return nil, err
		}
		d[i] = types.DictEntry{Key: key, Value: v}
	}
	return &d, nil
}

// rangesOf returns ascending numbers as ranges.
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
