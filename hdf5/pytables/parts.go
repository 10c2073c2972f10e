package pytables

import (
	"iter"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/hdf5"
)

// Parts iterates over a frame or series that pandas stored in its table format, in parts, as
// pandas.read_hdf does with chunksize. Only one part is in memory. It has about the given number of
// rows: at least one row, and whole chunks, so that each chunk is decoded once. A table without
// rows is one part without rows. Every part has the labels of its rows, and all categories of a
// categorical column. The first error ends the iteration. An object that is not in the table format
// is an error of the kind hdf5.ErrUnsupported.
func Parts(f *hdf5.File, key string, rows int, opts *Options) iter.Seq2[*frame.Frame, error] {
	return func(yield func(*frame.Frame, error) bool) {
		t, err := openTable(f, key, opts)
		if err != nil {
			yield(nil, err)
			return
		}
		rows = max(rows, 1)
		if chunk := t.d.ChunkShape(); len(chunk) > 0 {
			rows = max(rows/chunk[0], 1) * chunk[0]
		}
		total := 0
		if shape := t.d.Shape(); len(shape) == 1 {
			total = shape[0]
		}
		for at := 0; at == 0 || at < total; at += rows {
			df, err := t.partAt(at, min(rows, total-at))
			if !yield(df, err) || err != nil {
				return
			}
		}
	}
}

func openTable(f *hdf5.File, key string, opts *Options) (*tableReader, error) {
	r := newReader(opts)
	g, kind, err := r.pandasGroup(f, key)
	if err != nil {
		return nil, err
	}
	if kind != "frame_table" && kind != "series_table" {
		return nil, objectError(g, hdf5.ErrUnsupported, "not a table of pandas")
	}
	return r.openTable(g)
}

// partAt reads a range of rows.
func (t *tableReader) partAt(at, rows int) (*frame.Frame, error) {
	a, err := t.d.Slice([]int{at}, []int{rows}, nil)
	if err != nil {
		return nil, err
	}
	if a, err = convert(a, t.d.Datatype()); err != nil {
		return nil, err
	}
	df, err := t.frameOf(a)
	if err != nil {
		return nil, err
	}
	df.Class = "pandas.core.frame.DataFrame"
	if err := df.Validate(); err != nil {
		return nil, objectError(t.g, hdf5.ErrMalformed, err.Error())
	}
	return df, nil
}
