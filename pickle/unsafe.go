//go:build !purego

package pickle

import (
	"reflect"
	"unsafe"
)

// This is the only file of the package that imports package unsafe. Its twin for the build tag
// purego does the same by reflection.
//
// unsafe, for identities: two Go values are the same Python object if their bytes have the same
// address. Pointers to the bytes are compared and never dereferenced. They are kept while the memo
// has the identity, so that the memory is not used for other values. Reflection would allocate to
// find the bytes of a string, and cannot find the memory of the value in an interface. An interface
// is a word for the type and a word that points to the value; TestIdentity checks this.
//
// unsafe, for addresses: it takes twice as long to read the fields of structs and the items of
// slices by reflection as to write them. An address is that of a variable that reflection returned,
// plus the offset of a field according to reflection, or plus a multiple of the size of an item
// that is less than the length of the slice. The value there is read as a type of its own kind and
// size. Nothing is written to it. An address is only kept in a task, as a pointer that keeps the
// memory.
//
// unsafe, for strings: bytes that were just made for a string are not copied.

// pointer is the address of some memory, or nil.
type pointer = unsafe.Pointer

// addressWord returns a pointer as a number, for hashes.
func addressWord(p pointer) uintptr { return uintptr(p) }

// stringPointer returns the address of the bytes of a string.
func stringPointer(s string) pointer { return unsafe.Pointer(unsafe.StringData(s)) }

// slicePointer returns the address of the items of a slice.
func slicePointer[T any](s []T) pointer { return unsafe.Pointer(unsafe.SliceData(s)) }

// itemPointer returns slicePointer of a slice that begins with an item.
func itemPointer(item *any) pointer { return unsafe.Pointer(item) }

// valuePointer returns the address to which a pointer, map or slice refers.
func valuePointer(v reflect.Value) pointer { return v.UnsafePointer() }

// boxPointer returns the address to which v refers if it is a pointer or map, or else the address
// of the memory in which the interface v has its value.
func boxPointer(v any) pointer { return wordsOf(&v).data }

// typeOfBox returns typeAddress of the type of v.
func typeOfBox(v any) uintptr { return uintptr(wordsOf(&v).typ) }

// typeAddress returns the address of a type, which is the word for it in an interface.
func typeAddress(t reflect.Type) uintptr { return uintptr((*words)(unsafe.Pointer(&t)).data) }

// words are the two words of an interface.
type words struct{ typ, data unsafe.Pointer }

// wordsOf returns the words of an interface.
func wordsOf(v *any) *words { return (*words)(unsafe.Pointer(v)) }

// stringOf returns b as a string without a copy, as strings.Builder does. Nobody may write to b
// afterwards.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// address is the address of a value whose type is known elsewhere. The zero address is none.
type address struct{ p unsafe.Pointer }

// addressOf returns the address of v, or none if it cannot be found. box is the interface that
// contains v, or nil.
func addressOf(v reflect.Value, box any) address {
	switch {
	case v.CanAddr():
		return address{unsafe.Pointer(v.UnsafeAddr())}
	case box != nil && v.Type().Size() > unsafe.Sizeof(uintptr(0)):
		// A value of a smaller type may be a pointer, which is itself the word of the interface.
		return address{boxPointer(box)}
	}
	return address{}
}

// known reports whether a is not the zero address.
func (a address) known() bool { return a.p != nil }

// value returns the value at the address, which is of type t.
func (a address) value(t reflect.Type) reflect.Value { return reflect.NewAt(t, a.p).Elem() }

// load returns the value at an address, which must have the kind and size of T.
func load[T any](a address) T { return *(*T)(a.p) }

// isZero reports whether the bool or integer of the given size in bytes at the address is zero.
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

// isNil reports whether the pointer or interface at the address is nil.
func (a address) isNil() bool { return *(*unsafe.Pointer)(a.p) == nil }

// length returns the length of the string or slice at the address.
func (a address) length() int { return *(*int)(unsafe.Add(a.p, unsafe.Sizeof(uintptr(0)))) }

// items returns the address of the first item of the slice at the address. (The address of an array
// is that of its first item.)
func (a address) items() address { return address{*(*unsafe.Pointer)(a.p)} }

// itemsPointer returns slicePointer of a slice whose first item is at the address.
func (a address) itemsPointer() pointer { return a.p }

// item returns the address of item i, where a is the address of item 0 and size is the size of an
// item in bytes.
func (a address) item(i int, size uintptr) address {
	return address{unsafe.Add(a.p, uintptr(i)*size)}
}

// field returns the address of a field of the struct at the address, or none if the field is in an
// embedded struct to which a pointer is nil.
func (a address) field(f *planField) address {
	for _, offset := range f.path {
		a.p = *(*unsafe.Pointer)(unsafe.Add(a.p, offset))
		if a.p == nil {
			return address{}
		}
	}
	return address{unsafe.Add(a.p, f.offset)}
}
