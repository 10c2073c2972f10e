package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
)

// maxBody bounds the bodies that a [Handler] accepts, in bytes: it holds a body in memory.
const maxBody = 1 << 30

// Handler returns a handler that passes a request on to next only if its body is a file with no
// verdict worse than most. Of a multipart form it audits every part. It answers other requests with
// status 422 and the report as JSON, and a body larger than 1 GiB, or than Limits.InputBytes if
// that is set, with status 413. A request without a body is passed on.
func Handler(next http.Handler, most Verdict, opts ...Option) http.Handler {
	limit := newConfig(opts).limits.InputBytes
	if limit <= 0 {
		limit = maxBody
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		body, err := readAll(http.MaxBytesReader(w, r.Body, limit))
		if err != nil {
			status := http.StatusBadRequest
			if _, tooLarge := err.(*http.MaxBytesError); tooLarge {
				status = http.StatusRequestEntityTooLarge
			}
			http.Error(w, "the body cannot be read", status)
			return
		}
		if len(body) > 0 {
			if report := bodyReport(r, body, opts); report.Worst().Worse(most) {
				refuse(w, report)
				return
			}
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.ContentLength = int64(len(body))
		next.ServeHTTP(w, r)
	})
}

// bodyReport audits a body, or each part of a multipart body.
func bodyReport(r *http.Request, body []byte, opts []Option) *Report {
	report := new(Report)
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" && kind != "multipart/mixed" {
		scanInput(body, &collector{Report: report}, newConfig(opts))
		return report
	}
	parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return report
		}
		var data []byte
		if err == nil {
			data, err = readAll(part)
		}
		if err != nil {
			report.Err = fmt.Errorf("the form cannot be read: %w", err)
			return report
		}
		if part.FileName() == "" && len(data) < 1<<10 && !looksLikePickle(data) {
			continue // a text field of the form
		}
		to := &collector{Report: report}
		scanInput(data, to, newConfig(opts))
	}
}

// refuse answers a request with the report.
func refuse(w http.ResponseWriter, r *Report) {
	doc := struct {
		*Report
		Worst Verdict `json:"worst"`
		Error string  `json:"error,omitempty"`
	}{Report: r, Worst: r.Worst()}
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
	if r.Err != nil {
		doc.Error = safeText(r.Err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusUnprocessableEntity)
	_ = json.NewEncoder(w).Encode(doc) // the client may be gone
}
