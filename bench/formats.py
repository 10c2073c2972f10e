#!/usr/bin/env python3
"""What each format costs for 4,000,000 doubles: the table of docs/formats.md.

    bench/formats.py UNPKL [FOLDER]

UNPKL is the command. Run it with a Python that has NumPy, pandas, pyarrow, h5py and safetensors. The times
of unpkl are those of a whole process that reads .npy and writes the format, or the other way round; the times
of Python's libraries are those of the call alone. Each is the best of three in one run.
"""
import os, subprocess, sys, tempfile, time

import h5py, numpy as np, pandas as pd, safetensors.numpy as st

UNPKL = os.path.abspath(sys.argv[1])
a = np.random.default_rng(1).standard_normal((1_000_000, 4))
frame = pd.DataFrame(a, columns=list("abcd"))

def h5(path):
    with h5py.File(path, "w") as f:
        f["data"] = a

def unh5(path):
    with h5py.File(path) as f:
        return f["data"][:]

def readraw(path):
    return np.fromfile(path).reshape(-1, 4)

CASES = [
    ("npy", "x.npy", [], [], lambda p: np.save(p, a), np.load),
    ("npz", "x.npz", [], [], lambda p: np.savez(p, a), lambda p: np.load(p)["arr_0"]),
    ("npz, deflated", "z.npz", ["--compress"], [], lambda p: np.savez_compressed(p, a), lambda p: np.load(p)["arr_0"]),
    ("raw", "x.raw", ["--sidecar"], [], lambda p: a.tofile(p), readraw),
    ("csv of an array, %.18e", "x.csv", ["--fmt", "%.18e"], [], lambda p: np.savetxt(p, a, delimiter=","), lambda p: np.loadtxt(p, delimiter=",")),
    ("csv of a table", "f.csv", [], [], lambda p: frame.to_csv(p, index=False), pd.read_csv),
    ("hdf5", "x.h5", [], [], h5, unh5),
    ("safetensors", "x.safetensors", [], [], lambda p: st.save_file({"arr_0": a}, p), lambda p: st.load_file(p)["arr_0"]),
    ("parquet", "f.parquet", [], [], frame.to_parquet, pd.read_parquet),
    ("feather", "f.feather", [], [], frame.to_feather, pd.read_feather),
]

def best(call):
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times)

def run(*args):
    subprocess.run([UNPKL, "convert", *args], check=True, stderr=subprocess.DEVNULL)

with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
    np.save(f"{folder}/in.npy", a)
    frame.to_pickle(f"{folder}/in.pkl")
    print("| format | MB | write, s | Python, s | read, s | Python, s |\n|---|---|---|---|---|---|")
    for name, file, write, read, save, load in CASES:
        table = file.startswith("f.")
        source, back = (f"{folder}/in.pkl", f"{folder}/back.pkl") if table else (f"{folder}/in.npy", f"{folder}/back.npy")
        ours, theirs = f"{folder}/{file}", f"{folder}/py.{file}"
        select = ["--select", "/arr_0"] if file.endswith((".npz", ".safetensors")) else ["--select", "/data"] if file.endswith(".h5") else []
        w = best(lambda: run(source, ours, *write))
        r = best(lambda: run(ours, back, *select, *read))
        pw, pr = best(lambda: save(theirs)), best(lambda: load(theirs))
        got = np.load(back) if not table else pd.read_pickle(back).to_numpy()
        assert np.array_equal(got, a), name
        print(f"| {name} | {os.path.getsize(ours) / 1e6:.0f} | {w:.2f} | {pw:.2f} | {r:.2f} | {pr:.2f} |", flush=True)
