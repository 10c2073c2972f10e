package hdf5_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/hdf5"
)

const makeNew = `
import sys, os, h5py, numpy as np
with h5py.File(os.path.dirname(sys.argv[1]) + '/other.h5', 'w') as f:
    f['x'] = 1
with h5py.File(sys.argv[1], 'w', libver=sys.argv[2]) as f:
    f.attrs['text'] = 'größe'
    f['x'] = np.arange(5)
    f['soft'] = h5py.SoftLink('/x')
    f['outside'] = h5py.ExternalLink('other.h5', '/x')
    for n, name in ((3, 'few'), (20, 'dense'), (700, 'many')):
        g = f.create_group(name)
        for i in range(n):
            g['%04d' % i] = i if n < 100 else h5py.SoftLink('/x')
            g.attrs['a%d' % i] = i
    g = f.create_group('ordered', track_order=True)
    for name in 'zyxab':
        g[name] = 1
        g.attrs[name] = name
    g['outside'] = h5py.ExternalLink('other.h5', '/x')
    g = f.create_group('ordereddense', track_order=True)
    for i in range(30, 0, -1):
        g[str(i)] = i
        g.attrs[str(i)] = i
    g = f.create_group('rows')
    d = np.arange(35.).reshape(7, 5)
    def rows(name, maxshape, **k):
        g.create_dataset(name, data=d, maxshape=maxshape, chunks=(3, 2), **k)
    rows('extensible', (None, 5))
    rows('extensiblegz', (None, 5), compression='gzip', shuffle=True, fletcher32=True)
    rows('extensiblesecond', (70, None), compression='gzip')
    rows('tree', (None, None))
    rows('treegz', (None, None), compression='gzip')
    rows('fixed', (90, 5))
    rows('fixedgz', (90, 5), compression='gzip')
    g.create_dataset('single', data=d, maxshape=(7, 5), chunks=(7, 5))
    g.create_dataset('nothing', shape=(7, 5), dtype='f8', maxshape=(None, 5), chunks=(3, 2),
                     fillvalue=2.5)
    g.create_dataset('long', data=np.arange(20000), maxshape=(None,), chunks=(3,))
    for i in range(12):
        g['tree'].attrs['a%d' % i] = np.arange(i)
    g['extensible'].attrs['one'] = 1
`

const checkNew = `
import sys, h5py, numpy as np
with h5py.File(sys.argv[1], sys.argv[2]) as f:
    assert f.attrs['text'] == 'other' and f.attrs['more'] == 3
    assert f['x'][...].tolist() == list(range(5)) and f['soft'] == f['x'] == f['hard']
    assert h5py.h5o.get_info(f['x'].id).rc == 3, h5py.h5o.get_info(f['x'].id).rc
    assert f['few/deep/er/d'][...].tolist() == [0, 1, 2] and f['few/deep/third'] == f['x']
    assert f.get('outside', getlink=True).path == '/x'
    for n, name in ((3, 'few'), (20, 'dense'), (700, 'many')):
        g = f[name]
        assert len(g) == n + 1 + (name == 'few') and g['ü'][...].tolist() == [0, 1]
        assert g['0001'][...].tolist() == ([0, 1, 2, 3, 4] if n > 100 else 1)
        assert len(g.attrs) == n + 2 and g.attrs['a1'] == 'set' and g.attrs['a0'] == 0
        assert g.attrs['added'] == 5 and g.attrs['ünew'].tolist() == [1, 2]
    for name in ('ordered', 'ordereddense'):
        g = f[name]
        assert list(g)[-3:] == ['new', 'before', 'after'], list(g)
        assert list(g.attrs)[-2:] == ['new', 'before'], list(g.attrs)
    assert list(f['ordered'])[:5] == list('zyxab') and list(f['ordered'].attrs)[:5] == list('zyxab')
    down = [str(i) for i in range(30, 0, -1)]
    assert list(f['ordereddense']) == down + ['new', 'before', 'after']
    assert f['ordered'].get('outside', getlink=True).filename == 'other.h5'
    want = np.arange(35.).reshape(7, 5)
    more = np.concatenate([want, np.arange(50.).reshape(10, 5)])
    g = f['rows']
    for name in ('extensible', 'extensiblegz', 'extensiblesecond', 'tree', 'treegz', 'fixed',
                 'fixedgz'):
        assert g[name].shape == (17, 5) and (g[name][...] == more).all(), name
    assert (g['nothing'][:7] == 2.5).all() and (g['nothing'][7:] == more[7:]).all()
    assert (g['single'][...] == want).all()
    assert (g['long'][:20000] == np.arange(20000)).all() and g['long'][20000:].tolist() == [0, 1, 2]
    assert len(g['tree'].attrs) == 13 and g['tree'].attrs['a3'].tolist() == [0, 1, 2]
    assert g['tree'].attrs['rows'] == 17 and g['extensible'].attrs['one'] == 1
    if f.mode == 'r+':
        for name in ('few', 'dense', 'many', 'ordered', 'ordereddense'):
            for i in range(30):
                f[name]['later %d' % i] = i
                f[name].attrs['later %d' % i] = i
            assert f[name]['later 29'][()] == 29 and f[name].attrs['later 29'] == 29
            assert f[name].attrs['later 0'] == 0
        for name in ('extensible', 'treegz', 'fixed'):
            d = g[name]
            d.resize(30, axis=0)
            d[20:] = 1
            assert (d[:17] == more).all() and (d[20:] == 1).all()
        d = g['treegz']
        d.resize(9, axis=1)
        assert (d[:17, :5] == more).all()
        for name in ('later 3', '0001', '0019', 'ü'):
            del f['dense'][name]
        del g['tree'].attrs['a1']
        del f['hard']
`

