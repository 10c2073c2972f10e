#!/usr/bin/env python3
"""Writes torch/testdata: files of PyTorch's own writers, and what PyTorch says is in them.

    PYTHON scripts/gen_torch.py FOLDER

PYTHON has torch installed; the names of the files have its version. Beside NAME.pt stands NAME.json, a
list of what each tensor in the file is, by its path.
"""

import collections
import ctypes
import io
import json
import os
import pickle
import struct
import sys
import tarfile

import numpy
import torch

VERSION = "".join(torch.__version__.split("+")[0].split(".")[:2])


def bits(t):
    """The elements of a strided tensor in C order as hexadecimal text."""
    t = t.detach().resolve_conj().resolve_neg() if hasattr(t, "resolve_conj") else t.detach()
    if t.is_quantized if hasattr(t, "is_quantized") else False:
        t = t.int_repr()
    t = t.cpu().contiguous()
    return ctypes.string_at(t.data_ptr(), t.numel() * t.element_size()).hex() if t.numel() else ""


def tensor(t):
    d = {
        "dtype": str(t.dtype).replace("torch.", ""),
        "shape": list(t.shape),
        "device": str(t.device),
        "requires_grad": t.requires_grad,
        "parameter": isinstance(t, torch.nn.Parameter),
    }
    layout = str(t.layout).replace("torch.", "")
    if layout == "sparse_coo":
        d["layout"] = layout
        d["indices"], d["values"] = tensor(t._indices()), tensor(t._values())
        d["coalesced"] = t.is_coalesced()
    elif layout in ("sparse_csr", "sparse_bsr"):
        d["layout"] = layout
        d["compressed"], d["indices"] = tensor(t.crow_indices()), tensor(t.col_indices())
        d["values"] = tensor(t.values())
    elif layout in ("sparse_csc", "sparse_bsc"):
        d["layout"] = layout
        d["compressed"], d["indices"] = tensor(t.ccol_indices()), tensor(t.row_indices())
        d["values"] = tensor(t.values())
    elif t.device.type != "meta":
        d["bits"] = bits(t)
        d["strides"] = list(t.stride())
    if getattr(t, "is_quantized", False):
        q = str(t.qscheme()).replace("torch.", "")
        d["qscheme"] = q
        if q == "per_tensor_affine":
            d["scale"], d["zero_point"] = t.q_scale(), t.q_zero_point()
        else:
            d["scales"] = tensor(t.q_per_channel_scales())
            d["zero_points"] = tensor(t.q_per_channel_zero_points())
            d["axis"] = t.q_per_channel_axis()
    return d


def walk(v, path, out):
    if isinstance(v, torch.Tensor):
        out.append(dict(tensor(v), path=path))
    elif isinstance(v, dict):
        for k, x in v.items():
            walk(x, path + [str(k)], out)
    elif isinstance(v, (list, tuple)) and not isinstance(v, torch.Size):
        for i, x in enumerate(v):
            walk(x, path + [str(i)], out)


def dtypes():
    names = "float64 float32 float16 int64 int32 int16 int8 uint8 bool bfloat16 complex64 complex128"
    names += " uint16 uint32 uint64 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu"
    out = collections.OrderedDict()
    for name in names.split():
        if not hasattr(torch, name):
            continue
        dtype = getattr(torch, name)
        raw = torch.arange(48, dtype=torch.uint8)
        if name == "bool":
            out[name] = torch.tensor([[True, False], [False, True]])
        elif name.startswith("float8") or name in ("uint16", "uint32", "uint64", "bfloat16"):
            out[name] = raw.view(dtype).reshape(2, -1)
        else:
            try:
                out[name] = torch.arange(6, dtype=torch.float64).reshape(2, 3).to(dtype)
            except RuntimeError:
                continue
    return out


def views():
    base = torch.arange(24, dtype=torch.float32)
    grid = base.reshape(4, 6)
    v = collections.OrderedDict()
    v["base"], v["grid"], v["t"] = base, grid, grid.t()
    v["part"], v["column"], v["step"] = grid[1:3, 2:5], grid[:, 3], base[1::5]
    v["expanded"] = base[2:3].expand(3, 4)
    v["scalar"] = base[7]
    v["empty"] = torch.zeros(0, 3)
    v["emptytoo"] = grid[4:4]
    return v


