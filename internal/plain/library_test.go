package plain_test

import (
	"github.com/unpkl/unpkl/internal/fixture"

	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/apd/v3"
	"github.com/google/go-cmp/cmp"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/reconstruct"
)

// plainElement is what scripts/fixtures/pandas_cases.py writes for a value; v is plain.
func plainElement(v any) any {
	switch v := v.(type) {
	case nil:
		return []any{"null"}
	case bool:
		return []any{"bool", strconv.FormatBool(v)}
	case int, int8, int16, int32, int64, uint8, uint16, uint32, uint64:
		return []any{"int", fmt.Sprint(v)}
	case float64:
		if v != v {
			return []any{"null"}
		}
		return []any{"float", fmt.Sprintf("%016x", math.Float64bits(v))}
	case float32:
		return plainElement(float64(v))
	case complex128:
		return []any{"complex", plainElement(real(v)), plainElement(imag(v))}
	case string:
		return []any{"str", v}
	case []byte:
		return []any{"bytes", hex.EncodeToString(v)}
	case ndarray.Datetime64:
		t, err := v.Time()
		switch {
		case v.IsNaT():
			return []any{"null"}
		case err != nil:
			return []any{"unexpected", v.String()}
		case v.Unit.Base == "D":
			return []any{"date", v.String()} // only Arrow's date32 has days
		}
		return plainElement(t)
	case ndarray.Timedelta64:
		if v.IsNaT() {
			return []any{"null"}
		}
		scale := map[string]int64{"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1}[v.Unit.Base]
		return []any{"timedelta", strconv.FormatInt(v.Value*scale, 10)}
	case time.Time:
		if y := v.Year(); y < 1678 || y > 2261 { // outside of UnixNano
			return []any{"datetime", strconv.FormatInt(v.Unix(), 10) +
				fmt.Sprintf("%09d", v.Nanosecond())}
		}
		return []any{"datetime", strconv.FormatInt(v.UnixNano(), 10)}
	case time.Duration:
		return []any{"timedelta", strconv.FormatInt(int64(v), 10)}
	case frame.PeriodValue:
		return []any{"period", fmt.Sprintf("%d %s", v.Ordinal, newFreq(v.Freq))}
	case frame.IntervalValue:
		return []any{"interval", v.Closed, plainElement(v.Left), plainElement(v.Right)}
	case *apd.Decimal:
		return []any{"decimal", v.String()}
	case reconstruct.Date:
		return []any{"date", v.ISOFormat()}
	case [2]any:
		return plainElement(v[:])
	case []any:
		out := []any{"list"}
		for _, e := range v {
			out = append(out, plainElement(e))
		}
		return out
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		out := []any{"dict"}
		for _, k := range keys {
			out = append(out, []any{k, plainElement(v[k])})
		}
		return out
	}
	return []any{"unexpected", fmt.Sprintf("%T", v)}
}

// newFreq gives pandas' 1.x and 2.x aliases one spelling.
func newFreq(f string) string {
	if f == "A" || strings.HasPrefix(f, "A-") {
		return "Y" + f[1:]
	}
	return f
}

func plainElements(n int, at func(int) any, null func(int) bool) []any {
	out := make([]any, n)
	for i := range out {
		if out[i] = any([]any{"null"}); !null(i) {
			out[i] = plainElement(at(i))
		}
	}
	return out
}

func plainIndex(x *frame.Index) map[string]any {
	m := map[string]any{"class": x.Class, "names": plainElement(append([]any{},
		x.Names...)).([]any)[1:], "freq": nil}
	m["values"] = plainElements(x.Len(), x.At, x.IsNull)
	if x.Class == "PeriodIndex" {
		m["freq"] = newFreq(x.Values.Freq)
	}
	return m
}

// plainDescription is what pandas_cases.py writes for a plain value.
func plainDescription(t *testing.T, v any) map[string]any {
	switch v := v.(type) {
	case []any:
		items := make([]any, len(v))
		for i, e := range v {
			items[i] = plainDescription(t, e)
		}
		return map[string]any{"kind": "list", "items": items}
	case *frame.Frame:
		if err := v.Validate(); err != nil {
			t.Error(err)
		}
		columns := make([]any, len(v.Columns))
		for i, s := range v.Columns {
			columns[i] = map[string]any{"dtype": s.DType,
				"values": plainElements(s.Len(), s.At, s.IsNull)}
		}
		return map[string]any{"kind": "frame", "index": plainIndex(v.Index),
			"labels": plainIndex(v.Labels), "columns": columns}
	case *frame.Series:
		m := map[string]any{"kind": "array", "dtype": v.DType,
			"values": plainElements(v.Len(), v.At, v.IsNull)}
		if v.Index != nil {
			m["kind"], m["name"], m["index"] = "series", plainElement(v.Name), plainIndex(v.Index)
		}
		return m
	case *frame.Index:
		return map[string]any{"kind": "index", "index": plainIndex(v)}
	}
	return map[string]any{"kind": "scalar", "value": plainElement(v)}
}

// normalPandas removes from Python's description what plain values do not tell apart.
func normalPandas(v any, old bool) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = normalPandas(e, old)
		}
		if d, ok := v["dtype"].(string); ok {
			if strings.HasPrefix(d, "interval[") && !strings.Contains(d, ", ") {
				v["dtype"] = strings.TrimSuffix(d, "]") + ", right]" // before pandas 1.3
			}
			if inner, isSparse := strings.CutPrefix(d, "Sparse["); isSparse && old {
				v["dtype"], _, _ = strings.Cut(inner, ",")
			}
		}
		if f, ok := v["freq"].(string); ok {
			v["freq"] = newFreq(f)
		}
	case []any:
		if len(v) == 2 && v[0] == "period" {
			ordinal, freq, _ := strings.Cut(v[1].(string), " ")
			return []any{"period", ordinal + " " + newFreq(freq)}
		}
		for i, e := range v {
			v[i] = normalPandas(e, old)
		}
		if len(v) > 0 && v[0] == "tuple" {
			v[0] = "list"
		}
	}
	return v
}

