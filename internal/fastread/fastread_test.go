package fastread_test

import (
	"github.com/unpkl/unpkl/internal/cases"

	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/internal/opfuzz"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// fastTargets are types that the fast paths decode into, and some that they do not.
func fastTargets() []any {
	type inner struct {
		ID    int32    `pickle:"id"`
		Names []string `pickle:"names"`
	}
	type record struct {
		ID     int              `pickle:"id"`
		A      any              `pickle:"a"`
		Name   string           `pickle:"name"`
		Value  float64          `pickle:"value"`
		Tags   []string         `pickle:"tags"`
		Active bool             `pickle:"active"`
		Inner  *inner           `pickle:"inner"`
		Values []float64        `pickle:"values"`
		More   map[string]inner `pickle:"more"`
		Small  int8             `pickle:"small"`
		U      uint16           `pickle:"u"`
		F      float32          `pickle:"f"`
		Pair   [2]int           `pickle:"pair"`
	}
	type flat struct {
		ID    int     `pickle:"id"`
		A     int8    `pickle:"a"`
		Name  string  `pickle:"name"`
		Value float32 `pickle:"value"`
		inner
		Tags []string  `pickle:"tags"`
		B    []uint16  `pickle:"b"`
		C    []inner   `pickle:"c"`
		D    [][]int64 `pickle:"d"`
		On   bool      `pickle:"active"`
	}
	type arrays struct {
		ID     int            `pickle:"id"`
		Name   string         `pickle:"name"`
		Values []float64      `pickle:"values"`
		F8     []float64      `pickle:"f8"`
		F4     []float32      `pickle:"f4"`
		I2     []int16        `pickle:"i2"`
		U1     []byte         `pickle:"u1"`
		Array  *ndarray.Array `pickle:"arr"`
	}
	type object struct {
		Values *ndarray.Array `pickle:"values"`
		Name   string         `pickle:"name"`
	}
	type lists struct {
		List  []int    `pickle:"list"`
		Tuple []int64  `pickle:"tuple"`
		Tags  []string `pickle:"tags"`
		A     []flat   `pickle:"a"`
		ID    []int    `pickle:"id"`
	}
	type node struct {
		ID   *int    `pickle:"id"`
		A    *node   `pickle:"a"`
		List []*node `pickle:"list"`
	}
	type pointers struct {
		ID     *int           `pickle:"id"`
		Name   **string       `pickle:"name"`
		Value  *float64       `pickle:"value"`
		Tags   *[]*string     `pickle:"tags"`
		Values *[]float64     `pickle:"values"`
		Arr    *ndarray.Array `pickle:"arr"`
		A      *flat          `pickle:"a"`
	}
	type event struct {
		ID     int64      `pickle:"id"`
		Name   string     `pickle:"name"`
		Value  float64    `pickle:"value"`
		F      float32    `pickle:"f"`
		Active bool       `pickle:"active"`
		Small  int        `pickle:"small"`
		U      uint32     `pickle:"u"`
		T      time.Time  `pickle:"t"`
		Date   *time.Time `pickle:"date"`
	}
	type events struct {
		ID     float64       `pickle:"id"`
		Value  int           `pickle:"value"`
		Active int           `pickle:"active"`
		U      int8          `pickle:"u"`
		T      time.Time     `pickle:"t"`
		Shared time.Time     `pickle:"shared"`
		Delta  time.Duration `pickle:"delta"`
		A      []uint64      `pickle:"a"`
	}
	type moment struct {
		ID int       `pickle:"id"`
		T  time.Time `pickle:"t"`
	}
	return []any{
		new([]event), new([]events), new([]moment), new([]time.Time), new(event), new([]*time.Time), new([]uint8), new([]bool), new([]float32), new([]int8), new(map[string]time.Time),
		new(time.Time), new(map[string]any), new(map[string][]int), new(map[int8]string), new(map[uint]*float64), new([]map[string]string), new([][]byte), new(map[string]map[string]int),
		new([]*flat), new([]*pointers), new([]**int), new([]*[]*int), new(node), new([]*node), new(pointers),
		new([]flat), new([][]string), new([][]int8), new([][]flat), new([][][]float64), new([]uint64),
		new(any), new(record), new([]record), new([]*record), new(map[string]record), new([]float64), new([]int),
		new([]int64), new([]uint8), new([]string), new([]bool), new([][]float32), new([]any), new(map[string]any),
		new(map[string]int), new(map[int]string), new(string), new(float64), new(*int), new([][]string), new([]inner),
		new([]arrays), new([]object), new([]*ndarray.Array), new(flat), new(arrays), new(object), new(lists),
	}
}

// bothWays decodes data with and without the fast paths: values and errors must agree.
func bothWays(t *testing.T, data []byte, opts ...unpkl.Option) {
	t.Helper()
	tree := isTree(data)
	for _, fast := range fastTargets() {
		slow := reflect.New(reflect.TypeOf(fast).Elem()).Interface()
		err1 := unpkl.Unmarshal(data, fast, opts...)
		err2 := unpkl.Unmarshal(data, slow, append(opts, withoutFastPaths())...)
		if (err1 == nil) != (err2 == nil) || err1 != nil && err1.Error() != err2.Error() {
			t.Fatalf("%T: fast %v, slow %v", fast, err1, err2)
		}
		// What is shared unfolds when compared.
		if tree && !cases.Same(reflect.ValueOf(slow), reflect.ValueOf(fast)) {
			t.Fatalf("%T: slow %v, fast %v", fast, reflect.ValueOf(slow).Elem(), reflect.ValueOf(fast).Elem())
		}
	}
}

func TestFastPaths(t *testing.T) {
	t.Parallel()
	for name := range cases.All() {
		cases.Each(t, name, func(t *testing.T, data []byte) { bothWays(t, data) })
	}
	plain, typed := 0, 0
	for i, data := range cases.Direct() {
		if plainDirectly(data) {
			plain++
			fast, _ := unpkl.LoadBytes(data)
			slow, err := unpkl.LoadBytes(data, withoutFastPaths())
			if err != nil || !cases.Same(reflect.ValueOf(slow), reflect.ValueOf(fast)) { // what is shared too
				t.Errorf("pickle %d: fast %v, slow %v, %v", i, fast, slow, err)
			}
		}
		if slices.ContainsFunc(fastTargets(), func(target any) bool { return direct(data, target) }) {
			typed++
		}
		if !testing.Short() || i%2 == 0 {
			t.Run(fmt.Sprint("direct/", i), func(t *testing.T) { bothWays(t, data) })
		}
		for n := range min(len(data), 2000) { // no part of a pickle is a pickle
			if plainDirectly(data[:n]) {
				t.Fatalf("pickle %d: %d of %d bytes", i, n, len(data))
			}
		}
	}
	t.Logf("%d pickles, %d directly into plain values, %d into Go values", len(cases.Direct()), plain, typed)
	if plain < 110 || typed < 40 {
		t.Errorf("of %d pickles only %d are directly read into plain values, %d into Go values", len(cases.Direct()), plain, typed)
	}
}

// TestFastFixtures takes every fixture through the fast paths and the general way.
func TestFastFixtures(t *testing.T) {
	t.Parallel()
	all, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	trees, plain := 0, 0
	for i, fix := range all {
		data, err := os.ReadFile(fix.Path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(fix.Path, ".npy") {
			continue
		}
		if plainDirectly(data) {
			plain++
			t.Run(fix.String()+"/plain", func(t *testing.T) {
				fast, err1 := unpkl.LoadBytes(data)
				slow, err2 := unpkl.LoadBytes(data, withoutFastPaths())
				if err1 != nil || err2 != nil || !cases.Same(reflect.ValueOf(&slow), reflect.ValueOf(&fast)) {
					t.Fatalf("slow %v, %v, fast %v, %v", slow, err2, fast, err1)
				}
			})
		}
		if len(data) > 2<<10 {
			continue
		}
		if isTree(data) {
			trees++
		}
		if testing.Short() && i%3 > 0 {
			continue
		}
		t.Run(fix.String(), func(t *testing.T) { bothWays(t, data) })
	}
	t.Logf("%d fixtures, %d small trees, %d directly into plain values", len(all), trees, plain)
	if trees < 20 || plain < 20 {
		t.Errorf("only %d fixtures are trees, %d directly read", trees, plain)
	}
}

// FuzzFastPaths compares the fast paths with the general way on any bytes, and on edited programs.
func FuzzFastPaths(f *testing.F) {
	for _, c := range cases.All() {
		for _, data := range c.Pickles {
			if len(data) < 4096 {
				f.Add(data, []byte{})
			}
		}
	}
	for _, text := range directPickles {
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, []byte{})
	}
	for i, data := range cases.Direct() {
		if len(data) < 4096 {
			f.Add(data, []byte{})
			f.Add(data, []byte{byte(i), byte(i >> 3), byte(i * 5), byte(i * 11)})
		}
	}
	for _, data := range nearPickles {
		f.Add([]byte(data), []byte{})
	}
	limits := unpkl.WithLimits(unpkl.Limits{Expansion: 10_000, DecompressedBytes: 1 << 20})
	f.Fuzz(func(t *testing.T, data, edits []byte) {
		if len(edits) >= 4 && len(edits) <= 64 {
			data = edited(data, edits)
		}
		bothWays(t, data, limits)
	})
}

// edited changes the opcodes of a pickle, which loses its frames.
func edited(data, edits []byte) []byte {
	var ops [][]byte
	for op, err := range pickle.OpsBytes(data) {
		if err != nil {
			return data
		}
		if op.Op != pickle.OpFrame {
			ops = append(ops, data[op.Offset:op.Offset+op.Size])
		}
	}
	return opfuzz.Edit(ops, ops, edits)
}

// nearPickles are like what the direct ways read, but for something that the machine refuses or takes otherwise.
var nearPickles = []string{
	"\x80\x02K\x01\x85K\x02a.", "\x80\x02(K\x01tK\x02a.", "\x80\x02)K\x02a.", "\x80\x02)(K\x02e.", // tuples have no append
	"(lp0\n(K\x01aa.", "(l(K\x01a.", "(l(I1\na.", "](l(K\x01aa.", "(l](K\x01K\x02ea.", // MARKs that nothing ends
	"\x80\x02]q\x01(\x8c\x01a\x94\x8c\x01bq\x02h\x01e.", "\x80\x04]q\x01(\x8c\x01a\x94h\x01e.", // a memo from 1 with MEMOIZE
	"\x80\x02]q\x01(X\x01\x00\x00\x00aq\x02h\x02e.", "\x80\x02]q\x01(h\x00e.", "\x80\x02]q\x02(K\x01e.",
	"\x80\x02}(K\x01u.", "\x80\x02}(X\x01\x00\x00\x00au.", "\x80\x02](u.", "\x80\x02}(e.", "\x80\x02}(t.", "\x80\x02](t.", "\x80\x02](l.",
	"\x80\x02}(K\x01K\x02uX\x01\x00\x00\x00aK\x01s.", "\x80\x02}X\x01\x00\x00\x00aK\x01sK\x02K\x03s.", "\x80\x02}(\x88K\x01K\x01K\x02u.",
	"\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00].", "\x80\x04\x95\x01\x00\x00\x00\x00\x00\x00\x00].", "\x80\x04\x95\x09\x00\x00\x00\x00\x00\x00\x00].",
	"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x95\x02\x00\x00\x00\x00\x00\x00\x00].", "\x80\x04\x95\x01\x00\x00\x00\x00\x00\x00\x00K\x01.",
	"I1\n.", "I01\n.", "I00\n.", "I-0\n.", "I007\n.", "I 1\n.", "L1L\n.", "L1\n.", "F1\n.", "F1e999\n.", "Fnan\n.", "F\n.", "V\\u0041\n.", "V\xe9\n.", "S'a\\x41'\n.", "S'a\n.", "S''\n.",
	"\x80\x02\x8a\x00.", "\x80\x02\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f.", "\x80\x02\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x00.", "\x80\x02\x8a\x03\xff\xff\xff.",
	"N.", "..", "(.", "K\x01K\x02.", "\x80\x06N.", "N\x80\x02.", "\x80\x02(K\x01.", "(dK\x01K\x02s.", "(K\x01K\x02d.", "(K\x01d.", "(K\x01I2\nl.", "U\x02\xff\xfe.", "T\x01\x00\x00\x00a.", "T\xff\xff\xff\xffa.",
}

// TestDirectNear checks that near pickles are what the machine says they are.
func TestDirectNear(t *testing.T) {
	for _, data := range nearPickles {
		t.Run(fmt.Sprintf("%q", data), func(t *testing.T) { bothWays(t, []byte(data)) })
	}
}

// TestFastFiles takes files of all sizes around those that matter through LoadFile, both ways.
func TestFastFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file.pkl")
	check := func(data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		fast, err1 := unpkl.LoadFile(path)
		slow, err2 := unpkl.LoadFile(path, withoutFastPaths())
		if (err1 == nil) != (err2 == nil) || err1 != nil && err1.Error() != err2.Error() {
			t.Fatalf("fast %v, slow %v", err1, err2)
		}
		if !cases.Same(reflect.ValueOf(&slow), reflect.ValueOf(&fast)) {
			t.Fatal("values differ")
		}
	}
	for _, data := range cases.Direct() {
		if isTree(data) {
			check(data)
		}
	}
	rows := make([]any, 0, 8_000)
	for i := range 8_000 {
		rows = append(rows, map[string]any{"id": i, "name": fmt.Sprint("row ", i), "values": []any{float64(i), nil, true}})
	}
	big, err := ndarray.FromSlice(make([]float64, 100_000))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{rows, rows[:3000], []any{rows, big}, []any{big, rows}, strings.Repeat("x", 1<<20), []any{rows, strings.Repeat("x", 1<<20)}} {
		for _, protocol := range []int{0, 2, 5} {
			data, err := unpkl.Marshal(v, unpkl.WithProtocol(protocol))
			if err != nil {
				t.Fatal(err)
			}
			check(data)
			check(append(data, "more"...))
			check(data[:len(data)-1])
			check(data[:len(data)/2])
		}
	}
}

