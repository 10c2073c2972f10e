#!/usr/bin/env python3
"""Writes reconstruct/testdata/shapely.json: pickles of shapely's geometries, each with its WKT in full.

    PYTHON scripts/gen_shapely.py FILE
"""

import base64
import json
import pickle
import sys

import numpy
import shapely

TEXTS = """POINT (1 2)|POINT EMPTY|POINT Z (1 2 3)|POINT (-0.1 1e300)|LINESTRING (0 0, 1 1.5, -2 3)
LINESTRING EMPTY|POLYGON ((0 0, 4 0, 4 4, 0 0), (1 1, 2 1, 2 2, 1 1))|POLYGON EMPTY|MULTIPOINT ((0 0), (1 2))
MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))|MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))
GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1), GEOMETRYCOLLECTION (POINT (3 4)))
GEOMETRYCOLLECTION EMPTY|MULTIPOINT EMPTY|LINESTRING Z (0 0 1, 1 1 2)|POINT M (1 2 3)|POINT ZM (1 2 3 4)
MULTIPOLYGON Z (((0 0 1, 1 0 2, 1 1 3, 0 0 1)))|MULTIPOINT (EMPTY, (1 2))
POINT (0.0001 0.00009999)|POINT (1e16 1e17)|POINT (123456789012345678 1e15)|POINT (1e21 -1e22)
POINT (0.1 0.30000000000000004)|POINT (-0 5e-324)|POINT (99999999999999984 1.7976931348623157e308)"""


def main(path):
    shapes = [shapely.from_wkt(t) for line in TEXTS.split("\n") for t in line.split("|")]
    shapes.append(shapely.set_srid(shapely.Point(1, 2), 4326))
    rng = numpy.random.default_rng(0)
    for scale in (1e-7, 1e-3, 1.0, 1e5, 1e12, 1e18):
        shapes.append(shapely.MultiPoint(rng.normal(size=(4, 2)) * scale))
    cases = []
    for protocol in (2, 4):
        for s in shapes:
            cases.append({"pickle": base64.b64encode(pickle.dumps(s, protocol)).decode(), "wkt": shapely.to_wkt(s, rounding_precision=30),
                          "srid": int(shapely.get_srid(s)), "type": s.geom_type.upper()})
    with open(path, "w") as f:
        json.dump(cases, f, indent=0)
        f.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
