package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestAuditCommand(t *testing.T) {
	const evil, odd, data = "cos\nsystem\n(S'id'\ntR.", "cfoo\nBar\n.", "\x80\x04]\x94K\x01a."
	tests := []struct {
		name, in string
		args     []string
		status   int
		out, err string
	}{
		{"text", evil, nil, 0, "dangerous  global os.system (GLOBAL at byte 0, called)\n1 pickles, 1 findings, worst: dangerous\n", ""},
		{"fail on dangerous", evil, []string{"--fail-on=dangerous"}, 3, "", "dangerous names are used"},
		{"fail on unknown", odd, []string{"--fail-on=unknown"}, 3, "", "unknown names are used"},
		{"unknown is not dangerous", odd, []string{"--fail-on=dangerous"}, 0, "", ""},
		{"data", data, []string{"--fail-on=unknown"}, 0, "1 pickles, 0 findings, worst: data\n", ""},
		{"malformed", "cos\nsystem\n\xff", nil, 1, "dangerous  global os.system", "byte 11"},
		{"malformed and dangerous", "cos\nsystem\n\xff", []string{"--fail-on=dangerous"}, 3, "", "dangerous"},
		{"wrong flag", data, []string{"--fail-on=x"}, 2, "", "--fail-on"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			status := (&streams{in: strings.NewReader(tt.in), out: &out, err: &errs}).run(append([]string{"audit", "-"}, tt.args...))
			if status != tt.status || !strings.HasPrefix(out.String(), tt.out) || !strings.Contains(errs.String(), tt.err) {
				t.Errorf("status %d\nout: %s\nerr: %s", status, &out, &errs)
			}
		})
	}
}

func TestAuditJSON(t *testing.T) {
	var out, errs bytes.Buffer
	if status := (&streams{in: strings.NewReader("cos\nsystem\n."), out: &out, err: &errs}).run([]string{"audit", "--json", "-"}); status != 0 {
		t.Fatalf("status %d: %s", status, &errs)
	}
	var doc struct {
		Pickles  int
		Worst    string
		Findings []struct {
			Offset                      int
			Opcode, Kind, Name, Verdict string
		}
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Pickles != 1 || doc.Worst != "dangerous" || len(doc.Findings) != 1 || doc.Findings[0].Name != "os.system" {
		t.Errorf("%+v", doc)
	}
}
