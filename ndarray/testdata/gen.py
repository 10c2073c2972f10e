"""Writes the expected values of package ndarray's tests, by NumPy itself.

    python3 -m venv np1 && np1/bin/pip install numpy==1.26.4   # CPython 3.11
    python3 -m venv np2 && np2/bin/pip install numpy==2.5.5    # CPython 3.13
    np1/bin/python gen.py names > numpy1.json
    np2/bin/python gen.py all > numpy2.json

Run on x86-64 Linux: long doubles are the 80-bit kind there.
"""
import hashlib
import json
import sys
import warnings

import numpy as np
from numpy.lib import format as npyformat

warnings.simplefilter("ignore")

NAMES = """i4,f8 3i4 (2,3)f8 S U V c p P M8[25s/5] M8[D/4] M8[Y/12] M8[M/30] M8[W/7] M8[h/60] M8[m/60000] M8[s/1000]
 M8[7s/1000000] M8[ms/1000] M8[as/10] M8[3Y/365] M8[Y/7] M8[D/1440] M8[W/10080] M8[s] M8 datetime64[ns] timedelta64[7D]
 M8[-1s] <M8[us] |i4 =i4 i I l L q Q h H g G F D e f d int long float128 f16 c32 str str5 bytes void object O O4 O8 |O
 b1 ?1 b b2 B u1 i3 >U3 <U |U3 float complex Int8 int_ longlong 2i4,f8 >i4,<f8 2>i4 M8[generic] int32,int64 void8 V0 S0 U0
 >S3 (1,)i4 ()i4 f8[3] m8[as] M m M8[ns]x M4 uint half single D8 i04 i+4 i4.0 record string unicode str_ object_ datetime64
 O16 M8[] M8[s d8 {'a':1} <>i4 S5,U3 ? <? b8 generic number double csingle cdouble clongdouble byte ubyte short ushort
 intc uintc intp uintp ulonglong ulong bool_ complex256 longdouble i4,f8, M8[10000000000s] S2147483647 <float64 >f8 >c16 >M8[3D]
 >i2 >m8 f2 f4 f8 c8 c16 u2 u4 u8 i1 i2 i8 V5 S1 U1 >f16 >c32 m8[15m] M8[h] M8[W] M8[Y] M8[M] M8[fs] M8[ps] (2,3)i4,(4,)>f8
 f8,(2,2)S3,U2 i4i4 ,i4 (2 (-1,)i4 i99999999999 S-2 timedelta64 M8[2Y] 2i2,3i2""".split() + ["i4, f8", "i4 ,f8", " i4", "i4 ", "", "i4,,f8", "(2, 3)f8"]


def describe(d):
    try:
        descr = repr(npyformat.dtype_to_descr(d)) if d.subdtype is None else None
    except ValueError:
        descr = None
    order = d.byteorder
    if order == "=":
        order = "<"
    return {"str": str(d), "repr": repr(d), "typestr": d.str, "name": d.name, "descr": descr, "kind": d.kind, "itemsize": d.itemsize,
            "alignment": d.alignment, "byteorder": order, "isnative": d.isnative, "hasobject": d.hasobject, "aligned": d.isalignedstruct}


def names():
    out = []
    for s in NAMES:
        try:
            out.append({"in": s, "ok": True, **describe(np.dtype(s))})
        except (TypeError, ValueError, SyntaxError):
            out.append({"in": s, "ok": False})
    return out


def structs():
    D = np.dtype
    dts = [
        D([("x", "<i4"), ("y", "<f8")]), D([("x", "<i4"), ("y", "<f8")], align=True), D([]),
        D([("a", ">i2", (2, 3)), ("b", "U3"), ("c", [("d", "M8[ns]"), ("e", "?")])]),
        D([(("Title", "x"), "i4"), ("y", "S2")]), D({"names": ["a", "b"], "formats": ["i4", "i2"], "offsets": [4, 0], "itemsize": 12}),
        D({"names": ["a", "b"], "formats": ["i4", "i4"], "offsets": [0, 2], "itemsize": 6}),
        D({"names": ["a"], "formats": ["u1"], "offsets": [3], "itemsize": 10}), D([("a", "O"), ("b", "i4")]), D([("a", "O")], align=True),
        D([("x", "f4"), ("y", [("z", "u1"), ("w", "f8")])], align=True), D([("it's", "i1"), ("q\"", "i1"), ("\u00e9\n", "i1"), ("\x7f\u200b", "i1")]),
        D([("a", "V3"), ("b", "S0"), ("c", "V0")]), D(("i4", (2, 3))), D((D([("p", "<c8")]), (2,))), D([("s", D([("p", "<c8")]), (2, 1))]),
        D({"names": ["a", "b"], "formats": ["i1", "f8"], "titles": ["A", None]}, align=True),
        D([("g", "g"), ("G", "G"), ("e", "e")]), D([("a", "i4", (1,)), ("b", "i4", ()), ("c", "i4", (0, 3))]),
    ]
    return [describe(d) | {"fields": [[n, d.fields[n][1]] for n in d.names or ()]} for d in dts]


