package fastread_test

import (
	"github.com/unpkl/unpkl/internal/cases"

	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/pickle"
)

// choppy gives its data in pieces whose lengths sizes are, in turn.
type choppy struct {
	data  []byte
	sizes []byte
	i     int
}

func (r *choppy) Read(p []byte) (int, error) {
	if len(r.data) == 0 {
		return 0, io.EOF
	}
	n := len(p)
	if len(r.sizes) > 0 {
		n = min(n, 1+int(r.sizes[r.i%len(r.sizes)]))
		r.i++
	}
	n = copy(p[:n], r.data)
	r.data = r.data[n:]
	return n, nil
}

// readerKind makes a reader of data. For one that can give bytes back, left says how many it has.
type readerKind struct {
	name string
	open func(data []byte) (r io.Reader, left func() int)
}

// readerKinds are all kinds of readers; sizes are those of what a choppy one gives.
func readerKinds(sizes []byte) []readerKind {
	plain := func(name string, wrap func(r io.Reader) io.Reader) readerKind {
		return readerKind{name, func(data []byte) (io.Reader, func() int) {
			return wrap(cases.FewReader{R: bytes.NewReader(data)}), nil
		}}
	}
	buffered := func(size int) readerKind {
		return readerKind{fmt.Sprint("bufio", size), func(data []byte) (io.Reader, func() int) {
			chop := &choppy{data: data, sizes: sizes}
			r := bufio.NewReaderSize(chop, size)
			return r, func() int { return r.Buffered() + len(chop.data) }
		}}
	}
	return []readerKind{
		plain("reader", func(r io.Reader) io.Reader { return r }),
		plain("one byte", iotest.OneByteReader),
		plain("half", iotest.HalfReader),
		plain("data with error", iotest.DataErrReader),
		plain("timeout", iotest.TimeoutReader),
		{"choppy", func(data []byte) (io.Reader, func() int) { return &choppy{data: data, sizes: sizes}, nil }},
		buffered(16), buffered(4096),
		{"buffer", func(data []byte) (io.Reader, func() int) {
			r := bytes.NewBuffer(bytes.Clone(data))
			return r, r.Len
		}},
		{"bytes", func(data []byte) (io.Reader, func() int) {
			r := bytes.NewReader(data)
			return r, r.Len
		}},
		{"text", func(data []byte) (io.Reader, func() int) {
			r := strings.NewReader(string(data))
			return r, r.Len
		}},
	}
}

// sameStream reads the pickles of data in the direct ways and without them: values, errors, offsets, protocols and the
// place where the reader is left must agree.
func sameStream(t *testing.T, kind readerKind, data []byte, target any, opts ...unpkl.Option) {
	t.Helper()
	fastReader, left := kind.open(data)
	slowReader, slowLeft := kind.open(data)
	fast := unpkl.NewDecoder(fastReader, opts...)
	slow := unpkl.NewDecoder(slowReader, append(opts, withoutFastPaths())...)
	typ := reflect.TypeOf(target).Elem()
	for i := range 10 {
		v, w := reflect.New(typ), reflect.New(typ)
		begin := slow.InputOffset()
		err1, err2 := fast.Decode(v.Interface()), slow.Decode(w.Interface())
		if (err1 == nil) != (err2 == nil) || err1 != nil && err1.Error() != err2.Error() {
			t.Fatalf("%s: pickle %d: fast %v, slow %v", kind.name, i, err1, err2)
		}
		var typeErr *unpkl.UnmarshalTypeError
		if err1 != nil && !errors.As(err1, &typeErr) {
			return
		}
		at := slow.InputOffset()
		if fast.InputOffset() != at {
			t.Fatalf("%s: pickle %d: fast ends at %d, slow at %d", kind.name, i, fast.InputOffset(), at)
		}
		// A frame that goes on behind STOP can be more than what a reader takes back.
		if left != nil && left() != slowLeft() || left != nil && int64(left()) != int64(len(data))-at && !strings.HasPrefix(kind.name, "bufio") {
			t.Fatalf("%s: pickle %d: %d bytes are left, slow %d, behind %d of %d", kind.name, i, left(), slowLeft(), at, len(data))
		}
		p1, _ := fast.Protocol()
		if p2, _ := slow.Protocol(); p1 != p2 {
			t.Fatalf("%s: pickle %d: protocol %d, slow %d", kind.name, i, p1, p2)
		}
		// What is shared unfolds when compared.
		if tree := kind.name == "gzip" || isTree(data[begin:at]); tree && !cases.Same(w, v) {
			t.Fatalf("%s: pickle %d: slow %v, fast %v", kind.name, i, w.Elem(), v.Elem())
		}
	}
}

