package window_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/window"
)

const limit = 1 << 30

// readers are the ways to have the same bytes as an input.
func readers(data []byte) map[string]func() window.Window {
	over := func(r io.Reader) func() window.Window {
		return func() window.Window { return window.New(r) }
	}
	return map[string]func() window.Window{
		"slice":     func() window.Window { return window.Bytes(data) },
		"reader":    over(struct{ io.Reader }{bytes.NewReader(data)}),
		"seeker":    over(bytes.NewReader(data)),
		"buffer":    over(bytes.NewBuffer(bytes.Clone(data))),
		"bufio":     over(bufio.NewReaderSize(bytes.NewReader(data), 64)),
		"one byte":  over(iotest.OneByteReader(bytes.NewReader(data))),
		"halves":    over(iotest.HalfReader(bytes.NewReader(data))),
		"data, EOF": over(iotest.DataErrReader(bytes.NewReader(data))),
	}
}

// randomInput is lines of random lengths, some longer than a buffer.
func randomInput(rng *rand.Rand) []byte {
	var data []byte
	for range 40 {
		n := rng.IntN(50)
		if rng.IntN(10) == 0 {
			n = rng.IntN(200_000)
		}
		for range n {
			data = append(data, 'a'+byte(rng.IntN(26)))
		}
		data = append(data, '\n')
	}
	return data
}

// TestWindowsAgree takes the same bytes, lines and payloads of every kind of input, and compares
// each with what a plain offset into the bytes says.
func TestWindowsAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		data := randomInput(rng)
		seed := rng.Uint64()
		for name, open := range readers(data) {
			walk(t, name, data, open(), rand.New(rand.NewPCG(seed, 3)))
		}
	}
}

func walk(t *testing.T, name string, data []byte, w window.Window, rng *rand.Rand) {
	t.Helper()
	w.Limit = limit
	if err := w.Begin(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	at := 0
	for at < len(data) {
		n := min(rng.IntN(300), len(data)-at)
		if rng.IntN(8) == 0 {
			n = min(rng.IntN(150_000), len(data)-at)
		}
		var got []byte
		var err error
		want := data[at : at+n]
		switch rng.IntN(3) {
		case 0:
			got, err = w.Take(n)
		case 1:
			got, err = w.Payload(uint64(n), nil)
		case 2:
			want = data[at : at+bytes.IndexByte(data[at:], '\n')]
			n = len(want) + 1
			got, err = w.Line()
		}
		if at += n; err != nil || !bytes.Equal(got, want) || w.Offset() != int64(at) {
			t.Fatalf("%s: at %d: %d bytes, %v, offset %d; want %d bytes", name, at, len(got), err,
				w.Offset(), len(want))
		}
	}
	for what, read := range map[string]func() ([]byte, error){
		"Take":    func() ([]byte, error) { return w.Take(1) },
		"Line":    w.Line,
		"Payload": func() ([]byte, error) { return w.Payload(1<<20, nil) },
	} {
		if b, err := read(); !errors.Is(err, errkind.ErrTruncated) {
			t.Errorf("%s: %s at the end: %d bytes, %v", name, what, len(b), err)
		}
	}
}

// TestFrames: what crosses the end of a frame, or begins a frame inside one, is refused; what
// begins where the frame ends is not.
func TestFrames(t *testing.T) {
	data := []byte("0123456789abcdefghij\n")
	for name, open := range readers(data) {
		w := open()
		w.Limit = limit
		if err := w.Begin(); err != nil {
			t.Fatal(err)
		}
		if err := w.EnterFrame(10); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if b, err := w.Take(4); err != nil || string(b) != "0123" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		if err := w.EnterFrame(2); !window.IsFrameError(err) {
			t.Errorf("%s: a frame in a frame: %v", name, err)
		}
		if _, err := w.Take(7); !window.IsFrameError(err) {
			t.Errorf("%s: across the end: %v", name, err)
		}
		if b, err := w.Take(6); err != nil || string(b) != "456789" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		if b, err := w.Take(3); err != nil || string(b) != "abc" {
			t.Errorf("%s: behind the frame: %q, %v", name, b, err)
		}
		if err := w.EnterFrame(100); !errors.Is(err, errkind.ErrTruncated) {
			t.Errorf("%s: a frame longer than the input: %v", name, err)
		}
	}
}

// TestEnd: a reader that can be put back is left just behind the pickle.
func TestEnd(t *testing.T) {
	data := bytes.Repeat([]byte("pickle."), 3000)
	for name, r := range map[string]io.Reader{
		"seeker": bytes.NewReader(data), "buffer": bytes.NewBuffer(bytes.Clone(data)),
		"bufio": bufio.NewReader(bytes.NewReader(data)),
	} {
		w := window.New(r)
		w.Limit = limit
		if err := w.Begin(); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Take(7007); err != nil {
			t.Fatal(err)
		}
		w.End()
		rest, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(rest, data[7007:]) {
			t.Errorf("%s: %d bytes left, want %d, %v", name, len(rest), len(data)-7007, err)
		}
	}
}

// TestLimit: more input than the limit is an error that says how much there was.
func TestLimit(t *testing.T) {
	for name, open := range readers(bytes.Repeat([]byte("x"), 10_000)) {
		w := open()
		w.Limit = 5000
		err := w.Begin()
		if err == nil {
			_, err = w.Take(6000)
		}
		var e *errkind.LimitError
		if !errors.As(err, &e) || e.Limit != "InputBytes" || e.Max != 5000 || e.Want <= 5000 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
