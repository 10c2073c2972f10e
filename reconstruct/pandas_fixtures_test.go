package reconstruct_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/apd/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// pandasElement is what scripts/fixtures/pandas_cases.py writes for a value.
func pandasElement(p *reconstruct.Pandas, v any) any {
	if sc, ok := v.(*ndarray.Scalar); ok {
		v = sc.Value()
	}
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
		return pandasElement(p, float64(v))
	case complex128:
		return []any{"complex", pandasElement(p, real(v)), pandasElement(p, imag(v))}
	case string:
		return []any{"str", v}
	case []byte:
		return []any{"bytes", hex.EncodeToString(v)}
	case ndarray.Datetime64:
		if v.Unit.Base == "D" && v.Value != math.MinInt64 {
			return []any{"date", v.String()} // only Arrow's date32 has days
		}
		return pandasTime("datetime", v.Value, v.Unit.Base)
	case ndarray.Timedelta64:
		return pandasTime("timedelta", v.Value, v.Unit.Base)
	case time.Time: // of a series with a time zone
		return pandasTime("datetime", v.UnixNano(), "ns")
	case reconstruct.Timestamp:
		return pandasTime("datetime", v.Value, v.Unit)
	case reconstruct.PandasTimedelta:
		return pandasTime("timedelta", v.Value, v.Unit)
	case frame.PeriodValue:
		return []any{"period", fmt.Sprintf("%d %s", v.Ordinal, newFreq(v.Freq))}
	case frame.IntervalValue:
		return []any{"interval", v.Closed, pandasElement(p, v.Left), pandasElement(p, v.Right)}
	case reconstruct.Decimal:
		return []any{"decimal", v.String()}
	case *apd.Decimal:
		return []any{"decimal", v.String()}
	case *reconstruct.Time:
		since := (v.Hour*60+v.Minute)*60 + v.Second
		return pandasTime("timedelta", int64(since)*1_000_000+int64(v.Microsecond), "us")
	case *reconstruct.Date:
		return []any{"date", v.ISOFormat()}
	case reconstruct.PandasNull:
		return []any{"null"}
	case *types.Tuple:
		return pandasSequence(p, "tuple", *v)
	case *types.List:
		return pandasSequence(p, "list", *v)
	case []any:
		return pandasSequence(p, "list", v)
	case [2]any:
		return pandasSequence(p, "tuple", v[:])
	case *types.Dict:
		m := map[string]any{}
		for _, e := range *v {
			m[fmt.Sprint(e.Key)] = e.Value
		}
		return pandasElement(p, m)
	case map[string]any:
		out := []any{"dict"}
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for _, k := range keys {
			out = append(out, []any{k, pandasElement(p, v[k])})
		}
		return out
	}
	if c, ok, err := p.Convert(v); ok && err == nil {
		return pandasElement(p, c)
	}
	return []any{"unexpected", fmt.Sprintf("%T", v)}
}

func pandasSequence(p *reconstruct.Pandas, tag string, items []any) any {
	out := []any{tag}
	for _, e := range items {
		out = append(out, pandasElement(p, e))
	}
	return out
}

