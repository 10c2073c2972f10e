package tape

import "github.com/unpkl/unpkl/internal/slab"

// Parts returns the children at the indices that [Rest.Next] returned, in the tape's memory.
func (t *Tape) ChildrenIn(from, to uint32) []ID { return t.children[from:to:to] }

// Walk returns a walk over some children of a container in one batch.
func (t *Tape) WalkIDs(ids []ID) Children { return Children{t: t, batch: ids} }

// Elements returns how many items of a list a child of it is: all those of a run, else one.
func (t *Tape) ItemCount(child ID) int {
	if c := &t.cells[child]; c.kind.IsRun() {
		return int(c.n)
	}
	return 1
}

// Bytes returns the bytes of a Bytes or ByteArray for a value that keeps them: those of the tape
// where nobody else has them, or where the input is shared and they are many; else a copy, which
// lies in the slab, if there is one, where they are few. Other goroutines may call it with slabs of
// their own.
func (t *Tape) Bytes(id ID, small *slab.Slab[byte]) []byte {
	b := t.Span(id)
	if t.Owned(id) {
		return b
	}
	return t.w.Copy(b, small)
}

// Spread returns about how many cells the children of a container are, with all that they hold:
// their cells follow one another where the pickle does not refer back.
func (t *Tape) SubtreeSize(id ID) int {
	c := &t.cells[id]
	if c.n == 0 {
		return 0
	}
	from, to := uint32(c.v>>32), uint32(c.v>>32)+uint32(c.v)
	if c.flags&flagMany != 0 {
		first, last := &t.extents[c.v>>32], &t.extents[uint32(c.v)]
		from, to = first.at, last.at+last.count
	}
	return max(int(c.n), int(t.children[to-1])-int(t.children[from]))
}

// ShareArguments notes that what the arguments of inert calls hold may be met again, where the
// pickle refers to a tuple or dict of arguments itself too: an object keeps what they hold, not
// them. It is for who makes values without objects, before the first.
func (t *Tape) MarkArgumentsShared() {
	var done map[ID]bool
	for i := range t.calls {
		for _, id := range [...]ID{t.calls[i].args, t.calls[i].kwargs} {
			c := &t.cells[id]
			if c.kind != Tuple && c.kind != Dict || c.flags&flagShared == 0 || done[id] {
				continue
			}
			if done == nil {
				done = make(map[ID]bool)
			}
			done[id] = true
			for _, item := range t.Items(id) {
				t.MarkShared(item)
			}
		}
	}
}
