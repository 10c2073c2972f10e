"""Measures unpkl beside CPython, gopickle and og-rek, all in one run.

    python compare.py [--rounds N] [--seconds S] [--full] [--only A,C,...] [--markdown FILE]

Every measurement is a process of its own, in turn for each implementation, for
several rounds; the table shows medians, and ratios within the run. Run it with a
Python that has NumPy (and pandas for H); make compare does.
"""
import argparse
import os
import platform
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "data")

# workload, input, [(label, command words)]; the first is the reference.
PY_OFF, PY_ON = "CPython, collector off", "CPython, collector on"


def py(task, gc):
    return ["py", task, gc]


def both(task):
    return [(PY_OFF, py(task, "off")), (PY_ON, py(task, "on"))]


def go(impl, task):
    return ["go", impl, task]


def rows(full):
    loads = lambda *more: both("loads") + [
        ("unpkl LoadBytes", go("unpkl", "loads")),
        *more,
        ("gopickle", go("gopickle", "loads")),
        ("og-rek", go("og-rek", "loads")),
    ]
    files = both("load-file") + [
        ("unpkl LoadFile", go("unpkl", "load-file")),
        ("unpkl Open", go("unpkl", "open")),
        ("gopickle", go("gopickle", "load-file")),
    ]
    # Of a program whose heap is smaller than the array, Go gives the memory back to the system between rounds.
    grown = ("unpkl LoadFile, GOGC=200", go("unpkl", "load-file") + ["GOGC=200"])
    yield "A", "A.p5", "4 MB array, from a file", [*files[:-1], grown]
    yield "A", "A.p4", "4 MB array, protocol 4", [*files, grown]
    yield "B", "B.p5", "256 MB array, from a file", files[:-1]
    if full:
        yield "B", "B1G.p5", "1 GB array, from a file", files[:-1]
    items = ("unpkl into []struct", go("unpkl", "to-items"))
    recs = ("unpkl into []struct", go("unpkl", "to-records"))
    for p in (4, 5):
        yield "C", "C.p%d" % p, "100,000 small arrays, protocol %d" % p, loads(items)
        yield "D", "D.p%d" % p, "200,000 records, protocol %d" % p, loads(recs)
    for kind in ("floats", "ints", "strings"):
        yield "E", "E-%s.p4" % kind, "list of %s" % kind, loads(
            ("unpkl into []%s" % {"floats": "float64", "ints": "int64", "strings": "string"}[kind], go("unpkl", "to-" + kind))
        )
    yield "F", "F.p5", "1,000,000 structured rows, columns copied", [
        (PY_OFF, py("fields", "off")),
        ("unpkl field views", go("unpkl", "fields")),
        ("unpkl columns copied", go("unpkl", "fields-copy")),
        ("unpkl into []struct", go("unpkl", "rows")),
    ]
    for p in (0, 2):
        yield "G", "C.p%d" % p, "100,000 small arrays, protocol %d" % p, loads(items)
        yield "G", "D.p%d" % p, "200,000 records, protocol %d" % p, loads(recs)
    yield "H", "H.p5", "1,000,000-row DataFrame", [
        ("pandas, collector off", py("read_pickle", "off")),
        ("pandas, collector on", py("read_pickle", "on")),
        ("unpkl LoadFile", go("unpkl", "load-path")),
        ("unpkl Open", go("unpkl", "open-file")),
        ("unpkl LoadFile, text as []string", go("unpkl", "frame-columns")),
    ]
    for kind in ("raw", "zlib", "gzip", "lz4"):
        first = [("joblib", py("joblib", "off")), ("unpkl LoadFile", go("unpkl", "load-file"))]
        if kind == "raw":
            first += [("joblib, mapped", py("joblib-mapped", "off")), ("unpkl Open", go("unpkl", "open"))]
        yield "L", "L-" + kind, "256 MB array in a joblib file, %s" % kind, first
    dumps = lambda p, *more: both("dumps%d" % p) + [("unpkl Marshal", go("unpkl", "dumps%d" % p)), *more]
    yield "I", "A.p5", "encode the 4 MB array, protocol 5", dumps(5)
    yield "I", "B.p5", "encode the large array, protocol 5", dumps(5)
    yield "I", "C.p4", "encode 100,000 small arrays", dumps(4, ("unpkl Marshal of []struct", go("unpkl", "dump-items4")))
    yield "I", "D.p4", "encode 200,000 records", dumps(
        4, ("unpkl Marshal of []struct", go("unpkl", "dump-records4")), ("og-rek", go("og-rek", "dumps4"))
    )
    yield "K", "", "what two cores give: a loop, twice", [
        ("one after the other", go("cores", "one")),
        ("two at once", go("cores", "two")),
    ]
    # With one goroutine on two cores, Go's collector works on the other one.
    yield "K", "", "8 files of 50,000 records", [
        ("unpkl, one core", go("unpkl", "many1") + ["GOMAXPROCS=1"]),
        ("unpkl, one goroutine", go("unpkl", "many1")),
        ("unpkl, two goroutines", go("unpkl", "many2")),
    ]
    for name, title in (("record", "a record"), ("item", "a dict with a small array")):
        yield "M", "M-%s.p4" % name, "%s, read 1,000 times" % title, both("loads-1000") + [
            ("unpkl LoadBytes", go("unpkl", "loads-1000")),
            ("unpkl into a struct", go("unpkl", "to-%s-1000" % name)),
            ("gopickle", go("gopickle", "loads-1000")),
        ] + [("og-rek", go("og-rek", "loads-1000"))] * (name == "record")
        yield "M", "M-%s.p4" % name, "%s, written 1,000 times" % title, both("dumps-1000") + [
            ("unpkl Marshal", go("unpkl", "dumps-1000")),
            ("unpkl Marshal of a struct", go("unpkl", "dump-%s-1000" % name)),
        ] + [("og-rek", go("og-rek", "dumps-1000"))] * (name == "record")
    yield "M", "M-stream.p4", "10,000 pickles in a file", both("stream") + [
        ("unpkl Decoder", go("unpkl", "stream")),
        ("unpkl Decoder into a struct", go("unpkl", "stream-records")),
    ]
    for name, title, into in (
        ("scalars", "100,000 records of NumPy's scalars", "[]struct"),
        ("events", "100,000 records with a datetime", "[]struct"),
        ("dict", "a dict of 500,000 floats", "map[string]float64"),
        ("tuples", "200,000 tuples", None),
        ("objects", "100,000 objects", "[]struct"),
    ):
        typed = [("unpkl into %s" % into, go("unpkl", "to-%s" % name))] if into else []
        yield "N", "N-%s.p4" % name, title, loads(*typed)
    yield from cliffs()
    for mb in (1, 10, 100, 1000) if full else (1, 10, 100):
        yield "growth", "G%dMB.p4" % mb, "records, %d MB" % mb, [("unpkl LoadBytes", go("unpkl", "loads"))]


