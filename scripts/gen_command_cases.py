#!/usr/bin/env python3
"""Writes testdata/command: files for the tests of the command, and cases.json, what Python, NumPy and
pandas say is in them: values by pointer, statistics, differences, checksums.

    .venvs/py313-pandas3/bin/python scripts/gen_command_cases.py            writes the folder
    .venvs/py313-pandas3/bin/python scripts/gen_command_cases.py --check    compares it with a new one
"""
import datetime as dt
import hashlib
import json
import math
import pathlib
import pickle
import sys
import tempfile
import zlib

import numpy as np
import pandas as pd


class Model:
    """An estimator in all but its library."""


def mix():
    rng = np.random.default_rng(0)
    m = Model()
    m.coef_ = rng.normal(size=(3, 4))
    m.name = "ridge"
    m.fitted = True
    shared = [1, 2, 3]
    return {
        "x": np.arange(12.0).reshape(3, 4),
        "i": np.arange(10, dtype=">i4"),
        "f32": np.array([0.1, 1 / 3, 1e10], dtype="f4"),
        "words": np.array(["a", "bc", "d\x1be"]),
        "records": [{"id": i, "name": f"n{i}", "w": i / 3, "when": dt.datetime(2024, 1, 1 + i)} for i in range(20)],
        "nested": {"a/b": {"m~n": 5}, "": 1},
        "model": m,
        "first": shared,
        "second": shared,
        (1, "a"): "tuple key",
        5: "five",
        2.5: "float key",
        None: "none key",
        True: "bool key",
        b"raw": b"\x00\x01\xff",
        "cube": np.arange(24).reshape(2, 3, 4),
        "masked": np.ma.array([1, 2, 3, 4], mask=[0, 1, 0, 1]),
        "structured": np.array([(1, 2.5, "x"), (3, 4.5, "yy")], dtype=[("id", "i4"), ("v", "f8"), ("t", "U4")]),
        "days": np.array(["2020-01-01", "NaT"], "M8[D]"),
        "complex": np.array([1 + 2j, -0.5j]),
        "text": "line1\nline2 \x1b[31mred",
        "big": 10**50,
        "tags": {"x", },
        "pair": (1, (2.5, None)),
    }


def table():
    return pd.DataFrame(
        {
            "price": [1.5, np.nan, 3],
            "name": ["a", "b", None],
            "kind": pd.Categorical(["x", "y", "x"]),
            "when": pd.to_datetime(["2024-01-01", "2024-01-02", None]).tz_localize("Europe/Paris"),
            "n": pd.array([1, None, 3], dtype="Int64"),
        },
        index=["r1", "r2", "r3"],
    )


def numbers():
    rng = np.random.default_rng(1)
    floats = rng.normal(size=1000)
    floats[[3, 500]] = np.nan
    return {
        "f8": floats,
        "f4": rng.random(500, dtype="f4"),
        "f2": np.array([1.5, 2.5, 65504], "f2"),
        "big_endian": rng.normal(size=(20, 30)).astype(">f8"),
        "i8": rng.integers(-1000, 1000, size=2000),
        "u1": rng.integers(0, 255, size=(16, 16), dtype="u1"),
        "huge": np.array([2**63 - 1, -2**63, 0], "i8"),
        "u8": np.array([2**64 - 1, 0, 5], "u8"),
        "bool": np.array([True, False, True, True]),
        "complex": np.array([1 + 2j, 3 - 4j, 0.5j]),
        "days": np.array(["2020-01-03", "NaT", "2020-01-01", "2020-01-02"], "M8[D]"),
        "steps": np.array([1, 5, 3], "m8[s]"),
        "words": np.array(["pear", "apple", "fig", "apple"]),
        "masked": np.ma.array([1.0, 2.0, 3.0, 400.0], mask=[0, 0, 0, 1]),
        "fortran": np.asfortranarray(rng.normal(size=(7, 5))),
        "list": [3, 1.5, 2, None, 2],
        "inf": np.array([1.0, np.inf, -np.inf]),
        "empty": np.zeros((0, 3)),
        "constant": np.full(10, 7.25),
        "zero_d": np.array(4.5),
    }


