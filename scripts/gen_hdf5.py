#!/usr/bin/env python3
"""Writes HDF5 files with h5py and PyTables, and beside each what Python reads from it.

    gen_hdf5.py OUT [--small | --real]

Every NAME.h5 has a NAME.json with the members, values and attributes of all its objects and
some slices. --small writes the few files that are kept in testdata/hdf5; --real those that
other packages write or bring along; else it is the whole matrix of datatypes, layouts, filters and
versions of the format.
"""
import base64
import itertools
import json
import os
import random
import sys
import warnings

import h5py
import numpy as np
from h5py import h5d, h5p, h5s, h5t

try:
    import hdf5plugin
except ImportError:
    hdf5plugin = None

LIBVERS = ["earliest", "v108", "v110", "latest"]
warnings.simplefilter("ignore")
rng = np.random.default_rng(18)
random.seed(18)


# What is expected


def b64(b):
    return base64.b64encode(bytes(b)).decode()


def has_object(dt):
    return dt.hasobject


def encode(a, f):
    a = np.asarray(a)
    if not a.dtype.hasobject:
        descr = repr(np.lib.format.dtype_to_descr(a.dtype))
        return {"dtype": descr, "shape": list(a.shape), "data": b64(a.tobytes())}
    names = list(a.dtype.names) if a.dtype.names else None
    return {"dtype": "O", "names": names, "shape": list(a.shape),
            "values": [element(x, a.dtype, f) for x in a.reshape(-1)] if a.ndim else
                      [element(a[()], a.dtype, f)]}


def element(x, dt, f):
    if dt.names:
        return {"fields": [element(x[n], dt[n], f) for n in dt.names]}
    if dt.subdtype is not None:
        return {"array": encode(x, f)}
    if not dt.hasobject:
        return {"array": encode(np.asarray(x, dtype=dt), f)}
    if isinstance(x, (bytes, str)):
        return {"text": b64(x.encode() if isinstance(x, str) else x)}
    if isinstance(x, h5py.RegionReference):
        if not x:
            return {"region": None}
        space = h5py.h5r.get_region(x, f.id)
        lo, hi = space.get_select_bounds()
        return {"region": h5py.h5o.get_info(f[x].id).addr, "n": space.get_select_npoints(),
                "lo": [int(i) for i in lo], "hi": [int(i) for i in hi]}
    if isinstance(x, h5py.Reference):
        return {"ref": h5py.h5o.get_info(f[x].id).addr if x else None}
    if isinstance(x, np.ndarray):
        return {"array": encode(x, f)}
    if x is None or x == 0:
        return {"null": True}
    raise TypeError(type(x))


def attributes(o, f):
    out = {}
    for name in o.attrs:
        try:
            v = o.attrs[name]
        except (TypeError, OSError) as e:
            continue
        if isinstance(v, h5py.Empty):
            out[name] = {"empty": True}
            continue
        aid = h5py.h5a.open(o.id, name.encode())
        dt = aid.dtype
        if isinstance(v, (str, bytes)):
            b = v.encode() if isinstance(v, str) else v
            if dt.hasobject:
                out[name] = {"dtype": "O", "shape": [], "values": [{"text": b64(b)}]}
            else:
                out[name] = encode(np.array(b, dtype=dt), f)
            continue
        try:
            out[name] = encode(v if isinstance(v, np.ndarray) else np.array(v, dtype=dt), f)
        except (TypeError, ValueError):
            continue
    return out


HUGE_SLICES = [([0, 0], [12, 20], [1, 1]), ([2, 1], [2, 3], [1, 2]), ([2**39, 2**19 - 3], [10, 30], [1, 1]),
               ([2**40 - 1, 0], [1, 7], [1, 9])]


