package frame_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/unpkl/unpkl/frame"
)

func threeColumns(t *testing.T) *frame.Frame {
	t.Helper()
	var columns []*frame.Series
	for _, name := range []string{"a", "b", "c"} {
		s, err := frame.NewSeries(name, []float64{1, 2})
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, s)
	}
	f, err := frame.New(columns...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestColumns has the columns that pandas gives: df[["c", "a"]], df.drop(columns=["b"]),
// df.rename(columns={"a": "x", "none": "y"}).
func TestColumns(t *testing.T) {
	f := threeColumns(t)
	check := func(what string, got *frame.Frame, err error, want ...string) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if names := got.ColumnNames(); !slices.Equal(names, want) || got.Rows() != 2 {
			t.Errorf("%s: the columns are %v, want %v", what, names, want)
		}
		if err := got.Validate(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	got, err := f.Select("c", "a")
	check("Select", got, err, "c", "a")
	got, err = f.Drop("b")
	check("Drop", got, err, "a", "c")
	got, err = f.Rename(map[string]string{"a": "x", "none": "y"})
	check("Rename", got, err, "x", "b", "c")
	check("the frame itself", f, nil, "a", "b", "c")
	if _, err := f.Select("none"); err == nil {
		t.Error("a column that is not there is selected")
	}
	if _, err := f.Drop("none"); err == nil {
		t.Error("a column that is not there is dropped")
	}
}

func ExampleFrame_Select() {
	x, err := frame.NewSeries("x", []int64{1, 2})
	if err != nil {
		panic(err)
	}
	y, err := frame.NewSeries("y", []string{"a", "b"})
	if err != nil {
		panic(err)
	}
	f, err := frame.New(x, y)
	if err != nil {
		panic(err)
	}
	g, err := f.Select("y")
	if err != nil {
		panic(err)
	}
	g, err = g.Rename(map[string]string{"y": "letter"})
	fmt.Println(g.ColumnNames(), err)
	// Output: [letter] <nil>
}
