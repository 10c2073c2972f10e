package unmarshal_test

import (
	"github.com/unpkl/unpkl/internal/fixture"

	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/reconstruct"
)

// pandasFiles runs f for the pickles of one case that each version of pandas wrote.
func pandasFiles(t *testing.T, name string, f func(t *testing.T, data []byte)) {
	t.Helper()
	files, err := filepath.Glob(fixture.Root() + "/pandas/*/" + name + ".p*.pkl")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures of", name, err)
	}
	for _, path := range files {
		t.Run(strings.TrimPrefix(path, fixture.Root()+"/pandas/"), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f(t, data)
		})
	}
}

func mustUnmarshal(t *testing.T, data []byte, v any, opts ...unpkl.Option) {
	t.Helper()
	if err := unpkl.Unmarshal(data, v, opts...); err != nil {
		t.Fatal(err)
	}
}

type mixedRow struct {
	I       int           `pickle:"i"`
	Small   uint8         `pickle:"u8"`
	F       float64       `pickle:"f"`
	G       float64       `pickle:"g"`
	B       bool          `pickle:"b"`
	O       *string       `pickle:"o"`
	C       complex128    `pickle:"c"`
	T       *time.Time    `pickle:"t"`
	D       time.Duration `pickle:"d"`
	Unknown string
}

func TestUnmarshalFrame(t *testing.T) {
	a, cafe, empty, z := "a", "café", "", "z"
	day := func(y, m, d, h, min, s, ms int) *time.Time {
		v := time.Date(y, time.Month(m), d, h, min, s, ms*1e6, time.UTC)
		return &v
	}
	const hours = time.Hour
	want := []mixedRow{
		{-4, 0, 0, 1.5, true, &a, 1i, day(2020, 1, 1, 0, 0, 0, 0), 24 * hours, ""},
		{-1, 1, 0.5, math.NaN(), false, nil, 1 + 1i, day(2021, 2, 3, 4, 5, 6, 789), -45 * hours,
			""},
		{2, 2, 1, math.Inf(1), true, &cafe, 2 + 1i, nil, 0, ""},
		{5, 3, 1.5, math.Copysign(0, -1), false, &empty, 3 + 1i, day(1970, 1, 1, 0, 0, 0, 0),
			time.Microsecond, ""},
		{8, 4, 2, 1e300, true, &z, 4 + 1i, day(2262, 1, 1, 0, 0, 0, 0), 0, ""},
	}
	pandasFiles(t, "mixed", func(t *testing.T, data []byte) {
		var rows []mixedRow
		mustUnmarshal(t, data, &rows)
		if diff := cmp.Diff(want, rows, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("rows (-want +got)\n%s", diff)
		}
		var pointers []*mixedRow
		mustUnmarshal(t, data, &pointers)
		if len(pointers) != 5 || pointers[4].I != 8 {
			t.Errorf("pointers: %v", pointers)
		}
		var columns struct {
			I []int64   `pickle:"i"`
			G []float32 `pickle:"f4"`
			O []*string `pickle:"o"`
			T []any     `pickle:"t"`
		}
		mustUnmarshal(t, data, &columns)
		if diff := cmp.Diff([]int64{-4, -1, 2, 5, 8}, columns.I); diff != "" ||
			columns.G[1] != 0.1 || columns.O[1] != nil || *columns.O[2] != cafe {
			t.Errorf("columns: %s %+v", diff, columns)
		}
		if tt, ok := columns.T[0].(time.Time); !ok || !tt.Equal(*want[0].T) || columns.T[2] != nil {
			t.Errorf("times: %v", columns.T)
		}
		var f *frame.Frame
		var whole frame.Frame
		mustUnmarshal(t, data, &f)
		mustUnmarshal(t, data, &whole)
		if f.Rows() != 5 || whole.Rows() != 5 {
			t.Errorf("%d and %d rows", f.Rows(), whole.Rows())
		}
		if v, err := frame.Column[float64](f, "f"); err != nil || v[4] != 2 {
			t.Error(v, err)
		}
		var records []map[string]any
		mustUnmarshal(t, data, &records)
		if len(records) != 5 || records[0]["i"] != int64(-4) || records[1]["o"] != nil {
			t.Errorf("records: %v", records)
		}
		var s *frame.Series
		var te *unpkl.UnmarshalTypeError
		if err := unpkl.Unmarshal(data, &s); !errors.As(err, &te) {
			t.Errorf("a DataFrame into a *frame.Series: %v", err)
		}
		var short []struct {
			I uint8 `pickle:"i"`
		}
		if err := unpkl.Unmarshal(data, &short); !errors.As(err, &te) || te.Path != "[0].i" {
			t.Errorf("-4 into a uint8: %v", err)
		}
		var text []struct {
			O int `pickle:"o"`
		}
		if err := unpkl.Unmarshal(data, &text); !errors.As(err, &te) || te.Path != "[0].o" {
			t.Errorf("a str into an int: %v", err)
		}
	})
}

