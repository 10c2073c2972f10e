//go:build !purego

package ndarray

import (
	"runtime"
	"unsafe"

	"github.com/unpkl/unpkl/internal/bulk"
)

// This is the only file of the package that imports unsafe. Its twin for the build tag purego
// copies memory instead of sharing it.
//
// unsafe: a copy of an array takes as long as most operations on it. T is one of the types of
// Element, none of which has pointers, so all bytes are valid values of T. For bool, the caller has
// checked that they are 0 or 1.

// unalignedOK says whether this processor can load and store numbers at any address.
const unalignedOK = runtime.GOARCH == "amd64" || runtime.GOARCH == "386" ||
	runtime.GOARCH == "arm64" ||
	runtime.GOARCH == "ppc64" || runtime.GOARCH == "ppc64le" || runtime.GOARCH == "s390x" ||
	runtime.GOARCH == "loong64" ||
	runtime.GOARCH == "wasm"

// sizeOf returns the size of a T in bytes.
func sizeOf[T Element]() int {
	var zero T
	return int(unsafe.Sizeof(zero))
}

// sliceOf returns b, whose length must be a multiple of T's size, as elements in this machine's
// byte order. The result shares the memory of b. ok is false if b is not aligned for T.
func sliceOf[T Element](b []byte) ([]T, bool) {
	if len(b) == 0 {
		return []T{}, true
	}
	p := unsafe.Pointer(unsafe.SliceData(b))
	var zero T
	if !unalignedOK && uintptr(p)%unsafe.Alignof(zero) != 0 {
		return nil, false
	}
	// The result ends where b ends. Like any pointer it keeps the memory of b alive.
	return unsafe.Slice((*T)(p), len(b)/sizeOf[T]()), true
}

// bytesOf returns the memory of s as bytes, which have no alignment.
func bytesOf[T Element](s []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*sizeOf[T]())
}

// largePages requests large pages for the memory of s, until done is called.
func largePages[T Element](s []T) (done func()) { return bulk.LargePages(bytesOf(s)) }

// fill decodes src, in the given byte order, into dst, which must be long enough.
func fill[T Element](dst []T, src []byte, order ByteOrder) {
	b, unit := bytesOf(dst)[:len(src)], swapUnit[T]()
	swap := order != NativeEndian && order != NotApplicable
	_ = bulk.Each(len(src), 0, func(from, to int) error {
		copy(b[from:to], src[from:to])
		if swap {
			swapBytes(b[from:to], unit)
		}
		return nil
	})
}

// fillStructs copies the elements of a into dst. sameLayout must have found that T has the layout
// of the dtype, so that T has no pointers and all bytes are valid values of it.
func fillStructs[T any](dst []T, a *Array) bool {
	if len(dst) == 0 {
		return true
	}
	b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(dst))),
		len(dst)*int(unsafe.Sizeof(dst[0])))
	_, err := a.AppendBytes(b[:0], OrderC)
	return err == nil
}
