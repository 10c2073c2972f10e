package jsonval_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/jsonval"
)

// TestFormsAreReserved checks that no dict is written like a special form: those that this package
// writes, and those that the Form methods of reconstruct name.
func TestFormsAreReserved(t *testing.T) {
	forms := regexp.MustCompile(
		`Form\(\) string \{ return "(\$\w+)"|(?:form|short|table|withForm)\("(\$[\w.]+)"`)
	found := map[string]bool{}
	for _, pattern := range []string{"*.go", "../../reconstruct/*.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			source, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range forms.FindAllStringSubmatch(string(source), -1) {
				found[m[1]+m[2]] = true
			}
		}
	}
	if !found["$tensor"] || !found["$quantity"] || len(found) < 20 {
		t.Fatalf("only %d forms were found: %v", len(found), found)
	}
	for form := range found {
		d := types.NewDict()
		d.Set(form, types.NewTupleFromSlice(nil))
		var b strings.Builder
		if err := jsonval.NewEncoder(&b, jsonval.Options{}).Encode(d); err != nil {
			t.Fatal(err)
		}
		if want := `{"$dict":[["` + form + `",[]]]}`; strings.TrimSpace(b.String()) != want {
			t.Errorf("got %s, want %s", b.String(), want)
		}
	}
}
