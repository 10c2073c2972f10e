package arrowframe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/pickle"
)

// The names of the extension type whose elements are WKB: the present one and an older one.
//
// Reference: geoarrow.org, "Extension names"; github.com/geopandas/geo-arrow-spec of 2020.
const (
	wkbName    = "geoarrow.wkb"
	oldWKBName = "ogc.wkb"
)

// defaultCRS is the CRS of a GeoParquet file that names none: longitude and latitude on WGS 84.
const defaultCRS = "OGC:CRS84"

// geoDataFrame is the class of a frame whose schema has GeoParquet's metadata.
const geoDataFrame = "geopandas.geodataframe.GeoDataFrame"

// geoMetadata is GeoParquet's metadata of a schema.
//
// Reference: GeoParquet 1.1.0. Earlier versions of GeoPandas write its drafts 0.1.0 to 0.4.0.
type geoMetadata struct {
	Primary string               `json:"primary_column"`
	Columns map[string]geoColumn `json:"columns"`
}

// geoColumn is GeoParquet's metadata of a column. CRS is JSON, or nil if the metadata have no CRS.
type geoColumn struct {
	Encoding string          `json:"encoding"`
	CRS      json.RawMessage `json:"crs"`
}

// readGeo reads GeoParquet's metadata of a schema. Metadata that are missing or malformed are
// empty.
func readGeo(s *arrow.Schema) geoMetadata {
	var m geoMetadata
	text, ok := s.Metadata().GetValue("geo")
	if !ok || json.Unmarshal(withoutNaN([]byte(text)), &m) != nil {
		return geoMetadata{}
	}
	return m
}

// withoutNaN replaces NaN by null in JSON. Python's json writes NaN, and GeoPandas before 0.10 has
// it in the bounds of an empty column.
func withoutNaN(text []byte) []byte {
	out := make([]byte, 0, len(text))
	inString := false
	for i := 0; i < len(text); i++ {
		switch {
		case !inString && bytes.HasPrefix(text[i:], []byte("NaN")):
			out = append(out, "null"...)
			i += len("NaN") - 1
			continue
		case text[i] == '"':
			inString = !inString
		case text[i] == '\\' && i+1 < len(text):
			out = append(out, text[i])
			i++
		}
		out = append(out, text[i])
	}
	return out
}

// crsText returns a CRS in JSON as text. An object is PROJJSON; a string is well-known text, as
// drafts of GeoParquet have it, or the name of a CRS; null is "".
func crsText(crs json.RawMessage) string {
	var v any
	if json.Unmarshal(crs, &v) != nil {
		return ""
	}
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		return string(crs)
	}
	return ""
}

// geometryField reports whether a column has geometries as WKB, and returns its CRS. The CRS of the
// extension type takes precedence, because GeoParquet's metadata have no place for one that is not
// PROJJSON.
func (m *geoMetadata) geometryField(t arrow.DataType, field arrow.Field) (crs string, ok bool) {
	name, _ := field.Metadata.GetValue(extensionName)
	text, _ := field.Metadata.GetValue(extensionMetadata)
	if e, isExtension := t.(arrow.ExtensionType); isExtension {
		name, text = e.ExtensionName(), e.Serialize()
	}
	switch storageOf(t).ID() {
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.BINARY_VIEW:
	case arrow.NULL: // pyarrow before 1.0 writes a column of missing elements so
	default:
		return "", false
	}
	about, described := m.Columns[field.Name]
	isWKB := name == wkbName || name == oldWKBName
	if !isWKB && !(described && about.Encoding == "WKB") {
		return "", false
	}
	var extension struct{ CRS json.RawMessage }
	if isWKB && json.Unmarshal([]byte(text), &extension) == nil {
		crs = crsText(extension.CRS)
	}
	switch {
	case crs != "" || !described:
	case about.CRS == nil:
		crs = defaultCRS
	default:
		crs = crsText(about.CRS)
	}
	return crs, true
}

// geometries converts a column of WKB to geometries. It leaves a column as it is if that has a kind
// of geometry that shapely does not have, such as a curve.
func geometries(s *frame.Series, crs string) error {
	if bridge.NewGeometry == nil {
		return nil
	}
	items := make([]any, len(s.Items))
	for i, item := range s.Items {
		wkb, ok := item.([]byte)
		if !ok {
			continue
		}
		g, err := bridge.NewGeometry(wkb)
		if errors.Is(err, pickle.ErrUnsupported) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
		items[i] = g
	}
	s.Items, s.DType, s.CRS = items, geometryDType, crs
	return nil
}

// finish makes the frame a GeoDataFrame if the metadata name one of its columns of geometries as
// the primary column. GeoPandas before 0.12 looks for the CRS in the frame; later versions ignore
// it there.
func (m *geoMetadata) finish(f *frame.Frame) {
	for _, c := range f.Columns {
		if c.DType == geometryDType && c.Name == any(m.Primary) {
			f.Class = geoDataFrame
			f.Extra = map[string]any{"_geometry_column_name": m.Primary, "_crs": nil}
			if c.CRS != "" {
				f.Extra["_crs"] = bridge.NewCRS(c.CRS)
			}
			return
		}
	}
}

// pyarrowGeometries converts the columns of WKB in a table that was read from pyarrow to
// geometries. The schema has the same metadata as that of a file. The class of the table stays
// pyarrow's.
func pyarrowGeometries(f *frame.Frame, schema any) error {
	_, args := callOf(schema)
	fields, _ := itemsOf(argument(args, 0))
	metadata, err := metadataOf(argument(args, 1))
	if err != nil {
		return err
	}
	geo := readGeo(arrow.NewSchema(nil, &metadata))
	for i, v := range fields {
		if f.Columns[i].Kind != frame.Object {
			continue
		}
		field, err := fieldOf(v, 0)
		if errors.Is(err, pickle.ErrUnsupported) {
			continue // a type that is not WKB
		}
		if err != nil {
			return err
		}
		if crs, ok := geo.geometryField(field.Type, field); ok {
			if err := geometries(f.Columns[i], crs); err != nil {
				return fmt.Errorf("column %q: %w", field.Name, err)
			}
		}
	}
	return nil
}
