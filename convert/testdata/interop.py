"""The Python side of TestInterop: values, and the formats of Python's own libraries.

    interop.py make DIR     each value as NAME.pkl, and as NAME.py.ENDING by the library of each format
    interop.py check DIR    one line of JSON for each file that Go wrote: how it compares with NAME.pkl
"""
import io, json, os, pickle, sqlite3, sys, warnings

import h5py, joblib, numpy as np, pandas as pd, safetensors.numpy as st

warnings.simplefilter("ignore")
rng = np.random.default_rng(17)

def values():
    v = {}
    v["float64"] = np.concatenate([rng.standard_normal(21), [1e300, -0.0, 5e-324]]).reshape(6, 4)
    v["nan"] = np.array([[np.nan, 1.5], [np.inf, -np.inf]])
    v["float32"] = rng.standard_normal((3, 4)).astype("f4")
    v["float16"] = rng.standard_normal(5).astype("f2")
    v["int64"] = np.array([[2**62 + 1, -3], [0, 7]])
    v["uint64"] = np.array([2**64 - 1, 5], "u8")
    v["int8"] = np.arange(-3, 3, dtype="i1").reshape(2, 3)
    v["bool"] = rng.random((3, 5)) > 0.5
    v["complex128"] = rng.standard_normal((3, 2)) + 1j * rng.standard_normal((3, 2))
    v["fortran"] = np.asfortranarray(np.arange(12.0).reshape(3, 4))
    v["bigendian"] = np.arange(6, dtype=">f8").reshape(2, 3)
    v["three"] = np.arange(24.0).reshape(2, 3, 4)
    v["scalar"] = np.array(2.5)
    v["empty"] = np.zeros((0, 3))
    v["bytes"] = np.array([b"ab", b"c"])
    v["text"] = np.array(["ab", "d\u00e9"])
    v["datetime"] = np.array(["2024-01-02", "2025-06-07T08:09:10"], "M8[s]")
    v["structured"] = np.array([(1, 2.5, True), (3, 4.5, False)], [("a", "i4"), ("b", "f8"), ("c", "?")])
    v["masked"] = np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0])
    v["objects"] = np.array([1, "a", None], object)
    v["arrays"] = {"a": np.arange(6.0).reshape(2, 3), "b": np.arange(4)}
    v["nested"] = {"n": 3, "name": "x", "sub": {"w": np.arange(3.0), "lr": 0.5}}
    v["list"] = [1, 2.5, "a", None, [True]]
    v["frame"] = pd.DataFrame({"i": [1, 2, 3], "f": [0.5, np.nan, 2.5], "s": ["a", 'b,"c', "d\ne"], "b": [True, False, True]})
    v["indexed"] = pd.DataFrame({"x": [1.5, 2.5]}, index=["p", "q"])
    v["types"] = pd.DataFrame({"c": pd.Categorical(["u", "v", "u"]), "t": pd.to_datetime(["2024-01-01", None, "2024-01-03 04:05:06"], format="ISO8601"),
                               "z": pd.to_datetime(["2024-01-01"] * 3).tz_localize("Europe/Paris"),
                               "n": pd.array([1, None, 3], "Int64"), "d": pd.to_timedelta([1, 2, 3], "h")})
    return v

TEXT = {"csv": ",", "tsv": "\t", "txt": " "}
FRAMES = ("frame", "indexed", "types")

def sidecar(a, path, order="C"):
    json.dump({"descr": np.lib.format.dtype_to_descr(a.dtype), "fortran_order": False, "shape": list(a.shape)}, open(path + ".json", "w"))

