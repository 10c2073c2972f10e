package reconstruct_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// TestShapely compares geometries with what shapely says of them, by scripts/gen_shapely.py.
func TestShapely(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/shapely.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Pickle    []byte
		WKT, Type string
		SRID      int
	}
	if err := json.Unmarshal(data, &cases); err != nil || len(cases) < 60 {
		t.Fatal(len(cases), err)
	}
	for _, c := range cases {
		v, err := unpkl.LoadBytes(c.Pickle)
		if err != nil {
			t.Fatal(c.WKT, err)
		}
		g, ok := v.(*reconstruct.Geometry)
		if !ok {
			t.Fatalf("%s: a %T", c.WKT, v)
		}
		if g.WKT() != c.WKT || g.Kind() != c.Type || g.SRID() != c.SRID {
			t.Errorf("%s, %s, %d, want %s, %s, %d", g.WKT(), g.Kind(), g.SRID(), c.WKT, c.Type,
				c.SRID)
		}
		if j, err := json.Marshal(g); err != nil || string(j) != `"`+c.WKT+`"` {
			t.Error(string(j), err)
		}
		back, err := unpkl.Marshal(g, unpkl.WithProtocol(int(c.Pickle[1])))
		if err != nil || !bytes.Equal(back, c.Pickle) {
			t.Errorf("%s: written as %q, want %q (%v)", c.WKT, back, c.Pickle, err)
		}
		lies(t, g.WKB())
	}
}

// lies reads the WKB with each byte changed, and cut off at each: an error or a geometry.
func lies(t *testing.T, wkb []byte) {
	t.Helper()
	for i := range wkb {
		if _, err := reconstruct.NewGeometry(wkb[:i]); !errors.Is(err, pickle.ErrMalformed) {
			t.Errorf("cut off at %d: %v", i, err)
		}
		for _, c := range []byte{0, 0x7f, 0x80, 0xff} {
			lie := bytes.Clone(wkb)
			lie[i] = c
			if g, err := reconstruct.NewGeometry(lie); err == nil && g.WKT() == "" {
				t.Errorf("byte %d is %#x: no WKT", i, c)
			}
		}
	}
	if _, err := reconstruct.NewGeometry(append(bytes.Clone(wkb), 0)); !errors.Is(err,
		pickle.ErrMalformed) {
		t.Errorf("with a byte behind: %v", err)
	}
}

// TestShapelyDepth: collections in each other to no end are an error.
func TestShapelyDepth(t *testing.T) {
	t.Parallel()
	wkb := []byte{1, 7, 0, 0, 0, 0, 0, 0, 0}
	for range 100 {
		wkb = append([]byte{1, 7, 0, 0, 0, 1, 0, 0, 0}, wkb...)
	}
	if _, err := reconstruct.NewGeometry(wkb); !errors.Is(err, unpkl.ErrLimit) {
		t.Error(err)
	}
}

// A point in well-known binary, as shapely pickles it.
func ExampleNewGeometry() {
	g,
		err := reconstruct.NewGeometry([]byte(
		"\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf0?\x00\x00\x00\x00\x00\x00\x00@"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(g.Kind(), g)
	// Output: POINT POINT (1 2)
}

// FuzzWKB: no bytes make a Geometry panic; one that is made has text, and its WKB is what it was
// given.
func FuzzWKB(f *testing.F) {
	for _, wkb := range []string{
		"\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf0?\x00\x00\x00\x00\x00\x00\x00@",
		"\x01\x02\x00\x00\x00\x00\x00\x00\x00",
		"\x00\x00\x00\x00\x07\x00\x00\x00\x01\x00\x00\x00\x00\x04\x00\x00\x00\x00",
		"\x01\x01\x00\x00\x20\xe6\x10\x00\x00\x00\x00\x00\x00\x00\x00\xf0?\x00\x00\x00\x00\x00\x00\x00@",
		"\x01\x03\x00\x00\x00\x01\x00\x00\x00\xff\xff\xff\xff",
	} {
		f.Add([]byte(wkb))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := reconstruct.NewGeometry(data)
		if err != nil {
			return
		}
		if string(g.WKB()) != string(data) {
			t.Errorf("% x became % x", data, g.WKB())
		}
		if g.WKT() == "" || g.Kind() == "" {
			t.Errorf("% x has no text", data)
		}
	})
}
