// Package chunk cuts arrays into pieces for several goroutines. The pieces are views of the arrays'
// memory.
package chunk

import (
	"runtime"
	"sync"

	"github.com/unpkl/unpkl/ndarray"
)

// Size is the approximate number of elements in a piece.
const Size = 1 << 17

// Piece is the same part of one or more arrays of equal shape.
type Piece struct {
	Arrays []*ndarray.Array // an entry is nil where Cut was given nil
	// Start is the position in C order of the first element of the piece in the whole array.
	Start int
}

// Cut returns the pieces of arrays of equal shape in C order. Any array but the first may be nil.
// The depth of the recursion is at most the number of axes.
func Cut(arrays ...*ndarray.Array) []Piece { return cut(nil, arrays, 0) }

func cut(all []Piece, arrays []*ndarray.Array, start int) []Piece {
	first := arrays[0]
	if first.Size() <= Size || first.NDim() == 0 {
		if first.Size() == 0 {
			return all
		}
		return append(all, Piece{arrays, start})
	}
	arrays = flattened(arrays)
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
			parts[k] = only(a)
		}
		all = cut(all, parts, start+i*row)
	}
	return all
}

// flattened returns the arrays reshaped to one dimension if all of them are C contiguous, else the
// arrays as they are.
func flattened(arrays []*ndarray.Array) []*ndarray.Array {
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

// only returns the single item along the first axis.
func only(a *ndarray.Array) *ndarray.Array {
	if a == nil {
		return nil
	}
	part, err := a.Index(0)
	if err != nil {
		panic("chunk: " + err.Error()) // the slice has one item
	}
	return part
}

// Each calls work for every piece on up to Workers goroutines at a time and returns the results in
// the order of the pieces. worker is the number of the goroutine, from 0 to Workers() - 1.
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

// Workers returns the greatest number of goroutines that Each uses.
func Workers() int { return runtime.GOMAXPROCS(0) }
