package hdf5_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/hdf5/pytables"
	"github.com/unpkl/unpkl/ndarray"
)

func series[T any](t testing.TB, name string, values []T) *frame.Series {
	t.Helper()
	s, err := frame.NewSeries(name, values)
	must(t, err)
	return s
}

// manyRows is more rows than fit in a chunk.
const manyRows = 50000

func writeFrames(t testing.TB, w *hdf5.Writer) {
	t.Helper()
	day := time.Date(2024, 2, 29, 12, 0, 0, 5000, time.UTC)
	paris, err := time.LoadLocation("Europe/Paris")
	must(t, err)
	text := "yy"
	f, err := frame.New(
		series(t, "a", []int64{1, -2, math.MaxInt64}),
		series(t, "größe\n", []float64{1.5, math.NaN(), 0}),
		series(t, "s", []*string{&text, nil, &text}), series(t, "b", []int64{4, 5, 6}),
		series(t, "flag", []bool{true, false, true}), series(t, "u8", []uint8{1, 2, 255}),
		series(t, "when", []time.Time{day, {}, day.Add(time.Hour)}).WithZone(""),
		series(t, "zone", []time.Time{day.In(paris), day.In(paris), {}}),
		series(t, "span", []time.Duration{time.Second, 0, -1}),
		series(t, "f4", []float32{0.5, 0, 1}),
		series(t, "t2", []string{"é", "", "nan"}))
	must(t, err)
	must(t, w.Frame("df", f, nil))
	f.Index = frame.NewIndex(series(t, "key", []string{"x", "yé", ""}))
	must(t, w.Frame("g/by text", f, &hdf5.DatasetOptions{Deflate: 5, Shuffle: true}))
	f.Index = frame.NewIndex(series(t, "", []time.Time{day, day, day}).WithZone(""))
	must(t, w.Frame("by time", f, nil))
	f.Index = frame.NewIndex(series(t, "", []float64{0.5, 1, 2}))
	must(t, w.Frame("by float", f, nil))
	long, err := frame.New(
		series(t, "x", count[float64](manyRows)), series(t, "y", count[int32](manyRows)))
	must(t, err)
	must(t, w.Frame("long", long, &hdf5.DatasetOptions{Deflate: 1}))
	none, err := frame.New(series(t, "x", []float64{}))
	must(t, err)
	must(t, w.Frame("none", none, nil))
	writeCategories(t, w)
	if err := w.Frame("df", f, nil); !errors.Is(err, hdf5.ErrExists) {
		t.Errorf("again: %v", err)
	}
}

// categories returns a frame with ordered categories of text, one of them missing, and of numbers.
func categories(t testing.TB) *frame.Frame {
	t.Helper()
	text, err := frame.NewCategorical("k", []string{"nan", "é", "nan", "é"}, "é", "nan", "c")
	must(t, err)
	text.Ordered = true
	must(t, text.Values.SetAt(-1, 2))
	numbers, err := frame.NewCategorical("n", []int64{20, 10, 20, 20})
	must(t, err)
	f, err := frame.New(series(t, "x", []float64{1, 2, 3, 4}), text, numbers)
	must(t, err)
	return f
}

