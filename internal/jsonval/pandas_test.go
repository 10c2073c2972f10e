package jsonval_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

var arrayForms = []struct {
	name string
	o    jsonval.Options
}{
	{"shape", jsonval.Options{}},
	{"values", jsonval.Options{Arrays: jsonval.ArraysValues, Indent: 1}},
	{"base64", jsonval.Options{Arrays: jsonval.ArraysBase64}},
}

func loadFile(t *testing.T, path string) any {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return loadBytes(t, data)
}

func loadBytes(t *testing.T, data []byte) any {
	t.Helper()
	u := pickle.NewUnpicklerBytes(data)
	u.FindClass = reconstruct.FindClass
	u.Encoding = pickle.EncodingKeep
	v, err := u.Load()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestLibraries compares with what Python makes of the objects of each version of pandas
// and SciPy, by scripts/fixtures/pandas_json.py.
func TestLibraries(t *testing.T) {
	compared := 0
	for _, pattern := range []string{"pandas/*/*.pkl", "scipy/*/*.pkl", "sklearn/*/*.pkl",
		"xarray/*/*.pkl"} {
		files, err := filepath.Glob("../../testdata/" + pattern)
		if err != nil || len(files) == 0 {
			t.Fatal("no fixtures", pattern, err)
		}
		for _, path := range files {
			raw, err := os.ReadFile(path[:strings.LastIndex(path[:len(path)-4], ".")] +
				".tojson.json")
			if err != nil {
				t.Fatal(err)
			}
			var want map[string]json.RawMessage
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatal(err)
			}
			t.Run(strings.TrimPrefix(path, "../../testdata/"), func(t *testing.T) {
				v := loadFile(t, path)
				version := filepath.Base(filepath.Dir(path))
				for _, form := range arrayForms {
					got := mustEncode(t, v, form.o)
					if want[form.name] == nil {
						continue // an estimator, whose bytes are those of its values
					}
					want := string(want[form.name])
					diff := diffJSON(got, want)
					// what versions of pandas write differently, or Python 2 without an order
					if diff != "" {
						diff = diffJSON(rewrite(t, got, spellings(version)),
							rewrite(t, want, spellings(version)))
					}
					if diff != "" {
						t.Errorf("--arrays=%s: %s", form.name, diff)
					}
					compared++
				}
			})
		}
	}
	if compared < 500 {
		t.Errorf("only %d documents compared", compared)
	}
}

// spellings gives names of dtypes and freqs that changed from version to version one form.
func spellings(version string) func(map[string]any) {
	dtype := func(d string) string {
		if inner, ok := strings.CutPrefix(d, "Sparse["); ok &&
			(version == "0.18.1" || version == "0.22.0") {
			d, _, _ = strings.Cut(inner, ",")
		}
		return strings.Replace(d, "period[A-", "period[Y-", 1)
	}
	return func(m map[string]any) {
		if d, ok := m["dtype"].(string); ok {
			m["dtype"] = dtype(d)
		}
		if list, ok := m["dtypes"].([]any); ok {
			for i, d := range list {
				list[i] = dtype(d.(string))
			}
		}
		if f, ok := m["freq"].(string); ok {
			m["freq"] = strings.Replace(f, "A-", "Y-", 1)
		}
		sortPairs(m)
	}
}

// TestLibrariesLimits: null without arrays, nothing past the limit, parts by pointer.
func TestLibrariesLimits(t *testing.T) {
	v := loadFile(t, "../../testdata/pandas/3.1.1/mixed.p5.pkl")
	if got := mustEncode(t, v,
		jsonval.Options{Arrays: jsonval.ArraysNone}); strings.TrimSpace(got) != "null" {
		t.Errorf("without arrays: %s", got)
	}
	for pointer, want := range map[string]string{
		"/$dataframe/columns/0/name":   `"i"`,
		"/$dataframe/data/0/2":         `2`,
		"/$dataframe/data/8":           `["2020-01-01T00:00:00","2021-02-03T04:05:06.789000","NaT","1970-01-01T00:00:00","2262-01-01T00:00:00"]`,
		"/$dataframe/index/stop":       `5`,
		"/$dataframe/columns/2/dtype":  `"float64"`,
		"/$dataframe/columns/0/stats":  `{"min":-4,"max":8,"mean":2.0,"nan":0}`,
		"/$dataframe/columns/7/stats":  `{"min":-0.0,"max":"Infinity","mean":"Infinity","nan":1}`,
		"/$dataframe/columns/1/stats/": "",
	} {
		p, err := jsonval.ParsePointer(pointer)
		if err != nil {
			t.Fatal(err)
		}
		o := jsonval.Options{Arrays: jsonval.ArraysValues, Stats: true}
		part, err := jsonval.Select(v, p, o)
		if want == "" {
			if err == nil {
				t.Errorf("%s: %v", pointer, part)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", pointer, err)
			continue
		}
		if got := strings.TrimSpace(mustEncode(t, part, o)); got != want {
			t.Errorf("%s: %s, want %s", pointer, got, want)
		}
	}
	var out bytes.Buffer
	limited := jsonval.Options{Arrays: jsonval.ArraysValues,
		Limits: pickle.Limits{OutputBytes: 300}}
	if err := jsonval.NewEncoder(&out, limited).Encode(v); err == nil || out.Len() > 300 {
		t.Errorf("%d bytes: %v", out.Len(), err)
	}
}