def slices_of(d):
    if d.shape is None or d.ndim == 0 or 0 in d.shape:
        return []
    out = []
    for _ in range(3):
        start, count, step = [], [], []
        for n in d.shape:
            s = random.randrange(n)
            t = random.choice([1, 1, 2, 3])
            c = random.randint(1, (n - s + t - 1) // t)
            start.append(s), count.append(c), step.append(t)
        key = tuple(slice(s, s + (c - 1) * t + 1, t) for s, c, t in zip(start, count, step))
        out.append((start, count, step, key))
    return out


def expect(path):
    """Writes what h5py reads from a file; of huge datasets only the slices of huge_slices."""
    objects = {}
    with h5py.File(path, "r") as f:
        todo = [("/", f)]
        seen = {h5py.h5o.get_info(f.id).addr}
        while todo:
            name, o = todo.pop()
            item = {"attrs": attributes(o, f)}
            if isinstance(o, h5py.Group):
                item["kind"] = "group"
                item["members"] = list(o)
                for m in o:
                    link = o.get(m, getlink=True)
                    if not isinstance(link, h5py.HardLink):
                        continue
                    child = o[m]
                    addr = h5py.h5o.get_info(child.id).addr
                    if addr in seen:
                        continue
                    seen.add(addr)
                    todo.append((child.name, child))
            elif isinstance(o, h5py.Dataset):
                item["kind"] = "dataset"
                if o.shape is None:
                    item["empty"] = True
                else:
                    item["shape"] = list(o.shape)
                    item["max"] = [-1 if n is None else n for n in o.maxshape]
                    item["chunks"] = list(o.chunks) if o.chunks else None
                    if o.size > 1 << 30 or name == "/fifties":
                        item["slices"] = [
                            {"start": s, "count": c, "step": t, "value": encode(o[
                                tuple(slice(x, x + (n - 1) * y + 1, y) for x, n, y in zip(s, c, t))], f)}
                            for s, c, t in (HUGE_SLICES if o.size > 1 << 30 else
                                            [([60, 120], [9, 20], [1, 1]), ([1, 2], [5, 4], [57, 71])])]
                        objects[name] = item
                        continue
                    try:
                        v = o[()]
                        if o.ndim == 0 and not o.dtype.hasobject and o.dtype.subdtype is None:
                            v = np.array(v, dtype=o.dtype)  # a scalar has the machine's byte order
                        item["value"] = encode(v, f)
                        if o.ndim == 0 and o.dtype.hasobject and not o.dtype.names:
                            # What a vlen gives here is the sequence itself.
                            item["value"] = {"dtype": "O", "shape": [], "values": [element(v, o.dtype, f)]}
                        item["slices"] = [
                            {"start": s, "count": c, "step": t, "value": encode(o[key], f)}
                            for s, c, t, key in slices_of(o)]
                    except TypeError as e:
                        item["unreadable"] = str(e)
            else:
                item["kind"] = "type"
            objects[name] = item
    with open(path[:-3] + ".json", "w") as out:
        json.dump({"objects": objects}, out)


# Values


COMPOUND = np.dtype([("a", "<i4"), ("b", ">f8"), ("c", "S3"), ("d", "?")])
NESTED = np.dtype([("x", COMPOUND), ("y", "<u2", (2, 3)), ("z", "<c8")])
ALIGNED = np.dtype([("a", "i1"), ("b", "f8"), ("c", "i2")], align=True)
ENUM = h5py.enum_dtype({"RED": 0, "GREEN": 1, "BLUE": 42}, basetype="i4")
ENUM_SMALL = h5py.enum_dtype({"NO": -1, "YES": 1}, basetype="i1")

DTYPES = {}
for order, n in itertools.product("<>", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8",
                                         "c8", "c16"]):
    if n[1:] == "1" and order == ">":
        continue
    DTYPES[n + ("le" if order == "<" else "be")] = np.dtype(order + n)
DTYPES.update({
    "longdouble": np.dtype("g"), "clongdouble": np.dtype("G"), "bool": np.dtype("?"),
    "S1": np.dtype("S1"), "S7": np.dtype("S7"),
    "utf8_fixed": h5py.string_dtype("utf-8", 9),
    "vstr": h5py.string_dtype(), "vstr_ascii": h5py.string_dtype("ascii"),
    "vlen_i4": h5py.vlen_dtype(np.dtype("<i4")), "vlen_f8": h5py.vlen_dtype(np.dtype("<f8")),
    "enum": ENUM, "enum_small": ENUM_SMALL, "opaque": np.dtype("V5"),
    "datetime": h5py.opaque_dtype(np.dtype("M8[ns]")), "timedelta": h5py.opaque_dtype(np.dtype("m8[s]")),
    "array": np.dtype(("<f4", (2, 3))),
    "compound": COMPOUND, "nested": NESTED, "aligned": ALIGNED,
    "compound_vstr": np.dtype([("n", "<i8"), ("s", h5py.string_dtype()), ("v", h5py.vlen_dtype(np.dtype("u1")))]),
    "compound_array_vstr": np.dtype([("s", h5py.string_dtype(), (2,)), ("f", "<f4", (2,))]),
    "compound_enum": np.dtype([("e", ENUM), ("t", "S4")]),
})


