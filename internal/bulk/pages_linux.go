package bulk

import (
	"bytes"
	"os"
	"reflect"
	"sync"
	"syscall"
)

const (
	// pageSize is the size of a large page on most processors. If large pages are larger, the
	// kernel uses those that fit the memory.
	pageSize = 2 << 20
	// minBytes is the smallest number of bytes for which two system calls are worthwhile.
	minBytes = 16 << 20
)

// onRequest reports whether the system uses large pages for memory exactly if a program requests
// it.
var onRequest = sync.OnceValue(func() bool {
	b, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	return err == nil && bytes.Contains(b, []byte("[madvise]"))
})

// LargePages requests large pages for memory that was just allocated and is about to be filled.
// Then the kernel assigns a page once for each 2 MiB, not for each 4 KiB. The caller must call done
// when b is filled. It withdraws the request, so that later uses of the memory, after b is freed,
// are not affected; the pages of b stay large.
func LargePages(b []byte) (done func()) {
	if len(b) < minBytes || !onRequest() {
		return func() {}
	}
	past := int(reflect.ValueOf(b).Pointer() % pageSize)
	first := (pageSize - past) % pageSize
	inner := b[first : first+(len(b)-first)/pageSize*pageSize]
	// An error is no problem: small pages are only slower.
	if syscall.Madvise(inner, syscall.MADV_HUGEPAGE) != nil {
		return func() {}
	}
	return func() { _ = syscall.Madvise(inner, syscall.MADV_NOHUGEPAGE) }
}
