#!/usr/bin/env python3
"""Writes testdata/dropped: pickles with calls whose results are popped.

They are what object.__reduce__ with six items (a state setter) gives, and cloudpickle's functions.
It needs cloudpickle; which version and which Python it was is in testdata/dropped/README.
"""
import os
import pickle
import platform
import sys

import cloudpickle

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


def main():
    os.makedirs(HERE, exist_ok=True)
    for protocol in (2, 4):
        with open(os.path.join(HERE, "setter.p%d.pkl" % protocol), "wb") as f:
            f.write(pickle.dumps([Six(), Six()], protocol))
    with open(os.path.join(HERE, "cloudpickle.p5.pkl"), "wb") as f:
        f.write(cloudpickle.dumps({"f": outer(3)}, protocol=5))
    with open(os.path.join(HERE, "README"), "w") as f:
        f.write("CPython %s, cloudpickle %s: scripts/gen_dropped_cases.py\n"
                % (platform.python_version(), cloudpickle.__version__))


if __name__ == "__main__":
    sys.exit(main())
