package audit_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/unpkl/unpkl/audit"
	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/internal/opfuzz"
	"github.com/unpkl/unpkl/internal/tape"
)

// TestLeavesOut: an audit that leaves out the values that no call takes finds the same as an audit
// that reads all values.
func TestLeavesOut(t *testing.T) {
	defer func(from int) { tape.PartialMinSize = from }(tape.PartialMinSize)
	same := func(name string, data []byte) {
		var texts [2]string
		for i, from := range []int{1 << 30, 0} {
			tape.PartialMinSize = from
			report, err := audit.Reader(bytes.NewReader(data), audit.WithLimits(limits))
			if err != nil {
				texts[i] = err.Error()
				continue
			}
			text, err := json.Marshal(report)
			if err != nil {
				t.Fatal(err)
			}
			texts[i] = string(text)
		}
		if texts[0] != texts[1] {
			t.Errorf("%s: got %s, want %s\n%q", name, texts[1], texts[0], data)
		}
	}
	fixtures, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fixtures {
		data, err := os.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) < 1<<16 {
			same(f.String(), data)
		}
	}
	n := 2000
	if os.Getenv("UNPKL_LONG") != "" {
		n = 50_000
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range n {
		choices := make([]byte, 20+r.IntN(400))
		for i := range choices {
			choices[i] = byte(r.IntN(256))
		}
		same("a program", opfuzz.Program(choices, "os system", "builtins eval", "m A",
			"builtins set", "collections OrderedDict", "builtins getattr"))
	}
}
