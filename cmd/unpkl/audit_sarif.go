package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/unpkl/unpkl/audit"
)

// The output for code scanning is SARIF 2.1.0. It has a rule for each verdict and capability, and a
// result for each finding that is worse than known and for each file that could not be read.
//
// Reference: OASIS, Static Analysis Results Interchange Format 2.1.0.

// sarif adds the results of a file.
func (o *auditWriter) sarif(a *audited) {
	if a.err != nil {
		o.result(a.name, "unreadable", "warning", detail(a.err), 0)
		return
	}
	for _, f := range a.report.Findings {
		if !f.Verdict.Worse(audit.VerdictKnown) {
			continue
		}
		level, rule := "warning", string(f.Verdict)
		if f.Verdict == audit.VerdictDangerous {
			level = "error"
		}
		if f.Capability != "" {
			rule += ": " + string(f.Capability)
		}
		text := fmt.Sprintf("%s %s: %s", f.Kind, f.Name, f.Reason)
		if f.Member != "" {
			text += " (in " + f.Member + ")"
		}
		o.result(a.name, rule, level, text, f.Offset)
	}
	if a.report.Err != nil {
		o.result(a.name, "unreadable", "warning", detail(a.report.Err), 0)
	}
}

// object is a JSON object.
type object = map[string]any

func (o *auditWriter) result(file, rule, level, text string, offset int64) {
	if !o.seen[rule] {
		o.seen[rule] = true
		o.rules = append(o.rules, object{"id": rule,
			"shortDescription": object{"text": "unpkl audit: " + rule}})
	}
	location := object{"artifactLocation": object{"uri": filepath.ToSlash(printable(file))}}
	location["region"] = object{"byteOffset": offset}
	o.results = append(o.results, object{
		"ruleId": rule, "level": level, "message": object{"text": printable(text)},
		"locations": []any{object{"physicalLocation": location}},
	})
}

// endSARIF writes the document.
func (o *auditWriter) endSARIF() error {
	if o.results == nil {
		o.results = []any{}
	}
	if o.rules == nil {
		o.rules = []any{}
	}
	driver := object{"name": "unpkl", "informationUri": "https://github.com/unpkl/unpkl",
		"rules": o.rules}
	text, err := json.MarshalIndent(object{
		"version": "2.1.0",
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json",
		"runs":    []any{object{"tool": object{"driver": driver}, "results": o.results}},
	}, "", "  ")
	if err != nil {
		return err
	}
	_, err = o.w.Write(append(text, '\n'))
	return err
}
