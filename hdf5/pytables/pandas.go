package pytables

import (
	"slices"
	"strings"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/hdf5"
)

// Keys returns the sorted paths of the objects that pandas stored in the file, as
// pandas.HDFStore.keys does.
func Keys(f *hdf5.File) ([]string, error) {
	var keys []string
	for o, err := range f.Walk() {
		if err != nil {
			return nil, err
		}
		g, ok := o.(*hdf5.Group)
		if !ok || strings.Contains(g.Path(), "/meta/") {
			continue // the categories of a column are stored like a series
		}
		kind, err := (reader{}).text(g, "pandas_type")
		if err != nil {
			return nil, err
		}
		if kind != "" {
			keys = append(keys, g.Path())
		}
	}
	slices.Sort(keys)
	return keys, nil
}

// Frame returns the frame that pandas stored at the key, as pandas.read_hdf does. A series is
// returned as a frame of one column with the name of the series; see [Series].
//
// Columns of numbers alias the memory of the file if it is mapped. If there is nothing at the key,
// the error is of the kind hdf5.ErrNotFound; if pandas did not store the object, of
// hdf5.ErrUnsupported.
func Frame(f *hdf5.File, key string, opts *Options) (*frame.Frame, error) {
	r := newReader(opts)
	g, kind, err := r.pandasGroup(f, key)
	if err != nil {
		return nil, err
	}
	var df *frame.Frame
	switch kind {
	case "frame":
		df, err = r.fixedFrame(g)
	case "series":
		df, err = r.fixedSeries(g)
	case "frame_table", "series_table":
		df, err = r.table(g)
	case "":
		return nil, objectError(g, hdf5.ErrUnsupported,
			"not an object of pandas: it has no attribute pandas_type")
	default:
		return nil, objectError(g, hdf5.ErrUnsupported, "an object of pandas of the type "+kind)
	}
	if err != nil {
		return nil, err
	}
	df.Class = "pandas.core.frame.DataFrame"
	if err := df.Validate(); err != nil {
		return nil, objectError(g, hdf5.ErrMalformed, err.Error())
	}
	return df, nil
}

// Series returns the series that pandas stored at the key, with its labels in Index, as
// pandas.read_hdf does; see [Frame]. If there is a frame at the key, the error is of the kind
// hdf5.ErrUnsupported.
func Series(f *hdf5.File, key string, opts *Options) (*frame.Series, error) {
	g, kind, err := newReader(opts).pandasGroup(f, key)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(kind, "series") {
		return nil, objectError(g, hdf5.ErrUnsupported, "not a series of pandas")
	}
	df, err := Frame(f, key, opts)
	if err != nil {
		return nil, err
	}
	s := *df.Columns[0]
	s.Index, s.Class = df.Index, "pandas.core.series.Series"
	return &s, nil
}

// pandasGroup returns the group at the key, and the kind of pandas' object in it, which is "" if
// pandas did not store the group.
func (r reader) pandasGroup(f *hdf5.File, key string) (g *hdf5.Group, kind string, err error) {
	if g, err = f.Group(key); err != nil {
		return nil, "", err
	}
	kind, err = r.text(g, "pandas_type")
	return g, kind, err
}

// newFrame returns a frame of columns and labels.
func newFrame(columns []*frame.Series, labels, rows *frame.Index) (*frame.Frame, error) {
	df, err := frame.New(columns...)
	if err != nil {
		return nil, err
	}
	if labels != nil {
		df.Labels = labels
	}
	df.Index = rows
	return df, nil
}
