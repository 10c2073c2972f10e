package serve

import (
	"errors"
	"io"
	"net/http"
	"os"

	"github.com/unpkl/unpkl/audit"
	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/pickle"
)

// maxFindings is the greatest number of findings in one answer.
const maxFindings = 1000

// auditAnswer is the result of an audit.
type auditAnswer struct {
	Worst       audit.Verdict   `json:"worst"`
	Pickles     int             `json:"pickles"`
	Compression string          `json:"compression,omitempty"`
	Libraries   []string        `json:"libraries,omitempty"`
	Findings    []audit.Finding `json:"findings"`
	All         int             `json:"all"` // the number of findings, sent or not
	Error       string          `json:"error,omitempty"`
}

func (s *Server) audit(r *http.Request) (any, error) {
	path, _, err := s.pathOf(r)
	if err != nil {
		return nil, err
	}
	report := new(audit.Report)
	answer := auditAnswer{Findings: []audit.Finding{}}
	var producer describe.Producer
	for f, err := range audit.FileSeq(path, report) {
		if err != nil {
			answer.Error = visible(withoutPath(err).Error())
			break
		}
		if r.Context().Err() != nil {
			return nil, r.Context().Err()
		}
		producer.Add(f.Name)
		if answer.All++; len(answer.Findings) < maxFindings {
			f.Name, f.Reason, f.Member = visible(f.Name), visible(f.Reason), visible(f.Member)
			answer.Findings = append(answer.Findings, f)
		}
	}
	answer.Worst, answer.Pickles = report.Worst(), report.Pickles
	answer.Compression, answer.Libraries = report.Compression, producer.Libraries()
	return answer, nil
}

// opcodesAnswer is a part of a disassembly.
type opcodesAnswer struct {
	First int      `json:"first"`
	Lines []string `json:"lines"`
	More  bool     `json:"more"`
	Error string   `json:"error,omitempty"`
}

func (s *Server) opcodes(r *http.Request) (any, error) {
	path, _, err := s.pathOf(r)
	if err != nil {
		return nil, err
	}
	first, count, err := pageArgs(r, 200)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer f.Close()
	plain, err := compress.NewReader(f, pickle.Limits{})
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	w := &lineWindow{first: first, count: count, done: r.Context().Done()}
	err = pickle.Disassemble(w, plain)
	answer := opcodesAnswer{First: first, Lines: w.lines, More: w.more}
	switch {
	case errors.Is(err, errEnough):
	case err == io.EOF:
		answer.Error = "the file is empty"
	case err != nil:
		answer.Error = visible(err.Error())
	}
	if answer.Lines == nil {
		answer.Lines = []string{}
	}
	return answer, nil
}

// errEnough ends a disassembly after the last line that is wanted.
var errEnough = errors.New("that is enough")

// maxLine is the greatest number of bytes of a line in an answer.
const maxLine = 400

// lineWindow is a writer that keeps count lines of the text, beginning at line first. It fails with
// errEnough after them or once done is closed.
type lineWindow struct {
	first, count int
	done         <-chan struct{}
	line         int    // the number of the current line, counted from 0
	current      []byte // the beginning of the current line
	lines        []string
	more         bool // there is text behind the lines
}

func (w *lineWindow) Write(p []byte) (int, error) {
	select {
	case <-w.done:
		return 0, errEnough
	default:
	}
	for i, c := range p {
		if w.line >= w.first+w.count {
			w.more = true
			return i, errEnough
		}
		switch {
		case c == '\n':
			if w.line >= w.first {
				w.lines = append(w.lines, visible(string(w.current)))
			}
			w.line++
			w.current = w.current[:0]
		case w.line >= w.first && len(w.current) < maxLine:
			w.current = append(w.current, c)
		}
	}
	return len(p), nil
}