def values(dt, shape):
    """Values of a dtype that are all different as far as it goes."""
    n = int(np.prod(shape, dtype=int))
    if dt.names:
        a = np.zeros(shape, dtype=dt)
        for name in dt.names:
            a[name] = values(dt[name], shape)
        return a
    if dt.subdtype is not None:
        base, sub = dt.subdtype
        return values(base, tuple(shape) + sub)
    if h5py.check_string_dtype(dt) is not None and dt.kind == "O":
        a = np.empty(n, dtype=object)
        for i in range(n):
            a[i] = "" if i % 5 == 4 else "t\u00e4xt %d " % i * (1 + i % 3)
            if h5py.check_string_dtype(dt).encoding == "ascii":
                a[i] = a[i].replace("\u00e4", "e")
        return a.reshape(shape).astype(dt) if n else a.reshape(shape)
    if h5py.check_vlen_dtype(dt) is not None:
        base = h5py.check_vlen_dtype(dt)
        a = np.empty(n, dtype=object)
        for i in range(n):
            a[i] = np.arange(i % 4, dtype=base) * (i + 1)
        return a.reshape(shape)
    if dt.kind == "S":
        return np.array([(b"%d\x00x" % i)[:dt.itemsize] if i % 3 else b"ab" for i in range(n)],
                        dtype=dt).reshape(shape)
    if dt.kind == "V":
        return np.frombuffer(rng.bytes(n * dt.itemsize), dtype=dt).reshape(shape)
    if dt.kind in "mM":
        return rng.integers(-2**40, 2**40, n).astype("<i8").view(dt).reshape(shape)
    if dt.kind == "b":
        return (rng.integers(0, 2, n) == 1).reshape(shape)
    if h5py.check_enum_dtype(dt):
        members = list(h5py.check_enum_dtype(dt).values())
        return np.array([members[i % len(members)] for i in range(n)], dtype=dt).reshape(shape)
    if dt.kind in "iu":
        info = np.iinfo(dt)
        a = rng.integers(info.min, info.max, n, dtype=dt.newbyteorder("="), endpoint=True)
        return a.astype(dt).reshape(shape)
    a = rng.standard_normal(n)
    if n > 3:
        a[1], a[2], a[3] = np.nan, -0.0, np.inf
    if dt.kind == "c":
        return (a + 1j * a[::-1]).astype(dt).reshape(shape)
    return a.astype(dt).reshape(shape)


def fill_of(dt):
    if dt.names or dt.subdtype is not None or dt.hasobject:
        return None
    if dt.kind in "iu":
        return dt.type(7)
    if dt.kind in "fc":
        return dt.type(1.5)
    if dt.kind == "S":
        return np.bytes_(b"f")[:dt.itemsize]
    return None


LAYOUTS = ["compact", "contiguous", "chunked", "growing", "growing2", "single", "larger", "implicit", "sparse",
           "scalar", "null", "empty", "threed"]


def make(f, name, dt, layout, **filters):
    """Creates a dataset; None where Python cannot."""
    shape = (7, 5) if layout != "threed" else (3, 4, 5)
    a = values(dt, shape)
    kw = dict(filters)
    if layout == "compact":
        dcpl = h5p.create(h5p.DATASET_CREATE)
        dcpl.set_layout(h5d.COMPACT)
        space = h5s.create_simple(shape)
        d = h5py.Dataset(h5d.create(f.id, name.encode(), h5t.py_create(dt, logical=True), space, dcpl))
        d[...] = a
        return d
    if layout == "scalar":
        if dt.subdtype is not None:
            return f.create_dataset(name, data=a[0, 0], dtype=dt, shape=())
        d = f.create_dataset(name, shape=(), dtype=dt)
        d[()] = a[0, 1] if h5py.check_vlen_dtype(dt) is None else a[0, 1]
        return d
    if layout == "null":
        return f.create_dataset(name, data=h5py.Empty(dt))
    if layout == "empty":
        return f.create_dataset(name, shape=(0, 5), maxshape=(None, 5), dtype=dt, chunks=(2, 5), **kw)
    if layout == "implicit":
        dcpl = h5p.create(h5p.DATASET_CREATE)
        dcpl.set_chunk((3, 2))
        dcpl.set_alloc_time(h5d.ALLOC_TIME_EARLY)
        d = h5py.Dataset(h5d.create(f.id, name.encode(), h5t.py_create(dt, logical=True),
                                    h5s.create_simple(shape), dcpl))
        d[...] = a
        return d
    if layout == "sparse":
        d = f.create_dataset(name, shape=(40, 30), maxshape=(None, 30), chunks=(4, 7), dtype=dt,
                             fillvalue=fill_of(dt), **kw)
        d[5:12, 3:8] = a
        return d
    if layout == "chunked":
        kw.update(chunks=(3, 2))
    elif layout == "threed":
        kw.update(chunks=(2, 2, 3), maxshape=(3, None, 8))
    elif layout == "growing":
        kw.update(chunks=(3, 2), maxshape=(7, None))
    elif layout == "growing2":
        kw.update(chunks=(2, 3), maxshape=(None, None))
    elif layout == "single":
        kw.update(chunks=shape)
    elif layout == "larger":
        kw.update(chunks=(16, 8), maxshape=(None, None))
    if dt.subdtype is not None:
        d = f.create_dataset(name, shape=shape, dtype=dt, **kw)
        d[...] = a
        return d
    return f.create_dataset(name, data=a, dtype=dt, shape=shape, **kw)


