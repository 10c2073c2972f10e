package payload

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"
	"testing/iotest"
)

// content is n bytes no two neighbours of which are alike.
func content(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return b
}

func full(r io.Reader) func(p []byte) (int, error) {
	return func(p []byte) (int, error) { return io.ReadFull(r, p) }
}

func TestRead(t *testing.T) {
	for _, n := range []int{0, 1, Large - 1, Large, firstSize - 1, firstSize, firstSize + 1,
		growth * firstSize,
		growth*firstSize + 1, 5<<20 + 3} {
		want := content(n)
		for _, sure := range []bool{true, false} {
			data, got, err := Read(n, sure, full(bytes.NewReader(want)))
			if err != nil || got != n || !bytes.Equal(data, want) {
				t.Errorf("%d, %v: %d bytes, %v", n, sure, got, err)
			}
			if n >= Large && Misalignment(data, Align) != 0 {
				t.Errorf("%d, %v: not aligned", n, sure)
			}
			if n == 0 {
				continue
			}
			if _, got, err = Read(n, sure, full(bytes.NewReader(want[:n-1]))); !errors.Is(err,
				io.ErrUnexpectedEOF) && err != io.EOF || got != n-1 {
				t.Errorf("%d without the last, %v: %d bytes, %v", n, sure, got, err)
			}
		}
	}
	failing := errors.New("cable")
	if _, got, err := Read(firstSize+9, false, full(io.MultiReader(
		bytes.NewReader(content(firstSize+2)),
		iotest.ErrReader(failing)))); err != failing || got != firstSize+2 {
		t.Errorf("%d bytes, %v", got, err)
	}
}

// TestReadClaims: what never comes is not allocated.
func TestReadClaims(t *testing.T) {
	const come = 1 << 20
	var most int
	_, got, err := Read(math.MaxInt, false, func() func(p []byte) (int, error) {
		r := bytes.NewReader(content(come))
		return func(p []byte) (int, error) {
			most = max(most, cap(p))
			return io.ReadFull(r, p)
		}
	}())
	if err == nil || got != come || most > growth*come {
		t.Errorf("%d bytes, %v, up to %d at once", got, err, most)
	}
}
