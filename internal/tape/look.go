package tape

import "github.com/unpkl/unpkl/internal/slab"

// ChildrenIn returns the children at the indices that [BatchCursor.Next] returned, in the tape's
// memory.
func (t *Tape) ChildrenIn(from, to uint32) []ID { return t.children[from:to:to] }

// WalkIDs returns a walk over the given children in one batch.
func (t *Tape) WalkIDs(ids []ID) Children { return Children{t: t, batch: ids} }

// ItemCount returns the number of items that a child of a list stands for: more than one only for a
// run.
func (t *Tape) ItemCount(child ID) int {
	if c := &t.cells[child]; c.kind.IsRun() {
		return int(c.n)
	}
	return 1
}

// Bytes returns the bytes of a Bytes or ByteArray for a value that keeps them. They are the tape's
// memory if [Tape.Owned] allows it, or if the window shares its input and they are many. Otherwise
// they are a copy, in the slab if they are few and small is not nil. Several goroutines may call
// Bytes at once, with different slabs.
func (t *Tape) Bytes(id ID, small *slab.Slab[byte]) []byte {
	b := t.Span(id)
	if t.Owned(id) {
		return b
	}
	return t.w.Copy(b, small)
}

// SubtreeSize returns the approximate number of cells inside a container. It is the distance
// between the IDs of the first and last child, which is exact unless the pickle refers back.
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

// MarkArgumentsShared marks as shared the items of every tuple or dict of arguments to which the
// pickle refers from elsewhere too. An object of an inert call keeps the items and not the tuple,
// so that they are reached in two ways. It must be called before values are made without objects.
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
