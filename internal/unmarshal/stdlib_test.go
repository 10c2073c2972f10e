package unmarshal_test

import (
	"github.com/unpkl/unpkl/internal/fixture"

	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
)

// stdlibFixture returns a fixture whose value is a list as the pickle of a tuple, whose items go
// into the fields of a struct.
func stdlibFixture(t *testing.T, path string) []byte {
	t.Helper()
	v, err := unpkl.LoadFile(fixture.Root()+"/"+path, unpkl.WithObjects())
	if err != nil {
		t.Fatal(err)
	}
	items := types.Tuple(*v.(*types.List))
	data, err := unpkl.Marshal(&items, unpkl.WithProtocol(2))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestUnmarshalEnums takes the values of scripts/fixtures/sample_classes3.py: enum members as their
// values, dataclasses by the names of their fields and a NamedTuple by position.
func TestUnmarshalEnums(t *testing.T) {
	type sample struct {
		Name   string  `pickle:"name"`
		Values []int   `pickle:"values"`
		Weight float64 `pickle:"weight"`
	}
	type frozen struct {
		A int    `pickle:"a"`
		B string `pickle:"b"`
	}
	type named struct {
		X int
		Y string
	}
	type values struct {
		Red        int
		Green      string
		Again, Two int
		Read       uint8
		ReadWrite  int64
		Sample     sample
		Frozen     frozen
		Named      named
		Color      any
	}
	for _, protocol := range []string{"p2", "p4", "p5"} {
		data := stdlibFixture(t, "py313-np2/enums_and_dataclasses."+protocol+".pkl")
		var v values
		if err := unpkl.Unmarshal(data, &v); err != nil {
			t.Fatal(err)
		}
		v.Color = nil
		want := values{1, "green", 1, 2, 1, 3, sample{"n", []int{1}, 1}, frozen{1, "b"},
			named{3, "y"}, nil}
		if diff := cmp.Diff(want, v); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", protocol, diff)
		}
	}
}

// TestUnmarshalSequences takes ranges, array.array and namedtuples into slices.
func TestUnmarshalSequences(t *testing.T) {
	var ranges struct{ A, B, C []int }
	if err := unpkl.Unmarshal(stdlibFixture(t, "py27-np116/ranges.p2.pkl"), &ranges); err != nil {
		t.Fatal(err)
	}
	want := struct{ A, B, C []int }{[]int{0, 1, 2, 3, 4}, []int{1, 3, 5, 7, 9}, []int{10, 7, 4, 1}}
	if diff := cmp.Diff(want, ranges); diff != "" {
		t.Errorf("ranges (-want +got)\n%s", diff)
	}
	for _, producer := range []string{"py27-np116/", "py313-np2/"} {
		data := stdlibFixture(t, producer+"arrays_of_array.p2.pkl")
		var numbers [][]float64
		err := unpkl.Unmarshal(data, &numbers)
		if mismatch := new(unpkl.UnmarshalTypeError); !errors.As(err, &mismatch) ||
			!strings.Contains(err.Error(), "[10]") {
			t.Errorf("the array of text into []float64: %v", err)
		}
		for i := range 8 {
			if diff := cmp.Diff([]float64{0, 1, 127}, numbers[i]); diff != "" {
				t.Errorf("%s%d (-want +got)\n%s", producer, i, diff)
			}
		}
		if diff := cmp.Diff([]float64{0.5, -2}, numbers[9]); diff != "" {
			t.Errorf("%s9 (-want +got)\n%s", producer, diff)
		}
	}
	for _, protocol := range []string{"p0", "p2", "p4"} {
		var typed struct {
			L any
			D any
			I int
			F float64
			S string
			T any
			E any
			P []any
		}
		if err := unpkl.Unmarshal(stdlibFixture(t, "py313-np2/subclasses."+protocol+".pkl"),
			&typed); err != nil {
			t.Fatal(err)
		}
		if typed.I != 7 || typed.F != 1.5 || typed.S != "str" ||
			!cmp.Equal(typed.P, []any{1, "y"}) {
			t.Errorf("%s: got %+v", protocol, typed)
		}
	}
}

// TestUnmarshalLongRange: nothing in a pickle shows that a range is short.
func TestUnmarshalLongRange(t *testing.T) {
	data := []byte("\x80\x02c__builtin__\nxrange\nK\x00\x8a\x06\x00\x00\x00\x00\x00\x10K\x01\x87R.")
	var v []int
	if err := unpkl.Unmarshal(data, &v); !errors.Is(err, unpkl.ErrLimit) {
		t.Errorf("got %d numbers, %v", len(v), err)
	}
}
