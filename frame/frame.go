package frame

import (
	"fmt"
	"iter"

	"github.com/unpkl/unpkl/internal/texts"
)

// A Frame is a table of named, typed columns with an index: pandas' DataFrame. It is safe for
// concurrent reads.
type Frame struct {
	// Columns has the columns in the order of the table. Each has Rows() elements.
	Columns []*Series
	// Labels is the index of the columns: Labels.At(i) is Columns[i].Name.
	Labels *Index
	// Index has the labels of the rows.
	Index *Index
	// Class is "module.name" of the Python class.
	Class string
	// Attrs is the dict of user-defined attributes, pandas' attrs. It is nil if empty.
	Attrs map[string]any
	// UniqueLabels says that pandas' flag allows_duplicate_labels is False, so that it rejects
	// duplicate labels.
	UniqueLabels bool
	// Extra has the attributes that a subclass of DataFrame adds. It is nil if there are none.
	Extra map[string]any

	origin any // the schema of a table of pyarrow, see framehook
}

// Rows returns the number of rows. It is 0 for the zero Frame.
func (f *Frame) Rows() int {
	if f.Index == nil {
		return 0
	}
	return f.Index.Len()
}

// Shape returns the numbers of rows and columns, as DataFrame.shape.
func (f *Frame) Shape() (rows, cols int) { return f.Rows(), len(f.Columns) }

// Column returns the first column with the given name, or nil if there is none. The function
// [Column] returns its values as a typed slice.
func (f *Frame) Column(name string) *Series {
	for _, c := range f.Columns {
		if s, ok := c.Name.(string); ok && s == name {
			return c
		}
	}
	return nil
}

// ColumnNames returns the names of the columns as text. A name that is not a string is formatted by
// package fmt.
func (f *Frame) ColumnNames() []string {
	names := make([]string, len(f.Columns))
	for i, c := range f.Columns {
		names[i] = labelText(c.Name)
	}
	return names
}

func labelText(label any) string {
	if s, ok := label.(string); ok {
		return s
	}
	return texts.Sprint(label)
}

// A Record is one row of a Frame. It reads elements from the frame when they are asked for.
type Record struct {
	f   *Frame
	row int
}

// Row returns the position of the record in its frame, from 0.
func (r Record) Row() int { return r.row }

// Label returns the row's label in the frame's index.
func (r Record) Label() any {
	if r.f == nil {
		return nil
	}
	return r.f.Index.At(r.row)
}

// At returns the value in column i as [Series.At] does, or nil if it is missing. Like the index of
// a slice, a bad column index panics.
func (r Record) At(i int) any {
	c := r.f.Columns[i]
	if c.IsNull(r.row) {
		return nil
	}
	return c.At(r.row)
}

// Get returns the value in the first column with the given name, or nil if the value is missing. ok
// is false if there is no such column.
func (r Record) Get(name string) (v any, ok bool) {
	for i, c := range r.columns() {
		if s, isText := c.Name.(string); isText && s == name {
			return r.At(i), true
		}
	}
	return nil, false
}

// Map returns the row as a new map from column name to value.
func (r Record) Map() map[string]any {
	columns := r.columns()
	m := make(map[string]any, len(columns))
	for i, c := range columns {
		m[labelText(c.Name)] = r.At(i)
	}
	return m
}

// columns returns the columns of the frame, or nil for the zero Record.
func (r Record) columns() []*Series {
	if r.f == nil {
		return nil
	}
	return r.f.Columns
}

// Records yields the rows in order. A Record is a view: its values are not read until they are
// asked for.
func (f *Frame) Records() iter.Seq2[int, Record] {
	return func(yield func(int, Record) bool) {
		for i := range f.Rows() {
			if !yield(i, Record{f, i}) {
				return
			}
		}
	}
}

// Validate checks that each column has one element for each row, that each code is an index into
// its categories or levels, and that each sparse position is within its series. Frames that this
// module reads are valid; a frame that a program builds may not be. Validate takes time linear in
// the size of the frame.
func (f *Frame) Validate() error {
	if f.Index == nil || f.Labels == nil {
		return errorf("a frame needs an index and labels")
	}
	if f.Labels.Len() != len(f.Columns) {
		return errorf("%d labels for %d columns", f.Labels.Len(), len(f.Columns))
	}
	if err := f.Index.Validate(); err != nil {
		return err
	}
	if err := f.Labels.Validate(); err != nil {
		return err
	}
	rows := f.Rows()
	for _, c := range f.Columns {
		if err := c.Validate(); err != nil {
			return fmt.Errorf("column %s: %w", labelText(c.Name), err)
		}
		if c.Len() != rows {
			return errorf("column %s has %d elements, the index has %d", labelText(c.Name), c.Len(),
				rows)
		}
	}
	return nil
}
