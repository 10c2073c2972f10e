#!/usr/bin/env python3
"""Random values for the differential test of the command and the library, and its judge.

    random_values.py make FOLDER N SEED     writes N pickles and what to-json must print of each
    random_values.py check FOLDER           compares what became of them with the originals

make writes 0000.pkl and so on, with 0000.json as `unpkl to-json` prints it. check looks for 0000.repickled,
0000.packed and 0000.plain: the first two must be equal to the original in everything that compare.py
looks at, the last must be what the original is as plain values, where tuples are lists and NumPy's
scalars numbers. It prints a line for each that is not, and how many it compared.
"""
import array
import collections
import datetime
import decimal
import fractions
import glob
import json
import os
import pathlib
import pickle
import random
import sys
import uuid
import warnings

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures"))
import canon  # noqa: E402
import compare  # noqa: E402
import tojson  # noqa: E402

try:  # frames are among the values where there is pandas
    import pandas as pd
    import pandas_json
except ImportError:
    pd = None

DTYPES = ["?", "i1", "<i2", ">i4", "<i8", "u1", "<u2", ">u8", "<f2", "<f4", ">f8", "<c8", ">c16", "S5", "U3",
          "<M8[D]", "<M8[ms]", "<m8[s]", "V3", "O"]  # NumPy forgets the order of others


