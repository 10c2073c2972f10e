"""What the command costs beside Python: the table of docs/comparison.md.

compare.py runs it as workload T. Each measurement is of a whole process, so that of Python has the start of the
interpreter and the import of NumPy in it; both sides in turn, in one run, the least of several, and of ten times as many
where a process takes less than a tenth of a second. Memory is what a process has beside mapped files: the most of RssAnon
in /proc, looked at every millisecond of a run of its own, whose time does not count.
"""
import os
import subprocess
import sys
import tempfile
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


def seconds_of(words):
    """seconds of one process"""
    null = os.open(os.devnull, os.O_WRONLY)
    begin = time.perf_counter()
    pid = os.posix_spawnp(words[0], words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
    _, status = os.waitpid(pid, 0)
    seconds = time.perf_counter() - begin
    os.close(null)
    if status:
        raise SystemExit("%s: wait status %d" % (words, status))
    return seconds


def memory_of(words):
    """bytes of anonymous memory of one process"""
    p = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    most = 0
    while p.poll() is None:
        try:
            with open("/proc/%d/status" % p.pid) as f:
                for line in f:
                    if line.startswith("RssAnon:"):
                        most = max(most, int(line.split()[1]) * 1024)
        except (FileNotFoundError, ProcessLookupError):
            pass
        time.sleep(0.001)
    if p.returncode:
        raise SystemExit("%s: exit status %d" % (words, p.returncode))
    return most


def measure(unpkl, rounds):
    lines = ["| | unpkl, s | Python, s | times faster | unpkl, MB beside the file | Python, MB |", "|---|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory(dir=os.environ.get("COMPARE_DIR")) as folder:
        subprocess.run([sys.executable, "-c", MAKE, folder], check=True)
        with open(folder + "/a.pkl", "rb") as f, open(folder + "/b.pkl", "wb") as g:
            while data := f.read(1 << 24):
                g.write(data)
        for name, ours, program, args in cases(folder):
            sides = [[unpkl, *ours] if ours else None, [sys.executable, "-c", program, *args] if program else args]
            best = [(seconds_of(words), memory_of(words)) if words else None for words in sides]
            for _ in range(rounds - 1):
                for k, words in enumerate(sides):
                    for _ in range((10 if best[k][0] < 0.1 else 1) if words else 0):
                        best[k] = min(best[k][0], seconds_of(words)), best[k][1]
            text = lambda v, form: form % v if v is not None else ""
            (a, m), (b, n) = [v or (None, None) for v in best]
            lines.append("| %s | %s | %s | %s | %s | %s |" % (
                name, text(a, "%.3f"), text(b, "%.3f"), text(b / a if a and b else None, "%.1f"),
                text(m and m / 1e6, "%.0f"), text(n and n / 1e6, "%.0f")))
            print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(measure(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3))
