// Package slab puts small values of one type side by side, for what makes values of pickles, so
// that each takes no allocation of its own.
package slab

import "time"

// Sizes in bytes. A value that is kept keeps its whole slab, so slabs start small, in case the
// pickle is, and stay small.
const (
	first = 128
	most  = 8 << 10
)

// Apart is the length in bytes from which a value has memory of its own, so that keeping it does
// not keep others.
const Apart = most / 8

// Slab hands out values of one type. The zero value is ready for use.
type Slab[T any] struct {
	chunk []T
	used  int
	next  int // length of the next chunk
}

func (s *Slab[T]) grow(least, elemSize int) {
	s.next = min(max(2*s.next, first/elemSize), most/elemSize)
	s.chunk = make([]T, max(s.next, least))
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

// Many returns n new zero values in a row, without room to grow in place; from 1 KiB on they
// have memory of their own.
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

// Values boxes scalars: it makes values of type any of them. The zero value is ready for use.
type Values struct {
	ints    Slab[int]
	int64s  Slab[int64]
	floats  Slab[float64]
	strings Slab[string]
	times   Slab[time.Time]
}

// The ints that are shared instead of boxed.
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

// Uint8 boxes i as an int, without any memory.
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
