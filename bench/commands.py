"""What the command costs beside Python: the table of docs/comparison.md.

compare.py runs it as workload T. Each measurement is of a whole process, so that of Python has the start of the
interpreter and the import of NumPy in it; both sides in turn, in one run, the least of several. Memory is what a process
has beside mapped files: the most of RssAnon in /proc, looked at every millisecond.
"""
import os
import subprocess
import sys
import tempfile
import threading
import time

MAKE = """
import pickle, sys
import numpy as np
folder = sys.argv[1]
rng = np.random.default_rng(1)
big = {"a%d" % i: rng.standard_normal(1_250_000) for i in range(100)}
pickle.dump(big, open(folder + "/dict.pkl", "wb"), protocol=5)
pickle.dump(np.concatenate(list(big.values())), open(folder + "/a.pkl", "wb"), protocol=5)
del big
pickle.dump({"k%d" % i: np.full(3, i) for i in range(1_000_000)}, open(folder + "/many.pkl", "wb"), protocol=5)
np.save(folder + "/x.npy", rng.standard_normal(1 << 25))
"""

LOAD = "import pickle, sys; v = pickle.load(open(sys.argv[1], 'rb'))"


def cases(folder):
    """name, our command line, Python's program and its arguments"""
    at = lambda name: os.path.join(folder, name)
    yield ("what is in it: a dict of 100 arrays, 1 GB", [at("dict.pkl")],
           LOAD + "\nfor k, a in v.items(): print(k, a.dtype, a.shape)", [at("dict.pkl")])
    yield ("`get` of one array among 1,000,000", ["get", at("many.pkl"), "/k999999"],
           LOAD + "\nprint(v['k999999'])", [at("many.pkl")])
    yield ("`stats` of 256 MB of float64", ["stats", at("x.npy")],
           "import sys, numpy as np; x = np.load(sys.argv[1]); print(x.min(), x.max(), x.mean(), x.std())", [at("x.npy")])
    yield ("`diff` of two arrays of 1 GB", ["diff", at("a.pkl"), at("b.pkl")],
           "import pickle, sys, numpy as np\na, b = (pickle.load(open(p, 'rb')) for p in sys.argv[1:])\nprint(np.array_equal(a, b))",
           [at("a.pkl"), at("b.pkl")])
    yield "`cmp` of the same files", None, None, ["cmp", at("a.pkl"), at("b.pkl")]


def run(words):
    """seconds and bytes of anonymous memory of one process"""
    begin = time.perf_counter()
    p = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    most, done = [0], threading.Event()

    def watch():
        while not done.is_set():
            try:
                with open("/proc/%d/status" % p.pid) as f:
                    for line in f:
                        if line.startswith("RssAnon:"):
                            most[0] = max(most[0], int(line.split()[1]) * 1024)
            except (FileNotFoundError, ProcessLookupError):
                return
            done.wait(0.001)

    watcher = threading.Thread(target=watch)
    watcher.start()
    status = p.wait()
    seconds = time.perf_counter() - begin
    done.set()
    watcher.join()
    if status:
        raise SystemExit("%s: exit status %d" % (words, status))
    return seconds, most[0]


def measure(unpkl, rounds):
    lines = ["| | unpkl, s | Python, s | times faster | unpkl, MB beside the file | Python, MB |", "|---|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory(dir=os.environ.get("COMPARE_DIR")) as folder:
        subprocess.run([sys.executable, "-c", MAKE, folder], check=True)
        with open(folder + "/a.pkl", "rb") as f, open(folder + "/b.pkl", "wb") as g:
            while data := f.read(1 << 24):
                g.write(data)
        for name, ours, program, args in cases(folder):
            sides = [[unpkl, *ours] if ours else None, [sys.executable, "-c", program, *args] if program else args]
            best = [None, None]
            for _ in range(rounds):
                for k, words in enumerate(sides):
                    if words:
                        got = run(words)
                        best[k] = got if best[k] is None else (min(best[k][0], got[0]), max(best[k][1], got[1]))
            text = lambda v, form: form % v if v is not None else ""
            (a, m), (b, n) = [v or (None, None) for v in best]
            lines.append("| %s | %s | %s | %s | %s | %s |" % (
                name, text(a, "%.3f"), text(b, "%.3f"), text(b / a if a and b else None, "%.1f"),
                text(m and m / 1e6, "%.0f"), text(n and n / 1e6, "%.0f")))
            print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(measure(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3))
