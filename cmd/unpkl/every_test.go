package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/internal/cases"
	"github.com/unpkl/unpkl/internal/opfuzz"
	"github.com/unpkl/unpkl/pickle"
)

// everyLines are the command lines to run on every file, which is FILE in them. Their output is
// text, json (documents), csv or other.
var everyLines = []struct{ writes, line string }{
	{"text", "info FILE"}, {"text", "--stats --depth 9 FILE"}, {"json", "info --json FILE"},
	{"json", "--jsonl --stats FILE"}, {"other", "get FILE"}, {"json", "get --json FILE"},
	{"other", "get FILE /*"}, {"text", "head FILE"}, {"csv", "head --csv FILE"},
	{"json", "head --json FILE"}, {"text", "tail -n 2 FILE"}, {"text", "sample --seed 1 FILE"},
	{"text", "stats FILE"}, {"json", "stats --json FILE"}, {"text", "plot FILE"},
	{"other", "plot -o OUT.svg FILE"}, {"text", "diff FILE FILE"},
	{"json", "diff --json FILE FILE"},
	{"json", "diff --json FILE OTHER"}, {"text", "diff OTHER FILE"},
	{"other", "verify --write FILE -"},
	{"text", "checksum FILE"}, {"json", "checksum --json FILE"}, {"text", "audit FILE"},
	{"json", "audit --json FILE"}, {"json", "audit --sarif FILE"}, {"json", "to-json FILE"},
	{"json", "to-json --arrays=values --stats FILE"},
	{"json", "to-json --lossless --all --indent 0 FILE"}, {"other", "dis FILE"},
	{"other", "repickle FILE -"}, {"other", "edit -o - FILE set /x=1"},
	{"csv", "convert --to csv --lossy FILE -"}, {"json", "convert --to json --lossy FILE -"},
	{"other", "convert --to parquet --lossy FILE -"}, {"other", "convert --to hdf5 --lossy FILE -"},
	{"other", "convert --to npz --lossy FILE -"},
}

