package audit_test

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/audit"
	"github.com/unpkl/unpkl/internal/opfuzz"
)

// TestLiveNames: an audit lists every name that one of CPython's unpicklers asks for while it runs
// a random program. UNPKL_PROGRAMS sets the number of programs.
func TestLiveNames(t *testing.T) {
	if os.Getenv("UNPKL_PYTHON") == "" {
		t.Skip("UNPKL_PYTHON names no Python")
	}
	programs := 5000
	if n, err := strconv.Atoi(os.Getenv("UNPKL_PROGRAMS")); err == nil {
		programs = n
	}
	asked, missed := 0, 0
	for batch := 0; programs > 0; batch++ {
		n := min(programs, 10_000)
		programs -= n
		a, m := liveNames(t, n, uint64(batch))
		asked, missed = asked+a, missed+m
		if batch%10 == 9 || programs == 0 {
			t.Logf("%d programs, %d names, %d missed", batch*10_000+n, asked, missed)
		}
	}
}

// liveNames lets Python run n random programs, and returns the number of names that it asked for
// and of those that an audit missed.
func liveNames(t *testing.T, n int, seed uint64) (asked, missed int) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, seed))
	var pickles []string
	for range n {
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
			for k, text := range name {
				part, err := hex.DecodeString(text)
				if err != nil {
					t.Fatal(err)
				}
				name[k] = string(part)
			}
			quoted := fmt.Sprintf("%+q", name[0]+"."+name[1])
			if full := strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`); !listed[full] &&
				!listed["(computed)."+name[1]] && !listed[name[0]+".(computed)"] &&
				!listed["(computed).(computed)"] {
				if missed++; missed < 50 {
					t.Errorf("Python asks for %s: %q: %v, error %v", full, pickles[i], found(r),
						r.Err)
				}
			}
		}
	}
	return asked, missed
}
