package audit_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/audit"
	"github.com/unpkl/unpkl/internal/opfuzz"
)

// TestLiveNames: whatever names either of CPython's unpicklers asks for while it runs a random
// program, an audit lists. UNPKL_PROGRAMS says how many programs.
func TestLiveNames(t *testing.T) {
	if os.Getenv("UNPKL_PYTHON") == "" {
		t.Skip("UNPKL_PYTHON names no Python")
	}
	programs := 5000
	if n, err := strconv.Atoi(os.Getenv("UNPKL_PROGRAMS")); err == nil {
		programs = n
	}
	random := rand.New(rand.NewPCG(1, uint64(programs)))
	var pickles []string
	for range programs {
		choices := make([]byte, 8+random.IntN(120))
		for i := range choices {
			choices[i] = byte(random.Uint32())
		}
		p := opfuzz.Program(choices, "os system", "m C", "numpy memmap", "a.b c.d", "builtins list",
			"functools partial",
			"joblib.numpy_pickle NumpyArrayWrapper", "numpy dtype")
		if random.IntN(3) == 0 { // a frame of any length
			frame := "\x95" + string([]byte{byte(random.IntN(40)), 0, 0, 0, 0, 0, 0, 0})
			p = []byte("\x80\x04" + frame + string(p[2:]))
		}
		pickles = append(pickles, string(p))
	}
	asked, missed := 0, 0
	for i, e := range execute(t, "../scripts/audit_run.py", pickles, "--record") {
		r, err := audit.Reader(strings.NewReader(pickles[i]))
		if err != nil {
			t.Fatal(err)
		}
		listed := map[string]bool{}
		for _, f := range r.Findings {
			listed[f.Name] = true
		}
		for _, name := range e.Names {
			asked++
			quoted := fmt.Sprintf("%+q", name[0]+"."+name[1])
			if full := strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`); !listed[full] &&
				!listed["(computed)."+name[1]] && !listed[name[0]+".(computed)"] &&
				!listed["(computed).(computed)"] {
				if missed++; missed < 5 {
					t.Errorf("Python asks for %s: %q: %v, error %v", full, pickles[i], found(r),
						r.Err)
				}
			}
		}
	}
	t.Logf("%d programs, %d names, %d missed", programs, asked, missed)
}
