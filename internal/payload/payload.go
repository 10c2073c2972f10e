// Package payload reads the bytes of arrays into memory of their own, for packages pickle and npy.
package payload

import (
	"io"
	"reflect"
)

const (
	// Align is what large memory begins at a multiple of, in bytes.
	Align = 64
	// Large is the length in bytes from which memory is large.
	Large = 64 << 10
	// first is what is allocated before the first byte has come, where nobody knows that all will.
	first = 256 << 10
	// growth is how many times the bytes that have come is allocated next. What is not written to
	// takes no memory yet; with a larger growth less is copied, and less is there twice in the end.
	growth = 4
)

// Read returns n bytes that read brings, whose error is nil only when it fills what it is given.
// Where sure is false the memory grows as the bytes arrive. got is how many arrived before an
// error.
func Read(n int, sure bool, read func(p []byte) (int, error)) (data []byte, got int, err error) {
	size := n
	if !sure {
		size = min(n, first)
	}
	data = Memory(size)
	for {
		m, err := read(data[got:])
		if got += m; got == n {
			return data, got, nil
		}
		if err != nil {
			return nil, got, err
		}
		if got < len(data) {
			return nil, got, io.ErrNoProgress
		}
		grown := Memory(int(min(uint64(n), growth*uint64(got))))
		copy(grown, data)
		data = grown
	}
}

// Memory returns n bytes for the caller to write to, all of them: of zeros if they are few, of any
// content and at a multiple of Align if they are large.
func Memory(n int) []byte {
	if n < Large {
		return make([]byte, n)
	}
	mem := Uncleared(n)
	if off := Misalignment(mem, Align); off != 0 {
		mem = Uncleared(n + Align)
		off = Misalignment(mem, Align)
		mem = mem[(Align-off)%Align:][:n:n]
	}
	return mem
}

// Misalignment returns how far b begins past a multiple of align, a power of two.
func Misalignment(b []byte, align uintptr) int {
	return int(reflect.ValueOf(b).Pointer() & (align - 1))
}
