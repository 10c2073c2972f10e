// Package payload allocates the memory of large arrays, and reads their elements into it.
package payload

import (
	"io"
	"reflect"
)

const (
	// Align is the alignment of large memory, in bytes.
	Align = 64
	// Large is the length in bytes from which memory is large.
	Large = 64 << 10
	// firstSize is how many bytes are allocated before the first byte has arrived, if it is not
	// certain that all will.
	firstSize = 256 << 10
	// growth is the factor by which memory grows when it is full. A large factor costs little,
	// because pages that were never written to take no physical memory, and it saves copies.
	growth = 4
)

// Read returns n bytes, which it reads with read. That function may fill its argument in part only
// if it returns an error. sure says that the input has n bytes; otherwise the memory grows as they
// arrive. got is the number of bytes that arrived before an error.
func Read(n int, sure bool, read func(p []byte) (int, error)) (data []byte, got int, err error) {
	size := n
	if !sure {
		size = min(n, firstSize)
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

// Memory returns n bytes, which the caller must overwrite before reading them. Large memory is
// aligned to Align, and its content is arbitrary.
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

// Misalignment returns the address of b modulo align, which must be a power of two.
func Misalignment(b []byte, align uintptr) int {
	return int(reflect.ValueOf(b).Pointer() & (align - 1))
}
