"""What each format costs for 4,000,000 doubles: the table of docs/formats.md.

compare.py runs it as workload R. Times are those of one call in a process that has the array, or of one that
returns it, the least of several; both sides in turn, in one run. A table's columns are the array's.
"""
import os
import subprocess
import sys
import tempfile
import time

SHAPE = (1_000_000, 4)


def cases(a, frame):
    """name, file, flag of the worker, Python's writer, Python's reader"""
    import h5py
    import numpy as np
    import pandas as pd
    import safetensors.numpy as st

    def h5(path, **options):
        with h5py.File(path, "w") as f:
            f.create_dataset("data", data=a, **options)

    def unh5(path):
        with h5py.File(path) as f:
            return f["data"][:]

    yield "npy", "x.npy", "", lambda p: np.save(p, a), np.load
    yield "npz", "x.npz", "", lambda p: np.savez(p, a), lambda p: np.load(p)["arr_0"]
    yield "npz, deflate", "z.npz", "compress", lambda p: np.savez_compressed(p, a), lambda p: np.load(p)["arr_0"]
    yield "raw", "x.raw", "sidecar", a.tofile, lambda p: np.fromfile(p).reshape(SHAPE)
    yield "pickle", "x.pkl", "", lambda p: pd.to_pickle(a, p), pd.read_pickle
    yield "hdf5", "x.h5", "", h5, unh5
    yield "hdf5, deflate and shuffle", "z.h5", "compress", lambda p: h5(p, compression=4, shuffle=True), unh5
    yield "safetensors", "x.safetensors", "", lambda p: st.save_file({"arr_0": a}, p), lambda p: st.load_file(p)["arr_0"]
    yield "csv, %.18e", "x.csv", "savetxt", lambda p: np.savetxt(p, a, delimiter=","), lambda p: np.loadtxt(p, delimiter=",")
    yield "csv of a table", "f.csv", "", lambda p: frame.to_csv(p, index=False), pd.read_csv
    yield "parquet", "f.parquet", "", frame.to_parquet, pd.read_parquet
    yield "feather", "f.feather", "", lambda p: frame.to_feather(p, compression="uncompressed"), pd.read_feather


def seconds(call):
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def measure(worker, rounds, only=None):
    import numpy as np
    import pandas as pd

    a = np.random.default_rng(1).standard_normal(SHAPE)
    frame = pd.DataFrame(a, columns=list("abcd"))
    lines = ["| | MB | write, s | NumPy, pandas | read, s | NumPy, pandas |", "|---|---|---|---|---|---|"]

    def ours(*words):
        return float(subprocess.run([worker, "convert", "3", *words], check=True, stdout=subprocess.PIPE).stdout)

    with tempfile.TemporaryDirectory() as folder:
        np.save(folder + "/in.npy", a)
        frame.to_pickle(folder + "/in.pkl")
        for name, file, flag, save, load in cases(a, frame):
            if only and file not in only:
                continue
            source = folder + ("/in.pkl" if file.startswith("f.") else "/in.npy")
            own, theirs = folder + "/" + file, folder + "/py." + file
            times = [[], [], [], []]
            for _ in range(rounds):
                times[0].append(ours("write", source, own, flag))
                times[1].append(seconds(lambda: save(theirs)))
                times[2].append(ours("read", own, flag))
                times[3].append(seconds(lambda: load(theirs)))
            got = np.asarray(load(own))
            if not np.array_equal(got, a):
                raise SystemExit(name + ": what was written is not the array")
            lines.append("| %s | %.0f | %s |" % (name, os.path.getsize(own) / 1e6, " | ".join("%.2g" % min(t) for t in times)))
            print(lines[-1], flush=True)
            os.remove(own)
            os.remove(theirs)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":  # formats.py WORKER ROUNDS [FILE...]
    measure(os.path.abspath(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
