package arrowframe_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/frame/arrowframe"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// TestGeometryFixtures converts GeoPandas' frames to Arrow and back.
func TestGeometryFixtures(t *testing.T) {
	files, err := filepath.Glob("../../testdata/geo/py3*/*.pkl")
	if err != nil || len(files) < 30 {
		t.Fatal(len(files), err)
	}
	frames := 0
	for _, path := range files {
		v, err := unpkl.LoadFile(path)
		if err != nil {
			t.Fatal(path, err)
		}
		want, ok := v.(*frame.Frame)
		if !ok {
			continue
		}
		frames++
		batch, err := arrowframe.FromFrame(memory.DefaultAllocator, want)
		if err != nil {
			t.Fatal(path, err)
		}
		got, err := arrowframe.ToFrame(batch)
		batch.Release()
		if err != nil {
			t.Fatal(path, err)
		}
		if got.Class != want.Class ||
			got.Extra["_geometry_column_name"] != want.Extra["_geometry_column_name"] {
			t.Errorf("%s: %s, %v", path, got.Class, got.Extra)
		}
		for i, c := range want.Columns {
			if c.DType == "geometry" {
				sameGeometries(t, path, got.Columns[i], c)
			}
		}
	}
	if frames < 12 {
		t.Errorf("%d frames", frames)
	}
}

func sameGeometries(t *testing.T, path string, got, want *frame.Series) {
	t.Helper()
	if got.DType != "geometry" || got.CRS != want.CRS || got.Len() != want.Len() {
		t.Errorf("%s: %d of %s with CRS %q", path, got.Len(), got.DType, got.CRS)
		return
	}
	for i := range want.Len() {
		a, _ := got.At(i).(*reconstruct.Geometry)
		b, _ := want.At(i).(*reconstruct.Geometry)
		if (a == nil) != (b == nil) || a != nil && !bytes.Equal(a.WKB(), b.WKB()) {
			t.Errorf("%s: element %d: %v, want %v", path, i, a, b)
		}
	}
}

// geometryBatch returns a batch with one column of WKB and the given metadata of field and schema.
func geometryBatch(wkb []byte, field, schema map[string]string) arrow.RecordBatch {
	b := array.NewBinaryBuilder(memory.DefaultAllocator, arrow.BinaryTypes.Binary)
	defer b.Release()
	b.Append(wkb)
	b.AppendNull()
	meta := arrow.MetadataFrom(schema)
	return array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "g", Nullable: true,
		Type: arrow.BinaryTypes.Binary, Metadata: arrow.MetadataFrom(field)}}, &meta),
		[]arrow.Array{b.NewArray()}, 2)
}

// TestGeometryCRS reads every form of a CRS that the specifications of GeoArrow and GeoParquet
// have.
func TestGeometryCRS(t *testing.T) {
	const projJSON = `{"type": "GeographicCRS", "name": "x < \u00e9"}`
	extension := func(name, about string) map[string]string {
		return map[string]string{"ARROW:extension:name": name, "ARROW:extension:metadata": about}
	}
	geo := func(about string) map[string]string {
		return map[string]string{"geo": `{"primary_column": "g", "columns": {"g": ` + about + `}}`}
	}
	for _, c := range []struct {
		field, schema map[string]string
		want          string // "bytes" if the column is not one of geometries
	}{
		{nil, nil, "bytes"},
		{extension("geoarrow.wkb", ""), nil, ""},
		{extension("ogc.wkb", "{}"), nil, ""},
		{extension("geoarrow.wkb", `{"crs": null}`), nil, ""},
		{extension("geoarrow.wkb", `{"crs": `+projJSON+`, "crs_type": "projjson"}`), nil, projJSON},
		{extension("geoarrow.wkb", `{"crs": `+projJSON+`}`), geo(`{"encoding": "WKB"}`), projJSON},
		{extension("geoarrow.wkb", `{"crs": "EPSG:4326", "crs_type": "authority_code"}`),
			geo(`{"encoding": "WKB", "crs": null}`), "EPSG:4326"},
		{extension("geoarrow.wkb", `{"crs": "GEOGCRS[\"x\"]", "crs_type": "wkt2:2019"}`), nil,
			`GEOGCRS["x"]`},
		{nil, geo(`{"encoding": "WKB"}`), "OGC:CRS84"},
		{nil, geo(`{"encoding": "WKB", "crs": null, "bbox": [NaN, NaN]}`), ""},
		{nil, geo(`{"encoding": "WKB", "crs": ` + projJSON + `}`), projJSON},
		{nil, geo(`{"encoding": "WKB", "crs": "GEOGCRS[\"a NaN\"]", "bbox": [NaN]}`),
			`GEOGCRS["a NaN"]`},
		{nil, geo(`{"encoding": "point"}`), "bytes"},
		{extension("geoarrow.wkt", "{}"), nil, "bytes"},
		{nil, map[string]string{"geo": `{"columns": []}`}, "bytes"},
	} {
		batch := geometryBatch(pointWKB, c.field, c.schema)
		f, err := arrowframe.ToFrame(batch)
		batch.Release()
		if err != nil {
			t.Fatal(c, err)
		}
		s := f.Columns[0]
		if c.want == "bytes" {
			if b, ok := s.At(0).([]byte); !ok || s.DType != "object" || !bytes.Equal(b, pointWKB) {
				t.Errorf("%v: %v of %s", c, s.At(0), s.DType)
			}
			continue
		}
		g, ok := s.At(0).(*reconstruct.Geometry)
		if !ok || g.WKT() != "POINT (1 2)" || s.At(1) != nil || s.CRS != c.want {
			t.Errorf("%v: %v, CRS %q", c, s.At(0), s.CRS)
		}
		if c.schema != nil && f.Class != "geopandas.geodataframe.GeoDataFrame" {
			t.Errorf("%v: class %s", c, f.Class)
		}
	}
}

// pointWKB is the point (1, 2).
var pointWKB = []byte("\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf0?" +
	"\x00\x00\x00\x00\x00\x00\x00@")

// TestGeometryLies checks that truncated WKB is an error and that a column with a curve stays
// bytes.
func TestGeometryLies(t *testing.T) {
	field := map[string]string{"ARROW:extension:name": "geoarrow.wkb"}
	batch := geometryBatch(pointWKB[:12], field, nil)
	defer batch.Release()
	if _, err := arrowframe.ToFrame(batch); !errors.Is(err, pickle.ErrMalformed) {
		t.Error(err)
	}
	curve := geometryBatch([]byte("\x01\x08\x00\x00\x00\x00\x00\x00\x00"), field, nil)
	defer curve.Release()
	f, err := arrowframe.ToFrame(curve)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := f.Columns[0].At(0).([]byte); !ok || f.Columns[0].DType != "object" {
		t.Errorf("%v of %s", f.Columns[0].At(0), f.Columns[0].DType)
	}
}