def save(name, v, ending, path):
    """Writes a value with the format's library, or returns False where that has no way."""
    array = isinstance(v, np.ndarray) and not isinstance(v, np.ma.MaskedArray)
    named = isinstance(v, dict) and all(isinstance(x, np.ndarray) for x in v.values())
    plain = array and v.dtype.kind in "biufc" and v.dtype.isnative
    if ending == "joblib":
        joblib.dump(v, path)
    elif ending == "npy" and array:
        np.save(path, v)
    elif ending == "npz" and (array or named):
        np.savez(path, **v) if named else np.savez(path, v)
    elif ending == "bin" and array and v.dtype.kind in "biufcMmSU":
        v.tofile(path)
        sidecar(v, path)
    elif ending in TEXT and plain and v.ndim in (1, 2) and v.size:
        np.savetxt(path, v, delimiter=TEXT[ending], fmt="%d" if v.dtype.kind in "iu" else "%.18e")
    elif ending in ("csv", "tsv") and isinstance(v, pd.DataFrame):
        v.to_csv(path, sep=TEXT[ending], index=name == "indexed")
    elif ending == "json" and (name == "list" or array and v.dtype.kind in "iuf" and np.isfinite(v).all() and v.size):
        json.dump(v if name == "list" else v.tolist(), open(path, "w"))
    elif ending == "jsonl" and name == "frame":
        v.to_json(path, orient="records", lines=True)
    elif ending == "h5" and array and v.dtype.kind in "biufcSV":
        with h5py.File(path, "w") as f:
            f["data"] = v
    elif ending == "h5" and name in ("arrays", "nested"):
        def put(g, d):
            for k, x in d.items():
                if isinstance(x, dict):
                    put(g.create_group(k), x)
                elif isinstance(x, np.ndarray):
                    g[k] = x
                else:
                    g.attrs[k] = x
        with h5py.File(path, "w") as f:
            put(f, v)
    elif ending == "h5" and name in ("frame", "indexed"):
        v.to_hdf(path, key="data", format="table")
    elif ending == "safetensors" and named:
        st.save_file(v, path)
    elif ending == "safetensors" and plain and v.dtype != np.complex128:
        st.save_file({"arr_0": np.ascontiguousarray(v)}, path)
    elif ending == "feather" and isinstance(v, pd.DataFrame) and name != "indexed":
        v.to_feather(path)
    elif ending == "parquet" and isinstance(v, pd.DataFrame):
        v.to_parquet(path)
    elif ending == "db" and (named or array and not v.dtype.hasobject):
        with sqlite3.connect(path) as c:
            c.execute("create table arrays (name text primary key, data blob)")
            for k, x in (v if named else {"arr_0": v}).items():
                b = io.BytesIO()
                np.save(b, x)
                c.execute("insert into arrays values (?, ?)", (k, b.getvalue()))
    else:
        return False
    return True

def load(name, v, ending, path):
    """Reads a file with the format's library, told what the value is where the format does not say."""
    if ending == "pkl":
        return pickle.load(open(path, "rb"))
    if ending == "joblib":
        return joblib.load(path)
    if ending == "npy":
        return np.load(path, allow_pickle=True)
    if ending == "npz":
        with np.load(path, allow_pickle=True) as z:
            return {k: z[k] for k in z.files}
    if ending == "bin":
        s = json.load(open(path + ".json"))
        return np.fromfile(path, np.lib.format.descr_to_dtype(s["descr"])).reshape(s["shape"])
    if ending in TEXT:
        if name in FRAMES or name == "structured" and ending != "txt":
            return pd.read_csv(path, sep=TEXT[ending], index_col=0 if name == "indexed" else None)
        dtype = str if v.dtype.kind in "UMSb" else object if v.dtype.kind == "V" else v.dtype if v.dtype.kind in "cu" else float
        return np.loadtxt(path, delimiter=TEXT[ending], ndmin=v.ndim if v.ndim < 3 else 2, dtype=int if v.dtype.kind == "i" else dtype)
    if ending == "json":
        return json.load(open(path))
    if ending == "jsonl":
        return pd.read_json(path, lines=True) if name in FRAMES else [json.loads(l) for l in open(path)]
    if ending == "h5":
        if name in FRAMES:
            return pd.read_hdf(path, "data")
        def get(g):
            d = {k: x for k, x in g.attrs.items()}
            for k, x in g.items():
                d[k] = get(x) if isinstance(x, h5py.Group) else x.asstr()[()] if h5py.check_string_dtype(x.dtype) and x.dtype.kind == "O" else x[()]
            return d
        with h5py.File(path) as f:
            return get(f)
    if ending == "safetensors":
        return st.load_file(path)
    if ending == "feather":
        return pd.read_feather(path)
    if ending == "parquet":
        return pd.read_parquet(path)
    if ending == "db":
        with sqlite3.connect(path) as c:
            return {k: np.load(io.BytesIO(b), allow_pickle=True) for k, b in c.execute("select name, data from arrays")}

