//go:build !linux

package bulk

// LargePages does nothing: other systems choose the size of pages themselves.
func LargePages([]byte) (done func()) { return func() {} }
