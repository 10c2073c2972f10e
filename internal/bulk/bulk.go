// Package bulk fills large memory: in pieces, by several goroutines, and with large pages.
//
// One memmove of hundreds of megabytes cannot be interrupted, so that the garbage collector, and
// with it every goroutine, waits until it ends; and one core does not keep the memory busy.
package bulk

import (
	"runtime"
	"sync"
	"sync/atomic"
)

const (
	// Piece is the size in bytes of the pieces that are worked on, a multiple of every itemsize of
	// numbers.
	Piece = 1 << 20
	// alone is how many bytes are not worth a second goroutine.
	alone = 4 * Piece
)

// Each calls work for the pieces from 0 to n, from and to being offsets in bytes, on as many
// goroutines as workers says, 0 for the number of processors that Go uses. After an error no piece
// is begun any more, and the first error is returned.
func Each(n, workers int, work func(from, to int) error) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	if n < alone {
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

// Copy copies src to dst, which is as long or longer.
func Copy(dst, src []byte) {
	_ = Each(len(src), 0, func(from, to int) error {
		copy(dst[from:to], src[from:to])
		return nil
	})
}
