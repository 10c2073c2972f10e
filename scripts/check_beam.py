#!/usr/bin/env python3
"""check_beam.py FOLDER OUT...: holds what unpkl-beam wrote of gen_pickles.py's FOLDER against what Python loads.

Each OUT is a folder with Parquet files and errors.jsonl; together they are of all files of FOLDER. pyarrow reads the
rows; they must be those of expected.jsonl, and the dead letters exactly the hostile files.
"""

import collections
import json
import sys
from pathlib import Path

import pyarrow.parquet


def main() -> None:
    folder, outs = Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]
    got, dead, groups = collections.Counter(), collections.Counter(), 0
    for out in outs:
        for name in sorted(out.glob("*.parquet")):
            file = pyarrow.parquet.ParquetFile(name)
            groups += file.num_row_groups
            got.update(json.dumps(row, sort_keys=True) for row in file.read().to_pylist())
        letters = out / "errors.jsonl"  # it is not there where there are none
        if letters.exists():
            dead.update(json.loads(line)["path"] for line in letters.read_text().splitlines())
    want = collections.Counter(json.dumps(json.loads(line), sort_keys=True)
                               for line in (folder / "expected.jsonl").open())
    hostile = collections.Counter((folder / "hostile.txt").read_text().split())
    if got != want:
        sys.exit(f"rows differ: {sum(got.values())}, Python has {sum(want.values())}; "
                 f"more {list((got - want).items())[:2]}, less {list((want - got).items())[:2]}")
    if dead != hostile:
        sys.exit(f"dead letters differ: more {list((dead - hostile).items())[:3]}, less {list((hostile - dead).items())[:3]}")
    print(f"{sum(got.values())} rows in {groups} row groups: those of Python; {sum(dead.values())} dead letters: the hostile files")


if __name__ == "__main__":
    main()
