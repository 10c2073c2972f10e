#!/usr/bin/env python3
"""Writes astype.json: what NumPy's astype makes of arrays of each dtype.

    python gen_astype.py > astype.json

Runs under NumPy 2. A case is the dtype and the bytes of an array, the dtype asked for, and the dtype and
the bytes of the result: null where NumPy raises, or warns that the result is not a value.
"""
import json
import sys
import warnings

import numpy as np

warnings.simplefilter("error")
NUMBERS = ["|b1", "|i1", "<i2", "<i4", "<i8", ">i4", "|u1", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8", ">f8",
           "<c8", "<c16"]
TEXTS = ["<U3", "<U30", "|S3", "|S30", "<U", "|S"]
TIMES = ["<M8[D]", "<M8[h]", "<M8[10s]", "<M8[ms]", "<M8[ns]", "<m8[W]", "<m8[s]", "<m8[us]", "<i8"]
VALUES = {
    "b": [[False, True]],
    "i": [[0, 1, -1, 100, -100], [127, -128], [2**31 - 1, -2**31], [2**53 + 1, 2**62 + 1, -2**63]],
    "u": [[0, 1, 200], [2**16 - 1], [2**31, 2**32 - 1], [2**53 + 1, 2**64 - 1]],
    "f": [[0.0, -0.0, 1.0, 1.5, -2.75, 99.99], [100000.5], [1e10, -1e10], [1e300, 1e-300],
          [float("inf")], [float("nan")], [0.1, 1 / 3, 65504.0, 5e-8, 2**24 + 1]],
    "c": [[0j, 1 + 0j, 1 - 2.5j, -3.5 + 1j], [0.1 + 0.2j, 1e10 + 1e-10j]],
}
TEXT_VALUES = [["", "a", "abcd"], ["12", " 7 ", "+5"], ["-3"], ["1.5", "1e3", "inf", "nan"], ["\u017elu\u0165"], ["x1"],
               ["300"]]


def undefined(a, to):
    """Whether C leaves the result open: a float beyond the integers of a dtype."""
    d = np.dtype(to)
    if d.kind not in "iu" or a.dtype.kind not in "fc":
        return False
    info = np.iinfo(d)
    return not all(np.isfinite(x) and info.min <= int(x) <= info.max for x in a.real.astype("f8"))


def case(a, to):
    if undefined(a, to):
        return [a.dtype.str, a.tobytes().hex(), to, None]
    try:
        b = a.astype(to)
        got = [b.dtype.str, b.tobytes().hex()]
    except (ValueError, TypeError, OverflowError, RuntimeWarning, np.exceptions.ComplexWarning, UnicodeEncodeError):
        got = None
    return [a.dtype.str, a.tobytes().hex(), to, got]


def arrays(dtypes, values):
    for d in dtypes:
        for v in values(np.dtype(d)):
            try:
                yield np.array(v).astype(d) if np.dtype(d).kind not in "iu" else np.array(v, dtype=d)
            except (OverflowError, RuntimeWarning, UnicodeEncodeError, np.exceptions.ComplexWarning):
                pass


def main():
    cases = []
    for a in arrays(NUMBERS, lambda d: VALUES[d.kind]):
        for to in NUMBERS + TEXTS:
            with warnings.catch_warnings():
                if a.dtype.kind == "c":
                    warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
                if np.dtype(to).kind in "fc":  # an overflow to infinity is a value
                    warnings.simplefilter("ignore", RuntimeWarning)
                cases.append(case(a, to))
    for a in arrays(["<U4", "|S4"], lambda d: TEXT_VALUES):
        for to in NUMBERS[1:14] + TEXTS:
            if np.dtype(to).kind != "c":
                with warnings.catch_warnings():
                    if np.dtype(to).kind == "f":
                        warnings.simplefilter("ignore", RuntimeWarning)
                    cases.append(case(a, to))
    ticks = [0, 1, -1, 7, -7, 10**6, -10**6 - 1, -2**63]
    for d in TIMES:
        a = np.array(ticks, dtype="<i8").view(d)
        for to in TIMES:
            if np.dtype(to).kind in (np.dtype(d).kind, "i") or np.dtype(d).kind == "i":
                cases.append(case(a, to))
    print('{"numpy": "%s", "cases": [' % np.__version__)
    print(",\n".join(json.dumps(c, separators=(",", ":")) for c in cases))
    print("]}")


main()
