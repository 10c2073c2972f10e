package pickleio

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/sdf"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/rtrackers/offsetrange"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
)

func init() {
	register.DoFn5x1[context.Context, *sdf.LockRTracker, File, func(Document), func(DeadLetter),
		error](&documentRecordFn{})
	register.DoFn5x1[context.Context, *sdf.LockRTracker, File, func(Table), func(DeadLetter),
		error](&tableRecordFn{})
}

// recordBase holds the methods of a splittable DoFn over the records of the first pickle of each
// file, except ProcessElement. A restriction is a range of positions of records. It is [0, 1) for a
// pickle that has no records or cannot be read.
type recordBase struct {
	Config config
}

// CreateInitialRestriction returns the range of all records. It scans the file to count them.
func (fn *recordBase) CreateInitialRestriction(f File) offsetrange.Restriction {
	n, err := fn.count(f.Path)
	if err != nil {
		n = 1
	}
	return offsetrange.Restriction{End: max(1, n)}
}

// count returns the number of records.
func (fn *recordBase) count(path string) (int64, error) {
	f, err := open(context.Background(), path)
	if err != nil {
		return 0, err
	}
	defer f.close()
	d := unpkl.NewDecoder(f.from(0), append(fn.Config.load(), unpkl.WithObjects())...)
	part := &lookup.Part{FirstRows: 1, Rows: func(n int) []int {
		return make([]int, min(n, 1)) // at most the first: the others are only counted
	}}
	if err := d.Decode(part); err != nil {
		return 0, err
	}
	if len(part.Matches) != 1 {
		return 0, nil
	}
	m := part.Matches[0]
	v, err := lookup.NewReader(true).Resolve(m.Value)
	if err != nil {
		return 0, err
	}
	switch v := v.(type) {
	case *frame.Frame:
		return int64(v.Rows()), nil
	case *ndarray.Array:
		if v.NDim() == 0 {
			return 0, errNoRecords
		}
		return int64(v.Shape()[0]), nil
	}
	if _, ok := pyvalue.ItemsOf(v); !ok {
		return 0, errNoRecords
	}
	return int64(m.Len), nil
}

var errNoRecords = fmt.Errorf("pickleio: neither a list, tuple, table nor array: "+
	"it has no records: %w", unpkl.ErrUnsupported)

// SplitRestriction splits the records into ranges of the size that [WithRecords] sets.
func (fn *recordBase) SplitRestriction(_ File,
	r offsetrange.Restriction) []offsetrange.Restriction {
	return r.SizedSplits(fn.Config.Records)
}

// RestrictionSize returns the number of records of a range.
func (fn *recordBase) RestrictionSize(_ File, r offsetrange.Restriction) float64 { return r.Size() }

// CreateTracker returns the tracker of a range.
func (fn *recordBase) CreateTracker(r offsetrange.Restriction) *sdf.LockRTracker {
	return sdf.NewLockRTracker(offsetrange.NewTracker(r))
}

// run reads the records of a range and passes them to take as one object: a list, table or array.
func (fn *recordBase) run(ctx context.Context, rt *sdf.LockRTracker, path string,
	dead func(DeadLetter), take func(records any, begin int64) error) error {
	r := rt.GetRestriction().(offsetrange.Restriction)
	if !rt.TryClaim(r.End - 1) { // claims all at once, since a split would scan the file again
		return nil
	}
	f, err := open(ctx, path)
	if err != nil && !isFinal(err) {
		return err
	}
	if err == nil {
		defer f.close()
		if r.Start == 0 {
			count(ctx, "files", 1)
			count(ctx, "bytes", f.size)
		}
		err = fn.read(f, r, path, take)
		if f.failed != nil {
			return f.failed
		}
	}
	if err != nil {
		letter := deadLetter(path, 0, err)
		count(ctx, "errors "+letter.Kind, 1)
		dead(letter)
	}
	return nil
}

// read builds the records of a range and no others.
func (fn *recordBase) read(f *file, r offsetrange.Restriction, path string,
	take func(records any, begin int64) error) error {
	n, err := fn.count(path)
	if err != nil || n == 0 {
		return err
	}
	if r.Start == 0 {
		audited := &rangeReader{config: &fn.Config, file: f, bounds: Range{Whole: true}}
		if err := audited.audit(0, f.size); err != nil {
			return err
		}
	}
	d := unpkl.NewDecoder(f.from(0), append(fn.Config.load(), unpkl.WithObjects())...)
	part := &lookup.Part{Pointer: []string{fmt.Sprintf("%d:%d", r.Start, r.End)}}
	if err := d.Decode(part); err != nil {
		return err
	}
	return take(part.Matches[0].Value, r.Start)
}

// documentRecordFn reads records as documents.
type documentRecordFn struct{ recordBase }

// ProcessElement reads the documents of a range of records.
func (fn *documentRecordFn) ProcessElement(ctx context.Context, rt *sdf.LockRTracker, f File,
	emit func(Document), dead func(DeadLetter)) error {
	return fn.run(ctx, rt, f.Path, dead, func(records any, begin int64) error {
		records, err := withoutPositions(records, begin)
		if err != nil {
			return err
		}
		text, err := encode(&fn.Config, "json", records)
		if err != nil {
			return err
		}
		var each []json.RawMessage
		if err := json.Unmarshal(text, &each); err != nil {
			return err
		}
		for i, one := range each {
			emit(Document{f.Path, 0, begin + int64(i), one})
		}
		count(ctx, "values", int64(len(each)))
		return nil
	})
}

// withoutPositions removes the row labels of a table if they are only the positions of the rows in
// the whole table.
func withoutPositions(records any, begin int64) (any, error) {
	v, err := lookup.NewReader(true).Resolve(records)
	if err != nil {
		return nil, err
	}
	f, ok := v.(*frame.Frame)
	if !ok || f.Index == nil || !f.Index.IsRange() || f.Index.Name() != nil ||
		int64(f.Index.Start) != begin || f.Index.Step != 1 {
		return v, nil
	}
	rows := *f
	rows.Index = &frame.Index{Class: f.Index.Class, Names: f.Index.Names, Stop: f.Rows(), Step: 1}
	return &rows, nil
}

// tableRecordFn reads records as tables.
type tableRecordFn struct{ recordBase }

// ProcessElement reads the table of a range of records.
func (fn *tableRecordFn) ProcessElement(ctx context.Context, rt *sdf.LockRTracker, f File,
	emit func(Table), dead func(DeadLetter)) error {
	return fn.run(ctx, rt, f.Path, dead, func(records any, begin int64) error {
		data, err := encode(&fn.Config, "feather", records)
		if err == nil {
			count(ctx, "values", 1)
			count(ctx, "rows", rowsOf(data))
			emit(Table{f.Path, 0, begin, data})
		}
		return err
	})
}
