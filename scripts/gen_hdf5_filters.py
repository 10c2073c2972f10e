#!/usr/bin/env python3
"""Makes chunks of every HDF5 filter with h5py and hdf5plugin, and what they decode to.

    scripts/gen_hdf5_filters.py                 writes testdata/hdf5/filters.jsonl.gz, some of the cases
    scripts/gen_hdf5_filters.py --all FILE      writes all cases to FILE, not compressed
    scripts/gen_hdf5_filters.py --all FILE --every N    of them one in N

Each line is one chunk: its name, the filters in order ([number, optional, parameters]), the mask of
filters that were skipped, the stored bytes (read_direct_chunk) and the decoded bytes (what HDF5 reads in the
file's own type, so that nothing is converted), both in base64. The data is fixed, so that the same libraries give
the same lines.
"""
import argparse
import base64
import gzip
import io
import json
import pathlib
import zlib

import h5py
import hdf5plugin
import numpy as np
from h5py import h5d, h5p, h5s, h5t

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEPT = ROOT / 'testdata/hdf5/filters.jsonl.gz'
KEPT_BYTES = 700  # the longest chunk that is kept
NBIT, SCALEOFFSET = 5, 6

CASES = {}
EVERY = 1


def chosen(name, every):
    return zlib.crc32(name.encode()) % every == 0


def emit(name, dset):
    """Takes the only chunk of a dataset that is one chunk large."""
    plist = dset.id.get_create_plist()
    filters = []
    for i in range(plist.get_nfilters()):
        number, flags, params, _ = plist.get_filter(i)
        filters.append([number, bool(flags & 1), [int(p) & 0xffffffff for p in params]])
    mask, chunk = dset.id.read_direct_chunk((0,) * dset.ndim)
    raw = dset.id.get_type()
    want = np.zeros(dset.size * raw.get_size(), 'u1')
    space = dset.id.get_space()
    memory = h5s.create_simple(dset.shape)
    dset.id.read(memory, space, want, mtype=raw)
    assert name not in CASES, name
    CASES[name] = {
        'name': name, 'filters': filters, 'mask': mask,
        'chunk': base64.b64encode(chunk).decode(), 'want': base64.b64encode(want.tobytes()).decode()}


def make(name, data, **kwargs):
    if not chosen(name, EVERY):
        return
    with h5py.File(io.BytesIO(), 'w') as f:
        dset = f.create_dataset('d', data=data, chunks=data.shape, **kwargs)
        f.flush()
        emit(name, dset)


