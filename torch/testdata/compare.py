"""Compares files: python compare.py, with a line "WAY A B" on its input for each pair.

WAY is "weights" or "all" for files of torch.load with and without weights_only, "pickle" for a file B of
Python's own pickle. Prints "ok" or what differs for each.
"""

import pickle
import sys

import numpy
import torch


class Sub(torch.Tensor):
    pass


sys.modules["__main__"].Sub = Sub


def load(way, path):
    if way == "pickle":
        with open(path, "rb") as f:
            return pickle.load(f)
    if way == "weights":
        with torch.serialization.safe_globals(SAFE):
            return torch.load(path, weights_only=True)
    return torch.load(path, weights_only=False)


SAFE = [Sub]


def same(a, b, path, out, seen):
    if isinstance(a, numpy.ndarray) and isinstance(b, torch.Tensor):
        b = b.numpy()  # which torch.Save makes of an array
    if type(a) is not type(b):
        return out.append("%s: %s, want %s" % (path, type(b), type(a)))
    if isinstance(a, torch.Tensor):
        return tensor(a, b, path, out, seen)
    if isinstance(a, dict):
        if list(a) != list(b):
            return out.append("%s: keys %s, want %s" % (path, list(b), list(a)))
        for k in a:
            same(a[k], b[k], "%s/%s" % (path, k), out, seen)
        return same(getattr(a, "_metadata", None), getattr(b, "_metadata", None), path + "._metadata", out, seen)
    if isinstance(a, (list, tuple)):
        if len(a) != len(b):
            return out.append("%s: %d items, want %d" % (path, len(b), len(a)))
        for i, (x, y) in enumerate(zip(a, b)):
            same(x, y, "%s/%d" % (path, i), out, seen)
        return
    if isinstance(a, (torch.storage.TypedStorage, torch.UntypedStorage)):
        a, b = list(a), list(b)
    if not (a == b if not hasattr(a, "tolist") else a.tolist() == b.tolist()):
        out.append("%s: %r, want %r" % (path, b, a))


def tensor(a, b, path, out, seen):
    for what in ("dtype", "shape", "device", "requires_grad", "layout"):
        if getattr(a, what) != getattr(b, what):
            out.append("%s: %s %s, want %s" % (path, what, getattr(b, what), getattr(a, what)))
    if a.__dict__ != b.__dict__:
        out.append("%s: attributes %s, want %s" % (path, b.__dict__, a.__dict__))
    if out or a.device.type == "meta":
        return
    a, b = a.detach().resolve_conj().resolve_neg(), b.detach().resolve_conj().resolve_neg()
    if a.layout == torch.sparse_coo:
        if a.is_coalesced() != b.is_coalesced():
            out.append("%s: coalesced" % path)
        a, b = a.coalesce(), b.coalesce()
    if a.layout != torch.strided:
        if not torch.equal(a.to_dense(), b.to_dense()):
            out.append("%s: %s, want %s" % (path, b, a))
        return
    if a.is_quantized:
        if a.qscheme() != b.qscheme() or not torch.equal(a.dequantize(), b.dequantize()):
            out.append("%s: %s, want %s" % (path, b, a))
        return
    if a.numel() and a.stride() != b.stride() and not path.endswith(("neg", "conj")):
        out.append("%s: strides %s, want %s" % (path, b.stride(), a.stride()))
    x, y = a.contiguous().view(-1).view(torch.uint8), b.contiguous().view(-1).view(torch.uint8)
    if not torch.equal(x, y):
        out.append("%s: %s, want %s" % (path, b, a))
    # What shares memory there shares it here.
    if a.numel():
        known = seen.setdefault(a.untyped_storage().data_ptr(), b.untyped_storage().data_ptr())
        if SHARED and known != b.untyped_storage().data_ptr():
            out.append("%s: not in the storage of another" % path)


SHARED = True

for line in sys.stdin:
    way, first, second = line.split()
    out = []
    try:
        SHARED = way != "pickle"
        same(load("all", first), load(way, second), "", out, {})
    except Exception as e:
        out.append("%s: %s" % (type(e).__name__, str(e).replace("\n", " ")[:400]))
    print("; ".join(out) or "ok", flush=True)
