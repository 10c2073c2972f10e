#!/usr/bin/env python3
"""Writes the file of hdf5's BenchmarkRead, unless it is there, and reads it with h5py.

    gen_hdf5_bench.py FILE [NAME...]
"""
import os
import sys
import time

import h5py
import numpy as np


def write(path):
    rng = np.random.default_rng(1)
    a = np.cumsum(rng.integers(-3, 4, (8192, 8192)), axis=1).astype("<f8")  # 512 MB
    with h5py.File(path, "w") as f:
        f.create_dataset("contig", data=a)
        f.create_dataset("gz", data=a, chunks=(256, 512), compression="gzip", compression_opts=4, shuffle=True)
        f.create_dataset("chunk", data=a, chunks=(256, 512))
        f.create_dataset("lzf", data=a[:2048], chunks=(256, 512), compression="lzf", shuffle=True)
        s = f.create_dataset("sparse", shape=(100000, 125000), chunks=(500, 500), dtype="f8", compression="gzip")
        s[5000:6000, 7000:8000] = 1.5
        s[50000:51000, 70000:71000] = 2.5
        f.create_dataset("vstr", data=["text %d" % i for i in range(1000000)], dtype=h5py.string_dtype())


def main():
    path, names = sys.argv[1], sys.argv[2:]
    if not os.path.exists(path):
        write(path)
    with h5py.File(path) as f:
        reads = {
            "contig": lambda: f["contig"][...], "gz": lambda: f["gz"][...], "chunk": lambda: f["chunk"][...],
            "lzf": lambda: f["lzf"][...], "sparse": lambda: f["sparse"][50000:51000, 70000:71000],
            "sparseoff": lambda: f["sparse"][50250:51250, 70250:71250], "gzcol": lambda: f["gz"][:, 5],
            "vstr": lambda: f["vstr"][...],
        }
        for name, read in reads.items():
            if names and name not in names:
                continue
            best = 1e9
            for _ in range(2):
                start = time.perf_counter()
                read()
                best = min(best, time.perf_counter() - start)
            print("%-10s %10.1f ms" % (name, best * 1000))


main()