# What is set, or how the bytes come, beside a load without any of it; each in bench/worker/cliffs.go.
SETTINGS = (
    "Objects Memo StringBytes Depth IntDigits Dims Elements InputBytes Expansion shared strict hook pieces"
).split()
ODD = ("set", "instance", "tuplekey", "shared")


def cliffs():
    """Workload P: nothing that is set, and no odd value, may make the whole load much slower."""
    for name, kind in (("C.p4", "items"), ("D.p4", "records"), ("E-floats.p4", "floats")):
        for form in ("plain", kind):
            impls = [(s, go("unpkl", "cliff-%s-%s" % (form, s))) for s in ["none"] + SETTINGS]
            yield "P", name, "%s, %s" % (kind, "plain" if form == "plain" else "typed"), impls
    for odd in ODD:
        for form in ("plain", "records"):
            title = "records and a %s, %s" % (odd, "plain" if form == "plain" else "typed")
            yield "P", "P-%s.p4" % odd, title, [("none", go("unpkl", "cliff-%s-none" % form))]


# Workload Q: a process that loads one file once.
FRESH = [
    ("D.p4", "records", "records"), ("C.p4", "small arrays", "items"), ("E-floats.p4", "floats", "floats"),
    ("E-ints.p4", "ints", "ints"), ("E-strings.p4", "strings", "strings"), ("A.p4", "a 4 MB array", None),
    ("N-events.p4", "records with a datetime", None), ("N-scalars.p4", "NumPy's scalars", None),
    ("N-objects.p4", "objects of a class", None), ("N-tuples.p4", "tuples", None),
    ("Q-bools.p4", "bools", None), ("Q-nested.p4", "nested dicts", None), ("Q-intkeys.p4", "int keys", None),
    ("Q-tuplekeys.p4", "tuple keys", None), ("Q-sets.p4", "sets", None), ("Q-bigints.p4", "big ints", None),
    ("Q-decimals.p4", "Decimals", None), ("Q-enums.p4", "enums", None),
]


