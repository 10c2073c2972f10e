"""Workload S: unpkl audit beside picklescan, each a process that looks at a folder of 1,000 files.

One folder has fixtures of this repository, of a few kilobytes; the other what a store of results has: in
each file metadata, a few hundred records and an array. picklescan runs in the Python that runs this, or in the one that
PICKLESCAN_PYTHON names.
"""
import glob
import os
import pickle
import shutil
import subprocess
import sys

FILES = 1000
HERE = os.path.dirname(os.path.abspath(__file__))


def folders(data, records, arrays):
    """Makes the folders once, and yields each with its title."""
    small = os.path.join(data, "S-fixtures")
    if not os.path.exists(small):
        os.makedirs(small + ".tmp")
        paths = sorted(glob.glob(os.path.join(os.path.dirname(HERE), "testdata", "**", "*.pkl"), recursive=True))
        for i, path in enumerate(paths[:FILES]):
            shutil.copy(path, os.path.join(small + ".tmp", "%04d.pkl" % i))
        os.rename(small + ".tmp", small)
    yield small, "%d fixtures" % len(os.listdir(small))
    results = os.path.join(data, "S-results")
    if not os.path.exists(results):
        os.makedirs(results + ".tmp")
        for i in range(FILES):
            value = {"run": i, "records": records(100 + i % 400), **arrays(1 << 16)}
            with open(os.path.join(results + ".tmp", "%04d.pkl" % i), "wb") as f:
                pickle.dump(value, f, 2 + i % 4)
        os.rename(results + ".tmp", results)
    yield results, "%d files of results" % FILES


def commands(unpkl, folder):
    python = os.environ.get("PICKLESCAN_PYTHON", sys.executable)
    scan = [python, "-m", "picklescan", "-p", folder]
    if subprocess.run([python, "-c", "import picklescan"], stderr=subprocess.DEVNULL).returncode == 0:
        yield "picklescan", scan
    else:
        print("S: no picklescan in %s: PICKLESCAN_PYTHON names a Python that has it" % python, file=sys.stderr)
    yield "unpkl audit", [unpkl, "audit", "--fail-on=never", folder]
