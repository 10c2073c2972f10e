package hdf5_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/ndarray"
)

func objects(t testing.TB, elems ...any) *ndarray.Array {
	t.Helper()
	a, err := ndarray.NewObjects(ndarray.ObjectDType(), []int{len(elems)}, ndarray.OrderC, elems)
	must(t, err)
	return a
}

// writeEverything writes what the dtypes of TestWrittenForH5py do not cover.
func writeEverything(t testing.TB, w *hdf5.Writer) {
	t.Helper()
	chunked := &hdf5.DatasetOptions{Chunks: []int{2}, Deflate: 2, Shuffle: true}
	texts := objects(t, "a", "", "größe", strings.Repeat("long ", 20000), "z")
	must(t, w.Dataset("text/str", texts, nil))
	must(t, w.Dataset("text/chunked", texts, chunked))
	must(t, w.Dataset("text/bytes", objects(t, []byte("x\xff"), []byte{}), nil))
	must(t, w.Dataset("text/empty", objects(t), nil))
	unicode, err := ndarray.ParseDType("<U3")
	must(t, err)
	u, err := ndarray.Zeros(unicode, 2, 2)
	must(t, err)
	for i, s := range []string{"abc", "é", "", "日本語"} {
		must(t, u.SetAt(s, i/2, i%2))
	}
	must(t, w.Dataset("text/U", u, nil))
	mixed, err := ndarray.ParseDescr(
		"[('n', '<i4'), ('s', '|O'), ('u', '<U2'), ('m', '<f8', (2,))]")
	must(t, err)
	sub := array(t, []float64{1.5, -2}, 2)
	records, err := ndarray.NewObjects(mixed, []int{2}, ndarray.OrderC, []any{
		[]any{int32(7), "text", "ab", sub}, []any{int32(-1), "", "", sub}})
	must(t, err)
	must(t, w.Dataset("text/records", records, nil))
	writeAttributes(t, w)
	must(t, w.Dataset("data", array(t, count[float64](20), 4, 5), &hdf5.DatasetOptions{
		FillValue: -1.5, MaxShape: []int{hdf5.Unlimited, 5}, Chunks: []int{3, 5}}))
	must(t, w.Dataset("x", array(t, count[int32](4)), nil))
	must(t, w.Dataset("y", array(t, count[int32](5)), nil))
	must(t, w.MakeScale("x", "x axis"))
	must(t, w.MakeScale("y", ""))
	must(t, w.AttachScale("data", 0, "x"))
	must(t, w.AttachScale("data", 1, "y"))
	must(t, w.SetLabel("data", 1, "column"))
	must(t, w.SoftLink("links/soft", "/data"))
	must(t, w.SoftLink("links/dangling", "/nowhere"))
	must(t, w.HardLink("links/hard", "data"))
	must(t, w.HardLink("links/group", "text"))
	must(t, w.Group("links/ünïcode/deep"))
}

func writeAttributes(t testing.TB, w *hdf5.Writer) {
	t.Helper()
	must(t, w.Group("attrs"))
	values := map[string]any{
		"str": "größe", "strs": []string{"a", "", "ccc"}, "nämé": "x", "replaced": 1,
		"bytes": []byte("ab"), "fixed": hdf5.FixedText("né"),
		"bool": true, "int": 5, "i8": int8(-8), "u64": uint64(math.MaxUint64), "f32": float32(1.5),
		"f16": ndarray.NewFloat16(0.5), "complex": complex(1, -2),
		"ints": []int{1, 2, 3}, "bools": []bool{true, false},
		"floats": []float64{0.5, math.Inf(1)}, "none": []float32{},
		"array": array(t, count[int32](6), 2, 3),
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		must(t, w.SetAttr("attrs", name, values[name]))
	}
	must(t, w.SetAttr("attrs", "replaced", "second"))
	for i := range 300 {
		must(t, w.SetAttr("/", fmt.Sprintf("attr %d", i), i))
	}
}

