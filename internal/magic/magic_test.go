package magic

import (
	"strings"
	"testing"
)

// TestFormats: no entry hides a later one.
func TestFormats(t *testing.T) {
	t.Parallel()
	for i, f := range Formats {
		for _, before := range Formats[:i] {
			if strings.HasPrefix(f.Prefix, before.Prefix) {
				t.Errorf("%q (%s) begins as %q (%s)", f.Prefix, f.Name, before.Prefix, before.Name)
			}
		}
		if got, ok := Of(f.Prefix + "more"); !ok || got != f {
			t.Errorf("%q is %q", f.Prefix, got.Name)
		}
		if got, ok := Of([]byte(f.Prefix[:len(f.Prefix)-1])); ok && got == f {
			t.Errorf("%q without its last byte is %q", f.Prefix, got.Name)
		}
		if !IsPrefix([]byte(f.Prefix[:1]), f.Kind) && f.Kind != 0 {
			t.Errorf("%q is no prefix", f.Prefix[:1])
		}
		if f.Kind != 0 && IsPrefix([]byte(f.Prefix), f.Kind) {
			t.Errorf("%q may be another format", f.Prefix)
		}
	}
	if f, ok := Of(""); ok {
		t.Errorf("nothing is %q", f.Name)
	}
}
