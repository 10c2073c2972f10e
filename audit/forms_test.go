package audit_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/audit"
)

// A form is a way in which a pickle calls what it names, with text arguments.
type form struct {
	name  string
	proto int
	make  func(module, name string, args ...string) string
}

func lineText(s string) string  { return "S'" + s + "'\n" }
func binText(s string) string   { return "X" + length4(s) }
func shortText(s string) string { return "\x8c" + string([]byte{byte(len(s))}) + s }

func length4(s string) string {
	return string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

func each(text func(string) string, args []string) string {
	var b strings.Builder
	for _, a := range args {
		if a == "None" {
			b.WriteString("N")
			continue
		}
		b.WriteString(text(a))
	}
	return b.String()
}

func global(m, n string) string { return "c" + m + "\n" + n + "\n" }

func stackGlobal(m, n string) string { return shortText(m) + shortText(n) + "\x93" }

var forms = []form{
	{"GLOBAL", 0, func(m, n string, args ...string) string {
		return global(m, n) + "(" + each(lineText, args) + "tR."
	}},
	{"INST", 0, func(m, n string, args ...string) string {
		return "(" + each(lineText, args) + "i" + m + "\n" + n + "\n."
	}},
	{"OBJ", 2, func(m, n string, args ...string) string {
		return "\x80\x02(" + global(m, n) + each(binText, args) + "o."
	}},
	{"GLOBAL", 2, func(m, n string, args ...string) string {
		return "\x80\x02" + global(m, n) + "(" + each(binText, args) + "tR."
	}},
	{"NEWOBJ", 2, func(m, n string, args ...string) string {
		return "\x80\x02" + global(m, n) + "(" + each(binText, args) + "t\x81."
	}},
	{"STACK_GLOBAL", 4, func(m, n string, args ...string) string {
		return "\x80\x04" + stackGlobal(m, n) + "(" + each(shortText, args) + "tR."
	}},
	{"NEWOBJ", 4, func(m, n string, args ...string) string {
		return "\x80\x04" + stackGlobal(m, n) + "(" + each(shortText, args) + "t\x81."
	}},
	{"NEWOBJ_EX", 4, func(m, n string, args ...string) string {
		return "\x80\x04" + stackGlobal(m, n) + "(" + each(shortText, args) + "t}\x92."
	}},
	{"partial", 4, func(m, n string, args ...string) string {
		return "\x80\x04" + stackGlobal("functools", "partial") + "(" + stackGlobal(m, n) +
			each(shortText, args) + "tR)R."
	}},
	{"partial by BUILD", 4, func(m, n string, args ...string) string {
		return "\x80\x04" + stackGlobal("functools", "partial") + stackGlobal("builtins", "list") +
			"\x85\x81(" +
			stackGlobal(m, n) + "(" + each(shortText, args) + "t}Ntb)R."
	}},
	{"popped", 4, func(m, n string, args ...string) string {
		return "\x80\x04" + stackGlobal(m, n) + "(" + each(shortText, args) + "tR0N."
	}},
	{"extension code", 2, func(m, n string, args ...string) string {
		return "\x80\x02" + global("copyreg", "add_extension") + "(" + binText(m) + binText(n) +
			"K\xf0tR0\x82\xf0(" +
			each(binText, args) + "tR."
	}},
	{"map", 4, func(m, n string, args ...string) string {
		return "\x80\x04" + stackGlobal("builtins", "list") + stackGlobal("builtins", "map") +
			stackGlobal(m, n) +
			"](" + each(shortText, args) + "e\x86R\x85R."
	}},
	{"__setstate__", 4, func(m, n string, args ...string) string {
		return "\x80\x04" + stackGlobal("types", "SimpleNamespace") + ")R}" +
			shortText("__setstate__") +
			stackGlobal(m, n) + "sb(" + each(shortText, args) + "tb."
	}},
	{"_reconstructor", 0, func(m, n string, args ...string) string {
		return global("copyreg", "_reconstructor") + "(" + global(m, n) + global(m, n) +
			each(lineText, append(args, "x")[:1]) + "tR."
	}},
	{"_ufunc_reconstruct", 4, func(m, n string, args ...string) string {
		return "\x80\x04" + stackGlobal("numpy.core", "_ufunc_reconstruct") + shortText(m) +
			shortText(n) + "\x86R(" +
			each(shortText, args) + "tR."
	}},
	{"arguments made by a call", 4, func(m, n string, args ...string) string {
		return "\x80\x04" + stackGlobal(m, n) + stackGlobal("builtins", "tuple") + "](" +
			each(shortText, args) + "e\x85RR."
	}},
	{"two frames", 4, func(m, n string, args ...string) string {
		// The name crosses the end of its frame, which CPython's C unpickler does not mind.
		return "\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00" + global(m, n) + "(" +
			each(shortText, args) + "tR."
	}},
}

// proofs returns the dangerous calls of testdata/proofs.txt, each as module, name and arguments.
func proofs(t testing.TB) [][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/proofs.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all [][]string
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
		if fields := strings.Fields(line); len(fields) > 1 && fields[0][0] != '#' {
			all = append(all, fields)
		}
	}
	if len(all) < 100 {
		t.Fatalf("%d proofs", len(all))
	}
	return all
}

// TestProofs: every call that once got past an audit or another scanner is dangerous in every form.
func TestProofs(t *testing.T) {
	n := 0
	for _, proof := range proofs(t) {
		for _, form := range forms {
			in := form.make(proof[0], proof[1], proof[2:]...)
			r, err := audit.Reader(strings.NewReader(in))
			if err != nil {
				t.Fatal(err)
			}
			n++
			if r.Worst() != audit.VerdictDangerous {
				t.Errorf("%s %s by %s at protocol %d: %s %v: %v", proof[0], proof[1], form.name,
					form.proto, r.Worst(), found(r), r.Err)
				continue
			}
			for _, f := range r.Findings {
				if f.Verdict == audit.VerdictDangerous && (f.Reason == "" || f.Capability == "") {
					t.Errorf("%s %s: no reason: %+v", proof[0], proof[1], f)
				}
			}
		}
	}
	if testing.Verbose() {
		fmt.Println(n, "pickles")
	}
}

// TestArgumentsNoTuple: CPython's Python unpickler makes calls whose arguments are not a tuple,
// which its C unpickler refuses. An audit lists what follows such a call, and keeps the error.
func TestArgumentsNoTuple(t *testing.T) {
	for _, p := range []string{
		"\x80\x04\x8c\x08builtins\x94\x8c\x04list\x94\x93\x8c\x01aR0\x8c\x02os\x8c\x06system\x93.",
		"\x80\x04\x8c\x01m\x8c\x01C\x93]\x810\x8c\x02os\x8c\x06system\x93.",
		"\x80\x04\x8c\x01m\x8c\x01C\x93}}\x920\x8c\x02os\x8c\x06system\x93.",
		// To pickle.load, the state of joblib's wrapper does not mean that an array follows.
		"cjoblib.numpy_pickle\nNumpyArrayWrapper\nS'a'\nR}b0cos\nsystem\n.",
		"\x80\x04\x8c\x13joblib.numpy_pickle\x8c\x11NumpyArrayWrapper\x93C\x01aR}b0" +
			"\x8c\x02os\x8c\x06system\x93.",
	} {
		r, err := audit.Reader(strings.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		if r.Worst() != audit.VerdictDangerous || r.Err == nil {
			t.Errorf("%q: %v, %v", p, found(r), r.Err)
		}
	}
}
