package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/unpkl/unpkl/audit"
	"github.com/unpkl/unpkl/internal/batch"
	"github.com/unpkl/unpkl/pickle"
)

// auditFile is one file to audit.
type auditFile struct {
	name   string
	walked bool // it was found in a folder: it need not be a pickle
}

// auditFiles lists the files that the arguments name; several says that there may be other than
// one. Symbolic links in a folder are not followed.
func auditFiles(args []string) (files []auditFile, several bool, err error) {
	several = len(args) > 1
	for _, arg := range args {
		if batch.IsPattern(arg) {
			several = true
			for s, err := range batch.Sources([]string{arg}) {
				if err != nil {
					return nil, true, &fileError{s.Path, err}
				}
				files = append(files, auditFile{name: s.Path})
			}
			continue
		}
		info, err := os.Stat(arg)
		if arg == "-" || err != nil || !info.IsDir() {
			files = append(files, auditFile{name: arg})
			continue
		}
		several = true
		err = filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				files = append(files, auditFile{path, true})
			}
			return err
		})
		if err != nil {
			return nil, true, &fileError{arg, err}
		}
	}
	return files, several, nil
}

// audited is what came of a file.
type audited struct {
	auditFile
	report *audit.Report
	err    error
}

// none reports that the file is none that an audit is about: found in a folder, named as something
// else, and nothing of a pickle.
func (a *audited) none() bool {
	if !a.walked || a.err != nil || isModel(strings.ToLower(filepath.Ext(a.name))) {
		return false
	}
	r := a.report
	return r.Pickles == 0 && len(r.Findings) == 0 && (r.Err == nil ||
		errors.Is(r.Err, pickle.ErrMalformed) || errors.Is(r.Err, pickle.ErrTruncated))
}

// auditAll audits files, several at once, and hands over what came of each in their order.
func auditAll(s *streams, jobs int, files []auditFile, opts []audit.Option,
	done func(*audited) error) error {
	return inOrder(jobs, files, func(f auditFile) *audited {
		a := &audited{auditFile: f}
		if a.name == "-" {
			a.report, a.err = audit.Reader(s.in, opts...)
		} else {
			a.report, a.err = audit.File(a.name, opts...)
		}
		return a
	}, func(_ auditFile, a *audited) error { return done(a) })
}

// auditMany audits several files and writes what came of them.
func auditMany(s *streams, f *auditFlags, files []auditFile, opts []audit.Option) error {
	bar, end := s.progress("audit", len(files))
	out := newAuditWriter(f, s.out)
	var status error
	err := auditAll(s, f.jobs, files, opts, func(a *audited) error {
		bar()
		if a.none() {
			out.skipped++
			return nil
		}
		one := a.err
		if one != nil {
			one = &fileError{a.name, one}
		} else {
			one = auditStatus(a.name, a.report, audit.Verdict(f.failOn))
		}
		if one != nil && (status == nil || exitStatus(one) > exitStatus(status)) {
			status = one
		}
		return out.file(a)
	})
	end()
	if err = errors.Join(err, out.end()); err != nil {
		return err
	}
	return status
}

// auditWriter writes what came of several files.
type auditWriter struct {
	f              *auditFlags
	w              io.Writer
	n, skipped     int
	worst          audit.Verdict
	results, rules []any // of SARIF
	seen           map[string]bool
}

func newAuditWriter(f *auditFlags, w io.Writer) *auditWriter {
	return &auditWriter{f: f, w: w, worst: audit.VerdictData, seen: map[string]bool{}}
}

// document is the JSON of a file.
func (a *audited) document() any {
	doc := struct {
		File string `json:"file"`
		audit.Report
		Worst audit.Verdict `json:"worst"`
		Error string        `json:"error,omitempty"`
	}{File: a.name, Worst: audit.VerdictUnknown}
	if a.report != nil {
		doc.Report, doc.Worst = *a.report, a.report.Worst()
	}
	if doc.Findings == nil {
		doc.Findings = []audit.Finding{}
	}
	if err := errors.Join(a.err, doc.Report.Err); err != nil {
		doc.Error = printable(detail(err))
	}
	return doc
}

func (o *auditWriter) file(a *audited) error {
	o.n++
	worst := audit.VerdictUnknown
	if a.report != nil {
		worst = a.report.Worst()
	}
	if worst.Worse(o.worst) {
		o.worst = worst
	}
	switch {
	case o.f.sarif:
		o.sarif(a)
		return nil
	case o.f.json || o.f.lines:
		return o.json(a)
	}
	return o.text(a, worst)
}

func (o *auditWriter) json(a *audited) error {
	text, err := json.Marshal(a.document())
	if err != nil {
		return err
	}
	before := ""
	if o.f.json {
		before = "[\n"
		if o.n > 1 {
			before = ",\n"
		}
	}
	end := ""
	if o.f.lines {
		end = "\n"
	}
	_, err = fmt.Fprintf(o.w, "%s%s%s", before, text, end)
	return err
}

func (o *auditWriter) text(a *audited, worst audit.Verdict) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", printable(a.name), worst)
	if a.err != nil {
		fmt.Fprintf(&b, "  %s\n", printable(detail(a.err)))
	} else {
		for _, f := range a.report.Findings {
			if f.Verdict.Worse(audit.VerdictKnown) {
				fmt.Fprintf(&b, "  %s\n", auditLine(f))
			}
		}
		if a.report.Err != nil {
			fmt.Fprintf(&b, "  not all could be read: %s\n", printable(detail(a.report.Err)))
		}
	}
	_, err := io.WriteString(o.w, b.String())
	return err
}

// end writes what stands behind the files.
func (o *auditWriter) end() error {
	var err error
	switch {
	case o.f.sarif:
		err = o.endSARIF()
	case o.f.json && o.n == 0:
		_, err = io.WriteString(o.w, "[]\n")
	case o.f.json:
		_, err = io.WriteString(o.w, "\n]\n")
	case !o.f.lines:
		_, err = fmt.Fprintf(o.w, "%d files, %d others without a pickle, worst: %s\n", o.n,
			o.skipped, o.worst)
	}
	return err
}