const checkEverything = `
import sys, h5py, numpy as np
with h5py.File(sys.argv[1], 'r') as f:
    t = f['text']
    want = [b'a', b'', 'größe'.encode(), b'long ' * 20000, b'z']
    assert t['str'][...].tolist() == want and t['chunked'][...].tolist() == want
    assert t['str'].dtype == h5py.string_dtype('utf-8'), t['str'].dtype
    assert t['bytes'][...].tolist() == [b'x\xff', b'']
    assert t['bytes'].dtype == h5py.string_dtype('ascii')
    assert t['empty'].shape == (0,)
    assert t['U'].asstr()[...].tolist() == [['abc', 'é'], ['', '日本語']]
    r = t['records'][...]
    assert r['n'].tolist() == [7, -1] and r['s'].tolist() == [b'text', b'']
    assert r['u'].tolist() == [b'ab', b'']
    assert r['m'].tolist() == [[1.5, -2]] * 2
    a = dict(f['attrs'].attrs)
    assert a['str'] == 'größe' and a['strs'].tolist() == ['a', '', 'ccc'] and a['nämé'] == 'x'
    assert a['bytes'] == b'ab' and a['fixed'] in ('né', 'né'.encode()), a['fixed']
    assert a['bool'].dtype == '?' and a['bool'] and a['int'].dtype == 'i8' and a['int'] == 5
    assert a['i8'] == -8 and a['i8'].dtype == 'i1'
    assert a['u64'] == 2**64 - 1 and a['f32'].dtype == 'f4'
    assert a['f16'].dtype == 'f2' and a['f16'] == 0.5 and a['complex'] == 1 - 2j
    assert a['ints'].tolist() == [1, 2, 3] and a['bools'].tolist() == [True, False]
    assert a['floats'].tolist() == [0.5, np.inf] and a['none'].shape == (0,)
    assert a['array'].tolist() == [[0, 1, 2], [3, 4, 5]] and a['replaced'] == 'second'
    assert len(a) == 18
    assert [f.attrs[f'attr {i}'] for i in range(300)] == list(range(300)) and len(f.attrs) == 300
    d = f['data']
    assert d.fillvalue == -1.5 and d.maxshape == (None, 5) and d.chunks == (3, 5)
    assert d[...].tolist() == np.arange(20.).reshape(4, 5).tolist()
    assert d.dims[0][0] == f['x'] and d.dims[1][0][...].tolist() == [0, 1, 2, 3, 4]
    assert d.dims[1].label == 'column' and d.dims[0].keys() == ['x axis']
    assert f['x'].is_scale and f['y'].is_scale
    assert f[f['x'].attrs['REFERENCE_LIST'][0][0]] == d
    assert f['links/soft'] == d and f['links/hard'] == d and f['links/group/str'] == t['str']
    assert f.get('links/dangling', getlink=True).path == '/nowhere' and 'dangling' in f['links']
    assert h5py.h5o.get_info(d.id).rc == 2 and list(f['links/ünïcode']) == ['deep']
`

func TestWriteEverything(t *testing.T) {
	path := create(t, func(w *hdf5.Writer) { writeEverything(t, w) })
	f := openWritten(t, path)
	d, err := f.Dataset("/text/records")
	must(t, err)
	a, err := d.Read()
	must(t, err)
	if r, ok := a.At(0).(ndarray.Record); !ok || r.Values[1] != "text" {
		t.Errorf("%v", a.At(0))
	}
	python(t, checkEverything, path)
	for _, args := range [][]string{{path}, {"-p", "-r", "-d", "/data", path}} {
		if out := tool(t, "h5dump", args...); !strings.Contains(out, "HDF5") {
			t.Error(out)
		}
	}
	if out := tool(t, "h5stat", path); !strings.Contains(out, "# of unique datasets: 9") {
		t.Error(out)
	}
	copied := filepath.Join(t.TempDir(), "copy.h5")
	tool(t, "h5repack", path, copied)
	tool(t, "h5diff", "-v", path, copied)
}

// The same calls write the same bytes.
func TestWriteIsDeterministic(t *testing.T) {
	var files [2][]byte
	for i := range files {
		path := create(t, func(w *hdf5.Writer) {
			writeEverything(t, w)
			writeFrames(t, w)
		})
		reopen(t, path, func(w *hdf5.Writer) { addEverything(t, w) })
		data, err := os.ReadFile(path)
		must(t, err)
		files[i] = data
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Errorf("%d and %d bytes that differ", len(files[0]), len(files[1]))
	}
}

