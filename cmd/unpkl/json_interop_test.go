package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// strictJSON reads documents, each preceded by its length, and prints a line for each that Python
// does not accept as JSON. Besides syntax errors it refuses NaN and Infinity, which Python's
// decoder accepts, equal keys, and invalid UTF-8.
const strictJSON = `
import json, struct, sys
if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)
sys.setrecursionlimit(100000)

def constant(name):
    raise ValueError("the constant " + name)

def pairs(items):
    d = dict(items)
    if len(d) < len(items):
        raise ValueError("a key twice among %.200r" % [k for k, v in items])
    return d

decoder = json.JSONDecoder(parse_constant=constant, object_pairs_hook=pairs)
stdin, n = sys.stdin.buffer, 0
while True:
    head = stdin.read(8)
    if not head:
        break
    text = stdin.read(struct.unpack("<Q", head)[0])
    try:
        s = text.decode("utf-8")
        at = 0
        while s[at:].strip():
            at += len(s[at:]) - len(s[at:].lstrip())
            v, at = decoder.raw_decode(s, at)
    except ValueError as e:
        print(n, str(e).encode("ascii", "backslashreplace").decode())
    n += 1
print("read", n)
`

// TestInteropJSON has the Python of UNPKL_PYTHON read all JSON that the commands print for files of
// every library.
func TestInteropJSON(t *testing.T) {
	python := os.Getenv("UNPKL_PYTHON")
	if python == "" {
		t.Skip("UNPKL_PYTHON names no Python")
	}
	t.Parallel()
	var input bytes.Buffer
	var lines [][]string
	out := filepath.Join(t.TempDir(), "out")
	everyFile(t, func(path string) {
		for _, c := range everyLines {
			if c.writes != "json" {
				continue
			}
			args := everyArgs(c.line, path, out)
			status, text, _ := command("", args...)
			if status == statusFailed {
				continue // what breaks off is no complete document
			}
			lines = append(lines, args)
			input.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(text))))
			input.WriteString(text)
		}
	})
	cmd := exec.Command(python, "-c", strictJSON)
	cmd.Stdin, cmd.Stderr = &input, os.Stderr
	printed, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", python, err)
	}
	rows := strings.Split(strings.TrimSpace(string(printed)), "\n")
	last := len(rows) - 1
	for _, row := range rows[:last] {
		number, what, _ := strings.Cut(row, " ")
		if i, err := strconv.Atoi(number); err == nil && i < len(lines) {
			row = fmt.Sprintf("unpkl %q: %s", lines[i], what)
		}
		t.Error("no JSON to Python:", row)
	}
	if rows[last] != fmt.Sprint("read ", len(lines)) || len(lines) == 0 {
		t.Errorf("%s of %d documents", rows[last], len(lines))
	}
}
