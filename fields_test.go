package unpkl_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
)

type inner struct {
	City string
	Zip  int `pickle:",omitempty" json:",omitempty"`
}

type resident struct {
	Name   string `pickle:"name" json:"name"`
	Kelvin int
	Straße string
	inner
	Home  *inner
	Other []inner `pickle:"other" json:"other"`
}

// dictOf returns a dict with the keys of a JSON object in its order.
func dictOf(t *testing.T, text string) any {
	t.Helper()
	var read func(d *json.Decoder) any
	read = func(d *json.Decoder) any {
		tok, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		switch tok {
		case json.Delim('{'):
			out := types.Dict{}
			for d.More() {
				key := read(d)
				out = append(out, types.DictEntry{Key: key, Value: read(d)})
			}
			_, _ = d.Token()
			return &out
		case json.Delim('['):
			out := types.List{}
			for d.More() {
				out = append(out, read(d))
			}
			_, _ = d.Token()
			return &out
		}
		if f, ok := tok.(float64); ok {
			return int(f)
		}
		return tok
	}
	return read(json.NewDecoder(strings.NewReader(text)))
}

// TestFieldNamesAsJSON: a dict fills a struct as encoding/json fills it from the same object, with
// names that differ in case, and refuses unknown fields where it does.
func TestFieldNamesAsJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"name": "a"}`, `{"NAME": "a"}`, `{"Name": "a", "KELVIN": 1}`,
		"{\"\u212Aelvin\": 3}", `{"STRASSE": "x"}`, `{"STRAßE": "x"}`, `{"STRAẞE": "x"}`,
		`{"city": "c", "ZIP": 4}`, `{"home": {"CITY": "q", "zip": 9}}`,
		`{"OTHER": [{"city": "1"}, {"City": "2", "more": 1}]}`,
		`{"NAME": "a", "Name": "b"}`, `{"unknown": 1}`, `{"name": "a", "nam": "b"}`, `{}`,
		`{"home": {"street": "s"}}`, `{"inner": 1}`, `{"": 1}`, `{"name ": "x"}`,
	} {
		data, err := unpkl.Marshal(dictOf(t, text))
		if err != nil {
			t.Fatal(err)
		}
		var want, got resident
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		if err := unpkl.Unmarshal(data, &got); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", text, got, want)
		}
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		refused := d.Decode(new(resident)) != nil
		err = unpkl.Unmarshal(data, new(resident), unpkl.WithDisallowUnknownFields())
		if refused != errors.Is(err, unpkl.ErrUnknownField) || !refused && err != nil {
			t.Errorf("%s: encoding/json refuses it: %v, and here the error is %v", text, refused,
				err)
		}
	}
}

// TestExactNameWins: a key that is the name of a field is not replaced by one that differs in case.
func TestExactNameWins(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"name": "a", "NAME": "b"}`, `{"NAME": "b", "name": "a"}`} {
		data, err := unpkl.Marshal(dictOf(t, text))
		if err != nil {
			t.Fatal(err)
		}
		var got resident
		if err := unpkl.Unmarshal(data, &got); err != nil || got.Name != "a" {
			t.Errorf("%s: got %q, %v", text, got.Name, err)
		}
	}
}

// TestFieldErrors: the errors of names say where, which name and which type, in whatever form the
// names come, and the rest is decoded.
func TestFieldErrors(t *testing.T) {
	t.Parallel()
	type row struct {
		A int `pickle:"a"`
		B int `pickle:"b"`
	}
	type rows struct {
		Rows []row `pickle:"rows"`
	}
	required, known := unpkl.WithRequireFields(), unpkl.WithDisallowUnknownFields()
	for _, c := range []struct {
		text, path, name string
		opt              unpkl.Option
		kind             error
	}{
		{`{"rows": [{"a": 1, "b": 2}, {"a": 3}]}`, "rows[1]", "b", required, unpkl.ErrMissingField},
		{`{"rows": [{"a": 1, "b": 2}, {"a": 3, "b": 4, "c": 5}]}`, "rows[1]", "c", known,
			unpkl.ErrUnknownField},
		{`{"Row": []}`, "", "rows", required, unpkl.ErrMissingField},
		{`{"rows": [], "x": 1}`, "", "x", known, unpkl.ErrUnknownField},
		{`{"rows": [{"A": 1, "b": 2}]}`, "", "", required, nil},
		{`{"rows": [{"A": 1, "b": 2}]}`, "", "", known, nil},
	} {
		data, err := unpkl.Marshal(dictOf(t, c.text))
		if err != nil {
			t.Fatal(err)
		}
		var got rows
		err = unpkl.Unmarshal(data, &got, c.opt)
		if c.kind == nil {
			if err != nil || got.Rows[0] != (row{1, 2}) {
				t.Errorf("%s: %v %v", c.text, got, err)
			}
			continue
		}
		var f *unpkl.FieldError
		if !errors.As(err, &f) || !errors.Is(err, c.kind) || f.Path != c.path || f.Name != c.name {
			t.Errorf("%s: %v", c.text, err)
		}
		if len(got.Rows) == 2 && got.Rows[1].A != 3 {
			t.Errorf("%s: the rest is not decoded: %v", c.text, got)
		}
	}
}

// TestFieldErrorsOfTables: the columns of a DataFrame and the fields of a structured array are
// names too.
func TestFieldErrorsOfTables(t *testing.T) {
	t.Parallel()
	type dates struct {
		Nothing int
	}
	files := []struct {
		path string
		v    any
	}{
		{"testdata/arrow/py313-pandas3/columns.p5.pkl", new([]dates)},
		{"testdata/arrow/py313-pandas3/columns.p5.pkl", new(dates)},
		{"testdata/py313-np2/structured_simple.p4.pkl", new([]dates)},
	}
	for _, f := range files {
		v, err := unpkl.LoadFile(f.path)
		if err != nil {
			t.Log(fmt.Sprintf("%T", v), err)
			continue
		}
		file, err := unpkl.Open(f.path, unpkl.WithDisallowUnknownFields())
		if err != nil {
			t.Fatal(err)
		}
		if err := file.Decode(f.v); !errors.Is(err, unpkl.ErrUnknownField) {
			t.Errorf("%s into %T: %v", f.path, f.v, err)
		}
		file.Close()
	}
}

// TestWithNoTrailing: bytes behind the pickle are an error for what reads one, wherever it comes
// from.
func TestWithNoTrailing(t *testing.T) {
	t.Parallel()
	one, err := unpkl.Marshal([]any{1, "x"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		behind string
		fails  bool
	}{{"", false}, {"x", true}, {"\x00", true}, {string(one), true}} {
		data := append(append([]byte{}, one...), c.behind...)
		for name, load := range loaders(t, data) {
			v, err := load(unpkl.WithNoTrailing())
			if c.fails != errors.Is(err, unpkl.ErrTrailing) ||
				c.fails && !errors.Is(err, unpkl.ErrMalformed) {
				t.Errorf("%s with %q behind it: %v", name, c.behind, err)
			}
			if !c.fails && err != nil || c.fails && v != nil {
				t.Errorf("%s with %q behind it: %v %v", name, c.behind, v, err)
			}
			if _, err := load(); err != nil {
				t.Errorf("%s with %q behind it, without the option: %v", name, c.behind, err)
			}
		}
	}
}
