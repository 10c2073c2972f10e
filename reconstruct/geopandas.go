package reconstruct

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// CRS is a coordinate reference system of pyproj, as the text from which it was made: well-known
// text, PROJJSON, or a name such as "EPSG:4326".
type CRS string

// String returns the text.
func (c CRS) String() string { return string(c) }

// PickleReduce implements [pickle.Reducer].
func (c CRS) PickleReduce(int) (any, error) {
	return call(pyName("pyproj.crs", "CRS"), string(c)), nil
}

func init() {
	bridge.NewGeometry = func(wkb []byte) (any, error) { return NewGeometry(wkb) }
	bridge.NewCRS = func(text string) any { return CRS(text) }
}

// geometryDType is GeoPandas' name of the dtype of geometries.
const geometryDType = "geometry"

// geometryArrayClass is the class of the array in a column of geometries.
var geometryArrayClass = pickle.Global{Module: "geopandas.array", Name: "GeometryArray"}

// isGeometryCall reports whether a function creates a GeometryArray from WKB or geometries.
func isGeometryCall(g pickle.Global) bool {
	return g.Module == geometryArrayClass.Module &&
		(g.Name == "from_wkb" || g.Name == "from_shapely")
}

// isGeo reports whether a class belongs to GeoPandas, shapely or pyproj.
func isGeo(g pickle.Global) bool {
	for _, module := range []string{"geopandas", "shapely", "pyproj"} {
		if g.Module == module || strings.HasPrefix(g.Module, module+".") {
			return true
		}
	}
	return false
}

// geo converts an object of GeoPandas, shapely or pyproj: an array of geometries, a geometry of
// shapely 1, or a CRS. It returns nil for any other object.
func (p *Pandas) geo(inst namedInstance) (any, error) {
	switch g := inst.Class; {
	case g == geometryArrayClass, isGeometryCall(g):
		s, err := p.geometries(inst)
		if err != nil {
			return nil, err
		}
		s.Class = geometryArrayClass.String()
		return s, nil
	case strings.HasPrefix(g.Module, "pyproj") && g.Name == "CRS":
		if c, ok := readCRS(inst); ok {
			return c, nil
		}
	case strings.HasPrefix(g.Module, "shapely.geometry."):
		if wkb, ok := oldGeometry(inst); ok {
			return newOldGeometry(wkb, g.Name == "LinearRing")
		}
		if ring, ok := argument(inst.Args, 0).(*Geometry); ok && isRingCall(inst) {
			return newOldGeometry(ring.wkb, true)
		}
	}
	return nil, nil
}

// readCRS reads CRS(text), or a CRS whose state has the text.
func readCRS(inst namedInstance) (CRS, bool) {
	if state, ok := textKeys(inst.State); ok {
		text, isText := asText(state["srs"])
		return CRS(text), isText
	}
	text, ok := asText(argument(inst.Args, 0))
	return CRS(text), ok && len(inst.Args) == 1
}

// isRingCall reports whether an object is LinearRing(geometry), the form in which a LinearRing for
// shapely 1 is written.
func isRingCall(inst namedInstance) bool {
	return inst.Class.Name == "LinearRing" && len(inst.Args) == 1 && inst.State == nil
}

// oldGeometries are the classes of shapely 1 whose state is WKB. The WKB of a LinearRing is that of
// a LineString.
var oldGeometries = map[string]bool{"Point": true, "LineString": true, "Polygon": true,
	"LinearRing": true,
	"MultiPoint": true, "MultiLineString": true, "MultiPolygon": true, "GeometryCollection": true}

// oldGeometry returns the WKB of a geometry of shapely 1.
//
// Reference: shapely/geometry/base.py, BaseGeometry.__reduce__.
func oldGeometry(inst namedInstance) ([]byte, bool) {
	if !oldGeometries[inst.Class.Name] {
		return nil, false
	}
	switch wkb := inst.State.(type) {
	case []byte:
		return wkb, true
	case pickle.Py2String:
		return []byte(wkb), true
	case string: // a str of Python 2, either its bytes or decoded as latin-1
		if b, err := latin1(wkb); err == nil {
			return b, true
		}
		return []byte(wkb), true
	}
	return nil, false
}

