package main

import (
	"bytes"
	"errors"
	"hash/fnv"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/internal/cases"
	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

func fixtures(t *testing.T) []fixture.Fixture {
	t.Helper()
	all, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// someFixtures returns one in five of the fixtures, or all if cases.Long is true. Each fixture is
// compared with Python in the same way, so a part of them is enough for a daily run.
func someFixtures(t *testing.T) []fixture.Fixture {
	t.Helper()
	all := fixtures(t)
	if cases.Long() {
		return all
	}
	return slices.DeleteFunc(all, func(f fixture.Fixture) bool { return !oneIn(5, f.String()) })
}

// oneIn reports whether a daily run that takes one name in n takes this name.
func oneIn(n uint32, name string) bool {
	h := fnv.New32()
	io.WriteString(h, name)
	return h.Sum32()%n == 0
}

func fixtureData(t *testing.T, f fixture.Fixture) []byte {
	t.Helper()
	data, err := f.Data()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// outOfBand reports whether a fixture has out-of-band buffers, which the command has no way to get.
func outOfBand(t *testing.T, f fixture.Fixture) bool {
	t.Helper()
	buffers, err := f.Buffers()
	if err != nil {
		t.Fatal(err)
	}
	return len(buffers) > 0
}

// encoded returns what to-json must write, by package jsonval, whose own tests compare it with
// Python. ok is false if the pickle cannot be loaded.
func encoded(t *testing.T, data []byte, o jsonval.Options) (text string, ok bool) {
	t.Helper()
	u := pickle.NewUnpicklerBytes(data)
	u.FindClass = reconstruct.FindClass
	u.Encoding = pickle.EncodingKeep
	var out bytes.Buffer
	enc := jsonval.NewEncoder(&out, o)
	for {
		v, err := u.Load()
		if err == io.EOF {
			return out.String(), true
		}
		if err != nil {
			return "", false
		}
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRoutes reads each fixture from a mapped file and from a stream.
func TestRoutes(t *testing.T) {
	t.Parallel()
	for _, f := range someFixtures(t) {
		t.Run(f.String(), func(t *testing.T) {
			data := fixtureData(t, f)
			want, ok := encoded(t, data, jsonval.Options{Arrays: jsonval.ArraysValues})
			if !ok {
				mustFail(t, 1, "", "to-json", f.Path)
				return
			}
			args := []string{"to-json", "--all", "--indent=0", "--arrays=values"}
			if got := mustRun(t, "", append(args, f.Path)...); got != want {
				t.Errorf("from the file: got\n%.500s\nwant\n%.500s", got, want)
			}
			if got := mustRun(t, string(data), append(args, "-")...); got != want {
				t.Errorf("from standard input: got\n%.500s\nwant\n%.500s", got, want)
			}
		})
	}
}

// TestDisFixtures compares dis with pickletools.dis.
func TestDisFixtures(t *testing.T) {
	t.Parallel()
	for _, f := range someFixtures(t) {
		if f.Several {
			continue
		}
		ok, err := f.MatchesDis(mustRun(t, "", "dis", f.Path))
		if errors.Is(err, fixture.ErrNoDis) {
			continue // Python 2's text that is not ASCII
		}
		if err != nil {
			t.Errorf("%s: %v", f, err)
		} else if !ok {
			t.Errorf("%s: not what pickletools.dis prints", f)
		}
	}
}

// TestTruncated cuts the fixtures of one producer, or of all if cases.Long is true, at some places,
// and small ones at every byte. The error must be one line with the opcode and its offset, and
// standard output must be empty.
func TestTruncated(t *testing.T) {
	t.Parallel()
	place := regexp.MustCompile(`^unpkl: -: .* \([A-Z0-9_]+ at byte [0-9]+\)\n$`)
	for _, f := range fixtures(t) {
		if f.Several || outOfBand(t, f) ||
			!cases.Long() && (!strings.HasPrefix(f.String(), "py313-np2/") || !oneIn(3, f.Name)) {
			continue
		}
		data := fixtureData(t, f)
		if _, ok := encoded(t, data, jsonval.Options{}); !ok {
			continue
		}
		step := max(1, len(data)/3)
		if cases.Long() && len(data) < 150 {
			step = 1
		}
		for n := 1; n < len(data); n += step {
			line := mustFail(t, 1, string(data[:n]), "to-json", "-")
			if !place.MatchString(line) {
				t.Fatalf("%s cut to %d bytes: %s", f, n, line)
			}
			mustFail(t, 1, string(data[:n]), "dis", "-")
		}
	}
}

// TestOutOfBand checks the error for a pickle whose buffers are missing.
func TestOutOfBand(t *testing.T) {
	found := false
	for _, f := range fixtures(t) {
		if !outOfBand(t, f) {
			continue
		}
		found = true
		if line := mustFail(t, 1, "", "to-json", f.Path); !strings.Contains(line,
			"(NEXT_BUFFER at byte ") {
			t.Errorf("%s: got %s", f, line)
		}
	}
	if !found {
		t.Error("no fixture has out-of-band buffers")
	}
}
