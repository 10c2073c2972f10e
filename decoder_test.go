package unpkl_test

import (
	"github.com/unpkl/unpkl/internal/cases"

	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

func TestDecoder(t *testing.T) {
	data := "K\x01.K\x02.X\x01\x00\x00\x00a.]K\x03a."
	for name, r := range map[string]io.Reader{
		"bytes":  strings.NewReader(data),
		"bufio":  bufio.NewReaderSize(strings.NewReader(data), 16),
		"few":    cases.FewReader{R: strings.NewReader(data)},
		"buffer": bytes.NewBufferString(data),
	} {
		d := unpkl.NewDecoder(r)
		var a, b int
		var c string
		var l []int8
		for _, v := range []any{&a, &b, &c, &l} {
			if err := d.Decode(v); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if a != 1 || b != 2 || c != "a" || len(l) != 1 || l[0] != 3 {
			t.Errorf("%s: got %v %v %v %v", name, a, b, c, l)
		}
		if d.InputOffset() != int64(len(data)) {
			t.Errorf("%s: offset %d, want %d", name, d.InputOffset(), len(data))
		}
		for range 2 {
			if err := d.Decode(&a); err != io.EOF {
				t.Errorf("%s: at the end: %v", name, err)
			}
		}
	}
}

func TestDecoderErrors(t *testing.T) {
	// A value that does not fit leaves the next pickle readable; a bad input does not.
	d := unpkl.NewDecoder(strings.NewReader("K\x01.K\x02.\xff"))
	var s string
	var n int
	var typeErr *unpkl.UnmarshalTypeError
	if err := d.Decode(&s); !errors.As(err, &typeErr) {
		t.Errorf("got %v", err)
	}
	if err := d.Decode(&n); err != nil || n != 2 {
		t.Errorf("got %v, %v", n, err)
	}
	for range 2 {
		var bad *unpkl.DecodeError
		if err := d.Decode(&n); !errors.As(err, &bad) || bad.Offset != 6 ||
			!errors.Is(err, unpkl.ErrMalformed) {
			t.Errorf("got %v", err)
		}
	}
	if err := unpkl.NewDecoder(strings.NewReader("K")).Decode(&n); !errors.Is(err,
		unpkl.ErrTruncated) {
		t.Errorf("got %v", err)
	}
	if _, err := unpkl.Load(strings.NewReader("")); !errors.Is(err, unpkl.ErrTruncated) ||
		errors.Is(err, io.EOF) {
		t.Errorf("no input: got %v", err)
	}
	boom := errors.New("boom")
	if _, err := unpkl.Load(io.MultiReader(strings.NewReader("]"),
		errReader{boom})); !errors.Is(err, boom) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func TestDecoderAll(t *testing.T) {
	var got []any
	for v, err := range unpkl.NewDecoder(strings.NewReader("K\x01.K\x02.K")).All() {
		if err != nil {
			got = append(got, errors.Is(err, unpkl.ErrTruncated))
			continue
		}
		got = append(got, v)
	}
	if d := cases.Diff([]any{1, 2, true}, got); d != "" {
		t.Error(d)
	}
}

// point is what a hook makes of shapes.Point.
type point struct{ X, Y int }

type pointClass struct{}

func (pointClass) PyNew(args ...any) (any, error) {
	return &point{args[0].(int), args[1].(int)}, nil
}

// Hooks are asked in order; one that does not know a class passes it on.
func TestFindClassChain(t *testing.T) {
	data := []byte("\x80\x02]cshapes\nPoint\nK\x01K\x02\x86\x81acother\nThing\n)\x81ac__builtin__\nset\n]\x85Ra.")
	var asked []string
	first := func(module, name string) (any, error) {
		asked = append(asked, "1:"+name)
		if module == "shapes" {
			return pointClass{}, nil
		}
		return nil, unpkl.ErrSkipClass
	}
	second := func(module, name string) (any, error) {
		asked = append(asked, "2:"+name)
		return pickle.Global{Module: module, Name: name}, nil
	}
	v, err := unpkl.LoadBytes(data, unpkl.WithFindClass(first), unpkl.WithFindClass(second))
	if err != nil {
		t.Fatal(err)
	}
	list := v.([]any)
	if p, ok := list[0].(*point); !ok || *p != (point{1, 2}) {
		t.Errorf("got %v", list[0])
	}
	if o, ok := list[1].(*pickle.Object); !ok || o.ClassName() != "other.Thing" {
		t.Errorf("got %v", list[1])
	}
	if d := cases.Diff([]any{}, list[2]); d != "" {
		t.Errorf("set: %s", d)
	}
	if want := "1:Point 1:Thing 2:Thing 1:set 2:set"; strings.Join(asked, " ") != want {
		t.Errorf("asked %v, want %s", asked, want)
	}
	boom := errors.New("boom")
	_, err = unpkl.LoadBytes(data, unpkl.WithFindClass(func(string, string) (any, error) {
		return nil, boom
	}))
	if !errors.Is(err, boom) {
		t.Errorf("got %v, want the hook's error", err)
	}
	if _, err := unpkl.LoadBytes(data, unpkl.WithFindClass(first),
		unpkl.WithStrict()); !errors.Is(err, unpkl.ErrUnknownGlobal) {
		t.Errorf("strict: got %v", err)
	}
}

func TestHooks(t *testing.T) {
	pers := []byte("X\x02\x00\x00\x00idQ.")
	if _, err := unpkl.LoadBytes(pers); !errors.Is(err, unpkl.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
	v, err := unpkl.LoadBytes(pers, unpkl.WithPersistentLoad(func(pid any) (any, error) {
		return []any{pid}, nil
	}))
	if d := cases.Diff([]any{"id"}, v); err != nil || d != "" {
		t.Errorf("got %v, %v", v, err)
	}
	ext := []byte("\x82\x07.")
	if _, err := unpkl.LoadBytes(ext); !errors.Is(err, unpkl.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
	v, err = unpkl.LoadBytes(ext, unpkl.WithExtension(func(code int) (any, error) {
		return pickle.Global{Module: "m", Name: "n"}, nil
	}))
	if err != nil || v != (pickle.Global{Module: "m", Name: "n"}) {
		t.Errorf("got %v, %v", v, err)
	}
}

func TestEncoding(t *testing.T) {
	data := []byte("U\x02\xe9t.") // a Python 2 str
	for _, c := range []struct {
		encoding unpkl.Encoding
		want     any
	}{
		{pickle.EncodingRaw, "\xe9t"},
		{pickle.EncodingLatin1, "ét"},
		{pickle.EncodingBytes, []byte("\xe9t")},
		{pickle.EncodingKeep, pickle.Py2String("\xe9t")},
	} {
		v, err := unpkl.LoadBytes(data, unpkl.WithEncoding(c.encoding))
		if d := cases.Diff(c.want, v); err != nil || d != "" {
			t.Errorf("encoding %v: got %q, %v", c.encoding, v, err)
		}
	}
	if _, err := unpkl.LoadBytes(data, unpkl.WithEncoding(pickle.EncodingASCII)); err == nil {
		t.Error("a byte past 0x7f is ASCII")
	}
}

func TestBuffers(t *testing.T) {
	// [buffer, read-only buffer] of protocol 5.
	data := []byte("\x80\x05](\x97\x97\x98e.")
	one, two := []byte("one"), []byte("two")
	opt := unpkl.WithBuffers(one, two)
	for range 2 { // an option holds no state
		v, err := unpkl.LoadBytes(data, opt, unpkl.WithObjects())
		if err != nil {
			t.Fatal(err)
		}
		list := *v.(*types.List)
		if &(*list[0].(*types.ByteArray))[0] != &one[0] || &list[1].([]byte)[0] != &two[0] {
			t.Errorf("got %v, want the buffers themselves", list)
		}
	}
	for _, opts := range [][]unpkl.Option{nil, {unpkl.WithBuffers(one)}} {
		if _, err := unpkl.LoadBytes(data, opts...); !errors.Is(err, unpkl.ErrUnsupported) {
			t.Errorf("too few buffers: got %v", err)
		}
	}
}

func TestObjects(t *testing.T) {
	v, err := unpkl.LoadBytes(cases.Newest(t, "containers"), unpkl.WithObjects())
	if err != nil {
		t.Fatal(err)
	}
	d := v.(*types.Dict)
	if tuple, ok := d.MustGet("tuple").(*types.Tuple); !ok || tuple.Len() != 2 {
		t.Errorf("got %v", d)
	}
	if _, ok := d.MustGet("set").(*pickle.Set); !ok {
		t.Errorf("got %v", d)
	}
}

// The elements of an array of objects are plain values, in C and in F order.
func TestObjectArrays(t *testing.T) {
	for name, want := range map[string][]any{
		"object_array":   {1, "two", []any{3, []any{4}}, nil, map[string]any{"k": []any{5}}},
		"object_array_f": {[]any{1}, []any{2}, 3, 4, 5, map[any]any{6: 7}},
		"object_records": {
			ndarray.Record{Names: []string{"n", "o"}, Values: []any{int32(1), []any{2, []any{3}}}},
			ndarray.Record{Names: []string{"n", "o"},
				Values: []any{int32(4), map[string]any{"a": []any{5}}}}},
	} {
		cases.Each(t, name, func(t *testing.T, data []byte) {
			v, err := unpkl.LoadBytes(data)
			if err != nil {
				t.Fatal(err)
			}
			var got []any
			for x := range v.(*ndarray.Array).Elements() {
				if _, ok := x.(*ndarray.Array); !ok {
					got = append(got, x)
				}
			}
			if d := cases.Diff(want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
	cases.Each(t, "masked_objects", func(t *testing.T, data []byte) {
		v, err := unpkl.LoadBytes(data)
		if err != nil {
			t.Fatal(err)
		}
		m := v.(*ndarray.Masked)
		if m.Data.At(0) != "x" || m.IsMasked(0) || !m.IsMasked(1) {
			t.Errorf("got %v", m)
		}
	})
}
