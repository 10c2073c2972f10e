#!/usr/bin/env python3
"""Writes HDF5 files with pandas and PyTables, and beside each what they read from it.

    gen_hdf5_pandas.py OUT [--small]

--small keeps only the few files of testdata/hdf5/pandas.
"""
import base64
import json
import os
import sys
import warnings

import numpy as np
import pandas as pd
import tables

warnings.simplefilter("ignore")


def cell(v):
    """A value in a form that JSON and Go agree on."""
    if v is None or v is pd.NaT or (isinstance(v, float) and v != v) or v is pd.NA:
        return None
    if isinstance(v, tuple):
        return [cell(x) for x in v]
    if isinstance(v, pd.Period):
        return "period %d" % v.ordinal
    if isinstance(v, pd.Timestamp):
        return "time %d" % v.as_unit("ns").value
    if isinstance(v, pd.Timedelta):
        return "delta %d" % v.as_unit("ns").value
    if hasattr(v, "toordinal"):
        return "time %d" % pd.Timestamp(v).as_unit("ns").value
    if isinstance(v, (bool, np.bool_)):
        return "bool %d" % v
    if isinstance(v, (int, np.integer)):
        return "int %d" % v
    if isinstance(v, (float, np.floating)):
        return None if v != v else "float " + float(v).hex()
    if isinstance(v, complex):
        return "complex %s %s" % (v.real.hex(), v.imag.hex())
    return "str " + str(v)


def column(s, name):
    return {"name": cell(name), "dtype": str(s.dtype), "values": [cell(v) for v in s]}


def expect_pandas(path):
    out = {}
    with pd.HDFStore(path, "r") as store:
        for key in sorted(store.keys()):
            df = store[key]
            if isinstance(df, pd.Series):
                columns = [column(df, df.name)]
            else:
                columns = [column(df.iloc[:, i], df.columns[i]) for i in range(df.shape[1])]
            out[key] = {"columns": columns, "index": [cell(v) for v in df.index],
                        "names": [cell(n) for n in df.index.names]}
    with open(path[:-3] + ".json", "w") as f:
        json.dump(out, f)


N = 5
COLUMNS = {
    "i8": np.arange(N), "i4": np.arange(N, dtype="i4"), "u1": np.arange(N, dtype="u1"),
    "f8": [1.5, np.nan, -0.0, np.inf, 3], "f4": np.arange(N, dtype="f4") / 3,
    "b": [True, False, True, True, False], "c16": np.arange(N) * (1 + 2j),
    "s": ["a", "b\u00e4", None, "", "long text"],
    "t": pd.to_datetime(["2020-01-01", None, "2021-05-06 07:08:09.123456", "1900-01-01", "2200-01-01"], format="ISO8601"),
    "tz": pd.date_range("2020-03-28", periods=N, freq="12h", tz="Europe/Paris"),
    "td": pd.to_timedelta([1, None, -3, 4, 5], unit="s"),
}
INDEXES = {
    "range": pd.RangeIndex(N), "range2": pd.RangeIndex(2, 2 + 2 * N, 2, name="r"),
    "text": pd.Index(list("abcde"), name="idx"), "float": pd.Index([1.5, 2, 3, 4, 5]),
    "time": pd.date_range("2020", periods=N, freq="D", name="when"),
    "tz": pd.date_range("2020", periods=N, freq="D", tz="US/Eastern"),
    "delta": pd.to_timedelta(range(N), unit="h"), "bool": pd.Index([True, False] * 2 + [True]),
    "period": pd.period_range("2020", periods=N, freq="M"),
    "object": pd.Index([1, "a", 2.5, None, "b"], dtype=object),
    "multi": pd.MultiIndex.from_tuples([(1, "a"), (1, "b"), (2, "a"), (2, "b"), (3, "a")], names=["x", None]),
    "category": pd.CategoricalIndex(list("abcab")),
}


def frames():
    for name, values in COLUMNS.items():
        yield "col_" + name, pd.DataFrame({name: values})
    df = pd.DataFrame(COLUMNS)
    yield "all", df
    yield "mixed", df[["f8", "s", "i8", "f8", "b"]].set_axis(["w", "x", "y", "z", "b"], axis=1)
    yield "objects", pd.DataFrame({"o": pd.Series([1, "a", None, 2.5, True], dtype=object), "n": range(N)})
    yield "strobj", pd.DataFrame({"o": pd.Series(["x", "a", None, "y", "z"], dtype=object), "n": range(N)})
    yield "intnames", pd.DataFrame(np.arange(3 * N).reshape(N, 3))
    yield "empty", pd.DataFrame({"a": np.zeros(0), "b": np.zeros(0, "i8")})
    yield "category", pd.DataFrame({"c": pd.Categorical(["x", "y", None, "x", "y"]),
                                    "o": pd.Categorical([3, 1, 2, 1, 3], ordered=True)})
    for name, index in INDEXES.items():
        yield "index_" + name, pd.DataFrame({"a": np.arange(N), "b": np.arange(N) / 2}, index=index)
        yield "series_" + name, pd.Series(np.arange(N), index=index, name="nm")
    yield "series_text", pd.Series(["a", None, "c"])
    yield "series_noname", pd.Series([1.5, 2])


