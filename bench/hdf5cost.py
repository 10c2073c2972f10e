"""What HDF5 costs beside h5py and scigolib/hdf5: the second table of docs/formats.md.

compare.py runs it as workload U. Each measurement of Go is a process of its own that prints the
least of two times, those of h5py are in this process, in turn with them; the table has the least
of all rounds. Before that what each library reads and writes is compared: one that is not right
has no figure.
"""
import os
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

CHUNK = (256, 512)
DEFLATE = dict(chunks=CHUNK, compression="gzip", compression_opts=4, shuffle=True)


def data(rows):
    """1 GB of 16,384 rows: random walks, which compress as measurements do."""
    return np.cumsum(np.random.default_rng(1).integers(-3, 4, (rows, 8192)), axis=1).astype("<f8")


def write_all(path, a):
    with h5py.File(path, "w") as f:
        f.create_dataset("contiguous", data=a)
        f.create_dataset("chunked", data=a, chunks=CHUNK)
        f.create_dataset("deflate", data=a, **DEFLATE)
        f.create_dataset("lzf", data=a[: len(a) // 8], chunks=CHUNK, compression="lzf", shuffle=True)
        s = f.create_dataset("sparse", shape=(100000, 125000), chunks=(500, 500), dtype="f8", compression="gzip")
        s[50000:51500, 70000:71500] = 2.5
        f.create_dataset("texts", data=["text %d" % i for i in range(1000000)], dtype=h5py.string_dtype())


# name of the row, dataset (see readTask for @), slice
READS = [
    ("1 GB contiguous", "contiguous", None),
    ("1 GB contiguous, mapped", "contiguous@", None),
    ("1 GB contiguous, mapped and copied", "contiguous@@", None),
    ("1 GB chunked", "chunked@", None),
    ("1 GB chunked, deflate and shuffle", "deflate@", None),
    ("128 MB chunked, LZF and shuffle", "lzf@", None),
    ("slice of 1,000 x 1,000 along chunks of 100 GB, sparse", "sparse@", (50000, 70000, 1000, 1000)),
    ("slice of 1,000 x 1,000 across them", "sparse@", (50250, 70250, 1000, 1000)),
    ("a column of 1 GB, deflate and shuffle", "deflate@", (0, 5, 0, 1)),
    ("1,000,000 texts", "texts@", None),
]
WRITES = [("contiguous", {}), ("chunked", dict(chunks=CHUNK)), ("deflate", DEFLATE)]


def seconds(call):
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def go(worker, *words, total=0):
    """What a process measures; None if it fails, or what it read has another sum."""
    p = subprocess.run([worker, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if p.returncode != 0 or float(p.stdout.split()[1]) != total:
        return None
    return float(p.stdout.split()[0])


def least(rounds, *calls):
    """The least time of each call, in turn; None for one that fails."""
    times = [[call() for call in calls] for _ in range(rounds)]
    return [min(t) if None not in t else None for t in zip(*times)]


def row(name, h5, ours, other):
    cell = lambda t: "" if t is None else "%.3g" % (t * 1000)
    factor = lambda t: "" if t is None else "%.2f" % (t / ours)
    line = "| %s | %s | %s | %s | %s | %s |" % (name, cell(h5), cell(ours), factor(h5), cell(other), factor(other))
    print(line, flush=True)
    return line


def measure(worker, rounds, rows=16384):
    lines = ["| | h5py, ms | hdf5, ms | times h5py's speed | scigolib, ms | times scigolib's speed |",
             "|---|---|---|---|---|---|"]
    a = data(rows)
    with tempfile.TemporaryDirectory() as folder:
        source, path, out = folder + "/a.npy", folder + "/in.h5", folder + "/out.h5"
        np.save(source, a)
        write_all(path, a)
        for name, dataset, box in READS:
            lines.append(read_row(worker, rounds, name, path, dataset, box))
        os.remove(path)
        a = a[:4096].copy()  # more would measure the disk, which writes behind the back of both
        np.save(source, a)
        for name, options in WRITES:
            lines += write_rows(worker, rounds, name, options, a, source, out)
    return "\n".join(lines) + "\n"


def read_row(worker, rounds, name, path, dataset, box):
    plain = dataset.strip("@")
    with h5py.File(path) as f:
        if box:
            box = box[:2] + (box[2] or len(f[plain]), box[3])
        got = select(f, plain, box)
        total = got.sum() if got.dtype == float else sum(map(len, got))
        del got
    words = [*(box or ())]

    def h5():
        with h5py.File(path) as f:  # whose cache of chunks is empty
            return seconds(lambda: select(f, plain, box))

    return row(name, *least(
        rounds, h5, lambda: go(worker, "unpkl", 2, "read", path, dataset, *words, total=total),
        lambda: go(worker, "scigolib", 1, "read", path, plain, *words, total=total)))


def select(f, dataset, box):
    if box:
        return f[dataset][box[0] : box[0] + box[2], box[1] : box[1] + box[3]]
    return f[dataset][...]


def write_rows(worker, rounds, name, options, a, source, out):
    """The default waits for the disk, which h5py does not."""
    def h5():
        with h5py.File(out, "w") as f:
            f.create_dataset("x", data=a, **options)

    def sync():
        h5()
        fd = os.open(out, os.O_RDONLY)
        os.fsync(fd)
        os.close(fd)

    def right(library):
        def call():
            if os.path.exists(out):
                os.remove(out)
            t = go(worker, library, 1, "write", source, out, name, *(["nosync"] if library == "unpkl" else []))
            with h5py.File(out) as f:
                return t if np.array_equal(f["x"][...], a) else None
        try:
            call()
        except (OSError, KeyError):
            return lambda: None
        return lambda: go(worker, library, 2, "write", source, out, name, *(["nosync"] if library == "unpkl" else []))

    storage = {"contiguous": "contiguous", "chunked": "chunked", "deflate": "chunked, deflate and shuffle"}[name]
    yield row("writing 256 MB, " + storage, *least(rounds, lambda: seconds(h5), right("unpkl"), right("scigolib")))
    yield row("the same, on the disk", *least(rounds, lambda: seconds(sync), lambda: go(
        worker, "unpkl", 2, "write", source, out, name), lambda: None))


if __name__ == "__main__":  # hdf5cost.py WORKER ROUNDS [ROWS]
    measure(os.path.abspath(sys.argv[1]), *map(int, sys.argv[2:]))
