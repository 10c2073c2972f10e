package pickleio

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/sdf"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/audit"
	"github.com/unpkl/unpkl/convert"
)

func init() {
	register.DoFn5x1[context.Context, *sdf.LockRTracker, File, func(Document), func(DeadLetter),
		error](&documentFn{})
	register.DoFn5x1[context.Context, *sdf.LockRTracker, File, func(Table), func(DeadLetter),
		error](&tableFn{})
	register.DoFn5x1[context.Context, *sdf.LockRTracker, File, func(beam.X), func(DeadLetter),
		error](&rowFn{})
	register.Emitter1[Document]()
	register.Emitter1[Table]()
	register.Emitter1[DeadLetter]()
	register.Emitter1[beam.X]()
}

// Read reads the files of a pattern. It returns a PCollection of [Document], one for each pickle
// or, with [WithRecords], for each item, and a PCollection of [DeadLetter]. In a pattern of local
// files ** matches any number of folders, and a folder stands for all files below it.
func Read(s beam.Scope, glob string, opts ...Option) (documents, dead beam.PCollection) {
	s = s.Scope("pickleio.Read")
	c := newConfig(opts)
	if c.Records > 0 {
		return beam.ParDo2(s, &documentRecordFn{recordBase{Config: c}}, list(s, glob))
	}
	return beam.ParDo2(s, &documentFn{readBase{Config: c}}, list(s, glob))
}

// ReadTables is like [Read] for values that are tables: DataFrames and Series, structured arrays,
// dicts of columns, lists of dicts. It returns a PCollection of [Table] and one of [DeadLetter],
// which includes the values that are not tables.
func ReadTables(s beam.Scope, glob string, opts ...Option) (tables, dead beam.PCollection) {
	s = s.Scope("pickleio.ReadTables")
	c := newConfig(opts)
	if c.Records > 0 {
		return beam.ParDo2(s, &tableRecordFn{recordBase{Config: c}}, list(s, glob))
	}
	return beam.ParDo2(s, &tableFn{readBase{Config: c}}, list(s, glob))
}

// ReadRows is like [Read] for values of a Go type, which is filled as by unpkl.Unmarshal: fields
// are matched by name or by the tag pickle. It returns a PCollection of that type and one of
// [DeadLetter]. With [WithRecords] each pickle is a list of such values, which is read whole.
func ReadRows(s beam.Scope, glob string, t reflect.Type, opts ...Option) (rows,
	dead beam.PCollection) {
	s = s.Scope("pickleio.ReadRows")
	fn := &rowFn{readBase: readBase{Config: newConfig(opts)}, Type: beam.EncodedType{T: t}}
	return beam.ParDo2(s, fn, list(s, glob), beam.TypeDefinition{Var: beam.XType, T: t})
}

// readBase holds the methods of a splittable DoFn over the pickles of files, except ProcessElement.
type readBase struct {
	Config config
}

// CreateInitialRestriction returns the range of the whole file.
func (fn *readBase) CreateInitialRestriction(f File) Range {
	if f.Size <= fn.Config.Block {
		return Range{End: 1, Whole: true}
	}
	return Range{End: f.Size}
}

// SplitRestriction splits a large file where pickles begin. A file that cannot be split or read
// keeps its whole range; ProcessElement reports the error.
func (fn *readBase) SplitRestriction(f File, r Range) []Range {
	whole := []Range{{End: 1, Whole: true}}
	if r.Whole {
		return whole
	}
	in, err := open(context.Background(), f.Path)
	if err != nil {
		return whole
	}
	defer in.close()
	if !isSplittable(in) {
		return whole
	}
	return split(in, &fn.Config)
}

// RestrictionSize returns the size of a range in bytes.
func (fn *readBase) RestrictionSize(f File, r Range) float64 {
	if r.Whole {
		return float64(max(1, f.Size))
	}
	return float64(r.End - r.Start)
}

// CreateTracker returns a tracker of a range.
func (fn *readBase) CreateTracker(r Range) *sdf.LockRTracker { return newTracker(r) }

// rangeReader reads one range of a file.
type rangeReader struct {
	ctx     context.Context
	config  *config
	tracker *sdf.LockRTracker
	bounds  Range
	path    string
	file    *file
	dead    func(DeadLetter)
	// target returns a pointer to decode a pickle into, and take emits the decoded value. An error
	// of take makes the pickle a dead letter.
	target func() any
	take   func(target any, at int64) error
	// objects asks the decoder for objects instead of plain or typed values.
	objects bool
}

// newObject returns a pointer to decode an object into.
func newObject() any { return new(any) }

// run reads the pickles that begin in the range.
func (r *rangeReader) run() error {
	r.bounds = r.tracker.GetRestriction().(Range)
	f, err := open(r.ctx, r.path)
	if err != nil && isFinal(err) {
		r.refuse(0, err)
		r.finish()
		return nil
	}
	if err != nil {
		return err
	}
	defer f.close()
	r.file = f
	if r.bounds.Start == 0 {
		count(r.ctx, "files", 1)
		count(r.ctx, "bytes", f.size)
	}
	if r.bounds.Whole {
		if !r.tracker.TryClaim(int64(0)) {
			return nil
		}
		r.pickles(0, func(at int64) bool { return true })
	} else if at, ok := beginsAt(f, r.bounds, r.config); ok && at < f.size {
		if !r.tracker.TryClaim(at) {
			return nil
		}
		if r.pickles(at, func(at int64) bool { return r.tracker.TryClaim(at) }) {
			return f.failed
		}
	}
	r.finish()
	return f.failed
}