// streamTargets are types for the pickles of a stream.
func streamTargets() []any {
	all := fastTargets()
	return []any{new(any), new([]any), new(map[string]any), all[12], all[13], all[14], new([]int), new([]string), new([]float64)}
}

// TestReaders reads all cases from all kinds of readers, one after another and with something behind.
func TestReaders(t *testing.T) {
	t.Parallel()
	kinds := readerKinds([]byte{6, 0, 200, 30, 1})
	var pickles [][]byte
	for _, c := range cases.All() {
		for _, data := range c.Pickles {
			pickles = append(pickles, data)
		}
	}
	pickles = append(pickles, cases.Direct()...)
	for i, data := range pickles {
		two := append(bytes.Clone(data), pickles[(i+1)%len(pickles)]...)
		two = append(two, data...)
		for _, kind := range kinds {
			if strings.HasPrefix(string(data), "\x93NUMPY") {
				continue
			}
			sameStream(t, kind, two, new(any))
			sameStream(t, kind, append(data[:len(data):len(data)], "\xffmore"...), streamTargets()[i%9])
		}
	}
}

// TestReaderFixtures reads every fixture from every kind of reader.
func TestReaderFixtures(t *testing.T) {
	t.Parallel()
	all, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	for i, fix := range all {
		if testing.Short() && i%3 > 0 {
			continue
		}
		data, err := os.ReadFile(fix.Path)
		if err != nil {
			t.Fatal(err)
		}
		kinds := readerKinds([]byte{255, 100})
		if len(data) > 20<<10 { // two of them are enough
			kinds = []readerKind{kinds[i%len(kinds)], kinds[5]}
		}
		for _, kind := range kinds {
			if kind.name == "text" || kind.name == "one byte" && len(data) > 1000 {
				continue
			}
			t.Run(fix.String()+"/"+kind.name, func(t *testing.T) { sameStream(t, kind, data, new(any)) })
		}
	}
}

// TestReaderEdits reads every beginning of small pickles, and them with each byte changed.
func TestReaderEdits(t *testing.T) {
	t.Parallel()
	kinds := readerKinds([]byte{2, 7, 0})
	check := func(i int, data []byte) {
		t.Helper()
		sameStream(t, kinds[i%len(kinds)], data, new(any))
		sameStream(t, kinds[(i/3)%len(kinds)], data, streamTargets()[i%9])
	}
	small, n := 0, 0
	for k, data := range cases.Direct() {
		if len(data) > 120 || testing.Short() && k%5 > 0 {
			continue
		}
		small++
		for i := range data {
			n++
			check(n, data[:i])
			for _, x := range []byte{1, 0x80, byte(n)} {
				edited := bytes.Clone(data)
				edited[i] ^= x
				check(n, append(edited, data...))
				n++
			}
		}
	}
	for i, data := range nearPickles {
		for k := range len(readerKinds(nil)) {
			check(i+k, []byte(data+data))
		}
	}
	t.Logf("%d pickles, %d edits", small, n)
	if small < 10 {
		t.Errorf("only %d small pickles", small)
	}
}

// nothingMore gives its data in pieces, and fails the test when it is asked for more than there is, as a connection
// would that stays open.
type nothingMore struct {
	t    *testing.T
	data []byte
	size int
}

func (r *nothingMore) Read(p []byte) (int, error) {
	if len(r.data) == 0 {
		r.t.Error("a byte behind the pickle is waited for")
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p[:min(len(p), r.size)], r.data)
	r.data = r.data[n:]
	return n, nil
}