def entry(a, shape=None):
    """An array by its bytes in C order and what NumPy prints."""
    return {"dtype": str(a.dtype), "shape": list(a.shape), "order": "F" if a.flags.fnc else "C",
            "hex": a.tobytes("A").hex(), "str": str(a), "repr": repr(a) if a.ndim else ""}


def arrays():
    rng = np.random.RandomState(42)
    A = np.array
    out = [A(x) for x in (
        [1.0, 2.0], [1.5, -2.25, 1e-5], [1e10, 1.0], [np.nan, 1.0, np.inf, -np.inf], [np.nan, np.inf], [0.1, 0.2, 0.3], [1 / 3, 2 / 3, 1e3],
        [1e8], [1e-4], [9.99e-5], [123456789.0, 0.5], [1e100, 1e-100], [0.0, -0.0], [1e16, 1.0], [[1.0, 2.5], [3.125, 4.0]],
        [12345.678, 0.001], [0.00012345678912], [99999999.9], [1 + 2j, 3 - 4.5j], [1e10 + 1j, np.nan - 1j], [complex(np.inf, -np.inf), 0j], [0j, -1.5e-7j],
        [True, False], [[True], [False]], [1, -22, 333], [], [[], []], [b"ab", b"c'", b"\xff\x00x"], ["a", "b'c", 'd"\'', "\u00e9\t\u2028", ""], 5, 2.5, True,
        1e16, 1e-5, 1e22, "text", b"by\xff", 3 + 4j, -0.0, float("nan"), 1j, complex(float("nan"), float("inf")), complex(-0.0, 2), complex(1e16, 1e-5))]
    out += [np.arange(n) for n in (100, 1000, 1001)] + [np.arange(2000).reshape(20, 100), np.arange(3000.0).reshape(10, 3, 100), np.arange(24).reshape(2, 3, 4)]
    out += [np.arange(1200.0).reshape(4, 3, 100), np.ones((1, 1, 1, 1)), np.arange(16).reshape(2, 2, 2, 2), np.asfortranarray(np.arange(6.0).reshape(2, 3))]
    out += [rng.randn(30), rng.randn(5, 5), rng.randn(1500), rng.randn(30) * 1e6, rng.randn(30) * 1e-6, rng.randn(20) ** 9, rng.randn(40, 40)]
    for t in ("f2", "f4", "f8", "f16"):
        out += [rng.randn(17).astype(t), (rng.randn(9) * 900).astype(t), A([0.1, 1.0, 100.5], t), A([1e-7, 1, 3], t), A([1e3, 1], t), A([65000, 0.25], t)]
        out += [A(0.1, t), A(1e5, t), A(3, t)]
    for t in ("c8", "c16", "c32"):
        out += [(rng.randn(5) + 1j * rng.randn(5)).astype(t), A([0.1 + 1e-9j, 3], t), A(0.1 + 0.7j, t)]
    for t in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", ">i4", ">f8", ">c8", ">u2"):
        out += [A([0, 1, 100, 7], t)]
    out += [A([-2**63, 2**63 - 1]), A([2**64 - 1, 0], "u8"), A(["2020-01-01", "NaT"], "M8[D]"), A(["2020-01-01T10:00:00.5"], "M8[ms]"), A(["NaT"], "M8[s]")]
    out += [A([5, "NaT", -3], "m8[s]"), A(["NaT"], "m8[D]"), A([[1, 2], [3, 4]], "m8[ns]"), A("2020-02-03T04", "M8[h]"), A(5, "m8[D]"), A("NaT", "m8[D]"), A(7, "m8[25s]")]
    out += [A(["1969-12-31", "0001-01-01", "12345-01-01"], "M8[D]"), A([-3000, 5], "M8[Y]"), A(range(200), "M8[D]"), A([3], ">M8[W]"), A([1, 2], "M8[25s]")]
    s = A([(1, 2.5, "ab"), (-20, np.nan, "c")], [("x", "i4"), ("y", "f8"), ("z", "U3")])
    out += [s, s[0:1], s.reshape(2, 1), s[0].copy().reshape(()), A([((1, 2), True)], [("p", "i2", 2), ("q", "?")]), A([(5,)], [("only", "u1")])]
    out += [A([((1, (2, 3.5)), b"x")], [("n", [("a", "i1"), ("m", [("b", "i1"), ("c", "f4")])]), ("s", "S2")]), np.zeros(3, []), np.zeros(2000, [("a", "i4"), ("b", "f4", (2, 2))])]
    out += [np.zeros(2, [("d", "M8[s]"), ("t", "m8[D]"), ("v", "V2"), ("c", "c8")]), np.zeros(1, [("big", "f8", (1001,))]), np.zeros(2, "V3"), A(b"\x01\xab", "V2")]
    out += [np.zeros((0, 3)), np.zeros((3, 0), "i2"), np.zeros(0, "S3"), np.zeros((2,) * 7, "i1"), np.zeros((7, 7, 7, 7), "i1"), np.array(["x" * 100, "y"]), np.array(["word"] * 40)]
    return [entry(a) for a in out]


