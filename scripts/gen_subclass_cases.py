#!/usr/bin/env python3
"""Writes internal/jsonval/testdata/subclasses: pickles of subclasses that add something, and what Python says of it.

Beside each pickle stands a JSON list of [JSON pointer, value]: where to-json shows what the subclass
adds, and what Python has there. It needs numpy, pandas and astropy; which versions it were is in
internal/jsonval/testdata/subclasses/README.
"""
import collections
import json
import os
import pickle
import platform
import sys
import types

import astropy
import astropy.units
import numpy as np
import pandas as pd

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "internal", "jsonval", "testdata", "subclasses")


class Catalogue(dict):
    pass


class Ordered(collections.OrderedDict):
    pass


class Wrapped(np.ndarray):
    """Its state wraps that of ndarray, as in NumPy's documentation of subclasses."""

    def __reduce__(self):
        made = list(super().__reduce__())
        made[2] = (made[2], self.__dict__)
        return tuple(made)


class Appended(np.ndarray):
    """Its state is that of ndarray with more items, as in another recipe."""

    def __reduce__(self):
        made = list(super().__reduce__())
        made[2] = made[2] + (self.info, self.__dict__)
        return tuple(made)


class Table(pd.DataFrame):
    _metadata = ["unit", "history"]

    @property
    def _constructor(self):
        return Table


class Column(pd.Series):
    _metadata = ["_name", "unit"]

    @property
    def _constructor(self):
        return Column


SHOP = types.ModuleType("shop")
sys.modules["shop"] = SHOP
for cls in (Catalogue, Ordered, Wrapped, Appended, Table, Column):
    cls.__module__ = "shop"
    setattr(SHOP, cls.__name__, cls)


def full_name(v):
    return "%s.%s" % (type(v).__module__, type(v).__qualname__)


def cases():
    """Yields a name, a value, and the pointers with what Python has there."""
    d = Catalogue(a=1)
    d.tag = 5
    yield "dict", d, [("/$object", full_name(d)), ("/state", d.__dict__), ("/items", dict(d))]
    o = Ordered(b=2)
    o.tag = "x"
    yield "ordered", o, [("/$object", full_name(o)), ("/state", o.__dict__), ("/items", dict(o))]
    plain = collections.OrderedDict(c=3)
    plain.tag = [1]
    yield "attributes", plain, [
        ("/$object", full_name(plain)), ("/state", plain.__dict__), ("/items", dict(plain))]
    bare = collections.OrderedDict(c=3)
    yield "bare", bare, [("", dict(bare))]
    w = np.arange(3.0).view(Wrapped)
    w.unit, w.more = "m", {"a": [1, None]}
    yield "wrapped", w, [
        ("/$ndarray/class", full_name(w)), ("/$ndarray/state", w.__dict__),
        ("/$ndarray/shape", list(w.shape))]
    a = np.arange(4).view(Appended)
    a.info = "i"
    yield "appended", a, [
        ("/$ndarray/class", full_name(a)), ("/$ndarray/state", [a.info, a.__dict__])]
    q = [1.0, 2.5] * astropy.units.m
    yield "quantity", q, [
        ("/$quantity/unit", str(q.unit)), ("/$quantity/value/$ndarray/shape", list(q.shape))]
    f = Table({"a": [1, 2]})
    f.unit, f.history = "kg", ["made", {"by": "x"}]
    yield "table", f, [
        ("/$dataframe/class", full_name(f)),
        ("/$dataframe/metadata", {k: getattr(f, k) for k in f._metadata})]
    s = Column([1.5], name="q")
    s.unit = "s"
    yield "column", s, [
        ("/$series/class", full_name(s)), ("/$series/name", s.name),
        ("/$series/metadata", {"unit": s.unit})]


def main():
    os.makedirs(HERE, exist_ok=True)
    for name, value, want in cases():
        for protocol in (2, 5):
            path = os.path.join(HERE, "%s.p%d.pkl" % (name, protocol))
            with open(path, "wb") as f:
                f.write(pickle.dumps(value, protocol))
        with open(os.path.join(HERE, name + ".json"), "w") as f:
            json.dump(want, f, indent=1)
            f.write("\n")
    with open(os.path.join(HERE, "README"), "w") as f:
        f.write("CPython %s, NumPy %s, pandas %s, astropy %s: scripts/gen_subclass_cases.py\n" % (
            platform.python_version(), np.__version__, pd.__version__, astropy.__version__))


if __name__ == "__main__":
    main()
