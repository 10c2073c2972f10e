#!/usr/bin/env python3
"""Write internal/jsonval/testdata/text.json: how Python writes numbers, keys and strings.

Needs nothing but CPython 3. Each float stands there by its bits, each string by its code
points, so that reading them does not depend on what is tested.
"""
import json
import pathlib
import random
import struct

OUT = pathlib.Path(__file__).resolve().parent.parent / 'internal/jsonval/testdata/text.json'


def floats(rng):
    yield from (0.0, -0.0, 1.0, -1.0, 0.1, 1e15, 1e16, 9999999999999998.0, 123456789012345680.0,
                1e-4, 1e-5, 9.999999999999999e-05, 0.00012345, 5e-324, 2.2250738585072014e-308,
                1.7976931348623157e308, 1e22, 1e23, 3.141592653589793, 2**53 + 2.0, 1e100)
    for _ in range(400):
        x, = struct.unpack('>d', rng.randbytes(8))
        if x == x and abs(x) != float('inf'):
            yield x
    for _ in range(200):
        yield rng.uniform(-1, 1) * 10 ** rng.randint(-8, 20)
    for _ in range(200):  # what a float32 element prints
        x, = struct.unpack('>f', rng.randbytes(4))
        if x == x and abs(x) != float('inf'):
            yield x


def strings(rng):
    yield from ('', 'plain', 'quote " and \\', 'café', '\U0001f600', '\ud800', 'a\udfffb', '\udfff\ud800',
                '\x00\x1b[31m\x07\x7f\x85\x9b', '\u202e\u2066\u2028\u2029\ufeff\u200f\u061c', '\n\r\t\b\f', '￾￿')
    for _ in range(200):
        yield ''.join(chr(rng.choice([rng.randrange(0x100), rng.randrange(0x3000),
                                      rng.randrange(0xd700, 0xe100), rng.randrange(0x110000)]))
                      for _ in range(rng.randrange(12)))


def keys():
    yield from (1, -1, 10**30, 1.0, 1e16, 1e-5, float('nan'), float('inf'), float('-inf'), True, False, None)


def main():
    rng = random.Random(20)
    out = {
        'floats': [[struct.pack('>d', x).hex(), repr(x)] for x in floats(rng)],
        # A pair of lone surrogates reads back as one character in every JSON reader.
        'strings': [[[ord(c) for c in s], json.dumps(s)] for s in strings(rng)],
        'keys': [[repr(k), next(iter(json.loads(json.dumps({k: 0}))))] for k in keys()],
    }
    OUT.write_text('{\n' + ',\n'.join(
        json.dumps(k) + ': [\n' + ',\n'.join(json.dumps(row) for row in v) + '\n]' for k, v in out.items()) + '\n}\n')


if __name__ == '__main__':
    main()