def same(a, b):
    """Whether the values are equal in every respect that Python shows."""
    if not isinstance(a, dict) and isinstance(b, dict) and set(b) in ({"arr_0"}, {"data"}):
        return same(a, next(iter(b.values())))
    if isinstance(a, pd.DataFrame):
        try:
            pd.testing.assert_frame_equal(a, b, check_freq=False, check_column_type=False, check_index_type=False)
            return True
        except (AssertionError, TypeError):
            return False
    if isinstance(a, np.ma.MaskedArray):
        return isinstance(b, np.ma.MaskedArray) and np.array_equal(a.mask, b.mask) and a.dtype == b.dtype and a.tolist() == b.tolist()
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and not isinstance(b, np.ma.MaskedArray) and a.dtype == b.dtype and a.shape == b.shape and bits(a) == bits(b)
    if isinstance(a, dict):
        return isinstance(b, dict) and set(a) == set(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return type(a) is type(b) and (a == b or a != a)

def bits(a):
    return a.tolist() if a.dtype.kind in "OV" else np.ascontiguousarray(a).tobytes()

def alike(a, b):
    """Whether the elements are equal, be they of another dtype, shape or container."""
    if isinstance(a, pd.DataFrame):
        if isinstance(b, dict) and len(b) == 1:
            b = next(iter(b.values()))
        if isinstance(b, np.ndarray) and b.dtype.names:
            b = pd.DataFrame({k: b[k] for k in b.dtype.names})
        if isinstance(b, list):
            b = pd.DataFrame(b)
        return isinstance(b, pd.DataFrame) and list(map(str, a.columns)) == list(map(str, b.columns)) and all(
            len(a) == len(b) and all(cell(x) == cell(y) for x, y in zip(a[c], b[d])) for c, d in zip(a.columns, b.columns)) and \
            (list(map(str, a.index)) == list(map(str, b.index)))
    if isinstance(b, dict) and len(b) == 1 and not isinstance(a, dict):
        b = next(iter(b.values()))
    if isinstance(a, dict):
        return isinstance(b, dict) and set(a) == set(b) and all(alike(a[k], b[k]) for k in a)
    if isinstance(b, pd.DataFrame):
        b = b.to_records(index=False) if isinstance(a, np.ndarray) and a.dtype.names else b.to_numpy()
    if isinstance(a, np.ma.MaskedArray):
        return False
    if isinstance(a, np.ndarray) and a.dtype.kind == "c" and isinstance(b, list):
        b = np.array(b) @ [1, 1j]
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.dtype.kind == b.dtype.kind == "f":
        b = b.astype(a.dtype)
    x, y = flat(a), flat(b)
    return len(x) == len(y) and all(cell(p) == cell(q) for p, q in zip(x, y))

def flat(v):
    if isinstance(v, np.ndarray) and v.dtype.kind == "M":
        v = v.astype(str)
    if isinstance(v, np.ndarray):
        v = v.tolist()
    if isinstance(v, dict):
        v = list(v.values())
    if isinstance(v, (list, tuple)):
        return [y for x in v for y in flat(x)]
    return [v]

def cell(x):
    if isinstance(x, (bytes, np.bytes_)):
        return x.decode("latin1")
    if x is None or x is pd.NA or x is pd.NaT or isinstance(x, (float, np.floating)) and x != x or x == "NaN":
        return "NaN"
    if isinstance(x, str) and x in ("True", "False", "Infinity", "-Infinity"):
        return {"True": 1.0, "False": 0.0, "Infinity": np.inf, "-Infinity": -np.inf}[x]
    if isinstance(x, (list, tuple)) and len(x) == 2:
        return complex(*x)
    if isinstance(x, (bool, int, float, np.number, np.bool_)):
        return complex(x) if isinstance(x, complex) else x
    if isinstance(x, str):
        for f in (float, complex, pd.Timestamp, pd.Timedelta):
            try:
                return f(x)
            except ValueError:
                pass
    if isinstance(x, np.datetime64):
        return pd.Timestamp(x)
    return x

ENDINGS = "joblib npy npz bin csv tsv txt json jsonl h5 safetensors feather parquet db".split()

def make(folder):
    for name, v in values().items():
        pickle.dump(v, open(f"{folder}/{name}.pkl", "wb"))
        for ending in ENDINGS:
            path = f"{folder}/{name}.py.{ending}"
            try:
                if not save(name, v, ending, path):
                    continue
            except (TypeError, ValueError, NotImplementedError, KeyError) as e:
                if os.path.exists(path):
                    os.remove(path)
                print(f"{name}.{ending}: not written by Python: {e}", file=sys.stderr)

def check(folder):
    for f in sorted(os.listdir(folder)):
        name, who, ending = f.split(".", 2) if f.count(".") == 2 else ("", "", "")
        if who not in ("go", "back", "own") or not os.path.isfile(f"{folder}/{f}"):
            continue
        v = pickle.load(open(f"{folder}/{name}.pkl", "rb"))
        result, what = "differs", ""
        try:
            got = load(name, v, "pkl" if who != "go" else ending, f"{folder}/{f}")
            what = repr(got)[:300]
            result = "same" if same(v, got) else "alike" if alike(v, got) else "differs"
        except Exception as e:
            what = f"{type(e).__name__}: {e}"
        print(json.dumps({"file": f, "result": result, "got": what}))

{"make": make, "check": check}[sys.argv[1]](sys.argv[2])