// newOldGeometry returns a geometry that is written for shapely 1 too.
func newOldGeometry(wkb []byte, ring bool) (*Geometry, error) {
	g, err := NewGeometry(bytes.Clone(wkb))
	if err == nil && ring {
		err = g.makeRing()
	}
	if err != nil {
		return nil, err
	}
	g.loads = true
	return g, nil
}

// geometries reads a GeometryArray, or a call from_wkb(data, crs) or from_shapely(data, crs).
//
// Reference: geopandas/array.py. The state is a dict with data and since 0.8 _crs, in which data
// are geometries; since 0.14 it is a tuple of WKB and the CRS.
func (p *Pandas) geometries(inst namedInstance) (*frame.Series, error) {
	var data, crs any
	switch state := inst.State.(type) {
	case *types.Tuple:
		data, crs = argument(*state, 0), argument(*state, 1)
	case nil:
		data, crs = argument(inst.Args, 0), argument(inst.Args, 1)
	default:
		m, ok := textKeys(state)
		if !ok {
			return nil, pickle.Malformed("a GeometryArray with a state of %s", typeName(state))
		}
		data, crs = m["data"], m["_crs"]
	}
	a, ok := data.(*ndarray.Array)
	if !ok || a.NDim() != 1 || a.DType().Kind() != ndarray.KindObject {
		return nil, pickle.Malformed("geometries that are %s", typeName(data))
	}
	elems, err := a.Objects()
	if err != nil {
		return nil, err
	}
	s := &frame.Series{Kind: frame.Object, DType: geometryDType, Items: make([]any, len(elems))}
	for i, e := range elems {
		if s.Items[i], err = p.geometry(e); err != nil {
			return nil, err
		}
	}
	s.CRS, err = p.crsText(crs)
	return s, err
}

// geometry reads an element of a GeometryArray: WKB, a geometry, or None.
func (p *Pandas) geometry(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case *Geometry:
		return v, nil
	case []byte:
		return NewGeometry(bytes.Clone(v))
	case *pickle.Object:
		if c, ok, err := p.Convert(v); ok || err != nil {
			if g, isGeometry := c.(*Geometry); isGeometry {
				return g, err
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return nil, pickle.Unsupported("a geometry that is %s", typeName(v))
}

// crsText returns the text of a CRS, or "" for None.
func (p *Pandas) crsText(v any) (string, error) {
	if v == nil {
		return "", nil
	}
	if o, ok := v.(*pickle.Object); ok {
		if inst, isNamed := named(o); isNamed {
			if c, isCRS := readCRS(inst); isCRS && isGeo(inst.Class) {
				return string(c), nil
			}
		}
	}
	return "", pickle.Unsupported("a CRS that is %s", typeName(v))
}

// geometryColumn reads a GeometryArray as a column. If its form is not supported, the column is
// opaque.
func (p *Pandas) geometryColumn(o *pickle.Object, inst namedInstance) (*frame.Series, error) {
	s, err := p.geometries(inst)
	if errors.Is(err, pickle.ErrUnsupported) {
		return opaque(o), nil
	}
	return s, err
}

// geometryValues writes a column of geometries.
func (r *Reducers) geometryValues(s *frame.Series) (any, error) {
	list := make(types.List, len(s.Items))
	hasRing := slices.ContainsFunc(s.Items, isRing)
	for i, v := range s.Items {
		switch g := v.(type) {
		case nil:
		case *Geometry:
			if list[i] = g.wkb; hasRing {
				list[i] = g
			}
		default:
			return nil, pickle.Unsupported("a geometry that is %s", typeName(v))
		}
	}
	function := "from_wkb"
	if hasRing { // WKB would turn a ring into a LineString
		function = "from_shapely"
	}
	args := []any{r.plainArray(ndarray.ObjectDType(), []int{len(list)}, &list)}
	if s.CRS != "" {
		args = append(args, CRS(s.CRS))
	}
	return call(pyName(geometryArrayClass.Module, function), args...), nil
}

// isRing reports whether v is a LinearRing.
func isRing(v any) bool {
	g, ok := v.(*Geometry)
	return ok && g.ring
}
