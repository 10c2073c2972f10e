package arrowframe_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/frame/arrowframe"
)

// kindsScript writes a frame with every kind of column and index as a pickle and as an Arrow file,
// and compares what comes back from both with the original.
const kindsScript = `
import os, pickle, sys, warnings
import numpy as np, pandas as pd, pyarrow as pa
import pandas.core.arrays.arrow.extension_types
warnings.simplefilter('ignore')
n = 4
def cases():
    yield 'numbers', pd.DataFrame({t: np.array([0, 1, 2, 100], t) for t in
        ('i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'f4', 'f8', '?')})
    yield 'nan', pd.DataFrame({'a': [1.5, np.nan, np.inf, -0.0]})
    for t in ('Int8', 'Int16', 'Int32', 'Int64', 'UInt8', 'UInt16', 'UInt32', 'UInt64', 'Float32', 'Float64', 'boolean'):
        yield t, pd.DataFrame({'x': pd.array([1, 0, None, 1], t)})
        yield t + ' full', pd.DataFrame({'x': pd.array([1, 0, 0, 1], t)})
    yield 'str', pd.DataFrame({'s': ['a', '', '\u017elu\u0165', None]})
    yield 'string', pd.DataFrame({'s': pd.array(['a', '', None, 'b'], 'string')})
    yield 'bytes', pd.DataFrame({'b': pd.Series([b'a', None, b'', b'\xff'], dtype=object)})
    yield 'bools', pd.DataFrame({'o': pd.Series([True, None, False, True], dtype=object)})
    yield 'naive', pd.DataFrame({'t': pd.to_datetime(['2020-01-01', None, '1969-12-31 23:59:59.5', '2000-01-01'], format='ISO8601')})
    for unit in ('s', 'ms', 'us', 'ns'):
        yield 'unit ' + unit, pd.DataFrame({'t': pd.Series([0, 1, -1, 2]).astype('M8[%s]' % unit), 'd': pd.Series([0, 1, -1, 2]).astype('m8[%s]' % unit)})
    yield 'zoned', pd.DataFrame({'t': pd.date_range('2020-03-28', periods=n, tz='Europe/Prague').as_unit('ns')._with_freq(None)})
    yield 'offset', pd.DataFrame({'t': pd.to_datetime(['2020-01-01T00:00:00+02:00'] * n)})
    yield 'categories', pd.DataFrame({'c': pd.Categorical(['x', None, 'y', 'x'], ordered=True)})
    yield 'categories of ints', pd.DataFrame({'c': pd.Categorical([10, 20, 10, 30])})
    yield 'period', pd.DataFrame({'p': pd.period_range('2020-01', periods=n, freq='M')})
    yield 'interval', pd.DataFrame({'i': pd.arrays.IntervalArray.from_breaks(np.arange(n + 1))})
    yield 'interval floats', pd.DataFrame({'i': pd.arrays.IntervalArray.from_breaks(np.arange(n + 1) / 2, closed='left')})
    x = pd.DataFrame({'v': np.arange(n)})
    def indexed(index):
        f = x.copy(); f.index = index; return f
    yield 'range', indexed(pd.RangeIndex(10, 18, 2, name='r'))
    yield 'ints', indexed(pd.Index([5, 3, 1, 9], name='k'))
    yield 'unnamed', indexed(pd.Index([5, 3, 1, 9]))
    yield 'floats', indexed(pd.Index([0.5, 1.5, 2.5, 3.5]))
    yield 'texts', indexed(pd.Index(['a', 'b', 'c', 'd'], name='t'))
    yield 'dates', indexed(pd.DatetimeIndex(['2020-01-01', '2021-01-01', '2022-01-01', '2023-01-05']).as_unit('ns'))
    yield 'zoned dates', indexed(pd.DatetimeIndex(['2020-01-01', '2021-06-01', '2022-01-01', '2023-01-05'], tz='Europe/Prague', name='z').as_unit('ns'))
    yield 'deltas', indexed(pd.to_timedelta([1, 2, 3, 4], unit='s').as_unit('ns'))
    yield 'categorical index', indexed(pd.CategoricalIndex(['a', 'b', 'a', 'c'], name='c'))
    yield 'nullable index', indexed(pd.Index(pd.array([1, 2, 3, 4], 'Int64'), name='n'))
    yield 'multi', indexed(pd.MultiIndex.from_arrays([['a', 'a', 'b', 'b'], [1, 2, 1, 2]], names=['k', 'n']))
    yield 'multi categorical', indexed(pd.MultiIndex.from_arrays([pd.Categorical(['x', 'y', 'x', 'y']), [3, 2, 1, 2]], names=['c', 'n']))
    yield 'multi dates', indexed(pd.MultiIndex.from_arrays([pd.to_datetime(['2020-01-01', '2020-01-01', '2021-01-01', '2021-01-01']).as_unit('ns'), [0.5, 1.5, 0.5, 1.5]], names=['d', None]))
    yield 'empty', pd.DataFrame({'a': np.array([], 'i8'), 's': pd.array([], 'str')})

def check(name, what, got, want):
    try:
        pd.testing.assert_frame_equal(got, want, check_exact=True, check_freq=False, check_index_type=True, check_column_type=False)
    except AssertionError as e:
        print('%s, %s: %s' % (name, what, str(e).replace('\n', ' ')[:600]))

folder = sys.argv[2]
for name, f in cases():
    path = os.path.join(folder, name)
    if sys.argv[1] == 'make':
        pickle.dump(f, open(path + '.pkl', 'wb'), 5)
        table = pa.Table.from_pandas(f)
        with pa.OSFile(path + '.py.arrow', 'wb') as out, pa.ipc.new_file(out, table.schema) as w:
            w.write_batch(pa.RecordBatch.from_pandas(f))
        continue
    try:
        mine = pa.ipc.open_file(path + '.go.arrow').read_all()
        mine.validate(full=True)
    except Exception as e:
        print('%s, to Arrow: %s %s' % (name, type(e).__name__, str(e)[:300])); continue
    theirs = pa.ipc.open_file(path + '.py.arrow').read_all()
    check(name, 'to Arrow', mine.to_pandas(), theirs.to_pandas())
    try:
        # pyarrow forgets that an index was nullable.
        want = f if name == 'nullable index' else theirs.to_pandas()
        check(name, 'from Arrow', pickle.load(open(path + '.go.pkl', 'rb')), want)
    except Exception as e:
        print('%s, from Arrow: %s %s' % (name, type(e).__name__, str(e)[:300]))
print('done')
`

