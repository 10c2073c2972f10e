//go:build !purego

package pickle

import (
	"reflect"
	"unsafe"
)

// This file is the only one with package unsafe. Its twin under the build tag purego does the same
// by reflection.
//
// unsafe, of identities: Python's "is" is said of Go values by where their bytes are. A pointer is
// compared and kept, so that what it points to stays where it is while the memo lists it, and is
// never dereferenced. Reflection would allocate to tell where the bytes of a string are, and does
// not tell where a boxed value is; an interface is a word that says the type and one that points to
// the value, which TestIdentity checks.
//
// unsafe, of addresses: to read the fields of structs and the items of slices by reflection takes
// twice as long as to write them. An address is that of a variable that reflection gave, plus the
// offset that reflection gives for a field, or a multiple of the size of an item below the length
// of its slice. What is there is read as a type of the kind and size that it has. Nothing is
// written to it, and nothing kept but in a task, with the pointer that keeps it where it is.
//
// unsafe, of strings: bytes that were just made for a string are not copied for it.

// pointer is where something is; nil is nowhere.
type pointer = unsafe.Pointer

// addressWord is a pointer as a number, which hashes of it begin with.
func addressWord(p pointer) uintptr { return uintptr(p) }

// stringPointer returns where the bytes of a string are.
func stringPointer(s string) pointer { return unsafe.Pointer(unsafe.StringData(s)) }

// slicePointer returns where the items of a slice are.
func slicePointer[T any](s []T) pointer { return unsafe.Pointer(unsafe.SliceData(s)) }

// itemPointer returns where an item of a slice is, as slicePointer does of a slice from there on.
func itemPointer(item *any) pointer { return unsafe.Pointer(item) }

// valuePointer returns where what a pointer, map or slice refers to is.
func valuePointer(v reflect.Value) pointer { return v.UnsafePointer() }

// boxPointer returns where the box of v is, or what v points to if it is a pointer or map.
func boxPointer(v any) pointer { return wordsOf(&v).data }

// typeOfBox returns typeAddress of the type of v.
func typeOfBox(v any) uintptr { return uintptr(wordsOf(&v).typ) }

// typeAddress returns where the type is, which is the word that an interface has for it.
func typeAddress(t reflect.Type) uintptr { return uintptr((*words)(unsafe.Pointer(&t)).data) }

// words are those of an interface.
type words struct{ typ, data unsafe.Pointer }

func wordsOf(v *any) *words { return (*words)(unsafe.Pointer(v)) }

// stringOf returns b, which nobody writes to any more, as a string, as strings.Builder does.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// address is where a value of a known type is; the zero address is none.
type address struct{ p unsafe.Pointer }

// addressOf returns where v is, which box holds if it is not nil, or none if that cannot be told.
func addressOf(v reflect.Value, box any) address {
	switch {
	case v.CanAddr():
		return address{unsafe.Pointer(v.UnsafeAddr())}
	case box != nil && v.Type().Size() > unsafe.Sizeof(uintptr(0)):
		// A value of a smaller type may be a pointer, which is in the interface itself.
		return address{boxPointer(box)}
	}
	return address{}
}

// known reports whether it is an address.
func (a address) known() bool { return a.p != nil }

// value returns what is there, which is of type t.
func (a address) value(t reflect.Type) reflect.Value { return reflect.NewAt(t, a.p).Elem() }

// load returns what is there, which is of the kind and size of T.
func load[T any](a address) T { return *(*T)(a.p) }

// isZero reports whether the bool or integer of so many bytes there is zero.
func (a address) isZero(size uintptr) bool {
	switch size {
	case 1:
		return *(*uint8)(a.p) == 0
	case 2:
		return *(*uint16)(a.p) == 0
	case 4:
		return *(*uint32)(a.p) == 0
	}
	return *(*uint64)(a.p) == 0
}

// isNil reports whether the pointer or interface there is nil.
func (a address) isNil() bool { return *(*unsafe.Pointer)(a.p) == nil }

// length returns that of the string or slice there.
func (a address) length() int { return *(*int)(unsafe.Add(a.p, unsafe.Sizeof(uintptr(0)))) }

// items returns where the items are of the slice there; an array is where its items are.
func (a address) items() address { return address{*(*unsafe.Pointer)(a.p)} }

// itemsPointer returns slicePointer of a slice whose items are there.
func (a address) itemsPointer() pointer { return a.p }

// item returns where the i-th item is, of so many bytes.
func (a address) item(i int, size uintptr) address {
	return address{unsafe.Add(a.p, uintptr(i)*size)}
}

// field returns where a field is of the struct there, or none if a pointer on the way to it is nil.
func (a address) field(f *planField) address {
	for _, offset := range f.path {
		a.p = *(*unsafe.Pointer)(unsafe.Add(a.p, offset))
		if a.p == nil {
			return address{}
		}
	}
	return address{unsafe.Add(a.p, f.offset)}
}
