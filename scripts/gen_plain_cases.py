#!/usr/bin/env python3
"""Writes testdata/plain/cases.json: small pickles, each beside the Python expression that made it,
for the tests of plain values and of Unmarshal. Those tests say in Go what the expression means.

    .venvs/py311-np126/bin/python scripts/gen_plain_cases.py            writes the file
    .venvs/py311-np126/bin/python scripts/gen_plain_cases.py --check    compares it with a new one
"""
import base64
import collections
import datetime as dt
import decimal
import fractions
import ipaddress
import json
import pathlib
import pickle
import sys
import uuid

import numpy as np

NAN = float("nan")

# name -> (expression, protocols)
ALL = (0, 2, 4, 5)
LATE = (2, 4, 5)
EXPRESSIONS = {
    "scalars": ("[None, True, False, 0, -1, 2**31, 2**62, 2**63, -2**63, -2**63 - 1, 10**30, 1.5, -0.0, 'text', 'né\\u20ac', b'bytes', complex(1, -2)]", ALL),
    "floats": ("[NAN, float('inf'), float('-inf'), 5e-324]", ALL),
    "flags": ("([True, False] * 40, [True, None, False] * 30, [False] * 70 + [2])", ALL),
    "empty": ("[[], (), {}, set(), frozenset(), b'', '']", ALL),
    "bytearray": ("bytearray(b'abc')", ALL),
    "containers": ("{'list': [1, [2]], 'tuple': (1, (2,)), 'set': {7}, 'frozenset': frozenset([8]), 'deque': collections.deque([1, 2]), 'dict': {'a': 1}}", ALL),
    "dicts": ("[collections.OrderedDict([('b', 1), ('a', 2)]), collections.defaultdict(list, {'x': [1]}), collections.Counter('aab'), {1: 'one', 'two': 2}, {}]", ALL),
    "keys": ("{None: 0, True: 1, 2: 2, 3.5: 3, 'four': 4, b'five': 5, (): 6, (1, 'a'): 7, ((1, 2), 3): 8, 2**70: 9, -2**70: 10, complex(1, 2): 11, (1, 2, 3, 4, 5): 12, (b'x', 2**70): 13}", ALL),
    "key_times": ("{dt.datetime(2020, 1, 2, 3, 4, 5): 1, dt.date(2020, 1, 2): 2, dt.timedelta(seconds=90): 3, dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.timezone(dt.timedelta(hours=2))): 4}", ALL),
    "key_clash": ("{dt.datetime(2020, 1, 2, 3, 4, 5): 1, dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc): 2}", ALL),
    "key_values": ("{decimal.Decimal('1.50'): 1, uuid.UUID(int=5): 2, pathlib.PurePosixPath('a/b'): 3, np.float32(2.5): 4, np.int64(7): 5, np.datetime64('2020-01-02'): 6, np.bytes_(b'z'): 7, np.str_('s'): 8}", LATE),
    "key_frozenset": ("{frozenset([1, 2]): 'a', frozenset([3]): 'b'}", ALL),
    "key_nan": ("{NAN: 1, float('nan'): 2}", ALL),
    "key_long_tuple": ("{tuple(range(2000)): 1}", ALL),
    "times": ("[dt.datetime(2024, 2, 29, 10, 30, 0, 1), dt.datetime(2024, 2, 29, 10, 30, tzinfo=dt.timezone(dt.timedelta(hours=1))), dt.date(2024, 2, 29), dt.time(10, 30, 15, 7), dt.timedelta(days=-1, microseconds=5)]", ALL),
    "values": ("[decimal.Decimal('-1.50'), fractions.Fraction(3, 4), uuid.UUID('12345678-1234-5678-1234-567812345678'), pathlib.PurePosixPath('/a/b.txt')]", LATE),
    "addresses": ("[(a, str(a)) for a in map(ipaddress.ip_address, ('192.0.2.1', '0.0.0.0', '2001:db8::1', '::', 'fe80::1%eth0', '::ffff:192.0.2.1'))] + [(n, str(n)) for n in (ipaddress.ip_network('10.0.0.0/8'), ipaddress.ip_network('2001:db8::/32'), ipaddress.ip_interface('192.0.2.1/24'), ipaddress.ip_interface('2001:db8::1/64'))]", (2, 4)),
    "numpy_scalars": ("[np.int8(-8), np.int16(-16), np.int32(-32), np.int64(-64), np.uint8(8), np.uint16(16), np.uint32(32), np.uint64(2**64 - 1), np.float16(1.5), np.float32(2.5), np.float64(3.5), np.complex64(1 + 2j), np.complex128(3 + 4j), np.bool_(True), np.str_('str'), np.bytes_(b'bytes'), np.datetime64('2020-01-02'), np.timedelta64(5, 's')]", ALL),
    "numpy_others": ("{'record': np.array([(1, 2.5)], dtype=[('a', 'i4'), ('b', 'f8')])[0], 'dtype': np.dtype('<f4'), 'masked': np.ma.array([1, 2, 3], mask=[0, 1, 0])}", ALL),
    "arrays": ("{'f8': np.arange(6.0).reshape(2, 3), 'i8': np.arange(4), 'f4': np.array([1.5, 2.5], 'f4'), 'big': np.array([1, 2, 3], '>i2'), 'bool': np.array([True, False]), 'U': np.array(['a', 'bc']), 'S': np.array([b'a', b'bc']), 'F': np.asfortranarray(np.arange(6.0).reshape(2, 3)), 'd3': np.arange(24, dtype='i4').reshape(2, 3, 4), 'zero': np.array(7.5), 'empty': np.zeros((0, 3)), 'M': np.array(['2020-01-02', '2021-03-04'], 'M8[D]'), 'm': np.array([1, 2], 'm8[s]'), 'u1': np.array([1, 2, 255], 'u1'), 'c8': np.array([1 + 2j], 'c8')}", ALL),
    "lossy": ("{'fraction': np.array([1.0, 1.5]), 'big': np.array([1, 300], 'i8'), 'negative': np.array([-1, 1], 'i8')}", ALL),
    "object_array": ("np.array([1, 'two', [3, (4,)], None, {'k': {5}}, np.arange(2)], dtype=object)", ALL),
    "object_array_f": ("np.asfortranarray(np.array([[[1], (2,), 3], [4, 5, {6: 7}]], dtype=object))", ALL),
    "object_records": ("np.array([(1, [2, (3,)]), (4, {'a': (5,)})], dtype=[('n', 'i4'), ('o', 'O')])", ALL),
    "masked_objects": ("np.ma.array(np.array([[1], 'x', None], dtype=object)[1:], mask=[0, 1])", ALL),
    "records": ("np.array([(1, 2.5, 'a', [1, 2]), (3, 4.5, 'bc', [3, 4])], dtype=[('id', 'i8'), ('x', 'f8'), ('name', 'U4'), ('pair', 'i4', (2,))])", ALL),
    "people": ("[{'id': 1, 'name': 'Ada', 'scores': [1.5, 2.5], 'active': True, 'born': '1815-12-10', 'extra': None}, {'id': 2, 'name': 'Émilie', 'scores': [], 'active': False, 'born': '1706-12-17', 'extra': {'k': 1}}]", ALL),
    "bytes_keys": ("{b'data': np.arange(3, dtype='u1'), b'labels': [1, 2], b'names': [b'cat', b'dog'], 'labels': [9]}", ALL),
    "rows": ("[(1, 'a', 2.5), (2, 'b', None)]", ALL),
    "regions": ("{'left': {'values': np.arange(3.0), 'created': dt.datetime(2024, 1, 2, 3, 4, 5)}, 'right': {'values': np.arange(2.0), 'created': dt.datetime(2024, 1, 3)}}", ALL),
    "numbers": ("{'small': 5, 'negative': -5, 'big': 2**70, 'u64': 2**64 - 1, 'float': 2.0, 'half': 2.5, 'huge': 1e300, 'odd': 2**53 + 1, 'bool': True, 'text': 'x', 'none': None, 'np': np.int16(7), 'zero_d': np.array(9), 'c': complex(1, 2)}", ALL),
}