def left():
    return {
        "same": np.arange(5.0),
        "array": np.arange(6.0).reshape(2, 3),
        "close": np.array([1.0, 1e8]),
        "int": np.arange(4),
        "dtype": np.arange(3, dtype="i4"),
        "shape": np.zeros((2, 3)),
        "nan": np.array([1.0, np.nan, 3.0]),
        "text": "abc",
        "gone": 1,
        "nested": {"list": [1, 2, {"k": "v"}], "set": {1, 2}},
        "words": np.array(["a", "b"]),
        "table": pd.DataFrame({"a": [1, 2, 3], "b": [1.5, 2.5, 3.5], "dropped": ["x", "y", "z"]}),
        "kind": [1, 2],
        "model": model(1.0),
    }


def right():
    changed = np.arange(6.0).reshape(2, 3)
    changed[1, 1], changed[0, 2] = 4.5, -2.0
    return {
        "same": np.arange(5.0),
        "array": changed,
        "close": np.array([1.0 + 1e-7, 1e8 + 1]),
        "int": np.array([0, 1, 5, 3]),
        "dtype": np.arange(3, dtype="i8"),
        "shape": np.zeros((3, 2)),
        "nan": np.array([1.0, np.nan, 4.0]),
        "text": "abd",
        "new": None,
        "nested": {"list": [1, 2, {"k": "w"}, 4], "set": {1, 3}},
        "words": np.array(["a", "c"]),
        "table": pd.DataFrame({"a": [1, 2, 4], "b": [1.5, 2.5, 3.5], "added": [True, False, True]}),
        "kind": (1, 2),
        "model": model(2.0),
    }


def model(coef):
    m = Model()
    m.coef_ = np.full(3, coef)
    m.name = "ridge"
    return m


# pointer -> the expression in Python of what it leads to in mix()
POINTERS = {
    "/x": "v['x']",
    "/x/1": "v['x'][1]",
    "/x/-1": "v['x'][-1]",
    "/x/1/2": "v['x'][1][2]",
    "/x/1,2": "v['x'][1, 2]",
    "/x/:,2": "v['x'][:, 2]",
    "/x/::2,1:3": "v['x'][::2, 1:3]",
    "/x/-1/::-1": "v['x'][-1][::-1]",
    "/x/0:10/::2": "v['x'][0:10][::2]",
    "/x/::-2": "v['x'][::-2]",
    "/x/5:": "v['x'][5:]",
    "/i/-3:": "v['i'][-3:]",
    "/i/8:2:-3": "v['i'][8:2:-3]",
    "/i/-100:100:3": "v['i'][-100:100:3]",
    "/words": "v['words']",
    "/words/1": "v['words'][1]",
    "/records/0": "v['records'][0]",
    "/records/-1/name": "v['records'][-1]['name']",
    "/records/2:8:3": "v['records'][2:8:3]",
    "/records/::-7": "v['records'][::-7]",
    "/records/3/when": "v['records'][3]['when']",
    "/nested/a~1b/m~0n": "v['nested']['a/b']['m~n']",
    "/nested/": "v['nested']['']",
    "/model/coef_": "v['model'].coef_",
    "/model/coef_/0": "v['model'].coef_[0]",
    "/model/name": "v['model'].name",
    "/model/fitted": "v['model'].fitted",
    "/first/1": "v['first'][1]",
    "/(1, a)": "v[(1, 'a')]",
    "/5": "v[5]",
    "/2.5": "v[2.5]",
    "/null": "v[None]",
    "/true": "v[True]",
    "/raw": "v[b'raw']",
    "/cube/0,1": "v['cube'][0, 1]",
    "/cube/1/2": "v['cube'][1][2]",
    "/cube/:,:,3": "v['cube'][:, :, 3]",
    "/cube/0/::-1,0": "v['cube'][0][::-1, 0]",
    "/masked/0": "v['masked'][0]",
    "/masked/data": "v['masked'].data",
    "/masked/mask": "v['masked'].mask",
    "/structured/v": "v['structured']['v']",
    "/structured/0/t": "v['structured'][0]['t']",
    "/structured/1": "v['structured'][1]",
    "/days": "v['days']",
    "/days/0": "v['days'][0]",
    "/complex/1": "v['complex'][1]",
    "/text": "v['text']",
    "/big": "v['big']",
    "/pair/1": "v['pair'][1]",
    "/pair/-1/0": "v['pair'][-1][0]",
}