// TestInteropKinds converts each kind of column and index to Arrow, and pyarrow's version of it
// back. For pandas both must be equal to what pyarrow itself gives back.
func TestInteropKinds(t *testing.T) {
	pythons := os.Getenv("UNPKL_PANDAS_PYTHONS")
	if pythons == "" {
		t.Skip("UNPKL_PANDAS_PYTHONS names no Python with pandas 3")
	}
	python := pythons[strings.LastIndexByte(pythons, ':')+1:]
	dir := t.TempDir()
	if out, err := exec.Command(python, "-c", kindsScript, "make",
		dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files, err := filepath.Glob(dir + "/*.pkl")
	if err != nil || len(files) < 50 {
		t.Fatal(len(files), err)
	}
	for _, path := range files {
		if err := convertBoth(strings.TrimSuffix(path, ".pkl")); err != nil {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
	out, err := exec.Command(python, "-c", kindsScript, "check", dir).CombinedOutput()
	if err != nil || string(out) != "done\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

// convertBoth writes path.go.arrow of path.pkl, and path.go.pkl of path.py.arrow.
func convertBoth(path string) error {
	v, err := unpkl.LoadFile(path + ".pkl")
	if err != nil {
		return err
	}
	batch, err := arrowframe.FromFrame(memory.DefaultAllocator, v.(*frame.Frame))
	if err != nil {
		return err
	}
	defer batch.Release()
	out, err := os.Create(path + ".go.arrow")
	if err != nil {
		return err
	}
	defer out.Close()
	w, err := ipc.NewFileWriter(out, ipc.WithSchema(batch.Schema()))
	if err != nil {
		return err
	}
	if err := w.Write(batch); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	in, err := os.Open(path + ".py.arrow")
	if err != nil {
		return err
	}
	defer in.Close()
	r, err := ipc.NewFileReader(in)
	if err != nil {
		return err
	}
	defer r.Close()
	if r.NumRecords() != 1 {
		return fmt.Errorf("%d batches", r.NumRecords())
	}
	theirs, err := r.RecordBatchAt(0)
	if err != nil {
		return err
	}
	f, err := arrowframe.ToFrame(theirs)
	if err != nil {
		return err
	}
	return unpkl.WriteFile(path+".go.pkl", f)
}
