package pickle_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/pickle"
)

// TestDisassembleFixtures compares the disassembly of every fixture with the output of pickletools
// in CPython 3.13, byte for byte.
func TestDisassembleFixtures(t *testing.T) {
	t.Parallel()
	all, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		data, err := f.Data()
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := pickle.Disassemble(&text, bytes.NewReader(data)); err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		same, err := f.MatchesDis(text.String())
		if errors.Is(err, fixture.ErrNoDis) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if same {
			continue
		}
		if want, ok, _ := f.Dis(); ok {
			t.Errorf("%s: got\n%s\nwant\n%s", f, text.String(), want)
		} else {
			t.Errorf("%s: not the text of pickletools.dis", f)
		}
	}
}