# pointer -> the expression of the elements in table()
CELLS = {
    "/price": "v.price",
    "/price/0": "v.price.iloc[0]",
    "/price/-1": "v.price.iloc[-1]",
    "/price/r3": "v.price['r3']",
    "/kind/1:": "v.kind.iloc[1:]",
    "/n/::2": "v.n.iloc[::2]",
    "/when/1": "v.when.iloc[1]",
    "/index": "v.index",
    "/index/1": "v.index[1]",
    "/2": "{k: None if pd.isna(e) else e for k, e in v.iloc[2].items()}",
    "/1:": "v.iloc[1:]",
    "/::-2/kind": "v.iloc[::-2].kind",
    "/columns": "v.columns",
}


def document(v):
    """The JSON of to-json --arrays=values, of the values that are here."""
    if isinstance(v, np.ndarray):
        return {
            "$ndarray": {
                "dtype": [list(f) for f in v.dtype.descr] if v.dtype.names else v.dtype.str,
                "shape": list(v.shape),
                "order": "F" if v.flags.f_contiguous and not v.flags.c_contiguous else "C",
                "nbytes": v.nbytes,
                "data": elements(v),
            }
        }
    if isinstance(v, (pd.Series, pd.Index)):
        text = pd.api.types.is_string_dtype(v.dtype)
        return [None if text and pd.isna(e) else document(e) for e in v]
    if isinstance(v, pd.DataFrame):
        return [document(v[c]) for c in v.columns]
    if isinstance(v, np.void):
        return {name: document(v[name]) for name in v.dtype.names}
    if isinstance(v, (np.datetime64, np.timedelta64)):
        return str(v) if isinstance(v, np.datetime64) else int(v.astype("i8"))
    if v is pd.NaT:
        return "NaT"
    if v is pd.NA:
        return None
    if isinstance(v, np.generic):
        return document(v.item())
    if isinstance(v, float):
        return v if math.isfinite(v) else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(v)]
    if isinstance(v, complex):
        return [v.real, v.imag]
    if isinstance(v, dict):
        return {k: document(e) for k, e in v.items()}
    if isinstance(v, (list, tuple)):
        return [document(e) for e in v]
    if isinstance(v, bytes):
        import base64

        return {"$bytes": base64.b64encode(v).decode()}
    if isinstance(v, dt.datetime):
        return v.isoformat()
    return v


def elements(a):
    return document(a[()]) if a.ndim == 0 else [elements(e) if isinstance(e, np.ndarray) else document(e) for e in a]


QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def statistics(v):
    """What stats says of an array or a list."""
    if isinstance(v, list):
        v = np.array([np.nan if e is None else e for e in v], dtype=float)
    present = v.compressed() if isinstance(v, np.ma.MaskedArray) else np.asarray(v).ravel()
    kind = present.dtype.kind
    missing = v.size - present.size
    if kind in "fc":
        bad = np.isnan(present)
    elif kind in "mM":
        bad = np.isnat(present)
    else:
        bad = np.zeros(present.size, bool)
    missing += int(bad.sum())
    present = present[~bad]
    s = {"count": int(present.size), "missing": int(missing), "distinct": len(set(present.tolist()))}
    if present.size == 0:
        return s
    if kind == "U":
        s["min"], s["max"] = min(present.tolist()), max(present.tolist())
        return s
    if kind == "c":
        m = present.astype(complex).mean()
        s["mean"] = [m.real, m.imag]
        s["std"] = float(present.std())
        return s
    if kind == "M":
        s["min"], s["max"] = str(present.min()), str(present.max())
        return s
    numbers = present.astype("i8") if kind == "m" else present
    s["min"], s["max"] = document(numbers.min()), document(numbers.max())
    if kind == "b":
        s["min"], s["max"] = int(numbers.min()), int(numbers.max())
    with np.errstate(invalid="ignore"):
        f = numbers.astype("f8")
        s["mean"], s["std"] = document(f.mean()), document(f.std())
        if np.isfinite(f).all():
            s["quantiles"] = {str(q): float(np.quantile(f, q)) for q in QUANTILES}
    return s


