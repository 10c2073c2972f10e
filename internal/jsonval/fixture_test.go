package jsonval_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// load returns the object of a fixture; of several pickles, a list of them.
func load(t *testing.T, f fixture.Fixture) any {
	t.Helper()
	data, err := f.Data()
	if err != nil {
		t.Fatal(err)
	}
	buffers, err := f.Buffers()
	if err != nil {
		t.Fatal(err)
	}
	u := pickle.NewUnpicklerBytes(data)
	u.FindClass = reconstruct.FindClass
	u.Encoding = pickle.EncodingKeep
	u.NextBuffer = func() (any, error) {
		if len(buffers) == 0 {
			return nil, io.ErrUnexpectedEOF
		}
		b := buffers[0]
		if buffers = buffers[1:]; b.ReadOnly {
			return b.Data, nil
		}
		return types.NewByteArrayFromSlice(b.Data), nil
	}
	u.MakeReadOnly = func(v any) (any, error) { return v, nil }
	var all []any
	for {
		v, err := u.Load()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if f.Several {
		return list(all...)
	}
	return all[0]
}

// TestFixtures compares the JSON of every fixture with what an independent
// implementation in Python gives, the order of keys included.
func TestFixtures(t *testing.T) {
	fixtures, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, f := range fixtures {
		if f.Producer == "legacy" && f.Name == "dtype_state_versions" {
			continue // an object dtype of 4 bytes, which is not read
		}
		t.Run(f.String(), func(t *testing.T) {
			for _, form := range []struct {
				name string
				o    jsonval.Options
			}{
				{"", jsonval.Options{}},
				{"values", jsonval.Options{Arrays: jsonval.ArraysValues}},
				{"base64", jsonval.Options{Arrays: jsonval.ArraysBase64, Indent: 1}},
			} {
				want, ok, err := f.JSON(form.name)
				if err != nil {
					t.Fatal(err)
				}
				if !ok {
					continue
				}
				got := mustEncode(t, load(t, f), form.o)
				if diff := diffPython(t, f, got, string(want)); diff != "" {
					t.Errorf("--arrays=%s: %s", form.name, diff)
				}
				compared++
			}
		})
	}
	if t.Logf("%d documents compared", compared); compared < 500 {
		t.Errorf("only %d documents compared", compared)
	}
}

// diffPython compares with what Python says, but for differences that are meant.
func diffPython(t *testing.T, f fixture.Fixture, got, want string) string {
	t.Helper()
	if f.Producer == "py27-np116" {
		// NumPy 1.16 overflows as it prints the first nanoseconds that there are.
		want = strings.ReplaceAll(want, `"2262-04-10T00:12:43.145224193"`,
			`"1677-09-21T00:12:43.145224193"`)
	}
	diff := diffJSON(got, want)
	if diff != "" && f.Producer == "py27-np116" {
		// Python 2 has the order of its own hash table, not that of the stream.
		diff = diffJSON(rewrite(t, got, sortPairs), rewrite(t, want, sortPairs))
	}
	if diff != "" && strings.Contains(got, `">`) {
		// NumPy turns an array to its machine's byte order as it loads it, unless it is
		// structured; we keep that of the pickle.
		got = rewrite(t, rewrite(t, got, sortPairs), func(m map[string]any) { littleEndian(t, m) })
		diff = diffJSON(got, rewrite(t, want, sortPairs))
	}
	return diff
}

// rewrite applies change to all objects in a document, whose keys it sorts.
func rewrite(t *testing.T, doc string, change func(map[string]any)) string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(doc))
	d.UseNumber()
	var root any
	if err := d.Decode(&root); err != nil {
		t.Fatal(err)
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for _, x := range v {
				walk(x)
			}
			change(v)
		}
	}
	walk(root)
	return jsonText(root)
}

func jsonText(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func sortPairs(m map[string]any) {
	if pairs, ok := m["$dict"].([]any); ok {
		slices.SortFunc(pairs, func(a, b any) int {
			return strings.Compare(jsonText(a), jsonText(b))
		})
	}
}

// littleEndian turns a big-endian array around.
func littleEndian(t *testing.T, m map[string]any) {
	t.Helper()
	dtype, ok := m["dtype"].(string)
	if !ok || dtype[0] != '>' {
		return
	}
	m["dtype"] = "<" + dtype[1:]
	unit := 8 // of dates
	if _, err := fmt.Sscanf(dtype[2:], "%d", &unit); err != nil {
		t.Fatal(err)
	}
	switch dtype[1] {
	case 'c':
		unit /= 2
	case 'U':
		unit = 4
	}
	if text, ok := m["base64"].(string); ok {
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		for part := range slices.Chunk(data, unit) {
			slices.Reverse(part)
		}
		m["base64"] = base64.StdEncoding.EncodeToString(data)
	}
}

// diffJSON compares JSON documents token by token; numbers by their exact value.
func diffJSON(got, want string) string {
	a, b := json.NewDecoder(strings.NewReader(got)), json.NewDecoder(strings.NewReader(want))
	a.UseNumber()
	b.UseNumber()
	for {
		x, err := a.Token()
		y, err2 := b.Token()
		if err == io.EOF && err2 == io.EOF {
			return ""
		}
		if err != nil || err2 != nil || x != y && !sameNumber(x, y) {
			from, from2 := max(0, a.InputOffset()-150), max(0, b.InputOffset()-150)
			return fmt.Sprintf("%v %v, want %v %v; got\n%.300s\nwant\n%.300s", x, err, y, err2,
				got[from:], want[from2:])
		}
	}
}

func sameNumber(a, b json.Token) bool {
	x, ok := a.(json.Number)
	y, ok2 := b.(json.Number)
	if !ok || !ok2 || strings.ContainsAny(x.String(), ".e") != strings.ContainsAny(y.String(),
		".e") {
		return false
	}
	r, ok := new(big.Rat).SetString(x.String())
	s, ok2 := new(big.Rat).SetString(y.String())
	return ok && ok2 && r.Cmp(s) == 0
}

// TestStreams encodes into a writer that takes what it is given in any pieces, and
// into one that fails.
func TestFailingWriter(t *testing.T) {
	v := list(strings.Repeat("x", 1<<20), make([]byte, 1<<20))
	for _, room := range []int{0, 100_000, 1_500_000} {
		err := jsonval.NewEncoder(&failing{room: room}, jsonval.Options{}).Encode(v)
		if err != errFull {
			t.Errorf("room for %d bytes: got error %v", room, err)
		}
	}
	var out bytes.Buffer
	if err := jsonval.NewEncoder(&out, jsonval.Options{}).Encode(v); err != nil {
		t.Error(err)
	}
}

var errFull = fmt.Errorf("full")

type failing struct{ room int }

func (w *failing) Write(p []byte) (int, error) {
	if w.room -= len(p); w.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}
