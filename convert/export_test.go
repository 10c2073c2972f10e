package convert

// ReadInParts sets the size in bytes of the parts in which texts are read. The function that it
// returns restores the old size.
func ReadInParts(size int) (end func()) {
	part, whole := textPartBytes, maxWholeSize
	textPartBytes, maxWholeSize = size, 0
	return func() { textPartBytes, maxWholeSize = part, whole }
}

// SetLongestRow sets the size in bytes of the longest row of a text that is read in parts. The
// function that it returns restores the old size.
func SetLongestRow(size int) (end func()) {
	most := maxRowBytes
	maxRowBytes = size
	return func() { maxRowBytes = most }
}