// directPickles were made by CPython 3: pickle.dumps of records with all fields of flat, and of lists of
// scalars and of lists, at protocols 2, 4 and 5.
var directPickles = []string{
	"gAJdcQAofXEBKFgCAAAAaWRxAkr/////WAEAAABhcQNLAFgEAAAAbmFtZXEEWAAAAABxBVgFAAAAdmFsdWVxBkcAAAAAAAAAAFgEAAAAdGFnc3EHXXEIWAEAAABicQldcQpYAQAAAGNxC11xDFgBAAAAZHENXXEOWAYAAABhY3RpdmVxD4hYBQAAAGV4dHJhcRBOWAQAAABtb3JlcRFYAQAAAHhxEnV9cRMoaAJLAGgDSv////9oBFgCAAAAbjFxFGgGRz/gAAAAAAAAaAddcRVYAgAAAHQxcRZhaAldcRdLAWFoC11xGH1xGShoAksBWAUAAABuYW1lc3EaXXEbdWFoDV1xHF1xHWFoD4loEE5oEWgSdX1xHihoAksBaANK/v///2gEWAQAAABuMm4ycR9oBkc/8AAAAAAAAGgHXXEgKFgCAAAAdDBxIWghZWgJXXEiKEsCSwJlaAtdcSMofXEkKGgCSwJoGl1xJXV9cSZlaA1dcScoXXEoXXEpKIoGAAAAAAABSv////9lZWgPiGgQTmgRaBJ1fXEqKGgCSwJoA0r9////aARYBgAAAG4zbjNuM3EraAZHP/gAAAAAAABoB11xLChYAgAAAHQxcS1oLWgtZWgJXXEuaAtdcS8ofXEwKGgCSwNoGl1xMXV9cTJlaA1dcTMoXXE0XXE1KIoGAAAAAAABSv////9lXXE2SwNhZWgPiWgQTmgRaBJ1ZS4=",
	"gASVrAEAAAAAAABdlCh9lCiMAmlklEr/////jAFhlEsAjARuYW1llIwAlIwFdmFsdWWURwAAAAAAAAAAjAR0YWdzlF2UjAFilF2UjAFjlF2UjAFklF2UjAZhY3RpdmWUiIwFZXh0cmGUTowEbW9yZZSMAXiUdX2UKGgCSwBoA0r/////aASMAm4xlGgGRz/gAAAAAAAAaAddlIwCdDGUYWgJXZRLAWFoC12UfZQoaAJLAYwFbmFtZXOUXZR1YWgNXZRdlGFoD4loEE5oEWgSdX2UKGgCSwFoA0r+////aASMBG4ybjKUaAZHP/AAAAAAAABoB12UKIwCdDCUaCFlaAldlChLAksCZWgLXZQofZQoaAJLAmgaXZR1fZRlaA1dlChdlF2UKIoGAAAAAAABSv////9lZWgPiGgQTmgRaBJ1fZQoaAJLAmgDSv3///9oBIwGbjNuM24zlGgGRz/4AAAAAAAAaAddlCiMAnQxlGgtaC1laAldlGgLXZQofZQoaAJLA2gaXZR1fZRlaA1dlChdlF2UKIoGAAAAAAABSv////9lXZRLA2FlaA+JaBBOaBFoEnVlLg==",
	"gAWVrAEAAAAAAABdlCh9lCiMAmlklEr/////jAFhlEsAjARuYW1llIwAlIwFdmFsdWWURwAAAAAAAAAAjAR0YWdzlF2UjAFilF2UjAFjlF2UjAFklF2UjAZhY3RpdmWUiIwFZXh0cmGUTowEbW9yZZSMAXiUdX2UKGgCSwBoA0r/////aASMAm4xlGgGRz/gAAAAAAAAaAddlIwCdDGUYWgJXZRLAWFoC12UfZQoaAJLAYwFbmFtZXOUXZR1YWgNXZRdlGFoD4loEE5oEWgSdX2UKGgCSwFoA0r+////aASMBG4ybjKUaAZHP/AAAAAAAABoB12UKIwCdDCUaCFlaAldlChLAksCZWgLXZQofZQoaAJLAmgaXZR1fZRlaA1dlChdlF2UKIoGAAAAAAABSv////9lZWgPiGgQTmgRaBJ1fZQoaAJLAmgDSv3///9oBIwGbjNuM24zlGgGRz/4AAAAAAAAaAddlCiMAnQxlGgtaC1laAldlGgLXZQofZQoaAJLA2gaXZR1fZRlaA1dlChdlF2UKIoGAAAAAAABSv////9lXZRLA2FlaA+JaBBOaBFoEnVlLg==",
	"gAJdcQAoRz/4AAAAAAAAR8AAAAAAAAAAR0AKAAAAAAAAZS4=",
	"gASVIAAAAAAAAABdlChHP/gAAAAAAABHwAAAAAAAAABHQAoAAAAAAABlLg==",
	"gAWVIAAAAAAAAABdlChHP/gAAAAAAABHwAAAAAAAAABHQAoAAAAAAABlLg==",
	"gAJdcQAoSwFLAk0sAUpwEQEASvv///+KBgAAAAAAAWUu",
	"gASVHgAAAAAAAABdlChLAUsCTSwBSnARAQBK+////4oGAAAAAAABZS4=",
	"gAWVHgAAAAAAAABdlChLAUsCTSwBSnARAQBK+////4oGAAAAAAABZS4=",
	"gAJdcQAoWAEAAABhcQFYAAAAAHECWC0AAABsb25nIHN0cmluZyB0aGF0IGlzIG5vdCBzaG9ydCBlbm91Z2ggZm9yIHRoYXRxA2gBaAJoA2Uu",
	"gASVQgAAAAAAAABdlCiMAWGUjACUjC1sb25nIHN0cmluZyB0aGF0IGlzIG5vdCBzaG9ydCBlbm91Z2ggZm9yIHRoYXSUaAFoAmgDZS4=",
	"gAWVQgAAAAAAAABdlCiMAWGUjACUjC1sb25nIHN0cmluZyB0aGF0IGlzIG5vdCBzaG9ydCBlbm91Z2ggZm9yIHRoYXSUaAFoAmgDZS4=",
	"gAJdcQAoXXEBRz/wAAAAAAAAYV1xAl1xAyhHQAAAAAAAAABHQAgAAAAAAABlZS4=",
	"gASVKQAAAAAAAABdlChdlEc/8AAAAAAAAGFdlF2UKEdAAAAAAAAAAEdACAAAAAAAAGVlLg==",
	"gAWVKQAAAAAAAABdlChdlEc/8AAAAAAAAGFdlF2UKEdAAAAAAAAAAEdACAAAAAAAAGVlLg==",
	"gAJdcQAoXXEBXXECKF1xAyhHP/gAAAAAAABLAmVdcQRLA2FlXXEFXXEGYWUu",
	"gASVJAAAAAAAAABdlChdlF2UKF2UKEc/+AAAAAAAAEsCZV2USwNhZV2UXZRhZS4=",
	"gAWVJAAAAAAAAABdlChdlF2UKF2UKEc/+AAAAAAAAEsCZV2USwNhZV2UXZRhZS4=",
	"gAJdcQAoiIlOZS4=",
	"gASVCAAAAAAAAABdlCiIiU5lLg==",
	"gAWVCAAAAAAAAABdlCiIiU5lLg==",
	"gAJdcQAu",
	"gARdlC4=",
	"gAVdlC4=",
	"gAJdcQBdcQFhLg==",
	"gASVBgAAAAAAAABdlF2UYS4=",
	"gAWVBgAAAAAAAABdlF2UYS4=",
	"gAJdcQAoXXEBWAEAAAB4cQJhXXEDKGgCWAEAAAB5cQRlXXEFZS4=",
	"gASVGAAAAAAAAABdlChdlIwBeJRhXZQoaAKMAXmUZV2UZS4=",
	"gAWVGAAAAAAAAABdlChdlIwBeJRhXZQoaAKMAXmUZV2UZS4=",
}

// TestDirect checks that lists as Python writes them take the direct way, and what comes of them.
func TestDirect(t *testing.T) {
	taken := 0
	for _, text := range directPickles {
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		bothWays(t, data)
		for _, target := range fastTargets() {
			if direct(data, target) {
				taken++
				break
			}
		}
		for n := range data { // no part of a pickle is a pickle
			for _, target := range fastTargets() {
				if direct(data[:n], target) {
					t.Fatalf("%d of %d bytes into %T", n, len(data), target)
				}
			}
		}
	}
	// After an empty list of lists, the next list may be its item or not: 3 are left to the machine.
	if taken != len(directPickles)-3 {
		t.Errorf("only %d of %d take the direct way", taken, len(directPickles))
	}
	var floats []float64
	data, _ := base64.StdEncoding.DecodeString(directPickles[4])
	if !direct(data, &floats) || !slices.Equal(floats, []float64{1.5, -2, 3.25}) {
		t.Errorf("got %v", floats)
	}
}