// finish claims the end of the range, after which no work is left.
func (r *rangeReader) finish() { r.tracker.TryClaim(r.tracker.GetRestriction().(Range).End) }

// pickles reads consecutive pickles. The first begins at begin and is already claimed; each later
// one is claimed with claim. The result reports whether a claim was refused.
func (r *rangeReader) pickles(begin int64, claim func(at int64) bool) (refused bool) {
	opts := r.config.load()
	if r.objects {
		opts = append(opts, unpkl.WithObjects())
	}
	d := unpkl.NewDecoder(r.file.from(begin), opts...)
	for at := begin; ; {
		v := r.target()
		err := d.Decode(v)
		next := begin + d.InputOffset()
		if r.file.failed != nil {
			return false
		}
		if err != nil {
			if err == io.EOF {
				err = errEmpty
			}
			r.refuse(begin, err)
			return false // it is unknown where the next pickle begins
		}
		if err = r.audit(at, next); err != nil {
			r.refuse(at, err) // the audit counts offsets from the pickle
		} else if err = r.take(v, at); err != nil {
			r.refuse(begin, err)
		} else {
			count(r.ctx, "values", 1)
		}
		if more, err := d.More(); !more && err == nil || r.file.failed != nil {
			return false
		}
		if at = next; !claim(at) {
			return true
		}
	}
}

var errEmpty = fmt.Errorf("pickleio: the file is empty: %w", unpkl.ErrTruncated)

// refuse emits a dead letter for an error whose offset counts from begin.
func (r *rangeReader) refuse(begin int64, err error) {
	letter := deadLetter(r.path, begin, err)
	count(r.ctx, "errors "+letter.Kind, 1)
	r.dead(letter)
}

// AuditError is the error of a pickle for which an audit gives a worse verdict than [WithAudit]
// accepts.
type AuditError struct {
	// Worst is the first finding with the worst verdict. Its offset counts from the pickle.
	Worst audit.Finding
}

// Error returns the name that the verdict is about, and the verdict.
func (e *AuditError) Error() string {
	return fmt.Sprintf("pickleio: %s is %s (%s at byte %d)", e.Worst.Name, e.Worst.Verdict,
		e.Worst.Opcode, e.Worst.Offset)
}

// audit returns an [AuditError] if the pickle in [at, next) has a worse verdict than is accepted.
func (r *rangeReader) audit(at, next int64) error {
	if r.config.Audit == "" {
		return nil
	}
	in := r.file.from(0)
	if !r.bounds.Whole {
		in = io.NewSectionReader(r.file, at, next-at)
	} else if at > 0 {
		return nil // the audit of the first pickle covered all of them
	}
	report, err := audit.Reader(in, audit.WithLimits(r.config.Limits),
		audit.WithAllow(r.config.Allow...))
	if err != nil {
		return err
	}
	if !report.Worst().Worse(r.config.Audit) {
		return nil
	}
	worst := audit.Finding{Verdict: report.Worst(), Name: "what cannot be looked into"}
	for _, f := range report.Findings {
		if f.Verdict == report.Worst() {
			worst = f
			break
		}
	}
	return &AuditError{worst}
}

// documentFn reads documents.
type documentFn struct{ readBase }

// ProcessElement reads the documents of a range of a file.
func (fn *documentFn) ProcessElement(ctx context.Context, rt *sdf.LockRTracker, f File,
	emit func(Document), dead func(DeadLetter)) error {
	r := &rangeReader{ctx: ctx, config: &fn.Config, tracker: rt, path: f.Path, dead: dead,
		target: newObject, objects: true}
	r.take = func(v any, at int64) error {
		text, err := encode(&fn.Config, "json", *v.(*any))
		if err == nil {
			emit(Document{f.Path, at, -1, text})
		}
		return err
	}
	return r.run()
}

// tableFn reads tables.
type tableFn struct{ readBase }

// ProcessElement reads the tables of a range of a file.
func (fn *tableFn) ProcessElement(ctx context.Context, rt *sdf.LockRTracker, f File,
	emit func(Table), dead func(DeadLetter)) error {
	r := &rangeReader{ctx: ctx, config: &fn.Config, tracker: rt, path: f.Path, dead: dead,
		target: newObject, objects: true}
	r.take = func(v any, at int64) error {
		data, err := encode(&fn.Config, "feather", *v.(*any))
		if err == nil {
			count(ctx, "rows", rowsOf(data))
			emit(Table{f.Path, at, -1, data})
		}
		return err
	}
	return r.run()
}

// encode returns a value in another format.
func encode(c *config, format string, v any) ([]byte, error) {
	var b bytes.Buffer
	if err := convert.Encode(&b, v, c.write(format)...); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// rowFn reads values of a Go type.
type rowFn struct {
	readBase
	Type beam.EncodedType
}

// ProcessElement reads the values of a range of a file.
func (fn *rowFn) ProcessElement(ctx context.Context, rt *sdf.LockRTracker, f File,
	emit func(beam.X), dead func(DeadLetter)) error {
	t := fn.Type.T
	if fn.Config.Records > 0 {
		t = reflect.SliceOf(t)
	}
	r := &rangeReader{ctx: ctx, config: &fn.Config, tracker: rt, path: f.Path, dead: dead}
	r.target = func() any { return reflect.New(t).Interface() }
	r.take = func(v any, at int64) error {
		value := reflect.ValueOf(v).Elem()
		if fn.Config.Records == 0 {
			emit(value.Interface())
			return nil
		}
		for i := range value.Len() {
			emit(value.Index(i).Interface())
		}
		count(ctx, "rows", int64(value.Len()))
		return nil
	}
	return r.run()
}
