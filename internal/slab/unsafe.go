//go:build !purego

package slab

import (
	"time"
	"unsafe"
)

// This file is the only one with package unsafe. Its twin under the build tag purego lets Go
// allocate each value.
//
// Boxing. An any that holds an int, float64, string or slice points to it, and Go would allocate
// each by itself: most of the time of loading small values. The box functions make the any point
// into a slab instead.
//
// unsafe: an any is a word that says the type and a pointer, which TestBoxes checks. What it points
// to is written once, before it is boxed, and never again, as interface values must be.

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

// BoxBytes makes a []byte value of what p points to, which must not change any more.
func BoxBytes(p *[]byte) any { return box(bytesWord, unsafe.Pointer(p)) }

// BoxList makes a []any value of what p points to, which must not change any more; its items may.
func BoxList(p *[]any) any { return box(listWord, unsafe.Pointer(p)) }
