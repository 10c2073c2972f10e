package convert_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/convert"
)

// geoScript writes frames of GeoPandas as pickles, Parquet and Arrow files ("make"), and compares
// the converted files with what GeoPandas itself reads ("check").
const geoScript = `
import json, os, pickle, sys, warnings
warnings.simplefilter('ignore')
import geopandas as gpd, pyarrow as pa, pyarrow.parquet as pq
from pyproj import CRS
from shapely.geometry import LinearRing, LineString, MultiPoint, Point, Polygon

shapes = [Point(1, 2), None, LineString([(0, 0), (1, 1.5)]), Polygon([(0, 0), (4, 0), (4, 4)]),
    MultiPoint([(0, 0), (1, 2)]), LinearRing([(0, 0), (1, 0), (1, 1)])]

def cases():
    for name, crs in {'none': None, 'name': 'EPSG:4326', 'crs84': 'OGC:CRS84', 'projected': 'EPSG:3857',
            'wkt': CRS('EPSG:4326').to_wkt(), 'projjson': CRS.from_json(CRS('EPSG:32633').to_json())}.items():
        yield name, gpd.GeoDataFrame({'a': range(6)}, geometry=shapes, crs=crs)
    yield 'empty', gpd.GeoDataFrame({'a': range(6)}, geometry=shapes, crs='EPSG:4326').iloc[:0]
    yield 'missing', gpd.GeoDataFrame({'a': [1, 2]}, geometry=gpd.GeoSeries([None, None]), crs='EPSG:4326')
    yield 'named', gpd.GeoDataFrame({'p': gpd.GeoSeries(shapes), 'q': gpd.GeoSeries(shapes[::-1])}, geometry='q')

def wkb(column):
    return [None if g is None else g.wkb for g in column]

def same(name, got, want, crs=True):
    for what, a, b in [('class', type(got), type(want)), ('columns', list(got.columns), list(want.columns)),
            ('geometry', got.geometry.name, want.geometry.name), ('rows', len(got), len(want))]:
        if a != b:
            print(name, what, a, b)
    for c in want.columns:
        if str(want[c].dtype) != 'geometry':
            continue
        if str(got[c].dtype) != 'geometry' or wkb(got[c]) != wkb(want[c]):
            print(name, c, got[c], want[c])
    if crs and (got.crs is None) != (want.crs is None) or crs and got.crs != want.crs:
        print(name, 'CRS', got.crs, want.crs)

def checked(name, f, path):
    pickled = pickle.load(open(path + '.parquet.pkl', 'rb'))
    theirs = gpd.read_parquet(path + '.parquet')
    same(name + ' of Parquet', pickled, theirs)
    arrow = pickle.load(open(path + '.arrow.pkl', 'rb')) # without GeoParquet's metadata if to_arrow made it
    same(name + ' of Arrow', gpd.GeoDataFrame(arrow, geometry=f.geometry.name), theirs)
    table = pq.read_table(path + '.go.parquet')
    arrow = pa.ipc.open_file(path + '.go.arrow').read_all()
    srs = f.crs.srs if f.crs is not None else None
    for t in (table, arrow):
        about = json.loads(t.schema.field(f.geometry.name).metadata[b'ARROW:extension:metadata'])
        kept = about.get('crs')
        if isinstance(kept, dict):
            kept, srs = CRS(json.dumps(kept)), CRS(srs)
        if kept != srs:
            print(name, 'CRS of the field', kept, srs)
        if hasattr(gpd.GeoDataFrame, 'from_arrow'):
            same(name + ' from_arrow', gpd.GeoDataFrame.from_arrow(t, geometry=f.geometry.name), f)
    # GeoParquet has a place for PROJJSON only, and for none: OGC:CRS84.
    exact = f.crs is None or f.crs.srs[:1] == '{' or f.crs.srs == 'OGC:CRS84' and hasattr(gpd.GeoDataFrame, 'from_arrow')
    if f.crs is None or f.crs.srs != 'OGC:CRS84' or exact: # before 0.10 GeoPandas wants a CRS
        same(name + ' as Parquet', gpd.read_parquet(path + '.go.parquet'), f, crs=exact)

done = 0
for name, f in cases():
    path = os.path.join(sys.argv[2], name)
    if sys.argv[1] == 'make':
        pickle.dump(f, open(path + '.frame.pkl', 'wb'), 4)
        f.to_parquet(path + '.parquet')
        with pa.OSFile(path + '.arrow', 'wb') as out:
            t = pa.table(f.to_arrow()) if hasattr(f, 'to_arrow') else pq.read_table(path + '.parquet')
            with pa.RecordBatchFileWriter(out, t.schema) as w:
                w.write_table(t)
    else:
        checked(name, f, path)
    done += 1
print('done', done)
`

// TestInteropObjectsGeo converts frames with geometries between pickles, GeoParquet and Arrow.
// GeoPandas compares the results with what it reads itself, including the CRS.
func TestInteropObjectsGeo(t *testing.T) {
	pythons := filepath.SplitList(os.Getenv("UNPKL_OBJECTS_PYTHONS"))
	if len(pythons) == 0 {
		t.Skip("UNPKL_OBJECTS_PYTHONS names no Python with GeoPandas")
	}
	for _, python := range pythons {
		name := filepath.Base(filepath.Dir(filepath.Dir(python)))
		if strings.HasPrefix(name, "py27") {
			continue // whose GeoPandas has no Parquet
		}
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			made, err := exec.Command(python, "-c", geoScript, "make", dir).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, made)
			}
			frames, err := filepath.Glob(dir + "/*.frame.pkl")
			if err != nil || len(frames) < 9 {
				t.Fatal(len(frames), err)
			}
			for _, path := range frames {
				base := strings.TrimSuffix(path, ".frame.pkl")
				for _, c := range [][2]string{
					{path, base + ".go.parquet"}, {path, base + ".go.arrow"},
					{base + ".parquet", base + ".parquet.pkl"},
					{base + ".arrow", base + ".arrow.pkl"},
				} {
					v, err := convert.Read(c[0])
					if err == nil {
						err = convert.Write(c[1], v)
					}
					if err != nil {
						t.Errorf("%s: %v", filepath.Base(c[0]), err)
					}
				}
			}
			out, err := exec.Command(python, "-c", geoScript, "check", dir).CombinedOutput()
			if err != nil || string(out) != string(made) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
