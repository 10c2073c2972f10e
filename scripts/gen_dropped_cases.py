#!/usr/bin/env python3
"""Writes testdata/dropped: pickles with calls whose results are popped.

They are what object.__reduce__ with six items (a state setter) gives, and the functions and classes of
cloudpickle and dill. It needs both; which versions and which Python they were is in testdata/dropped/README.
"""
import os
import pickle
import platform
import sys

import cloudpickle
import dill

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "testdata", "dropped")


class Base:
    pass


def setter(obj, state):
    obj.__dict__.update(state)


class Six(Base):
    def __reduce__(self):
        return (Base, (), {"a": 1}, None, None, setter)


GLOBAL = 10


def outer(n):
    def inner(x):
        return x + n + GLOBAL

    return inner


# What dill fills later: globals that hold the function, a cell that does.
MADE = """
def count(n):
    return n and step(n)

def step(n):
    return count(n - 1)

def around():
    def inner(n):
        return n and inner(n - 1)
    return inner
"""


def main():
    os.makedirs(HERE, exist_ok=True)
    for protocol in (2, 4):
        with open(os.path.join(HERE, "setter.p%d.pkl" % protocol), "wb") as f:
            f.write(pickle.dumps([Six(), Six()], protocol))
    with open(os.path.join(HERE, "cloudpickle.p5.pkl"), "wb") as f:
        f.write(cloudpickle.dumps({"f": outer(3)}, protocol=5))
    made = {"__name__": "made"}
    exec(MADE, made)
    del made["__builtins__"]
    for protocol in (2, 4):
        with open(os.path.join(HERE, "dill.p%d.pkl" % protocol), "wb") as f:
            f.write(dill.dumps([made["count"], made["around"]()], protocol))
    with open(os.path.join(HERE, "README"), "w") as f:
        f.write("CPython %s, cloudpickle %s, dill %s: scripts/gen_dropped_cases.py\n"
                % (platform.python_version(), cloudpickle.__version__, dill.__version__))


if __name__ == "__main__":
    sys.exit(main())
