#!/usr/bin/env python3
"""Calls every callable of the modules given (default: the standard library, NumPy, pandas, SciPy, scikit-learn, joblib)
with plausible arguments, each in a child that is forked for it, in a folder that is thrown away, with a time limit, and
lists those that raised an audit event which an argument named, or that reaches the system.

    scripts/audit_calls.py [--seconds N] [--part I/N] [MODULE...] > calls.jsonl

TestLiveCalls of package audit reads the list (UNPKL_AUDIT_CALLS) and says which of it is not called dangerous. What
would start a process, end one, or reach the network is refused by the hook once it is noted.
"""

import importlib
import inspect
import io
import json
import os
import pkgutil
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import warnings

MARK = "unpklmark"
ARGS = [(), (MARK,), (MARK, "w"), (MARK, "r"), (None, MARK), (MARK, MARK), (b"print('unpklmark')",), ("unpklmark + 1",),
        ("unpklmark + 1", {}), ([MARK],), ({"a": MARK},), (io.BytesIO(b"x"), MARK), ([1.0, 2.0],), (3,), (MARK, "u1", "w+")]
REFUSED = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.kill", "socket.", "pty.", "webbrowser.",
           "signal.", "ctypes.dlopen", "os.startfile", "os.putenv")
SKIP = {"antigravity", "this", "idlelib", "test", "turtledemo", "lib2to3", "ensurepip", "__main__", "pip", "tkinter", "turtle",
        "_testcapi", "faulthandler", "_tkinter", "distutils", "setuptools"}


def modules(names):
    if not names:
        names = sorted(n for n in sys.stdlib_module_names if n not in SKIP)
        names += ["numpy", "pandas", "scipy", "sklearn", "joblib"]
    for name in names:
        try:
            m = importlib.import_module(name)
        except BaseException:
            continue
        yield m
        if hasattr(m, "__path__"):
            for info in pkgutil.walk_packages(m.__path__, name + ".", onerror=lambda _: None):
                parts = set(info.name.split("."))
                if parts & {"tests", "test", "conftest", "__main__", "_f2py", "f2py", "distutils", "setup", "idlelib"}:
                    continue
                try:
                    yield importlib.import_module(info.name)
                except BaseException:
                    continue


def callables(m):
    for name, v in sorted(vars(m).items(), key=lambda kv: kv[0]):
        if not callable(v) or name.startswith("__"):
            continue
        if getattr(v, "__module__", None) == m.__name__ or not hasattr(v, "__module__") or v.__module__ is None:
            yield name, v


def child(f, out):
    signal.alarm(1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    events, on = [], [False]

    class Refused(BaseException):
        pass

    def hook(event, args):
        if not on[0]:
            return
        on[0] = False
        try:
            text = repr(args)[:2000]
            named = MARK in text and event not in ("object.__getattr__", "object.__setattr__", "sys._getframe")
            if event == "exec" and args and getattr(args[0], "co_filename", "<").startswith("/"):
                named = False
            if named or event.startswith(REFUSED):
                events.append([event, text[:80]])
                if event.startswith(REFUSED):
                    raise Refused(event)
        finally:
            on[0] = True

    sys.addaudithook(hook)
    null = open(os.devnull, "r+")
    os.dup2(null.fileno(), 0)
    sys.stdout = sys.stderr = null
    os.dup2(null.fileno(), 1)
    os.dup2(null.fileno(), 2)
    for args in ARGS:
        on[0] = True
        try:
            v = f(*args)
            del v
        except BaseException:
            pass
        on[0] = False
        if events:
            break
    on[0] = False
    os.write(out, json.dumps(events[:3]).encode())
    os._exit(0)


def probe(f, folder):
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(r)
            os.setsid()
            os.chdir(folder)
            child(f, w)
        finally:
            os._exit(1)
    os.close(w)
    data = b""
    if select.select([r], [], [], 1.5)[0]:
        data = os.read(r, 1 << 16)
    os.close(r)
    try:
        os.killpg(pid, signal.SIGKILL)  # the child's own group
    except OSError:
        pass
    os.waitpid(pid, 0)
    try:
        return json.loads(data)
    except ValueError:
        return None


def main():
    args = sys.argv[1:]
    seconds, part, parts = 1e9, 0, 1
    while args and args[0].startswith("--"):
        if args[0] == "--seconds":
            seconds = float(args[1])
        elif args[0] == "--part":
            part, parts = map(int, args[1].split("/"))
        args = args[2:]
    warnings.simplefilter("ignore")
    end = time.monotonic() + seconds
    n = found = 0
    for m in modules(args):
        for name, f in callables(m):
            n += 1
            if n % parts != part:
                continue
            if time.monotonic() > end:
                break
            folder = tempfile.mkdtemp(prefix="unpkl-calls-")
            try:
                events = probe(f, folder)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            if events:
                found += 1
                print(json.dumps({"module": m.__name__, "name": name, "events": events}), flush=True)
    print("%d callables, %d with effects" % (n, found), file=sys.stderr)


if __name__ == "__main__":
    main()
