package reconstruct

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"

	"github.com/unpkl/unpkl/internal/jsonhook"
	"github.com/unpkl/unpkl/pickle"
)

// Geometry is a geometry of shapely, such as a Point or MultiPolygon, in well-known binary (WKB).
// The WKB was checked when the Geometry was created, so that its methods cannot fail.
//
// Reference: OGC 06-103r4, "Simple feature access", 8.2; PostGIS, "EWKB".
type Geometry struct {
	wkb   []byte
	root  wkbNode
	loads bool // written as shapely.wkb.loads(wkb), which shapely 1 has too
	ring  bool // a LinearRing, whose WKB is that of a LineString
}

// wkbNode is a geometry in the WKB, or a member of one.
type wkbNode struct {
	kind  uint32 // type code, an index of geometryNames
	z, m  bool
	srid  uint32
	order binary.ByteOrder
	data  []byte // what follows the header
}

// maxGeometryDepth limits how deep collections nest.
const maxGeometryDepth = 64

// geometryNames maps type codes of WKB to names in WKT.
var geometryNames = [...]string{"", "POINT", "LINESTRING", "POLYGON", "MULTIPOINT",
	"MULTILINESTRING",
	"MULTIPOLYGON", "GEOMETRYCOLLECTION"}

// lineString is the type code of a LineString in WKB. linearRing is the name of shapely's
// LinearRing in WKT, for which WKB has no code.
const (
	lineString = 2
	linearRing = "LINEARRING"
)

// NewGeometry returns the geometry of a WKB or EWKB. It keeps wkb, which the caller must not
// change. WKB that is truncated, continues after the geometry, or claims more points than there are
// gives an error of the kind pickle.ErrMalformed; a type that shapely does not have, such as a
// curve, gives pickle.ErrUnsupported.
func NewGeometry(wkb []byte) (*Geometry, error) {
	g := &Geometry{wkb: wkb}
	rest, err := g.root.read(wkb)
	if err == nil {
		g.root.data = rest
		rest, err = g.root.skip(0, nil)
	}
	switch {
	case err != nil:
		return nil, err
	case len(rest) > 0:
		return nil, pickle.Malformed("WKB: %d bytes behind the geometry", len(rest))
	}
	return g, nil
}

// WKB returns the geometry in well-known binary, as it was read. The caller must not change it.
func (g *Geometry) WKB() []byte { return g.wkb }

// Kind returns the type of the geometry in WKT: "POINT", "LINESTRING", "POLYGON", "MULTIPOINT",
// "MULTILINESTRING", "MULTIPOLYGON" or "GEOMETRYCOLLECTION". For shapely's LinearRing, whose WKB is
// that of a LINESTRING, it is "LINEARRING".
func (g *Geometry) Kind() string {
	if g.ring {
		return linearRing
	}
	return geometryNames[g.root.kind]
}

// SRID returns the code of the coordinate reference system, or 0 if there is none.
func (g *Geometry) SRID() int { return int(g.root.srid) }

// WKT returns the geometry as well-known text, as shapely 2.2's to_wkt does. Numbers have the
// digits that identify the float64, so that a reader of the text gets equal numbers.
func (g *Geometry) WKT() string {
	w := &wktWriter{}
	if _, err := g.root.skip(0, w); err != nil {
		return "" // cannot happen: NewGeometry checked the WKB
	}
	if g.ring {
		return linearRing + string(w.text[len(geometryNames[lineString]):])
	}
	return string(w.text)
}

// String returns the WKT.
func (g *Geometry) String() string { return g.WKT() }

// MarshalJSON returns the WKT as a JSON string, for encoding/json.
func (g *Geometry) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(g) }

// PickleReduce implements [pickle.Reducer].
func (g *Geometry) PickleReduce(int) (any, error) {
	if g.root.kind == 0 {
		return nil, pickle.Unsupported("a Geometry that NewGeometry has not made")
	}
	switch {
	case g.ring && g.loads:
		line := call(pyName("shapely.wkb", "loads"), g.wkb)
		return call(pyName("shapely.geometry.polygon", "LinearRing"), line), nil
	case g.ring:
		return call(pyName("shapely.geometry.polygon", "_unpickle_linearring"), g.wkb), nil
	case g.loads:
		return call(pyName("shapely.wkb", "loads"), g.wkb), nil
	}
	return call(pyName("shapely.io", "from_wkb"), g.wkb), nil
}

