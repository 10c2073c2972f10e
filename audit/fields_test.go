package audit_test

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/audit"
)

// TestFalseAlarms: no fixture is dangerous, and at most one in fifty is unknown, apart from the
// fixtures made for that purpose (classes of their own, getters of attributes).
func TestFalseAlarms(t *testing.T) {
	odd := []string{"sample_classes", "mymodule", "__main__", "builtins.getattr",
		"__builtin__.getattr", "operator.attrgetter",
		"operator.methodcaller", "extension code", "persistent id"}
	files, unknown := 0, 0
	for _, root := range []string{"../testdata", "../reconstruct/testdata", "../npy/testdata"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			switch filepath.Ext(path) {
			case ".pkl", ".npy", ".npz", ".joblib":
			default:
				return err
			}
			if strings.Contains(path, "bad") || hasCode(path) {
				return nil
			}
			r, err := audit.File(path)
			if err != nil {
				return err
			}
			files++
			worst, names := audit.VerdictData, ""
		next:
			for _, f := range r.Findings {
				for _, name := range odd {
					if strings.Contains(f.Name, name) || strings.Contains(f.Kind, name) {
						continue next
					}
				}
				if f.Verdict.Worse(worst) {
					worst = f.Verdict
				}
				if f.Verdict.Worse(audit.VerdictKnown) {
					names += " " + f.Name
				}
			}
			switch {
			case worst == audit.VerdictDangerous:
				t.Errorf("%s is dangerous:%s", path, names)
			case worst == audit.VerdictUnknown || r.Err != nil:
				unknown++
				t.Logf("%s is unknown:%s %v", path, names, r.Err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if unknown*50 > files || files < 1000 {
		t.Errorf("%d of %d unknown", unknown, files)
	}
	t.Logf("%d of %d unknown", unknown, files)
}
