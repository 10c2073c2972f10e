#!/usr/bin/env python3
"""Writes masked.json: masked arrays by their dtype, shape, bytes and mask, and what NumPy 2 prints."""
import json
import sys

import numpy as np

rng = np.random.default_rng(2)
cases = []
for dtype in ("|b1", "|i1", "<i4", ">i8", "<u2", "<f2", "<f4", "<f8", "<c8", "<c16", "<U3", "|S2"):
    for shape in ((), (1,), (5,), (2, 3), (2, 2, 2), (0,), (3, 40), (40, 40)):
        n = int(np.prod(shape))
        d = np.dtype(dtype)
        if d.kind in "US":
            data = rng.choice(["a", "bc", ""], n).astype(d)
        elif d.kind == "c":
            data = (rng.standard_normal(n) * 100 + 1j).astype(d)
        elif d.kind == "f":
            data = (rng.standard_normal(n) * 100).astype(d)
        else:
            data = rng.integers(0, 2 if d.kind == "b" else 100, n).astype(d)
        mask = rng.random(n) < 0.3
        m = np.ma.MaskedArray(data.reshape(shape), mask.reshape(shape))
        if dtype == "<f8" and shape == (5,):
            m = np.ma.MaskedArray(data.reshape(shape))
        cases.append({"dtype": dtype, "shape": list(shape), "hex": data.tobytes().hex(),
                      "mask": None if m.mask is np.ma.nomask else mask.tobytes().hex(), "str": str(m)})
json.dump(cases, sys.stdout, indent=0)
print()