// everyFile calls visit with files of testdata: one in 160, or one in 16 if cases.Long is true, or
// all if UNPKL_LONG is "all". UNPKL_SEED chooses which.
func everyFile(t *testing.T, visit func(path string)) {
	t.Helper()
	part, seed := uint32(160), os.Getenv("UNPKL_SEED")
	if cases.Long() {
		part = 16
	}
	if os.Getenv("UNPKL_LONG") == "all" {
		part = 1
	}
	root := filepath.Join(moduleRoot, "testdata")
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) == ".json" ||
			filepath.Ext(path) == ".dis" {
			return err
		}
		if oneIn(part, filepath.Base(path)+seed) {
			visit(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// everyCommand runs every command line on a file and checks the output: JSON is valid, rows of CSV
// have the same number of fields, text has no control characters, and the output is not much larger
// than the file.
func everyCommand(t *testing.T, path, out string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range everyLines {
		args := everyArgs(c.line, path, out)
		status, text, errText := command("", args...)
		about := fmt.Sprintf("unpkl %q", args)
		if status != 0 && status != statusFailed && status != statusFound {
			t.Errorf("%s: status %d, %.300s", about, status, errText)
		}
		if status == statusFailed && errText == "" {
			t.Errorf("%s: it failed without a word", about)
		}
		if i := rawControl(errText); i >= 0 {
			t.Errorf("%s: standard error has %q", about, errText[max(0, i-20):])
		}
		if most := 1<<20 + 2000*info.Size(); int64(len(text)) > most {
			t.Errorf("%s: %d bytes of a file of %d", about, len(text), info.Size())
		}
		if status == statusFailed {
			continue // what breaks off is no complete document
		}
		if err := checkWritten(c.writes, text); err != nil {
			t.Errorf("%s: %v\n%.500s", about, err, text)
		}
	}
}

// everyArgs returns the arguments of one of everyLines.
func everyArgs(line, path, out string) []string {
	names := strings.NewReplacer("FILE", path, "OUT", out, "OTHER",
		filepath.Join(commandFiles, "mix.pkl"))
	args := strings.Fields(line)
	for i, word := range args {
		args[i] = names.Replace(word)
	}
	return args
}

// rawControl returns the offset of the first control character that a text must not have, or -1.
func rawControl(text string) int {
	return strings.IndexFunc(text, func(c rune) bool {
		return c < ' ' && c != '\n' && c != '\t' || c == 0x7f || c >= 0x80 && c < 0xa0 ||
			c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069
	})
}

// checkWritten checks an output by its kind.
func checkWritten(writes, text string) error {
	switch writes {
	case "text":
		if i := rawControl(text); i >= 0 {
			return fmt.Errorf("the text has %.30q", text[max(0, i-20):])
		}
	case "json":
		for d := json.NewDecoder(strings.NewReader(text)); ; {
			var v json.RawMessage
			if err := d.Decode(&v); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
	case "csv":
		_, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		return err
	}
	return nil
}

// TestEveryCommand runs every command on files of every library.
func TestEveryCommand(t *testing.T) {
	t.Parallel()
	out, n := filepath.Join(t.TempDir(), "out"), 0
	everyFile(t, func(path string) {
		n++
		everyCommand(t, path, out)
	})
	t.Logf("%d command lines on %d files", len(everyLines), n)
}

// TestEveryCommandMutated runs every command on files in which some bytes are changed, left out,
// doubled or from another file. None may panic, and the output must be as well-formed as that for a
// good file.
func TestEveryCommandMutated(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	r := rand.New(rand.NewPCG(20, 16))
	var last []byte
	everyFile(t, func(path string) {
		if !cases.Long() && r.IntN(2) > 0 {
			return
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 0 {
			mutated := filepath.Join(folder, "m"+filepath.Ext(path))
			if err := os.WriteFile(mutated, mutate(r, data, last), 0o644); err != nil {
				t.Fatal(err)
			}
			everyCommand(t, mutated, filepath.Join(folder, "out"))
			if t.Failed() {
				data, err := os.ReadFile(mutated)
				t.Fatalf("a mutation of %s, which is now %x, %v", path, data, err)
			}
		}
		last = data
	})
}

// TestEveryCommandGrafted runs every command on pickles in which a value is replaced by a reference
// to a container or object that is read before it, which in most cases then holds itself. Whatever
// follows references must notice: a stack that overflows ends the process. The files in
// testdata/grafted are those on which a command once failed.
func TestEveryCommandGrafted(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	found, err := filepath.Glob("testdata/grafted/*")
	if err != nil || len(found) == 0 {
		t.Fatal("no files in testdata/grafted", err)
	}
	for _, path := range found {
		everyCommand(t, path, filepath.Join(folder, "out"))
	}
	seed, _ := strconv.ParseUint(os.Getenv("UNPKL_SEED"), 10, 64)
	r := rand.New(rand.NewPCG(7, seed))
	everyFile(t, func(path string) {
		ops := opcodesOf(t, path)
		for range 3 {
			// Half of the references are to the last container, and most of the others not far.
			data := opfuzz.Graft(ops, r.IntN(1<<20), r.IntN(2)*r.IntN(4)*r.IntN(4))
			if data == nil {
				return
			}
			grafted := filepath.Join(folder, "g.pkl")
			if err := os.WriteFile(grafted, data, 0o644); err != nil {
				t.Fatal(err)
			}
			everyCommand(t, grafted, filepath.Join(folder, "out"))
			if t.Failed() {
				t.Fatalf("a change of %s, which is now %q", path, data)
			}
		}
	})
}

// opcodesOf returns the opcodes of a small pickle without its frames, or nil for any other file.
func opcodesOf(t *testing.T, path string) (ops [][]byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > 64<<10 {
		return nil
	}
	for op, err := range pickle.OpsBytes(data) {
		if err != nil {
			return nil
		}
		if op.Op != pickle.OpFrame {
			ops = append(ops, data[op.Offset:op.Offset+op.Size])
		}
	}
	return ops
}

// mutate returns a changed copy of data.
func mutate(r *rand.Rand, data, other []byte) []byte {
	data = slices.Clone(data)
	for range 1 + r.IntN(4) {
		if len(data) == 0 {
			break
		}
		i, j := r.IntN(len(data)), r.IntN(len(data))
		i, j = min(i, j), min(max(i, j), min(i, j)+1+r.IntN(64))
		switch r.IntN(5) {
		case 0:
			data[i] = byte(r.IntN(256))
		case 1:
			data[i] ^= 1 << r.IntN(8)
		case 2:
			data = slices.Delete(data, i, j)
		case 3:
			data = slices.Insert(data, j, slices.Clone(data[i:j])...)
		case 4:
			if len(other) > 0 {
				k := r.IntN(len(other))
				data = slices.Replace(data, i, j, other[k:min(len(other), k+r.IntN(64))]...)
			}
		}
	}
	return data
}
