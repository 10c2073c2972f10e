#!/usr/bin/env python3
"""Writes ndarray/testdata/packbits.json: what numpy.packbits and unpackbits make of small arrays."""
import json, pathlib
import numpy as np

rng = np.random.default_rng(3)
cases = []
for shape in [(0,), (1,), (7,), (8,), (9,), (17,), (3, 10), (2, 3, 5), (4, 0), (2, 16)]:
    a = rng.random(shape) > 0.5
    for axis in range(-1, len(shape)):
        for order in ("big", "little"):
            packed = np.packbits(a, axis=axis, bitorder=order)
            for count in (None, 0, 3, -1, a.shape[axis], 12):
                if packed.shape[axis] == 0 and count is not None and count > 0:
                    continue  # NumPy 2.4 leaves the elements as the memory is
                try:
                    wide = np.unpackbits(packed, axis=axis, count=count, bitorder=order)
                except ValueError:
                    continue
                cases.append({
                    "shape": shape, "axis": axis, "order": order, "data": a.tobytes().hex(),
                    "packed_shape": packed.shape, "packed": packed.tobytes().hex(), "count": count,
                    "wide_shape": wide.shape, "wide": wide.tobytes().hex(),
                })
path = pathlib.Path(__file__).parent.parent / "ndarray/testdata/packbits.json"
path.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
