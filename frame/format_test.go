package frame_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
)

// TestString compares tables as text with what pandas prints of them.
func TestString(t *testing.T) {
	files, err := filepath.Glob("testdata/text/*.pkl")
	if err != nil || len(files) < 14 {
		t.Fatal(len(files), err)
	}
	for _, path := range files {
		v, err := unpkl.LoadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(strings.TrimSuffix(path, "pkl") + "txt")
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(v); got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
		}
	}
}

// TestPeriodText compares periods with what pandas prints of them.
func TestPeriodText(t *testing.T) {
	data, err := os.ReadFile("testdata/periods.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases [][3]any
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		p := frame.PeriodValue{Ordinal: int64(c[0].(float64)), Freq: c[1].(string)}
		if got := p.String(); got != c[2] {
			t.Errorf("%d %s: got %q, want %q", p.Ordinal, p.Freq, got, c[2])
		}
	}
	for _, p := range []frame.PeriodValue{{1, "X"}, {1, ""}, {math.MaxInt64, "D"},
		{math.MinInt64, "h"}, {math.MaxInt64, "W-SUN"}, {math.MinInt64, "M"}, {1, "W-X"},
		{-2000 * 365, "D"}} {
		if got, want := p.String(), fmt.Sprintf("%d[%s]", p.Ordinal, p.Freq); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
