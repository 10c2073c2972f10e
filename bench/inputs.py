"""Makes the inputs of the comparison, once, in a folder: see README.md beside this file."""
import datetime
import decimal
import http
import os
import pickle
import sys
import types

import numpy as np


def records(n):
    rng = np.random.default_rng(1)
    x = rng.standard_normal(n)
    return [
        {
            "id": i,
            "name": "record-%d" % i,
            "value": float(x[i]),
            "tags": ["tag%d" % (i % 7), "group%d" % (i % 11)],
            "active": i % 3 == 0,
            "date": "2026-%02d-%02d" % (1 + i % 12, 1 + i % 28),
        }
        for i in range(n)
    ]


def small_arrays(n):
    rng = np.random.default_rng(2)
    return [
        {"id": i, "name": "item-%d" % i, "values": rng.standard_normal(16)} for i in range(n)
    ]


def big(nbytes):
    return {
        "array_name": "deviates",
        "created_on": "2026-11-21T10:00:00",
        "values": np.random.default_rng(3).standard_normal(nbytes // 8),
    }


def structured(n):
    rng = np.random.default_rng(4)
    a = np.zeros(n, dtype=[("id", "<i8"), ("x", "<f8"), ("y", "<f8"), ("flag", "<i4"), ("w", "<f4")])
    a["id"] = np.arange(n)
    a["x"] = rng.standard_normal(n)
    a["y"] = rng.standard_normal(n)
    a["flag"] = np.arange(n) % 5
    a["w"] = rng.random(n)
    return a


def frame(n):
    import pandas as pd

    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "name": pd.Series(["name-%d" % (i % 50000) for i in range(n)], dtype=object),
            "kind": pd.Categorical.from_codes(rng.integers(0, 6, n), ["a", "b", "c", "d", "e", "f"]),
            "when": pd.date_range("2020-01-01", periods=n, freq="s"),
            "count": rng.integers(0, 1000, n),
            "x": rng.standard_normal(n),
            "y": rng.standard_normal(n),
        }
    )


def floats(n):
    return np.random.default_rng(6).standard_normal(n).tolist()


def ints(n):
    return np.random.default_rng(7).integers(-(2**40), 2**40, n).tolist()


def strings(n):
    return ["string number %d" % i for i in range(n)]


def scalars(n):
    """Records as a loop over arrays makes them."""
    return [{"id": np.int64(i), "score": np.float64(i / 7), "ok": np.bool_(i % 2)} for i in range(n)]


def events(n):
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    return [{"at": start + datetime.timedelta(minutes=i), "value": i / 3} for i in range(n)]


def table(n):
    return {"key%d" % i: i / 3 for i in range(n)}


def tuples(n):
    return [(i, "name %d" % i, i / 3) for i in range(n)]


def objects(n):
    return [types.SimpleNamespace(id=i, name="name %d" % i, value=i / 3) for i in range(n)]


def odd(n):
    """Records with one value at the end that no record has, by its name."""
    first = {"k": 1}
    for name, value in (
        ("set", {1, 2}),
        ("instance", types.SimpleNamespace(a=1)),
        ("tuplekey", {(1, 2): 3}),
        ("shared", [first, first]),
    ):
        yield name, lambda value=value: records(n) + [{"id": -1, "extra": value}]


def fresh():
    """What a process that loads one file once is measured on, beside C, D and E."""
    n = 200_000
    members = list(http.HTTPStatus)
    yield "bools", lambda: [i % 2 == 0 for i in range(2_000_000)]
    yield "nested", lambda: {"k%d" % i: {"a": {"b": i, "c": [i, i + 1]}} for i in range(n)}
    yield "intkeys", lambda: {i * 7: i / 2 for i in range(500_000)}
    yield "tuplekeys", lambda: {(i, i + 1): i for i in range(n)}
    yield "sets", lambda: [{i, i + 1, i + 2} for i in range(n)]
    yield "bigints", lambda: [i << 70 for i in range(n)]
    yield "decimals", lambda: [decimal.Decimal(i) / 8 for i in range(n)]
    yield "enums", lambda: [members[i % len(members)] for i in range(n)]