func pandasTime(tag string, v int64, unit string) any {
	if v == math.MinInt64 {
		return []any{"null"}
	}
	scale := map[string]int64{"D": 86400e9, "s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1}[unit]
	return []any{tag, strconv.FormatInt(v*scale, 10)}
}

// newFreq gives pandas' 1.x and 2.x aliases one spelling.
func newFreq(f string) string {
	if f == "A" || strings.HasPrefix(f, "A-") {
		return "Y" + f[1:]
	}
	return f
}

func pandasElements(p *reconstruct.Pandas, n int, at func(int) any, null func(int) bool) []any {
	out := make([]any, n)
	for i := range out {
		if out[i] = any([]any{"null"}); !null(i) {
			out[i] = pandasElement(p, at(i))
		}
	}
	return out
}

func pandasIndex(p *reconstruct.Pandas, x *frame.Index) map[string]any {
	names := make([]any, len(x.Names))
	for i, n := range x.Names {
		names[i] = pandasElement(p, n)
	}
	m := map[string]any{"class": x.Class, "names": names, "freq": nil}
	if x.IsMulti() {
		values := make([]any, x.Len())
		for i := range values {
			label := []any{"tuple"}
			for k := range x.Levels {
				label = append(label, pandasElement(p, x.Level(k, i)))
			}
			values[i] = label
		}
		m["values"] = values
		return m
	}
	m["values"] = pandasElements(p, x.Len(), x.At, x.IsNull)
	if x.Class == "PeriodIndex" {
		m["freq"] = newFreq(x.Values.Freq)
	}
	return m
}

func pandasDescribe(t *testing.T, p *reconstruct.Pandas, v any) map[string]any {
	if list, ok := v.(*types.List); ok {
		items := make([]any, len(*list))
		for i, e := range *list {
			items[i] = pandasDescribe(t, p, e)
		}
		return map[string]any{"kind": "list", "items": items}
	}
	c, ok, err := p.Convert(v)
	if err != nil {
		t.Errorf("Convert: %v", err)
		return nil
	}
	if !ok {
		t.Errorf("Convert does not know %T", v)
		return nil
	}
	switch c := c.(type) {
	case *frame.Frame:
		if err := c.Validate(); err != nil {
			t.Error(err)
		}
		columns := make([]any, len(c.Columns))
		for i, s := range c.Columns {
			columns[i] = map[string]any{"dtype": s.DType,
				"values": pandasElements(p, s.Len(), s.At, s.IsNull)}
		}
		return map[string]any{"kind": "frame", "index": pandasIndex(p, c.Index),
			"labels": pandasIndex(p, c.Labels), "columns": columns}
	case *frame.Series:
		m := map[string]any{"dtype": c.DType, "values": pandasElements(p, c.Len(), c.At, c.IsNull)}
		if m["kind"] = "array"; c.Index != nil {
			m["kind"], m["name"], m["index"] = "series", pandasElement(p, c.Name),
				pandasIndex(p, c.Index)
		}
		return m
	case *frame.Index:
		return map[string]any{"kind": "index", "index": pandasIndex(p, c)}
	}
	return map[string]any{"kind": "scalar", "value": pandasElement(p, c)}
}

// normalPandas removes from Python's description what differs in spelling only.
func normalPandas(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = normalPandas(e)
		}
		if d, ok := v["dtype"].(string); ok && strings.HasPrefix(d, "interval[") &&
			!strings.Contains(d, ", ") {
			v["dtype"] = strings.TrimSuffix(d, "]") + ", right]" // before pandas 1.3
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
			v[i] = normalPandas(e)
		}
	}
	return v
}

// oldSparseDTypes names sparse dtypes as pandas did before 0.24: as those of the
// values.
func oldSparseDTypes(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = oldSparseDTypes(e)
		}
		if d, ok := v["dtype"].(string); ok {
			if inner, isSparse := strings.CutPrefix(d, "Sparse["); isSparse {
				v["dtype"], _, _ = strings.Cut(inner, ",")
			}
		}
	case []any:
		for i, e := range v {
			v[i] = oldSparseDTypes(e)
		}
	}
	return v
}

func TestPandasFixtures(t *testing.T) {
	dir := filepath.Join("..", "testdata", "pandas")
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.pkl"))
	if err != nil || len(files) == 0 {
		t.Fatal("no pandas fixtures", err)
	}
	for _, path := range files {
		name := strings.TrimPrefix(path, dir+"/")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			stem := path[:strings.LastIndex(path[:len(path)-4], ".")]
			raw, err := os.ReadFile(stem + ".json")
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
			u := pickle.NewUnpicklerBytes(data)
			u.FindClass = reconstruct.FindClass
			v, err := u.Load()
			if err != nil {
				t.Fatal(err)
			}
			got := pandasDescribe(t, new(reconstruct.Pandas), v)
			enc, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			var plain any
			if err := json.Unmarshal(enc, &plain); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(want.Pandas, "0.1") ||
				strings.HasPrefix(want.Pandas, "0.2") && want.Pandas < "0.24" {
				plain = oldSparseDTypes(plain)
			}
			if diff := cmp.Diff(normalPandas(want.Value), plain); diff != "" {
				t.Errorf("(-pandas +ours)\n%s", diff[:min(len(diff), 3000)])
			}
		})
	}
}