func TestUnmarshalFrameColumns(t *testing.T) {
	pandasFiles(t, "homogeneous", func(t *testing.T, data []byte) {
		var got struct {
			Frames []any
		}
		var list []any
		mustUnmarshal(t, data, &list)
		got.Frames = list
		if f, ok := got.Frames[0].(*frame.Frame); !ok || f.Rows() != 4 {
			t.Fatalf("%T", got.Frames[0])
		}
		var first [6]unpklAny
		mustUnmarshal(t, data, &first)
		var columns map[string][]float64
		if err := first[0].decode(&columns); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string][]float64{"x": {0, 3, 6, 9}, "y": {1, 4, 7, 10},
			"z": {2, 5, 8, 11}}, columns); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// unpklAny keeps an object to be decoded later, by writing it again.
type unpklAny struct{ v any }

func (u *unpklAny) UnmarshalPickle(v any) error {
	u.v = v
	return nil
}

func (u *unpklAny) decode(v any) error {
	data, err := unpkl.Marshal(u.v)
	if err != nil {
		return err
	}
	return unpkl.Unmarshal(data, v)
}

func TestUnmarshalSeries(t *testing.T) {
	pandasFiles(t, "series", func(t *testing.T, data []byte) {
		var s [10]unpklAny
		mustUnmarshal(t, data, &s)
		var ints []int32
		var floats map[string]float64
		var any2 []any
		var bools []bool
		var times []time.Time
		var some []*time.Time
		var spans []time.Duration
		var index *frame.Series
		for i, v := range []any{&ints, &floats, &any2, new([]float64), &bools, new([]int)} {
			if err := s[i].decode(v); err != nil {
				t.Fatal(i, err)
			}
		}
		if diff := cmp.Diff([]int32{1, 2, 3}, ints); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(map[string]float64{"a": 1.5, "b": math.NaN()}, floats,
			cmpopts.EquateNaNs()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]any{"x", nil, 3, 2.5, []any{1, 2}}, any2); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]bool{true, false}, bools); diff != "" {
			t.Error(diff)
		}
		err := s[6].decode(&times)
		if te := new(unpkl.UnmarshalTypeError); !errors.As(err, &te) {
			t.Errorf("NaT into a time.Time: %v", err)
		}
		if err := s[6].decode(&some); err != nil || some[1] != nil ||
			!some[0].Equal(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Error(some, err)
		}
		if err := s[7].decode(&spans); err != nil || spans[1] != 2*time.Second {
			t.Error(spans, err)
		}
		if err := s[4].decode(&index); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]any{"a", 1}, index.Name); diff != "" {
			t.Error(diff)
		}
	})
}

func TestUnmarshalTimeZones(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Skip(err)
	}
	want := time.Date(2020, 3, 28, 23, 0, 0, 0, paris)
	pandasFiles(t, "timezones", func(t *testing.T, data []byte) {
		var v [3]unpklAny
		mustUnmarshal(t, data, &v)
		var rows []struct {
			Paris time.Time `pickle:"paris"`
			UTC   time.Time `pickle:"utc"`
			X     int       `pickle:"x"`
		}
		if err := v[0].decode(&rows); err != nil {
			t.Fatal(err)
		}
		if !rows[0].Paris.Equal(want) || rows[0].Paris.Location().String() != "Europe/Paris" ||
			!rows[0].UTC.Equal(want) ||
			rows[0].UTC.Location() != time.UTC || rows[4].X != 4 ||
			!rows[4].Paris.Equal(want.Add(28*time.Hour)) {
			t.Errorf("%+v", rows)
		}
		var s *frame.Series
		if err := v[1].decode(&s); err != nil {
			t.Fatal(err)
		}
		times, err := frame.Values[time.Time](s)
		if err != nil || !times[0].Equal(want) || times[0].Location().String() != "Europe/Paris" {
			t.Error(times, err)
		}
	})
}

