#!/usr/bin/env python3
"""gen_beam.py [FOLDER]: writes the pickles of beam/pickleio/testdata and what Python makes of them, expected.json.

It runs under Python 3.13 with pandas 3 (scripts/make_venvs.sh py313-pandas3). expected.json has for tables/ the rows
of all files whose columns go together as pandas has them, for documents/ each pickle as json.dumps writes it, and for
records/ the items.
"""

import io
import json
import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd


class Evil:
    def __reduce__(self):
        return os.system, ("true",)


def tables() -> dict:
    """Files whose columns widen and are missing, in the order of their names, and one that conflicts."""
    return {
        "a.pkl": pd.DataFrame({"n": np.array([1, -2], np.int8), "name": ["x", "ü"]}),
        "b.pkl": pd.DataFrame({"n": np.array([70000], np.int32), "price": np.array([0.5], np.float32)}),
        "c.pkl": pd.DataFrame({"price": np.array([1.25, 1e300]), "name": ["y", None]}),
        "d.pkl": pd.DataFrame({"n": ["text"], "name": ["conflict"]}),
        "e/e.pkl": [{"n": 3, "name": "record"}, {"n": -4, "name": "another"}],
        "f.pkl": np.array([(5, 2.5)], dtype=[("n", "<u2"), ("price", "<f8")]),
    }


def rows(value) -> list:
    if isinstance(value, list):
        return value
    frame = pd.DataFrame(value)
    return [{k: None if v is None or v != v else v for k, v in row.items()}
            for row in frame.astype(object).to_dict("records")]


def write(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def main() -> None:
    default = Path(__file__).parent.parent / "beam" / "pickleio" / "testdata"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    expected = {"tables": {}, "documents": {}}
    for name, value in tables().items():
        write(folder, f"tables/{name}", pickle.dumps(value, protocol=4))
        if name != "d.pkl":
            expected["tables"][name] = rows(value)
    whole = pickle.dumps(tables()["a.pkl"], protocol=4)
    write(folder, "tables/hostile/cut.pkl", whole[:-20])
    write(folder, "tables/hostile/empty.pkl", b"")
    write(folder, "tables/hostile/opcode.pkl", b"\x80\x04\xff.")
    write(folder, "tables/hostile/scalar.pkl", pickle.dumps(7))
    write(folder, "tables/hostile/evil.pkl", pickle.dumps(Evil()))
    many = [{"i": i, "text": "t" * i, "nested": [i, None, 2.5]} for i in range(7)]
    stream = io.BytesIO()
    for protocol, value in enumerate(many):
        pickle.dump(value, stream, protocol=protocol % 6)
    write(folder, "documents/many.pkl", stream.getvalue())
    write(folder, "documents/one.pkl", pickle.dumps(many, protocol=5))
    expected["documents"] = {"many.pkl": many, "one.pkl": [many]}
    records = [{"id": i, "name": f"n{i}"} for i in range(25)]
    write(folder, "records/list.pkl", pickle.dumps(records, protocol=4))
    write(folder, "records/frame.pkl", pickle.dumps(pd.DataFrame(records), protocol=5))
    write(folder, "records/scalar.pkl", pickle.dumps("no records"))
    expected["records"] = records
    with open(folder / "expected.json", "w") as out:
        json.dump(expected, out, indent=1, ensure_ascii=False, default=lambda v: v.item())
        out.write("\n")


if __name__ == "__main__":
    main()
