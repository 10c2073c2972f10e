package unmarshal_test

import (
	"github.com/unpkl/unpkl/internal/fixture"

	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
)

// TestFrameIntoTwoTargets: what the first target makes of a frame's objects is still there for the
// second.
func TestFrameIntoTwoTargets(t *testing.T) {
	type row struct {
		O *string    `pickle:"o"`
		T *time.Time `pickle:"t"`
		I int        `pickle:"i"`
	}
	frames, err := unpkl.LoadFile(fixture.Root()+"/pandas/3.1.1/mixed.p5.pkl", unpkl.WithObjects())
	if err != nil {
		t.Fatal(err)
	}
	data, err := unpkl.Marshal(map[string]any{"a": frames, "b": frames, "c": frames})
	if err != nil {
		t.Fatal(err)
	}
	var alone struct {
		B []row            `pickle:"b"`
		C map[string][]any `pickle:"c"`
	}
	var both struct {
		A *frame.Frame     `pickle:"a"`
		B []row            `pickle:"b"`
		C map[string][]any `pickle:"c"`
	}
	if err := unpkl.Unmarshal(data, &alone); err != nil {
		t.Fatal(err)
	}
	if err := unpkl.Unmarshal(data, &both); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(alone.B, both.B); diff != "" || len(both.B) != 5 {
		t.Errorf("rows beside a frame (-alone +both)\n%s", diff)
	}
	if len(alone.C) != len(both.C) || len(both.C) != both.A.Labels.Len() {
		t.Errorf("%d and %d columns", len(alone.C), len(both.C))
	}
	if s, err := frame.Column[string](both.A, "o"); err == nil {
		t.Errorf("column o has None: %v", s)
	}
}
