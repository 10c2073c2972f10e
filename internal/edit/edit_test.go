package edit_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/edit"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/ndarray"
)

// text returns the value that the text behind the = stands for.
func text(word string) (any, error) {
	if word == "bad" {
		return nil, errors.New("no value")
	}
	return word, nil
}

// load reads a fixture as objects.
func load(t *testing.T, path string) any {
	t.Helper()
	v, err := unpkl.LoadFile("../../testdata/"+path, unpkl.WithObjects())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// value returns the value at a pointer of one token.
func value(t *testing.T, v any, token string) any {
	t.Helper()
	r := lookup.NewReader(true)
	c, err := r.Resolve(v)
	if err != nil {
		t.Fatal(err)
	}
	part, err := r.Step(c, token)
	if err != nil {
		t.Fatal(err)
	}
	return part
}

func TestParse(t *testing.T) {
	ops, err := edit.Parse([]string{"set", "/a/b=x=y", "delete", "/c", "rename", "/d=e"}, text)
	if err != nil {
		t.Fatal(err)
	}
	if len(ops) != 3 || ops[0].At.String() != "/a/b" || ops[0].Value != "x=y" ||
		ops[1].Name != "delete" || ops[2].NewName != "e" {
		t.Errorf("got %+v", ops)
	}
	for _, words := range []string{"put /a=1", "set", "set /a", "set a=1", "delete", "rename /a",
		"set /a=bad", "delete ", "rename =x"} {
		if _, err := edit.Parse(strings.Split(words, " "), text); err == nil {
			t.Errorf("%q: no error", words)
		}
	}
}

// TestApply changes dicts, lists, tuples and arrays.
func TestApply(t *testing.T) {
	array, err := ndarray.FromSlice([]int32{1, 2, 3, 4}, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	d := &types.Dict{{Key: "a", Value: 1}, {Key: "b",
		Value: types.NewListFromSlice([]any{1, 2, 3})},
		{Key: 5, Value: types.NewTupleFromSlice([]any{1})}, {Key: "x", Value: array}}
	run := func(words ...string) error {
		ops, err := edit.Parse(words, func(word string) (any, error) { return len(word), nil })
		if err != nil {
			t.Fatal(err)
		}
		_, err = edit.Apply(d, ops)
		return err
	}
	if err := run("set", "/a=12", "set", "/new=1", "delete", "/b/0", "set", "/b/-=1234", "set",
		"/5/0=123", "rename", "/a=first", "set", "/x/:,0=12345"); err != nil {
		t.Fatal(err)
	}
	if (*d)[0].Key != "first" || (*d)[0].Value != 2 || len(*d) != 5 {
		t.Errorf("the dict is %v", *d)
	}
	list := (*d)[1].Value.(*types.List)
	if got := []any(*list); len(got) != 3 || got[0] != 2 || got[2] != 4 {
		t.Errorf("the list is %v", got)
	}
	if got := (*(*d)[2].Value.(*types.Tuple))[0]; got != 3 {
		t.Errorf("the tuple has %v", got)
	}
	if got, err := ndarray.Values[int32](array); err != nil || got[0] != 5 || got[1] != 2 ||
		got[2] != 5 {
		t.Errorf("the array is %v, %v", got, err)
	}
	for _, words := range [][]string{{"delete", "/nosuch"}, {"delete", "/5/0"}, {"delete", "/b/9"},
		{"rename", "/b/0=x"}, {"rename", "/b=first"}, {"delete", "/x/0"}, {"set", "/first/0=1"},
		{"set", "/x/9,9=1"}, {"set", "/b/:=1"}} {
		if err := run(words...); err == nil {
			t.Errorf("%q: no error", words)
		}
	}
}

// TestTables sets elements of columns in the objects from which tables are rebuilt.
func TestTables(t *testing.T) {
	v := load(t, "command/table.pkl")
	run := func(word string, value any) error {
		ops, err := edit.Parse([]string{"set", word + "="}, func(string) (any, error) {
			return value, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		changed, err := edit.Apply(v, ops)
		if err == nil {
			v = changed
		}
		return err
	}
	if err := run("/price/0", 9.5); err != nil {
		t.Fatal(err)
	}
	if got := describe.Text(value(t, value(t, v, "price"), "0")); got != "9.5" {
		t.Errorf("the element is %s", got)
	}
	three, err := ndarray.FromSlice([]float64{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	if err := run("/price", three); err != nil {
		t.Fatal(err)
	}
	if got := describe.Text(value(t, value(t, v, "price"), "2")); got != "3.0" {
		t.Errorf("the element is %s", got)
	}
	two, err := three.Slice(0, 0, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]any{"/name/0": "x", "/name/1": nil, "/n/1": int64(7),
		"/n/0": nil, "/kind/0": "y", "/when/0": nil, "/when/2": "2024-06-03T10:00:00Z"} {
		if err := run(word, want); err != nil {
			t.Fatalf("set %s to %v: %v", word, want, err)
		}
		s := value(t, v, strings.Split(word, "/")[1]).(*frame.Series)
		i := int(word[len(word)-1] - '0')
		got := any(nil)
		if !s.IsNull(i) {
			got = s.At(i)
		}
		if when, ok := got.(time.Time); ok {
			got = when.UTC().Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%s is %v (%T), want %v", word, got, got, want)
		}
	}
	for word, value := range map[string]any{"/price": two, "/nosuch": 1.0, "/name/0": 5,
		"/price/9": 1.0, "/price/0": "x", "/n/0": "x", "/kind/0": "none", "/when/0": "2024-06-03",
		"/when/1": 5, "/name/9": "x", "/name": two} {
		if err := run(word, value); err == nil {
			t.Errorf("set %s to %v: no error", word, value)
		}
	}
}