// h5py can change a file that was written here, as it changes its own files.
func TestH5pyChangesWrittenFile(t *testing.T) {
	path := create(t, func(w *hdf5.Writer) {
		writeEverything(t, w)
		for i := range 100 {
			must(t, w.Group(fmt.Sprintf("many/%03d", i)))
		}
	})
	python(t, `
import sys, h5py, numpy as np
with h5py.File(sys.argv[1], 'r+') as f:
    f['data'].resize((40, 5))
    f['data'][4:] = 7
    for i in range(50):
        f[f'many/new {i}'] = i
        f['attrs'].attrs[f'new {i}'] = 'x' * i
        f['text/str'].attrs[f'new {i}'] = i
    del f['many/050'], f['text/bytes']
    f['text/str'][1] = 'changed'
with h5py.File(sys.argv[1]) as f:
    assert f['data'].shape == (40, 5) and (f['data'][4:] == 7).all()
    assert f['data'][:4].tolist() == np.arange(20.).reshape(4, 5).tolist()
    assert len(f['many']) == 149 and f['many/new 49'][()] == 49 and len(f['attrs'].attrs) == 68
    assert f['text/str'][1] == b'changed' and f['text/str'][0] == b'a'
`, path)
	tool(t, "h5dump", path)
}

// Groups whose B-trees have several levels, and datasets of many chunks, are read.
func TestWriteLarge(t *testing.T) {
	const members, chunks = 20000, 30000
	path := create(t, func(w *hdf5.Writer) {
		for i := range members {
			must(t, w.SoftLink(fmt.Sprintf("group/%d", i), "x"))
		}
		must(t, w.Dataset("x", array(t, count[int32](chunks*6), chunks, 6), &hdf5.DatasetOptions{
			Chunks: []int{2, 3}}))
	})
	f := openWritten(t, path)
	g, err := f.Group("group")
	must(t, err)
	names, err := g.Names()
	must(t, err)
	if len(names) != members {
		t.Errorf("%d members", len(names))
	}
	d, err := f.Dataset("x")
	must(t, err)
	a, err := d.Read()
	must(t, err)
	if !a.Equal(array(t, count[int32](chunks*6), chunks, 6)) {
		t.Error("other elements")
	}
	python(t, `
import sys, h5py, numpy as np
with h5py.File(sys.argv[1]) as f:
    g = f['group']
    assert len(g) == 20000 and sorted(g) == list(g) and all(str(i) in g for i in range(20000))
    assert (f['x'][...] == np.arange(180000).reshape(30000, 6)).all()
    assert (f['x'][29990:, 4] == np.arange(179944, 180000, 6)).all()
`, path)
}

func TestAppender(t *testing.T) {
	const rows = 10007
	path := create(t, func(w *hdf5.Writer) {
		for name, opts := range map[string]*hdf5.DatasetOptions{
			"plain": nil, "deflate": {Deflate: 1, Shuffle: true},
			"chunks": {Chunks: []int{1000, 2}},
		} {
			p, err := w.Appendable(name, ndarray.DTypeOf[float64](), []int{3}, opts)
			must(t, err)
			all := array(t, count[float64](rows*3), rows, 3)
			for at, step := 0, 1; at < rows; at += step {
				step = min(step*2, rows-at)
				part, err := all.Slice(0, at, at+step, 1)
				must(t, err)
				must(t, p.Append(part))
			}
			if p.Rows() != rows {
				t.Errorf("%d rows", p.Rows())
			}
			if name == "plain" {
				must(t, p.Close())
			}
		}
		text, err := w.Appendable("text", ndarray.ObjectDType(), nil, nil)
		must(t, err)
		for i := range 1000 {
			must(t, text.Append(objects(t, fmt.Sprint(i))))
		}
		big, err := ndarray.ParseDType(">i4")
		must(t, err)
		swapped, err := w.Appendable("swapped", big, nil, nil)
		must(t, err)
		must(t, swapped.Append(array(t, count[int32](5))))
		if err := swapped.Append(array(t, count[int64](5))); !errors.Is(err, hdf5.ErrUnsupported) {
			t.Errorf("another dtype: %v", err)
		}
		none, err := w.Appendable("none", ndarray.DTypeOf[int8](), []int{2}, nil)
		must(t, err)
		wide := array(t, []int8{1, 2, 3}, 1, 3)
		if err := none.Append(wide); !errors.Is(err, hdf5.ErrUnsupported) {
			t.Errorf("another shape: %v", err)
		}
	})
	python(t, `
import sys, h5py, numpy as np
with h5py.File(sys.argv[1], 'r+') as f:
    want = np.arange(10007 * 3.).reshape(-1, 3)
    for name in 'plain', 'deflate', 'chunks':
        assert f[name].maxshape == (None, 3) and (f[name][...] == want).all(), name
        f[name].resize(20000, axis=0)
        f[name][15000:] = 1
        assert (f[name][:10007] == want).all() and not f[name][10007:15000].any()
    assert f['text'][...].tolist() == [str(i).encode() for i in range(1000)]
    assert f['swapped'].dtype == '>i4' and f['swapped'][...].tolist() == [0, 1, 2, 3, 4]
    assert f['none'].shape == (0, 2)
`, path)
}

