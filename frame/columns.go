package frame

import "fmt"

// Select returns a frame of the named columns in the given order: DataFrame[names]. It shares the
// columns, the index and the attributes with f. A name without a column is an error. If several
// columns have one name, it selects the first.
func (f *Frame) Select(names ...string) (*Frame, error) {
	columns := make([]*Series, len(names))
	for i, name := range names {
		if columns[i] = f.Column(name); columns[i] == nil {
			return nil, errorf("no column is called %q", name)
		}
	}
	return f.withColumns(columns)
}

// Drop returns a frame without the columns of the given names: DataFrame.drop(columns=names). It
// shares the remaining parts with f. As in pandas, a name without a column is an error.
func (f *Frame) Drop(names ...string) (*Frame, error) {
	dropped := make(map[string]bool, len(names))
	for _, name := range names {
		if f.Column(name) == nil {
			return nil, errorf("no column is called %q", name)
		}
		dropped[name] = true
	}
	var columns []*Series
	for _, c := range f.Columns {
		if name, ok := c.Name.(string); !ok || !dropped[name] {
			columns = append(columns, c)
		}
	}
	return f.withColumns(columns)
}

// Rename returns a frame with other names of columns: DataFrame.rename(columns=names), where names
// maps old names to new ones. As in pandas, other columns keep their names, and names without a
// column are ignored. The values are shared with f.
func (f *Frame) Rename(names map[string]string) (*Frame, error) {
	columns := make([]*Series, len(f.Columns))
	for i, c := range f.Columns {
		columns[i] = c
		old, ok := c.Name.(string)
		if name, known := names[old]; ok && known {
			own := *c
			own.Name = name
			columns[i] = &own
		}
	}
	return f.withColumns(columns)
}

// withColumns returns a copy of f with other columns, and with their names as labels.
func (f *Frame) withColumns(columns []*Series) (*Frame, error) {
	own := *f
	made, err := New(columns...)
	if err != nil {
		return nil, fmt.Errorf("frame: %w", err)
	}
	own.Columns, own.Labels = columns, made.Labels
	if f.Labels != nil {
		own.Labels.Names = f.Labels.Names
	}
	return &own, nil
}