// writeCategories writes frames with categories, and with an index of several levels.
func writeCategories(t testing.TB, w *hdf5.Writer) {
	t.Helper()
	f := categories(t)
	must(t, w.Frame("category", f, nil))
	x := f.Column("k").Categories
	kinds, err := frame.NewCategorical("", []string{"u", "v"})
	must(t, err)
	day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	codes := func(c ...int8) *ndarray.Array { return array(t, c) }
	f.Index = &frame.Index{
		Class: "MultiIndex", Names: []any{"letter", nil, "when", "class", "number"},
		Levels: []*frame.Index{
			x, frame.NewRangeIndex(3), frame.NewIndex(series(t, "", []time.Time{day}).WithZone("")),
			frame.NewIndex(kinds), frame.NewIndex(series(t, "", []uint16{7, 8})),
		},
		Codes: []*ndarray.Array{
			codes(0, 0, 2, -1), codes(0, 1, 2, 0), codes(0, -1, 0, 0), codes(1, 0, -1, 0),
			codes(0, 1, -1, 0),
		},
	}
	must(t, w.Frame("levels", f, &hdf5.DatasetOptions{Deflate: 1}))
	for name, bad := range map[string]*frame.Index{
		"an index of categories": frame.NewIndex(kinds),
		"a name that a column has": {Class: "MultiIndex", Names: []any{"x"},
			Levels: []*frame.Index{x}, Codes: []*ndarray.Array{codes(0, 0, 0, 0)}},
		"a name that is a number": {Class: "MultiIndex", Names: []any{1},
			Levels: []*frame.Index{x}, Codes: []*ndarray.Array{codes(0, 0, 0, 0)}},
		"a code that is too large": {Class: "MultiIndex", Names: []any{"y"},
			Levels: []*frame.Index{x}, Codes: []*ndarray.Array{codes(0, 9, 0, 0)}},
	} {
		f.Index = bad
		if err := w.Frame("bad", f, nil); !errors.Is(err, hdf5.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The frames that were written are read by this project's own reader of pandas' tables.
func TestFrameReadBack(t *testing.T) {
	f := openWritten(t, create(t, func(w *hdf5.Writer) { writeFrames(t, w) }))
	opts := &pytables.Options{Unpickle: func(b []byte) (any, error) { return unpkl.LoadBytes(b) }}
	keys, err := pytables.Keys(f)
	must(t, err)
	if len(keys) != 8 {
		t.Errorf("keys %v", keys)
	}
	df, err := pytables.Frame(f, "/g/by text", opts)
	must(t, err)
	if rows, cols := df.Shape(); rows != 3 || cols != 11 {
		t.Errorf("%d rows, %d columns", rows, cols)
	}
	for i, want := range []any{"x", "yé", ""} {
		if got := df.Index.At(i); got != want {
			t.Errorf("label %d: %q, not %q", i, got, want)
		}
	}
	for name, want := range map[string]any{
		"a": int64(math.MaxInt64), "größe\n": 0.0, "s": "yy", "flag": true, "u8": uint8(255),
		"t2": "nan", "f4": float32(1),
	} {
		if got := df.Column(name).At(2); got != want {
			t.Errorf("%q: %v, not %v", name, got, want)
		}
	}
	if !df.Column("s").IsNull(1) || df.Column("zone").TZ != "Europe/Paris" {
		t.Error("text that is missing, or a time zone")
	}
	got, err := pytables.Frame(f, "/levels", opts)
	must(t, err)
	want := categories(t)
	for _, name := range []string{"x", "k", "n"} {
		for i := range 4 {
			a, b := got.Column(name), want.Column(name)
			if a.IsNull(i) != b.IsNull(i) || a.At(i) != b.At(i) || a.Ordered != b.Ordered {
				t.Errorf("%s, row %d: %v, not %v", name, i, a.At(i), b.At(i))
			}
		}
	}
	label := got.Index.At(3).([]any)
	day, ok := label[2].(ndarray.Datetime64)
	if !ok || label[0] != nil || label[1] != int64(0) || label[3] != "u" ||
		label[4] != 7.0 {
		t.Errorf("label 3: %#v", label)
	} else if at, _ := day.Time(); at != time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC) {
		t.Errorf("label 3 is of %v", at)
	}
	long, err := pytables.Frame(f, "/long", opts)
	must(t, err)
	x, err := frame.Column[float64](long, "x")
	must(t, err)
	if len(x) != manyRows || x[manyRows-1] != manyRows-1 {
		t.Errorf("%d rows", len(x))
	}
}

const checkFrames = `
import sys, warnings, pandas as pd, numpy as np, tables
warnings.simplefilter('ignore')
path = sys.argv[1]
day = pd.Timestamp('2024-02-29 12:00:00.000005')
want = pd.DataFrame({
    'a': [1, -2, 2**63 - 1], 'größe\n': [1.5, np.nan, 0], 's': ['yy', None, 'yy'], 'b': [4, 5, 6],
    'flag': [True, False, True], 'u8': np.array([1, 2, 255], 'u1'),
    'when': pd.Series([day, pd.NaT, day + pd.Timedelta('1h')]).astype('datetime64[ns]'),
    'zone': pd.Series([day, day, pd.NaT]).astype('datetime64[ns]')
        .dt.tz_localize('UTC').dt.tz_convert('Europe/Paris'),
    'span': pd.Series(pd.to_timedelta(['1s', '0s', '-1ns'])).astype('timedelta64[ns]'),
    'f4': np.array([0.5, 0, 1], 'f4'), 't2': ['é', '', 'nan']})
def same(key, want):
    got = pd.read_hdf(path, key)
    pd.testing.assert_frame_equal(
        got, want, check_freq=False, check_index_type=False, check_column_type=False)
same('df', want)
same('g/by text', want.set_index(pd.Index(['x', 'yé', ''], name='key')))
same('by time', want.set_index(pd.DatetimeIndex([day] * 3).astype('datetime64[ns]')))
same('by float', want.set_index(pd.Index([0.5, 1, 2])))
text = pd.Categorical(['nan', 'é', None, 'é'], categories=['é', 'nan', 'c'], ordered=True)
want = pd.DataFrame({'x': [1., 2, 3, 4], 'k': text, 'n': pd.Categorical([20, 10, 20, 20])})
got = pd.read_hdf(path, 'category')
assert got.k.cat.ordered and not got.n.cat.ordered
assert got.k.cat.categories.tolist() == ['é', 'nan', 'c']
pd.testing.assert_frame_equal(got, want, check_categorical=False, check_index_type=False)
assert got.k.isna().tolist() == [False, False, True, False] and got.n.tolist() == [20, 10, 20, 20]
day = pd.Timestamp('2024-02-29')
levels = [['é', 'é', 'c', None], [0, 1, 2, 0],
          pd.Series([day, pd.NaT, day, day]).astype('datetime64[ns]'),
          pd.Categorical(['v', 'u', None, 'u']), [7, 8, np.nan, 7]]
got = pd.read_hdf(path, 'levels')
assert list(got.index.names) == ['letter', None, 'when', 'class', 'number'], got.index.names
for k, level in enumerate(levels):
    a, b = pd.Series(got.index.get_level_values(k)), pd.Series(level)
    assert a.isna().equals(b.isna()) and (a.dropna() == b.dropna()).all(), (k, a, b)
assert isinstance(got.index.levels[3], pd.CategoricalIndex), got.index.levels[3]
assert got.x.tolist() == [1, 2, 3, 4] and got.k.cat.ordered
same('long', pd.DataFrame({'x': np.arange(50000.), 'y': np.arange(50000, dtype='i4')}))
assert pd.read_hdf(path, 'none').shape == (0, 1)
got = pd.read_hdf(path, 'long', where='index > 49997')
assert got.y.tolist() == [49998, 49999]
with pd.HDFStore(path, 'a') as store:
    assert sorted(k for k in store.keys() if 'meta' not in k) == [
        '/by float', '/by time', '/category', '/df', '/g/by text', '/levels', '/long', '/none']
    store.append('long', pd.DataFrame({'x': [-1.], 'y': np.array([7], 'i4')}, index=[50000]))
assert len(pd.read_hdf(path, 'long')) == 50001
with tables.open_file(path) as f:
    t = f.root.long.table
    assert t.nrows == 50001 and t.read_where('index == 123')['values_block_0'][0] == 123
print(pd.__version__)
`

func TestFrameForPandas(t *testing.T) {
	path := create(t, func(w *hdf5.Writer) { writeFrames(t, w) })
	t.Log("pandas", python(t, checkFrames, path))
	tool(t, "h5dump", "-H", path)
}
