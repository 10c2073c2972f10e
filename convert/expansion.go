package convert

import (
	"reflect"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/ndarray"
)

// expansion bounds what a document becomes in a format that cannot share its parts: a list may hold
// another one a thousand times, which may hold a third one a thousand times. It counts cells: the
// members of lists and dicts, and each 16 bytes of an array. What a writer visits a few times is no
// expansion. A nil *expansion counts nothing and keeps nothing in memory: it is for values that
// share nothing, such as those of a file which is no pickle, or the parts of a stream.
type expansion struct {
	most     int64 // cells that repeated visits may have
	visited  int64 // cells of all visits
	distinct int64 // cells of the parts visited for the first time since visited reached free
	seen     map[any]struct{}
}

const (
	// cell is the number of bytes of an array that count as one cell.
	cell = 16
	// cellValues is how many values of Limits.Expansion a repeated cell counts as, since it takes
	// memory in the format that is written.
	cellValues = 16
	// free is the number of cells up to which parts are not told from each other, which takes time.
	free = 1 << 20
	// visits is how many times a writer may visit each part.
	visits = 4
)

// visit counts a visit of a part of the document with the given number of cells. id is the part's
// identity, or nil if it has none.
func (x *expansion) visit(id any, cells int) error {
	if x == nil {
		return nil
	}
	x.visited += int64(cells)
	if x.visited <= free {
		return nil
	}
	if _, ok := x.seen[id]; !ok || id == nil {
		x.distinct += int64(cells)
	}
	if id != nil {
		if x.seen == nil {
			x.seen = map[any]struct{}{}
		}
		x.seen[id] = struct{}{}
	}
	return x.check(x.visited - visits*(free+x.distinct))
}

// check returns an error if a number of cells is greater than x.most.
func (x *expansion) check(cells int64) error {
	if cells <= x.most {
		return nil
	}
	return &errkind.LimitError{Limit: "Expansion", Max: x.most * cellValues,
		Want: cells * cellValues}
}

// texts counts the long texts among the items of a list or column. Each 16 bytes are a cell.
func (x *expansion) texts(items []any) error {
	if x == nil {
		return nil
	}
	for _, v := range items {
		if id, ok := texts.Identity(v); ok {
			if err := x.visit(id, id.Len()/cell); err != nil {
				return err
			}
		}
	}
	return nil
}

// pad counts what texts of different lengths take in an array, in which each takes as much as the
// longest one, of the given size in characters or bytes.
func (x *expansion) pad(items []any, size int) error {
	if x == nil {
		return nil
	}
	var padding int64 // characters or bytes
	for _, v := range items {
		padding += int64(size - textSize(v))
	}
	return x.check(padding / cell)
}

// identity returns the map key by which a part is recognised when it is visited again, or nil if it
// has none.
func identity(v any) any {
	switch x := v.(type) {
	case []any:
		if len(x) > 0 {
			return &x[0]
		}
		return nil
	case list:
		return identity([]any(x))
	case *ndarray.Array, *ndarray.Masked, *frame.Frame, *frame.Series:
		return v
	}
	if pyvalue.IsContainer(v) {
		return v
	}
	if m := reflect.ValueOf(v); m.Kind() == reflect.Map {
		return m.Pointer() // which stays valid while the document has the map
	}
	return nil
}

// cellCount returns the number of cells of a normalized value.
func cellCount(v any) int {
	switch x := v.(type) {
	case list:
		return len(x)
	case dict:
		return len(x)
	case *ndarray.Array:
		return x.NBytes() / cell
	case *ndarray.Masked:
		return cellCount(x.Data)
	case *frame.Frame:
		return x.Rows() * len(x.Columns)
	case *frame.Series:
		return x.Len()
	}
	return 0
}
