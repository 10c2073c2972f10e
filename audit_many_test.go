package unpkl_test

import (
	"github.com/unpkl/unpkl/internal/cases"

	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/unpkl/unpkl"
)

// TestAuditFunc hands over what Audit lists.
func TestAuditFunc(t *testing.T) {
	inputs := map[string]string{
		"two pickles, one damaged": "cos\nsystem\n.(cb\nc\nQ\xff",
		// The second run, with everything inert, goes further.
		"two runs": "cnumpy\ndtype\n(U\x02f8K\x00K\x01tRK\x01\x85bcos\nsystem\n)R.cx\ny\n.",
		"a zip":    zipped(t, "a.pkl", "\x80\x04cos\nsystem\n.", "b.pkl", "\x80\x04Pid\n."),
	}
	for _, pattern := range []string{"testdata/*/*.pkl", "reconstruct/testdata/joblib/*.pkl"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatal("no fixtures", pattern, err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			inputs[path] = string(data)
		}
	}
	for name, in := range inputs {
		want, err := unpkl.Audit(strings.NewReader(in))
		if err != nil {
			t.Fatal(name, err)
		}
		for route, audit := range map[string]func(func(unpkl.Finding)) (*unpkl.AuditReport, error){
			"reader": func(found func(unpkl.Finding)) (*unpkl.AuditReport, error) {
				return unpkl.AuditFunc(strings.NewReader(in), found)
			},
			"file": func(found func(unpkl.Finding)) (*unpkl.AuditReport, error) {
				return unpkl.AuditFileFunc(cases.WriteTemp(t, []byte(in)), found)
			},
		} {
			var found []unpkl.Finding
			got, err := audit(func(f unpkl.Finding) { found = append(found, f) })
			if err != nil {
				t.Fatal(name, route, err)
			}
			if len(got.Findings) > 0 || got.Worst() != want.Worst() || !slices.Equal(found, want.Findings) {
				t.Errorf("%s: %s: worst %s, %d findings; Audit %s, %d", name, route, got.Worst(), len(found), want.Worst(), len(want.Findings))
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(unpkl.AuditReport{}), cmpopts.IgnoreFields(unpkl.AuditReport{}, "Findings", "Err")); diff != "" {
				t.Errorf("%s: %s (-Audit +got)\n%s", name, route, diff)
			}
			if (got.Err != nil) != (want.Err != nil) || got.Err != nil && got.Err.Error() != want.Err.Error() {
				t.Errorf("%s: %s: %v, Audit %v", name, route, got.Err, want.Err)
			}
		}
	}
}

// TestAuditFuncMemory: a use of a name takes 16 bytes until its pickle is through, and the input.
func TestAuditFuncMemory(t *testing.T) {
	const n = 1 << 20
	for name, in := range map[string]string{
		"ids of ids":            "N" + strings.Repeat("Q", n) + ".",
		"ids of ids, truncated": "N" + strings.Repeat("Q", n),
		"classes":               strings.Repeat("ca\nb\n0", n/6) + "N.",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		found := 0
		r, err := unpkl.AuditFileFunc(cases.WriteTemp(t, []byte(in)), func(unpkl.Finding) { found++ })
		if err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if found < n/6 || r.Worst() != unpkl.VerdictUnknown {
			t.Errorf("%s: %d findings, worst %s, %v", name, found, r.Worst(), r.Err)
		}
		if each := float64(after.TotalAlloc-before.TotalAlloc) / float64(found); each > 64 {
			t.Errorf("%s: %.0f bytes allocated for each finding", name, each)
		}
	}
}
