package convert_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/ndarray"
)

// texts are CSV files for pandas, with each type of column and near misses of each.
var texts = []string{
	"a,b\n1,2\n3,4\n", "a,b\n1,\n3,4\n", "a\n9223372036854775807\n-9223372036854775808\n",
	"a\n18446744073709551615\n1\n",
	"a\nTrue\nFalse\n", "a\ntrue\nFALSE\n", "a\nTrue\n\"\"\n", "a,b\nTrue,1\n,2\n", "a\n1\nTrue\n",
	"a\n1.5\nx\n", "a\n1.5\n2\n",
	"a,b\nx,1\nNA,2\n", "a,b\nnan,1\nNone,2\n", "a,b\ninf,1\n-inf,2\n", "a,b\n1e400,1\n-1e-400,2\n",
	"a,b\n\"1\",\"x,y\"\n\"2\",\"z\"\"q\"\n",
	"a,b\n\"line 1\nline 2\",1\n", "a,b\r\n1,x\r\n2,y\r\n", "a,a,a\n1,2,3\n", "a,b,c\n1,2\n",
	"\xef\xbb\xbfa,b\n1,2\n", "é,ü\nñ,1\n",
	"a\n0.1\n0.30000000000000004\n1e-5\n123456789012345678\n", "a,b\n 1, x\n2,y\n",
	"a,b\n1,x \n2,y\n", "a\n+1\n-2\n", "a\n1_0\n2\n",
	"a\n0x10\n2\n", "a\n1e5\n2\n", "a\n.5\n5.\n", "a\n007\n8\n", "a,b\n1,2\n\n3,4\n",
	"a,b\n1,2\n ,4\n", "a,b\nx,\ny,\n", "a\n1.7976931348623157e308\n5e-324\n",
	",x\np,1\nq,2\n", ",x\n0,1.5\n1,2.5\n", "a,b\n#1,2\n3,4\n", "a\n1\n2.5\n\n3\n",
	"a,b\n-,1\n+,2\n", "a\n-nan\nNaN\n", "a\n1.5e\n2\n", "a,b\n1,\"\"\n2,x\n",
	"a\n1+2j\n3j\n", "a\n2024-01-01\n2024-01-02\n", "a,b\n99999999999999999999,1\n1,2\n",
	"a,\n1,2\n", "a,b\n18446744073709551615,1\n,2\n", "a,b\n99999999999999999999,1\n,2\n",
	"a\n18446744073709551615\n-1\n", "a\n99999999999999999999\n1.5\n",
	"a\n0.1234567890123456789012345\n12345678901234567890.5\n", "a\n1\n-18446744073709551615\n",
}

// numberTexts returns columns in which an int beyond int64, or beyond uint64, is followed by a
// field of another kind. The type that pandas gives to such a column depends on the order.
func numberTexts() []string {
	const large, huge = "10222974513921618119", "1234567890123456789012345"
	columns := []string{"a", "a\n"}
	for _, first := range []string{large, huge, "-" + huge, "5", "1.5", "", "x", "True"} {
		for _, second := range []string{large, huge, "-" + huge, "+5", "-5", "-0", "1.5", "-1.5",
			"",
			"x", "-x", "inf", "-inf", "tRUE", "00000000000000000000005"} {
			for _, third := range []string{"", large, huge, "0.5", "-7"} {
				columns = append(columns, "a,b\n"+first+",1\n"+second+",2\n"+third+",3\n")
			}
		}
	}
	return columns
}