// viaJSON makes the types of v those of a JSON document.
func viaJSON(t *testing.T, v any) (out any) {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// eachPandas runs f for every pickle that pandas wrote, with what pandas says of it.
func eachPandas(t *testing.T, f func(t *testing.T, path string, data []byte, want any, old bool)) {
	files, err := filepath.Glob(fixture.Root() + "/pandas/*/*.pkl")
	if err != nil || len(files) == 0 {
		t.Fatal("no pandas fixtures", err)
	}
	for _, path := range files {
		t.Run(strings.TrimPrefix(path, fixture.Root()+"/pandas/"), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := os.ReadFile(path[:strings.LastIndex(path[:len(path)-4], ".")] + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want struct {
				Pandas string
				Value  any
			}
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatal(err)
			}
			f(t, path, data, want.Value, strings.HasPrefix(want.Pandas, "0.") &&
				want.Pandas < "0.24")
		})
	}
}

func TestPlainPandas(t *testing.T) {
	eachPandas(t, func(t *testing.T, path string, data []byte, want any, old bool) {
		v, err := unpkl.LoadBytes(data)
		if err != nil {
			t.Fatal(err)
		}
		got := viaJSON(t, plainDescription(t, v))
		if diff := cmp.Diff(normalPandas(want, old), normalPandas(got, old)); diff != "" {
			t.Errorf("(-pandas +ours)\n%.3000s", diff)
		}
	})
}

// TestMappedPandas reads the columns of mapped files, and again when the files are closed:
// that must be an error or a copy, never memory that is gone.
func TestMappedPandas(t *testing.T) {
	eachPandas(t, func(t *testing.T, path string, data []byte, want any, old bool) {
		f, err := unpkl.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		v, err := f.Load()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(normalPandas(want, old),
			normalPandas(viaJSON(t, plainDescription(t, v)), old)); diff != "" {
			t.Errorf("(-pandas +ours)\n%.3000s", diff)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		closedSeries(t, v)
	})
}

// closedSeries checks the memory of every column in a plain value.
func closedSeries(t *testing.T, v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			closedSeries(t, e)
		}
	case *frame.Frame:
		for _, c := range v.Columns {
			closedSeries(t, c)
		}
	case *frame.Series:
		if v.Text != nil {
			for i := range v.Len() {
				_ = v.Text.At(i)
			}
		}
		if v.Values == nil || v.Values.HasObject() || v.Kind == frame.Categorical {
			return
		}
		if _, err := v.Values.AppendBytes(nil, ndarray.OrderC); v.Len() > 0 &&
			v.Values.NBytes() > 0 && err != nil && !errors.Is(err, unpkl.ErrClosed) {
			t.Errorf("%s: %v", v.DType, err)
		}
	}
}
