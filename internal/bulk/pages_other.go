//go:build !linux

package bulk

// LargePages does nothing: other systems choose pages by themselves.
func LargePages([]byte) (done func()) { return func() {} }
