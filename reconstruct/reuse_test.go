package reconstruct_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// A call copies what it is given, and a pickle can give it the same thing again and
// again: that must not multiply a small file.
func TestCallsOfOneArgument(t *testing.T) {
	text := func(n int) string {
		b := binary.LittleEndian.AppendUint32([]byte("X"), uint32(n))
		return string(b) + strings.Repeat("7", n)
	}
	list := "](" + strings.Repeat("K\x01", 40_000) + "e"
	ints := "](" + func() string {
		var b strings.Builder
		for i := range 20_000 {
			b.WriteString("M" + string(binary.LittleEndian.AppendUint16(nil, uint16(i))))
		}
		return b.String()
	}() + "e"
	data := "B" + string(binary.LittleEndian.AppendUint32(nil, 100_000)) +
		strings.Repeat("x", 100_000)
	for name, tt := range map[string]struct{ class, arg string }{
		"int":         {"builtins\nint", text(90_000)},
		"Fraction":    {"fractions\nFraction", text(90_000)},
		"bytearray":   {"builtins\nbytearray", data},
		"bytes":       {"builtins\nbytes", list},
		"list":        {"builtins\nlist", list},
		"tuple":       {"builtins\ntuple", list},
		"set":         {"builtins\nset", ints},
		"deque":       {"collections\ndeque", list},
		"small lists": {"builtins\nlist", "](" + strings.Repeat("N", 80) + "e"},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			b.WriteString("\x80\x04c" + tt.class + "\n\x94" + tt.arg + "\x85\x94")
			b.WriteString("](" + strings.Repeat("h\x00h\x01R", 100_000) + "e.")
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			u := pickle.NewUnpicklerBytes(b.Bytes())
			u.FindClass = reconstruct.FindClass
			_, err := u.Load()
			runtime.ReadMemStats(&after)
			if err == nil || !errors.Is(err, pickle.ErrLimit) {
				t.Errorf("error %v, want a limit", err)
			}
			// Reading digits leaves garbage of its own, which is not what is held.
			if name == "int" || name == "Fraction" {
				return
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
				t.Errorf("%d MB allocated for %d bytes of input", used>>20, b.Len())
			}
		})
	}
}

// What is only referred to many times, or given to inert classes, does not count.
func TestReferencesDoNotCount(t *testing.T) {
	arg := "B" + string(binary.LittleEndian.AppendUint32(nil, 100_000)) +
		strings.Repeat("x", 100_000)
	for name, in := range map[string]string{
		"references": "\x80\x04" + arg + "\x94](" + strings.Repeat("h\x00", 100_000) + "e.",
		"inert": "\x80\x04cmy\nClass\n\x94" + arg + "\x85\x94](" +
			strings.Repeat("h\x00h\x01R", 50_000) + "e.",
	} {
		u := pickle.NewUnpicklerBytes([]byte(in))
		u.FindClass = reconstruct.FindClass
		if _, err := u.Load(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
