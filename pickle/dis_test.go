package pickle

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"github.com/unpkl/unpkl/internal/opcode"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// python starts testdata/canon.py in the interpreter that UNPKL_PYTHON names, which should be a
// CPython 3.13, and returns a function that asks it.
func python(t testing.TB, args ...string) func(data string) string {
	t.Helper()
	name := os.Getenv("UNPKL_PYTHON")
	if name == "" {
		t.Skip("UNPKL_PYTHON names no Python")
	}
	cmd := exec.Command(name, append([]string{"testdata/canon.py"}, args...)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	lines := bufio.NewReader(out)
	return func(data string) string {
		if _, err := fmt.Fprintf(in, "%x\n", data); err != nil {
			t.Fatal(err)
		}
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSuffix(line, "\n")
	}
}

// checkDis compares our disassembly with that of Python.
func checkDis(t *testing.T, name, data, want string) {
	t.Helper()
	hexText, pyErr, _ := strings.Cut(want, "!")
	text, err := hex.DecodeString(hexText)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	err = Disassemble(&got, strings.NewReader(data))
	if pyErr != "" && err == nil && !bytes.HasPrefix(got.Bytes(), text) ||
		pyErr == "" && (err != nil || got.String() != string(text)) {
		t.Errorf("%s: error %v, Python %q\n%s\nPython:\n%s", name, err, pyErr, got.String(), text)
	}
	if pyErr != "" && err != nil && !strings.HasPrefix(got.String(), string(text)) {
		t.Errorf("%s: error %v, Python %q\n%s\nPython:\n%s", name, err, pyErr, got.String(), text)
	}
	var de *DecodeError
	if err != nil && err != io.EOF && !errors.As(err, &de) {
		t.Errorf("%s: %T", name, err)
	}
}

// disDifferent are cases whose arguments pickletools accepts and the Unpickler does not.
var disDifferent = map[string]bool{"string-one-quote": true}

// TestDisassemble compares disassemblies with those of pickletools in CPython 3.13.
func TestDisassemble(t *testing.T) {
	text, err := os.ReadFile("testdata/cases.dis")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, block := range strings.Split("\n"+string(text), "\n=== ")[1:] {
		head, body, _ := strings.Cut(block, "\n")
		name, pyErr, _ := strings.Cut(head, " ")
		if body != "" {
			// Split removed the newline, except from the last block
			body = strings.TrimSuffix(body, "\n") + "\n"
		}
		want[name] = hex.EncodeToString([]byte(body))
		if pyErr != "" {
			want[name] += "!" + pyErr
		}
	}
	for _, c := range pyCases(t) {
		if w, ok := want[c.name]; !ok {
			t.Errorf("%s: no disassembly", c.name)
		} else if !disDifferent[c.name] {
			checkDis(t, c.name, c.data, w)
		}
	}
}

func TestDisassembleInterop(t *testing.T) {
	ask := python(t, "dis")
	for _, c := range pyCases(t) {
		if !disDifferent[c.name] {
			checkDis(t, c.name, c.data, ask(c.data))
		}
	}
	version, err := exec.Command(os.Getenv("UNPKL_PYTHON"), "-c",
		"import unicodedata; print(unicodedata.unidata_version)").Output()
	if err != nil {
		t.Fatal(err)
	}
	if v := strings.TrimSpace(string(version)); v != "15.1.0" {
		t.Logf("which characters are printable is not compared: Python has Unicode %s, we have CPython 3.13's", v)
		return
	}
	// Every character, in chunks.
	for start := rune(0); start < 0x110000; start += 0x400 {
		var b []byte
		for r := start; r < start+0x400; r++ {
			b = opcode.AppendCodePoint(b, r)
		}
		data := "X" + string([]byte{byte(len(b)), byte(len(b) >> 8), 0, 0}) + string(b) + "."
		checkDis(t, fmt.Sprintf("U+%04X", start), data, ask(data))
	}
}
