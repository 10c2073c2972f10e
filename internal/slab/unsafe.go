//go:build !purego

package slab

import (
	"time"
	"unsafe"
)

// This is the only file of the package that imports unsafe. Its twin for the build tag purego lets
// Go allocate each value.
//
// An any that holds an int, float64, string or slice contains a pointer to it. Go allocates each
// such value by itself, which would be most of the time of loading small values. The functions
// below return an any that points into a slab instead.
//
// unsafe: an any consists of a word for the type and a pointer, which TestBoxes checks. The value
// is written before it is boxed and never changed afterwards, because values in interfaces must not
// change.

// words is the representation of an any in memory.
type words struct {
	typ  unsafe.Pointer
	data unsafe.Pointer
}

func wordsOf(v any) words { return *(*words)(unsafe.Pointer(&v)) }

var (
	intWord    = wordsOf(int(0)).typ
	int64Word  = wordsOf(int64(0)).typ
	floatWord  = wordsOf(float64(0)).typ
	timeWord   = wordsOf(time.Time{}).typ
	stringWord = wordsOf("").typ
	bytesWord  = wordsOf([]byte(nil)).typ
	listWord   = wordsOf([]any(nil)).typ
)

func box(typ, data unsafe.Pointer) (v any) {
	*(*words)(unsafe.Pointer(&v)) = words{typ, data}
	return v
}

func boxInt(p *int) any        { return box(intWord, unsafe.Pointer(p)) }
func boxInt64(p *int64) any    { return box(int64Word, unsafe.Pointer(p)) }
func boxFloat(p *float64) any  { return box(floatWord, unsafe.Pointer(p)) }
func boxTime(p *time.Time) any { return box(timeWord, unsafe.Pointer(p)) }
func boxString(p *string) any  { return box(stringWord, unsafe.Pointer(p)) }

// BoxBytes boxes the slice that p points to. The slice header must not be changed afterwards.
func BoxBytes(p *[]byte) any { return box(bytesWord, unsafe.Pointer(p)) }

// BoxList boxes the slice that p points to. The slice header must not be changed afterwards; the
// items may.
func BoxList(p *[]any) any { return box(listWord, unsafe.Pointer(p)) }
