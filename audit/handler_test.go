package audit_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/audit"
)

// A service accepts pickles from strangers, and lets only those through that hold nothing but data.
func ExampleHandler() {
	store := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "stored %d bytes", len(body))
	})
	server := httptest.NewServer(audit.Handler(store, audit.VerdictKnown))
	defer server.Close()
	for _, pickle := range []string{"\x80\x04]\x94K\x01a.", "cos\nsystem\n(S'id'\ntR."} {
		answer, err := http.Post(server.URL, "application/octet-stream", strings.NewReader(pickle))
		if err != nil {
			panic(err)
		}
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		fmt.Println(answer.StatusCode, string(text[:min(len(text), 14)]))
	}
	// Output:
	// 200 stored 8 bytes
	// 422 {"pickles":1,"
}

func ExampleReadRules() {
	rules, err := audit.ReadRules(strings.NewReader("allow mymodels.* # ours\n"))
	if err != nil {
		panic(err)
	}
	report, err := audit.Reader(strings.NewReader("cmymodels\nForest\n."), rules)
	fmt.Println(report.Worst(), err)
	// Output: known <nil>
}

func ExampleWithDeny() {
	report, err := audit.Reader(strings.NewReader("cdecimal\nDecimal\n."),
		audit.WithDeny("decimal.*"))
	fmt.Println(report.Worst(), err)
	// Output: dangerous <nil>
}

func ExampleWithAllow() {
	report, err := audit.Reader(strings.NewReader("cmymodels\nForest\n."),
		audit.WithAllow("mymodels.Forest"))
	fmt.Println(report.Worst(), err)
	// Output: known <nil>
}

func TestHandlerForm(t *testing.T) {
	for _, tt := range []struct {
		pickle string
		status int
	}{{"\x80\x04N.", 200}, {"cos\nsystem\n.", 422}, {"", 422}, {"\xff", 422}} {
		var b bytes.Buffer
		form := multipart.NewWriter(&b)
		if err := form.WriteField("name", "model"); err != nil {
			t.Fatal(err)
		}
		part, err := form.CreateFormFile("file", "m.pkl")
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(part, tt.pickle)
		form.Close()
		r := httptest.NewRequest("POST", "/", &b)
		r.Header.Set("Content-Type", form.FormDataContentType())
		w := httptest.NewRecorder()
		audit.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
			audit.VerdictKnown).ServeHTTP(w, r)
		if w.Code != tt.status {
			t.Errorf("%q: status %d, want %d: %s", tt.pickle, w.Code, tt.status, w.Body)
		}
	}
}

func TestHandlerLimit(t *testing.T) {
	var limits = limits
	limits.InputBytes = 4
	h := audit.Handler(http.NotFoundHandler(), audit.VerdictData, audit.WithLimits(limits))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/", strings.NewReader("\x80\x04NNN000.")))
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", w.Code)
	}
}
