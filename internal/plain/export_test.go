package plain

// SplitAll makes several goroutines take part in containers of any size, until the function that it
// returns is called.
func SplitAll() (restore func()) {
	cells, part, much := splitCells, minPart, muchLeft
	splitCells, minPart, muchLeft = 3, 1, 1
	return func() { splitCells, minPart, muchLeft = cells, part, much }
}
