package tape

// Go's garbage collector is told how much memory the values of a tape will take before they are
// made: see package ballast. The estimate need not be exact. If it is too low, the collector runs
// once more; if it is too high, the collector runs later.

// The memory of plain values in bytes, as profiles show it.
const (
	perCell  = 24 // for a cell: a slice header, or a number in an interface
	perChild = 16 // for a child: an interface in a slice or map
)

// ExpectValues tells the collector the memory that the values of the whole tape will take.
func (t *Tape) ExpectValues() {
	const perRunItem = perChild + perChild/2 // an interface, and a word for its number
	t.ballast.Expect(perCell*len(t.cells) + perChild*len(t.children) + perRunItem*t.runItems)
}

// expectCells tells the collector the memory that the given number of cells, their text and their
// values will take. left is the number of unread bytes in the window.
func (t *Tape) expectCells(cells, left int) {
	const many = 1 << 16 // with fewer cells the collector costs little
	if cells < many || t.partial != nil {
		return
	}
	size := cells * (cellSize + childSize + perCell + perChild)
	if end, known := t.inputEnd(); known && !t.isSlice {
		size += int(max(0, end-t.w.OffsetOf(len(t.w.Buf)-left)))
	}
	t.ballast.Expect(size)
}
