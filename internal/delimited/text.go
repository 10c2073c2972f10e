package delimited

// Texts returns the fields of a column in Arrow's layout: the text of row i is
// data[offsets[i]:offsets[i+1]]. Missing fields are empty.
func (t *Table) Texts(col int, missing []bool) (data []byte, offsets []int64) {
	offsets = make([]int64, 1, t.rows+1)
	size := 0
	for i := range t.blocks {
		b := &t.blocks[i]
		t.split(b, col)
		at := col
		if b.slots != nil {
			at = b.slots[col]
		}
		for r := range b.rows {
			size += int(b.spans[r*b.width+at].n & maxSpan)
		}
	}
	data = make([]byte, 0, size)
	for i := range t.blocks {
		b := &t.blocks[i]
		for r := range b.rows {
			if missing == nil || !missing[b.firstRow+r] {
				f, _ := b.field(r, col)
				data = append(data, f...)
			}
			offsets = append(offsets, int64(len(data)))
		}
	}
	return data, offsets
}