def fresh(args, worker):
    out = []
    for name, title, typed in FRESH:
        if not os.path.exists(path_of(name)):
            continue
        python = [sys.executable, os.path.join(HERE, "pyworker.py"), "fresh", path_of(name)]
        impls = [
            (PY_OFF, [*python, "off", "0"]),
            (PY_ON, [*python, "on", "0"]),
            ("unpkl LoadFile", [worker, "fresh", "plain", path_of(name)]),
        ]
        if typed:
            impls.append(("unpkl Open and Decode, typed", [worker, "fresh", typed, path_of(name)]))
        seen = {label: [] for label, _ in impls}
        for _ in range(max(args.rounds, 3)):
            for label, words in impls:
                seen[label].append(inside(words))
        ref = None
        for label, _ in impls:
            t = statistics.median(s for s, _ in seen[label])
            rss = max(m for _, m in seen[label])
            ref = ref or t
            out.append(("Q", "fresh process: " + title, label, t, ref / t, None, "%.0f MB peak" % rss))
            print("Q       %-42s %-30s %9.1f ms %6.2fx %6.0f MB peak" % (title, label, t * 1e3, ref / t, rss), flush=True)
    return out


def inside(words):
    """The time that a process says its load took, and its peak memory."""
    p = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    text = p.stdout.read()
    _, status, usage = os.wait4(p.pid, 0)
    if status != 0:
        raise SystemExit("failed: " + " ".join(words))
    return float(text), usage.ru_maxrss / 1024


def path_of(name):
    return os.path.join(DATA, name + ".pkl") if name else DATA


def run(words, name, seconds, worker):
    if words[0] == "py":
        cmd = [sys.executable, os.path.join(HERE, "pyworker.py"), words[1], path_of(name), words[2], str(seconds)]
    else:
        cmd = [worker, words[1], words[2], path_of(name), str(seconds)]
    env = dict(os.environ, **dict(w.split("=") for w in words[3:] if "=" in w))
    p = subprocess.run(cmd, capture_output=True, text=True, env=env)
    if p.returncode != 0:
        return None, p.stderr.strip().splitlines()[-1:] or ["failed"]
    return [float(x) for x in p.stdout.split()], None


def command(words):
    """Time and peak memory of one command, from outside."""
    pid = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    import time

    start = time.perf_counter()
    _, status, usage = os.wait4(pid.pid, 0)
    return time.perf_counter() - start, usage.ru_maxrss / 1024, status


def measure(args, worker):
    table = []
    for workload, name, title, impls in rows(args.full):
        if args.only and workload not in args.only:
            continue
        if name and not os.path.exists(path_of(name)):
            print("%s: no input %s" % (workload, name), file=sys.stderr)
            continue
        seen = {label: [] for label, _ in impls}
        errors = {}
        for _ in range(args.rounds):
            for label, words in impls:
                if label in errors:
                    continue
                got, err = run(words, name, args.seconds, worker)
                if err:
                    errors[label] = err[0]
                else:
                    seen[label].append(got)
        ref = None
        for label, words in impls:
            if label in errors:
                table.append((workload, title, label, None, None, None, errors[label][:100]))
                continue
            t = statistics.median(g[0] for g in seen[label])
            ref = ref or t
            allocs = int(seen[label][-1][2]) if len(seen[label][-1]) > 2 else None
            table.append((workload, title, label, t, ref / t, allocs, ""))
            print("%-7s %-42s %-26s %10.3f ms %8.2fx %s" % (workload, title, label, t * 1e3, ref / t, allocs if allocs is not None else ""), flush=True)
        for label, e in errors.items():
            print("%-7s %-42s %-26s %s" % (workload, title, label, e[:100]), flush=True)
    return table


def commands(args, unpkl):
    """Workload J: the command on large files; time and peak memory of the process."""
    out = []
    for name, title in (("B.p5", "to-json of the large array"), ("J.p4", "to-json of a sparse 1 TB array")):
        if os.path.exists(path_of(name)):
            got = [command([unpkl, "to-json", path_of(name)]) for _ in range(args.rounds)]
            bad = [s for _, _, s in got if s != 0]
            t, rss = statistics.median(g[0] for g in got), max(g[1] for g in got)
            out.append(("J", title, "unpkl to-json", t, None, None, "failed" if bad else "%.0f MB peak" % rss))
            print("J       %-42s %10.1f ms %6.0f MB peak %s" % (title, t * 1e3, rss, "FAILED" if bad else ""))
    return out


