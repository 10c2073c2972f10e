# -*- coding: utf-8 -*-
"""Writes .npy and .npz files with the NumPy that it runs under, beside what they hold.

    python gen.py        with NumPy 1.11 or later, Python 2.7 or 3

makes numpy-VERSION.json, a list of files in base64 with what NumPy says of each array:
dtype (its descr), shape, whether it is in Fortran order, its bytes in C order; for an
array of objects the repr of tolist(). And numpy-VERSION.npz and -VERSION-deflated.npz, whose
members have the names and values of the list's entries that say so.
"""
from __future__ import print_function, unicode_literals

import base64, hashlib, io, json, os, sys, warnings

import numpy as np
from numpy.lib import format as npformat

warnings.simplefilter("ignore")
here = os.path.dirname(os.path.abspath(__file__))
version = np.__version__
numbers = tuple(int(x) for x in version.split(".")[:2])


def b64(data):
    return base64.b64encode(data).decode("ascii")


def arrays():
    for code in "?bBhHiIlLqQefdgFDG":
        for order in "<>":
            dt = np.dtype(str(code)).newbyteorder(str(order))
            name = "%s-%s" % (dt.name, "little" if order == "<" else "big")
            if dt.itemsize == 1 and order == ">":
                continue
            yield name, np.array([0, 1, 100, 0, 3], dt)
    yield "float64-special", np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324])
    yield "0-d", np.array(7.5)
    yield "0-d-big", np.array(7, ">i8")
    yield "empty", np.zeros(0)
    yield "empty-0-3", np.zeros((0, 3), "<i2")
    yield "empty-3-0-2", np.zeros((3, 0, 2), "<i2")
    yield "2-d", np.arange(6, dtype="<i4").reshape(2, 3)
    yield "2-d-fortran", np.asfortranarray(np.arange(6, dtype="<i4").reshape(2, 3))
    yield "3-d-fortran", np.asfortranarray(np.arange(24, dtype=">u2").reshape(2, 3, 4))
    yield "column", np.arange(4.0).reshape(4, 1)
    yield "strided", np.arange(10, dtype="<i8")[::2]
    yield "transposed-3-d", np.arange(24, dtype="<i8").reshape(2, 3, 4).transpose(1, 0, 2)
    yield "32-d", np.zeros((1,) * 31 + (2,), "i1")
    yield "bytes", np.array([b"a", b"bcd", b""])
    yield "str", np.array(["a", "bcd", "\xe9\u20ac\U0001f600"])
    yield "str-big", np.array(["a", "bcd"]).astype(">U3")
    yield "void", np.array([b"ab\0", b"cde"], "V3")
    for unit in ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as", "25s"):
        yield "datetime-" + unit, np.array([0, 1, -1, -2**63], "<i8").view(str("<M8[%s]" % unit))
        yield "timedelta-" + unit, np.array([0, 1, -1, -2**63], ">i8").view(str(">m8[%s]" % unit))
    yield "datetime-generic", np.array([-2**63], "<i8").view(str("<M8"))
    point = np.dtype([(str("x"), str("<f8")), (str("y"), str(">i2"))])
    yield "struct", np.array([(1.5, 2), (-3, 4)], point)
    yield "struct-nested", np.zeros(2, [(str("p"), point), (str("t"), str("S3"), (2, 3))])
    yield "struct-aligned", np.zeros(2, np.dtype([(str("a"), str("i1")), (str("b"), str("<f8"))], align=True))
    yield "struct-padding", np.zeros(2, np.dtype({str("names"): [str("a"), str("b")], str("formats"): [str("i1"), str("<i4")], str("offsets"): [3, 8], str("itemsize"): 16}))
    yield "struct-title", np.zeros(2, [((str("a title"), str("a")), str("<i4")), (str("b"), str("?"))])
    yield "struct-quote", np.zeros(1, [(str("it's"), str("<i4")), (str('say "it\'s"\\\n'), str("?"))])
    yield "record", np.zeros(2, point).view(np.recarray)
    yield "matrix", np.matrix([[1, 2], [3, 4]], dtype="<i8")
    if sys.version_info[0] > 2:
        yield "struct-latin1", np.zeros(2, [("pr\xe9nom", "<i4")])
    if numbers >= (1, 17):
        yield "struct-unicode", np.zeros(2, [("\u540d", "<i4")])
    yield "object", np.array([None, 1, "x", [1, 2]], object)
    yield "object-2-d-fortran", np.array([[1, 2, 3], ["a", "b", None]], object, order=str("F"))
    yield "struct-object", np.array([(1, "x"), (2, None)], [(str("n"), str("<i4")), (str("o"), object)])
    if numbers >= (2, 0):
        yield "string-dtype", np.array(["a", "", "a longer string than that"], np.dtypes.StringDType())
        yield "64-d", np.zeros((1,) * 63 + (2,), "i1")


