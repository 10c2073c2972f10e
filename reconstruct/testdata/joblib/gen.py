# -*- coding: utf-8 -*-
"""Writes files with the joblib that it runs under, beside what they hold.

    python gen.py        with joblib 0.8.4 or later, Python 2.7 or 3

makes joblib-VERSION-pyXY-HOW.* and, for each, an entry in joblib-VERSION-pyXY.json: what the
file's arrays were, by the path that leads to them. Each file is loaded again by joblib
first and compared.
"""
from __future__ import print_function, unicode_literals

import base64, io, json, os, sys

import joblib
import numpy as np

here = os.path.dirname(os.path.abspath(__file__))
numbers = tuple(int(x) for x in joblib.__version__.split(".")[:2])
prefix = "joblib-%s-py%d%d" % ((joblib.__version__,) + sys.version_info[:2])


def value():
    shared = np.arange(3, dtype="<i4")
    point = np.dtype([(str("x"), str("<f8")), (str("y"), str(">i2"))])
    mapped = np.memmap(os.path.join(here, "scratch"), dtype="<u2", mode="w+", shape=(2, 2))
    mapped[:] = [[1, 2], [3, 4]]
    return {
        "ints": np.arange(5, dtype="<i8"),
        "fortran": np.asfortranarray(np.arange(12, dtype="<f4").reshape(3, 4)),
        "big": np.array([1, -2, 3], ">i2"),
        "bool": np.array([True, False]),
        "text": np.array(["a", "\xe9\u20ac", ""]),
        "bytes": np.array([b"abc", b"d"]),
        "datetime": np.array(["2023-01-15", "NaT"], "<M8[D]"),
        "struct": np.array([(1.5, 2), (-3, 4)], point),
        "zero_d": np.array(2.5),
        "empty": np.zeros((0, 3)),
        "strided": np.arange(10, dtype="<i8")[::2],
        "matrix": np.matrix([[0, 1, 2]], dtype="<i8"),
        "memmap": mapped,
        "object": np.array([None, 1, "x", {"a": [1, 2]}], object),
        "shared": [shared, shared],
        "nested": {"deep": [np.ones((2, 2))]},
        "masked": np.ma.array([1.0, 2.0], mask=[False, True]),
        "name": "C'est l'\xe9t\xe9 !",
        "number": 42,
    }


def few(v):
    """For the versions that put each array into a file of its own."""
    return {k: v[k] for k in ("ints", "fortran", "text", "matrix", "object", "nested", "name")}


def arrays(v, path=""):
    if isinstance(v, np.ma.MaskedArray):
        return
    if isinstance(v, np.ndarray):
        yield path, v
    elif isinstance(v, dict):
        for k in sorted(v):
            for pair in arrays(v[k], path + "/" + k):
                yield pair
    elif isinstance(v, list):
        for i, x in enumerate(v):
            for pair in arrays(x, "%s/%d" % (path, i)):
                yield pair


def describe(a):
    d = {"shape": list(a.shape), "fortran": bool(a.flags.f_contiguous and not a.flags.c_contiguous), "matrix": isinstance(a, np.matrix)}
    if a.dtype.hasobject:
        d["objects"] = repr(a.tolist()).replace("u'", "'")
    else:
        d["descr"] = repr(a.dtype.descr if a.dtype.names else a.dtype.str).replace("u'", "'")
        d["data"] = base64.b64encode(a.tobytes()).decode("ascii")
    return d


def check(v, w):
    """joblib's own load gives the same arrays."""
    got, want = dict(arrays(w)), dict(arrays(v))
    assert sorted(got) == sorted(want)
    if numbers < (0, 10):
        # These give an empty matrix with NumPy 1.11; the .npy file beside is right.
        want.pop("/matrix")
    for k in want:
        assert got[k].shape == want[k].shape and (got[k] == want[k])[want[k] == want[k]].all(), k


class NoTell(io.BytesIO):
    def tell(self):
        raise io.UnsupportedOperation()


def main():
    v = value() if numbers >= (0, 10) else few(value())
    expected = {k: describe(a) for k, a in arrays(v)}
    files = []

    def dump(how, ending, **kwargs):
        name = prefix + "-" + how + ending
        path = os.path.join(here, name)
        joblib.dump(v, path, **kwargs)
        check(v, joblib.load(path))
        files.append(name)

    dump("raw", ".pkl", compress=0)
    if numbers < (0, 10):
        dump("zfile", ".pkl", compress=3)
        if numbers >= (0, 9):  # 0.8.4 cannot read its own
            dump("zfiles", ".pkl", compress=3, cache_size=0)
    else:
        methods = ["zlib", "gzip", "bz2"] + (["xz", "lzma"] if sys.version_info[0] > 2 else [])
        if numbers >= (0, 12):
            methods.append("lz4")
        for method in methods:
            dump(method, ".pkl", compress=(method, 3))
    if numbers >= (1, 2):
        for protocol in (0, 2, 3, 4, 5):
            dump("p%d" % protocol, ".pkl", protocol=protocol)
        out = NoTell()
        joblib.dump(v, out)
        check(v, joblib.load(io.BytesIO(out.getvalue())))
        files.append(prefix + "-notell.pkl")
        with open(os.path.join(here, files[-1]), "wb") as f:
            f.write(out.getvalue())
        # Not in the list: an array that is big enough to be worth sharing.
        joblib.dump({"big": np.arange(2048, dtype="<u2")}, os.path.join(here, prefix + "-big.pkl"))
    with open(os.path.join(here, prefix + ".json"), "w") as f:
        text = json.dumps({"joblib": joblib.__version__, "numpy": np.__version__, "python": sys.version.split()[0], "files": files, "arrays": expected}, indent=1, sort_keys=True)
        f.write(text + str("\n"))
    v = None
    os.remove(os.path.join(here, "scratch"))


main()
