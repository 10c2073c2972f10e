package bulk

import (
	"bytes"
	"os"
	"reflect"
	"sync"
	"syscall"
)

const (
	// pageSize is that of large pages on most processors; where they are larger the kernel takes
	// what lies in whole ones.
	pageSize = 2 << 20
	// worthPages is how many bytes are worth two calls of the system.
	worthPages = 16 << 20
)

// onRequest tells whether the system gives large pages to memory for which they are asked, and only
// to that.
var onRequest = sync.OnceValue(func() bool {
	b, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	return err == nil && bytes.Contains(b, []byte("[madvise]"))
})

// LargePages asks for large pages for memory that was just allocated and is about to be filled: the
// kernel then finds a page for 2 MiB at once, not for each 4 KiB. done is called when b is filled:
// pages stay as large as they are, and what becomes of the memory after b is no concern of ours
// then, as the memory is again as the system had it.
func LargePages(b []byte) (done func()) {
	if len(b) < worthPages || !onRequest() {
		return func() {}
	}
	past := int(reflect.ValueOf(b).Pointer() % pageSize)
	first := (pageSize - past) % pageSize
	inner := b[first : first+(len(b)-first)/pageSize*pageSize]
	// Without large pages all goes on, only slower.
	if syscall.Madvise(inner, syscall.MADV_HUGEPAGE) != nil {
		return func() {}
	}
	return func() { _ = syscall.Madvise(inner, syscall.MADV_NOHUGEPAGE) }
}
