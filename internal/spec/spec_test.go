package spec_test

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/spec"
)

// load reads a file of testdata/command as objects.
func load(t *testing.T, name string) any {
	t.Helper()
	v, err := unpkl.LoadFile("../../testdata/command/"+name, unpkl.WithObjects())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// check returns the pointers of the failures of a value.
func check(t *testing.T, v any, text string) string {
	t.Helper()
	s, err := spec.Read(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	failures, err := s.Check(v)
	if err != nil {
		t.Fatal(err)
	}
	var at []string
	for _, f := range failures {
		at = append(at, f.At.String())
	}
	return strings.Join(at, " ")
}

// TestMake checks that the specification made from a file holds for it after writing and reading
// the specification, and does not hold for another file.
func TestMake(t *testing.T) {
	for _, algorithm := range []string{"", "sha256", "crc32"} {
		v := load(t, "mix.pkl")
		made, err := spec.Make(v, algorithm)
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := made.Write(&text); err != nil {
			t.Fatal(err)
		}
		if got := check(t, v, text.String()); got != "" {
			t.Errorf("%s: %s is not as it was", algorithm, got)
		}
		if got := check(t, load(t, "left.pkl"), text.String()); !strings.Contains(got, "/x") {
			t.Errorf("%s: another file fails at %q only", algorithm, got)
		}
	}
}

// specOf returns the specification that is made of a dict, for which it must hold.
func specOf(t *testing.T, d *types.Dict) string {
	t.Helper()
	made, err := spec.Make(d, "")
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := made.Write(&text); err != nil {
		t.Fatal(err)
	}
	if got := check(t, d, text.String()); got != "" {
		t.Errorf("%s is not as it was", got)
	}
	return text.String()
}

// TestWholeFloats: a specification that is made of floats without a fraction holds for them, and an
// int is none of them.
func TestWholeFloats(t *testing.T) {
	v := &types.List{0.0, math.Copysign(0, -1), 134.0, 1e300, math.NaN(), math.Inf(1), 1.5, 7}
	d := &types.Dict{}
	for i, x := range *v {
		d.Set(strconv.Itoa(i), x)
	}
	text := specOf(t, d)
	(*d)[2].Value = 135.0
	if got := check(t, d, text); got != "/2" {
		t.Errorf("another number fails at %q", got)
	}
}

// TestEqualPointers checks that a specification of a dict with the keys 1 and "1", to both of which
// the pointer /1 leads, holds for that dict.
func TestEqualPointers(t *testing.T) {
	d := &types.Dict{{Key: 1, Value: 2}, {Key: "1", Value: 3.5}}
	text := specOf(t, d)
	(*d)[1].Value = 4.5
	if got := check(t, d, text); got != "/1" {
		t.Errorf("another number fails at %q", got)
	}
}

// TestCheck checks that each property that does not match is a failure with the right pointer.
func TestCheck(t *testing.T) {
	v := load(t, "mix.pkl") // x is np.arange(12.0).reshape(3, 4)
	for _, c := range []struct{ value, want string }{
		{`/x: {kind: ndarray, dtype: float64, shape: [3, 4], min: 0, max: 11, missing: 0}`, ""},
		{`/x: {mean: {is: 5.5, within: 1e-9}}`, ""},
		{`/x: {mean: {is: 5, within: 0.1}}`, "/x"},
		{`/x: {min: 1}`, "/x"},
		{`/x: {max: 10}`, "/x"},
		{`/x: {dtype: float32}`, "/x"},
		{`/x: {kind: list}`, "/x"},
		{`/x: {shape: [3, ">=4"]}`, ""},
		{`/x: {shape: [1..2, "*"]}`, "/x"},
		{`/x: {shape: [3]}`, "/x"},
		{`/x: {order: F}`, "/x"},
		{"/x: {shape: [n, m]}\n  /cube: {shape: [2, n, m]}", ""},
		{"/x: {shape: [n, m]}\n  /cube: {shape: [n, 3, m]}", "/cube"},
		{`/nosuch: {}`, "/nosuch"},
		{`/nosuch: {optional: true}`, ""},
		{`/text: {is: other}`, "/text"},
		{`"/records/*/id": {kind: int}`, ""},
		{`"/records/*/id": {kind: str}`, "/records/0/id"},
		{`/records: {len: 20}`, ""},
		{`/records: {len: 21}`, "/records"},
	} {
		got := check(t, v, "unpkl: 1\nvalues:\n  "+c.value+"\n")
		if got != c.want && (c.want == "" || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s: fails at %q, want %q", c.value, got, c.want)
		}
	}
	if got := check(t, v, "unpkl: 1\nexact: true\nvalues:\n  /x: {}\n"); !strings.Contains(got,
		"/i") || strings.Contains(got, "/x") {
		t.Errorf("exact refuses %q", got)
	}
}

// TestRead checks the errors of what is no specification.
func TestRead(t *testing.T) {
	for _, text := range []string{"", "values: {}", "unpkl: 2\nvalues: {}", "unpkl: 1\nvalue: {}",
		"unpkl: 1\nvalues: {x: {}}", "unpkl: 1\nvalues: {/x: {shape: [-1]}}",
		"unpkl: 1\nvalues: {/x: {shape: [[1]]}}", "unpkl: 1\nvalues: {/x: {nosuch: 1}}",
		"unpkl: 1\nvalues: {/x: {min: a}}", "{", "unpkl: 1\nvalues: {/x: {shape: [5..1]}}"} {
		if _, err := spec.Read(strings.NewReader(text)); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}
