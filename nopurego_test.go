//go:build !purego

package unpkl

// CopiesSlices is explained in purego_test.go.
const CopiesSlices = false
