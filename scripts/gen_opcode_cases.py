#!/usr/bin/env python3
"""Writes internal/opcode/testdata/opcodes.json: the opcodes as pickletools knows them, and what
CPython's unpickler makes of the arguments of INT, LONG, FLOAT, STRING, UNICODE and LONG1.

    .venvs/py313-np2/bin/python scripts/gen_opcode_cases.py
"""
import json
import os
import pickle
import pickletools
import random

HERE = os.path.dirname(os.path.abspath(__file__))


def loaded(data, encoding="ASCII"):
    """What a pickle of one opcode holds: [type, text], or None where CPython refuses it."""
    try:
        v = pickle.loads(data, encoding=encoding)
    except Exception:
        return None
    if isinstance(v, bytes):
        return ["bytes", v.hex()]
    if isinstance(v, str):
        return ["str", v.encode("utf-8", "surrogatepass").hex()]
    if isinstance(v, float):
        return ["float", v.hex()]
    return [type(v).__name__, str(v)]


def variants(rng, seeds, alphabet, n):
    """The seeds, and n of them with bytes changed, taken out and put in."""
    seen = dict.fromkeys(seeds)
    while len(seen) < len(seeds) + n:
        b = bytearray(rng.choice(seeds))
        for _ in range(rng.randint(1, 3)):
            i = rng.randint(0, len(b))
            b[i:i + rng.randint(0, 1)] = bytes([rng.choice(alphabet)]) * rng.randint(0, 2)
        if b"\n" not in b:
            seen[bytes(b)] = None
    return list(seen)


def main():
    rng = random.Random(13)
    ops = [{"code": ord(o.code), "name": o.name, "protocol": o.proto,
            "arg": o.arg.n if o.arg else 0} for o in pickletools.opcodes]
    numbers = [b"0", b"1", b"00", b"01", b"-1", b"+7", b" 12 ", b"1_000", b"0x1f", b"0o17", b"017",
               b"0b11", b"9223372036854775807", b"9223372036854775808", b"-9223372036854775808",
               b"1" * 40, b"12L", b"08", b"", b"-", b"1__0", b"1e3", b"\t5"]
    floats = [b"0.0", b"-0.0", b"1.5", b"1e308", b"1e309", b"nan", b"-nan", b"inf", b"-Infinity",
              b"1_0.5", b".5", b"5.", b"1e-400", b" 1.0", b"0x1p3", b"1.7976931348623157e308",
              b"4.9e-324", b"2.2250738585072011e-308", b"", b"+3", b"infinit"]
    strings = [rb"'abc'", rb'"it\'s"', rb"'\x41\101\0\n\t\\'", b"'\xe9'", b"'", b"''", b"'a\"",
               rb"'\xg'", rb"'\777'", rb"'\q'", b"'\\\\'", b"abc"]
    texts = [b"abc", b"\xe9", rb"\u20ac", rb"\U0001f600", rb"\ud83d\ude00", rb"\\u0041", rb"\u00",
             rb"\U00110000", b"", b"\\", rb"a\nb"]
    number_bytes = b"0123456789_+-xob L\t\x00"
    cases = {
        "INT": [(a, loaded(b"I" + a + b"\n.")) for a in variants(rng, numbers, number_bytes, 400)],
        "LONG": [(a, loaded(b"L" + a + b"\n.")) for a in variants(rng, numbers, number_bytes, 400)],
        "FLOAT": [(a, loaded(b"F" + a + b"\n."))
                  for a in variants(rng, floats, b"0123456789.eE+-_ infaNI\x00", 400)],
        "STRING": [(a, loaded(b"S" + a + b"\n.", "bytes"))
                   for a in variants(rng, strings, b"'\"\\x0127abnu\xe9", 400)],
        "UNICODE": [(a, loaded(b"V" + a + b"\n."))
                    for a in variants(rng, texts, b"\\uU0123456789abcdef\xe9", 400)],
    }
    longs = [bytes(rng.choice([0, 255, 127, 128, rng.randrange(256)]) for _ in range(rng.randint(0, 40)))
             for _ in range(400)]
    cases["LONG1"] = [(b, loaded(b"\x8a" + bytes([len(b)]) + b + b".")) for b in longs]
    out = {"opcodes": ops,
           "arguments": {k: [[a.hex(), v] for a, v in rows] for k, rows in cases.items()}}
    path = os.path.join(HERE, "..", "internal", "opcode", "testdata", "opcodes.json")
    with open(path, "w") as f:
        json.dump(out, f, indent=0)
        f.write("\n")


if __name__ == "__main__":
    main()
