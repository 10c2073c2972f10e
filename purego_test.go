//go:build purego

package unpkl

// CopiesSlices says that the memory of a slice is copied to be an array's, and an array's to be a
// slice's, as it is with the tag purego.
const CopiesSlices = true
