package unmarshal

// SplitAll makes several goroutines take part in slices of any size, until the function that it
// returns is called.
func SplitAll() (restore func()) {
	cells, part := splitCells, minPart
	splitCells, minPart = 3, 1
	return func() { splitCells, minPart = cells, part }
}
