"""One CPython measurement: pyworker.py TASK FILE on|off SECONDS -> the median of its rounds, in seconds."""
import gc
import io
import pickle
import statistics
import sys
import time


def load_file(path):
    with open(path, "rb") as f:
        return pickle.load(f)


def load_all(path):
    out = []
    with open(path, "rb") as f:
        while True:
            try:
                out.append(pickle.load(f))
            except EOFError:
                return out


def rounds(prepare, run, budget, collector):
    """Runs until the budget is spent (3 rounds at least); the collector is as asked while run runs."""
    times = []
    spent = time.perf_counter()
    while len(times) < 3 or time.perf_counter() - spent < budget:
        arg = prepare()
        if collector == "off":
            gc.disable()
        start = time.perf_counter()
        out = run(arg)
        times.append(time.perf_counter() - start)
        gc.enable()
        del out
    return statistics.median(times)


def fresh(path, collector):
    """Loads once and prints how long that took: what a process feels that loads one file."""
    if collector == "off":
        gc.disable()
    start = time.perf_counter()
    value = load_file(path)
    print(time.perf_counter() - start)
    return value


def main(task, path, collector, budget):
    if task == "fresh":
        fresh(path, collector)
        return
    if task == "load-file":
        prepare, run = (lambda: path), load_file
    elif task == "loads":
        data = open(path, "rb").read()
        prepare, run = (lambda: data), pickle.loads
    elif task == "read_pickle":
        import pandas as pd

        prepare, run = (lambda: path), pd.read_pickle
    elif task.startswith("joblib"):
        import joblib

        mode = "r" if task == "joblib-mapped" else None
        prepare, run = (lambda: path), lambda p: joblib.load(p, mmap_mode=mode)
    elif task == "loads-1000":
        data = open(path, "rb").read()
        prepare, run = (lambda: data), lambda d: [pickle.loads(d) for _ in range(1000)]
    elif task == "dumps-1000":
        value = load_file(path)
        prepare, run = (lambda: value), lambda v: [pickle.dumps(v, 4) for _ in range(1000)]
    elif task == "stream":
        prepare, run = (lambda: path), load_all
    elif task.startswith("dumps"):
        value, protocol = load_file(path), int(task[5:])
        prepare, run = (lambda: value), lambda v: pickle.dumps(v, protocol)
    elif task == "fields":
        value = load_file(path)
        prepare, run = (lambda: value), lambda v: [v[n].copy() for n in v.dtype.names]
    elif task == "tolist":
        value = load_file(path)
        prepare, run = (lambda: value), lambda v: v.tolist()
    else:
        raise SystemExit("unknown task " + task)
    print(rounds(prepare, run, budget, collector))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]))