class Maker:
    """Makes values of bounded size, with places that share one object."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.left = self.r.choice([3, 10, 40, 120])
        self.shared = []

    def value(self, depth=0):
        self.left -= 1
        r = self.r
        if self.shared and r.random() < 0.15:
            return r.choice(self.shared)
        kinds = [self.leaf] * 4 + [self.array]
        if depth < 6 and self.left > 0:
            kinds += [self.list, self.tuple, self.dict, self.dict, self.other]
        if pd is not None:
            kinds.append(self.table)
        v = r.choice(kinds)(depth + 1)
        # Of numbers and the like nothing tells that they are one object.
        if r.random() < 0.3 and isinstance(v, (list, tuple, dict, set, np.ndarray)):
            self.shared.append(v)
        return v

    def some(self, depth):
        return [self.value(depth) for _ in range(self.r.randrange(0, 6))]

    def leaf(self, _):
        r = self.r
        return r.choice([
            lambda: None, lambda: r.random() < 0.5, lambda: r.randrange(-300, 300),
            lambda: r.getrandbits(r.randrange(1, 200)) * r.choice([1, -1]), lambda: r.uniform(-1e6, 1e6),
            lambda: r.choice([0.0, -0.0, 1e300, float("inf"), -float("inf"), float("nan"), 5e-324]),
            lambda: self.text(), lambda: bytes(r.getrandbits(8) for _ in range(r.randrange(0, 300))),
            lambda: bytearray(b"ab"), lambda: complex(r.random(), -1.0),
            lambda: datetime.datetime(2000 + r.randrange(99), 1 + r.randrange(12), 1 + r.randrange(28), r.randrange(24)),
            lambda: datetime.date(2000, 1, 1 + r.randrange(28)), lambda: datetime.timedelta(r.randrange(-99, 99), 1, 5),
            lambda: decimal.Decimal(r.randrange(10**6)) / 8, lambda: fractions.Fraction(r.randrange(99), 7),
            lambda: uuid.UUID(int=r.getrandbits(128)), lambda: self.scalar(),
        ])()

    def text(self):
        return "".join(self.r.choice("ab\u00e9\u20ac\U0001f600\"\\\n\x00 ") for _ in range(self.r.randrange(0, 12)))

    def data(self, dtype, n):
        d = np.dtype(dtype)
        if d.kind == "O":
            a = np.empty(n, object)
            for i in range(n):
                a[i] = self.leaf(9)
            return a
        if d.kind == "b":
            return np.array([self.r.random() < 0.5 for _ in range(n)], bool)
        if d.kind in "SU":
            return np.array([self.r.choice(["", "a", "bc"]) for _ in range(n)]).astype(d)
        raw = bytes(self.r.getrandbits(8) for _ in range(n * d.itemsize))
        a = np.frombuffer(raw, d).copy()
        if d.kind in "mM":
            a = (np.frombuffer(raw, "<i8") % 10**5).astype(d.newbyteorder("<").str).astype(d)
        if d.kind in "fc":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                a = np.where(np.isnan(a), 1, a).astype(d)
        return a

    def array(self, _):
        r = self.r
        shape = [r.randrange(0, 5) for _ in range(r.randrange(0, 4))]
        n = int(np.prod(shape))
        if r.random() < 0.15:
            fields = [("f%d" % i, r.choice(DTYPES[:-1])) for i in range(1 + r.randrange(3))]
            a = np.zeros(n, fields)
            for name, t in fields:
                a[name] = self.data(t, n)
        else:
            a = self.data(r.choice(DTYPES), n)
        a = a.reshape(shape)
        if r.random() < 0.3:
            a = np.asfortranarray(a)
        if r.random() < 0.2 and a.ndim:
            a = a[::-1]
        return a

    def scalar(self):
        return self.data(self.r.choice(DTYPES[:13]), 1)[0]

    def list(self, depth):
        out = []
        if self.r.random() < 0.5:
            self.shared.append(out)  # it may come to hold itself
        out.extend(self.some(depth))
        return out

    def tuple(self, depth):
        return tuple(self.some(depth))

    def key(self):
        r = self.r
        return r.choice([self.text, self.text, self.text, lambda: r.randrange(99), lambda: (1, self.text()),
                         lambda: None, lambda: b"k"])()

    def dict(self, depth):
        out = {}
        if self.r.random() < 0.2:
            self.shared.append(out)
        for _ in range(self.r.randrange(0, 5)):
            out[self.key()] = self.value(depth)
        return out

    def other(self, depth):
        r = self.r
        return r.choice([
            lambda: {r.randrange(5) for _ in range(4)}, lambda: frozenset([1, 2]),
            lambda: collections.OrderedDict((self.text(), self.value(depth)) for _ in range(2)),
            lambda: collections.deque(self.some(depth)),
            lambda: np.ma.MaskedArray([1.0, 2.0, 3.0], [r.random() < 0.5 for _ in range(3)]),
        ])()


    def column(self, n):
        """The values of a column of n rows, of which some may be missing."""
        r = self.r
        missing = r.random() < 0.5

        def some(make, none):
            return [none if missing and r.random() < 0.3 else make() for _ in range(n)]

        days = lambda: some(lambda: pd.Timestamp(2000 + r.randrange(50), 1, 1 + r.randrange(28), 5), pd.NaT)
        return r.choice([
            lambda: self.data(r.choice(["i1", "<i8", "u2", "<f4", "<f8", "?", "<c16"]), n),
            lambda: np.array(some(r.random, np.nan), float),
            lambda: np.array(some(lambda: r.choice([self.text(), 3, (1,)]), None) + [None], object)[:n],
            lambda: pd.array(some(lambda: r.randrange(99), None), dtype=r.choice(["Int8", "UInt16", "Int64"])),
            lambda: pd.array(some(lambda: r.random() < 0.5, None), dtype="boolean"),
            lambda: pd.array(some(lambda: r.choice("abc"), None), dtype="string"),
            lambda: pd.Categorical(some(lambda: r.choice("abc"), None), ordered=r.random() < 0.5),
            lambda: pd.Categorical(some(lambda: r.choice([0.5, 1.5]), None)),
            lambda: pd.Series(days(), dtype="datetime64[ns]").values,
            lambda: pd.DatetimeIndex(days()).tz_localize(r.choice(["UTC", "Europe/Paris"])).array,
            lambda: pd.Series(some(lambda: pd.Timedelta(r.randrange(10**9)), pd.NaT), dtype="timedelta64[ns]").values,
            lambda: pd.PeriodIndex([pd.Period(2000 + r.randrange(9), "%s" % r.choice(["D"])) for _ in range(n)]).array
            if n else np.zeros(0),
            lambda: pd.arrays.SparseArray(np.array([r.choice([0, 0, 7]) for _ in range(n)])),
        ])()

    def labels(self, n):
        r = self.r
        name = r.choice([None, "i", 3])
        return r.choice([
            lambda: pd.RangeIndex(n), lambda: pd.RangeIndex(2, 2 + 3 * n, 3, name=name),
            lambda: pd.Index([r.randrange(99) for _ in range(n)], dtype="int64", name=name),
            lambda: pd.Index([self.text() for _ in range(n)], dtype=object, name=name),
            lambda: pd.DatetimeIndex([pd.Timestamp(2000, 1, 1 + r.randrange(28)) for _ in range(n)], name=name),
            lambda: pd.MultiIndex.from_arrays([[r.choice("ab") for _ in range(n)], list(range(n))],
                                              names=[name, "second"]),
            lambda: pd.CategoricalIndex([r.choice("ab") for _ in range(n)], name=name),
        ])()

    def table(self, _):
        r = self.r
        n = r.randrange(0, 5)
        if r.random() < 0.3:
            return pd.Series(self.column(n), index=self.labels(n), name=r.choice([None, "s", 1]))
        columns = [pd.Series(self.column(n)) for _ in range(r.randrange(0, 4))]
        frame = pd.DataFrame({i: c for i, c in enumerate(columns)}, index=range(n))
        frame.columns = [r.choice(["x", "y", 1, ("t", 2)]) if r.random() < 0.2 else "c%d" % i
                         for i in range(len(columns))]
        frame.index = self.labels(n)
        return frame


def is_cyclic(v):
    try:
        json.dumps(v, default=lambda x: None, skipkeys=True)
    except ValueError:
        return True
    except RecursionError:
        return True
    return False


def make(folder, n, seed):
    for i in range(n):
        v = Maker(seed * 1000003 + i).value()
        path = os.path.join(folder, "%05d" % i)
        data = pickle.dumps(v, i % (pickle.HIGHEST_PROTOCOL + 1))
        with open(path + ".pkl", "wb") as f:
            f.write(data)
        try:
            # Below protocol 5 NumPy forgets the byte order of an array that it reads.
            to_json = pandas_json.ToJSON if pd is not None else tojson.ToJSON
            shown = to_json(4, arrays="values")(pickle.loads(pickle.dumps(v, 5)))
            with open(path + ".json", "w") as f:
                json.dump(shown, f)
        except Exception as e:  # such as a cycle through a deque
            with open(path + ".nojson", "w") as f:
                f.write(repr(e))


def plain(v, seen=None):
    """What v is as a plain value and back: the table in the documentation of package unpkl."""
    seen = {} if seen is None else seen
    if id(v) in seen:
        return seen[id(v)][0]
    if type(v) in (list, tuple, set, frozenset, collections.deque):  # an instance of another stays one
        out = []
        seen[id(v)] = out, v
        out.extend(plain(x, seen) for x in v)
        return out
    if type(v) in (dict, collections.OrderedDict, collections.defaultdict, collections.Counter):
        out = {}
        seen[id(v)] = out, v
        for k, x in v.items():
            out[k] = plain(x, seen)
        return out
    return v


def same(a, b, met):
    if (id(a), id(b)) in met:
        return True
    met.add((id(a), id(b)))
    if same_plain(a, b, met):
        return True
    if isinstance(a, (list, dict)):
        return False
    # An object keeps all that it holds, and many classes do not say what is equal.
    found = compare.difference(compare.canonical([a]), compare.canonical([b]))
    if found:
        print(type(a), found)
    return not found


def same_plain(a, b, met):
    if pd is not None and isinstance(a, (pd.DataFrame, pd.Series)):
        if type(a) is not type(b):
            return False
        check = pd.testing.assert_frame_equal if isinstance(a, pd.DataFrame) else pd.testing.assert_series_equal
        try:
            check(a, b, check_freq=False)
        except AssertionError as e:
            print(e)
            return False
        return True
    if isinstance(a, dict):
        return isinstance(b, dict) and len(a) == len(b) and all(k in b and same(x, b[k], met) for k, x in a.items())
    if isinstance(a, list):
        return isinstance(b, (list, np.ndarray)) and len(a) == len(b) and all(same(x, y, met) for x, y in zip(a, b))
    if isinstance(a, np.ma.MaskedArray):
        return isinstance(b, np.ma.MaskedArray) and a.dtype == b.dtype and (a.mask == b.mask).all() \
            and a.data.tobytes() == b.data.tobytes()
    if isinstance(a, np.ndarray):
        if a.dtype == object:
            return b.dtype == object and a.shape == b.shape and all(
                same(plain(x), plain(y), met) for x, y in zip(a.ravel(), b.ravel()))
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, np.generic) and not isinstance(a, np.void):
        a = a.item() if not isinstance(a, (np.datetime64, np.timedelta64)) else a
    if isinstance(b, np.generic) and not isinstance(b, np.void):
        b = b.item() if not isinstance(b, (np.datetime64, np.timedelta64)) else b
    if isinstance(a, bytearray):
        a = bytes(a)
    if isinstance(a, pathlib.PurePath):
        return str(a) == b
    if isinstance(a, decimal.Decimal) and a.is_nan():  # whose payload a plain value does not have
        return isinstance(b, decimal.Decimal) and b.is_nan() and a.is_snan() == b.is_snan()
    if isinstance(a, np.void) and not a.dtype.names:
        return a.tobytes() == b
    if isinstance(a, np.void):
        return isinstance(b, dict) and all(same(plain(a[n]), b[n], met) for n in a.dtype.names)
    if isinstance(a, array.array):
        return list(a) == list(b)
    if isinstance(a, datetime.datetime) and isinstance(b, datetime.datetime):  # a naive one is in UTC
        return a.replace(tzinfo=None) == b.replace(tzinfo=None)
    try:
        return bool(a == b or a != a and b != b)
    except (ValueError, TypeError):  # an array beside something else
        return False


def check(folder):
    bad = done = 0
    for path in sorted(glob.glob(os.path.join(folder, "*.pkl"))):
        stem = path[:-4]
        for kind in (".repickled", ".packed"):
            if os.path.exists(stem + kind):
                done += 1
                verdict = compare.compare(path, stem + kind)
                if verdict[0] not in ("equal", "unreadable"):
                    bad += 1
                    print(path, kind, *verdict)
        if os.path.exists(stem + ".plain"):
            done += 1
            with open(path, "rb") as f, open(stem + ".plain", "rb") as g:
                want, got = plain(pickle.load(f)), pickle.load(g)
            if not same(want, got, set()):
                bad += 1
                try:
                    print(path, ".plain", repr(got)[:200], "want", repr(want)[:200])
                except Exception as e:  # pandas prints no frame that it could not make
                    print(path, ".plain", repr(e))
    print("%d compared, %d bad" % (done, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1] == "make":
        make(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        sys.exit(check(sys.argv[2]))