func TestWriterErrors(t *testing.T) {
	create(t, func(w *hdf5.Writer) {
		x := array(t, count[int32](4))
		must(t, w.Dataset("a/x", x, nil))
		must(t, w.SoftLink("soft", "/a"))
		zeros, err := ndarray.Zeros(ndarray.ObjectDType(), 2)
		must(t, err)
		large := array(t, make([]float64, 9000))
		overlapping, err := ndarray.ParseDescr(
			"{'names': ['p', 'q'], 'formats': ['<i4', '<i2'], 'offsets': [0, 3], 'itemsize': 8}")
		must(t, err)
		both, err := ndarray.Zeros(overlapping, 2)
		must(t, err)
		for i, c := range []struct {
			err, kind error
		}{
			{w.Dataset("a/x", x, nil), hdf5.ErrExists},
			{w.Dataset("a", x, nil), hdf5.ErrExists},
			{w.Dataset("a/x/y", x, nil), hdf5.ErrExists},
			{w.Dataset("soft/y", x, nil), hdf5.ErrExists},
			{w.Group("/"), hdf5.ErrExists},
			{w.Dataset("none", zeros, nil), hdf5.ErrUnsupported},
			{w.Dataset("overlap", both, nil), hdf5.ErrUnsupported},
			{w.Dataset("nul", objects(t, "a\x00b"), nil), hdf5.ErrUnsupported},
			{w.Dataset("both", objects(t, "a", []byte("b")), nil), hdf5.ErrUnsupported},
			{w.Dataset("b/../c", x, nil), nil},
			{w.Dataset("b/./c", x, nil), hdf5.ErrUnsupported},
			{w.Dataset("b\xff", x, nil), hdf5.ErrUnsupported},
			{w.Dataset("c", x, &hdf5.DatasetOptions{Chunks: []int{5}}), hdf5.ErrUnsupported},
			{w.Dataset("c", x, &hdf5.DatasetOptions{Chunks: []int{1, 1}}), hdf5.ErrUnsupported},
			{w.Dataset("c", x, &hdf5.DatasetOptions{MaxShape: []int{3}}), hdf5.ErrUnsupported},
			{w.Dataset("c", x, &hdf5.DatasetOptions{Deflate: 10}), hdf5.ErrUnsupported},
			{w.Dataset("c", x, &hdf5.DatasetOptions{Deflate: 1, LZF: true}), hdf5.ErrUnsupported},
			{w.SetAttr("a", "large", large), hdf5.ErrUnsupported},
			{w.SetAttr("a", "", 1), hdf5.ErrUnsupported},
			{w.SetAttr("a", "map", map[string]int{}), hdf5.ErrUnsupported},
			{w.SetAttr("b/x/y", "n", 1), hdf5.ErrNotFound},
			{w.HardLink("h", "nowhere"), hdf5.ErrNotFound},
			{w.SetLabel("a", 0, "l"), hdf5.ErrNotFound},
			{w.SetLabel("a/x", 1, "l"), hdf5.ErrSelection},
			{w.AttachScale("a/x", 0, "a/x"), hdf5.ErrUnsupported},
		} {
			if !errors.Is(c.err, c.kind) {
				t.Errorf("case %d: %v", i, c.err)
			}
		}
	})
}

// If a file is not completed, the old file stays as it is, and no other file is left.
func TestOldFileStays(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.h5")
	must(t, os.WriteFile(path, []byte("old"), 0o600))
	w, err := hdf5.Create(path, nil)
	must(t, err)
	must(t, w.Dataset("x", array(t, count[int32](4)), nil))
	w.Abort()
	if err := w.Close(); !errors.Is(err, hdf5.ErrClosed) {
		t.Errorf("Close after Abort: %v", err)
	}
	if err := w.Group("g"); !errors.Is(err, hdf5.ErrClosed) {
		t.Errorf("Group after Abort: %v", err)
	}
	if data, err := os.ReadFile(path); string(data) != "old" {
		t.Errorf("%q, %v", data, err)
	}
	w, err = hdf5.Create(path, nil)
	must(t, err)
	must(t, w.Close())
	w.Abort()
	info, err := os.Stat(path)
	must(t, err)
	entries, err := os.ReadDir(dir)
	must(t, err)
	if info.Size() < 96 || info.Mode().Perm() != 0o600 || len(entries) != 1 {
		t.Errorf("%v, %d entries", info, len(entries))
	}
}
