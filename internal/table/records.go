package table

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pyvalue"
)

// recordList finds the values of columns in a list of records. Most records have a name at the
// place where another record has it, which is tried first; others get an index of their names.
type recordList struct {
	items   []any
	names   []string
	columns map[string]int
	// places has for each column the place of its name in the record that was asked last.
	places []int
	// indices has the places of all names in the records in which a name was not found at its
	// usual place, by the record, which is a pointer: a list may hold a record many times.
	indices map[any]map[string]int
}

func newRecordList(items []any, names []string) *recordList {
	l := &recordList{items: items, names: names, columns: make(map[string]int, len(names)),
		places: make([]int, len(names)), indices: map[any]map[string]int{}}
	for i, name := range names {
		l.columns[name], l.places[i] = i, i
	}
	return l
}

// value returns the value of a column in a record. If several keys of a record have the name, a str
// counts before the others, and else the last one.
func (l *recordList) value(row, column int) (any, bool) {
	d, _ := pyvalue.EntriesOf(l.items[row])
	if len(d) == 0 {
		return nil, false
	}
	name := l.names[column]
	if at := l.places[column]; at < len(d) {
		if key, isText := d[at].Key.(string); isText && key == name {
			return d[at].Value, true
		}
	}
	index, ok := l.indices[l.items[row]]
	if !ok {
		index = indexOfNames(d)
		l.indices[l.items[row]] = index
	}
	at, ok := index[name]
	if !ok {
		return nil, false
	}
	l.places[column] = at
	return d[at].Value, true
}

// indexOfNames returns the place of each name among the entries of a record.
func indexOfNames(d types.Dict) map[string]int {
	index := make(map[string]int, len(d))
	for i, e := range d {
		name := lookup.KeyToken(e.Key)
		if before, ok := index[name]; ok {
			if _, isText := d[before].Key.(string); isText {
				continue
			}
		}
		index[name] = i
	}
	return index
}

// headers returns the headers of the columns, whose types it tells by the first SampleSize records.
func (l *recordList) headers() []Column {
	kinds := make([]columnKind, len(l.names))
	for _, item := range l.items[:min(len(l.items), SampleSize)] {
		d, _ := pyvalue.EntriesOf(Resolved(item))
		for _, e := range d {
			if column, ok := l.columns[lookup.KeyToken(e.Key)]; ok {
				kinds[column].add(e.Value)
			}
		}
	}
	out := make([]Column, len(kinds))
	for i, k := range kinds {
		out[i] = k.column(l.names[i])
	}
	return out
}
