"""Writes the compressed samples beside this file, all of the same pickle.

Needs Python 3.8 or later with lz4 and zstandard; two files of joblib 0.8.4 and 0.9.4 are
made by a Python 2.7 each, when it is named:

    python gen.py [PYTHON_WITH_JOBLIB_0.8.4 PYTHON_WITH_JOBLIB_0.9.4]
"""
import bz2, gzip, io, lzma, os, pickle, struct, subprocess, sys, tarfile, zipfile, zlib

here = os.path.dirname(os.path.abspath(__file__))
value = {"name": "sample", "rows": [{"id": i, "text": "row %d" % i, "x": i / 7} for i in range(40)]}
plain = pickle.dumps(value, 4)


def write(name, data):
    with open(os.path.join(here, name), "wb") as f:
        f.write(data)


def tar(members, mode="w", fmt=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=fmt) as t:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zipped(members, method):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, data in members:
            z.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, method)
    return out.getvalue()


def main():
    import lz4.frame
    import zstandard

    write("sample.pkl", plain)
    write("sample.p0.pkl", pickle.dumps(value, 0))
    write("gzip", gzip.compress(plain, mtime=0))
    write("gzip-members", gzip.compress(plain[:100], mtime=0) + gzip.compress(b"", mtime=0) + gzip.compress(plain[100:], mtime=0))
    write("gzip-padded", gzip.compress(plain, mtime=0) + bytes(512))
    for level in (0, 3, 9):
        write("zlib-%d" % level, zlib.compress(plain, level))
    write("bzip2", bz2.compress(plain))
    write("bzip2-streams", bz2.compress(plain[:100]) + bz2.compress(plain[100:]))
    write("xz", lzma.compress(plain))
    write("xz-9e", lzma.compress(plain, preset=9 | lzma.PRESET_EXTREME))
    write("xz-sha256", lzma.compress(plain, check=lzma.CHECK_SHA256))
    write("xz-streams", lzma.compress(plain[:100]) + lzma.compress(plain[100:]) + bytes(8))
    write("xz-bcj", lzma.compress(plain, filters=[{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2}]))
    write("xz-delta", lzma.compress(plain, filters=[{"id": lzma.FILTER_DELTA, "dist": 4}, {"id": lzma.FILTER_LZMA2}]))
    alone = lzma.compress(plain, format=lzma.FORMAT_ALONE)
    write("lzma", alone)
    sized = alone[:5] + struct.pack("<Q", len(plain)) + alone[13:]
    assert lzma.decompress(sized) == plain
    write("lzma-sized", sized)
    write("zstd", zstandard.ZstdCompressor().compress(plain))
    stream = zstandard.ZstdCompressor(write_checksum=True).compressobj()
    write("zstd-stream", stream.compress(plain) + stream.flush())
    write("zstd-frames", zstandard.compress(plain[:100]) + b"\x50\x2a\x4d\x18\x03\0\0\0abc" + zstandard.compress(plain[100:]))
    write("lz4", lz4.frame.compress(plain))
    write("lz4-sums", lz4.frame.compress(plain, block_linked=False, content_checksum=True, block_checksum=True))
    write("lz4-frames", lz4.frame.compress(plain[:100]) + lz4.frame.compress(plain[100:]))
    write("zip-deflated", zipped([("x.pkl", plain)], zipfile.ZIP_DEFLATED))
    write("zip-stored", zipped([("x.pkl", plain)], zipfile.ZIP_STORED))
    write("tar-pax", tar([("x.pkl", plain)]))
    write("tar-gnu-long", tar([("d" * 120 + "/x.pkl", plain)], fmt=tarfile.GNU_FORMAT))
    write("tar-named-x", tar([("x^name", plain)]))
    write("tar-gzip", gzip.compress(tar([("x.pkl.tar.gz", plain)]), mtime=0))
    write("tar-bzip2", tar([("x.pkl", plain)], "w:bz2"))
    write("tar-xz", tar([("x.pkl", plain)], "w:xz"))
    write("bad-tar-two", tar([("x.pkl", plain), ("y.pkl", plain)]))
    write("bad-zip-two", zipped([("x.pkl", plain), ("y.pkl", plain)], zipfile.ZIP_STORED))
    write("bad-zip-bzip2", zipped([("x.pkl", plain)], zipfile.ZIP_BZIP2))
    dump = "import sys, joblib; joblib.dump(list(range(100)), sys.argv[1], compress=3)"
    for python, name in zip(sys.argv[1:], ("zfile-0.8.4", "zfile-0.9.4")):
        path = os.path.join(here, name)
        subprocess.check_call([python, "-c", dump, path])
        head = open(path, "rb").read(24)
        start = head.index(b"x\x9c" if b"x\x9c" in head else b"x^")
        write(name + ".pkl", zlib.decompress(open(path, "rb").read()[start:]))


main()
