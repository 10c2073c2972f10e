package tape

// What the values of a tape take is told to Go's collector before they are made: see package
// ballast. It need not be exact, since a collector that was told too little runs once more, and one
// that was told too much waits for memory that nobody takes.

// What plain values take, in bytes, as their profiles show it.
const (
	perCell  = 24 // what is made of a cell: a header, or a number in a box
	perChild = 16 // the place of a value in a slice or map of any
)

// Expect tells the collector of what the values of the whole tape are about to take.
func (t *Tape) ExpectValues() {
	const perRunItem = perChild + perChild/2 // half of them in boxes of a word
	t.ballast.Expect(perCell*len(t.cells) + perChild*len(t.children) + perRunItem*t.runItems)
}

// expectCells tells the collector of what so many cells, the text that is copied for them, and
// their values will take. left is how many bytes are in the window.
func (t *Tape) expectCells(cells, left int) {
	const many = 1 << 16 // of fewer the collector makes no work
	if cells < many || t.partial != nil {
		return
	}
	size := cells * (cellSize + childSize + perCell + perChild)
	if end, known := t.inputEnd(); known && !t.isSlice {
		size += int(max(0, end-t.w.OffsetOf(len(t.w.Buf)-left)))
	}
	t.ballast.Expect(size)
}