func fillShapely(t table) {
	t.add("shapely.io", "from_wkb", &entry{call: readFromWKB})
	t.add("shapely.wkb", "loads", &entry{call: func(c Class, args []any) (any, error) {
		v, err := readFromWKB(c, args)
		if g, ok := v.(*Geometry); ok {
			g.loads = true
		}
		return v, err
	}})
	t.add("shapely.geometry.polygon", "_unpickle_linearring", &entry{call: readRing})
}

// readRing implements shapely.geometry.polygon._unpickle_linearring(wkb), the form of a LinearRing
// in shapely 2.
func readRing(c Class, args []any) (any, error) {
	v, err := readFromWKB(c, args)
	if g, ok := v.(*Geometry); ok {
		err = g.makeRing()
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// makeRing turns a LineString into a LinearRing under the condition of GEOS: it is empty, or it has
// at least three points and the last equals the first.
func (g *Geometry) makeRing() error {
	if g.root.kind != lineString {
		return pickle.Malformed("a LinearRing of the WKB of a %s", g.Kind())
	}
	count, data, err := g.root.count(g.root.data)
	if err != nil {
		return err
	}
	const least = 3 // points
	if count > 0 && count < least {
		return pickle.Malformed("a LinearRing of %d points", count)
	}
	last := max(count-1, 0) * g.root.dims() * 8
	for i := 0; count > 0 && i < 16; i += 8 { // x and y
		from := math.Float64frombits(g.root.order.Uint64(data[i:]))
		to := math.Float64frombits(g.root.order.Uint64(data[last+i:]))
		if from != to {
			return pickle.Malformed("a LinearRing that is not closed")
		}
	}
	g.ring = true
	return nil
}

// readFromWKB implements shapely.io.from_wkb(geometry), the form of a geometry in shapely 2.
func readFromWKB(c Class, args []any) (any, error) {
	wkb, ok := []byte(nil), false
	if len(args) == 1 {
		wkb, ok = args[0].([]byte)
	}
	if !ok {
		return record(c, args)
	}
	return NewGeometry(bytes.Clone(wkb)) // the copy is needed because wkb may be in a mapped file
}

// read reads the header of a geometry and returns what follows it.
func (n *wkbNode) read(data []byte) ([]byte, error) {
	if len(data) < 5 {
		return nil, pickle.Malformed("WKB: cut off")
	}
	switch data[0] {
	case 0:
		n.order = binary.BigEndian
	case 1:
		n.order = binary.LittleEndian
	default:
		return nil, pickle.Malformed("WKB: byte order %d", data[0])
	}
	code := n.order.Uint32(data[1:])
	data = data[5:]
	if code&0x20000000 != 0 {
		if len(data) < 4 {
			return nil, pickle.Malformed("WKB: cut off")
		}
		n.srid, data = n.order.Uint32(data), data[4:]
	}
	n.z, n.m = code&0x80000000 != 0, code&0x40000000 != 0
	n.kind = code & 0x1fffffff
	if thousands := n.kind / 1000; thousands > 0 && thousands < 4 { // ISO's form
		n.z, n.m = thousands != 2, thousands != 1
		n.kind %= 1000
	}
	if n.kind == 0 || int(n.kind) >= len(geometryNames) {
		return nil, pickle.Unsupported("WKB: a geometry of type %d", n.kind)
	}
	return data, nil
}

// dims returns the number of coordinates of a point.
func (n *wkbNode) dims() int {
	dims := 2
	if n.z {
		dims++
	}
	if n.m {
		dims++
	}
	return dims
}

// skip advances over the geometry and returns what follows it. If w is not nil, it writes the
// geometry there.
func (n *wkbNode) skip(depth int, w *wktWriter) (rest []byte, err error) {
	if depth > maxGeometryDepth {
		return nil, &pickle.LimitError{Limit: "Depth", Max: maxGeometryDepth, Want: int64(depth)}
	}
	if w != nil {
		w.begin(n)
	}
	switch n.kind {
	case 1:
		return n.point(n.data, w)
	case 2:
		return n.points(n.data, w)
	}
	count, data, err := n.count(n.data)
	if err != nil {
		return nil, err
	}
	w.open(count)
	for i := range count {
		w.comma(i)
		if n.kind == 3 {
			data, err = n.points(data, w)
		} else {
			data, err = n.member(data, depth, w)
		}
		if err != nil {
			return nil, err
		}
	}
	w.close(count)
	return data, nil
}

// member skips a member of a collection.
func (n *wkbNode) member(data []byte, depth int, w *wktWriter) ([]byte, error) {
	var part wkbNode
	data, err := part.read(data)
	if err != nil {
		return nil, err
	}
	if n.kind != 7 && part.kind != n.kind-3 {
		return nil, pickle.Malformed("WKB: a %s in a %s", geometryNames[part.kind],
			geometryNames[n.kind])
	}
	part.data = data
	if w != nil && n.kind != 7 {
		w.bare = true
	}
	return part.skip(depth+1, w)
}

// count reads the number of parts. Each part takes at least four bytes, which limits the number.
func (n *wkbNode) count(data []byte) (int, []byte, error) {
	if len(data) < 4 {
		return 0, nil, pickle.Malformed("WKB: cut off")
	}
	count := n.order.Uint32(data)
	data = data[4:]
	if uint64(count)*4 > uint64(len(data)) {
		return 0, nil, pickle.Malformed("WKB: %d parts in %d bytes", count, len(data))
	}
	return int(count), data, nil
}

// points skips a line or ring.
func (n *wkbNode) points(data []byte, w *wktWriter) ([]byte, error) {
	count, data, err := n.count(data)
	if err != nil {
		return nil, err
	}
	size := n.dims() * 8
	if count > len(data)/size {
		return nil, pickle.Malformed("WKB: %d points in %d bytes", count, len(data))
	}
	if w == nil {
		return data[count*size:], nil
	}
	w.open(count)
	for i := range count {
		w.comma(i)
		w.numbers(n, data[i*size:])
	}
	w.close(count)
	return data[count*size:], nil
}

// point skips a point. It is empty if its coordinates are NaN.
func (n *wkbNode) point(data []byte, w *wktWriter) ([]byte, error) {
	size := n.dims() * 8
	if len(data) < size {
		return nil, pickle.Malformed("WKB: cut off")
	}
	if w == nil {
		return data[size:], nil
	}
	x := math.Float64frombits(n.order.Uint64(data))
	y := math.Float64frombits(n.order.Uint64(data[8:]))
	if x != x && y != y {
		w.open(0)
		return data[size:], nil
	}
	w.open(1)
	w.numbers(n, data)
	w.close(1)
	return data[size:], nil
}

// wktWriter writes WKT. The methods open, close and comma do nothing if it is nil.
type wktWriter struct {
	text []byte
	bare bool // the next geometry is a member of a Multi type, which omits its type
}

// begin writes the type of a geometry.
func (w *wktWriter) begin(n *wkbNode) {
	if w.bare {
		w.bare = false
		return
	}
	w.text = append(w.text, geometryNames[n.kind]...)
	w.text = append(w.text, ' ')
	switch {
	case n.z && n.m:
		w.text = append(w.text, "ZM "...)
	case n.z:
		w.text = append(w.text, "Z "...)
	case n.m:
		w.text = append(w.text, "M "...)
	}
}

// open starts a list of count parts.
func (w *wktWriter) open(count int) {
	switch {
	case w == nil:
	case count == 0:
		w.text = append(w.text, "EMPTY"...)
	default:
		w.text = append(w.text, '(')
	}
}

// close ends a list of count parts.
func (w *wktWriter) close(count int) {
	if w != nil && count > 0 {
		w.text = append(w.text, ')')
	}
}

// comma separates part i from the one before.
func (w *wktWriter) comma(i int) {
	if w != nil && i > 0 {
		w.text = append(w.text, ", "...)
	}
}

// numbers writes the coordinates of a point.
func (w *wktWriter) numbers(n *wkbNode, data []byte) {
	for i := range n.dims() {
		if i > 0 {
			w.text = append(w.text, ' ')
		}
		w.text = appendWKT(w.text, math.Float64frombits(n.order.Uint64(data[8*i:])))
	}
}

// appendWKT appends a number as GEOS writes it: with the shortest digits, and with an exponent if
// its absolute value is at least 1e17 or below 1e-4.
func appendWKT(b []byte, x float64) []byte {
	switch abs := math.Abs(x); {
	case x != x:
		return append(b, "NaN"...)
	case math.IsInf(x, 0):
		return strconv.AppendFloat(b, x, 'f', -1, 64)
	case abs != 0 && (abs >= 1e17 || abs < 1e-4):
		b = strconv.AppendFloat(b, x, 'e', -1, 64)
		// Go writes at least two digits of the exponent.
		if n := len(b); b[n-2] == '0' && (b[n-3] == '-' || b[n-3] == '+') {
			b = append(b[:n-2], b[n-1])
		}
		return b
	case x == 0:
		return append(b, '0')
	}
	return strconv.AppendFloat(b, x, 'f', -1, 64)
}