def datetimes():
    rng = np.random.RandomState(7)
    out = []
    for unit in ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"):
        for num in (1, 2, 25):
            values = [0, 1, -1, 2, 11, 12, 59, 60, 365, 366, 1000, 1001, -1000, 10957, 11016, 86399, 86400, -719162, -719163, -719528, -719529, 253402300800]
            values += [int(v) for v in rng.randint(-10**6, 10**6, 8)] + ([int(v) for v in rng.randint(-2**58, 2**58, 8)] if unit in ("us", "ns", "ps", "fs", "as") else [])
            if unit in ("us", "ns", "ps", "fs", "as") and num == 1:
                values += [2**63 - 1, -2**63 + 1]
            if unit in ("Y", "M", "W", "D"):
                values = [v for v in values if abs(v) < 10**9]
            for v in values:
                t = np.array([v], "i8").view(f"M8[{num}{unit}]")
                d = np.array([v], "i8").view(f"m8[{num}{unit}]")
                dur = str(d[0]) if abs(v) * num < 2**62 else ""
                out.append([unit, num, str(v), str(t[0]), dur])
    return out


def longdoubles():
    rng = np.random.RandomState(3)
    L = np.longdouble
    xs = [L(x) for x in (0.0, -0.0, 1, -1, 0.1, 1.5, 1e16, 1e15, 123456789, 1e-4, 9.9e-5, 2**63, 2.0**64, np.inf, -np.inf, np.nan, 1e300, 5e-324)]
    xs += [L(1) / L(3), L(2) ** L(0.5), np.finfo(L).max, np.finfo(L).tiny, np.finfo(L).eps, L(10) ** 4000, L(2) ** -16445, L(3) * L(2) ** -16445, L(2) ** 16383, L("0.1"), L("1e-4950")]
    xs += [L(a) * L(2) ** int(b) + L(c) for a, b, c in zip(rng.randn(60), rng.randint(-16000, 16000, 60), rng.randn(60))]
    xs += [L(2) ** int(b) for b in rng.randint(-16000, 16000, 40)]
    out = []
    for x in xs:
        raw = np.array([x]).tobytes()[:10] + bytes(6)
        with np.errstate(all="ignore"):
            out.append({"hex": raw.hex(), "swapped": raw[::-1].hex(), "str": str(x), "float64": float(x).hex()})
    return out


