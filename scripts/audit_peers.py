#!/usr/bin/env python3
"""Holds unpkl audit against the test files of picklescan, fickling and modelscan.

    scripts/audit_peers.py --unpkl COMMAND CHECKOUT...

Each CHECKOUT is a clone of one of their repositories. Their tests are run with the Python that runs this script (which has
the scanner and pytest: scripts/make_venvs.sh py311-scanners); every file and every pickle that a test lets its scanner look at
is kept, with what the scanner says. The files that lie in a checkout's folders of test data count too, as hostile if they are
called so: malicious, GHSA and the like. Whatever a scanner calls dangerous must be dangerous, and whatever ends in an error at least unknown.
scripts/audit_peers.txt explains what is judged otherwise: lines NAME ; WHY, in which NAME is a pattern of fnmatch over the
names that are named ("-" for none), or over the file's name. What no line explains, and a line that explains nothing, end it with status 1.
"""

import argparse
import fnmatch
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

# Loaded by pytest: keeps what is scanned in the folder of PEERS_KEEP, as NUMBER-dangerous or NUMBER-other.
PLUGIN = r'''
import functools, importlib.util, itertools, os, shutil, sys, unittest.mock
# Tests of what takes gigabytes to install fail by themselves, not by an import for all.
for missing in ("torch", "tensorflow", "keras", "tf_keras", "h5py"):
    if importlib.util.find_spec(missing) is None:
        sys.modules[missing] = unittest.mock.MagicMock()
        for below in ("nn", "keras", "keras.models", "keras.layers", "serialization"):
            sys.modules[missing + "." + below] = unittest.mock.MagicMock()
keep, count = os.environ["PEERS_KEEP"], itertools.count()
def name(dangerous, ending):
    return os.path.join(keep, "%04d-%s%s" % (next(count), "dangerous" if dangerous else "other", ending))
try:
    import fickling.analysis as analysis
except ImportError:
    pass
else:
    check = analysis.check_safety
    @functools.wraps(check)
    def check_safety(pickled, *args, **kwargs):
        result = check(pickled, *args, **kwargs)
        try:
            data = pickled.dumps()
        except Exception:
            return result
        with open(name(result.severity >= analysis.Severity.LIKELY_OVERTLY_MALICIOUS, ".pkl"), "wb") as f:
            f.write(data)
        return result
    analysis.check_safety = check_safety
    import fickling
    if hasattr(fickling, "check_safety"):
        fickling.check_safety = check_safety
try:
    import modelscan.modelscan as m
except ImportError:
    pass
else:
    scan = m.ModelScan.scan
    @functools.wraps(scan)
    def scan_and_keep(self, path):
        path_ = str(path)
        result = scan(self, path)
        if os.path.isfile(path_):
            shutil.copy(path_, name(bool(self.issues.all_issues), os.path.splitext(path_)[1]))
        return result
    m.ModelScan.scan = scan_and_keep
try:
    from modelaudit.scanners import pickle_scanner
    from modelaudit.scanners.base import IssueSeverity
except ImportError:
    pass
else:
    judge = pickle_scanner.PickleScanner.scan
    @functools.wraps(judge)
    def judge_and_keep(self, path):
        result = judge(self, path)
        if os.path.isfile(path):
            worst = any(i.severity == IssueSeverity.CRITICAL for i in result.issues)
            shutil.copy(path, name(worst, os.path.splitext(str(path))[1]))
        return result
    pickle_scanner.PickleScanner.scan = judge_and_keep
'''

# Which tests of a large repository are about pickles, for pytest's -k; of others all are run.
ABOUT_PICKLES = {"modelaudit": "pickle or joblib or torch or bypass or nested or dill"}