def model():
    torch.manual_seed(0)
    m = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    opt = torch.optim.SGD(m.parameters(), lr=0.1, momentum=0.9)
    m(torch.ones(1, 3)).sum().backward()
    opt.step()
    return {
        "epoch": 3, "model": m.state_dict(), "optimizer": opt.state_dict(),
        "parameters": list(m.parameters()), "device": torch.device("cpu"), "cuda": torch.device("cuda", 1)
        if VERSION > "04" else None, "dtype": torch.float16, "size": torch.Size([2, 3]), "loss": [0.5, 0.25],
    }


def sparse():
    i = torch.tensor([[0, 1, 1], [2, 0, 2]])
    coo = torch.sparse_coo_tensor(i, torch.tensor([3.0, 4.0, 5.0]), (2, 3))
    out = {"coo": coo, "coalesced": coo.coalesce()}
    if hasattr(coo, "to_sparse_csr"):
        out["csr"] = coo.to_dense().to_sparse_csr()
    if hasattr(coo, "to_sparse_csc"):
        out["csc"] = coo.to_dense().to_sparse_csc()
        dense = torch.arange(16, dtype=torch.float32).reshape(4, 4)
        out["bsr"], out["bsc"] = dense.to_sparse_bsr((2, 2)), dense.to_sparse_bsc((2, 2))
    return out


def quantized():
    x = torch.tensor([[-1.0, 0.0, 1.0], [2.0, 3.0, 4.0]])
    out = {}
    for name in ("quint8", "qint8", "qint32"):
        out[name] = torch.quantize_per_tensor(x, 0.1, 10, getattr(torch, name))
    out["channel"] = torch.quantize_per_channel(
        x, torch.tensor([0.1, 0.2], dtype=torch.float64), torch.tensor([1, 2]), 0, torch.qint8)
    return out


def odd():
    c = torch.tensor([1 + 2j, 3 - 4j])
    kept = torch.nn.Parameter(torch.ones(2, dtype=torch.float16), requires_grad=False)
    kept.note = "an attribute"
    marked = torch.arange(3)
    marked.note = ["of", "a", "tensor"]
    tied = torch.nn.Parameter(torch.ones(2, 2))
    return {"conj": c.conj(), "neg": c.clone().conj().imag, "meta": torch.empty(2, 3, device="meta"),
            "kept": kept, "marked": marked, "sub": torch.ones(2).as_subclass(Sub), "tied": [tied, tied],
            "storage": torch.arange(4).float().storage(), "untyped": torch.ones(2).untyped_storage(),
            "numpy": numpy.arange(3), "scalar": numpy.float64(0.5)}


def load(path, saved):
    try:
        return torch.load(path, weights_only=False)
    except TypeError:  # of old versions, which have no such argument
        return torch.load(path)
    except AttributeError as e:
        # PyTorch 2 cannot read what it writes of its newer dtypes in the legacy format.
        assert "UntypedStorage" in str(e), e
        return saved


