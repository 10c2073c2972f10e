// Package chunk cuts arrays into pieces that several goroutines can work on, as views of the same
// memory.
package chunk

import (
	"runtime"
	"sync"

	"github.com/unpkl/unpkl/ndarray"
)

// Size is about how many elements a piece has.
const Size = 1 << 17

// Piece is the same part of one array or of several of one shape.
type Piece struct {
	Arrays []*ndarray.Array // nil where the array is
	// Start is the position of the first element in C order.
	Start int
}

// Cut returns the pieces of arrays of one shape, in C order. Arrays but the first may be nil. It
// calls itself for each axis at most.
func Cut(arrays ...*ndarray.Array) []Piece { return cut(nil, arrays, 0) }

func cut(all []Piece, arrays []*ndarray.Array, start int) []Piece {
	first := arrays[0]
	if first.Size() <= Size || first.NDim() == 0 {
		if first.Size() == 0 {
			return all
		}
		return append(all, Piece{arrays, start})
	}
	arrays = flat(arrays)
	first = arrays[0]
	n := first.Shape()[0]
	row := first.Size() / n
	step := max(1, Size/row)
	for i := 0; i < n; i += step {
		parts := make([]*ndarray.Array, len(arrays))
		for k, a := range arrays {
			parts[k] = slice(a, i, min(i+step, n))
		}
		if step > 1 || first.NDim() == 1 {
			all = append(all, Piece{parts, start + i*row})
			continue
		}
		for k, a := range parts {
			parts[k] = index(a)
		}
		all = cut(all, parts, start+i*row)
	}
	return all
}

// flat returns the arrays with one dimension, if all of them lie in C order.
func flat(arrays []*ndarray.Array) []*ndarray.Array {
	out := make([]*ndarray.Array, len(arrays))
	for k, a := range arrays {
		if a == nil {
			continue
		}
		if !a.IsCContiguous() {
			return arrays
		}
		var err error
		if out[k], err = a.Reshape(a.Size()); err != nil {
			return arrays
		}
	}
	return out
}

func slice(a *ndarray.Array, from, to int) *ndarray.Array {
	if a == nil {
		return nil
	}
	part, err := a.Slice(0, from, to, 1)
	if err != nil {
		panic("chunk: " + err.Error()) // the axis is there, and the step is 1
	}
	return part
}

// index returns the only item along the first axis.
func index(a *ndarray.Array) *ndarray.Array {
	if a == nil {
		return nil
	}
	part, err := a.Index(0)
	if err != nil {
		panic("chunk: " + err.Error()) // slice left one
	}
	return part
}

// Each does work for every piece, several at a time, and returns what came of each. worker counts
// the goroutines from 0 to Workers - 1.
func Each[R any](pieces []Piece, work func(worker int, p Piece) R) []R {
	results := make([]R, len(pieces))
	next := make(chan int)
	var wg sync.WaitGroup
	for worker := range min(Workers(), len(pieces)) {
		wg.Go(func() {
			for i := range next {
				results[i] = work(worker, pieces[i])
			}
		})
	}
	for i := range pieces {
		next <- i
	}
	close(next)
	wg.Wait()
	return results
}

// Workers is how many goroutines Each has at most.
func Workers() int { return runtime.GOMAXPROCS(0) }
