#!/usr/bin/env python3
"""Runs pickles in CPython, each in a child of its own, in a folder that is thrown away, under an audit hook.

Reads from standard input one pickle a line, as hexadecimal text; writes for each a line of JSON: {"events":
[names of the audit events beyond the import of what the pickle names], "names": [what find_class was asked],
"error": the exception, if any}. With --record nothing is called: find_class records the names and gives an inert
class, which is how a fuzz test learns what CPython asks for.

A child has a time limit, limits of memory, files and processes, no network but loopback (sockets are refused by
the hook before they are made), and what would start a process is refused by the hook once it is noted.
"""

import importlib
import io
import json
import os
import pickle
import resource
import select
import shutil
import signal
import sys
import tempfile
import time

# Events by which a pickle reaches beyond its own values.
PREFIXES = ("os.", "subprocess.", "socket.", "shutil.", "tempfile.", "glob.", "ctypes.", "sqlite3.", "urllib.", "ftplib.",
            "http.", "imaplib.", "smtplib.", "poplib.", "telnetlib.", "webbrowser.", "winreg.", "mmap.", "pty.", "pathlib.",
            "fcntl.", "resource.", "signal.", "syslog.", "ensurepip.", "pdb.", "cpython.run", "marshal.", "function.__new__",
            "code.__new__", "gc.", "setopencodehook", "import.", "pickle.find_class.")
NAMES = {"open", "exec", "compile", "import"}

CHILD = r'''
import sys, json, os, io, pickle, resource, builtins
resource.setrlimit(resource.RLIMIT_CPU, (8, 8))
resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
record, prefixes, names = json.loads(sys.argv[1])
data = sys.stdin.buffer.read()
events, asked, on, imports = [], [], False, 0
REFUSED = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.kill", "socket.", "os.putenv", "pty.",
           "os.startfile", "webbrowser.", "os.killpg", "signal.", "urllib.", "ctypes.dlopen")
class Refused(BaseException): pass
def hook(event, args):
    global on
    if not on or imports:
        return
    if event in names or event.startswith(tuple(prefixes)):
        on = False
        detail = ""
        try:
            detail = repr(args)[:80]
        finally:
            events.append([event, detail])
            on = True
        if event.startswith(REFUSED):
            raise Refused(event)
class Unpickler(pickle._Unpickler if record == "python" else pickle.Unpickler):
    def find_class(self, module, name):
        global imports
        asked.append([module, name])
        if record:
            return Inert
        imports += 1  # importing what it names is what every pickle does
        try:
            return super().find_class(module, name)
        finally:
            imports -= 1
    def persistent_load(self, pid):
        return Inert()
class Meta(type):
    def __call__(cls, *a, **k): return object.__new__(cls)
class Inert(metaclass=Meta):
    def __new__(cls, *a, **k): return object.__new__(cls)
    def __call__(self, *a, **k): return Inert()
    def __setstate__(self, s): pass
    def append(self, x): pass
    def extend(self, x): pass
    def add(self, x): pass
    def __setitem__(self, k, v): pass
import warnings; warnings.simplefilter("ignore")
error = None
sys.addaudithook(hook)
stdout, sys.stdout = sys.stdout, io.StringIO()
u = Unpickler(io.BytesIO(data))
on = True
try:
    u.load()
except Refused as e:
    pass
except BaseException as e:
    on = False
    error = type(e).__name__ + ": " + str(e)[:200]
on = False
stdout.write(json.dumps({"events": events[:20], "names": asked, "error": error}))
stdout.flush()
os._exit(0)
'''


def fork(data, folder, record):
    """Runs CHILD in a fork of this process, which has imported what most pickles name."""
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            os.chdir(folder)
            os.environ.update(HOME=folder, TMPDIR=folder)
            tempfile.tempdir = folder
            null = os.open(os.devnull, os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(null, fd)
            sys.argv = ["-c", json.dumps([record, PREFIXES, sorted(NAMES)])]
            sys.stdin = io.TextIOWrapper(io.BytesIO(data))
            sys.stdout = os.fdopen(w, "w")
            exec(compile(CHILD, "child", "exec"), {"__name__": "__main__"})
        finally:
            os._exit(1)
    os.close(w)
    out, end = b"", time.monotonic() + 20
    while select.select([r], [], [], max(0, end - time.monotonic()))[0]:
        more = os.read(r, 1 << 16)
        if not more:
            break
        out += more
    os.close(r)
    try:
        os.killpg(pid, signal.SIGKILL)  # the child's own group
    except OSError:
        pass
    os.waitpid(pid, 0)
    try:
        return json.loads(out)
    except ValueError:
        return {"events": [["crash or timeout", ""]], "names": [], "error": "no answer"}


def run(data, record=False):
    folder = tempfile.mkdtemp(prefix="unpkl-audit-")
    try:
        with open(os.path.join(folder, "victim.txt"), "w") as f:
            f.write("not to be touched\n" * 100)
        answer = fork(data, folder, record)
        with open(os.path.join(folder, "victim.txt"), "rb") as f:
            answer["victim"] = f.read() == b"not to be touched\n" * 100
        return answer
    except OSError as e:
        return {"events": [["victim", str(e)]], "names": [], "error": None, "victim": False}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def names(data, unpickler):
    """Loads a pickle whose every name is an inert class, and returns the names that were asked for."""
    asked = []

    class Meta(type):
        def __call__(cls, *a, **k):
            return object.__new__(cls)

    class Inert(metaclass=Meta):
        def __new__(cls, *a, **k):
            return object.__new__(cls)

        def nothing(self, *a, **k):
            return Inert()

        __call__ = append = extend = add = nothing

        def __setitem__(self, *a):
            pass

        def __setstate__(self, *a):
            pass

    class Recorder(unpickler):
        def find_class(self, module, name):
            # As hexadecimal text, since JSON has no lone surrogates.
            asked.append([part.encode("utf-8", "surrogatepass").hex() for part in (module, name)])
            return Inert

        def persistent_load(self, pid):
            return Inert()

        def get_extension(self, code):
            self.append(Inert())

    error = None
    try:
        Recorder(io.BytesIO(data), buffers=[b"x"] * 99).load()
    except Exception as e:
        error = type(e).__name__
    return {"events": [], "names": asked, "error": error, "victim": True}


def main():
    record = "--record" in sys.argv
    if record:
        # A PUT of a large index makes CPython allocate a memo of that size.
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        sys.stderr = open(os.devnull, "w")  # what destructors complain of
    for name in () if record else ("numpy", "pandas", "scipy.sparse", "sklearn.ensemble", "joblib", "zoneinfo", "dateutil.tz"):
        try:
            importlib.import_module(name)
        except ImportError:
            pass
    for line in sys.stdin:
        data = bytes.fromhex(line.strip())
        if record:
            both = [names(data, u) for u in (pickle.Unpickler, pickle._Unpickler)]
            both[0]["names"] += both[1]["names"]
            print(json.dumps(both[0]))
        else:
            print(json.dumps(run(data)), flush=True)


if __name__ == "__main__":
    main()
