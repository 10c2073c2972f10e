package reconstruct_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// TestSharedArguments: many calls that each copy one large argument are refused before
// they take memory or time out of proportion.
func TestSharedArguments(t *testing.T) {
	thousand := "](" + strings.Repeat("N", 1000) + "e"
	long := "X\xa0\x86\x01\x00" + strings.Repeat("7", 100_000)
	for class, arg := range map[string]string{
		"builtins\nlist": thousand, "builtins\ntuple": thousand, "builtins\nset": thousand,
		"collections\ndeque":       thousand,
		"collections\nOrderedDict": "](" + strings.Repeat("](NNe", 1000) + "e",
		"builtins\nbytearray":      "B\xa0\x86\x01\x00" + strings.Repeat("7", 100_000),
		"builtins\nint":            long, "decimal\nDecimal": long,
	} {
		data := "c" + class + "\nq\x00" + arg + "\x85q\x0100](" +
			strings.Repeat("h\x00h\x01R", 100_000) + "e."
		u := pickle.NewUnpicklerBytes([]byte(data))
		u.FindClass = reconstruct.FindClass
		var limit *pickle.LimitError
		if _, err := u.Load(); !errors.As(err, &limit) || limit.Limit != "Expansion" {
			t.Errorf("%q: got %v, want the expansion limit", class, err)
		}
		few := "c" + class + "\nq\x00" + arg + "\x85q\x0100](" + strings.Repeat("h\x00h\x01R", 10) +
			"e."
		u = pickle.NewUnpicklerBytes([]byte(few))
		u.FindClass = reconstruct.FindClass
		if _, err := u.Load(); err != nil {
			t.Errorf("%q, ten calls: %v", class, err)
		}
	}
}
