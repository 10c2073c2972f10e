package audit_test

import (
	"os"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/audit"
)

// BenchmarkReader audits a fixture with an array, some dates and an object.
func BenchmarkReader(b *testing.B) {
	data, err := os.ReadFile("../testdata/py313-np2/structured.p4.pkl")
	if err != nil {
		data, err = os.ReadFile("../testdata/py311-np126/functional.p4.pkl")
	}
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := audit.Reader(strings.NewReader(string(data))); err != nil {
			b.Fatal(err)
		}
	}
}
