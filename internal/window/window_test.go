package window_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/window"
)

const limit = 1 << 30

// readers returns windows of each kind of input over the same bytes.
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

// randomInput returns lines of random lengths, some of which are longer than a buffer.
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

// TestWindowsAgree takes the same bytes, lines and payloads from every kind of input, and compares
// each with the bytes at that offset of the data.
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

// TestFrames checks that an argument across the end of a frame and a frame inside a frame are
// errors, and that what begins behind the end of a frame is not.
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

// TestEnd checks that End leaves a peeker or seeker at the byte behind the pickle.
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

// TestSeekBetween checks that between two pickles a seeker is at the byte behind the first one, and
// that the next read begins at the position of the seeker, even if others have moved it or the file
// has grown.
func TestSeekBetween(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rng := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 100_000)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	grow := func(to int) {
		at, err := f.Seek(0, io.SeekCurrent)
		if err == nil {
			_, err = f.WriteAt(data[:to], 0)
		}
		if now, _ := f.Seek(0, io.SeekCurrent); err != nil || now != at {
			t.Fatalf("at %d, then %d: %v", at, now, err)
		}
	}
	w := window.New(f)
	w.Limit = math.MaxInt64
	at, size := 0, 50_000
	grow(size)
	for size < len(data) {
		switch rng.IntN(8) {
		case 0: // somebody else reads
			n := rng.IntN(100)
			if _, err := io.ReadFull(f, make([]byte, n)); err != nil {
				t.Fatal(err)
			}
			at += n
		case 1: // or goes elsewhere
			at = rng.IntN(size / 2)
			if _, err := f.Seek(int64(at), io.SeekStart); err != nil {
				t.Fatal(err)
			}
		case 2:
			size = min(size+rng.IntN(2_000), len(data))
			grow(size)
		}
		n := 1 + rng.IntN(300)
		if rng.IntN(20) == 0 {
			n = 1 + rng.IntN(20_000)
		}
		if at+n > size-200 {
			at = 0
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Begin(); err != nil {
			t.Fatalf("at %d of %d: %v", at, size, err)
		}
		if rest, known := w.Remaining(); !known || rest != int64(size-at) {
			t.Fatalf("at %d of %d: %d are left, %v", at, size, rest, known)
		}
		b, err := w.Take(n)
		if err != nil || !bytes.Equal(b, data[at:at+n]) {
			t.Fatalf("%d bytes at %d of %d: other bytes, or %v", n, at, size, err)
		}
		w.Consume()
		w.End()
		at += n
		if now, err := f.Seek(0, io.SeekCurrent); err != nil || now != int64(at) {
			t.Fatalf("the file is at %d, not %d: %v", now, at, err)
		}
	}
}

// TestLimit checks the error for an input that is longer than the limit.
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