def describe(name, data, a):
    entry = {"name": name, "npy": b64(data), "shape": list(a.shape)}
    if a.dtype.hasobject or not isinstance(a.dtype.str, (str, bytes)) or a.dtype.kind == "T":
        entry["objects"] = repr(a.tolist()).replace("u'", "'")
    else:
        entry["descr"] = repr(npformat.dtype_to_descr(a.dtype) if numbers >= (1, 14) or a.dtype.names is None else a.dtype.descr)
        entry["data"] = b64(a.tobytes())
    entry["fortran"] = bool(a.flags.f_contiguous and not a.flags.c_contiguous)
    return entry


def saved(*arrays):
    out = io.BytesIO()
    for a in arrays:
        np.save(out, a)
    return out.getvalue()


def versions():
    """The versions of the format asked for by number."""
    for v in ((1, 0), (2, 0), (3, 0))[: 3 if numbers >= (1, 17) else 2]:
        out = io.BytesIO()
        a = np.arange(3, dtype="<i8")
        npformat.write_array(out, a, v)
        yield describe("version-%d" % v[0], out.getvalue(), a)


def crafted():
    """Headers that other writers make and that a recent NumPy reads."""
    if numbers < (1, 26):
        return
    body = np.arange(3, dtype="<i8").tobytes()
    for name, text in (
        ("long", "{'descr': '<i8', 'fortran_order': False, 'shape': (3L,), }"),
        ("long-2", "{'descr': '<i8', 'fortran_order': False, 'shape': (3L, 1L)}"),
        ("other-order", '{"shape": (3,), "fortran_order": True, "descr": "<i8"}'),
        ("spaces", " { 'descr' :'<i8' ,'fortran_order' :False,'shape' :( 3 , ) , } \n\n"),
        ("no-newline", "{'descr': '<i8', 'fortran_order': False, 'shape': (3,)}"),
        ("name", "{'descr': 'int64', 'fortran_order': False, 'shape': (3,)}"),
        ("list", "{'descr': [('a', '<i4'), ('', '|V4')], 'fortran_order': False, 'shape': (3,)}"),
    ):
        data = b"\x93NUMPY\x01\x00" + bytes(bytearray([len(text), 0])) + text.encode("ascii") + body
        yield describe("crafted-" + name, data, np.load(io.BytesIO(data)))


def big_header():
    """A header of more than 65,535 bytes, for which NumPy takes version 2.0."""
    a = np.zeros(1, [(str("field_%05d" % i), str("<f8")) for i in range(3000)])
    data = saved(a)
    return {"name": "big-header", "sha256": hashlib.sha256(data).hexdigest(), "len": len(data), "version": ord(data[6:7])}


def main():
    entries = [describe(name, saved(a), np.asarray(a)) for name, a in arrays()]
    entries += list(versions()) + list(crafted())
    entries.append(big_header())
    several = [np.arange(3, dtype="<i8"), np.array([1, "x"], object), np.array(2.5)]
    stream = {"name": "several", "npy": b64(saved(*several)), "count": 3}
    members = {}
    for e, (name, a) in zip(entries, arrays()):
        if name in ("0-d", "empty", "2-d-fortran", "str", "struct-nested", "object", "int64-little"):
            members[str(name)] = a
            e["member"] = True
    with open(os.path.join(here, "numpy-%s.json" % version), "w") as f:
        text = json.dumps({"numpy": version, "python": sys.version.split()[0], "files": entries, "several": stream}, indent=0, sort_keys=True)
        f.write(text.replace("{\n", "{").replace("\n}", "}").replace(",\n\"", ", \"") + str("\n"))
    np.savez(os.path.join(here, "numpy-%s.npz" % version), np.arange(4, dtype="<i8"), **members)
    members.pop("object")
    np.savez_compressed(os.path.join(here, "numpy-%s-deflated.npz" % version), zeros=np.zeros(20000), **members)


main()