// randomText returns a table of columns that have mostly fields of one kind, but sometimes, or in
// the last row, a field of another kind.
func randomText(random *rand.Rand, rows int) string {
	one := func(fields ...string) func() string {
		return func() string { return fields[random.IntN(len(fields))] }
	}
	kinds := []func() string{
		func() string { return strconv.Itoa(random.IntN(500) - 5) },
		func() string { return strconv.FormatInt(int64(random.Uint64()), 10) },
		func() string { return strconv.FormatUint(random.Uint64()|1<<63, 10) },
		func() string { return strconv.FormatUint(random.Uint64()|1<<63, 10) + "0" },
		func() string { return strconv.FormatFloat(random.NormFloat64(), 'g', -1, 64) },
		func() string { return strconv.FormatFloat(random.NormFloat64(), 'e', 18, 64) },
		one("True", "False"), one("TRUE", "false"), one("", "NaN", "NA", "null", "None", "n/a"),
		one("a", "b c", `"x,y"`, `"q""q"`, "é", "1a", "-", "+", ".", "inf", "-inf", "0x10", "1e5",
			"1E", "007", "+5", " 5", "1.", ".5", "1e400", `"5"`, "\"a\nb\""),
	}
	columns := 1 + random.IntN(4)
	type plan struct {
		usual, other func() string
		often        float64 // 0: in the last row only
	}
	plans := make([]plan, columns)
	var text strings.Builder
	for c := range plans {
		often := math.Pow(random.Float64(), 3) / 5
		plans[c] = plan{kinds[random.IntN(len(kinds))], kinds[random.IntN(len(kinds))],
			often * float64(random.IntN(2))}
		fmt.Fprintf(&text, "c%d,", c)
	}
	text.WriteString("end\n")
	for row := range rows {
		for _, p := range plans {
			field := p.usual
			if p.often > 0 && random.Float64() < p.often || p.often == 0 && row == rows-1 {
				field = p.other
			}
			text.WriteString(field() + ",")
		}
		text.WriteString("0\n")
	}
	return text.String()
}

// TestLiveCSV: tables are equal to those of pandas.read_csv, including dtypes and bits.
func TestLiveCSV(t *testing.T) {
	python(t)
	dir := t.TempDir()
	all := slices.Concat(texts, numberTexts())
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 100 {
		rows := []int{1, 2, 5, 40, 3000}[i%5]
		if i%20 == 19 {
			rows = 40000 // several blocks, read by the types of the first rows
		}
		all = append(all, randomText(random, rows))
	}
	for i, text := range all {
		path := filepath.Join(dir, fmt.Sprintf("%03d.csv", i))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		yes := convert.WithText(convert.Text{Names: convert.Yes, Comment: "none"})
		if err := convert.File(path, path[:len(path)-4]+".pkl", yes,
			convert.WithObjects()); err != nil {
			t.Errorf("%q: %v", text, err)
			os.Remove(path)
		}
	}
	if out := runPython(t, "testdata/live.py", "csv", dir); len(out) > 0 {
		t.Errorf("%s", out)
	}
}