def shared():
    inner = [1, 2]
    d = {"k": inner}
    return {"a": inner, "b": inner, "c": d, "d": d, "t": (inner, inner)}


def cycle_list():
    x = [1]
    x.append(x)
    return x


def cycle_dict():
    x = {}
    x["self"] = [x]
    return x


def cycle_tuple():
    x = []
    x.append((x,))
    return x[0]


def cycle_node():
    a, b = {"name": "a"}, {"name": "b"}
    a["next"], b["next"] = b, a
    return a


def cycle_array():
    x = np.empty(1, dtype=object)
    x[0] = x
    return x


def bomb():
    """Ten lists of ten references each, thirty levels: 1e30 leaves."""
    x = ["leaf"]
    for _ in range(30):
        x = [x] * 10
    return x


def dict_bomb():
    x = {"leaf": 1}
    for _ in range(30):
        x = {str(i): x for i in range(10)}
    return x




def inner_first():
    """Eleven thousand lists nested in each other, listed from the inner end."""
    chain, x = [], []
    for _ in range(11000):
        x = [x]
        chain.append(x)
    return chain


FUNCTIONS = {f.__name__: f for f in (shared, cycle_list, cycle_dict, cycle_tuple, cycle_node, cycle_array, bomb, dict_bomb, inner_first)}


def main():
    sys.setrecursionlimit(100000)
    cases = {}
    for name, (expression, protocols) in EXPRESSIONS.items():
        value = eval(expression)
        cases[name] = {"python": expression, "pickles": {p: value_pickle(value, p) for p in protocols}}
    for name, function in FUNCTIONS.items():
        value = function()
        cases[name] = {"python": name + "()", "pickles": {p: value_pickle(value, p) for p in (4,)}}
    text = json.dumps(cases, indent=1, ensure_ascii=True) + "\n"
    path = pathlib.Path(__file__).resolve().parent.parent / "testdata" / "plain" / "cases.json"
    if "--check" in sys.argv[1:]:
        if path.read_text() != text:
            sys.exit(f"{path} is not what this script writes")
        return
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def value_pickle(value, protocol):
    return base64.b64encode(pickle.dumps(value, protocol)).decode()


if __name__ == "__main__":
    main()
