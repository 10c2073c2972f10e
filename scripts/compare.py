#!/usr/bin/env python3
"""Says whether two pickles hold equal values, for the live tests of what this module writes.

    compare.py ORIGINAL WRITTEN         exit status 0: equal, 1: they differ, 2: one does not load
    compare.py --list FILE              the same for each line "ORIGINAL<tab>WRITTEN" of FILE (- for standard
                                        input); one line of output for each, and 1 if any is not equal

Equal means: type, dtype, shape, memory order, every bit, the order of dicts, and which places share
one object. ORIGINAL is loaded with warnings ignored, WRITTEN with warnings as errors. Out-of-band
buffers are looked for beside a file: X.0.buf or X.0.ro.buf (read-only) and so on for X.pkl. A file
may hold several pickles. A line of output is one of

    equal<tab>ORIGINAL<tab>WRITTEN
    differ<tab>ORIGINAL<tab>WRITTEN<tab>where and how
    unreadable<tab>ORIGINAL<tab>WRITTEN<tab>why: this Python cannot load ORIGINAL, so it can judge nothing
    failed<tab>ORIGINAL<tab>WRITTEN<tab>why: it cannot load WRITTEN

Runs under CPython 2.7 and 3.6 or newer with NumPy 1.11 or newer.
"""
from __future__ import print_function

import argparse
import io
import json
import os
import pickle
import sys
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'fixtures'))
import canon  # noqa: E402

def buffers_of(path):
    out, base = [], os.path.splitext(path)[0]
    while True:
        stem = '%s.%d' % (base, len(out))
        if os.path.exists(stem + '.buf'):
            with open(stem + '.buf', 'rb') as f:
                out.append(bytearray(f.read()))
        elif os.path.exists(stem + '.ro.buf'):
            with open(stem + '.ro.buf', 'rb') as f:
                out.append(f.read())
        else:
            return out


def load(path, encoding=None):
    """All the values in a file: one, or a list of several."""
    with open(path, 'rb') as f:
        data = f.read()
    kwargs = {}
    if sys.version_info >= (3, 8):
        kwargs['buffers'] = buffers_of(path)
    if encoding and sys.version_info[0] > 2:
        kwargs['encoding'] = encoding
    stream, values = io.BytesIO(data), []
    while not values or stream.tell() < len(data):
        values.append(pickle.load(stream, **kwargs))
    return values


def canonical(values):
    """A comparable tree: the canonical form, with sets in an order of their own."""
    tree = canon.Canon(2 if canon.PY2 else 4)(values)
    return ordered(tree)


def ordered(tree):
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            for kind in ('set', 'frozenset'):
                if kind in node:
                    node[kind].sort(key=lambda v: json.dumps(v, sort_keys=True))
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return tree


def difference(a, b):
    """The path of the first difference of two trees and what is there, or None."""
    stack = [('', a, b)]
    while stack:
        path, a, b = stack.pop()
        if type(a) is not type(b):
            return '%s: %s against %s' % (path or '/', short(a), short(b))
        if isinstance(a, dict):
            if set(a) != set(b):
                return '%s: %s against %s' % (path or '/', short(a), short(b))
            stack.extend((path + '/' + k, a[k], b[k]) for k in sorted(a, reverse=True))
        elif isinstance(a, list):
            if len(a) != len(b):
                return '%s: %d items against %d' % (path or '/', len(a), len(b))
            stack.extend((path + '/%d' % i, a[i], b[i]) for i in reversed(range(len(a))))
        elif a != b:
            return '%s: %s against %s' % (path or '/', short(a), short(b))
    return None


def short(tree):
    s = json.dumps(tree, sort_keys=True)
    return s if len(s) < 200 else s[:200] + '...'


def compare(original, written, encoding=None):
    """('equal' or another word of the module's documentation, details)."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            wanted = canonical(load(original, encoding))
        except Exception as err:
            return 'unreadable', '%s: %s' % (type(err).__name__, err)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        try:
            values = load(written, encoding)
        except Exception as err:
            return 'failed', '%s: %s' % (type(err).__name__, err)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        found = difference(wanted, canonical(values))
    return ('differ', found) if found else ('equal', '')


def main():
    parser = argparse.ArgumentParser(description='Says whether two pickles hold equal values.')
    parser.add_argument('original', nargs='?')
    parser.add_argument('written', nargs='?')
    parser.add_argument('--list', help='a file of pairs, - for standard input')
    parser.add_argument('--encoding', help="of Python 2's strings, as pickle.load takes it")
    args = parser.parse_args()
    sys.setrecursionlimit(20000)
    if not args.list:
        if not args.written:
            parser.error('two files are needed')
        word, details = compare(args.original, args.written, args.encoding)
        print(word + (': ' + details if details else ''))
        sys.exit({'equal': 0, 'differ': 1}.get(word, 2))
    bad = 0
    with (sys.stdin if args.list == '-' else open(args.list)) as lines:
        for line in lines:
            original, written = line.rstrip('\n').split('\t')
            word, details = compare(original, written, args.encoding)
            bad += word != 'equal'
            print('\t'.join([word, original, written] + ([details.replace('\n', ' ').replace('\t', ' ')] if details else [])))
    sys.exit(1 if bad else 0)


if __name__ == '__main__':
    main()
