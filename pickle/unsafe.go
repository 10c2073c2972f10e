package pickle

import "unsafe"

// This file holds every use of unsafe in the package; boxing is in internal/slab.
//
// Strings. stringOf makes a string of bytes that nothing writes to afterwards,
// as strings.Builder does.
//
// Identity. dataWord tells NaNs and values of foreign types apart as Python's
// id does; it is compared, never dereferenced.

type emptyInterface struct {
	typ  unsafe.Pointer
	data unsafe.Pointer
}

func typeWord(v any) unsafe.Pointer { return (*emptyInterface)(unsafe.Pointer(&v)).typ }

func dataWord(v any) unsafe.Pointer { return (*emptyInterface)(unsafe.Pointer(&v)).data }

func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// stringAddr tells strings that share their bytes.
func stringAddr(s string) uintptr { return uintptr(unsafe.Pointer(unsafe.StringData(s))) }
