package unpkl_test

import (
	"bytes"
	"io"
	"sync"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/jsonval"
)

// TestConcurrentConsumers writes, audits and shows one object tree, and reads pickles with
// the module's shared registry of classes, from many goroutines; -race watches.
func TestConcurrentConsumers(t *testing.T) {
	data := newest(t, "arrays")
	shared, err := unpkl.LoadBytes(data, unpkl.WithObjects())
	if err != nil {
		t.Fatal(err)
	}
	want, err := unpkl.Marshal(shared)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				if got, err := unpkl.Marshal(shared); err != nil || !bytes.Equal(got, want) {
					t.Errorf("Marshal: %d bytes, %v", len(got), err)
				}
				if err := jsonval.NewEncoder(io.Discard, jsonval.Options{Arrays: jsonval.ArraysValues, Stats: true}).Encode(shared); err != nil {
					t.Errorf("JSON: %v", err)
				}
				if r, err := unpkl.Audit(bytes.NewReader(data)); err != nil || r.Worst() != unpkl.VerdictData {
					t.Errorf("Audit: %v, %v", r, err)
				}
				if _, err := unpkl.LoadBytes(data); err != nil {
					t.Errorf("LoadBytes: %v", err)
				}
			}
		})
	}
	wg.Wait()
}
