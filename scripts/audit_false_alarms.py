#!/usr/bin/env python3
"""Counts the false alarms of unpkl audit on files of the field: at least 400 of them.

    scripts/audit_false_alarms.py --unpkl COMMAND [--torch]

Makes, with the scikit-learn, joblib, NumPy and SciPy of this interpreter, a file of every estimator of scikit-learn, fitted where
its defaults allow, by pickle at two protocols and by joblib; and, where they are installed, of the models of LightGBM, XGBoost
and CatBoost. With --torch it makes what torch.save writes of PyTorch's own modules instead, which is fewer files. None may be
dangerous, and at most one in fifty unknown: then the status is 0.
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


def estimators():
    """Every estimator of scikit-learn that can be made without arguments, and models of other libraries."""
    from sklearn.utils import all_estimators

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


def save_estimators(folder):
    """Writes the estimators, fitted where their defaults allow."""
    import joblib
    import numpy as np

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


def save_torch(folder):
    """Writes modules, states, optimizers and tensors as torch.save does, in both of its forms."""
    import torch
    from torch import nn

    modules = [nn.Linear(3, 2), nn.Conv2d(1, 2, 3), nn.LSTM(3, 4), nn.TransformerEncoderLayer(8, 2), nn.Embedding(5, 3),
               nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.BatchNorm1d(2)), nn.GRU(2, 2), nn.MultiheadAttention(8, 2),
               nn.LayerNorm(4), nn.Dropout()]
    values = {"parameter": nn.Parameter(torch.zeros(2)), "sparse": torch.sparse_coo_tensor([[0, 1], [1, 0]], [1.0, 2.0]),
              "quantized": torch.quantize_per_tensor(torch.zeros(3), 0.1, 0, torch.qint8)}
    for m in modules:
        values[type(m).__name__] = m
        values[type(m).__name__ + "-state"] = m.state_dict()
    for dtype in ("float32", "bfloat16", "float16", "int8", "bool", "complex64", "float8_e4m3fn"):
        values[dtype] = {"x": torch.zeros(3).to(getattr(torch, dtype))}
    for optimizer in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW):
        o = optimizer(modules[0].parameters(), lr=0.1)
        modules[0](torch.zeros(1, 3)).sum().backward()
        o.step()
        values[optimizer.__name__] = {"optimizer": o.state_dict(), "epoch": 3}
    for name, value in values.items():
        for form in (True, False):
            path = os.path.join(folder, "%s-%s.pt" % (name, "zip" if form else "legacy"))
            torch.save(value, path, _use_new_zipfile_serialization=form)


def main():
    parser = argparse.ArgumentParser(description="False alarms of unpkl audit.")
    parser.add_argument("--unpkl", default="unpkl", help="the command")
    parser.add_argument("--torch", action="store_true", help="the files of PyTorch")
    args = parser.parse_args()
    save, least = (save_torch, 60) if args.torch else (save_estimators, 400)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="unpkl-field-") as folder:
        save(folder)
        out = subprocess.run([args.unpkl, "audit", "--jsonl", "--fail-on=never", folder], stdout=subprocess.PIPE, check=True).stdout
    counts = collections.Counter()
    for line in out.decode().splitlines():
        d = json.loads(line)
        counts[d["worst"]] += 1
        if d["worst"] in ("unknown", "dangerous"):
            names = sorted({f["name"] for f in d["findings"] if f["verdict"] == d["worst"]})
            print("%s is %s: %s %s" % (os.path.basename(d["file"]), d["worst"], ", ".join(names), d.get("error", "")))
    n = sum(counts.values())
    print("audit_false_alarms: %d files: %s" % (n, dict(counts)))
    sys.exit(0 if n >= least and not counts["dangerous"] and counts["unknown"] * 50 <= n else 1)


if __name__ == "__main__":
    main()
