package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const commandFiles = moduleRoot + "/testdata/command"

// commandCases has what Python says about the files in testdata/command.
type commandCases struct {
	Get, Cells [][3]json.RawMessage // file, pointer, value
	Stats      map[string]map[string]any
	Axis       map[string]map[string]map[string][]float64
	AllClose   map[string]bool
	Diff       map[string]map[string]any
	Sums       map[string]map[string]string
}

func readCases(t *testing.T) commandCases {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(commandFiles, "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var c commandCases
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// jsonValue decodes a document and keeps its numbers as text.
func jsonValue(t *testing.T, text string) any {
	t.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %.300s", err, text)
	}
	return numbersOf(v)
}

// numbersOf replaces numbers by a form in which equal numbers are equal.
func numbersOf(v any) any {
	switch v := v.(type) {
	case json.Number:
		if f, err := v.Float64(); err == nil && strings.ContainsAny(v.String(), ".e") {
			return f
		}
		return v.String()
	case []any:
		for i := range v {
			v[i] = numbersOf(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbersOf(v[k])
		}
	}
	return v
}

func caseOf(t *testing.T, c [3]json.RawMessage) (file, pointer, want string) {
	t.Helper()
	if err := json.Unmarshal(c[0], &file); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(c[1], &pointer); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(commandFiles, file), pointer, string(c[2])
}

// TestGetIsWhatPythonHas compares parts of a file with the same expressions in Python.
func TestGetIsWhatPythonHas(t *testing.T) {
	cases := readCases(t)
	if len(cases.Get) < 40 {
		t.Fatalf("only %d cases", len(cases.Get))
	}
	for _, c := range cases.Get {
		file, pointer, want := caseOf(t, c)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := mustRun(t, "", "get", "--json", file, pointer)
		if diff := cmp.Diff(jsonValue(t, want), jsonValue(t, got)); diff != "" {
			t.Errorf("%s: -Python +get\n%s", pointer, diff)
		}
		if again := mustRun(t, string(data), "get", "--json", "-", pointer); again != got {
			t.Errorf("%s from standard input: got %s, want %s", pointer, again, got)
		}
	}
}

// TestGetOfTablesIsWhatPandasHas compares elements of a table with pandas. Their form is that of
// to-json.
func TestGetOfTablesIsWhatPandasHas(t *testing.T) {
	for _, c := range readCases(t).Cells {
		file, pointer, want := caseOf(t, c)
		got := jsonValue(t, mustRun(t, "", "get", "--json", file, pointer))
		if diff := cmp.Diff(jsonValue(t, want), elementsOf(got)); diff != "" {
			t.Errorf("%s: -Python +get\n%s", pointer, diff)
		}
	}
}

// elementsOf returns the elements in the JSON of a series, index or table.
func elementsOf(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	for _, form := range []string{"$series", "$index", "$dataframe"} {
		if inner, ok := m[form].(map[string]any); ok {
			return inner["data"]
		}
	}
	return v
}
