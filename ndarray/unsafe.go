//go:build !purego

package ndarray

import (
	"runtime"
	"unsafe"

	"github.com/unpkl/unpkl/internal/bulk"
)

// This file is the only one with package unsafe. Its twin under the build tag purego
// copies instead of reinterpreting.
//
// unsafe: to copy an array takes as long as what is done with it. T is one of the types of
// Element, none of which has pointers, so any bytes are a value of it (for bool the caller has
// checked that they are 0 or 1).

// unalignedOK: the processors that load and store numbers at any address.
const unalignedOK = runtime.GOARCH == "amd64" || runtime.GOARCH == "386" ||
	runtime.GOARCH == "arm64" ||
	runtime.GOARCH == "ppc64" || runtime.GOARCH == "ppc64le" || runtime.GOARCH == "s390x" ||
	runtime.GOARCH == "loong64" ||
	runtime.GOARCH == "wasm"

// sizeOf returns the bytes of a T.
func sizeOf[T Element]() int {
	var zero T
	return int(unsafe.Sizeof(zero))
}

// sliceOf returns b, whose length is a multiple of T's size, as elements in this
// machine's byte order. It shares b's memory; false if T cannot lie at that address.
func sliceOf[T Element](b []byte) ([]T, bool) {
	if len(b) == 0 {
		return []T{}, true
	}
	p := unsafe.Pointer(unsafe.SliceData(b))
	var zero T
	if !unalignedOK && uintptr(p)%unsafe.Alignof(zero) != 0 {
		return nil, false
	}
	// The result ends where b ends, and keeps b's memory alive as any pointer does.
	return unsafe.Slice((*T)(p), len(b)/sizeOf[T]()), true
}

// bytesOf returns the memory of s as bytes. Bytes have no alignment to keep.
func bytesOf[T Element](s []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*sizeOf[T]())
}

// largePages asks for large pages for the memory of s, until done is called.
func largePages[T Element](s []T) (done func()) { return bulk.LargePages(bytesOf(s)) }

// fill decodes src, in the given byte order, into dst, which has room for it.
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

// fillStructs copies the elements of a into dst, whose type has the layout of the dtype as
// sameLayout has found, so that T has no pointers and any bytes are a value of it.
func fillStructs[T any](dst []T, a *Array) bool {
	if len(dst) == 0 {
		return true
	}
	b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(dst))),
		len(dst)*int(unsafe.Sizeof(dst[0])))
	_, err := a.AppendBytes(b[:0], OrderC)
	return err == nil
}
