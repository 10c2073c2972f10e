package audit_test

import (
	"iter"

	"github.com/unpkl/unpkl/audit"

	"github.com/unpkl/unpkl/internal/cases"

	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestSeq: ReaderSeq yields the findings that Reader lists.
func TestSeq(t *testing.T) {
	inputs := map[string]string{
		"two pickles, one damaged": "cos\nsystem\n.(cb\nc\nQ\xff",
		// The second pass, in which everything is inert, gets further.
		"two runs": "cnumpy\ndtype\n(U\x02f8K\x00K\x01tRK\x01\x85bcos\nsystem\n)R.cx\ny\n.",
		"a zip":    zipped(t, "a.pkl", "\x80\x04cos\nsystem\n.", "b.pkl", "\x80\x04Pid\n."),
	}
	for _, pattern := range []string{"../testdata/*/*.pkl",
		"../reconstruct/testdata/joblib/*.pkl"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatal("no fixtures", pattern, err)
		}
		for i, path := range paths {
			if i%8 != 0 {
				continue
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			inputs[path] = string(data)
		}
	}
	for name, in := range inputs {
		want, err := audit.Reader(strings.NewReader(in))
		if err != nil {
			t.Fatal(name, err)
		}
		got := new(audit.Report)
		for route, findings := range map[string]iter.Seq2[audit.Finding, error]{
			"reader": audit.ReaderSeq(strings.NewReader(in), got),
			"file":   audit.FileSeq(cases.WriteTemp(t, []byte(in)), got),
		} {
			var found []audit.Finding
			var last error
			for f, err := range findings {
				if last = err; err == nil {
					found = append(found, f)
				}
			}
			if last != got.Err {
				t.Fatal(name, route, last, got.Err)
			}
			if len(got.Findings) > 0 || got.Worst() != want.Worst() ||
				!slices.Equal(found, want.Findings) {
				t.Errorf("%s: %s: worst %s, %d findings; Audit %s, %d", name, route, got.Worst(),
					len(found), want.Worst(), len(want.Findings))
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(audit.Report{}),
				cmpopts.IgnoreFields(audit.Report{}, "Findings", "Err")); diff != "" {
				t.Errorf("%s: %s (-Audit +got)\n%s", name, route, diff)
			}
			if (got.Err != nil) != (want.Err != nil) ||
				got.Err != nil && got.Err.Error() != want.Err.Error() {
				t.Errorf("%s: %s: %v, Audit %v", name, route, got.Err, want.Err)
			}
		}
	}
}

// TestSeqMemory: until its pickle has been read, a use takes a cell, a value and 32 bytes.
func TestSeqMemory(t *testing.T) {
	const n = 1 << 20
	for name, in := range map[string]string{
		"ids of ids":            "N" + strings.Repeat("Q", n) + ".",
		"ids of ids, truncated": "N" + strings.Repeat("Q", n),
		"classes":               strings.Repeat("ca\nb\n0", n/6) + "N.",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		found := 0
		r := new(audit.Report)
		for _, err := range audit.FileSeq(cases.WriteTemp(t, []byte(in)), r) {
			if err == nil {
				found++
			} else if r.Err == nil {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		if found < n/6 || r.Worst() != audit.VerdictUnknown {
			t.Errorf("%s: %d findings, worst %s, %v", name, found, r.Worst(), r.Err)
		}
		if each := float64(after.TotalAlloc-before.TotalAlloc) / float64(found); each > 160 {
			t.Errorf("%s: %.0f bytes allocated for each finding", name, each)
		}
	}
}

// TestSeqStops: after the caller leaves the iteration, nothing more is read.
func TestSeqStops(t *testing.T) {
	const in = "(cos\nsystem\ncposix\nsystem\nt.cos\npopen\n."
	for name, in := range map[string]string{"pickles": in,
		"a zip": zipped(t, "a.pkl", in, "b.pkl", in)} {
		var r audit.Report
		n := 0
		for _, err := range audit.ReaderSeq(strings.NewReader(in), &r) {
			if err != nil {
				t.Fatal(name, err)
			}
			n++
			break
		}
		if n != 1 || r.Pickles != 0 || r.Worst() != audit.VerdictDangerous {
			t.Errorf("%s: %d findings of %d pickles, worst %s", name, n, r.Pickles, r.Worst())
		}
	}
}