// TestLiveToCSV: tables are written as DataFrame.to_csv and Series.to_csv write them.
func TestLiveToCSV(t *testing.T) {
	python(t)
	dir := t.TempDir()
	runPython(t, "testdata/live.py", "tocsv", dir)
	names, err := filepath.Glob(filepath.Join(dir, "*.pkl"))
	if err != nil || len(names) < 10 {
		t.Fatalf("%d tables, %v", len(names), err)
	}
	for _, name := range names {
		to := strings.TrimSuffix(name, "pkl") + "csv"
		if err := convert.File(name, to, convert.WithObjects()); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, want := readFile(t, to), readFile(t, strings.TrimSuffix(name, "pkl")+"want")
		if got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// savetxtCase has the arguments of a call of numpy.savetxt.
type savetxtCase struct {
	Name      string `json:"name"`
	Fmt       string `json:"fmt"`
	Delimiter string `json:"delimiter"`
	Header    string `json:"header"`
	Footer    string `json:"footer"`
}

// TestLiveSavetxt: the text is that of numpy.savetxt, byte for byte.
func TestLiveSavetxt(t *testing.T) {
	python(t)
	dir := t.TempDir()
	floats := mustSlice(t, []float64{1.5, -0.1, 123456.789, 1e-7, 1e22, 0, -2.5, 99999.5, 3}, 3, 3)
	ints := mustSlice(t, []int64{1, -20, 300, 4}, 2, 2)
	complexes := mustSlice(t, []complex128{1 + 2i, -0.5 - 1e-3i}, 2)
	var cases []savetxtCase
	add := func(a *ndarray.Array, fmts ...string) {
		for _, f := range fmts {
			c := savetxtCase{strconv.Itoa(len(cases)), f, ",", "", ""}
			if len(cases)%3 == 1 {
				c.Delimiter, c.Header, c.Footer = "\t", "x y\nz", "end"
			}
			cases = append(cases, c)
			opts := convert.WithText(convert.Text{Format: f, Delimiter: c.Delimiter,
				Header: c.Header, Footer: c.Footer})
			if err := convert.Write(filepath.Join(dir, c.Name+".csv"), a, opts); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			if err := convert.Write(filepath.Join(dir, c.Name+".npy"), a); err != nil {
				t.Fatal(err)
			}
		}
	}
	add(floats, "%.18e", "%.3f", "%10.5f", "%g", "%.10g", "%e", "%+.2e", "%-12.2f", "%012.3f", "%d",
		"%s", "% .3E", "%G", "%d;%.2f;%s", "%#.3g")
	add(ints, "%d", "%5d", "%.18e", "%-4d", "%+d", "%i", "%.1f", "%s")
	add(complexes, "%.18e", "%.4f", "%g")
	data, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "cases.json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	runPython(t, "testdata/live.py", "savetxt", dir)
	for _, c := range cases {
		got, err1 := os.ReadFile(filepath.Join(dir, c.Name+".csv"))
		want, err2 := os.ReadFile(filepath.Join(dir, c.Name+".want"))
		if err1 != nil || err2 != nil || !bytes.Equal(got, want) {
			t.Errorf("%+v:\n%s, %v, want\n%s, %v", c, got, err1, want, err2)
		}
	}
}

// TestLiveLoadtxt: arrays of a given dtype are equal to those of numpy.loadtxt and genfromtxt.
func TestLiveLoadtxt(t *testing.T) {
	python(t)
	dir := t.TempDir()
	type loadtxtCase struct {
		Name      string `json:"name"`
		Text      string `json:"-"`
		DType     any    `json:"dtype"`
		Delimiter string `json:"delimiter"`
		Skip      int    `json:"skip"`
		Columns   []int  `json:"columns"`
	}
	cases := []loadtxtCase{
		{Text: "1 2 3\n4 5 6\n", DType: "<f8"}, {Text: "# c\n1,2\n3,4 # end\n", DType: "<i4",
			Delimiter: ","},
		{Text: "x\ny\n1.5 2\n2.5 3\n", DType: "<f4", Skip: 2}, {Text: "1\n2\n3\n", DType: "<u8"},
		{Text: "1+2j 3\n-1j 2\n", DType: "<c16"},
		{Text: "1 2 3\n4 5 6\n", DType: "<f8", Columns: []int{2, 0}},
		{Text: "1 2 3\n4 5 6\n", DType: "<f8", Columns: []int{-1}},
		{Text: "1 2.5 a\n3 4.5 bc\n", DType: [][]string{{"x", "<i8"}, {"y", "<f8"}, {"z", "<U2"}}},
		{Text: "nan inf\n-inf 1e300\n", DType: "<f8"}, {Text: " 1   2\t3\n\n4 5 6\n", DType: "<f8"},
	}
	for i := range cases {
		c := &cases[i]
		c.Name = strconv.Itoa(i)
		var dt *ndarray.DType
		var err error
		if s, ok := c.DType.(string); ok {
			dt, err = ndarray.ParseDType(s)
		} else {
			var fields []ndarray.Field
			for _, f := range c.DType.([][]string) {
				one, err := ndarray.ParseDType(f[1])
				if err != nil {
					t.Fatal(err)
				}
				fields = append(fields, ndarray.Field{Name: f[0], DType: one})
			}
			dt, err = ndarray.NewStruct(fields, false)
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, c.Name)
		if err := os.WriteFile(path+".txt", []byte(c.Text), 0o600); err != nil {
			t.Fatal(err)
		}
		opts := convert.WithText(convert.Text{DType: dt, Delimiter: c.Delimiter, SkipRows: c.Skip,
			Columns: c.Columns})
		if err := convert.File(path+".txt", path+".npy", opts); err != nil {
			t.Errorf("%q: %v", c.Text, err)
		}
	}
	data, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "cases.json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := runPython(t, "testdata/live.py", "loadtxt", dir); len(out) > 0 {
		t.Errorf("%s", out)
	}
}

// TestLiveXDR reads BLOBs that xdrlib packed, and lets xdrlib unpack BLOBs in the same table.
func TestLiveXDR(t *testing.T) {
	python(t)
	dir := t.TempDir()
	runPython(t, "testdata/live.py", "xdr", dir)
	db := filepath.Join(dir, "sim.db")
	for column, opts := range map[string][]convert.Option{
		"ppms": nil, "spectrum": {convert.WithBLOB(convert.BLOB{Complex: true})},
	} {
		v, err := convert.Read(db+"#simulations."+column, opts...)
		if err != nil {
			t.Fatal(err)
		}
		for key, got := range v.(map[string]any) {
			want, err := convert.Read(filepath.Join(dir, key+"."+column+".npy"))
			if err != nil || !got.(*ndarray.Array).Equal(want.(*ndarray.Array)) {
				t.Errorf("%s %s: %v, want %v, %v", column, key, got, want, err)
			}
		}
		if len(v.(map[string]any)) != 4 {
			t.Errorf("%s: %v", column, v)
		}
	}
	shaped, err := convert.Read(db+"#simulations.ppms",
		convert.WithBLOB(convert.BLOB{Shape: []int{1, 4, -1}}))
	if err == nil {
		t.Errorf("one element has the shape (1, 4, -1): %v", shaped)
	}
	if err := convert.Write(db+"#simulations.ppms",
		map[string]any{"2": []float64{1, -2.5}, "4": []float64{}}); err != nil {
		t.Fatal(err)
	}
	var got map[string][]float64
	if err := json.Unmarshal(runPython(t, "testdata/live.py", "readxdr", dir), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got["2"], []float64{1, -2.5}) || len(got["4"]) != 0 ||
		len(got["3"]) != 5 || len(got) != 4 {
		t.Errorf("%v", got)
	}
}

// TestLiveMemmap reads files of numpy.memmap and open_memmap, and writes one for numpy.memmap.
func TestLiveMemmap(t *testing.T) {
	python(t)
	dir := t.TempDir()
	z, err := ndarray.Create(filepath.Join(dir, "z.mmap"), ndarray.DTypeOf[float64](), []int{2, 2},
		ndarray.OrderC, 16)
	if err != nil {
		t.Fatal(err)
	}
	if err := z.SetAt(2.5, 1, 0); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if out := bytes.TrimSpace(runPython(t, "testdata/live.py", "memmap",
		dir)); string(out) != "[[0.0, 0.0], [2.5, 0.0]]" {
		t.Errorf("Python has %s", out)
	}
	x, err := ndarray.OpenMapped(filepath.Join(dir, "x.mmap"), ndarray.MapRead,
		ndarray.DTypeOf[int16]().NewByteOrder(ndarray.BigEndian), []int{3, 4}, ndarray.OrderF, 10)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for i := range 12 {
		if got := x.At(i/4, i%4); got != int16(i) {
			t.Errorf("%d: %v", i, got)
		}
	}
	y, err := convert.Read(filepath.Join(dir, "y.npy"))
	if err != nil || y.(*ndarray.Array).At(1, 2) != float32(7.5) {
		t.Errorf("%v, %v", y, err)
	}
}
