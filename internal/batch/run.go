package batch

import (
	"context"
	"iter"
	"sync"

	"golang.org/x/sync/semaphore"
)

// Limits bound what is worked on at once.
type Limits struct {
	// Jobs is how many files are worked on at once, 1 or more.
	Jobs int
	// Bytes is the budget: the sizes of the files that are being worked on, and of those whose
	// results wait for their turn, add up to no more. A file that is larger is worked on alone. 0
	// is for work whose memory does not grow with the files: sizes do not count, and no more than
	// 1,024 results wait.
	Bytes int64
}

// unsizedWaiting is how many files are at work or wait at once where sizes do not count.
const unsizedWaiting = 1 << 10

// leastSize is what a file takes of the budget at least, in bytes: about what it costs to have one
// open, whatever its size.
const leastSize = 16 << 10

// maxWaiting is how many files are at work or wait at once, whatever the budget.
const maxWaiting = 1 << 16

// slot is a file at work, or whose result waits.
type slot[R any] struct {
	source Source
	size   int64 // bytes of the budget that it takes
	result chan R
}

// Each does work on each source, for several at once, and hands what came of it to done in the
// order of the sources. The first error of the list or of done ends it; what has begun is waited
// for.
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
	go func() { // it is not waited for: it may be in a read of standard input that does not end
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
			if budget.Acquire(ctx, s.size) != nil {
				return
			}
			select {
			case waiting <- s:
			case <-ctx.Done():
				return
			}
			select {
			case toDo <- s:
			case <-ctx.Done():
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

// budgetOf returns what a file takes of the budget.
func budgetOf(s *Source, budget int64) int64 {
	size := int64(leastSize)
	if info, err := s.info(); err == nil {
		size = max(size, info.Size())
	}
	return min(size, budget)
}

// SourceError is what is wrong with the list of files at one of them.
type SourceError struct {
	Path string
	Err  error
}

// Error returns the path and what is wrong.
func (e *SourceError) Error() string { return "batch: " + e.Path + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *SourceError) Unwrap() error { return e.Err }
