// Package bulk fills large memory in pieces, by several goroutines, and with large pages.
//
// A single copy of hundreds of megabytes cannot be interrupted. The garbage collector, and with it
// every other goroutine, would have to wait for its end. Also, one core does not use the full
// bandwidth of the memory.
package bulk

import (
	"runtime"
	"sync"
	"sync/atomic"
)

const (
	// Piece is the size of a piece in bytes. It is a multiple of the itemsize of every number.
	Piece = 1 << 20
	// minParallel is the smallest number of bytes for which several goroutines are worthwhile.
	minParallel = 4 * Piece
)

// Each divides the range from 0 to n bytes into pieces, and calls work with the bounds of each. The
// calls are spread over several goroutines: as many as workers says, or GOMAXPROCS if workers is 0.
// After an error no further call begins, and Each returns the first error.
func Each(n, workers int, work func(from, to int) error) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	if n < minParallel {
		workers = 1
	}
	pieces := (n + Piece - 1) / Piece
	var next atomic.Int64
	var first atomic.Pointer[error]
	loop := func() {
		for first.Load() == nil {
			i := int(next.Add(1) - 1)
			if i >= pieces {
				return
			}
			if err := work(i*Piece, min(n, (i+1)*Piece)); err != nil {
				first.CompareAndSwap(nil, &err)
			}
		}
	}
	var wait sync.WaitGroup
	for range min(workers, pieces) - 1 {
		wait.Go(loop)
	}
	loop()
	wait.Wait()
	if err := first.Load(); err != nil {
		return *err
	}
	return nil
}

// Copy copies src to dst, which must be at least as long.
func Copy(dst, src []byte) {
	_ = Each(len(src), 0, func(from, to int) error {
		copy(dst[from:to], src[from:to])
		return nil
	})
}
