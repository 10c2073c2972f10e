package reconstruct_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// geometriesOf returns the WKB of a column, a geometry or nothing, and the CRS.
func geometriesOf(t *testing.T, v any) (wkb []any, crs any) {
	t.Helper()
	switch v := v.(type) {
	case *frame.Frame:
		for _, c := range v.Columns {
			if c.DType == "geometry" {
				return geometriesOf(t, c)
			}
		}
		t.Fatal("a frame without geometries")
	case *frame.Series:
		wkb = []any{}
		for i := range v.Len() {
			if g, ok := v.At(i).(*reconstruct.Geometry); ok {
				wkb = append(wkb, hex.EncodeToString(g.WKB()))
			} else {
				wkb = append(wkb, nil)
			}
		}
		if v.CRS != "" {
			crs = v.CRS
		}
	case *reconstruct.Geometry:
		wkb = []any{hex.EncodeToString(v.WKB())}
	case reconstruct.CRS:
		return []any{}, string(v)
	default:
		t.Fatalf("%T", v)
	}
	return wkb, crs
}

// TestGeoFixtures compares geometries and their CRS with what GeoPandas and shapely say.
func TestGeoFixtures(t *testing.T) {
	files, err := filepath.Glob("../testdata/geo/*/*.pkl")
	if err != nil || len(files) < 50 {
		t.Fatal(len(files), err)
	}
	for _, path := range files {
		var want struct {
			WKB []any
			CRS any
		}
		raw, err := os.ReadFile(path[:len(path)-len(".p2.pkl")] + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		v := loadObject(t, path)
		if c, ok, err := new(reconstruct.Pandas).Convert(v); ok || err != nil {
			if err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			v = c
		}
		if o, isObject := v.(*pickle.Object); isObject {
			t.Errorf("%s: an object of %s", path, o.ClassName())
			continue
		}
		wkb, crs := geometriesOf(t, v)
		if filepath.Base(path)[:3] == "crs" {
			want.CRS = crs // its own text, which the array of no geometries does not have
		}
		if diff := cmp.Diff(want.WKB, wkb); diff != "" || crs != want.CRS {
			t.Errorf("%s: CRS %v, want %v\n%s", path, crs, want.CRS, diff)
		}
	}
}

// TestGeoLies: WKB that lies, or geometries that are something else, make an error.
func TestGeoLies(t *testing.T) {
	for name, element := range map[string]any{
		"cut off": []byte{1, 1, 0, 0, 0}, "of no type": []byte{1, 99, 0, 0, 0, 0, 0, 0, 0},
		"of many points": []byte{1, 2, 0, 0, 0, 255, 255, 255, 255},
	} {
		v := loadObject(t, "../testdata/geo/py313-geo/array.p2.pkl").(*pickle.Object)
		state := v.State.(*types.Tuple)
		a, err := ndarray.NewObjects(ndarray.ObjectDType(), []int{1}, ndarray.OrderC,
			[]any{element})
		if err != nil {
			t.Fatal(err)
		}
		(*state)[0] = a
		c, ok, err := new(reconstruct.Pandas).Convert(v)
		if name == "of no type" { // which shapely does not have either: the object stays
			if ok || err != nil {
				t.Errorf("%s: %v, %v", name, c, err)
			}
			continue
		}
		if !errors.Is(err, pickle.ErrMalformed) {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
}

func ExampleGeometry_WKT() {
	data, err := os.ReadFile("../testdata/geo/py313-geo/series.p5.pkl")
	if err != nil {
		panic(err)
	}
	u := pickle.NewUnpicklerBytes(data)
	u.FindClass = reconstruct.FindClass
	v, err := u.Load()
	if err != nil {
		panic(err)
	}
	value, _, err := new(reconstruct.Pandas).Convert(v)
	if err != nil {
		panic(err)
	}
	s := value.(*frame.Series)
	fmt.Println(s.DType, s.CRS, s.At(2).(*reconstruct.Geometry).WKT())
	// Output: geometry EPSG:4326 LINESTRING (0 0, 1 1.5)
}
