"""What Python's libraries make of the files of the live tests.

    live.py csv DIR       compares pandas.read_csv of each N.csv with the frame in N.pkl
    live.py savetxt DIR   writes NAME.want with numpy.savetxt by the arguments in cases.json
    live.py loadtxt DIR   compares numpy.loadtxt and genfromtxt of each NAME.txt with NAME.npy, by the arguments in cases.json
    live.py tocsv DIR     writes N.pkl and in N.want what to_csv makes of it
    live.py xdr DIR       writes sim.db with xdrlib and sqlite3
    live.py readxdr DIR   reads out.db so and prints it as JSON
    live.py memmap DIR    writes x.mmap with numpy.memmap and y.npy with open_memmap, and prints what is in z.mmap
"""
import json, os, pickle, sqlite3, sys, warnings

import numpy as np

warnings.simplefilter("ignore")

def csv(folder):
    import pandas as pd
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".csv"):
            continue
        path = f"{folder}/{name}"
        text = open(path, newline="").read()
        # All at once: pandas otherwise takes the types of each few hundred kilobytes, and joins what they give.
        want = pd.read_csv(path, index_col=0 if text.startswith(",") else None, float_precision="round_trip", low_memory=False)
        got = pickle.load(open(path[:-4] + ".pkl", "rb"))
        try:
            pd.testing.assert_frame_equal(got, want, check_exact=True, check_column_type=False, check_index_type=False)
        except AssertionError as e:
            print(f"{name} {text[:2000]!r}: {e}\n{got!r}\nwant\n{want!r}")

def savetxt(folder):
    for c in json.load(open(f"{folder}/cases.json")):
        a = np.load(f"{folder}/{c['name']}.npy")
        np.savetxt(f"{folder}/{c['name']}.want", a, fmt=c["fmt"], delimiter=c["delimiter"], header=c["header"], footer=c["footer"])

def loadtxt(folder):
    for c in json.load(open(f"{folder}/cases.json")):
        path = f"{folder}/{c['name']}"
        dtype = np.lib.format.descr_to_dtype(c["dtype"]) if isinstance(c["dtype"], str) else np.dtype([tuple(f) for f in c["dtype"]])
        got = np.load(path + ".npy")
        for f in (np.loadtxt, np.genfromtxt):
            names = {"loadtxt": "skiprows", "genfromtxt": "skip_header"}
            if f is np.genfromtxt and c["columns"] is not None and min(c["columns"]) < 0:
                continue
            want = f(path + ".txt", dtype=dtype, delimiter=c["delimiter"] or None, usecols=c["columns"], **{names[f.__name__]: c["skip"]})
            if not (got.dtype == want.dtype and got.shape == want.shape and repr(got.tolist()) == repr(want.tolist())):
                print(f"{c}: {f.__name__} has {want!r}, not {got!r}")

