#!/usr/bin/env python3
"""gen_pickles.py FOLDER COUNT: writes COUNT small pickles, 1 in 100 of them hostile, and what Python makes of them.

Each is a DataFrame of ten rows and three columns where pandas is there and --records is not given, else a list of
ten dicts. FOLDER/in/000/000000.pkl and so on are the pickles; FOLDER/paths.txt lists them, FOLDER/expected.jsonl has
the rows that Python's own pickle loads, a line each with path, and FOLDER/hostile.txt the paths of the hostile ones:
cut off, with an opcode that there is none of, with a length that claims 8 EiB, or empty.
"""

import argparse
import json
import os
import pickle
import random


def records(rng: random.Random, number: int, rows: int) -> list:
    """The rows of one pickle: a whole number, a float and a text each."""
    return [{"id": number * rows + i, "price": rng.uniform(-1e6, 1e6), "name": f"item {rng.randrange(1000)} é"}
            for i in range(rows)]


def hostile(data: bytes, kind: int) -> bytes:
    """A pickle that must not load."""
    return [data[: len(data) * 2 // 3], b"\x80\x04\xff" + data[2:], b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f.", b""][kind % 4]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("count", type=int)
    parser.add_argument("--records", action="store_true", help="lists of dicts, without pandas")
    parser.add_argument("--rows", type=int, default=10)
    parser.add_argument("--distinct", type=int, help="how many different pickles there are; the others repeat them")
    args = parser.parse_args()
    table = list
    if not args.records:
        import pandas
        table = pandas.DataFrame
    rng, made = random.Random(20), {}
    with open(os.path.join(make(args.folder), "paths.txt"), "w") as paths, \
            open(os.path.join(args.folder, "expected.jsonl"), "w") as expected, \
            open(os.path.join(args.folder, "hostile.txt"), "w") as bad:
        for number in range(args.count):
            path = os.path.join(make(os.path.join(args.folder, "in", f"{number // 1000:03}")), f"{number:06}.pkl")
            source = number % (args.distinct or args.count)
            if source not in made:
                rows = records(rng, source, args.rows)
                made[source] = rows, pickle.dumps(table(rows), protocol=2 + source % 4)
            rows, data = made[source] if args.distinct else made.pop(source)
            paths.write(path + "\n")
            if number % 100 == 37:
                data = hostile(data, number // 100)
                bad.write(path + "\n")
            else:
                for row in rows:
                    expected.write(json.dumps({"path": path, **row}) + "\n")
            with open(path, "wb") as out:
                out.write(data)


def make(folder: str) -> str:
    os.makedirs(folder, exist_ok=True)
    return folder


if __name__ == "__main__":
    main()