def filters():
    out = {"gzip": dict(compression="gzip", compression_opts=4), "shuffle": dict(shuffle=True),
           "gzip_shuffle": dict(compression="gzip", shuffle=True), "fletcher32": dict(fletcher32=True),
           "all": dict(compression="gzip", shuffle=True, fletcher32=True), "lzf": dict(compression="lzf"),
           "lzf_shuffle": dict(compression="lzf", shuffle=True)}
    if h5py.h5z.filter_avail(h5py.h5z.FILTER_SZIP):
        out["szip_nn"] = dict(compression="szip", compression_opts=("nn", 4))
        out["szip_ec"] = dict(compression="szip", compression_opts=("ec", 6))
    if hdf5plugin is not None:
        out["blosc"] = dict(hdf5plugin.Blosc(cname="lz4"))
        out["blosc_zlib"] = dict(hdf5plugin.Blosc(cname="zlib", shuffle=2))
        out["blosc_zstd"] = dict(hdf5plugin.Blosc(cname="zstd", shuffle=0))
        out["zstd"] = dict(hdf5plugin.Zstd())
        out["lz4"] = dict(hdf5plugin.LZ4())
        out["bzip2"] = dict(hdf5plugin.BZip2())
        out["bitshuffle"] = dict(hdf5plugin.Bitshuffle())
    return out


def real(out):
    """Files that other packages write or bring along for their own tests."""
    import glob
    import shutil

    def take(path, name):
        target = os.path.join(out.folder, name + ".h5")
        shutil.copy(path, target)
        try:
            expect(target)
            out.n += 1
        except Exception as e:  # what h5py cannot read
            os.remove(target)
            print("not read:", name, repr(e)[:150], file=sys.stderr)
    for module in ("tables", "h5py"):
        try:
            base = os.path.dirname(__import__(module).__file__)
        except ImportError:
            continue
        for path in glob.glob(base + "/**/*", recursive=True):
            if path.endswith((".h5", ".mat", ".hdf5")):
                take(path, "real_%s_%s" % (module, os.path.basename(path).replace(".", "_")))
    tmp = os.path.join(out.folder, "tmp")
    makers = (("netcdf", netcdf), ("anndata", annotated), ("matlab", matlab), ("keras_weights", keras_weights))
    for name, write in makers:
        try:
            write(tmp)
        except ImportError:
            continue
        take(tmp, "real_" + name)
        os.remove(tmp)


def netcdf(path):
    import netCDF4
    with netCDF4.Dataset(path, "w") as f:
        f.createDimension("time", None)
        f.createDimension("x", 7)
        f.title = "t\u00e4xt"
        f.numbers = np.arange(3, dtype="i2")
        v = f.createVariable("v", "f4", ("time", "x"), zlib=True, shuffle=True, fletcher32=True, fill_value=-1)
        v[:4] = np.arange(28).reshape(4, 7)
        v.units = "m s-1"
        f.createVariable("time", "f8", ("time",))[:] = np.arange(4)
        f.createVariable("s", str, ("x",))[:] = np.array(["a", "b\u00e4", "", "d", "e", "f", "g"], dtype=object)
        f.createVariable("c", "S1", ("x",))[:] = np.array(list("abcdefg"), "S1")
        f.createVariable("scalar", "u8")[:] = 2**63
        e = f.createEnumType("u1", "sky", {"clear": 0, "cloudy": 1})
        f.createVariable("e", e, ("x",), fill_value=1)[:3] = 0
        c = f.createCompoundType(np.dtype([("a", "i4"), ("b", "f8")], align=True), "pair")
        f.createVariable("p", c, ("x",))[:] = np.zeros(7, c.dtype)
        t = f.createVLType("i4", "row")
        r = f.createVariable("r", t, ("x",))
        for i in range(7):
            r[i] = np.arange(i, dtype="i4")
        g = f.createGroup("g").createGroup("h")
        g.createDimension("y", 3)
        g.createVariable("z", "i8", ("time", "y"), contiguous=False)[:2] = 5


def annotated(path):
    import anndata
    import pandas as pd
    import scipy.sparse
    obs = pd.DataFrame({"kind": pd.Categorical(["a", "b", "a", None]), "n": [1, 2, 3, 4]}, index=list("wxyz"))
    a = anndata.AnnData(X=scipy.sparse.random(4, 6, 0.5, "csr", dtype="f4", random_state=1), obs=obs)
    a.uns["nested"] = {"text": "x", "list": np.array(["a", "bc"], dtype=object), "n": 3}
    a.obsm["pca"] = np.arange(8.0).reshape(4, 2)
    a.write_h5ad(path, compression="gzip")


def matlab(path):
    import hdf5storage
    hdf5storage.savemat(path, {"m": np.arange(6.0).reshape(2, 3), "s": "text", "c": [1, "a"], "z": 1 + 2j,
                               "b": True, "st": {"x": 1.5, "y": "q"}}, format="7.3", appendmat=False)


