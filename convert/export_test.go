package convert

// ReadInParts has texts read in parts of a size in bytes, until the function that it returns is
// called.
func ReadInParts(size int) (end func()) {
	part, whole := partSize, wholeSize
	partSize, wholeSize = size, 0
	return func() { partSize, wholeSize = part, whole }
}
