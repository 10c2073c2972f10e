#!/usr/bin/env python3
"""Writes testdata/plain/fast-paths-pyN.json.gz, N the major version of the Python that runs it: pickles, in base64,
of the values that the fast paths of unpkl take and of near ones that they leave. The tests compare what is read
by several ways, so nothing is said of the values.

    .venvs/py313-np2/bin/python scripts/gen_fast_path_cases.py
    .venvs/py27-np116/bin/python scripts/gen_fast_path_cases.py
"""
import base64
import datetime
import decimal
import gzip
import io
import json
import os
import pickle
import sys

import numpy as np

THREE = sys.version_info[0] == 3
PROTOCOLS = range(6) if THREE else range(3)


def records(make):
    return [{"id": i, "name": u"n%d" % i, "values": make(i)} for i in range(3)]


def fields():
    return [
        {
            "id": i,
            "f8": np.arange(3) / (i + 1.0),
            "f4": np.array([i, 0.5], "f4"),
            "i2": np.array([-i], "i2"),
            "u1": np.array([i, 200, 92, 10], "u1"),
            "arr": np.arange(2 * i).reshape(2, i),
            "none": None,
        }
        for i in range(3)
    ]


def rows():
    return [
        {"id": i, "name": "n%d" % i, "value": i / 2.0, "tags": ["t%d" % (i % 2), u"g"], "active": i % 2 == 0, "date": u"2020"}
        for i in range(5)
    ]


def readonly(i):
    a = np.arange(4.0) + i
    a.setflags(write=False)
    return a


ARRAYS = [
    lambda i: np.array([1.5 * i, -i], ">f8"),
    lambda i: np.array([i % 2 == 0, True]),
    lambda i: np.array([1j, i]),
    lambda i: np.array([i, 7], "f2"),
    lambda i: np.array(["a%d" % i, "b"], "S3"),
    lambda i: np.array([u"a\xe9", u"b"]),
    lambda i: np.array(i / 2.0),
    lambda i: np.zeros((0,)),
    lambda i: np.zeros((2, 0, 3)),
    lambda i: np.arange(8).reshape(2, 2, 2),
    lambda i: np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    readonly,
    lambda i: np.arange(12.0)[::2],
    lambda i: np.array(["2020-01-0%d" % (i + 1)], "M8[D]"),
    lambda i: np.zeros(2, [("a", "i4")]),
    lambda i: np.array([None, i]),
    lambda i: np.float64(i),
    lambda i: np.ones((1, 1, 1, 1, 1)),
    lambda i: np.array([2**40 + i, 2**63 + 7], "u8"),
    lambda i: np.arange(200.0) + i,
]


def values():
    text = "k" * 40
    yield [{}, [], (), {"a": {}}, {"a": [{}]}, [[[]]], ({},), ((),), {1: 2, "b": 3}, {1: [1]}, {True: 1}, {1.5: 2}, {(1, 2): 3}, {None: 1}]
    for v in [{}, [], (), {"a": {}}, {"a": [{}]}, [[[]], [], ()], ({}, {}), {1: 2, "b": 3}, {"b": 3, 1: 2}, {1: [1]}]:
        yield v
    for v in [{2.0: 1}, {(1, 2): 3}, {None: 1}, [text, text, {text: text}], [(1,), (1, 2), (1, 2, 3), ((1,), 2)], "text", 5, None]:
        yield v
    yield [2**70, 2**63 - 1, -(2**63), 2**62, -1, 0, 255, 256, 65535, 65536, -129]
    yield [b"", b"x", b"yy" * 20, bytearray(b"z")]
    yield [1.5, float("inf"), -0.0, 1e-300, float("nan"), True, False]
    # Runs of bools and None, whole and with others among them.
    yield [i % 3 == 0 for i in range(2001)]
    yield [True, None, False] * 50
    yield {"a": [None] * 70, "b": [True] * 63, "c": [False] * 64 + [1], "d": [True] * 64 + [[]], "e": [True, False] * 40}
    yield {"a": 1, "b": 2.5, "c": None, "d": True, "e": u"t", "f": b"u", "g": [1, 2], "h": (3, 4, 5, 6), "i": {"j": "k"}}
    yield [u"\xe9\u20ac\n\\u", u"\\", u"\xe9"]
    inner = [1]
    yield [inner, inner]
    yield [{"a": inner}, {"a": inner}]
    inner = []
    inner.append(inner)
    yield inner


