package batch

import (
	"context"
	"iter"
	"sync"

	"golang.org/x/sync/semaphore"
)

// Limits bound the work that is done at once.
type Limits struct {
	// Jobs is the number of files that are worked on at once, at least 1.
	Jobs int
	// Bytes is the budget: an upper bound on the total size of the files that are being worked on
	// or whose results wait for their turn. A larger file is worked on alone. With 0, for work
	// whose memory does not grow with the files, sizes do not count and at most 1,024 results wait.
	Bytes int64
}

// unsizedWaiting is the number of files that are worked on or wait at once if sizes do not count.
const unsizedWaiting = 1 << 10

// leastSize is the least that a file takes of the budget, in bytes: about the cost of an open file,
// whatever its size.
const leastSize = 16 << 10

// maxWaiting is the number of files that are worked on or wait at once, whatever the budget.
const maxWaiting = 1 << 16

// slot is a file that is being worked on or whose result waits.
type slot[R any] struct {
	source Source
	size   int64 // bytes of the budget that it takes
	result chan R
}

// Each calls work for each source, several at once, and then done with each result in the order of
// the sources. It ends with the first error of the list or of done, after the work that has begun
// is finished.
func Each[R any](sources iter.Seq2[Source, error], l Limits, work func(Source) R,
	done func(Source, R) error) error {
	ctx, cancel := context.WithCancel(context.Background())
	sized := l.Bytes > 0
	if !sized {
		l.Bytes = unsizedWaiting * leastSize
	}
	budget := semaphore.NewWeighted(l.Bytes)
	waiting := make(chan *slot[R], min(l.Bytes/leastSize, maxWaiting)+1)
	toDo := make(chan *slot[R])
	var workers sync.WaitGroup
	defer workers.Wait()
	defer cancel()
	for range l.Jobs {
		workers.Go(func() {
			for {
				select {
				case s, ok := <-toDo:
					if !ok {
						return
					}
					s.result <- work(s.source)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	var listErr error
	go func() { // nothing waits for it, because a read of standard input may never return
		defer close(waiting)
		defer close(toDo)
		for source, err := range sources {
			if err != nil {
				listErr = &SourceError{source.Path, err}
				return
			}
			s := &slot[R]{source, leastSize, make(chan R, 1)}
			if sized {
				s.size = budgetOf(&source, l.Bytes)
			}
			if budget.Acquire(ctx, s.size) != nil || !send(ctx, waiting, s) || !send(ctx, toDo, s) {
				return
			}
		}
	}()
	for s := range waiting {
		if err := done(s.source, <-s.result); err != nil {
			return err
		}
		budget.Release(s.size)
	}
	return listErr
}

// send sends v, and reports whether that was done before ctx ended.
func send[T any](ctx context.Context, to chan<- T, v T) bool {
	select {
	case to <- v:
		return true
	case <-ctx.Done():
		return false
	}
}

// budgetOf returns how much of the budget a file takes, in bytes.
func budgetOf(s *Source, budget int64) int64 {
	size := int64(leastSize)
	if info, err := s.info(); err == nil {
		size = max(size, info.Size())
	}
	return min(size, budget)
}

// SourceError is an error of the list of files.
type SourceError struct {
	Path string
	Err  error
}

// Error returns the path and the text of the error.
func (e *SourceError) Error() string { return "batch: " + e.Path + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *SourceError) Unwrap() error { return e.Err }
