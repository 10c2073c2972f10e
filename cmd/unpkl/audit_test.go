package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
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
		{"text", evil, []string{"--fail-on=never"}, 0,
			"dangerous  global os.system (GLOBAL at byte 0, called): process: starts, ends or changes processes, or the state of this one\n1 pickles, 1 findings, worst: dangerous\n", ""},
		{"dangerous", evil, nil, 3, "dangerous  global os.system", "dangerous names are used"},
		{"fail on dangerous", evil, []string{"--fail-on=dangerous"}, 3, "",
			"dangerous names are used"},
		{"unknown", odd, nil, 0, "unknown", ""},
		{"fail on unknown", odd, []string{"--fail-on=unknown"}, 3, "", "unknown names are used"},
		{"unknown is not dangerous", odd, []string{"--fail-on=dangerous"}, 0, "", ""},
		{"data", data, []string{"--fail-on=unknown"}, 0, "1 pickles, 0 findings, worst: data\n",
			""},
		{"malformed", "cos\nsystem\n\xff", []string{"--fail-on=never"}, 1,
			"dangerous  global os.system", "byte 11"},
		{"malformed and dangerous", "cos\nsystem\n\xff", []string{"--fail-on=dangerous"}, 3, "",
			"dangerous"},
		{"empty", "", nil, 1, "0 pickles, 0 findings, worst: unknown\n", "empty"},
		{"empty and fail on unknown", "", []string{"--fail-on=unknown"}, 3, "", "empty"},
		{"two formats", data, []string{"--json", "--sarif"}, 2, "", "exclude"},
		{"wrong flag", data, []string{"--fail-on=x"}, 2, "", "--fail-on"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			status := (&streams{in: strings.NewReader(tt.in), out: &out,
				err: &errs}).run(append([]string{"audit", "-"}, tt.args...))
			if status != tt.status || !strings.HasPrefix(out.String(), tt.out) ||
				!strings.Contains(errs.String(), tt.err) {
				t.Errorf("status %d\nout: %s\nerr: %s", status, &out, &errs)
			}
		})
	}
}

func TestAuditJSON(t *testing.T) {
	var out, errs bytes.Buffer
	if status := (&streams{in: strings.NewReader("cos\nsystem\n."), out: &out,
		err: &errs}).run([]string{"audit", "--json", "-"}); status != statusFound {
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
	if doc.Pickles != 1 || doc.Worst != "dangerous" || len(doc.Findings) != 1 ||
		doc.Findings[0].Name != "os.system" {
		t.Errorf("%+v", doc)
	}
}

// auditFolder returns a folder with a harmless pickle, a hostile one and a text.
func auditFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.pkl": "\x80\x04]\x94K\x01a.", "sub/b.pkl": "cos\nsystem\n(S'id'\ntR.",
		"README.md": "# text\n", "c.bin": "cfoo\nBar\n.",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAuditFolder(t *testing.T) {
	dir := auditFolder(t)
	rules := filepath.Join(t.TempDir(), "rules")
	if err := os.WriteFile(rules, []byte("# ours\nallow foo.*\ndeny sys.x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		status := (&streams{in: strings.NewReader(""), out: &out,
			err: &errs}).run(append([]string{"audit"}, args...))
		if status != want {
			t.Fatalf("%q: status %d: %s", args, status, &errs)
		}
		return out.String()
	}
	if text := run(3, dir, "--fail-on=dangerous"); !strings.Contains(text,
		"3 files, 1 others without a pickle, worst: dangerous") {
		t.Errorf("text: %s", text)
	}
	if text := run(0, filepath.Join(dir, "c.bin"), filepath.Join(dir, "a.pkl"), "--rules", rules,
		"--fail-on=unknown"); !strings.Contains(text, "worst: known") {
		t.Errorf("rules: %s", text)
	}
	var docs []struct{ File, Worst string }
	if err := json.Unmarshal([]byte(run(3, "--json", dir)), &docs); err != nil || len(docs) != 3 {
		t.Errorf("json: %v, %d documents", err, len(docs))
	}
	lines := strings.Split(strings.TrimSpace(run(3, "--jsonl", dir)), "\n")
	if len(lines) != 3 {
		t.Errorf("jsonl: %d lines", len(lines))
	}
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("jsonl: %s", line)
		}
	}
	var sarif struct {
		Version string
		Runs    []struct {
			Results []struct{ RuleID, Level string }
		}
	}
	if err := json.Unmarshal([]byte(run(3, "--sarif", dir)), &sarif); err != nil ||
		sarif.Version != "2.1.0" || len(sarif.Runs[0].Results) != 2 {
		t.Errorf("sarif: %v %+v", err, sarif)
	}
}