def texts():
    """Arrays of objects of which most are text."""
    words = [u"w%d" % i for i in range(70)]
    yield np.array(words, object)
    yield [np.array(words[:64], object), words[3], np.array(words[:65], object)]
    mixed = list(words)
    mixed[3:17:2] = [None, float("nan"), u"\xe9\u20ac", u"", u"k" * 255, u"k" * 300, u"k" * 1100]
    yield np.array(mixed + mixed, object)
    yield np.array(words * 2, object).reshape(4, 35)
    yield np.asfortranarray(np.array(words, object).reshape(2, 35))
    yield np.array(words + [7], object)
    yield np.array(words + [(u"a", [1])], object)
    yield np.array([u"t%d" % (i % 900) for i in range(2001)], object)
    yield {"a": np.array([words[1]] * 80, object), "b": np.array([u"x"] + [None] * 80, object)}


def events():
    """Records of what is a call with scalars: NumPy's scalars, datetimes, decimals."""
    day = datetime.datetime(2020, 2, 28, 23, 59, 58, 7)
    shared = datetime.datetime(1999, 1, 1)
    for i in range(4):
        yield {
            "id": np.int64(i - 2),
            "name": u"n%d" % i,
            "value": np.float64(i / 3.0),
            "f": np.float32(i / 3.0),
            "active": np.bool_(i % 2),
            "small": np.int8(-i),
            "u": np.uint16(65535 - i),
            "t": day + datetime.timedelta(days=i),
            "date": datetime.date(2024, 2, 29),
            "delta": datetime.timedelta(-i, 5, 7),
            "shared": shared,
            "a": [np.uint64(2**64 - 1), np.int32(-1), np.uint8(200), np.uint32(7), np.int16(5)],
        }


def calls():
    yield list(events())
    yield [np.float16(0.5), np.complex128(1j)]
    yield [np.str_("x"), np.bytes_(b"x")]
    for t in [datetime.datetime.min, datetime.datetime.max, datetime.date.min, datetime.date.max, datetime.time(1, 2), datetime.timedelta.min]:
        yield [t, t]
    yield [decimal.Decimal(x) for x in ("1.50", "-0", "NaN", "1E+400", "7")]
    yield {np.int64(1): np.float64(2), datetime.date(2020, 1, 1): datetime.datetime(2020, 1, 1), np.str_("a"): np.bool_(True)}
    yield np.array([np.datetime64("2020-01-01")])[0], np.dtype("f4").type(1), np.array([1], ">i4")[0], np.float64(1).reshape(1)
    if THREE:
        zone = datetime.timezone
        west = zone(-datetime.timedelta(hours=5, minutes=30))
        odd = zone(datetime.timedelta(seconds=-1, microseconds=5), "odd")
        noon = datetime.datetime(2020, 1, 1, 12, fold=1)
        yield [{"id": i, "t": noon.replace(tzinfo=z)} for i, z in enumerate([zone.utc, west, zone.utc, west, None])]
        yield [{"id": i, "t": noon.replace(tzinfo=z)} for i, z in enumerate([odd, zone.utc, odd])]
        yield [zone.utc, noon.replace(tzinfo=zone.utc), west]


def pickles():
    for v in calls():
        for p in PROTOCOLS:
            yield v, p
    for n in (1000, 2001):
        yield {u"k%d" % i: i % 7 for i in range(n)}, 2
        yield {i: u"v" for i in range(n)}, 4
    for p in PROTOCOLS:
        yield fields(), p
        yield rows(), p
        yield [np.arange(2.0), np.arange(3.0)], p
    for k, make in enumerate(ARRAYS):
        for p in (2, 5) if k % 2 else (0, 4):
            yield records(make), p
    a = np.arange(2.0)
    for p in (2, 5):
        yield [a, a], p
    for p in (1, 3, 5):
        yield [a, [a.copy()], (a + 1,)], p
    for k, v in enumerate(values()):
        for p in (0, 4) if k % 2 else (1, 2, 5):
            yield v, p
    for a in texts():
        for p in range(2, PROTOCOLS[-1] + 1):
            yield a, p
    yield list(range(1005)), 4
    yield list(range(1005)), 0
    yield {str(i): i for i in range(1003)}, 2


def main():
    out = [base64.b64encode(pickle.dumps(v, p)).decode() for v, p in pickles() if p in PROTOCOLS]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "testdata", "plain", "fast-paths-py%d.json.gz" % sys.version_info[0])
    raw = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, raw, 0) as f:
        f.write(json.dumps(out).encode())
    with open(path, "wb") as f:
        f.write(raw.getvalue())


if __name__ == "__main__":
    main()
