package convert

// ReadInParts has texts read in parts of a size in bytes, until the function that it returns is
// called.
func ReadInParts(size int) (end func()) {
	part, whole := partSize, wholeSize
	partSize, wholeSize = size, 0
	return func() { partSize, wholeSize = part, whole }
}

// SetLongestRow sets how long a row of a text that is read in parts may be, in bytes, until the
// function that it returns is called.
func SetLongestRow(size int) (end func()) {
	most := maxRow
	maxRow = size
	return func() { maxRow = most }
}
