package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestInteropLibraryCommands runs the commands on the values of scripts/library_values.py, and has
// the values' own libraries compare what repickle, and to-json --lossless with pack, write of them.
func TestInteropLibraryCommands(t *testing.T) {
	list := filepath.SplitList(os.Getenv("UNPKL_LIBRARY_PYTHONS"))
	if len(list) == 0 {
		t.Skip("UNPKL_LIBRARY_PYTHONS names no interpreters")
	}
	script := filepath.Join(moduleRoot, "scripts", "library_values.py")
	for _, python := range list {
		t.Run(filepath.Base(filepath.Dir(filepath.Dir(python))), func(t *testing.T) {
			folder := t.TempDir()
			args := append([]string{script, folder}, strings.Fields(os.Getenv("UNPKL_LIBRARIES"))...)
			if out, err := exec.Command(python, args...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			files, err := filepath.Glob(filepath.Join(folder, "*.pkl"))
			if err != nil || len(files) < 20 {
				t.Fatalf("%d values, %v", len(files), err)
			}
			for _, path := range files {
				libraryCommands(t, path)
			}
			for way, write := range map[string]func(from, to string) error{"repickle": repickled,
				"lossless": packedAgain, "protocol": otherProtocol} {
				n := 0
				for _, path := range files {
					again := strings.TrimSuffix(path, ".pkl") + ".again.pkl"
					if err := write(path, again); err != nil {
						t.Errorf("%s: %v", way, err)
						os.Remove(again)
						continue
					}
					n++
				}
				out, err := exec.Command(python, script, "--compare", folder).Output()
				if want := fmt.Sprintf("done %d\n", n); err != nil || string(out) != want {
					t.Errorf("%v, %s: %s", err, way, out)
				}
			}
		})
	}
}

// runs returns an error where a command does not succeed without a word on standard error.
func runs(input string, args ...string) error {
	status, _, stderr := command(input, args...)
	if status != 0 || stderr != "" {
		return fmt.Errorf("unpkl %s: status %d, %.300s", strings.Join(args, " "), status, stderr)
	}
	return nil
}

// libraryCommands runs what must succeed on a file that is as its library wrote it, and every
// command on one file in 40.
func libraryCommands(t *testing.T, path string) {
	t.Helper()
	for _, args := range [][]string{{"info", path}, {"to-json", path}, {"get", "--json", path},
		{"info", "--stats", path}, {"diff", path, path}} {
		if err := runs("", args...); err != nil {
			t.Error(err)
		}
	}
	if status, _, stderr := command("", "audit", path); status != 0 && status != statusFound {
		t.Errorf("audit %s: status %d, %s", path, status, stderr)
	}
	spec := path + ".spec"
	if err := runs("", "verify", "--write", path, spec); err != nil {
		t.Error(err)
	} else if err := runs("", "verify", path, spec); err != nil {
		t.Error(err)
	}
	const part = 40
	if os.Getenv("UNPKL_LONG") == "all" || oneIn(part, filepath.Base(path)) {
		everyCommand(t, path, path+".out")
	}
}

// protocolOf is the protocol of a file that a way of scripts/library_values.py wrote; 2 of those
// that are no pickles.
func protocolOf(path string) int {
	way := strings.TrimSuffix(path, ".pkl")
	if n, err := strconv.Atoi(strings.TrimPrefix(filepath.Ext(way), ".p")); err == nil {
		return n
	}
	return 2
}

func repickled(from, to string) error { return runs("", "repickle", from, to) }

func packedAgain(from, to string) error {
	if strings.Contains(from, "python_numbers-array_") && protocolOf(from) < 3 {
		return repickled(from, to) // the JSON has an array.array as Python 3 makes one
	}
	status, doc, stderr := command("", "to-json", "--lossless", "--indent=0", from)
	if status != 0 {
		return fmt.Errorf("to-json --lossless %s: %s", from, stderr)
	}
	return runs(doc, "pack", "--protocol", strconv.Itoa(protocolOf(from)), "-o", to, "-")
}

// otherProtocol writes a pickle at the next lower protocol, and one of protocol 0 at 1.
func otherProtocol(from, to string) error {
	protocol := protocolOf(from) - 1
	if protocol < 0 {
		protocol = 1
	}
	return runs("", "repickle", "--protocol", strconv.Itoa(protocol), from, to)
}