SMALL = ["all_zlib", "all_blosc", "all_fixedz", "index_multi_fixed", "index_multi_zlib", "series_period_fixed",
         "category_zlib", "mixed_zlib", "empty_fixed", "objects_fixedz", "index_tz_fixed"]


def write_pandas(folder, small):
    n = 0
    for name, df in frames():
        for fmt, kw in (("fixed", {}), ("fixedz", {"complevel": 5, "complib": "zlib"}),
                        ("table", {}), ("columns", {"data_columns": True}),
                        ("blosc", {"complevel": 5, "complib": "blosc"}), ("zlib", {"complevel": 5, "complib": "zlib"})):
            if small and "%s_%s" % (name, fmt) not in SMALL:
                continue
            path = os.path.join(folder, "pd_%s_%s.h5" % (name, fmt))
            try:
                df.to_hdf(path, key="a/df", format="fixed" if "fixed" in fmt else "table", index=False, **kw)
            except Exception:  # what this pandas does not write
                if os.path.exists(path):
                    os.remove(path)
                continue
            try:
                expect_pandas(path)
            except Exception as e:  # pandas cannot read what it wrote
                print("not read:", path, repr(e)[:100], file=sys.stderr)
                os.remove(path)
                continue
            n += 1
    return n


def encode(a):
    a = np.asarray(a)
    return {"dtype": repr(np.lib.format.dtype_to_descr(a.dtype)), "shape": list(a.shape),
            "data": base64.b64encode(a.tobytes()).decode()}


class Row(tables.IsDescription):
    i = tables.Int32Col()
    b = tables.BoolCol(shape=(2,))
    s = tables.StringCol(5)
    f = tables.Float64Col(dflt=1.5)
    c = tables.ComplexCol(itemsize=16)
    t = tables.Time64Col()
    u = tables.Time32Col()

    class sub(tables.IsDescription):
        x = tables.UInt8Col()
        y = tables.BoolCol()


def write_tables(folder):
    path = os.path.join(folder, "pytables.h5")
    rng = np.random.default_rng(1)
    with tables.open_file(path, "w") as f:
        f.create_array("/", "array", np.arange(12).reshape(3, 4))
        f.create_array("/", "bools", np.array([True, False, True]))
        f.create_array("/", "texts", np.array([b"a", b"bc"]))
        c = f.create_carray("/", "carray", tables.Float32Atom(), (20, 30), chunkshape=(7, 8),
                            filters=tables.Filters(complevel=5, complib="blosc", fletcher32=True))
        c[3:9] = rng.standard_normal((6, 30))
        e = f.create_earray("/", "earray", tables.BoolAtom(), (0, 4), filters=tables.Filters(complevel=1, complib="zlib"))
        e.append(rng.integers(0, 2, (9, 4)) == 1)
        e = f.create_earray("/", "times", tables.Time64Atom(), (0,))
        e.append(np.array([1.5, 1e9 + 0.25, -2.5]))
        t = f.create_table("/", "table", Row, filters=tables.Filters(complevel=5, complib="bzip2"))
        for i in range(10):
            r = t.row
            r["i"], r["b"], r["s"], r["c"], r["t"], r["u"] = i, [i % 2, 1], b"t%d" % i, 1j * i, i + 0.5, i
            r["sub/x"], r["sub/y"] = i, i % 3 == 0
            r.append()
        v = f.create_vlarray("/", "ints", tables.Int16Atom(), chunkshape=4)
        v.append([1, 2]), v.append([]), v.append([3])
        v = f.create_vlarray("/", "objects", tables.ObjectAtom(), chunkshape=4)
        v.append([1, "a"]), v.append({"x": 1.5})
        v = f.create_vlarray("/", "unicode", tables.VLUnicodeAtom(), chunkshape=4)
        v.append("t\u00e4xt"), v.append("")
        v = f.create_vlarray("/", "bytes", tables.VLStringAtom(), chunkshape=4)
        v.append(b"abc"), v.append(b"")
    out = {}
    with tables.open_file(path) as f:
        for name in ("array", "bools", "texts", "carray", "earray", "times", "table"):
            out[name] = encode(f.get_node("/" + name)[:])
    with open(path[:-3] + ".json", "w") as g:
        json.dump(out, g)
    return 1


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    print(write_pandas(folder, "--small" in sys.argv) + write_tables(folder), "files; pandas", pd.__version__, "PyTables", tables.__version__)


main()