def halves():
    bits = np.arange(65536, dtype="u2")
    h = bits.view("f2")
    text = "\n".join(str(x) for x in h)
    doubles = h.astype("f8").tobytes()
    ok = ~np.isnan(h)
    rng = np.random.RandomState(5)
    xs = np.concatenate([rng.randn(300) * 10.0 ** rng.randint(-9, 6, 300), [65504, 65519.99, 65520, 65536, 1e300, 2**-25, 2**-25 * 1.0000001, 2**-24, 3 * 2**-25, 5e-324, 0.0, -0.0, np.inf, -np.inf],
                         (h[ok & (h > 0) & np.isfinite(h)][:200].astype("f8") + h[ok & (h > 0) & np.isfinite(h)][1:201].astype("f8")) / 2, [1 + 2**-11, 1 + 3 * 2**-11, 2047.5, 2048.5 - 0.5]])
    with np.errstate(all="ignore"):
        return {"text_sha256": hashlib.sha256(text.encode()).hexdigest(), "notnan_sha256": hashlib.sha256(h[ok].astype("f8").tobytes()).hexdigest(),
                "from64": [[float(x).hex(), int(b)] for x, b in zip(xs, xs.astype("f2").view("u2"))]}


def layouts():
    """Views of a block of bytes, by steps, and their bytes in both orders."""
    out = []
    steps = [[], [["T"]], [["slice", 0, 3, 0, -1]], [["slice", 1, None, None, 2]], [["T"], ["slice", 0, 1, 3, 1]], [["index", 1]], [["index", -1], ["T"]],
             [["slice", 2, None, None, -1], ["transpose", 1, 2, 0]], [["slice", 0, -100, 100, 2], ["reshape", -1]], [["reshape", 6, -1]], [["T"], ["index", 2], ["slice", 1, -1, -5, -2]],
             [["slice", 1, 2, 2, 1]], [["transpose", 2, 0, 1], ["reshape", 5, 12]], [["slice", 2, 4, 0, -3]]]
    for dt in ("u1", "<i2", ">i4", "<f8", ">c16", "S3", "<f16", "V5", "i2,>f4", "U1"):
        d = np.dtype(dt)
        data = bytes((i * 7 + i // 250) % 256 for i in range(60 * d.itemsize))
        for st in steps:
            a = np.frombuffer(data, d).reshape(3, 4, 5)
            for s in st:
                if s[0] == "T":
                    a = a.T
                elif s[0] == "transpose":
                    a = a.transpose(s[1:])
                elif s[0] == "index":
                    a = a[s[1]]
                elif s[0] == "reshape":
                    a = a.reshape(s[1:])
                else:
                    a = a[(slice(None),) * s[1] + (slice(*s[2:]),)]
            out.append({"dtype": dt, "steps": [[x if x is not None else ("lo" if i == 2 else "hi") for i, x in enumerate(s)] for s in st],
                        "shape": list(a.shape), "strides": list(a.strides), "c": hashlib.sha256(a.tobytes("C")).hexdigest(), "f": hashlib.sha256(a.tobytes("F")).hexdigest(),
                        "ccontig": a.flags.c_contiguous, "fcontig": a.flags.f_contiguous, "base": bool(np.shares_memory(a, np.frombuffer(data, "u1"))) if a.size else True})
    return out


def stats():
    out = []
    rng = np.random.RandomState(11)
    for a in (np.arange(10), np.array([1.5, np.nan, -2]), np.array([], "f8"), np.array([True, False, True]), rng.randn(1000), rng.randn(1000).astype("f4"), np.array([np.nan]),
              np.array([2**62, 2**62, -5]), np.array([2**64 - 1, 1], "u8"), np.array([np.inf, 1]), np.array([np.inf, -np.inf]), rng.randn(7, 9).astype(">f8").T, np.array([1, 2], "f2"), np.array([-1, 5], "i1")):
        with np.errstate(all="ignore"):
            nan = int(np.isnan(a).sum()) if a.dtype.kind == "f" else 0
            lo, hi = (float(a.min()).hex(), float(a.max()).hex()) if a.size else (None, None)
            mean = float(a.astype("f8").mean()).hex() if a.size else None
        out.append({"dtype": a.dtype.str, "shape": list(a.shape), "hex": a.tobytes().hex(), "min": lo, "max": hi, "mean": mean, "nan": nan})
    return out


def closeness():
    out = []
    N = np.nan
    for x, y, rtol, atol, nan in (([1, 2], [1, 2], 1e-5, 1e-8, False), ([1.0], [1.00001], 1e-5, 1e-8, False), ([1.0], [1.00002], 1e-5, 1e-8, False), ([N], [N], 1e-5, 1e-8, False),
                                  ([N], [N], 1e-5, 1e-8, True), ([np.inf], [np.inf], 0, 0, False), ([np.inf], [-np.inf], 1, 1, False), ([np.inf], [1e300], 1, 1, False), ([0.0], [1e-8], 0, 1e-8, False),
                                  ([0.0], [1.1e-8], 0, 1e-8, False), ([1e10, 1e-7], [1.00001e10, 1e-8], 1e-5, 1e-8, False), ([1e10, 1e-8], [1.0001e10, 1e-9], 1e-5, 1e-8, False), ([1.0], [2.0], 0, 1, False), ([1 + 1j], [1 + 1.00001j], 1e-5, 1e-8, False), ([1], [N], 1e-5, 1e-8, True)):
        x, y = np.array(x), np.array(y)
        out.append({"xd": x.dtype.str, "x": x.tobytes().hex(), "yd": y.dtype.str, "y": y.tobytes().hex(), "n": x.size, "rtol": rtol, "atol": atol, "equal_nan": nan, "close": bool(np.allclose(x, y, rtol, atol, nan))})
    return out


def conversions():
    """Which arrays every value of which another dtype holds, by Python's exact numbers, and the bytes there."""
    sources = []
    for t in ("i1", "i2", "<i4", ">i4", "i8", "u1", "u2", "u4", "u8", ">u8"):
        i = np.iinfo(t)
        sources += [np.array(v, t) for v in ([0, 1, 100], [i.min, i.max], [i.max // 2 + 1], [i.max // 4 + 1, 2])]
    sources += [np.array([2**53, 2**53 + 1], "i8"), np.array([2**53, 2**60], "i8"), np.array([-2**63], "i8"), np.array([2**63 - 1024], "u8"), np.array([2**24 + 1], "i4"), np.array([-(2**24)], "i4")]
    for t in ("f2", "<f4", ">f4", "f8", "f16"):
        sources += [np.array(v, t) for v in ([0.0, 1.0, -3.0], [0.5], [np.nan, 1], [np.inf], [255.0, 256.0], [-1.0], [60000.0], [2.0**15])]
    sources += [np.array(v) for v in ([0.1], [2.0**63], [2.0**64], [-(2.0**63)], [1e300], [2.0**63 - 1024], [16777217.0], [True, False], [1 + 2j], [0.1 + 0j])]
    sources += [np.array([1 + 0.5j], ">c8"), np.array(["2020-01-01", "NaT"], "M8[s]"), np.array([5], ">m8[D]"), np.arange(24, dtype=">i2").reshape(2, 3, 4).T, np.array([b"1"]), np.array(["1"])]
    out = []
    for a in sources:
        for t in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"):
            d = np.dtype(t)
            ok = a.dtype.kind not in "SU" and (a.dtype.kind != "c" or d.kind == "c") and (a.dtype.kind not in "mM" or t == "i8")
            with np.errstate(all="ignore"):
                for x in a.ravel() if ok and a.dtype.kind not in "mM" else []:
                    if d.kind == "c":
                        y, x = d.type(x), np.clongdouble(x)
                        ok &= bool(np.clongdouble(y) == x or np.isnan(x))
                    elif d.kind == "f":
                        y = d.type(x) if a.dtype.kind == "f" else d.type(float(int(x)))
                        ok &= bool(np.isnan(y) and np.isnan(x)) or (int(y) == int(x) and np.longdouble(y) == np.longdouble(x) if np.isfinite(y) else y == x)
                    else:
                        lo, hi = (0, 1) if t == "?" else (np.iinfo(d).min, np.iinfo(d).max)
                        ok &= bool(np.isfinite(x)) and int(x) == x and lo <= int(x) <= hi
                data = np.ascontiguousarray(a).astype(a.dtype.newbyteorder("=")).astype(d).tobytes().hex() if ok else ""
            out.append({"dtype": str(a.dtype) if a.dtype.kind in "mM" else a.dtype.str, "shape": list(a.shape), "order": "F" if a.flags.fnc else "C", "hex": a.tobytes("A").hex(), "to": t, "ok": bool(ok), "data": data})
    return out


def main():
    out = {"numpy": np.__version__, "python": sys.version.split()[0], "names": names()}
    if sys.argv[1] == "all":
        out |= {"structs": structs(), "arrays": arrays(), "datetimes": datetimes(), "longdoubles": longdoubles(), "halves": halves(), "layouts": layouts(), "stats": stats(), "closeness": closeness(), "conversions": conversions()}
    json.dump(out, sys.stdout, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    print()


main()
