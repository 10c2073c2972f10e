// Package slab allocates small values of one type side by side in larger chunks, so that a value of
// a pickle does not need an allocation of its own.
package slab

import "time"

// Sizes of chunks, in bytes. The first chunk is small, because the pickle may be. Chunks stay
// small, because a value that is kept keeps its whole chunk.
const (
	firstChunk = 128
	maxChunk   = 8 << 10
)

// Apart is the length in bytes from which a value is allocated by itself, so that keeping it does
// not keep others.
const Apart = maxChunk / 8

// Slab allocates values of one type. The zero value is ready for use.
type Slab[T any] struct {
	chunk  []T
	used   int // number of values of chunk that were allocated
	length int // regular length of the current chunk, to double for the next one
}

// grow begins a new chunk of at least n values.
func (s *Slab[T]) grow(n, elemSize int) {
	s.length = min(max(2*s.length, firstChunk/elemSize), maxChunk/elemSize)
	s.chunk = make([]T, max(s.length, n))
	s.used = 0
}

// One returns a new zero value. elemSize is the size of T in bytes.
func (s *Slab[T]) One(elemSize int) *T {
	if s.used == len(s.chunk) {
		s.grow(1, elemSize)
	}
	p := &s.chunk[s.used]
	s.used++
	return p
}

// Many returns a slice of n new zero values, without spare capacity. A slice of more than Apart
// bytes is allocated by itself if it does not fit the current chunk.
func (s *Slab[T]) Many(n, elemSize int) []T {
	if len(s.chunk)-s.used < n {
		if n*elemSize > Apart {
			return make([]T, n)
		}
		s.grow(n, elemSize)
	}
	p := s.chunk[s.used : s.used+n : s.used+n]
	s.used += n
	return p
}

// Values boxes scalars: it converts them to values of type any. The zero value is ready for use.
type Values struct {
	ints    Slab[int]
	int64s  Slab[int64]
	floats  Slab[float64]
	strings Slab[string]
	times   Slab[time.Time]
}

// The range of ints that are boxed in advance.
const (
	sharedMin = -128
	sharedMax = 1023
)

var sharedInts = func() (t [sharedMax - sharedMin + 1]any) {
	for i := range t {
		t[i] = i + sharedMin
	}
	return t
}()

// Uint8 boxes i as an int, without an allocation.
func Uint8(i uint8) any { return sharedInts[int(i)-sharedMin] }

// Int boxes i.
func (v *Values) Int(i int) any {
	if uint(i-sharedMin) < uint(len(sharedInts)) {
		return sharedInts[i-sharedMin]
	}
	p := v.ints.One(8)
	*p = i
	return boxInt(p)
}

// Int64 boxes i.
func (v *Values) Int64(i int64) any {
	p := v.int64s.One(8)
	*p = i
	return boxInt64(p)
}

// Float boxes f.
func (v *Values) Float(f float64) any {
	p := v.floats.One(8)
	*p = f
	return boxFloat(p)
}

// Time boxes t.
func (v *Values) Time(t time.Time) any {
	p := v.times.One(24)
	*p = t
	return boxTime(p)
}

// String boxes s.
func (v *Values) String(s string) any {
	p := v.strings.One(16)
	*p = s
	return boxString(p)
}