def difference(a, b):
    """How two arrays of one shape differ."""
    differ = ~((a == b) | ((a != a) & (b != b)))
    d = {"differ": int(differ.sum()), "size": int(a.size)}
    if a.dtype.kind in "fiu":
        with np.errstate(invalid="ignore"):
            delta = np.abs(a.astype("f8") - b.astype("f8"))
        d["max_abs"] = document(np.nanmax(delta))
        d["at"] = [int(i) for i in np.unravel_index(np.nanargmax(delta), a.shape)]
    return d


def write(folder):
    files = {"mix": mix(), "table": table(), "numbers": numbers(), "left": left(), "right": right()}
    for name, value in files.items():
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(value, 4))
    arrays = {k: a for k, a in files["mix"].items() if isinstance(k, str) and k in ("x", "i", "words", "cube")}
    np.savez(folder / "arrays.npz", **arrays)
    np.save(folder / "x.npy", arrays["x"])
    (folder / "old.p2.pkl").write_bytes(pickle.dumps({"x": arrays["x"], "n": 1}, 2))
    (folder / "two.pkl").write_bytes(pickle.dumps([1, 2], 4) + pickle.dumps({"second": 2}, 4))
    cases = {
        "get": [["mix.pkl", p, document(eval(e, {"v": files["mix"]}))] for p, e in POINTERS.items()],
        "cells": [["table.pkl", p, document(eval(e, {"v": files["table"], "pd": pd}))] for p, e in CELLS.items()],
        "stats": {name: statistics(v) for name, v in files["numbers"].items()},
        "axis": {
            "big_endian": {
                key: {f: [float(x) for x in getattr(files["numbers"]["big_endian"].astype("f8"), f)(axis=axis)] for f in ("min", "max", "mean", "std")}
                for key, axis in (("0", 0), ("1", 1))
            }
        },
        "allclose": {
            name: bool(np.allclose(files["left"][name], files["right"][name])) for name in ("same", "array", "close", "int")
        },
        "diff": {name: difference(files["left"][name], files["right"][name]) for name in ("array", "close", "int", "nan", "words")},
        "sums": {
            name: {
                "crc32": f"{zlib.crc32(np.ascontiguousarray(a).tobytes()):08x}",
                "md5": hashlib.md5(a.tobytes()).hexdigest(),
                "sha256": hashlib.sha256(a.tobytes()).hexdigest(),
            }
            for name, a in files["numbers"].items()
            if isinstance(a, np.ndarray) and not isinstance(a, np.ma.MaskedArray)
        },
    }
    (folder / "cases.json").write_text(json.dumps(cases, indent=1, allow_nan=False) + "\n")


def main():
    target = pathlib.Path(__file__).resolve().parent.parent / "testdata" / "command"
    if "--check" not in sys.argv[1:]:
        target.mkdir(exist_ok=True)
        write(target)
        return
    with tempfile.TemporaryDirectory() as made:
        write(pathlib.Path(made))
        for new in pathlib.Path(made).iterdir():
            if new.suffix not in (".npz",) and new.read_bytes() != (target / new.name).read_bytes():
                sys.exit(f"{new.name} is not what this script writes")


if __name__ == "__main__":
    main()
