#!/usr/bin/env python3
"""Writes reduce.json: what NumPy's sum, mean, min and max give along axes, bit for bit.

    python gen_reduce.py > reduce.json

Runs under NumPy 2. An array is given by a dtype, a shape and a seed, from which the test makes the
same elements by the arithmetic of `numbers` below. A result is its dtype, its shape and its bytes in
hexadecimal, or of more than 32 bytes the beginning of their SHA-256, with one kind of NaN and of zero.
"""
import hashlib
import json
import sys
import warnings

import numpy as np

warnings.simplefilter("ignore")

DTYPES = ["|b1", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8",
          "<c8", "<c16", ">f8", ">i4", ">f4", "<m8[s]", "<M8[ms]"]
SHAPES = [(), (0,), (1,), (7,), (8,), (9,), (127,), (128,), (129,), (1000,), (9000,), (20000,),
          (3, 4), (4, 3, 5), (2, 300), (300, 2), (1, 17, 1, 9), (0, 3), (3, 0), (20, 500), (7, 3000), (5, 4, 6, 3)]


def numbers(n, seed):
    """n pseudo-random unsigned integers: splitmix64."""
    x = (np.arange(1, n + 1, dtype=np.uint64) + np.uint64(seed) * np.uint64(1 << 32)) \
        * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def floats(n, seed):
    u = numbers(n, seed)
    x = np.ldexp((u >> np.uint64(11)).astype("f8"), ((u >> np.uint64(3)) & np.uint64(15)).astype("i4") - 61)
    x = np.where(u & np.uint64(1), -x, x)
    if seed % 4 == 0 and n > 4:
        x[n // 2] = np.nan
    if seed % 4 == 1 and n > 4:
        x[n // 3], x[0] = np.inf, -0.0
    return x


def array(dtype, shape, seed):
    d, n = np.dtype(dtype), int(np.prod(shape))
    if d.kind == "b":
        a = (numbers(n, seed) & np.uint64(1)).astype(d)
    elif d.kind in "iu":
        a = (numbers(n, seed) & np.uint64(2 ** (8 * d.itemsize) - 1)).astype("u8").astype(d)
    elif d.kind in "mM":
        a = (numbers(n, seed) >> np.uint64(40)).astype("i8")
        if seed % 4 == 0 and n > 4:
            a[n // 2] = np.iinfo("i8").min
        a = a.view(d)
    elif d.kind == "c":
        a = (floats(2 * n, seed).astype("f%d" % (d.itemsize // 2))).view(d)
    else:
        a = floats(n, seed).astype(d)
    return a.reshape(shape)


def views(a):
    yield "", a
    if a.ndim >= 2:
        yield "T", a.T
    if a.ndim >= 1 and a.shape[0] > 1:
        yield "2", a[::2]
        yield "-1", a[::-1]


def shown(x):
    x = np.asarray(x)
    x = x.astype(x.dtype.newbyteorder("<"))
    if x.dtype.kind in "fc":
        parts = np.ascontiguousarray(x).view("<f%d" % (x.dtype.itemsize // (1 + (x.dtype.kind == "c"))))
        parts = np.where(np.isnan(parts), np.nan, parts + 0.0).astype(parts.dtype)
        data = parts.tobytes()
    else:
        data = x.tobytes()
    text = data.hex() if len(data) <= 32 else hashlib.sha256(data).hexdigest()[:24]
    return [x.dtype.str, list(x.shape), text]


def main():
    cases, seed = [], 0
    for dtype in DTYPES:
        for shape in SHAPES:
            seed += 1
            for how, a in views(array(dtype, shape, seed)):
                axes = [()] + [(i,) for i in range(a.ndim)] + ([(0, -1)] if a.ndim > 1 else [])
                for axis in axes:
                    got = []
                    for name in ("sum", "mean", "min", "max"):
                        try:
                            got.append(shown(getattr(np, name)(a, axis=axis or None)))
                        except (ValueError, TypeError):
                            got.append(None)
                    cases.append([dtype, list(shape), seed, how, list(axis)] + got)
    print('{"numpy": "%s", "cases": [' % np.__version__)
    print(",\n".join(json.dumps(c, separators=(",", ":")) for c in cases))
    print("]}")


main()
