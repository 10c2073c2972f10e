package bulk

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
)

// TestEach: every byte is in one piece, whatever the number of goroutines.
func TestEach(t *testing.T) {
	for _, n := range []int{0, 1, Piece, Piece + 1, minParallel, 5*Piece + 3} {
		for _, workers := range []int{0, 1, 3, 100} {
			seen := make([]byte, n)
			err := Each(n, workers, func(from, to int) error {
				if to <= from || to-from > Piece {
					t.Errorf("%d bytes: a piece from %d to %d", n, from, to)
				}
				for i := from; i < to; i++ {
					seen[i]++
				}
				return nil
			})
			if err != nil || len(bytes.Trim(seen, "\x01")) > 0 {
				t.Errorf("%d bytes, %d workers: %v, or pieces that are not all", n, workers, err)
			}
		}
	}
}

// TestEachError: the first error ends the work and is returned.
func TestEachError(t *testing.T) {
	bad := errors.New("bad")
	var mu sync.Mutex
	calls := 0
	err := Each(1000*Piece, 2, func(from, to int) error {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls > 3 {
			return bad
		}
		return nil
	})
	if !errors.Is(err, bad) || calls > 6 {
		t.Errorf("%v after %d pieces", err, calls)
	}
}

// TestCopy: memory with large pages and without, at any address.
func TestCopy(t *testing.T) {
	src := make([]byte, 20<<20)
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(src)
	for _, n := range []int{0, 5, Piece, len(src) - 7} {
		dst := make([]byte, n+3)
		done := LargePages(dst)
		Copy(dst[3:], src[7:7+n])
		done()
		if !bytes.Equal(dst[3:], src[7:7+n]) {
			t.Errorf("%d bytes are not equal", n)
		}
	}
}
