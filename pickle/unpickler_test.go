package pickle

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/window"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/payload"
)

// TestReadersAreLeftBehindThePickle checks that peekers and seekers are left at the byte behind the
// pickle.
func TestReadersAreLeftBehindThePickle(t *testing.T) {
	const first = "\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00K\x01."
	path := filepath.Join(t.TempDir(), "two.pkl")
	if err := os.WriteFile(path, []byte(first+"K\x02.rest"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name, r := range map[string]io.Reader{
		"file":   f,
		"seeker": strings.NewReader(first + "K\x02.rest"),
		"bufio":  bufio.NewReaderSize(strings.NewReader(first+"K\x02.rest"), 16),
		"buffer": bytes.NewBufferString(first + "K\x02.rest"),
	} {
		for want := 1; want <= 2; want++ {
			if v, err := NewUnpickler(r).Load(); v != want || err != nil {
				t.Errorf("%s: %v, %v", name, v, err)
			}
		}
		rest, err := io.ReadAll(r)
		if string(rest) != "rest" || err != nil {
			t.Errorf("%s: %q is left, %v", name, rest, err)
		}
	}
}

func TestKeepMemo(t *testing.T) {
	const two = "\x80\x02]q\x00K\x01a.\x80\x02h\x00."
	u := NewUnpicklerBytes([]byte(two))
	u.KeepMemo = true
	a, err1 := u.Load()
	b, err2 := u.Load()
	if err1 != nil || err2 != nil || a.(*types.List) != b.(*types.List) {
		t.Errorf("%v, %v; %v, %v", a, err1, b, err2)
	}
	u = NewUnpicklerBytes([]byte(two))
	u.Load()
	if _, err := u.Load(); !errors.Is(err, ErrMalformed) {
		t.Errorf("a memo of another pickle: %v", err)
	}
}

func TestProtocol(t *testing.T) {
	for data, want := range map[string]int{"N.": 0, "K\x01.": 1, "\x88.": 2, "C\x01a.": 3,
		"\x80\x04N.": 4, "\x80\x02\x80\x05N.": 5} {
		u := NewUnpicklerBytes([]byte(data))
		if _, err := u.Load(); err != nil || u.Protocol() != want {
			t.Errorf("%q: protocol %d, %v, want %d", data, u.Protocol(), err, want)
		}
	}
}

func TestEncodings(t *testing.T) {
	for _, data := range []string{"S'caf\\xc3\\xa9'\n.", "U\x05caf\xc3\xa9.",
		"T\x05\x00\x00\x00caf\xc3\xa9."} {
		for enc, want := range map[Encoding]any{
			EncodingRaw: "café", EncodingLatin1: "cafÃ©", EncodingUTF8: "café",
			EncodingBytes: "café", EncodingKeep: Py2String("café"), EncodingASCII: nil,
		} {
			u := NewUnpicklerBytes([]byte(data))
			u.Encoding = enc
			v, err := u.Load()
			if b, ok := v.([]byte); ok && enc == EncodingBytes {
				v = string(b)
			}
			if v != want || (err != nil) != (enc == EncodingASCII) {
				t.Errorf("%q as %d: %#v, %v", data, enc, v, err)
			}
		}
	}
	u := NewUnpicklerBytes([]byte("U\x01\xff."))
	u.Encoding = EncodingUTF8
	if _, err := u.Load(); !errors.Is(err, ErrMalformed) {
		t.Error(err)
	}
}

func TestStrict(t *testing.T) {
	const data = "cposix\nsystem\n."
	u := NewUnpicklerBytes([]byte(data))
	u.Strict = true
	_, err := u.Load()
	if !errors.Is(err, ErrUnknownGlobal) || !strings.Contains(err.Error(), "posix.system") {
		t.Error(err)
	}
	u = NewUnpicklerBytes([]byte(data))
	u.Strict = true
	u.FindClass = func(m, n string) (any, error) { return Global{Module: m, Name: n}, nil }
	if _, err = u.Load(); !errors.Is(err, ErrUnknownGlobal) {
		t.Error(err)
	}
	u.FindClass = func(m, n string) (any, error) { return hookClass{}, nil }
	u.w.Pos = 0
	if v, err := u.Load(); err != nil || v != any(hookClass{}) {
		t.Error(v, err)
	}
}

// TestPayloads checks values, alignment and ownership of bytes of many sizes.
func TestPayloads(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 15, 16, 24, 40, 100, 1000, 1023, 1024, 5000, 40_000, 65_535,
		65_536, 100_000, 300_000, 1_000_000} {
		want := make([]byte, n)
		for i := range want {
			want[i] = byte(i*7 + i>>8)
		}
		head := binary.LittleEndian.AppendUint32([]byte("\x80\x03K\x01B"), uint32(n))
		data := string(head) + string(want) + "\x86."
		for name, route := range routes {
			v, err := route(data).Load()
			if err != nil {
				t.Fatalf("%s %d: %v", name, n, err)
			}
			b := (*v.(*types.Tuple))[1].([]byte)
			if !bytes.Equal(b, want) {
				t.Errorf("%s %d: wrong bytes", name, n)
			}
			align := uintptr(1)
			switch {
			case n >= payload.Large:
				align = payload.Align
			case n >= 16:
				align = 16
			case n >= 8:
				align = 8
			}
			if off := payload.Misalignment(b, align); off != 0 {
				t.Errorf("%s %d: %d past a multiple of %d", name, n, off, align)
			}
		}
		u := NewUnpicklerBytes([]byte(data))
		u.SharedInput = true
		v, err := u.Load()
		if err != nil {
			t.Fatal(err)
		}
		if b := (*v.(*types.Tuple))[1].([]byte); n > 0 &&
			(&b[0] == &u.w.All()[len(head)]) != (n >= window.SharedPayload) {
			t.Errorf("%d: shared is %v", n, n < window.SharedPayload)
		}
	}
}

// trailer is a Builder that reads data behind its BUILD from the input.
type trailer struct{ payload, nested any }

func (b *trailer) PyBuild(in bridge.Input, state any) (any, error) {
	pad, err := in.ReadByte()
	if err != nil {
		return nil, err
	}
	p, err := in.ReadPayload(int64(state.(int)))
	if err != nil {
		return nil, err
	}
	v, err := in.LoadNested()
	return &trailer{payload: string(pad) + string(p), nested: v}, err
}

func TestBuilder(t *testing.T) {
	const data = "\x80\x04cm\nB\n)\x81\x94K\x05b" + "!hello" + "\x80\x04]\x94h\x00a." + "h\x00\x86."
	for name, route := range routes {
		u := route(data)
		u.FindClass = func(module, n string) (any, error) { return trailerClass{}, nil }
		v, err := u.Load()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		pair := *v.(*types.Tuple)
		got := pair[0].(*trailer)
		if got.payload != "!hello" || canon(got.nested) != deep {
			t.Errorf("%s: %q, %v", name, got.payload, canon(got.nested))
		}
		if pair[1].(*trailer) != got {
			t.Errorf("%s: the memo has the builder still", name)
		}
		for i := range len(data) {
			u := route(data[:i])
			u.FindClass = func(module, n string) (any, error) { return trailerClass{}, nil }
			if _, err := u.Load(); err == nil || i > 0 && !errors.Is(err, ErrTruncated) {
				t.Errorf("%s: %d bytes: %v", name, i, err)
			}
		}
	}
}

type trailerClass struct{}

func (trailerClass) PyNew(...any) (any, error) { return new(trailer), nil }

// nester is a Builder that loads a nested pickle.
type nester struct{}

func (nester) PyNew(...any) (any, error)                   { return nester{}, nil }
func (nester) PyBuild(in bridge.Input, _ any) (any, error) { return in.LoadNested() }

func TestNestedPicklesAreBounded(t *testing.T) {
	u := NewUnpicklerBytes([]byte(strings.Repeat("cm\nB\n)\x81Nb", 100_000)))
	u.FindClass = func(module, n string) (any, error) { return nester{}, nil }
	if _, err := u.Load(); !errors.Is(err, ErrLimit) {
		t.Error(err)
	}
}

type failingReader struct {
	data string
	err  error
}

func (r *failingReader) Read(p []byte) (int, error) {
	if r.data == "" {
		return 0, r.err
	}
	n := copy(p, r.data)
	r.data = r.data[n:]
	return n, nil
}

func TestReaderErrors(t *testing.T) {
	broken := errors.New("broken")
	for _, data := range []string{"", "K", "I12", "B\x00\x00\x02\x00abc", "]"} {
		_, err := NewUnpickler(&failingReader{data, broken}).Load()
		if !errors.Is(err, broken) || errors.Is(err, ErrTruncated) || err == io.EOF {
			t.Errorf("%q: %v", data, err)
		}
	}
	if _, err := NewUnpickler(&failingReader{"", nil}).Load(); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %v", err)
	}
	if v, err := NewUnpickler(&failingReader{"K\x01.", broken}).Load(); v != 1 || err != nil {
		t.Errorf("an error behind the pickle: %v, %v", v, err)
	}
}

func TestFileFunctions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.pkl")
	if err := os.WriteFile(path, []byte("K\x07."), 0o600); err != nil {
		t.Fatal(err)
	}
	if v, err := Load(path); v != 7 || err != nil {
		t.Error(v, err)
	}
	if v, err := Loads("K\x08."); v != 8 || err != nil {
		t.Error(v, err)
	}
	if _, err := Load(path + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestManyAtOnce decodes in many goroutines that share only the input.
func TestManyAtOnce(t *testing.T) {
	data := records(300)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				v, err := NewUnpicklerBytes(data).Load()
				if l, ok := v.(*types.List); err != nil || !ok || len(*l) != 300 {
					t.Errorf("%v", err)
				}
			}
		})
	}
	wg.Wait()
}
