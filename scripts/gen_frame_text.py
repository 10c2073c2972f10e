#!/usr/bin/env python3
"""Writes frame/testdata/text: pickles of tables, and beside each what pandas 3 prints of it; and periods.json, what it
prints of periods of every frequency."""
import json
import os
import pickle
import warnings

import numpy as np
import pandas as pd

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "frame", "testdata", "text")
pd.set_option("display.width", 10000)
pd.set_option("display.max_columns", 1000)


def cases():
    yield "ints", pd.DataFrame({"a": [1, -22, 3], "long name": [100, 2, 3]})
    yield "floats", pd.DataFrame({
        "x": [1.5, np.nan, -2.25], "y": [0.1, 1 / 3, 1e5], "whole": [1.0, 2.0, 30.0],
        "small": [1e-9, 1.0, 0.5], "large": [1e10, 1.5, 2.0], "inf": [np.inf, -np.inf, 1.0]})
    yield "texts", pd.DataFrame({"s": ["a", None, "\u017elu\u0165"], "o": [1, "x", None],
                                 "b": [True, False, True]}, index=["r1", "row2", "r"])
    yield "nullable", pd.DataFrame({
        "i": pd.array([1, None, 3], "Int64"), "b": pd.array([True, None, False], "boolean"),
        "s": pd.array(["a", None, "c"], "string")})
    yield "times", pd.DataFrame({
        "d": pd.to_datetime(["2020-01-01", None, "2021-12-31"]),
        "t": pd.to_datetime(["2020-01-01 10:00", "2020-01-02 00:00:01.5", None], format="ISO8601"),
        "z": pd.to_datetime(["2020-06-01", None, "2020-01-01"]).tz_localize("Europe/Prague"),
        "delta": pd.to_timedelta([1.5, None, 90061], unit="s")})
    yield "categories", pd.DataFrame({"c": pd.Categorical(["x", None, "y"]),
                                      "i": pd.arrays.IntervalArray.from_breaks([0, 1, 2, 3])})
    yield "many", pd.DataFrame({"n": np.arange(100) ** 2, "f": np.arange(100) / 4})
    yield "dated", pd.DataFrame({"v": [1, 2]}, index=pd.to_datetime(["2020-01-01", "2020-01-02"]))
    yield "labels", pd.DataFrame([[1, 2], [3, 4]], columns=[10, 20])
    yield "series", pd.Series([1.5, np.nan, 3], name="q")
    yield "unnamed", pd.Series(["a", "bb"], index=[3, 17])
    yield "long", pd.Series(np.arange(1000), name="n")
    yield "none", pd.Series([], dtype="float64", name="e")
    yield "empty", pd.DataFrame({"a": [], "b": []})


def periods():
    """Ordinal, freqstr and text of periods."""
    warnings.simplefilter("ignore", FutureWarning)  # about business days
    weeks = ["W-" + day for day in "SUN MON TUE WED THU FRI SAT".split()]
    for freq in ["Y", "Y-MAR", "Q", "Q-NOV", "M", "3M", "W", *weeks, "B", "D", "2D", "h", "min", "5min", "s", "ms", "us", "ns"]:
        for ordinal in [0, 1, -1, 5, -7, 613, 7029]:
            p = pd.Period(ordinal=ordinal, freq=freq)
            yield [ordinal, p.freqstr, str(p)]


def main():
    os.makedirs(HERE, exist_ok=True)
    for name, value in cases():
        with open(os.path.join(HERE, name + ".pkl"), "wb") as f:
            pickle.dump(value, f, 5)
        with open(os.path.join(HERE, name + ".txt"), "w", encoding="utf-8") as f:
            f.write(repr(value))
    with open(os.path.join(HERE, "README"), "w") as f:
        f.write("pandas %s: scripts/gen_frame_text.py\n" % pd.__version__)
    with open(os.path.join(HERE, "..", "periods.json"), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(p) for p in periods()) + "\n]\n")


main()
