package reconstruct_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/opfuzz"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// TestKnownAsCalled: a call that package known puts off on the tape gives the object that the call
// itself would have given there and then: what fixtures and random programs hold, written again, is
// the same bytes, with the same sharing, or their error is the same.
func TestKnownAsCalled(t *testing.T) {
	all, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	put := 0
	for _, f := range all {
		data, err := f.Data()
		if err != nil {
			t.Fatal(err)
		}
		put += sameAsCalled(t, f.String(), data)
	}
	if put < 1000 {
		t.Errorf("%d classes of the fixtures have codes", put)
	}
	names := []string{
		"collections OrderedDict", "collections defaultdict", "collections Counter",
		"decimal Decimal", "uuid UUID", "builtins set", "builtins frozenset", "_codecs encode",
		"copyreg _reconstructor", "copyreg __newobj__", "builtins object", "types SimpleNamespace",
		"datetime datetime", "datetime date", "datetime timedelta", "m C",
	}
	programs := 20_000
	if testing.Short() {
		programs = 3_000
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range programs {
		choices := make([]byte, 20+r.IntN(100))
		for j := range choices {
			choices[j] = byte(r.Uint32())
		}
		from := r.IntN(len(names))
		data := opfuzz.Program(choices, names[from:min(from+3, len(names))]...)
		sameAsCalled(t, fmt.Sprintf("program %d: %q", i, data), data)
	}
}

// sameAsCalled returns how many classes of a pickle have codes.
func sameAsCalled(t *testing.T, name string, data []byte) (codes int) {
	t.Helper()
	original := bridge.KnownClass
	defer func() { bridge.KnownClass = original }()
	bridge.KnownClass = func(class any) (uint16, *known.Bounds) {
		code, rules := original(class)
		if code != 0 && code != known.ClassRecorded {
			codes++
		}
		return code, rules
	}
	got := writtenAgain(data)
	bridge.KnownClass = func(class any) (uint16, *known.Bounds) {
		if code, rules := original(class); code == known.ClassRecorded {
			return code, rules // of which the opcode is known, as of what nobody knows
		}
		return 0, nil
	}
	if want := writtenAgain(data); got != want {
		t.Errorf("%s:\nput off %q\ncalled  %q", name, got, want)
	}
	return codes
}

// writtenAgain reads a pickle and writes its object, or returns the text of the error.
func writtenAgain(data []byte) string {
	u := pickle.NewUnpicklerBytes(data)
	u.FindClass, u.Encoding = reconstruct.FindClass, pickle.EncodingKeep
	u.PersistentLoad = func(pid any) (any, error) { return &pickle.PersistentRef{ID: pid}, nil }
	v, err := u.Load()
	if err != nil {
		return err.Error()
	}
	p := pickle.Pickler{Protocol: pickle.ProtocolOf(4), Reduce: reconstruct.Reduce}
	out, err := p.Dumps(v)
	if err != nil {
		return err.Error()
	}
	return string(out)
}
