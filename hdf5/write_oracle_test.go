package hdf5_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
)

// writtenDTypes are dtypes whose elements are stored as they are.
var writtenDTypes = []string{
	"?", "i1", "u1", "<i2", ">i2", "<u2", "<i4", ">i4", "<u4", ">u4", "<i8", ">i8", "<u8", ">u8",
	"<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "<f16", "<c8", ">c8", "<c16", ">c16", "<c32",
	"S1", "S7", "V3", "<M8[ns]", ">M8[D]", "<m8[ms]",
	"[('x', '<i4'), ('y', '>f8')]",
	"[('a', '?'), ('b', '<c8'), ('c', 'S3', (2,)), ('d', '<i2', (2, 3)), ('e', [('f', '<f4')])]",
	"{'names': ['p', 'q'], 'formats': ['i1', '<i8'], 'offsets': [3, 8], 'itemsize': 24}",
	"[('long name with spaces and ünïcode', '<f4'), ('y', [('z', 'V5', (2,)), ('m', '<M8[s]')])]",
}

var writtenShapes = [][]int{
	{}, {0}, {1}, {7}, {100}, {5, 0, 2}, {6, 11}, {3, 4, 5}, {2, 1, 3, 2, 2},
}

// writtenOptions returns ways to store a dataset; those with chunks are left out for a 0-d one.
func writtenOptions(shape []int) map[string]*hdf5.DatasetOptions {
	options := map[string]*hdf5.DatasetOptions{"contiguous": nil}
	if len(shape) == 0 {
		return options
	}
	chunks, unlimited := make([]int, len(shape)), make([]int, len(shape))
	for i, n := range shape {
		chunks[i], unlimited[i] = max(1, (n+2)/3), hdf5.Unlimited
	}
	limit := append([]int{shape[0] + 5}, unlimited[1:]...)
	options["chunked"] = &hdf5.DatasetOptions{Chunks: chunks}
	options["deflate"] = &hdf5.DatasetOptions{Deflate: 6}
	options["shuffle"] = &hdf5.DatasetOptions{Shuffle: true, Chunks: chunks}
	options["all"] = &hdf5.DatasetOptions{
		Deflate: 1, Shuffle: true, Fletcher32: true, Chunks: chunks, MaxShape: unlimited}
	options["lzf"] = &hdf5.DatasetOptions{LZF: true, Shuffle: true, MaxShape: limit}
	options["fletcher"] = &hdf5.DatasetOptions{Fletcher32: true, Chunks: chunks}
	options["resizable"] = &hdf5.DatasetOptions{MaxShape: unlimited}
	return options
}

// randomArray returns an array of a dtype with random bytes that are valid: bools are 0 and 1.
func randomArray(t testing.TB, dtype string, shape []int) *ndarray.Array {
	t.Helper()
	parse := ndarray.ParseDType
	if dtype[0] == '[' || dtype[0] == '{' {
		parse = ndarray.ParseDescr
	}
	dt, err := parse(dtype)
	must(t, err)
	a, err := ndarray.Zeros(dt, shape...)
	must(t, err)
	data, err := a.Bytes()
	must(t, err)
	r := rand.New(rand.NewPCG(uint64(len(data)), 7))
	for i := range data {
		data[i] = byte(r.IntN(2) * r.IntN(120))
		if strings.Contains(dtype, "?") {
			data[i] &= 1
		}
	}
	return a
}

// NumPy reads each array from an .npz, and h5py from the HDF5 file: dtype, shape and bytes are the
// same.
func TestWrittenForH5py(t *testing.T) {
	needPython(t)
	dir := t.TempDir()
	npz, err := os.Create(filepath.Join(dir, "x.npz"))
	must(t, err)
	archive := npy.NewArchiveWriter(npz, nil)
	w, err := hdf5.Create(filepath.Join(dir, "x.h5"), nil)
	must(t, err)
	defer w.Abort()
	n := 0
	for d, dtype := range writtenDTypes {
		for s, shape := range writtenShapes {
			a := randomArray(t, dtype, shape)
			name := fmt.Sprintf("%d-%d", d, s)
			must(t, archive.Add(name, a))
			for kind, options := range writtenOptions(shape) {
				must(t, w.Dataset(name+"/"+kind, a, options))
				n++
			}
			must(t, w.SetAttr(name, "value", a))
			if a.NDim() > 1 {
				must(t, w.Dataset(name+"/transposed", a.T(), nil))
				must(t, w.Dataset(name+"/transposed-chunked", a.T(),
					&hdf5.DatasetOptions{Deflate: 3}))
				n += 2
			}
		}
	}
	must(t, archive.Close())
	must(t, npz.Close())
	must(t, w.Close())
	out := python(t, `
import sys, os, h5py, numpy as np
d = sys.argv[1]
z = np.load(d + '/x.npz')
n = 0
def same(name, got, want):
    global n
    n += 1
    if want.dtype.kind in 'Mm':
        want = want.view('V8')
    fields = want.dtype.names
    if fields and (any(want.dtype[f].kind in 'MmV' for f in fields) or want.dtype.itemsize == 24):
        # Opaque has no NumPy dtype of its own but V, padding is not compared.
        assert got.dtype.itemsize == want.dtype.itemsize, (name, got.dtype, want.dtype)
        for f in fields:
            same(name, np.ascontiguousarray(got[f]), np.ascontiguousarray(want[f]))
        return
    if want.dtype.kind == 'V' and not fields:
        assert got.dtype.itemsize == want.dtype.itemsize, (name, got.dtype, want.dtype)
    else:
        assert got.dtype == want.dtype or got.dtype.kind in 'Mm', (name, got.dtype, want.dtype)
    if want.dtype.char in 'gG':
        # Of 16 bytes 6 are padding.
        got, want = (np.ascontiguousarray(x).reshape(-1).view('V16').astype('V10')
                     for x in (got, want))
    assert got.shape == want.shape and got.tobytes() == want.tobytes(), (name, got, want)
with h5py.File(d + '/x.h5') as f:
    for name in z.files:
        want = z[name]
        for kind in f[name]:
            w = want.T if 'transposed' in kind else want
            ds = f[name][kind]
            got = ds[()] if ds.size else np.zeros(ds.shape, ds.dtype)
            if not ds.shape:
                got = np.asarray(got, ds.dtype) # h5py's scalars are in native order
            same(name + kind, got, w)
        attr = np.asarray(f[name].attrs['value'])
        if not want.shape or want.dtype.kind in 'SV' and not want.dtype.names:
            attr = np.asarray(attr, f[name].attrs.get_id('value').dtype)
        same(name + '@value', attr, want)
print(n)
`, dir)
	t.Logf("%d datasets; h5py compared %s", n, out)
}

// tool runs one of HDF5's own tools, if it is installed.
func tool(t testing.TB, name string, args ...string) string {
	t.Helper()
	exe, err := exec.LookPath(name)
	if err != nil {
		t.Skip(name + " is not there")
	}
	out, err := exec.Command(exe, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}