def keras_weights(path):
    os.environ["KERAS_BACKEND"] = "numpy"  # it takes JAX too
    import keras
    layers = keras.layers
    model = keras.Sequential([layers.Input((5, 3)), layers.LSTM(4), layers.BatchNormalization(),
                              layers.Dense(2, dtype="float16")])
    model.save_weights(path + ".weights.h5")
    os.replace(path + ".weights.h5", path)


class Out:
    def __init__(self, folder):
        self.folder, self.n = folder, 0
        os.makedirs(folder, exist_ok=True)

    def file(self, name, libver, build, **kw):
        path = os.path.join(self.folder, name + ".h5")
        try:
            with h5py.File(path, "w", libver=(libver, "latest"), **kw) as f:
                build(f)
        except (TypeError, ValueError, OSError, NotImplementedError) as e:
            os.remove(path)
            print("not written:", name, e, file=sys.stderr)
            return
        expect(path)
        self.n += 1


# Groups, links, attributes and what else there is


def groups(n, order=False):
    def build(f):
        g = f.create_group("many", track_order=order)
        for i in range(n):
            g["m%05d" % (i * 7919 % n)] = np.int32(i) if i % 50 == 0 else h5py.SoftLink("/many/m00000")
        f["many"].create_group("sub/\u00fcber/deep")
        f["hard"] = f["many/sub"]
        f["many/sub/back"] = f["many"]
        f["soft"] = h5py.SoftLink("/many/sub")
        f["dangling"] = h5py.SoftLink("/nowhere")
        f["outside"] = h5py.ExternalLink("other.h5", "/x")
    return build


def attrs(n, order=False):
    def build(f):
        g = f.create_group("g", track_order=order)
        d = f.create_dataset("d", data=np.arange(3), track_order=order)
        for o in (f, g, d):
            for i in range(n):
                o.attrs["a%03d" % (i * 37 % n)] = np.arange(i % 5) * 1.5
            o.attrs["text"] = "t\u00e4xt"
            o.attrs["bytes"] = np.bytes_(b"abc")
            o.attrs["int"] = 5
            o.attrs["float"] = np.float32(0.5)
            o.attrs["bool"] = True
            o.attrs["complex"] = 1 + 2j
            o.attrs["texts"] = ["a", "bc", ""]
            o.attrs["fixed"] = np.array([b"a", b"bc"])
            o.attrs["empty"] = h5py.Empty("f4")
            o.attrs["array"] = np.arange(6, dtype=">i2").reshape(2, 3)
            o.attrs["compound"] = np.array([(1, 2.5, b"x", True)], dtype=COMPOUND)
            o.attrs["ref"] = f["d"].ref
            o.attrs["large"] = np.zeros(3000, dtype="f8") if n < 9 else 0
        f["type"] = np.dtype("<i4")
        f["type"].attrs["of"] = "a type"
        d.attrs.create("named", 3, dtype=f["type"])
    return build


def committed(f):
    f["t"] = COMPOUND
    f["s"] = h5py.string_dtype()
    f.create_dataset("d", data=values(COMPOUND, (4,)), dtype=f["t"])
    f.create_dataset("e", data=values(h5py.string_dtype(), (4,)), dtype=f["s"])
    f.create_dataset("c", data=values(COMPOUND, (4,)), dtype=f["t"], chunks=(2,))


def references(f):
    d = f.create_dataset("d", data=np.arange(20).reshape(4, 5))
    g = f.create_group("g")
    r = f.create_dataset("refs", shape=(4,), dtype=h5py.ref_dtype)
    r[0], r[1], r[2] = d.ref, g.ref, f.ref
    q = f.create_dataset("regions", shape=(3,), dtype=h5py.regionref_dtype)
    q[0] = d.regionref[1:3, ::2]
    q[1] = d.regionref[...]
    c = np.dtype([("r", h5py.ref_dtype), ("n", "i4")])
    f.create_dataset("in_compound", data=np.array([(d.ref, 1), (g.ref, 2)], dtype=c), dtype=c)


def scales(f):
    d = f.create_dataset("d", data=np.zeros((3, 4)))
    f["x"], f["y"] = np.arange(3.0), np.arange(4.0)
    f["x"].make_scale("the x")
    f["y"].make_scale()
    d.dims[0].attach_scale(f["x"])
    d.dims[1].attach_scale(f["y"])
    d.dims[0].label = "ex"