def measured(nbytes):
    """Numbers as instruments give them, of three decimals: they compress to about a third."""
    return {"name": "measured", "values": np.round(np.random.default_rng(8).standard_normal(nbytes // 8), 3)}


# How joblib's files of workload L are compressed.
JOBLIB = {"raw": 0, "zlib": ("zlib", 3), "gzip": ("gzip", 3), "lz4": ("lz4", 3)}


def joblib_files(folder):
    """Workload L: the same array in joblib's files."""
    value = None
    for name, compress in JOBLIB.items():
        path = os.path.join(folder, "L-%s.pkl" % name)
        if os.path.exists(path):
            continue
        try:
            import joblib

            if name == "lz4":
                import lz4  # noqa: F401
        except ImportError as e:
            print("skipped L-%s: %s" % (name, e), file=sys.stderr)
            continue
        value = value or measured(1 << 28)
        joblib.dump(value, path + ".tmp", compress=compress)
        os.replace(path + ".tmp", path)


def sparse_terabyte(path):
    """A valid pickle of a 1 TB float64 array whose bytes are a hole in the file."""
    n = 1 << 37
    head = pickle.dumps({"name": "hole", "values": np.zeros(3)}, 4)
    data = bytes(24)
    at = head.index(b"C\x18" + data)
    before = head[:at].replace(b"K\x03\x85", b"\x8a\x06" + n.to_bytes(6, "little") + b"\x85")
    before = before[:2] + before[11:]  # without its FRAME, whose length no longer holds
    tail = head[at + 2 + len(data):]
    with open(path, "wb") as f:
        f.write(before + b"\x8e" + (n * 8).to_bytes(8, "little"))
        f.seek(n * 8, 1)
        f.write(tail)


def growth(nbytes):
    """About nbytes of records, for time per byte as inputs grow."""
    return records(max(1, nbytes // 75))


def inputs(full):
    yield "A.p5", lambda: big(4 << 20), 5
    yield "A.p4", lambda: big(4 << 20), 4
    yield "B.p5", lambda: big(1 << 28), 5
    if full:
        yield "B1G.p5", lambda: big(1 << 30), 5
    for p in (0, 2, 4, 5):
        yield "C.p%d" % p, lambda: small_arrays(100_000), p
        yield "D.p%d" % p, lambda: records(200_000), p
    yield "E-floats.p4", lambda: floats(2_000_000), 4
    yield "E-ints.p4", lambda: ints(2_000_000), 4
    yield "E-strings.p4", lambda: strings(1_000_000), 4
    yield "F.p5", lambda: structured(1_000_000), 5
    yield "H.p5", lambda: frame(1_000_000), 5
    for mb in (1, 10, 100, 1000) if full else (1, 10, 100):
        yield "G%dMB.p4" % mb, lambda mb=mb: growth(mb * 1_000_000), 4
    for i in range(8):
        yield "K%d.p4" % i, lambda: records(50_000), 4
    yield "M-record.p4", lambda: records(1)[0], 4
    yield "M-item.p4", lambda: small_arrays(1)[0], 4
    yield "N-scalars.p4", lambda: scalars(100_000), 4
    yield "N-events.p4", lambda: events(100_000), 4
    yield "N-dict.p4", lambda: table(500_000), 4
    yield "N-tuples.p4", lambda: tuples(200_000), 4
    yield "N-objects.p4", lambda: objects(100_000), 4
    for name, make in odd(200_000):
        yield "P-%s.p4" % name, make, 4
    for name, make in fresh():
        yield "Q-%s.p4" % name, make, 4


def stream(path):
    """Writes 10,000 records one after another, each a pickle of its own."""
    with open(path + ".tmp", "wb") as f:
        for record in records(10_000):
            pickle.dump(record, f, 4)
    os.replace(path + ".tmp", path)


def main(folder, full, only):
    os.makedirs(folder, exist_ok=True)
    for name, make, protocol in inputs(full):
        path = os.path.join(folder, name + ".pkl")
        if os.path.exists(path) or not wanted(name, only):
            continue
        try:
            value = make()
        except ImportError as e:
            print("skipped %s: %s" % (name, e), file=sys.stderr)
            continue
        with open(path + ".tmp", "wb") as f:
            pickle.dump(value, f, protocol)
        os.replace(path + ".tmp", path)
    path = os.path.join(folder, "J.p4.pkl")
    if not os.path.exists(path) and wanted("J", only):
        sparse_terabyte(path)
    path = os.path.join(folder, "M-stream.p4.pkl")
    if not os.path.exists(path) and wanted("M", only):
        stream(path)
    if wanted("L", only):
        joblib_files(folder)


# Workloads that take inputs of others too.
ALSO = {"G": "CD", "I": "ABCD", "J": "B", "growth": "G", "P": "CDE", "Q": "ACDEN"}


def wanted(name, only):
    return not only or any(name[0] == w[0] or name[0] in ALSO.get(w, "") for w in only)


if __name__ == "__main__":
    main(sys.argv[1], "full" in sys.argv[2:], next((a.split(",") for a in sys.argv[2:] if a != "full"), None))