// TestNothingIsWaitedFor reads pickles from connections that stay open behind them.
func TestNothingIsWaitedFor(t *testing.T) {
	pickles := cases.Direct()
	for _, c := range cases.All() {
		for _, data := range c.Pickles {
			pickles = append(pickles, data)
		}
	}
	rows := make([]any, 20_000) // of several frames
	for i := range rows {
		rows[i] = map[string]any{"id": i, "name": fmt.Sprint("name", i)}
	}
	for _, protocol := range []int{0, 2, 3, 4, 5} {
		data, err := unpkl.Marshal(rows, unpkl.WithProtocol(protocol))
		if err != nil {
			t.Fatal(err)
		}
		pickles = append(pickles, data)
	}
	for i, data := range pickles {
		for _, size := range []int{1, 7, 1 << 20} {
			if size == 1 && len(data) > 1<<10 {
				size = 999
			}
			r := &nothingMore{t, data, size}
			var in io.Reader = r
			if i%2 == 0 {
				in = bufio.NewReader(r)
			}
			var v any
			d := unpkl.NewDecoder(in)
			if err := d.Decode(&v); errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatal(err)
			}
			if t.Failed() {
				t.Fatalf("pickle %d in pieces of %d: %.100q", i, size, data)
			}
			r.data = data
			if err := d.Decode(&v); errors.Is(err, io.ErrUnexpectedEOF) || t.Failed() {
				t.Fatalf("pickle %d again, in pieces of %d: %v", i, size, err)
			}
		}
	}
}

// TestFrameBehindStop: what a frame holds behind STOP is the next pickle's, and waited for.
func TestFrameBehindStop(t *testing.T) {
	framed := func(n int, body string) []byte {
		return append(binary.LittleEndian.AppendUint64([]byte("\x80\x04\x95"), uint64(n)), body...)
	}
	for _, data := range [][]byte{
		framed(5, "].K\x01."), framed(6, "].K\x01."), framed(1, "]."), framed(4, "]K\x01a."), framed(3, "]K\x01a."),
		framed(100, "].K\x01."+strings.Repeat("N.", 60)), append(framed(30, "]."+strings.Repeat("N.", 14)), framed(2, "].")...),
		framed(1<<19, "]."+strings.Repeat("N.", 1<<18)), framed(1<<21, "]."+strings.Repeat("N.", 1<<20)),
	} {
		for _, kind := range readerKinds([]byte{3, 90}) {
			sameStream(t, kind, data, new(any))
		}
	}
}

// TestFileIsLeftBehindThePickle reads pickles from a file that others read too.
func TestFileIsLeftBehindThePickle(t *testing.T) {
	one, err := unpkl.Marshal(map[string]any{"a": 1, "b": []any{1, 2, 3}, "name": strings.Repeat("hello", 2000)})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "stream")
	if err := os.WriteFile(path, append(bytes.Repeat(one, 20), "rest"...), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := unpkl.NewDecoder(f)
	for i := 1; i <= 20; i++ {
		var v any
		if i%3 == 0 { // by others
			v, err = unpkl.Load(f)
		} else {
			err = d.Decode(&v)
		}
		if m, ok := v.(map[string]any); err != nil || !ok || len(m) != 3 {
			t.Fatalf("pickle %d: %v, %v", i, v, err)
		}
		if at, err := f.Seek(0, io.SeekCurrent); err != nil || at != int64(i*len(one)) {
			t.Fatalf("behind pickle %d: at %d, %v, want %d", i, at, err, i*len(one))
		}
	}
	if rest, err := io.ReadAll(f); string(rest) != "rest" || err != nil {
		t.Errorf("%q is left, %v", rest, err)
	}
	file, err := unpkl.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	m, err := file.Decoder()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		var v struct {
			A    int    `pickle:"a"`
			Name string `pickle:"name"`
		}
		if err := m.Decode(&v); err != nil || v.A != 1 || len(v.Name) != 10_000 {
			t.Fatalf("mapped, pickle %d: %v, %v", i, v, err)
		}
	}
}