def resized(f):
    d = f.create_dataset("shrunk", data=np.arange(100).reshape(10, 10), maxshape=(None, None), chunks=(3, 3))
    d.resize((4, 7))
    d = f.create_dataset("grown", data=np.arange(20), maxshape=(None,), chunks=(3,), fillvalue=-1)
    d.resize((50,))
    d = f.create_dataset("appended", shape=(0, 3), maxshape=(None, 3), chunks=(1, 3), dtype="i2")
    for i in range(40):
        d.resize((i + 1, 3))
        d[i] = i
    d = f.create_dataset("long", shape=(30000,), maxshape=(None,), chunks=(2,), dtype="i4", fillvalue=3)
    d[:4000] = np.arange(4000)
    d[20000:20009] = 5
    d = f.create_dataset("page", shape=(5000,), chunks=(2,), dtype="i4", fillvalue=3)
    d[:40] = 1
    d[4000:4100] = np.arange(100)
    d = f.create_dataset("wide", shape=(3, 6000), maxshape=(3, None), chunks=(2, 2), dtype="i2")
    d[:, 5000:5100] = np.arange(300).reshape(3, 100)


def huge(f):
    """Datasets that no memory holds, of which a few chunks are stored."""
    n = 2**40
    for name, most in (("fixed", (n, 2**20)), ("one", (None, 2**20)), ("other", (n, None)), ("both", (None, None))):
        if name == "fixed" and f.libver[0] != "earliest":
            continue  # its index would have an entry for every chunk
        d = f.create_dataset(name, shape=(n, 2**20), maxshape=most, chunks=(10, 16), dtype="i2", fillvalue=7)
        d[3:5, :4] = 1
        if f.libver[0] == "earliest" or name == "both":
            d[2**39 + 5, 2**19:2**19 + 20] = np.arange(20)


def indexes(f):
    """Indexes of chunks with super blocks and pages, of few bytes."""
    d = f.create_dataset("long", shape=(3000,), maxshape=(None,), chunks=(1,), dtype="i1", fillvalue=3)
    d[:300] = np.arange(300) % 100
    d[2500:2504] = 5
    d = f.create_dataset("page", shape=(2500,), chunks=(1,), dtype="i1", fillvalue=3)
    d[:4] = 1
    d[2000:2010] = np.arange(10)
    d = f.create_dataset("wide", shape=(3, 1000), maxshape=(3, None), chunks=(2, 2), dtype="i1")
    d[:, 900:910] = np.arange(30).reshape(3, 10)
    f.attrs["huge"] = np.zeros(70000, "i1") if f.libver[0] != "earliest" else 0
    f.create_dataset("fifties", data=np.arange(90000).reshape(300, 300) // 50, chunks=(64, 64), compression="gzip",
                     compression_opts=9, shuffle=True)


def masked_chunks(f):
    d = f.create_dataset("d", shape=(4, 4), chunks=(2, 4), dtype="i4", compression="gzip", shuffle=True)
    d[...] = np.arange(16).reshape(4, 4)
    d.id.write_direct_chunk((2, 0), np.arange(8, dtype="<i4").tobytes(), filter_mask=3)


def edges(f):
    """Chunks that leave the dataset and are not filtered."""
    dcpl = h5p.create(h5p.DATASET_CREATE)
    dcpl.set_chunk((4, 4))
    dcpl.set_deflate(4)
    if hasattr(dcpl, "set_chunk_opts"):
        dcpl.set_chunk_opts(2)
    d = h5py.Dataset(h5d.create(f.id, b"d", h5t.NATIVE_INT32, h5s.create_simple((10, 9)), dcpl))
    d[...] = np.arange(90).reshape(10, 9)


def odd_types(f):
    """Numbers of other widths, and text of other paddings, by the low-level interface."""
    def put(name, t, mem, a):
        d = h5d.create(f.id, name.encode(), t, h5s.create_simple(a.shape))
        d.write(h5s.ALL, h5s.ALL, a, mtype=mem)
    t = h5t.STD_I32LE.copy()
    t.set_precision(20)
    t.set_offset(5)
    put("i20", t, h5t.NATIVE_INT32, np.array([1, -1, 2**18, -2**19], "i4"))
    t = h5t.STD_U16BE.copy()
    t.set_precision(11)
    put("u11", t, h5t.NATIVE_UINT16, np.array([1, 2047, 5], "u2"))
    put("bits", h5t.STD_B16LE, h5t.STD_B16LE, np.array([1, 65535, 5], "u2"))
    for pad, name in ((h5t.STR_NULLTERM, "nullterm"), (h5t.STR_SPACEPAD, "spacepad"), (h5t.STR_NULLPAD, "nullpad")):
        t = h5t.C_S1.copy()
        t.set_size(6)
        t.set_strpad(pad)
        put(name, t, t, np.array([b"abc   ", b"a\x00b", b"x"], "S6"))


