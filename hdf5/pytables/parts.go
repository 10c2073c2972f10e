package pytables

import (
	"iter"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/hdf5"
)

// Parts iterates over the frame, or series, that pandas stored at the key in its table format, some
// rows at a time: pandas.read_hdf with chunksize. In memory is one part of at least one row and,
// where the table has chunks, of whole ones, so that each is decoded once; rows says about how many
// rows a part has. A table without rows is one part without rows. Every part has the labels of its
// rows, and of a categorical column all categories. The first error ends the iteration; what is not
// stored in the table format is an error of the kind hdf5.ErrUnsupported.
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
	g, kind, err := r.stored(f, key)
	if err != nil {
		return nil, err
	}
	if kind != "frame_table" && kind != "series_table" {
		return nil, fail(g, hdf5.ErrUnsupported, "not a table of pandas")
	}
	return r.openTable(g)
}

// partAt reads some rows.
func (t *tableReader) partAt(at, rows int) (*frame.Frame, error) {
	a, err := t.d.Slice([]int{at}, []int{rows}, nil)
	if err != nil {
		return nil, err
	}
	if a, err = convert(a, t.d.Datatype()); err != nil {
		return nil, err
	}
	df, err := t.part(a)
	if err != nil {
		return nil, err
	}
	df.Class = "pandas.core.frame.DataFrame"
	if err := df.Validate(); err != nil {
		return nil, fail(t.g, hdf5.ErrMalformed, err.Error())
	}
	return df, nil
}
