package pickle

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"github.com/unpkl/unpkl/internal/window"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"
)

// peekedKinds are readers of all kinds, and what each has left.
var peekedKinds = map[string]func(data string) (u *Unpickler, rest func() string){
	"slice": func(data string) (*Unpickler, func() string) { return NewUnpicklerBytes([]byte(data)), nil },
	"plain": func(data string) (*Unpickler, func() string) {
		return NewUnpickler(iotest.HalfReader(strings.NewReader(data))), nil
	},
	"seeker": func(data string) (*Unpickler, func() string) {
		r := strings.NewReader(data)
		return NewUnpickler(r), func() string { return data[len(data)-r.Len():] }
	},
	"buffer": func(data string) (*Unpickler, func() string) {
		r := bytes.NewBufferString(data)
		return NewUnpickler(r), r.String
	},
	"bufio": func(data string) (*Unpickler, func() string) {
		s := strings.NewReader(data)
		r := bufio.NewReaderSize(s, 16)
		return NewUnpickler(r), func() string { return data[len(data)-s.Len()-r.Buffered():] }
	},
}

// TestPeek: what was looked at is read by Load all the same, and Discard passes over it.
func TestPeek(t *testing.T) {
	const one, two = "\x80\x04\x95\x0a\x00\x00\x00\x00\x00\x00\x00](K\x01K\x02K\x03e.", "X\x05\x00\x00\x00hello."
	const data = one + two + one + "K\x01"
	for name, kind := range peekedKinds {
		for _, n := range []int{0, 1, 5, len(one), len(one) + 3, len(data)} {
			u, rest := kind(data)
			check := func(want string) {
				t.Helper()
				if at := int64(len(data) - len(want)); u.InputOffset() != at {
					t.Errorf("%s: at %d, want %d", name, u.InputOffset(), at)
				}
				if rest != nil && name != "bufio" && rest() != want {
					t.Errorf("%s: %q is left, want %q", name, rest(), want)
				}
			}
			b, err := u.Peek(n)
			if err != nil || len(b) < n || string(b) != data[:len(b)] {
				t.Fatalf("%s: Peek(%d) is %q, %v", name, n, b, err)
			}
			if v, err := u.Load(); err != nil || fmt.Sprint(v) != "[1, 2, 3]" {
				t.Errorf("%s: %v, %v", name, v, err)
			}
			check(data[len(one):])
			if b, err := u.Peek(len(two)); err != nil || string(b[:len(two)]) != two {
				t.Errorf("%s: %q, %v", name, b, err)
			}
			u.Discard(len(two))
			check(data[len(one)+len(two):])
			if v, err := u.Load(); err != nil || fmt.Sprint(v) != "[1, 2, 3]" {
				t.Errorf("%s: %v, %v", name, v, err)
			}
			if b, err := u.Peek(3); err != io.EOF || string(b) != "K\x01" {
				t.Errorf("%s: behind the end: %q, %v", name, b, err)
			}
			var bad *DecodeError
			if _, err := u.Load(); !errors.As(err, &bad) || bad.Offset != int64(len(data)-2) || !errors.Is(err, ErrTruncated) {
				t.Errorf("%s: %v", name, err)
			}
		}
		u, _ := kind("")
		if b, err := u.Peek(1); err != io.EOF || len(b) > 0 {
			t.Errorf("%s: nothing is %q, %v", name, b, err)
		}
		u.Discard(5)
		if u.InputOffset() != 0 {
			t.Errorf("%s: at %d of nothing", name, u.InputOffset())
		}
	}
}

// TestPeekErrors: an error that Peek met is that of the Load that needs more, once.
func TestPeekErrors(t *testing.T) {
	u := NewUnpickler(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("K\x01.K\x02."))))
	if b, err := u.Peek(4); err != iotest.ErrTimeout || string(b) != "K" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := u.Load(); !errors.Is(err, iotest.ErrTimeout) {
		t.Error(err)
	}
	broken := errors.New("broken")
	u = NewUnpickler(&failingReader{"K\x01.", broken})
	if b, err := u.Peek(4); err != broken || string(b) != "K\x01." {
		t.Errorf("%q, %v", b, err)
	}
	if v, err := u.Load(); v != 1 || err != nil {
		t.Errorf("%v, %v: the pickle does not need more", v, err)
	}
	if _, err := u.Load(); !errors.Is(err, broken) {
		t.Error(err)
	}
	u = NewUnpickler(strings.NewReader("K\x01.K\x02."))
	u.Limits.InputBytes = 4
	if _, err := u.Load(); err != nil {
		t.Error(err)
	}
	if b, err := u.Peek(2); !errors.Is(err, ErrLimit) || len(b) > 1 {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := u.Load(); !errors.Is(err, ErrLimit) {
		t.Error(err)
	}
}

// TestPeekMemory: of what a Peek asks for, only what comes takes memory, and of that not all is kept.
func TestPeekMemory(t *testing.T) {
	u := NewUnpickler(iotest.DataErrReader(strings.NewReader("K\x01.")))
	n := testing.AllocsPerRun(1, func() {
		if b, err := u.Peek(math.MaxInt); err != io.EOF || len(b) > 3 {
			t.Errorf("%q, %v", b, err)
		}
	})
	if c := cap(u.w.All()); c > 1<<20 {
		t.Errorf("%d bytes for 3, %v allocations", c, n)
	}
	for name, r := range map[string]io.Reader{
		"plain":  iotest.HalfReader(strings.NewReader(strings.Repeat("N", 10<<20) + ".K\x01.")),
		"seeker": strings.NewReader(strings.Repeat("N", 10<<20) + ".K\x01."),
	} {
		u := NewUnpickler(r)
		if _, err := u.Peek(10 << 20); err != nil {
			t.Fatal(err)
		}
		if _, err := u.Load(); err != nil {
			t.Fatal(err)
		}
		if c := cap(u.w.All()); c > window.KeepBuffer {
			t.Errorf("%s: %d bytes are kept", name, c)
		}
		if v, err := u.Load(); v != 1 || err != nil {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
}