def numbers(dtype, n, kind):
    """n numbers of a dtype that are alike in one of several ways."""
    rng = np.random.default_rng([n, len(kind)])
    dtype = np.dtype(dtype)
    if kind == 'ramp':
        x = np.arange(n) % 120
    elif kind == 'constant':
        x = np.full(n, 7)
    elif kind == 'zeros':
        x = np.zeros(n)
    elif kind == 'small':
        x = rng.integers(0, 20, n)
    elif kind == 'runs':
        x = np.repeat(rng.integers(0, 100, n // 50 + 1), 50)[:n]
    elif kind == 'steps':
        x = np.cumsum(rng.integers(-2, 3, n)) + (60 if dtype.itemsize == 1 else 1000)
    elif kind == 'sparse':
        x = np.where(rng.random(n) < 0.01, rng.integers(0, 100, n), 0)
    elif kind == 'signed':
        x = rng.integers(-50, 50, n)
    else:
        assert kind == 'noise'
        if dtype.kind == 'f':
            return rng.standard_normal(n).astype(dtype)
        return np.frombuffer(rng.bytes(n * dtype.itemsize), dtype).copy()
    if dtype.kind == 'f':
        x = x / 8 + (np.sin(np.arange(n)) / 3 if kind == 'steps' else 0)
    return x.astype(dtype)


KINDS = ['ramp', 'constant', 'zeros', 'small', 'runs', 'steps', 'sparse', 'noise']


def plain_filters():
    settings = {
        'deflate': dict(compression='gzip'), 'deflate9': dict(compression='gzip', compression_opts=9),
        'deflate0': dict(compression='gzip', compression_opts=0),
        'shuffle': dict(shuffle=True), 'fletcher': dict(fletcher32=True), 'lzf': dict(compression='lzf'),
        'shuffle-lzf': dict(compression='lzf', shuffle=True),
        'all-lzf': dict(compression='lzf', shuffle=True, fletcher32=True),
        'all-deflate': dict(compression='gzip', shuffle=True, fletcher32=True),
        'bzip2': hdf5plugin.BZip2(), 'bzip2-1': hdf5plugin.BZip2(blocksize=1),
        'zstd': hdf5plugin.Zstd(), 'zstd-19': hdf5plugin.Zstd(clevel=19),
        'shuffle-zstd-fletcher': dict(shuffle=True, fletcher32=True, **hdf5plugin.Zstd()),
        'lz4': hdf5plugin.LZ4(), 'lz4-small': hdf5plugin.LZ4(nbytes=512),
        'bitshuffle': hdf5plugin.Bitshuffle(cname='none'),
        'bitshuffle-lz4': hdf5plugin.Bitshuffle(cname='lz4'),
        'bitshuffle-lz4-64': hdf5plugin.Bitshuffle(cname='lz4', nelems=64),
        'bitshuffle-zstd': hdf5plugin.Bitshuffle(cname='zstd'),
    }
    for codec in ['blosclz', 'lz4', 'lz4hc', 'snappy', 'zlib', 'zstd']:
        for shuffle in [0, 1, 2]:
            for level in [0, 1, 5, 9]:
                settings[f'blosc-{codec}-{shuffle}-{level}'] = hdf5plugin.Blosc(
                    cname=codec, shuffle=shuffle, clevel=level)
    for label, kwargs in settings.items():
        for dtype in ['u1', '<i2', '>i4', '<f4', '<f8', 'V3', 'V12']:
            for n in [1, 7, 100, 1001, 4096, 30000]:
                for kind in KINDS:
                    if 'blosc' in label and ('-1' in label or '-9' in label) and (n < 4096 or dtype == '>i4'):
                        continue
                    if dtype[0] == 'V':
                        size = int(dtype[1:])
                        data = numbers('u1', n * size, kind).view(dtype)
                    else:
                        data = numbers(dtype, n, kind)
                    make(f'{label}/{dtype}/{n}/{kind}', data, **kwargs)


def szip():
    for coding in ['ec', 'nn']:
        for pixels in [2, 4, 8, 10, 16, 32]:
            for dtype in ['u1', '<i2', '>i2', '<i4', '>u4', '<f4', '<f8', '>i8']:
                for shape in [(32,), (100,), (1001,), (20, 37), (3, 300), (40, 64), (2, 5000)]:
                    for kind in KINDS:
                        data = numbers(dtype, int(np.prod(shape)), kind).reshape(shape)
                        try:
                            make(f'szip-{coding}-{pixels}/{dtype}/{shape}/{kind}', data,
                                 compression='szip', compression_opts=(coding, pixels))
                        except ValueError:
                            pass  # more pixels in a block than in the chunk


def scale_offset():
    for n in [1, 7, 100, 1000]:
        for dtype in ['i1', 'u1', '<i2', '>u2', '<i4', '>i4', '<u8', '>i8']:
            for kind in ['ramp', 'constant', 'small', 'steps', 'sparse', 'signed', 'noise']:
                if kind == 'signed' and 'u' in dtype:
                    continue
                data = numbers(dtype, n, kind)
                for bits in [0, 5]:
                    make(f'scaleoffset-{bits}/{dtype}/{n}/{kind}', data, scaleoffset=bits)
                    make(f'scaleoffset-fill-{bits}/{dtype}/{n}/{kind}', data, scaleoffset=bits, fillvalue=data[0])
                make(f'scaleoffset-deflate/{dtype}/{n}/{kind}', data, scaleoffset=0, compression='gzip')
        for dtype in ['<f4', '>f4', '<f8', '>f8']:
            for kind in ['ramp', 'constant', 'zeros', 'steps', 'noise']:
                data = numbers(dtype, n, kind)
                for digits in [1, 2, 5]:
                    make(f'scaleoffset-d{digits}/{dtype}/{n}/{kind}', data, scaleoffset=digits)
                    make(f'scaleoffset-d{digits}-fill/{dtype}/{n}/{kind}', data, scaleoffset=digits,
                         fillvalue=data[-1])
                wide = (data * 1e5).astype(dtype)
                make(f'scaleoffset-wide/{dtype}/{n}/{kind}', wide, scaleoffset=12)
        for space in [h5d.FILL_TIME_NEVER, h5d.FILL_TIME_ALLOC]:
            for kind in ['ramp', 'signed', 'noise']:
                low(f'scaleoffset-fill-time-{space}/{n}/{kind}', h5t.STD_I32LE, numbers('<i4', n, kind),
                    lambda p: (p.set_fill_time(space), p.set_scaleoffset(h5py.h5z.SO_INT, 0)))


def low(name, file_type, data, setup, memory=None):
    """Writes with the library's own calls, in any file type."""
    if not chosen(name, EVERY):
        return
    with h5py.File(io.BytesIO(), 'w') as f:
        plist = h5p.create(h5p.DATASET_CREATE)
        plist.set_chunk(data.shape)
        setup(plist)
        try:
            dset = h5d.create(f.id, b'd', file_type, h5s.create_simple(data.shape), plist)
        except ValueError as e:
            # HDF5 2 refuses numbers that use less than half of their bits.
            assert 'unusual datatype' in str(e), e
            return
        dset.write(h5s.ALL, h5s.ALL, data, mtype=memory)
        f.flush()
        emit(name, h5py.Dataset(dset))


def integer(base, precision, offset):
    t = base.copy()
    if offset + precision <= 8 * t.get_size():
        t.set_precision(precision)
        t.set_offset(offset)
    return t


def small_float(order):
    """The 20-bit float of HDF5's own manual."""
    t = (h5t.IEEE_F32LE if order == '<' else h5t.IEEE_F32BE).copy()
    t.set_fields(26, 20, 6, 7, 13)
    t.set_offset(7)
    t.set_precision(20)
    t.set_ebias(31)
    return t


def compound(members, size=None):
    packed = sum(t.get_size() for _, t in members)
    c = h5t.create(h5t.COMPOUND, size or packed)
    at = 0
    for name, t in members:
        c.insert(name, at, t)
        at += t.get_size()
    return c


def nbit():
    def on(p):
        p.set_filter(NBIT, 0, ())
    types = {}
    for label, base in [('i1', h5t.STD_I8LE), ('u2', h5t.STD_U16LE), ('I2', h5t.STD_I16BE), ('i4', h5t.STD_I32LE),
                        ('U4', h5t.STD_U32BE), ('i8', h5t.STD_I64LE), ('I8', h5t.STD_I64BE)]:
        bits = 8 * base.get_size()
        for precision, offset in [(bits, 0), (1, 0), (3, 2), (5, bits - 5), (bits - 1, 0), (bits - 1, 1),
                                  (bits // 2, bits // 4), (bits // 2 + 3, 1)]:
            types[f'{label}-{precision}-{offset}'] = integer(base, precision, offset)
    types['f4'] = h5t.IEEE_F32LE
    types['f20'] = small_float('<')
    types['F20'] = small_float('>')
    small, middle = integer(h5t.STD_I32LE, 17, 3), integer(h5t.STD_U16BE, 9, 4)
    types['array'] = h5t.array_create(small, (3, 2))
    types['array-full'] = h5t.array_create(h5t.STD_I16LE, (4,))
    types['compound'] = compound([(b'a', small), (b'b', middle), (b'c', small_float('<')), (b'd', h5t.STD_I8LE)])
    types['compound-gap'] = compound([(b'a', small), (b'b', middle)], 11)
    types['nested'] = compound([
        (b'x', compound([(b'a', small), (b'b', middle)])), (b'y', h5t.array_create(middle, (3,))),
        (b'z', h5t.array_create(compound([(b'a', middle), (b'b', small)]), (2,)))])
    text = h5t.C_S1.copy()
    text.set_size(5)
    types['text'] = compound([(b's', text), (b'n', small)])
    for label, t in types.items():
        for n in [1, 9, 300]:
            for kind in ['ramp', 'small', 'noise']:
                # What the file type does not store is lost on the way, as it is for the library.
                size = t.get_size()
                data = numbers('u1', n * size, kind).view(f'V{size}').reshape(n)
                low(f'nbit/{label}/{n}/{kind}', t, data, on, memory=t)
    low('nbit-deflate', integer(h5t.STD_I32LE, 13, 0), numbers('<i4', 500, 'small'),
        lambda p: (on(p), p.set_deflate(5)))


def kept(case):
    """Of each filter and setting a few, small ones, chosen by their names."""
    if len(case['chunk']) > KEPT_BYTES * 4 // 3 or len(case['want']) > 20000:
        return False
    return chosen(case['name'], 12)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--all', metavar='FILE')
    parser.add_argument('--every', metavar='N', type=int, default=1)
    args = parser.parse_args()
    global EVERY
    EVERY = args.every
    for group in [plain_filters, szip, scale_offset, nbit]:
        group()
    if args.all:
        with open(args.all, 'w') as f:
            for case in CASES.values():
                f.write(json.dumps(case) + '\n')
        return
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    with open(KEPT, 'wb') as f, gzip.GzipFile('', 'wb', 9, f, 0) as z:
        for case in CASES.values():
            if kept(case):
                z.write((json.dumps(case) + '\n').encode())


if __name__ == '__main__':
    main()
