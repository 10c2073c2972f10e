package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestPackFixtures packs what to-json prints of each fixture; of the result to-json must
// print the same. The others have calls whose arguments JSON does not tell apart, such as a
// timedelta, or a dtype that its descr does not tell in full.
func TestPackFixtures(t *testing.T) {
	t.Parallel()
	same, others := 0, 0
	for _, f := range someFixtures(t) {
		if f.Protocol < 4 || strings.HasPrefix(f.Producer, "py27") {
			continue
		}
		status, doc, _ := command("", "to-json", "--indent=0", "--arrays=base64", f.Path)
		if status != 0 {
			continue
		}
		status, pkl, stderr := command(doc, "pack", "-o", "-", "-")
		if status != 0 {
			t.Logf("%v: %s", f, strings.TrimSpace(stderr))
			others++
			continue
		}
		if _, again, _ := command(pkl, "to-json", "--indent=0", "--arrays=base64",
			"-"); again == doc {
			same++
			continue
		}
		others++
		t.Logf("%v: other JSON", f)
	}
	t.Logf("%d the same, %d not", same, others)
	if same < 6*others {
		t.Errorf("%d the same, %d not", same, others)
	}
}

func TestPack(t *testing.T) {
	doc := `{"name": "x", "n": 12345678901234567890, "f": 1.0, "b": {"$bytes": "/wA="}, "k": {"$dict": [[1, "one"], [[1, 2], null]]},
 "c": {"$complex": [1.5, "NaN"]}, "s": "\ud800\u00e9\n", "a": {"$ndarray": {"dtype": [["p", "<i2"], ["q", "|u1", [2]]], "shape": [1], "order": "C", "base64": "AQACAw=="}},
 "loop": [{"$ref": "#/loop"}], "o": {"$object": "shop.Order", "state": {"id": 7}}}`
	npy := filepath.Join("..", "..", "npy", "testdata")
	files, err := filepath.Glob(filepath.Join(npy, "*.npy"))
	if err != nil || len(files) == 0 {
		files, _ = filepath.Glob(filepath.Join(npy, "*", "*.npy"))
	}
	args := []string{"pack", "-o", "-", "-"}
	if len(files) > 0 {
		args = append(args, "values="+files[0])
	}
	pkl := mustRun(t, doc, args...)
	got := mustRun(t, pkl, "to-json", "--indent=0", "--arrays=values", "-")
	want := `{"name":"x","n":12345678901234567890,"f":1.0,"b":{"$bytes":"/wA="},"k":{"$dict":[[1,"one"],[[1,2],null]]},"c":{"$complex":[1.5,"NaN"]},"s":"\ud800é\n","a":{"$ndarray":{"dtype":[["p","<i2"],["q","|u1",[2]]],"shape":[1],"order":"C","nbytes":4,"data":[{"p":1,"q":[2,3]}]}},"loop":[{"$ref":"#/loop"}],"o":{"$object":"shop.Order","state":{"id":7}}`
	if !strings.HasPrefix(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if len(files) > 0 && !strings.Contains(got, `"values":{"$ndarray"`) {
		t.Errorf("no values: %s", got)
	}
}

func TestPackErrors(t *testing.T) {
	for doc, want := range map[string]string{
		`{"a": 1`: "want ',' or '}'", `[1, 2`: "want ','", `{"a" 1}`: "no ':'",
		`{1: 2}`: "not the key", `01`: "not JSON", `"\x"`: "not an escape",
		`"a`: "does not end", `1 2`: "something follows", ``: "not JSON",
		`{"$bytes": "?"}`: "$bytes: illegal base64", `{"$ref": "#/x"}`: "nothing is at",
		`{"$ndarray": {"dtype": "<f8", "shape": [3]}}`:                   "no elements",
		`{"$ndarray": {"dtype": "<f8", "shape": [3], "base64": "AA=="}}`: "$ndarray",
		`{"$ndarray": {"dtype": [["a"]], "shape": [], "base64": ""}}`:    "$ndarray",
		`{"$ndarray": {"$dict": [[1, 2]]}}`:                              "not a string",
		"[nul]":                                                          "not JSON",
		"\"\x01\"":                                                       "control character",
	} {
		if line := mustFail(t, 1, doc, "pack", "-o", "-", "-"); !strings.Contains(line, want) {
			t.Errorf("%s: %q, want %q", doc, line, want)
		}
	}
	if line := mustFail(t, 1, strings.Repeat("[", 20_000), "pack", "-o", "-",
		"-"); !strings.Contains(line, "Depth") {
		t.Error(line)
	}
	mustFail(t, 2, "", "pack", "-")
	mustFail(t, 2, "", "pack", "-o", "-")
	mustFail(t, 2, "[]", "pack", "-o", "-", "-", "x=y.npy")
}
