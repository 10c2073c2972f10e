package hdf5_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/unpkl/unpkl/hdf5"
)

// reopen opens a file with OpenFile and calls change.
func reopen(t testing.TB, path string, change func(w *hdf5.Writer)) {
	t.Helper()
	w, err := hdf5.OpenFile(path, nil)
	must(t, err)
	defer w.Abort()
	change(w)
	must(t, w.Close())
}

// addEverything adds to a file that writeEverything, or h5py, wrote.
func addEverything(t testing.TB, w *hdf5.Writer) {
	t.Helper()
	must(t, w.Dataset("text/more", objects(t, "new"), nil))
	must(t, w.Group("links/ünïcode/deep/deeper"))
	must(t, w.HardLink("links/third", "data"))
	must(t, w.SetAttr("attrs", "int", 6))
	must(t, w.SetAttr("attrs", "added", "größe"))
	must(t, w.SetAttr("data", "added", []float64{1, 2}))
	must(t, w.SetAttr("text/bytes", "added", 1))
	must(t, w.SetAttr("/", "attr 7", -7))
	for i := range 100 {
		must(t, w.Group(fmt.Sprintf("many/%d", i)))
	}
	if err := w.Dataset("data", array(t, count[int32](2)), nil); !errors.Is(err, hdf5.ErrExists) {
		t.Errorf("over an old one: %v", err)
	}
	if err := w.Group("data/x"); !errors.Is(err, hdf5.ErrExists) {
		t.Errorf("below a dataset: %v", err)
	}
	p, err := w.Extend("data")
	must(t, err)
	must(t, p.Append(array(t, count[float64](50), 10, 5)))
}

const checkAdded = `
import sys, h5py, numpy as np
with h5py.File(sys.argv[1], sys.argv[2]) as f:
    t = f['text']
    assert t['more'][...].tolist() == [b'new'] and t['str'][0] == b'a' and len(t) == 7
    assert 'deeper' in f['links/ünïcode/deep']
    assert f['links/third'] == f['data'] == f['links/hard']
    assert h5py.h5o.get_info(f['data'].id).rc == 3
    a = f['attrs'].attrs
    assert a['int'] == 6 and a['added'] == 'größe' and a['str'] == 'größe' and len(a) == 19
    assert f['data'].attrs['added'].tolist() == [1, 2] and t['bytes'].attrs['added'] == 1
    assert f.attrs['attr 7'] == -7 and f.attrs['attr 8'] == 8 and len(f.attrs) == 300
    assert sorted(f['many']) == sorted(map(str, range(100)))
    d = f['data']
    want = np.concatenate([np.arange(20.).reshape(4, 5), np.arange(50.).reshape(10, 5)])
    assert d.shape == (14, 5) and (d[...] == want).all()
    assert d.dims[1][0] == f['y'] and f[f['x'].attrs['REFERENCE_LIST'][0][0]] == d
    if f.mode == 'r+':
        d.resize(30, axis=0)
        d[20:] = 1
        f['many/new'] = 1
        for i in range(50):
            d.attrs[f'after {i}'] = i
            a[f'after {i}'] = i
        assert (d[:14] == want).all() and not (d[14:20] + 1.5).any() and len(a) == 69
`

func TestOpenFile(t *testing.T) {
	path := create(t, func(w *hdf5.Writer) { writeEverything(t, w) })
	for range 2 {
		must(t, os.Chmod(path, 0o640))
	}
	reopen(t, path, func(*hdf5.Writer) {})
	reopen(t, path, func(w *hdf5.Writer) { addEverything(t, w) })
	f := openWritten(t, path)
	d, err := f.Dataset("data")
	must(t, err)
	if shape := d.Shape(); shape[0] != 14 {
		t.Errorf("shape %v", shape)
	}
	python(t, checkAdded, path, "r")
	tool(t, "h5dump", path)
	copied := filepath.Join(t.TempDir(), "copy.h5")
	tool(t, "h5repack", path, copied)
	tool(t, "h5diff", path, copied)
	python(t, checkAdded, path, "r+")
	tool(t, "h5dump", path)
}

// Many small additions fill more than one node of a B-tree.
func TestExtendAgain(t *testing.T) {
	path := create(t, func(w *hdf5.Writer) {
		for _, name := range []string{"g/x", "none"} {
			p, err := w.Appendable(name, array(t, count[int32](1)).DType(), []int{3},
				&hdf5.DatasetOptions{
					Chunks: []int{4, 2}, Deflate: 1, Shuffle: true, Fletcher32: true})
			must(t, err)
			if name == "g/x" {
				must(t, p.Append(array(t, count[int32](3*10), 10, 3)))
			}
		}
		text, err := w.Appendable("text", objects(t).DType(), nil, nil)
		must(t, err)
		must(t, text.Append(objects(t, "0", "1")))
	})
	total := 10
	for i, rows := range []int{1, 5, 0, 300, 2} {
		reopen(t, path, func(w *hdf5.Writer) {
			p, err := w.Extend("g/x")
			must(t, err)
			all := array(t, count[int32](3*(total+rows)), total+rows, 3)
			part, err := all.Slice(0, total, total+rows, 1)
			must(t, err)
			must(t, p.Append(part))
			if total += rows; p.Rows() != total {
				t.Errorf("%d rows", p.Rows())
			}
			p, err = w.Extend("none")
			must(t, err)
			must(t, p.Append(array(t, count[int32](3), 1, 3)))
			p, err = w.Extend("text")
			must(t, err)
			must(t, p.Append(objects(t, fmt.Sprint(i+2))))
			must(t, w.SetAttr("g/x", "n", i))
			must(t, w.SetAttr("text", fmt.Sprint("n", i), i))
		})
		d, err := openWritten(t, path).Dataset("g/x")
		must(t, err)
		a, err := d.Read()
		must(t, err)
		if !a.Equal(array(t, count[int32](3*total), total, 3)) {
			t.Fatalf("%d rows: %v", total, a)
		}
	}
	python(t, `
import sys, h5py, numpy as np
with h5py.File(sys.argv[1], 'r+') as f:
    assert (f['g/x'][...] == np.arange(954).reshape(318, 3)).all() and f['g/x'].attrs['n'] == 4
    assert (f['none'][...] == [[0, 1, 2]] * 5).all()
    assert f['text'][...].tolist() == [b'%d' % i for i in range(7)] and len(f['text'].attrs) == 5
    f['g/x'].resize(400, axis=0)
    f['g/x'][399] = 5
    assert (f['g/x'][:318] == np.arange(954).reshape(318, 3)).all()
`, path)
}

