package chunk

import "github.com/unpkl/unpkl/ndarray"

// IsLarge reports whether an array has so many bytes that what is worked out from them is worth
// remembering, for a file may refer to an array many times. There are few large arrays in
// proportion to the size of a file, so that the memory for them is bounded.
func IsLarge(a *ndarray.Array) bool { return a.NBytes() >= 4096 }