def save_tar(folder):
    """A file as torch.save wrote it before PyTorch 0.1.10, with its own code of 0.1.9 in mind: no such version
    installs any more, so this one's torch.load, which still reads them, is asked what is in it."""
    base = torch.arange(12, dtype=torch.float32)
    half, longs = torch.arange(3).half(), torch.arange(4)
    whole, view = base._typed_storage(), torch.arange(5, dtype=torch.float64)._typed_storage()
    tensors = {1001: (base.reshape(3, 4).t(), 1), 1002: (base[2:7:2], 1), 1003: (half, 2), 1004: (longs, 3),
               1005: (torch.tensor(True).reshape(1).byte(), 4), 1006: (torch.zeros(0).char(), 5),
               1007: (torch.zeros(3).double(), 77)}
    storages = {1: whole, 2: half._typed_storage(), 3: longs._typed_storage(), 6: view,
                4: tensors[1005][0]._typed_storage(), 5: tensors[1006][0]._typed_storage()}

    class Number(object):
        """What the pickle has only the number of."""
        def __init__(self, number):
            self.number = number

    class Pickler(pickle._Pickler):
        def persistent_id(self, v):
            return str(v.number) if isinstance(v, Number) else None

    def dump(v, f):
        pickle.dump(v, f, 2)

    def objects(f):
        state = collections.OrderedDict((name, Number(n)) for name, n in [
            ("turned", 1001), ("steps", 1002), ("half", 1003), ("longs", 1004), ("byte", 1005), ("none", 1006),
            ("view", 1007)])
        Pickler(f, 2).dump({"state": state, "again": state["turned"], "epoch": 3, "storage": Number(77)})

    def write_tensors(f):
        dump(len(tensors), f)
        for number, (t, storage) in tensors.items():
            dump((number, storage, getattr(torch, type_name(t.dtype) + "Tensor")), f)
            f.write(struct.pack("<q", t.dim()))
            f.write(struct.pack("<%dq" % (2 * t.dim() + 1), *(list(t.shape) + list(t.stride()) + [t.storage_offset()])))

    def write_storages(f):
        dump(len(storages), f)
        for number, s in storages.items():
            dump((number, "cpu", getattr(torch, type_name(s.dtype) + "Storage")), f)
            f.write(struct.pack("<q", s.size()))
            f.write(ctypes.string_at(s.data_ptr(), s.nbytes()) if s.nbytes() else b"")
        dump([(77, 6, 1, 3)], f)

    path = os.path.join(folder, "01_tar.pt")
    with tarfile.open(path, "w:", format=tarfile.PAX_FORMAT) as tar:
        for name, write in (("sys_info", lambda f: dump({"protocol_version": 1000, "little_endian": True}, f)),
                            ("pickle", objects), ("tensors", write_tensors), ("storages", write_storages)):
            f = io.BytesIO()
            write(f)
            info = tarfile.TarInfo(name)
            # os.stat gives a fraction of a second, which takes a header of its own.
            info.size, info.mtime = len(f.getvalue()), 1480000000.5
            f.seek(0)
            tar.addfile(info, f)
    out = []
    walk(load(path, None), [], out)
    with open(path[:-3] + ".json", "w") as f:
        json.dump(out, f, separators=(",", ":"))
        f.write("\n")


def type_name(dtype):
    names = {"float32": "Float", "float64": "Double", "float16": "Half", "int64": "Long", "uint8": "Byte", "int8": "Char"}
    return names[str(dtype).replace("torch.", "")]


class Sub(torch.Tensor):
    pass


def save(folder, name, v, **kw):
    path = os.path.join(folder, "%s_%s.pt" % (VERSION, name))
    if kw.pop("bare", False):
        with open(path, "wb") as f:
            pickle.dump(v, f, kw.get("protocol", 4))
        back = v
    else:
        torch.save(v, path, **kw)
        back = load(path, v)
    out = []
    walk(back, [], out)
    with open(path[:-3] + ".json", "w") as f:
        json.dump(out, f, separators=(",", ":"))
        f.write("\n")


class Net(torch.nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.w = torch.nn.Parameter(torch.ones(2, 3))
        self.register_buffer("b", torch.arange(3).float())
        self.names = ["a", "b"]

    def forward(self, x):
        return x @ self.w + self.b * torch.tensor([2.0, 3.0, 4.0])


def script(folder):
    """A TorchScript archive, whose tensors are those of the module's attributes."""
    path = os.path.join(folder, VERSION + "_script")
    torch.jit.script(Net()).save(path + ".pt")
    back = torch.jit.load(path + ".pt")
    out = []
    for name in ("w", "b"):
        out.append(dict(tensor(getattr(back, name)), path=[name], parameter=False))
    with open(path + ".json", "w") as f:
        json.dump(out, f, separators=(",", ":"))
        f.write("\n")


def main(folder):
    torch.manual_seed(0)
    cases = [("dtypes", dtypes), ("views", views), ("model", model)]
    if VERSION > "10":
        cases.append(("sparse", sparse))
    if VERSION > "110":
        cases += [("quantized", quantized), ("odd", odd)]
    new = "_use_new_zipfile_serialization" in torch.save.__code__.co_varnames
    for name, make in cases:
        if new:
            save(folder, name, make())
            save(folder, name + "_legacy", make(), _use_new_zipfile_serialization=False)
        else:
            save(folder, name + "_legacy", make())
        if name != "model":
            save(folder, name + "_pickle", make(), bare=True)
    save(folder, "tensor_legacy_p4", torch.ones(2, 3), pickle_protocol=4,
         **({"_use_new_zipfile_serialization": False} if new else {}))
    if new:
        save(folder, "tensor", torch.ones(2, 3))
        script(folder)
        save_tar(folder)


if __name__ == "__main__":
    main(sys.argv[1])