// Files that h5py, PyTables and pandas wrote are added to.
func TestOpenFileOfPython(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.h5")
	python(t, `
import sys, warnings, h5py, tables, numpy as np
warnings.simplefilter('ignore')
with tables.open_file(sys.argv[1], 'w') as f:
    e = f.create_earray('/', 'earray', tables.Float32Atom(), (0, 4))
    e.append(np.arange(40, dtype='f4').reshape(10, 4))
with h5py.File(sys.argv[1], 'a') as f:
    f.create_dataset('x', data=np.arange(10), maxshape=(None,), chunks=(4,), compression='gzip')
    f.create_dataset('lzf', data=np.arange(10.), maxshape=(None,), compression='lzf', shuffle=True)
    f.create_dataset('fixed', data=np.arange(10.))
    f['s'] = b'text'
    for i in range(50):
        f.create_group(f'g/{i}')
`, path)
	reopen(t, path, func(w *hdf5.Writer) {
		for name, rows := range map[string]int{"x": 7, "lzf": 30} {
			p, err := w.Extend(name)
			must(t, err)
			a := array(t, count[int64](rows))
			if name == "lzf" {
				a = array(t, count[float64](rows))
			}
			must(t, p.Append(a))
		}
		p, err := w.Extend("earray")
		must(t, err)
		must(t, p.Append(array(t, count[float32](8), 2, 4)))
		must(t, w.Dataset("g/new", array(t, count[int32](3)), nil))
		must(t, w.SetAttr("s", "n", 1))
		must(t, w.SetAttr("g/7", "n", 1))
		if _, err := w.Extend("fixed"); !errors.Is(err, hdf5.ErrUnsupported) {
			t.Errorf("not resizable: %v", err)
		}
		if _, err := w.Extend("g"); !errors.Is(err, hdf5.ErrNotFound) {
			t.Errorf("a group: %v", err)
		}
		writeFrames(t, w)
	})
	python(t, `
import sys, warnings, h5py, tables, numpy as np, pandas as pd
warnings.simplefilter('ignore')
with h5py.File(sys.argv[1], 'r') as f:
    assert f['x'][...].tolist() == list(range(10)) + list(range(7))
    assert f['lzf'][...].tolist() == list(range(10)) + list(range(30))
    assert f['g/new'][...].tolist() == [0, 1, 2] and len(f['g']) == 52 and f['s'].attrs['n'] == 1
    assert f['g/7'].attrs['n'] == 1 and f['s'][()] == b'text'
with tables.open_file(sys.argv[1]) as f:
    assert f.root.earray.nrows == 12 and f.root.earray[11].tolist() == [4, 5, 6, 7]
assert len(pd.read_hdf(sys.argv[1], 'long')) == 50000
`, path)
	python(t, checkFrames, path)
}

func TestOpenFileErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.h5")
	if _, err := hdf5.OpenFile(path, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	must(t, os.WriteFile(path, []byte("no HDF5"), 0o600))
	if _, err := hdf5.OpenFile(path, nil); !errors.Is(err, hdf5.ErrMalformed) {
		t.Errorf("another file: %v", err)
	}
	python(t, `
import sys, h5py
with h5py.File(sys.argv[1], 'w', fs_strategy='page') as f: f['x'] = 1
`, path)
	if _, err := hdf5.OpenFile(path, nil); !errors.Is(err, hdf5.ErrUnsupported) {
		t.Errorf("a file of pages: %v", err)
	}
	python(t, `
import sys, h5py
with h5py.File(sys.argv[1], 'w', fs_strategy='fsm', fs_persist=True) as f: f['x'] = 1
`, path)
	if _, err := hdf5.OpenFile(path, nil); !errors.Is(err, hdf5.ErrUnsupported) {
		t.Errorf("a list of free space: %v", err)
	}
	python(t, `
import sys, os, h5py
f = h5py.File(sys.argv[1], 'w', libver='latest')
f['x'] = 1
f.flush()
os._exit(0)
`, path)
	if _, err := hdf5.OpenFile(path, nil); !errors.Is(err, hdf5.ErrUnsupported) {
		t.Errorf("a file that was not closed: %v", err)
	}
}