def bfloat(f):
    t = h5t.IEEE_F32LE.copy()
    t.set_fields(15, 7, 8, 0, 7)
    t.set_size(2)
    t.set_ebias(127)
    d = h5d.create(f.id, b"bf16", t, h5s.create_simple((6,)))
    d.write(h5s.ALL, h5s.ALL, np.array([1, -2.5, np.inf, np.nan, 1e-40, 3e38], "f4"), mtype=h5t.NATIVE_FLOAT)
    t = h5t.IEEE_F64LE.copy()
    t.set_fields(47, 36, 11, 0, 36)
    t.set_size(6)
    d = h5d.create(f.id, b"f48", t, h5s.create_simple((4,)))
    d.write(h5s.ALL, h5s.ALL, np.array([1, -2.5, 1e300, 0], "f8"), mtype=h5t.NATIVE_DOUBLE)


def nbit(f):
    t = h5t.STD_I32LE.copy()
    t.set_precision(12)
    t.set_offset(3)
    dcpl = h5p.create(h5p.DATASET_CREATE)
    dcpl.set_chunk((5,))
    dcpl.set_filter(h5py.h5z.FILTER_NBIT, h5py.h5z.FLAG_OPTIONAL)
    d = h5d.create(f.id, b"d", t, h5s.create_simple((12,)), dcpl)
    d.write(h5s.ALL, h5s.ALL, np.arange(-6, 6, dtype="i4"), mtype=h5t.NATIVE_INT32)


