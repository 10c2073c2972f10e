package arrowframe

import (
	"encoding/json"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/unpkl/unpkl/frame"
)

// geometryDType is the DType of a column of geometries.
const geometryDType = "geometry"

// geometry is an element of a column of geometries.
type geometry interface{ WKB() []byte }

// geometryMetadata returns the metadata of a field of the extension type geoarrow.wkb with the CRS
// of the column, which is PROJJSON, well-known text, or a name such as "EPSG:4326".
//
// Reference: geoarrow.org, "Extension type metadata".
func geometryMetadata(s *frame.Series) arrow.Metadata {
	about := map[string]any{}
	switch crs, isJSON := projJSON(s.CRS); {
	case s.CRS == "":
	case isJSON:
		about["crs"], about["crs_type"] = crs, "projjson"
	case strings.Contains(s.CRS, "["):
		about["crs"], about["crs_type"] = s.CRS, "wkt2:2019"
	default:
		about["crs"], about["crs_type"] = s.CRS, "authority_code"
	}
	return arrow.NewMetadata([]string{extensionName, extensionMetadata},
		[]string{wkbName, jsonText(about)})
}

// projJSON returns a CRS as JSON. ok is false if it is no JSON object.
func projJSON(crs string) (object json.RawMessage, ok bool) {
	if !strings.HasPrefix(strings.TrimSpace(crs), "{") || !json.Valid([]byte(crs)) {
		return nil, false
	}
	return json.RawMessage(crs), true
}

// addGeo adds GeoParquet's description of the columns of geometries to the schema's metadata.
// GeoParquet has no form for a CRS that is not PROJJSON, so such a CRS is null there, which means
// "not known". The field's metadata have it.
//
// Reference: GeoParquet 1.1.0.
func (b *batchBuilder) addGeo(f *frame.Frame, meta *arrow.Metadata) *arrow.Metadata {
	if len(b.geometries) == 0 {
		return meta
	}
	columns := map[string]any{}
	for i, s := range b.geometries {
		about := map[string]any{"encoding": "WKB", "geometry_types": []string{}}
		if crs, isJSON := projJSON(s.CRS); isJSON {
			about["crs"] = crs
		} else if s.CRS != defaultCRS { // a missing "crs" means the default
			about["crs"] = nil
		}
		columns[b.geometryNames[i]] = about
	}
	primary := b.geometryNames[0]
	if name, ok := f.Extra["_geometry_column_name"].(string); ok && columns[name] != nil {
		primary = name
	}
	keys, values := []string{"geo"}, []string{jsonText(map[string]any{
		"version": "1.1.0", "primary_column": primary, "columns": columns})}
	if meta != nil {
		keys, values = append(meta.Keys(), keys...), append(meta.Values(), values...)
	}
	added := arrow.NewMetadata(keys, values)
	return &added
}