func TestUnmarshalScalars(t *testing.T) {
	pandasFiles(t, "scalars", func(t *testing.T, data []byte) {
		type scalars struct {
			Time, Eastern time.Time
			NaT           *time.Time
			Delta         time.Duration
			Month         frame.PeriodValue
			Week          any
			Day           *frame.PeriodValue
		}
		var list []any
		mustUnmarshal(t, data, &list)
		var v [7]unpklAny
		mustUnmarshal(t, data, &v)
		var got scalars
		got.NaT = new(time.Time)
		for i, to := range []any{&got.Time, &got.Eastern, &got.NaT, &got.Delta, &got.Month,
			&got.Week, &got.Day} {
			if err := v[i].decode(to); err != nil {
				t.Fatal(i, err)
			}
		}
		if !got.Time.Equal(time.Date(2020, 1, 2, 3, 4, 5, 678901234, time.UTC)) ||
			!got.Eastern.Equal(time.Date(2020, 1, 2, 5, 0, 0, 0, time.UTC)) ||
			got.NaT != nil || got.Delta != 26*time.Hour+3*time.Minute+4*time.Second+5 ||
			got.Month.Ordinal != 604 || got.Day.Ordinal != 18267 || got.Week == nil {
			t.Errorf("%+v", got)
		}
		var text string
		if err := v[0].decode(&text); err != nil || text != "2020-01-02T03:04:05.678901234" {
			t.Error(text, err)
		}
	})
}

func TestUnmarshalSparse(t *testing.T) {
	for _, env := range []string{"py27-sklearn.p2", "py36-sklearn.p4", "py313-sklearn.p5"} {
		name, protocol, _ := strings.Cut(env, ".")
		data, err := os.ReadFile(fixture.Root() + "/scipy/" + name + "/csr." + protocol + ".pkl")
		if err != nil {
			t.Fatal(err)
		}
		var dense [][]float64
		mustUnmarshal(t, data, &dense)
		want := [][]float64{{0, 1.5, 0, 0, 0, 0}, {-2, 0, 0, 0, 0, 1e300}, {0, 0, 0, 0, 0, 0},
			{0, 0, 0, 0.1, 0, 0}}
		if diff := cmp.Diff(want, dense); diff != "" {
			t.Errorf("%s (-want +got)\n%s", env, diff)
		}
		var s *reconstruct.Sparse
		mustUnmarshal(t, data, &s)
		if s.NNZ() != 4 {
			t.Error(s)
		}
		v, err := unpkl.LoadBytes(data)
		if s, ok := v.(*reconstruct.Sparse); err != nil || !ok || s.Format != "csr" {
			t.Error(v, err)
		}
		v, err = unpkl.LoadBytes(data, unpkl.WithObjects())
		if _, ok := v.(*reconstruct.Sparse); err != nil || ok {
			t.Errorf("an object: %T %v", v, err)
		}
		if err := unpkl.Unmarshal(data, &dense,
			unpkl.WithLimits(unpkl.Limits{Expansion: 20})); !errors.Is(err, unpkl.ErrLimit) {
			t.Errorf("24 elements within a limit of 20: %v", err)
		}
	}
}

func TestUnmarshalNullable(t *testing.T) {
	pandasFiles(t, "nullable_ints", func(t *testing.T, data []byte) {
		var v [5]unpklAny
		mustUnmarshal(t, data, &v)
		var rows []struct {
			I *int64 `pickle:"i"`
			U uint8  `pickle:"u"`
		}
		if err := v[0].decode(&rows); err != nil || *rows[0].I != 1 || rows[1].I != nil ||
			rows[1].U != 2 || rows[2].U != 0 {
			t.Error(rows, err)
		}
		var ints []int
		if err := v[1].decode(&ints); err == nil {
			t.Errorf("NA into an int: %v", ints)
		}
		var floats []float64
		if err := v[1].decode(&floats); err != nil || floats[0] == floats[0] || floats[1] != -5 {
			t.Error(floats, err)
		}
		if err := v[4].decode(&ints); err != nil || !cmp.Equal([]int{0, 0, 3, 0, 4}, ints) {
			t.Error(ints, err)
		}
		var d ndarray.Datetime64
		if err := v[4].decode(&d); err == nil {
			t.Error("a Series into a Datetime64")
		}
	})
}