def scaleoffset(f):
    for k in ("i1", "i2", "i4", "u4", "i8", ">i4"):
        f.create_dataset("d" + k, data=values(np.dtype(k), (9,)) // 8, dtype=k, chunks=(4,), scaleoffset=0)
        f.create_dataset("n" + k, data=np.arange(9), dtype=k, chunks=(4,), scaleoffset=5)
    f.create_dataset("f4", data=np.arange(9) / 8, dtype="f4", chunks=(4,), scaleoffset=3)
    f.create_dataset("f8", data=np.arange(9) / 8 - 3, dtype="f8", chunks=(4,), scaleoffset=2)


def native_complex(f):
    """HDF5 2.0's own complex numbers."""
    for name in ("F32LE", "F32BE", "F64LE", "F64BE", "F16LE"):
        t = getattr(h5t, "COMPLEX_IEEE_" + name)
        d = h5d.create(f.id, name.encode(), t, h5s.create_simple((4,)))
        a = (np.arange(4) * (1.5 - 2j)).astype("c16")
        d.write(h5s.ALL, h5s.ALL, a, mtype=h5t.NATIVE_DOUBLE_COMPLEX)


def shared_messages(out, lv):
    """A file whose datatypes, dataspaces, fill values and attributes are in the table of shared ones."""
    import ctypes
    import glob
    libs = glob.glob(os.path.join(os.path.dirname(h5py.__file__), "..", "h5py.libs", "libhdf5-*.so*"))
    if not libs:
        return
    lib = ctypes.CDLL(libs[0])
    fcpl = h5p.create(h5p.FILE_CREATE)
    fapl = h5p.create(h5p.FILE_ACCESS)
    fapl.set_libver_bounds(getattr(h5py.h5f, "LIBVER_" + {"earliest": "EARLIEST"}.get(lv, "LATEST")),
                           h5py.h5f.LIBVER_LATEST)
    if lib.H5Pset_shared_mesg_nindexes(ctypes.c_int64(fcpl.id), 2) < 0:
        return
    lib.H5Pset_shared_mesg_index(ctypes.c_int64(fcpl.id), 0, 0x0002 | 0x0008 | 0x0020 | 0x0800, 20)
    lib.H5Pset_shared_mesg_index(ctypes.c_int64(fcpl.id), 1, 0x1000, 20)
    lib.H5Pset_shared_mesg_phase_change(ctypes.c_int64(fcpl.id), 3, 1)
    path = os.path.join(out.folder, "shared_%s.h5" % lv)
    fid = h5py.h5f.create(path.encode(), h5py.h5f.ACC_TRUNC, fcpl=fcpl, fapl=fapl)
    with h5py.File(fid) as f:
        for i in range(12):
            d = f.create_dataset("d%d" % i, data=values(COMPOUND, (i + 2,)), chunks=(2,), compression="gzip")
            for k in range(3 if i < 10 else 12):
                d.attrs["a%d" % k] = "the same text in all of them %d" % k
                d.attrs["n%d" % k] = np.arange(10.0)
    expect(path)
    out.n += 1


def virtual(folder):
    def build(f):
        for i in range(3):
            f["s%d" % i] = np.arange(10) + 100 * i
        f["two"] = np.arange(24).reshape(4, 6)
        v = h5py.VirtualLayout(shape=(4, 10), dtype="<i8")
        for i in range(3):
            v[i] = h5py.VirtualSource(".", "s%d" % i, shape=(10,))
        f.create_virtual_dataset("rows", v, fillvalue=-5)
        v = h5py.VirtualLayout(shape=(8, 6), dtype="<i8")
        v[0:8:2, :] = h5py.VirtualSource(f["two"])
        v[1:4:2, 1:4] = h5py.VirtualSource(f["two"])[1:3, ::2]
        f.create_virtual_dataset("strided", v)
        v = h5py.VirtualLayout(shape=(6, 4), dtype="<i8")
        v[...] = h5py.VirtualSource(f["two"])[...]
        f.create_virtual_dataset("reshaped", v)
        v = h5py.VirtualLayout(shape=(5,), dtype="<i8")
        v[:3] = h5py.VirtualSource(f["two"])[1, 1:6:2]
        v[3:] = h5py.VirtualSource("missing.h5", "x", shape=(2,))
        f.create_virtual_dataset("missing", v, fillvalue=9)
        v = h5py.VirtualLayout(shape=(10,), dtype="<i8")
        v[...] = h5py.VirtualSource(f["rows"])[1]
        f.create_virtual_dataset("nested", v)
        with h5py.File(os.path.join(folder, "source.hdf5"), "w") as g:
            g["x"] = np.arange(6)
        v = h5py.VirtualLayout(shape=(2, 3), dtype="<i8")
        v[0] = h5py.VirtualSource("source.hdf5", "x", shape=(6,))[:3]
        v[1] = h5py.VirtualSource("source.hdf5", "x", shape=(6,))[3:]
        f.create_virtual_dataset("elsewhere", v)
    return build


def external(folder, name):
    def build(f):
        a, b = name + "_a.bin", name + "_b.bin"
        np.arange(10, dtype="<i4").tofile(os.path.join(folder, a))
        np.arange(100, 130, dtype="<i4").tofile(os.path.join(folder, b))
        cwd = os.getcwd()
        os.chdir(folder)
        try:
            f.create_dataset("d", shape=(5, 6), dtype="<i4",
                             external=[(a, 8, 32), (b, 0, h5py.h5f.UNLIMITED)])
            f["d"][()]
        finally:
            os.chdir(cwd)
    return build


def variants(out, small):
    for lv in LIBVERS if not small else ["earliest", "latest"]:
        counts = [1, 9, 40, 3000] if not small else [60]
        for n in counts:
            for order in (False, True):
                out.file("groups_%d_%d_%s" % (n, order, lv), lv, groups(n, order))
        for n in [0, 5, 12, 300] if not small else [12]:
            for order in (False, True):
                out.file("attrs_%d_%d_%s" % (n, order, lv), lv, attrs(n, order))
        for build in (committed, references, scales, resized, huge, indexes, masked_chunks, edges, odd_types, bfloat, nbit,
                      scaleoffset):
            if small and build in (resized,):
                continue
            out.file("%s_%s" % (build.__name__, lv), lv, build)
        if lv == "latest" and hasattr(h5t, "COMPLEX_IEEE_F32LE"):
            out.file("native_complex_%s" % lv, lv, native_complex)
        shared_messages(out, lv)
        out.file("virtual_%s" % lv, lv, virtual(out.folder))
        out.file("userblock_%s" % lv, lv, committed, userblock_size=1024)
        cwd = os.getcwd()
        os.chdir(out.folder)
        out.folder, old = ".", out.folder
        out.file("external_%s" % lv, lv, external(".", "external_" + lv))
        out.folder = old
        os.chdir(cwd)


def matrix(out):
    for lv in LIBVERS:
        for name, dt in DTYPES.items():
            for layout in LAYOUTS:
                out.file("%s_%s_%s" % (name, layout, lv), lv, lambda f: make(f, "d", dt, layout))
        for fname, kw in filters().items():
            for name in ("i1le", "i2be", "i4le", "u8le", "f8le", "f4be", "compound", "S7", "array"):
                for layout in ("chunked", "growing", "growing2", "larger"):
                    if lv in ("v108",) and layout != "chunked":
                        continue
                    out.file("f_%s_%s_%s_%s" % (fname, name, layout, lv), lv,
                             lambda f: make(f, "d", DTYPES[name], layout, **kw))


def small(out):
    for lv in ("earliest", "latest"):
        for layout in LAYOUTS:
            def build(f):
                for name in ("i8le", "f8be", "vstr", "compound"):
                    make(f, name, DTYPES[name], layout)
            out.file("layout_%s_%s" % (layout, lv), lv, build)

        def types(f):
            for name, dt in DTYPES.items():
                make(f, name, dt, "contiguous")
        out.file("types_%s" % lv, lv, types)

        def piped(f):
            for name, kw in filters().items():
                make(f, name, DTYPES["i4le"], "growing", **kw)
        out.file("filters_%s" % lv, lv, piped)


def main():
    folder = sys.argv[1]
    out = Out(folder)
    if "--small" in sys.argv:
        small(out)
        variants(out, True)
    elif "--real" in sys.argv:
        real(out)
    else:
        real(out)
        matrix(out)
        variants(out, False)
    print(out.n, "files")


main()