// TestReaderLongPickles reads pickles that are longer than any buffer, with and without large arrays.
func TestReaderLongPickles(t *testing.T) {
	t.Parallel()
	rows := make([]any, 3_000)
	for i := range rows {
		rows[i] = map[string]any{"id": i, "name": fmt.Sprint("name", i), "x": float64(i) / 3}
	}
	big := make([]float64, 30_000)
	for i := range big {
		big[i] = float64(i) / 7
	}
	for name, v := range map[string]any{
		"records": rows, "records, array": []any{rows, big}, "array, records": []any{big, rows}, "array": big,
		"text": strings.Repeat("x", 1<<20), "texts": []any{strings.Repeat("é", 1<<18), rows[:10], strings.Repeat("x", 1<<19)},
		"bytes": []any{rows[:100], bytes.Repeat([]byte("b"), 65535), bytes.Repeat([]byte("b"), 65536)},
	} {
		for _, protocol := range []int{0, 2, 3, 5} {
			data, err := unpkl.Marshal(v, unpkl.WithProtocol(protocol))
			if err != nil {
				t.Fatal(err)
			}
			for i, kind := range readerKinds([]byte{255, 255, 254}) {
				if kind.name == "one byte" || (i+protocol)%3 > 0 {
					continue
				}
				t.Run(fmt.Sprint(name, protocol, "/", kind.name), func(t *testing.T) {
					sameStream(t, kind, append(bytes.Clone(data), "]."...), new(any))
					sameStream(t, kind, data[:len(data)*2/3], new(any))
				})
			}
			var z bytes.Buffer
			w := gzip.NewWriter(&z)
			_, _ = w.Write(data)
			_, _ = w.Write([]byte("]."))
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			sameStream(t, readerKind{"gzip", func(data []byte) (io.Reader, func() int) { return bytes.NewReader(data), nil }}, z.Bytes(), new(any))
		}
	}
}

// TestReaderWeight: lists that nearly no bytes describe are too much in compressed input, of the direct ways too.
func TestReaderWeight(t *testing.T) {
	item := "(" + strings.Repeat("]", 1000) + "e"
	data := []byte("\x80\x02]" + strings.Repeat(item, 1_000) + ".")
	if v, err := unpkl.LoadBytes(data); err != nil || len(v.([]any)) != 1_000_000 {
		t.Fatalf("as it is: %v", err)
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write(data)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var limit *pickle.LimitError
	for _, r := range []io.Reader{&z, bytes.NewReader(z.Bytes())} {
		if _, err := unpkl.Load(r); !errors.As(err, &limit) || limit.Limit != "CompressionRatio" {
			t.Errorf("got %v", err)
		}
	}
}

// FuzzReaders compares the direct ways with the general one on streams in pieces.
func FuzzReaders(f *testing.F) {
	for i, data := range cases.Direct() {
		if len(data) < 2048 {
			f.Add(data, []byte{byte(i), 3, 0, 17}, []byte{})
			f.Add(data, []byte{byte(i >> 2), 0}, []byte{byte(i), byte(i >> 3), byte(i * 5), byte(i * 11)})
		}
	}
	for i, data := range nearPickles {
		f.Add([]byte(data), []byte{byte(i), byte(i * 7)}, []byte{})
	}
	limits := unpkl.WithLimits(unpkl.Limits{Expansion: 10_000, DecompressedBytes: 1 << 20})
	f.Fuzz(func(t *testing.T, data, sizes, edits []byte) {
		if len(edits) >= 4 && len(edits) <= 64 {
			data = edited(data, edits)
		}
		if len(sizes) == 0 {
			return
		}
		kinds := readerKinds(sizes[1:])
		kind := kinds[int(sizes[0])%len(kinds)]
		two := append(bytes.Clone(data), data...)
		sameStream(t, kind, two, new(any), limits)
		targets := fastTargets()
		sameStream(t, kind, two, targets[rand.New(rand.NewPCG(uint64(len(data)), uint64(sizes[0]))).IntN(len(targets))], limits)
	})
}
