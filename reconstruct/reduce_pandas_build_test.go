package reconstruct_test

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // where the machine has none

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/reconstruct"
)

// builtRow has a field for every kind of column that frame.FromRows makes.
type builtRow struct {
	B   bool
	I   int
	I8  int8
	U16 uint16
	F4  float32
	F   float64 `pickle:"f"`
	C   complex128
	S   string
	T   time.Time
	D   time.Duration
	NI  *int64
	NB  *bool
	NF  *float64
	NS  *string
	NT  *time.Time
	Any any
	Raw []byte
	out int
}

func builtFrame(t *testing.T) *frame.Frame {
	t.Helper()
	i, b, f, s := int64(7), true, 0.1, "žluť\x00"
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2024, 3, 31, 1, 30, 0, 123456789, time.UTC).In(paris)
	rows := []builtRow{
		{B: true, I: -5, I8: -128, U16: 65535, F4: 0.5, F: math.Inf(-1), C: 1 - 2i, S: "a", T: at,
			D:  -time.Second,
			NI: &i, NB: &b, NF: &f, NS: &s, NT: &at, Any: "x", Raw: []byte("\xff"), out: 1},
		{F: math.NaN(), I: math.MaxInt/8 + 1, Any: &types.Tuple{1, 2.5}, T: at.Add(time.Hour)},
	}
	built, err := frame.FromRows(rows)
	if err != nil {
		t.Fatal(err)
	}
	built.Attrs = map[string]any{"unit": "K"}
	return built
}

const builtCheck = `
import pickle, sys, warnings, datetime
import numpy as np
warnings.simplefilter('ignore')
import pandas as pd
warnings.simplefilter('error')
with open(sys.argv[1], 'rb') as f:
    df, s, cat, naive = pickle.load(f)
text = df['S'].dtype
assert str(text) == ('str' if pd.__version__ >= '3' else 'object'), text
want = pd.DataFrame({
    'B': [True, False], 'I': np.array([-5, 1 << 60], 'i8'), 'I8': np.array([-128, 0], 'i1'),
    'U16': np.array([65535, 0], 'u2'), 'F4': np.array([.5, 0], 'f4'), 'f': [-np.inf, np.nan], 'C': [1-2j, 0j],
    'S': pd.Series(['a', ''], dtype=text),
    'T': pd.DatetimeIndex(['2024-03-31T01:30:00.123456789', '2024-03-31T02:30:00.123456789']).tz_localize('UTC').tz_convert('Europe/Paris'),
    'D': pd.to_timedelta([-10**9, 0], unit='ns'),
    'NI': pd.array([7, None], dtype='Int64'), 'NB': pd.array([True, None], dtype='boolean'),
    'NF': pd.array([.1, None], dtype='Float64'), 'NS': pd.Series(['\u017elu\u0165\x00', None], dtype=text),
    'NT': pd.DatetimeIndex(['2024-03-31T01:30:00.123456789', 'NaT']).tz_localize('UTC').tz_convert('Europe/Paris'),
    'Any': pd.Series(['x', (1, 2.5)], dtype=object), 'Raw': pd.Series([b'\xff', None], dtype=object),
})
if pd.__version__ >= '3':
    for name in ('T', 'NT', 'D'):
        assert '[ns' in str(df[name].dtype), df[name].dtype
        want[name] = want[name].dt.as_unit('ns')
pd.testing.assert_frame_equal(df, want, check_exact=True)
assert df.attrs == {'unit': 'K'}, df.attrs
labels = pd.Index(['p', 'q'], name='key')
pd.testing.assert_series_equal(s, pd.Series(np.array([1.5, 2.5]), index=labels, name='n'))
pd.testing.assert_series_equal(cat, pd.Series(pd.Categorical(['b', None, 'a'], categories=['a', 'b'], ordered=True), name='c'))
pd.testing.assert_series_equal(naive, pd.Series(np.array(['2020-01-02'], 'M8[ns]'), name='t'))
df.loc[0, 'I'] = 3
df['f'] += 1
print('good')
`

// TestInteropBuiltFrame compares what a Go program builds with what pandas builds of
// the same values.
func TestInteropBuiltFrame(t *testing.T) {
	pythons := pandasPythons(t)
	s, err := frame.NewSeries("n", []float64{1.5, 2.5})
	if err != nil {
		t.Fatal(err)
	}
	labels, err := frame.NewSeries("key", []string{"p", "q"})
	if err != nil {
		t.Fatal(err)
	}
	s.Index = frame.NewIndex(labels)
	cat, err := frame.NewCategorical("c", []string{"b", "x", "a"}, "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	zoned, err := frame.NewSeries("t", []time.Time{time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "built.pkl")
	for _, protocol := range []int{2, 4, 5} {
		if err := writePandas(path, &types.List{builtFrame(t), s, cat, zoned.WithZone("")},
			protocol); err != nil {
			t.Fatal(err)
		}
		for _, python := range pythons {
			cmd := exec.Command(python, "-c", builtCheck, path)
			cmd.Stderr = os.Stderr
			if out, err := cmd.Output(); err != nil || strings.TrimSpace(string(out)) != "good" {
				t.Errorf("%s at protocol %d: %v %s", python, protocol, err, out)
			}
		}
	}
}

// Values that pandas cannot hold are errors, not something else.
func TestPandasUnwritable(t *testing.T) {
	f, err := frame.NewSeries("f", []float64{1})
	if err != nil {
		t.Fatal(err)
	}
	short, err := frame.New(f)
	if err != nil {
		t.Fatal(err)
	}
	short.Index = frame.NewRangeIndex(2)
	for name, v := range map[string]any{
		"an index of another length": short,
		"no kind":                    &frame.Series{Kind: 99, Values: f.Values},
		"an unknown frequency":       frame.PeriodValue{Ordinal: 1, Freq: "C"},
		"an unknown unit":            reconstruct.Timestamp{Value: 1, Unit: "h"},
		"opaque":                     &frame.Series{Kind: frame.Opaque, Length: 1},
	} {
		if err := writePandas(filepath.Join(t.TempDir(), "x.pkl"), v, 4); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
