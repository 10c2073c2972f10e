package arrowframe

import (
	"encoding/json"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/unpkl/unpkl/frame"
)

// geometryDType is the DType of a column of geometries.
const geometryDType = "geometry"

// geometry is an element of such a column.
type geometry interface{ WKB() []byte }

// geometryMetadata says that a field is of the extension type geoarrow.wkb, and its CRS: PROJJSON,
// well-known text, or a name such as "EPSG:4326".
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

// projJSON returns a CRS that is a JSON object.
func projJSON(crs string) (json.RawMessage, bool) {
	if !strings.HasPrefix(strings.TrimSpace(crs), "{") || !json.Valid([]byte(crs)) {
		return nil, false
	}
	return json.RawMessage(crs), true
}

// addGeo adds what GeoParquet says of the columns of geometries to the schema's metadata. A CRS
// that is not PROJJSON is null there, "not known", as the format has no other form for it; the
// field's metadata has it.
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
		} else if s.CRS != defaultCRS { // which is meant where there is none
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
