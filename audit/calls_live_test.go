package audit_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/audit"
)

// TestLiveCalls reads the effects that scripts/audit_calls.py observed in Python. No callable that
// had an effect named by an argument is data or known when it is called, and the callables that are
// only unknown are listed here.
func TestLiveCalls(t *testing.T) {
	path := os.Getenv("UNPKL_AUDIT_CALLS")
	if path == "" {
		t.Skip("UNPKL_AUDIT_CALLS names no list of scripts/audit_calls.py")
	}
	for _, path := range strings.Split(path, ":") {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		n := map[audit.Verdict]int{}
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			if !strings.HasPrefix(lines.Text(), `{"module": `) {
				continue // what a callable has printed
			}
			var c struct {
				Module, Name string
				Events       [][]string
			}
			if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
				t.Fatal(err)
			}
			r, err := audit.Reader(strings.NewReader(forms[5].make(c.Module, c.Name, "unpklmark",
				"w")))
			if err != nil {
				t.Fatal(err)
			}
			worst := r.Worst()
			n[worst]++
			switch worst {
			case audit.VerdictUnknown:
				t.Logf("only unknown: %s %s: %v", c.Module, c.Name, c.Events)
			case audit.VerdictData, audit.VerdictKnown:
				t.Errorf("%s %s is %s: %v", c.Module, c.Name, worst, c.Events)
			}
		}
		t.Logf("%s: %v", path, n)
	}
}
