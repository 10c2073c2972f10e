#!/usr/bin/env python3
"""Counts the false alarms of unpkl audit on files of the field: at least 400 of them.

    scripts/audit_false_alarms.py --unpkl COMMAND

Makes, with the scikit-learn, joblib, NumPy and SciPy of this interpreter, a file of every estimator of scikit-learn, fitted where
its defaults allow, by pickle at two protocols and by joblib; and, where they are installed, of the models of LightGBM, XGBoost
and CatBoost. None may be dangerous, and at most one in fifty unknown: then the status is 0.
"""

import argparse
import collections
import json
import os
import pickle
import subprocess
import sys
import tempfile
import warnings

import joblib
import numpy as np
from sklearn.utils import all_estimators


def estimators():
    """Every estimator of scikit-learn that can be made without arguments, and models of other libraries."""
    for name, cls in all_estimators():
        try:
            yield name, cls()
        except TypeError:
            pass  # one that wraps others
    for module, names in (("lightgbm", ("LGBMClassifier", "LGBMRegressor")), ("xgboost", ("XGBClassifier", "XGBRegressor"))):
        try:
            m = __import__(module)
        except ImportError:
            continue
        for name in names:
            yield name, getattr(m, name)(n_estimators=2)
    try:
        import catboost
    except ImportError:
        return
    yield "CatBoost", catboost.CatBoostRegressor(iterations=2, verbose=0, allow_writing_files=False)


def make(folder):
    random = np.random.RandomState(0)
    x = random.rand(40, 4)
    y = (x[:, 0] > 0.5).astype(int)
    for name, e in estimators():
        try:
            e.fit(x, y)
        except BaseException:
            pass  # one that takes texts, or several targets: it is kept as it is
        for protocol in (2, 5):
            try:
                data = pickle.dumps(e, protocol)
            except Exception:
                continue
            with open(os.path.join(folder, "%s-%d.pkl" % (name, protocol)), "wb") as f:
                f.write(data)
        try:
            joblib.dump(e, os.path.join(folder, name + ".joblib"))
        except Exception:
            os.unlink(os.path.join(folder, name + ".joblib"))


def main():
    parser = argparse.ArgumentParser(description="False alarms of unpkl audit.")
    parser.add_argument("--unpkl", default="unpkl", help="the command")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="unpkl-field-") as folder:
        make(folder)
        out = subprocess.run([args.unpkl, "audit", "--jsonl", folder], stdout=subprocess.PIPE, check=True).stdout
    counts = collections.Counter()
    for line in out.decode().splitlines():
        d = json.loads(line)
        counts[d["worst"]] += 1
        if d["worst"] in ("unknown", "dangerous"):
            names = sorted({f["name"] for f in d["findings"] if f["verdict"] == d["worst"]})
            print("%s is %s: %s %s" % (os.path.basename(d["file"]), d["worst"], ", ".join(names), d.get("error", "")))
    n = sum(counts.values())
    print("audit_false_alarms: %d files: %s" % (n, dict(counts)))
    sys.exit(0 if n >= 400 and not counts["dangerous"] and counts["unknown"] * 50 <= n else 1)


if __name__ == "__main__":
    main()