def audits(args, unpkl):
    """Workload S: a folder of files, audited."""
    import auditing
    import inputs

    out = []
    for folder, title in auditing.folders(DATA, inputs.records, inputs.big):
        impls = list(auditing.commands(unpkl, folder))
        seen = {label: [] for label, _ in impls}
        for _ in range(max(args.rounds, 3)):
            for label, words in impls:
                seen[label].append(command(words)[:2])
        ref = None
        for label, _ in impls:
            t, rss = statistics.median(s for s, _ in seen[label]), max(m for _, m in seen[label])
            ref = ref or t
            out.append(("S", title, label, t, ref / t, None, "%.0f MB peak" % rss))
            print("S       %-42s %-30s %9.1f ms %6.2fx %6.0f MB peak" % (title, label, t * 1e3, ref / t, rss), flush=True)
    return out


def versions(worker):
    import numpy

    lines = ["CPython %s, NumPy %s" % (platform.python_version(), numpy.__version__)]
    for name in ("pandas", "joblib"):
        try:
            lines.append("%s %s" % (name, __import__(name).__version__))
        except ImportError:
            pass
    mods = subprocess.run(["go", "list", "-m", "-f", "{{.Path}} {{.Version}}", "github.com/nlpodyssey/gopickle", "github.com/kisielk/og-rek"], cwd=HERE, capture_output=True, text=True)
    lines += mods.stdout.split("\n")[:-1]
    lines.append(subprocess.run(["go", "version"], capture_output=True, text=True).stdout.strip())
    with open("/proc/cpuinfo") as f:
        model = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    lines.append("%d x %s" % (len(model), model[0] if model else platform.machine()))
    return lines


def formats_table(worker, rounds):
    """Workload R: what formats cost, which becomes the table of docs/formats.md."""
    import formats

    costs_table("formats.md", formats.measure(worker, rounds))


def hdf5_table(rounds):
    """Workload U: HDF5 beside h5py and scigolib/hdf5, which becomes the second table of docs/formats.md."""
    import hdf5cost

    worker = os.path.join(DATA, "hdf5")
    subprocess.run(["go", "build", "-o", worker, "./hdf5"], cwd=HERE, check=True)
    costs_table("formats.md", hdf5cost.measure(worker, rounds), "hdf5 costs")


def commands_table(unpkl, rounds):
    """Workload T: what commands cost, which becomes the table of docs/comparison.md."""
    import commands

    costs_table("comparison.md", commands.measure(unpkl, rounds))


def costs_table(name, text, what="costs"):
    path = os.path.join(os.path.dirname(HERE), "docs", name)
    with open(path) as f:
        head, begin, rest = f.read().partition("<!-- %s -->\n" % what)
    _, end, tail = rest.partition("<!-- end of %s -->" % what)
    if not end:
        raise SystemExit(path + " has no place for the costs")
    with open(path, "w") as f:
        f.write(head + begin + text + end + tail)


def markdown(table, lines):
    out = ["| | workload | implementation | median | against the first | note |", "|---|---|---|---|---|---|"]
    for workload, title, label, t, ratio, allocs, note in table:
        cells = [workload, title, label, "%.3g ms" % (t * 1e3) if t else "–", "%.2f×" % ratio if ratio else "", note]
        out.append("| " + " | ".join(cells) + " |")
    return "\n".join(out + ["", "Measured with " + "; ".join(lines) + "."]) + "\n"


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--seconds", type=float, default=1)
    ap.add_argument("--full", action="store_true", help="B with 1 GB, growth to 1000 MB")
    ap.add_argument("--only", type=lambda s: s.split(","))
    ap.add_argument("--markdown")
    args = ap.parse_args()
    subprocess.run([sys.executable, os.path.join(HERE, "inputs.py"), DATA] + ["full"] * args.full + [",".join(args.only)] * bool(args.only), check=True)
    worker, unpkl = os.path.join(DATA, "worker"), os.path.join(DATA, "unpkl")
    subprocess.run(["go", "build", "-o", worker, "./worker"], cwd=HERE, check=True)
    # As `make install` builds it.
    subprocess.run(["go", "build", "-trimpath", "-ldflags=-s -w", "-o", unpkl, "./cmd/unpkl"],
                   cwd=os.path.dirname(HERE), env=dict(os.environ, CGO_ENABLED="0"), check=True)
    table = measure(args, worker)
    if not args.only or "Q" in args.only:
        table += fresh(args, worker)
    if not args.only or "J" in args.only:
        table += commands(args, unpkl)
    if not args.only or "S" in args.only:
        table += audits(args, unpkl)
    lines = versions(worker)
    if not args.only or "R" in args.only:
        formats_table(worker, args.rounds)
    if not args.only or "U" in args.only:
        hdf5_table(args.rounds)
    if not args.only or "T" in args.only:
        commands_table(unpkl, args.rounds)
    print("\n".join(lines))
    if args.markdown:
        with open(args.markdown, "w") as f:
            f.write(markdown(table, lines))


if __name__ == "__main__":
    main()