def run_tests(checkout, keep):
    """Runs the tests of a checkout, which keep what is scanned."""
    with tempfile.TemporaryDirectory() as plugins:
        with open(os.path.join(plugins, "peers_plugin.py"), "w") as f:
            f.write(PLUGIN)
        # The checkout's own modules, where they lie at its top, before the installed ones.
        env = dict(os.environ, PYTHONPATH=plugins + os.pathsep + os.path.abspath(checkout), PEERS_KEEP=keep,
                   PYTHONDONTWRITEBYTECODE="1", PROMPTFOO_DISABLE_TELEMETRY="1")
        about = [w for package, k in ABOUT_PICKLES.items() if os.path.isdir(os.path.join(checkout, package))
                 for w in ("-k", k)]
        subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "peers_plugin", "-p", "no:cacheprovider",
                        "--continue-on-collection-errors", *about], cwd=checkout, env=env, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=1200)


# Endings of files that hold pickles, and what those are called that are hostile.
PICKLED = ("", ".pkl", ".pickle", ".bin", ".pt", ".pth", ".joblib", ".npy", ".npz", ".zip", ".7z", ".dat", ".data", ".keras")
HOSTILE = ("malicious", "GHSA", "sploit", "bypass", "unsafe", "attack", "evil", "exec", "nested_pickle")


def data_files(checkout, keep):
    """Copies the test data of a checkout."""
    paths = [p for folder in ("data*", "assets") for p in glob.glob(os.path.join(checkout, "test*", folder, "**"), recursive=True)]
    for i, path in enumerate(sorted(paths)):
        base = os.path.basename(path)
        if os.path.isfile(path) and os.path.splitext(base)[1] in PICKLED:
            hostile = any(word in base for word in HOSTILE)
            shutil.copy(path, os.path.join(keep, "data%04d-%s-%s" % (i, "dangerous" if hostile else "other", base)))


def explanations():
    rows = []
    with open(os.path.join(HERE, "audit_peers.txt")) as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                m = re.fullmatch(r"(\S+) ; (.+)\n", line)
                if not m:
                    sys.exit("audit_peers.txt: %r" % line)
                rows.append([m[1], m[2], 0])
    return rows


def judge(command, folder):
    out = subprocess.run([command, "audit", "--jsonl", "--quiet", "--files-from", "-"], stdout=subprocess.PIPE,
                         input="\n".join(os.path.join(folder, n) for n in sorted(os.listdir(folder))).encode(),
                         stderr=subprocess.DEVNULL).stdout
    return [json.loads(line) for line in out.decode().splitlines()]


def main():
    parser = argparse.ArgumentParser(description="unpkl audit beside the tests of other scanners.")
    parser.add_argument("--unpkl", default="unpkl", help="the command")
    parser.add_argument("checkouts", nargs="+", metavar="CHECKOUT")
    args = parser.parse_args()
    rows, bad = explanations(), 0
    for checkout in args.checkouts:
        with tempfile.TemporaryDirectory(prefix="unpkl-peers-") as keep:
            run_tests(checkout, keep)
            data_files(checkout, keep)
            counts = {}
            documents = judge(args.unpkl, keep)
            if len(documents) != len(os.listdir(keep)):
                sys.exit("audit_peers: %d answers to %d files" % (len(documents), len(os.listdir(keep))))
            for d in documents:
                base, names = os.path.basename(d["file"]), [f["name"] for f in d["findings"]]
                hostile = "-dangerous" in base
                counts[hostile, d["worst"]] = counts.get((hostile, d["worst"]), 0) + 1
                wrong = hostile and d["worst"] != "dangerous" or "error" in d and d["worst"] == "data"
                if not wrong:
                    continue
                row = next((r for r in rows if any(fnmatch.fnmatchcase(n, r[0]) for n in (names or ["-"]) + [base])), None)
                if row:
                    row[2] += 1
                else:
                    bad += 1
                    print("%s: %s is %s: %s %s" % (checkout, base, d["worst"], ", ".join(names), d.get("error", "")))
            print(os.path.basename(os.path.abspath(checkout)),
                  ", ".join("%d %s are %s" % (n, "hostile" if h else "others", v) for (h, v), n in sorted(counts.items())))
    for row in rows:
        if not row[2]:
            print("audit_peers.txt: nothing is explained by", row[0])
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