// addNew adds to a file that makeNew wrote.
func addNew(t testing.TB, w *hdf5.Writer) {
	t.Helper()
	must(t, w.SetAttr("/", "text", "other"))
	must(t, w.SetAttr("/", "more", 3))
	must(t, w.HardLink("hard", "x"))
	must(t, w.Dataset("few/deep/er/d", array(t, count[int64](3)), nil))
	must(t, w.HardLink("few/deep/third", "hard"))
	for _, name := range []string{"few", "dense", "many"} {
		must(t, w.Dataset(name+"/ü", array(t, count[int64](2)), nil))
		must(t, w.SetAttr(name, "a1", "set"))
		must(t, w.SetAttr(name, "added", 5))
		must(t, w.SetAttr(name, "ünew", []int{1, 2}))
	}
	for _, name := range []string{"ordered", "ordereddense"} {
		must(t, w.Group(name+"/new"))
		must(t, w.SoftLink(name+"/before", "/x"))
		must(t, w.Group(name+"/after"))
		must(t, w.SetAttr(name, "new", 1))
		must(t, w.SetAttr(name, "before", 1))
	}
	for _, name := range []string{"extensible", "extensiblegz", "extensiblesecond", "tree",
		"treegz", "fixed", "fixedgz", "nothing"} {
		p, err := w.Extend("rows/" + name)
		must(t, err)
		must(t, p.Append(array(t, count[float64](50), 10, 5)))
	}
	p, err := w.Extend("rows/long")
	must(t, err)
	must(t, p.Append(array(t, count[int64](3))))
	must(t, w.SetAttr("rows/tree", "rows", 17))
	if _, err := w.Extend("rows/single"); !errors.Is(err, hdf5.ErrUnsupported) {
		t.Errorf("a dataset that does not grow: %v", err)
	}
	if err := w.Group("few/0001"); !errors.Is(err, hdf5.ErrExists) {
		t.Errorf("over a dataset: %v", err)
	}
	if err := w.Group("outside/x"); !errors.Is(err, hdf5.ErrExists) {
		t.Errorf("below an external link: %v", err)
	}
	if err := w.Group(strings.Repeat("long", 10000)); !errors.Is(err, hdf5.ErrUnsupported) {
		t.Errorf("a long name: %v", err)
	}
}

// TestOpenFileNew adds to files with newer superblocks, groups, headers and chunk indexes.
func TestOpenFileNew(t *testing.T) {
	for _, libver := range []string{"v108", "v110", "latest"} {
		t.Run(libver, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.h5")
			python(t, makeNew, path, libver)
			reopen(t, path, func(*hdf5.Writer) {})
			reopen(t, path, func(w *hdf5.Writer) { addNew(t, w) })
			readAll(t, path)
			python(t, checkNew, path, "r")
			if libver != "latest" { // which is newer than the tools
				tool(t, "h5dump", path)
				copied := filepath.Join(t.TempDir(), "copy.h5")
				tool(t, "h5repack", path, copied)
				tool(t, "h5diff", path, copied)
			}
			python(t, checkNew, path, "r+")
			if libver != "latest" {
				tool(t, "h5dump", path)
			}
			readAll(t, path)
		})
	}
}

// readAll reads every dataset and attribute of a file.
func readAll(t testing.TB, path string) {
	t.Helper()
	for o, err := range openWritten(t, path).Walk() {
		must(t, err)
		for _, err := range o.Attrs() {
			must(t, err)
		}
		if d, ok := o.(*hdf5.Dataset); ok {
			_, err := d.Read()
			must(t, err)
		}
	}
}

// TestOpenFileNewAgain adds to a file many times.
func TestOpenFileNewAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.h5")
	python(t, makeNew, path, "v110")
	for i := range 9 {
		reopen(t, path, func(w *hdf5.Writer) {
			for _, name := range []string{"few", "dense", "many", "ordereddense"} {
				must(t, w.Group(fmt.Sprintf("%s/g%d", name, i)))
				must(t, w.SetAttr(name, "n", i))
			}
			p, err := w.Extend("rows/treegz")
			must(t, err)
			must(t, p.Append(array(t, count[float64](5), 1, 5)))
		})
	}
	python(t, `
import sys, h5py, numpy as np
with h5py.File(sys.argv[1], 'r+') as f:
    for name, n in (('few', 3), ('dense', 20), ('many', 700), ('ordereddense', 30)):
        assert len(f[name]) == n + 9 and f[name].attrs['n'] == 8 and 'g8' in f[name]
        f[name].create_group('h')
    assert (f['rows/treegz'][7:] == np.arange(5)).all() and f['rows/treegz'].shape == (16, 5)
`, path)
	tool(t, "h5dump", path)
}

// TestOpenFileMixed adds to newer groups and headers in an older file.
func TestOpenFileMixed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.h5")
	python(t, `
import sys, h5py
with h5py.File(sys.argv[1], 'w') as f:
    f.create_group('g', track_order=True)
    f.create_dataset('d', data=1, track_order=True)
`, path)
	reopen(t, path, func(w *hdf5.Writer) {
		must(t, w.Group("g/x"))
		must(t, w.SetAttr("d", "n", 1))
		must(t, w.Group("h"))
	})
	python(t, `
import sys, h5py
with h5py.File(sys.argv[1], 'r+') as f:
    assert list(f['g']) == ['x'] and f['d'].attrs['n'] == 1 and sorted(f) == ['d', 'g', 'h']
    f['g/y'] = 1
    f['d'].attrs['m'] = 2
    assert list(f['d'].attrs) == ['n', 'm'] and list(f['g']) == ['x', 'y']
`, path)
}