def tocsv(folder):
    import datetime
    import pandas as pd
    days = pd.date_range("2020-01-01", periods=6, freq="D")
    hours = pd.to_timedelta(np.arange(6), unit="h")
    frames = [
        pd.DataFrame({"a": [1, 2, 3], "b": [1.5, np.nan, -2], "c": ["x", 'y, "z"', None], "d": [True, False, True]}),
        pd.DataFrame({"f": [1e-10, 1e10, 0.1 + 0.2, 1e100, 1e16, 123456789012345680.0, np.inf, -0.0], "g": np.full(8, 0.1, "f4"), "h": np.full(8, 0.1, "f2")}),
        pd.DataFrame({"t": days, "u": days + hours, "z": days.tz_localize("Europe/Berlin"), "d": hours, "e": hours * 24}, index=days),
        pd.DataFrame({"t": pd.to_datetime(["2020-01-01", None]), "d": pd.to_timedelta([1, None], unit="s")}),
        pd.DataFrame({"c": pd.Categorical(["a", "b", "a", None]), "o": pd.Categorical([1, 2, 1, 2])}),
        pd.DataFrame({"o": [1, "a", 2.5, None, True], "l": [[1, "it's", b"\xff"], {"k": 1.0, 2: None}, ((), (1,)), ({3}, set()), [[1e16, 1 + 2j]]]}),
        pd.DataFrame({"a": ["x\ny", 'a"b', "", " sp"]}),
        pd.DataFrame({"z": [1 + 2j, 3 - 1j]}),
        pd.DataFrame({"p": pd.period_range("2020-01", periods=3, freq="M"), "i": pd.interval_range(0, 3)}),
        pd.DataFrame({"i": pd.array([1, None, 3], dtype="Int64"), "b": pd.array([True, None, False], dtype="boolean"),
                      "s": pd.array(["a", None, "c"], dtype="string"), "f": pd.array([1.5, None, 2], dtype="Float64")}),
        pd.DataFrame({"d": [datetime.date(2020, 1, 1), None], "t": [datetime.datetime(2020, 1, 1, 1, 2, 3), None],
                      "m": [datetime.time(1, 2), None], "e": [datetime.timedelta(1, 2), datetime.timedelta(0)]}, dtype=object),
        pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="key")),
        pd.DataFrame({"a": [1, 2]}, index=[0.5, 1.0]), pd.DataFrame({"a": range(3)}, index=pd.RangeIndex(5, 11, 2)),
        pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]), pd.DataFrame(np.arange(6).reshape(2, 3)), pd.DataFrame({"a": []}),
        pd.Series([1.0, 2.0, np.nan], name="s"), pd.Series(["a", "b"]),
    ]
    for i, f in enumerate(frames):
        f.to_pickle(f"{folder}/{i}.pkl")
        # Rows that are numbered from 0 are written without their numbers.
        numbered = isinstance(f.index, pd.RangeIndex) and f.index.start == 0
        f.to_csv(f"{folder}/{i}.want", index=not numbered)

def xdr(folder):
    import xdrlib
    with sqlite3.connect(f"{folder}/sim.db") as db:
        db.execute("create table simulations (id integer primary key, ppms blob, spectrum blob, note text)")
        for i, n in enumerate((0, 1, 5, 24)):
            p, q = xdrlib.Packer(), xdrlib.Packer()
            x = np.linspace(-1, 1e300, n)
            p.pack_array(x.tolist(), p.pack_double)
            q.pack_array([f for v in x for f in (v, -v)], q.pack_double)
            db.execute("insert into simulations values (?, ?, ?, ?)", (i + 1, p.get_buffer(), q.get_buffer(), f"run {i}"))
            np.save(f"{folder}/{i + 1}.ppms.npy", x)
            np.save(f"{folder}/{i + 1}.spectrum.npy", x - 1j * x)

def readxdr(folder):
    import xdrlib
    out = {}
    with sqlite3.connect(f"{folder}/sim.db") as db:
        for key, blob, note in db.execute("select id, ppms, note from simulations"):
            u = xdrlib.Unpacker(blob)
            out[key] = u.unpack_array(u.unpack_double)
            u.done()
            assert note == f"run {key - 1}", note
    print(json.dumps(out))

def memmap(folder):
    a = np.memmap(f"{folder}/x.mmap", dtype=">i2", mode="w+", offset=10, shape=(3, 4), order="F")
    a[:] = np.arange(12).reshape(3, 4)
    a.flush()
    b = np.lib.format.open_memmap(f"{folder}/y.npy", mode="w+", dtype="f4", shape=(2, 3))
    b[1, 2] = 7.5
    b.flush()
    print(json.dumps(np.memmap(f"{folder}/z.mmap", dtype="<f8", mode="r", offset=16, shape=(2, 2)).tolist()))

{f.__name__: f for f in (csv, savetxt, loadtxt, tocsv, xdr, readxdr, memmap)}[sys.argv[1]](sys.argv[2])
